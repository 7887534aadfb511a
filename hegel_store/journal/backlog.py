"""All that waits on the disk: what earlier writers left behind, and this one's own."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from hegel_store.journal import spool
from hegel_store.journal.entries import Entry
from hegel_store.journal.records import pack
from hegel_store.journal.spool import Portion, Spool

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two attempts at a database that is away: they double, up to the longest."""


class Backlog:
    """The spools below ``folder``, in the order in which they are to be stored, and when to try.

    ``own`` counts the steps of this writer in it.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._spools: list[Spool] = []
        self._own: Spool | None = None
        self._numbers: deque[int] = deque()
        self._failures = 0
        self._retry_at = 0.0

    def adopt(self) -> None:
        """Take over what writers left behind that are gone. Raises OSError."""
        self._spools = [*spool.left_behind(self._folder, self._limit), *self._spools]

    @property
    def is_empty(self) -> bool:
        return all(one.is_empty for one in self._spools)

    @property
    def own(self) -> int:
        return len(self._numbers)

    @property
    def first_own(self) -> int | None:
        """The number of the first step of this writer in it."""
        return self._numbers[0] if self._numbers else None

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self._spools)

    def append(self, entries: Sequence[Entry]) -> None:
        """Add steps durably. Raises SpoolFull, with none of them added."""
        if self._own is None:
            self._own = spool.own(self._folder, self._limit)
            self._spools.append(self._own)
        self._own.append([pack(entry.step) for entry in entries if entry.step is not None])
        self._numbers.extend(entry.number for entry in entries)

    def first(self, most: int, most_bytes: int) -> Portion:
        """What is to be stored next."""
        return self._first().first(most, most_bytes)

    @property
    def is_at_own(self) -> bool:
        """Whether the steps that are next are this writer's."""
        return self._first() is self._own

    def done(self, portion: Portion) -> None:
        """It has been stored or set aside."""
        first = self._first()
        first.done(portion)
        if first is not self._own:
            if first.is_empty:
                self._spools.remove(first)
                first.close()
            return
        for _ in portion.records:
            self._numbers.popleft()
        if first.is_empty:
            self._numbers.clear()  # should the disk have lost some

    def failed(self) -> None:
        """The database did not take anything: try again after a pause."""
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures, 10))
        self._failures += 1
        self._retry_at = time.monotonic() + random.uniform(0.7, 1.0) * pause

    def worked(self) -> None:
        self._failures, self._retry_at = 0, 0.0

    def retry_now(self) -> None:
        self._retry_at = 0.0

    @property
    def pause(self) -> float:
        """Seconds until it is worth trying, 0 or more."""
        return max(0.0, self._retry_at - time.monotonic())

    def close(self) -> None:
        for one in self._spools:
            one.close()
        self._spools, self._own = [], None

    def leave(self) -> None:
        """In a forked child: all of it is the parent's."""
        for one in self._spools:
            one.leave()

    def _first(self) -> Spool:
        return next(one for one in self._spools if not one.is_empty)
