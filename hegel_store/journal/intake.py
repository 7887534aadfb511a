"""Steps that were logged and wait for the courier, and those who wait for what becomes of them."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Literal

from hegel_store.errors import SpoolFull, WriterClosed
from hegel_store.journal.entries import Entry

BATCH_STEPS = 500
BATCH_BYTES = 8 * 2**20
LINGER = 0.02
"""Seconds that the first step of a batch waits for others."""

WhenFull = Literal["block", "refuse"]


class Intake:
    """A queue with a limit, and three marks in the order of logging: the number of the last step
    that was logged, that is ``secured`` (in the database, in the spool or set aside), and that is
    ``settled`` (in the database or set aside). Safe for threads."""

    def __init__(self, most: int, most_bytes: int, when_full: WhenFull) -> None:
        self._most, self._most_bytes, self._when_full = most, most_bytes, when_full
        self._changed = threading.Condition(threading.Lock())
        self._queue: deque[Entry] = deque()
        self._bytes = 0
        self._is_idle = False
        self._is_urgent = False
        self._awaited: dict[int, Exception | None] = {}
        self._ends_at: float | None = None
        self.is_over = False
        self.logged = self.secured = self.settled = 0

    def put(self, entry: Entry, *, durable: bool) -> None:
        """Add a step, when there is room. With ``durable``, wait until it is secured, and raise
        what it is set aside for. Raises SpoolFull and WriterClosed."""
        with self._changed:
            self._require_open()
            while self._is_full(entry):
                if self._when_full == "refuse":
                    raise SpoolFull(
                        f"{len(self._queue)} steps wait in memory, and neither the database nor "
                        "the spool takes them"
                    )
                self._hurry()
                self._changed.wait()
                self._require_open()
            self.logged += 1
            entry.number = self.logged
            self._queue.append(entry)
            self._bytes += entry.size
            if durable:
                self._await(entry.number)
            elif self._is_idle or len(self._queue) == BATCH_STEPS:
                self._changed.notify_all()

    def take(self, seconds: float | None) -> list[Entry]:
        """The next batch: what is logged within LINGER of its first step, or sooner when somebody
        waits for it. Empty after ``seconds``, and when a flush or the end is asked for."""
        with self._changed:
            self._rest(seconds)
            if self._queue and not self._is_urgent and self._ends_at is None:
                self._changed.wait_for(
                    lambda: self._is_urgent or len(self._queue) >= BATCH_STEPS, LINGER
                )
            self._is_urgent = False
            batch: list[Entry] = []
            size = 0
            while self._queue and len(batch) < BATCH_STEPS and size < BATCH_BYTES:
                size += self._queue[0].size
                batch.append(self._queue.popleft())
            self._bytes -= size
            self._changed.notify_all()
            return batch

    def pause(self, seconds: float) -> None:
        """Let so much time pass, or less when a flush or the end is asked for."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_urgent, seconds)
            self._is_urgent = False

    def mark(self, secured: int, settled: int) -> None:
        """Move the marks."""
        with self._changed:
            if (secured, settled) != (self.secured, self.settled):
                self.secured, self.settled = secured, settled
                self._changed.notify_all()

    def refuse(self, number: int, error: Exception) -> None:
        """Tell one who waits for this step why it is set aside."""
        with self._changed:
            if number in self._awaited:
                self._awaited[number] = error

    def wait_settled(self, timeout: float | None) -> int:
        """Wait for all that was logged until now; how many of these are not settled yet."""
        with self._changed:
            target = self.logged
            self._hurry()
            self._changed.wait_for(lambda: self.settled >= target or self.is_over, timeout)
            return max(0, target - self.settled)

    def end(self, seconds: float) -> None:
        """Take nothing more, and let the courier go on for so long at most."""
        with self._changed:
            if self._ends_at is None:
                self._ends_at = time.monotonic() + seconds
            self._hurry()

    def over(self) -> None:
        """Nobody works here any more."""
        with self._changed:
            self.is_over = True
            self._changed.notify_all()

    @property
    def is_ending(self) -> bool:
        return self._ends_at is not None

    @property
    def is_late(self) -> bool:
        """Whether the time for the end is up."""
        return self._ends_at is not None and time.monotonic() >= self._ends_at

    @property
    def is_empty(self) -> bool:
        return not self._queue

    def _is_full(self, entry: Entry) -> bool:
        # One that is larger than the limit is taken when it is alone.
        too_large = self._bytes + entry.size > self._most_bytes
        return len(self._queue) >= self._most or (too_large and bool(self._queue))

    def _await(self, number: int) -> None:
        self._awaited[number] = None
        self._hurry()
        self._changed.wait_for(lambda: self.secured >= number or self.is_over)
        error = self._awaited.pop(number)
        if error is not None:
            raise error
        if self.secured < number:
            raise WriterClosed("the writer was closed before the step was stored")

    def _rest(self, seconds: float | None) -> None:
        """Wait for a step."""
        self._is_idle = True
        self._changed.wait_for(lambda: bool(self._queue) or self._is_urgent, seconds)
        self._is_idle = False

    def _hurry(self) -> None:
        self._is_urgent = True
        self._changed.notify_all()

    def _require_open(self) -> None:
        if self._ends_at is not None or self.is_over:
            raise WriterClosed("the writer is closed")
