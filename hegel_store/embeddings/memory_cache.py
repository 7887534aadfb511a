"""Vectors in this process's memory: the fastest cache, and each process has its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Literal
from weakref import WeakSet

import cachetools
import numpy as np

from hegel_store.embeddings.vector_cache import CacheKey, CacheStatistics, packed
from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_choice, check_integer, check_number
from hegel_store.models.vectors import Vector

Policy = Literal["lru", "lfu", "ttl"]

ENTRY_BYTES = 400
"""What an entry takes beside its numbers, measured: its key, and its places in two tables."""

LARGEST = 2**50
"""A bound that nobody's memory reaches."""


class MemoryCache:
    """At most ``entries`` vectors, in about ``bytes`` of memory, whichever is reached first.

    ``policy`` says what goes when it is full: "lru" the one not asked for the longest, "lfu" the
    one asked for the least often; "ttl" is "lru", and forgets each after ``seconds``, which only
    it takes. Safe for threads; a forked child goes on with a copy. Raises InvalidInput for a
    policy, a bound or a time that makes no sense.
    """

    def __init__(
        self,
        policy: Policy = "lru",
        *,
        entries: int = 10_000,
        bytes: int = 64 * 2**20,
        seconds: float | None = None,
    ) -> None:
        self._entries = check_integer("entries", entries, minimum=1, maximum=LARGEST)
        self._bytes = check_integer("bytes", bytes, minimum=1, maximum=LARGEST)
        self._seconds = _checked_seconds(policy, seconds)
        self._policy = policy
        self._hits = 0
        self._misses = 0
        self._empty()
        _caches.add(self)

    def get_many(self, keys: Sequence[CacheKey]) -> dict[CacheKey, Vector]:
        """Those of the vectors that are here."""
        with self._lock:
            kept = {key: self._vectors.get(key) for key in keys}
            found = {key: raw for key, raw in kept.items() if raw is not None}
            self._hits += len(found)
            self._misses += len(kept) - len(found)
        # Bytes cannot be written to, and neither can a vector that lies in them.
        return {key: np.frombuffer(raw, dtype="<f4") for key, raw in found.items()}

    def put_many(self, vectors: Mapping[CacheKey, Vector]) -> None:
        """Keep copies; one that is larger than all of ``bytes`` is not kept."""
        with self._lock:
            for key, vector in vectors.items():
                raw = packed(vector)
                if _size(raw) > self._bytes:
                    continue
                # The package bounds the bytes by itself. The newcomer must not be what is put
                # out, which is the one asked for the least often.
                while key not in self._vectors and len(self._vectors) >= self._entries:
                    with suppress(KeyError):  # all have expired since they were counted
                        self._vectors.popitem()
                self._vectors[key] = raw

    def forget(self, digests: Sequence[bytes]) -> int:
        """Let go of the vectors of these texts, in all spaces; how many there were."""
        wanted = set(digests)
        with self._lock:
            doomed = [key for key in list(self._vectors) if key.digest in wanted]
            for key in doomed:
                self._vectors.pop(key, None)
        return len(doomed)

    @property
    def statistics(self) -> CacheStatistics:
        """Hits and misses so far, and what is held now."""
        with self._lock:
            return CacheStatistics(
                self._hits, self._misses, len(self._vectors), int(self._vectors.currsize)
            )

    def _empty(self) -> None:
        self._lock = threading.Lock()
        self._vectors: cachetools.Cache[CacheKey, bytes]
        if self._seconds is not None:
            self._vectors = cachetools.TTLCache(self._bytes, self._seconds, getsizeof=_size)
        elif self._policy == "lfu":
            self._vectors = cachetools.LFUCache(self._bytes, getsizeof=_size)
        else:
            self._vectors = cachetools.LRUCache(self._bytes, getsizeof=_size)

    def _begin_as_child(self) -> None:
        # A thread that held the lock is not in the child, and may have left its work half done.
        if self._lock.locked():
            self._empty()


def _size(raw: bytes) -> int:
    return len(raw) + ENTRY_BYTES


def _checked_seconds(policy: object, seconds: object) -> float | None:
    check_choice("policy", policy, ("lru", "lfu", "ttl"))
    if policy != "ttl":
        if seconds is not None:
            raise InvalidInput("seconds", 'is for the policy "ttl"')
        return None
    number = check_number("seconds", seconds)
    if number <= 0:
        raise InvalidInput("seconds", f"must be more than 0, not {number:g}")
    return number


_caches: WeakSet[MemoryCache] = WeakSet()


def _begin_as_child() -> None:
    for cache in list(_caches):
        cache._begin_as_child()


os.register_at_fork(after_in_child=_begin_as_child)
