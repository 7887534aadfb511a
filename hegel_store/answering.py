"""Connections that do not wait for ever.

A server process that is stopped and not gone, or behind a wire that swallows everything, sends
neither an answer nor an error, and no timeout of its own fires: the client has to hang up. It does
so where the driver waits, so that statements, COPY, COMMIT and the pool's own question are all
covered, without a thread that watches.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")

_own = threading.local()
"""``ends_at``: when this thread's patience is over whatever happens; infinite when unhurried."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What this thread asks of any server inside the block has to be answered in this time, all of
    it together; the connection that it waits for then is closed."""
    before = getattr(_own, "ends_at", None)
    _own.ends_at = time.monotonic() + seconds
    try:
        yield
    finally:
        _own.ends_at = before


@contextmanager
def unhurried() -> Iterator[None]:
    """This thread waits as long as it takes: for what works long without a sign, like building an
    index or taking a month out of the log."""
    before = getattr(_own, "ends_at", None)
    _own.ends_at = float("inf")
    try:
        yield
    finally:
        _own.ends_at = before


class AnsweringConnection(psycopg.Connection[Any]):
    """Closes itself, and raises psycopg.OperationalError, when the server is silent for
    ``patience`` seconds (None: it may be) or within() is over."""

    patience: float | None = None

    def wait(self, gen: PQGen[T], *args: Any, **rest: Any) -> T:
        """Called by the driver wherever it waits for the server."""
        ends_at = getattr(_own, "ends_at", None)
        if ends_at is None and self.patience is None:
            return super().wait(gen, *args, **rest)
        try:
            return super().wait(_bounded(gen, self.patience, ends_at), *args, **rest)
        except Silence as silence:
            self.pgconn.finish()
            raise psycopg.OperationalError(str(silence)) from None


class Silence(Exception):
    """The server did not answer in time."""


def _bounded(
    gen: PQGen[T], patience: float | None, ends_at: float | None
) -> Generator[Any, Any, T]:
    """The driver resumes it when there is something on the wire, and every now and then."""
    heard = time.monotonic()
    ready: Any = None
    while True:
        try:
            wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result
        ready = yield wanted
        now = time.monotonic()
        if ready:
            heard = now
        elif now >= (heard + (patience or 0.0) if ends_at is None else ends_at):
            raise Silence(f"the server has not answered for {now - heard:.1f} s: hung up")
