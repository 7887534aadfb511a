"""Statements that are broken off when the server does not answer in time.

A server that is stopped, and not gone, sends neither an answer nor an error, and no timeout of its
own fires: the client has to hang up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, Executable, Result, event

from hegel_store.connector import hang_up
from hegel_store.database import Autocommit

ANSWER_SECONDS = 10.0


class TimedAutocommit(Autocommit):
    """Runs each statement as Autocommit does, for ANSWER_SECONDS at most: then its connection is
    cut, and the caller gets the error of one that broke."""

    def __init__(self, engine: Engine, diagnose: Callable[[Engine], object]) -> None:
        super().__init__(engine, diagnose)
        self._own = threading.local()
        # First of all, as the pool asks a connection that lay idle whether it is alive.
        event.listen(engine, "checkout", self._note, insert=True)
        event.listen(engine, "checkin", self._forget)

    def execute(self, statement: Executable, parameters: Any = None) -> Result[Any]:
        watch = self._own.watch = _Watch()
        timer = threading.Timer(ANSWER_SECONDS, watch.break_off)
        timer.daemon = True
        timer.start()
        try:
            return super().execute(statement, parameters)
        finally:
            timer.cancel()
            self._own.watch = None

    def _note(self, connection: Any, *_: object) -> None:
        watch = getattr(self._own, "watch", None)
        if watch is not None:
            watch.hold(connection)

    def _forget(self, *_: object) -> None:
        watch = getattr(self._own, "watch", None)
        if watch is not None:
            watch.hold(None)


class _Watch:
    """The connection that a statement is using, and whether its time is over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None
        self._is_late = False

    def hold(self, connection: Any) -> None:
        with self._lock:
            self._connection = connection
            if self._is_late and connection is not None:
                hang_up(connection)

    def break_off(self) -> None:
        with self._lock:
            self._is_late = True
            if self._connection is not None:
                hang_up(self._connection)
