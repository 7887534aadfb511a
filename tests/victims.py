"""Processes that are killed on their way.

They are forked from a server of forks, which has no threads of ours and nothing of other tests: a
fork of the test's own process would inherit the locks that its threads hold at that moment.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
from collections.abc import Callable

from sqlalchemy import Engine, event

SECONDS = 120.0
"""The time that any of them has. One that needs more is stuck, and prints where."""

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.forked"])


class Victim:
    """A process that calls ``target``, a function that can be pickled."""

    def __init__(self, target: Callable[..., object], *arguments: object) -> None:
        self._process = _context.Process(target=_work, args=(target, arguments), daemon=True)
        self._process.start()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def is_running(self) -> bool:
        return self._process.is_alive()

    def outcome(self) -> int:
        """Wait for it: 0, 1 after an error, -9 when it was killed."""
        self._process.join(SECONDS + 10)
        assert self._process.exitcode is not None
        return self._process.exitcode


def die_at(number: int, *moments: str, words: str = "", after: str = "") -> None:
    """Let this process be killed (-9) at the ``number``-th of these events of SQLAlchemy's engines.

    With ``words``, of statements only those that have them count; with ``after``, what comes after
    the first statement that has these.
    """
    seen = 0
    counting = not after

    def count(*given: object) -> None:
        nonlocal seen, counting
        statement = str(given[2]) if len(given) > 2 else ""
        if counting and words in statement:
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)
        counting = counting or after in statement

    for moment in moments:
        event.listen(Engine, moment, count)


def _work(target: Callable[..., object], arguments: tuple[object, ...]) -> None:
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    target(*arguments)
