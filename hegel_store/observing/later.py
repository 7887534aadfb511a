"""Does in the background, many at a time, what need not be done at once."""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any

SECONDS = 0.5
"""So long anything waits at most."""

PORTION = 16
PAUSE = 0.0005
"""After so many calls the background lets others work for so many seconds: a thread that comes back
from the server would have to wait for the interpreter until all are done."""

MOST = 10_000
"""So many wait at most: who adds one more works them off."""

FORK_SECONDS = 1.0
"""So long a fork waits for what is being done at most."""


class Later:
    """Calls, made one after the other in the order in which they were added, each with the context
    variables of that moment. They must not raise.

    Between two searches the processor has forgotten the code that a call needs: one at a time
    takes several times as long as many together. What waits is done at the end of the interpreter,
    before what was registered for it until the first call was added. A forked child begins with
    nothing, and is not made in the middle of a call, whose locks it would find held for ever. Safe
    for threads, and for calls that add or flush.
    """

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(
            before=self._pause, after_in_parent=self._go_on, after_in_child=self._begin
        )

    def _begin(self) -> None:
        self._waiting: deque[tuple[Context, Callable[..., object], tuple[Any, ...]]] = deque()
        self._working = threading.RLock()
        self._is_over = False
        self._thread: threading.Thread | None = None

    def add(self, call: Callable[..., object], *given: Any) -> None:
        """Have it called soon with what is given."""
        self._waiting.append((copy_context(), call, given))
        if self._thread is None:
            self._start()
        if self._is_over or len(self._waiting) > MOST:
            self.flush()

    def flush(self) -> None:
        """Call what waits."""
        with self._working:
            self._work_off(len(self._waiting))

    def _work_off(self, most: int) -> None:
        while most > 0 and self._waiting:  # which a call may have flushed itself
            most -= 1
            context, call, given = self._waiting.popleft()
            context.run(call, *given)

    def _start(self) -> None:
        with self._working:
            if self._thread is None:
                self._register_end()
                self._thread = threading.Thread(target=self._run, name="hegel_store", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # the interpreter is about to end
                    self._is_over = True

    def _register_end(self) -> None:
        atexit.unregister(self._close)
        atexit.register(self._close)
        from multiprocessing import parent_process, util

        if parent_process() is not None:  # and so one that ends without what atexit has
            util.Finalize(None, self._close, exitpriority=0)

    def _run(self) -> None:
        rest = threading.Event()
        while not self._is_over:
            rest.wait(SECONDS)
            while self._waiting:
                with self._working:
                    self._work_off(PORTION)
                rest.wait(PAUSE)

    def _close(self) -> None:
        self._is_over = True
        self.flush()

    def _pause(self) -> None:
        self._working.acquire(timeout=FORK_SECONDS)

    def _go_on(self) -> None:
        with suppress(RuntimeError):  # another thread's: it was waited for in vain
            self._working.release()
