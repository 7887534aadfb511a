"""A circuit breaker: a service that is down is left alone for a while, not asked by every call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from hegel_store.errors import CircuitOpen, InvalidInput
from hegel_store.models.checks import check_integer, check_number

State = Literal["closed", "open", "half-open"]


class CircuitBreaker:
    """Lets calls through while they succeed, and refuses them once they keep failing.

    Closed, it lets every call through. After ``failures`` failed calls in a row it is open: calls
    raise CircuitOpen at once. After ``retry_after`` seconds it is half-open and lets one call
    through, the probe: if that succeeds it is closed again, if it fails it is open for as long
    again. A probe that never comes back is given up after ``retry_after`` seconds, and another
    call may be the next. Safe for threads; one breaker may guard several embedders of one service.

    ``clock`` returns seconds. Raises InvalidInput for numbers out of range.
    """

    def __init__(
        self,
        failures: int = 5,
        retry_after: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = check_integer("failures", failures, minimum=1)
        self._retry_after = check_number("retry_after", retry_after)
        if self._retry_after <= 0:
            raise InvalidInput("retry_after", "must be more than 0 seconds")
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = 0
        self._next_probe: float | None = None  # None while it is closed
        # Counts openings and probes. What a call reports that began before the last of them is no
        # news: it must neither close the circuit nor put the next probe off.
        self._era = 0

    @property
    def state(self) -> State:
        """What the next call would meet; half-open means that it would be the probe."""
        with self._lock:
            if self._next_probe is None:
                return "closed"
            return "open" if self._clock() < self._next_probe else "half-open"

    @contextmanager
    def attempt(
        self, embedder: str, failing: tuple[type[Exception], ...] = (Exception,)
    ) -> Iterator[None]:
        """Make one call inside the block; raises CircuitOpen, naming ``embedder``, if it must not.

        Exceptions of ``failing`` count as failures. Others say nothing about the service: they
        change no count, and after such a probe the next call is the probe.
        """
        era = self._admitted(embedder)
        try:
            yield
        except failing:
            self._failure(era)
            raise
        except BaseException:
            self._nothing(era)
            raise
        self._success(era)

    def _admitted(self, embedder: str) -> int:
        with self._lock:
            if self._next_probe is not None:
                now = self._clock()
                if now < self._next_probe:
                    raise CircuitOpen(embedder, self._next_probe - now)
                self._begin_era(now)
            return self._era

    def _success(self, era: int) -> None:
        with self._lock:
            if era == self._era:
                self._failed = 0
                self._next_probe = None

    def _failure(self, era: int) -> None:
        with self._lock:
            if era == self._era:
                self._failed += 1
                if self._failed >= self._limit:
                    self._begin_era(self._clock())

    def _nothing(self, era: int) -> None:
        with self._lock:
            if era == self._era and self._next_probe is not None:
                self._next_probe = self._clock()

    def _begin_era(self, now: float) -> None:
        self._era += 1
        self._next_probe = now + self._retry_after
