"""An embedder with caches in front of it: each text is embedded once, as long as it is kept."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import TypeVar
from weakref import WeakSet

import numpy as np

from hegel_store.embeddings.protocol import Embedder, embed_distinct
from hegel_store.embeddings.vector_cache import (
    CacheKey,
    Space,
    VectorCache,
    key_of,
    space_of,
)
from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_text
from hegel_store.models.vectors import Vector
from hegel_store.observing import is_watched, tell
from hegel_store.observing.happenings import CacheAsked

logger = logging.getLogger("hegel_store.embeddings")

PAUSE_SECONDS = 5.0
"""How long a cache that failed is left alone, so that not every text waits for its timeout."""

T = TypeVar("T")


class CachedEmbedder:
    """An embedder that looks into ``caches``, given from fast to slow, before it asks ``embedder``.

    What a slower cache has is put into the faster ones, and what none has is embedded in one call.
    Safe for threads: threads that ask for a text at the same moment wait for one of them. When
    that one fails, each of the others embeds its texts itself: what failed may have been another
    text of the same call, and each caller gets the error of its own call alone.

    What is kept under one ``namespace`` (up to 32 of a-z, 0-9, _ and -) is not found under another:
    so that an evaluation finds no vector that training has put there. Raises InvalidInput.

    A cache that fails is logged once, and done without until it answers again.
    """

    def __init__(self, embedder: Embedder, *caches: VectorCache, namespace: str = "") -> None:
        if not re.fullmatch(r"[a-z0-9_-]{0,32}", check_text("namespace", namespace)):
            raise InvalidInput("namespace", "must be up to 32 of a-z, 0-9, _ and -")
        self.caches = caches
        self._namespace = namespace
        self._embedder = embedder
        self._space: Space | None = None
        self._begin()
        _embedders.add(self)

    @property
    def name(self) -> str:
        """The model's name."""
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        """Length of the vectors; may load the model, as the embedder's does."""
        return self._own_space().dimensions

    @property
    def prefix(self) -> str:
        """What the embedder puts before each text; empty where it has nothing of the kind."""
        return self._own_space().prefix

    def embed(self, texts: Sequence[str]) -> Vector:
        """Vectors of unit length, float32, shape (len(texts), dimensions): the caller's own.

        Raises what the embedder raises, and InvalidInput when it breaks its contract; of such a
        call nothing is kept.
        """
        space = self._own_space()
        keys = [key_of(space, text) for text in texts]
        if not keys:
            return np.empty((0, space.dimensions), dtype=np.float32)
        wanted = dict(zip(keys, texts, strict=True))
        own, others = self._claim(wanted)
        vectors = self._lead({key: wanted[key] for key in own}, own)
        abandoned = {}
        for key, flight in others.items():
            try:
                vectors[key] = flight.result()
            except CancelledError:
                abandoned[key] = wanted[key]
        if abandoned:
            made = self._made(abandoned)
            self._put(made, self.caches)
            vectors |= made
        return np.stack([vectors[key] for key in keys])

    def _own_space(self) -> Space:
        if self._space is None:
            self._space = space_of(self._embedder)._replace(namespace=self._namespace)
        return self._space

    def _claim(
        self, keys: Iterable[CacheKey]
    ) -> tuple[dict[CacheKey, Future[Vector]], dict[CacheKey, Future[Vector]]]:
        """What this call has to find or make, and what other threads are about to."""
        own: dict[CacheKey, Future[Vector]] = {}
        others: dict[CacheKey, Future[Vector]] = {}
        with self._lock:
            for key in keys:
                if key in self._flights:
                    others[key] = self._flights[key]
                else:
                    own[key] = self._flights[key] = Future()
        return own, others

    def _lead(
        self, wanted: Mapping[CacheKey, str], own: Mapping[CacheKey, Future[Vector]]
    ) -> dict[CacheKey, Vector]:
        """Find or make the vectors that were claimed, and hand them to whoever waits for them."""
        try:
            vectors = self._cached(list(wanted))
            for key, vector in vectors.items():
                own[key].set_result(vector)
            rest = {key: text for key, text in wanted.items() if key not in vectors}
            made = self._made(rest)
            for key, vector in made.items():
                own[key].set_result(vector)
            # Still claimed meanwhile: who comes too late to wait must find it in a cache.
            self._put(made, self.caches)
            return vectors | made
        finally:
            with self._lock:
                for key, flight in own.items():
                    flight.cancel()  # no effect on one that has its result
                    self._flights.pop(key, None)

    def _cached(self, keys: Sequence[CacheKey]) -> dict[CacheKey, Vector]:
        found: dict[CacheKey, Vector] = {}
        nothing: Mapping[CacheKey, Vector] = {}
        for place, (cache, outage) in enumerate(zip(self.caches, self._reading, strict=True)):
            rest = [key for key in keys if key not in found]
            if not rest:
                break
            here = outage.attempt(partial(cache.get_many, rest), nothing)
            if is_watched():
                misses = len(rest) - len(here)
                tell(CacheAsked(cache=type(cache).__name__, hits=len(here), misses=misses))
            self._put(here, self.caches[:place])
            found |= here
        return found

    def _made(self, wanted: Mapping[CacheKey, str]) -> dict[CacheKey, Vector]:
        vectors = embed_distinct(self._embedder, list(wanted.values()))
        return {key: _frozen(vectors[text]) for key, text in wanted.items()}

    def _put(self, vectors: Mapping[CacheKey, Vector], caches: Sequence[VectorCache]) -> None:
        if not vectors:
            return
        for cache, outage in zip(caches, self._writing, strict=False):
            outage.attempt(partial(cache.put_many, vectors), None)

    def _begin(self) -> None:
        self._reading = [_Outage(cache, "read") for cache in self.caches]
        self._writing = [_Outage(cache, "written") for cache in self.caches]
        self._lock = threading.Lock()
        self._flights: dict[CacheKey, Future[Vector]] = {}


class _Outage:
    """Whether a cache can be read (or written) at the moment."""

    def __init__(self, cache: VectorCache, use: str) -> None:
        self._what = f"{type(cache).__name__} cannot be {use}"
        self._lock = threading.Lock()
        self._failing = False
        self._until = 0.0

    def attempt(self, call: Callable[[], T], otherwise: T) -> T:
        """What the call returns; ``otherwise`` when it fails, or another has not long ago."""
        if self._failing and time.monotonic() < self._until:
            return otherwise
        try:
            result = call()
        except Exception as error:
            self._note(error)
            return otherwise
        if self._failing:
            self._note(None)
        return result

    def _note(self, error: Exception | None) -> None:
        with self._lock:
            was_failing, self._failing = self._failing, error is not None
            self._until = time.monotonic() + PAUSE_SECONDS
        if error is not None and not was_failing:
            logger.warning("embedding goes on without it: %s: %s", self._what, error)
        elif error is None and was_failing:
            logger.info("this is over: %s", self._what)


def _frozen(vector: Vector) -> Vector:
    """A copy that nobody can write to, and that does not keep the rest of its batch in memory."""
    frozen = vector.copy()
    frozen.flags.writeable = False
    return frozen


_embedders: WeakSet[CachedEmbedder] = WeakSet()


def _begin_as_child() -> None:
    # The threads that were embedding are not in the child, which would wait for them for ever.
    for embedder in list(_embedders):
        embedder._begin()


os.register_at_fork(after_in_child=_begin_as_child)
