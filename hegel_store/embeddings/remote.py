"""Embeddings by a service: batches, retries, and a breaker around the caller's one request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from typing import Any

import numpy as np
import tenacity

from hegel_store.embeddings.breaker import CircuitBreaker
from hegel_store.errors import CircuitOpen, EmbedderUnavailable, InvalidInput
from hegel_store.models.checks import check_integer, check_name, check_number
from hegel_store.models.vectors import Vector
from hegel_store.observing.retrying import told

FIRST_WAIT = 0.5
"""Seconds that the first retry waits at most; every further one waits up to twice as long."""


class RemoteEmbedder:
    """Embeds by ``request``, which sends texts to a service and returns a row of numbers for each.

    ``request`` is called from several threads, and has to bring its own time limit: nothing here
    can stop a call that hangs.

    A call of embed() sends batches of at most ``batch_size`` texts, ``concurrency`` at a time. A
    request that raises one of ``retry_on`` is made again, ``attempts`` times in all, after a random
    wait whose bound doubles up to ``longest_wait`` seconds. Every attempt counts for ``breaker``,
    by default one of this embedder's own; while it is open nothing is sent.

    Raises InvalidInput for numbers out of range.
    """

    def __init__(
        self,
        request: Callable[[Sequence[str]], Any],
        *,
        name: str,
        dimensions: int,
        batch_size: int = 64,
        concurrency: int = 4,
        attempts: int = 4,
        longest_wait: float = 8.0,
        retry_on: tuple[type[Exception], ...] = (ConnectionError, TimeoutError, OSError),
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._request = request
        self._name = check_name("name", name)
        self._dimensions = check_integer("dimensions", dimensions, minimum=1)
        self._batch_size = check_integer("batch_size", batch_size, minimum=1)
        self._concurrency = check_integer("concurrency", concurrency, minimum=1)
        self._attempts = check_integer("attempts", attempts, minimum=1)
        self._longest_wait = check_number("longest_wait", longest_wait)
        if self._longest_wait < 0:
            raise InvalidInput("longest_wait", "must not be less than 0 seconds")
        self._retry_on = retry_on
        self._breaker = breaker or CircuitBreaker()

    @property
    def name(self) -> str:
        """What the store records as the model."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        return self._dimensions

    @property
    def breaker(self) -> CircuitBreaker:
        """What decides whether the service is asked at all."""
        return self._breaker

    def embed(self, texts: Sequence[str]) -> Vector:
        """Vectors of unit length, float32, shape (len(texts), dimensions), in the texts' order.

        Raises EmbedderUnavailable from the last error when the attempts of a batch are spent,
        CircuitOpen when the breaker lets nothing through, and InvalidInput for rows of another
        shape, NaN, infinity or without a direction. What ``request`` raises besides ``retry_on``
        comes through as it is. After the first error no further batch is begun.
        """
        starts = range(0, len(texts), self._batch_size)
        batches = [list(texts[start : start + self._batch_size]) for start in starts]
        if len(batches) > 1:
            made = self._embed_batches(batches)
        else:  # most searches: no thread has to be started
            made = [self._embed_batch(threading.Event(), batch) for batch in batches]
        return np.concatenate([np.empty((0, self._dimensions), dtype=np.float32), *made])

    def _embed_batches(self, batches: Sequence[list[str]]) -> list[Vector]:
        stop = threading.Event()
        with ThreadPoolExecutor(min(self._concurrency, len(batches))) as pool:
            # Each in a context of its own, so that what it tells has the caller's correlation.
            futures = [
                pool.submit(copy_context().run, self._embed_batch, stop, batch) for batch in batches
            ]
            try:
                for future in as_completed(futures):
                    future.result()
            finally:
                stop.set()
        return [future.result() for future in futures]

    def _embed_batch(self, stop: threading.Event, batch: list[str]) -> Vector:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._worth_retrying),
            stop=tenacity.stop_after_attempt(self._attempts) | tenacity.stop_when_event_set(stop),
            wait=tenacity.wait_random_exponential(FIRST_WAIT, max=self._longest_wait),
            # Wakes the batches that wait as soon as another one has failed for good.
            sleep=tenacity.sleep_using_event(stop),
            before_sleep=told("embedding"),
            reraise=True,
        )
        try:
            rows = retrying(self._ask, stop, batch)
        except self._retry_on as error:
            if isinstance(error, CircuitOpen):
                raise
            reason = f"{type(error).__name__}: {error}"
            raise EmbedderUnavailable(self._name, reason) from error
        return self._checked(rows, len(batch))

    def _ask(self, stop: threading.Event, batch: list[str]) -> Any:
        if stop.is_set():
            raise CancelledError
        with self._breaker.attempt(self._name, self._retry_on):
            return self._request(batch)

    def _worth_retrying(self, error: BaseException) -> bool:
        return isinstance(error, self._retry_on) and not isinstance(error, CircuitOpen)

    def _checked(self, rows: Any, expected: int) -> Vector:
        try:
            # In float64, where no sum of squares of float32 overflows.
            made = np.asarray(rows, dtype=np.float64)
        except (TypeError, ValueError):
            raise InvalidInput(
                "embedding", f"{self._name!r} returned no rows of numbers of one size"
            ) from None
        if made.shape != (expected, self._dimensions):
            raise InvalidInput(
                "embedding",
                f"{self._name!r} returned shape {made.shape}, not {(expected, self._dimensions)}",
            )
        lengths = np.linalg.norm(made, axis=1, keepdims=True)
        if not (np.isfinite(lengths) & (lengths > 0)).all():
            raise InvalidInput(
                "embedding", f"{self._name!r} returned NaN, infinity, or a zero vector"
            )
        unit: Vector = (made / lengths).astype(np.float32)
        return unit
