"""What becomes of the writers when the process ends or forks."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading
from typing import Protocol
from weakref import WeakSet

logger = logging.getLogger("hegel_store.journal")


class Writer(Protocol):
    def close(self) -> None: ...
    def begin_as_child(self) -> None: ...


_writers: WeakSet[Writer] = WeakSet()


def look_after(writer: Writer) -> None:
    """Close it at the interpreter's end and at SIGTERM, and begin anew in a forked child.

    SIGTERM is left to the application where it handles it, and outside of the main thread.
    """
    _writers.add(writer)
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    ):
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(number: int, _frame: object) -> None:
    """End as sys.exit() does, so that blocks are left and files closed; steps are stored beside
    that, as the thread that was interrupted may be in the middle of logging one."""
    threading.Thread(target=_close_all, name="hegel_store ending").start()
    sys.exit(128 + number)


def _close_all() -> None:
    for writer in list(_writers):
        try:
            writer.close()
        except Exception:
            logger.critical("a writer could not be closed", exc_info=True)


def _begin_as_children() -> None:
    for writer in list(_writers):
        writer.begin_as_child()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_begin_as_children)
