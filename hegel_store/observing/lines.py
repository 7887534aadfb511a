"""Writes lines of a log in the background, many at a time."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from weakref import WeakSet

logger = logging.getLogger("hegel_store")

SECONDS = 0.2
"""So long a line waits at most."""


class Lines:
    """Calls, each of which writes one line, in the order in which they were added.

    Between two searches the processor has forgotten the code that makes a line: one at a time
    takes ten times as long as many together. What waits is written at the end of the interpreter.
    A forked child begins with nothing. What a call raises is logged, once, and loses its own line
    alone. Safe for threads.
    """

    def __init__(self) -> None:
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._is_over = False
        self._has_complained = False
        self._thread: threading.Thread | None = None

    def add(self, write: Callable[[], object], *, at_once: bool = False) -> None:
        """Have it called soon, or, after those before it, now."""
        self._waiting.append(write)
        if at_once or self._is_over:
            self.flush()
        elif self._thread is None:
            self._start()

    def flush(self) -> None:
        """Write what waits."""
        failure: Exception | None = None
        with self._writing:
            while self._waiting:
                try:
                    self._waiting.popleft()()
                except Exception as error:  # a processor of the application's, a closed stream
                    failure = failure or error
        if failure is not None and not self._has_complained:
            self._has_complained = True
            logger.warning("a line of the log was not written: %r", failure)

    def close(self) -> None:
        """Write what waits, and whatever is still added at once."""
        self._is_over = True
        self._wake.set()
        self.flush()

    def _start(self) -> None:
        with self._writing:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="hegel_store events", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        while not self._wake.wait(SECONDS):
            self.flush()


_all: WeakSet[Lines] = WeakSet()


def _begin_as_child() -> None:
    for lines in list(_all):
        lines._begin()


def _close_all() -> None:
    for lines in list(_all):
        lines.close()


os.register_at_fork(after_in_child=_begin_as_child)
atexit.register(_close_all)
