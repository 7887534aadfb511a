"""The times of several ways to do the same: interleaved, with one thread or many."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import psycopg


def medians(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds that each way takes, the median of rounds in which they take turns."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in taken.items()}


@dataclass
class Times:
    """The milliseconds and the answer of each call, in the order of the questions, and the seconds
    that all of them took together."""

    calls: list[float] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    wall: float = 0.0

    @property
    def p50(self) -> float:
        """Milliseconds."""
        return float(np.median(self.calls))

    @property
    def p95(self) -> float:
        """Milliseconds."""
        return float(np.percentile(self.calls, 95))

    @property
    def per_second(self) -> float:
        return len(self.calls) / self.wall


class Bare:
    """The raw driver: a connection for each thread, every statement prepared.

    ``settings`` are the server's, for these connections.
    """

    def __init__(self, url: str, settings: Mapping[str, object] | None = None) -> None:
        self._url = url
        self._options = " ".join(f"-c {name}={value}" for name, value in (settings or {}).items())
        self._own = threading.local()
        self._opened: list[psycopg.Connection[Any]] = []

    def __call__(self, statement: str, values: Mapping[str, object]) -> list[Any]:
        """The rows."""
        if not hasattr(self._own, "connection"):
            self._own.connection = psycopg.connect(
                self._url, autocommit=True, options=self._options
            )
            self._opened.append(self._own.connection)
        return self._own.connection.execute(statement, values, prepare=True).fetchall()

    def close(self) -> None:
        for connection in self._opened:
            connection.close()


def measure(
    ways: Mapping[str, Callable[[Any], object]], questions: Sequence[Any], threads: int = 1
) -> dict[str, Times]:
    """Ask every question every way. The ways take turns, so that all of them see the same noise.

    A turn is one question, or four for each thread where there are more of them. The first eight
    questions for each thread are asked once before, and not counted.
    """
    times = {name: Times() for name in ways}

    def timed(way: Callable[[Any], object], question: Any) -> tuple[float, object]:
        started = time.perf_counter()
        answer = way(question)
        return (time.perf_counter() - started) * 1e3, answer

    turn = 1 if threads == 1 else 4 * threads
    with ThreadPoolExecutor(threads) as pool:
        # As often as it takes for every thread to have its connection and prepared statements.
        for way in ways.values():
            list(pool.map(way, questions[: 8 * threads]))
        for begin in range(0, len(questions), turn):
            for name, way in ways.items():
                started = time.perf_counter()
                taken = list(pool.map(partial(timed, way), questions[begin : begin + turn]))
                times[name].wall += time.perf_counter() - started
                times[name].calls += [milliseconds for milliseconds, _ in taken]
                times[name].answers += [answer for _, answer in taken]
    return times
