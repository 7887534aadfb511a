"""When a store last wrote, so that its reads can wait for that."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from hegel_store.failures import writes

WROTE, ANSWERED = "hegel_wrote", "hegel_wrote_and_was_told"
"""What is noted of a connection while it is lent: that it was sent a write, and that one was
answered."""


class Writes:
    """``mark`` is another object after each write of the engines that are watched, and
    ``acknowledged`` after each that was answered.

    They change once the commit has been answered and the connection has been given back, or was
    lost: a position that the primary is asked for after reading the mark includes the write. No
    lock is needed, and none could be left held in a forked child.
    """

    def __init__(self) -> None:
        self.mark = self.acknowledged = object()

    def watch(self, engine: Engine) -> None:
        """Count what is written through this engine."""
        event.listen(engine, "begin", self._note_answer)
        event.listen(engine, "commit", self._note_commit)
        event.listen(engine, "before_cursor_execute", self._note_statement)
        event.listen(engine, "after_cursor_execute", self._note_result)
        event.listen(engine, "checkin", self._count)
        event.listen(engine, "handle_error", self._count_lost)

    def add(self) -> None:
        """Count one more."""
        self.mark = self.acknowledged = object()

    def _note_commit(self, connection: Connection) -> None:
        if not _driver(connection).read_only:
            connection.info[WROTE] = True

    def _note_statement(
        self, connection: Connection, cursor: Any, statement: str, *_: object
    ) -> None:
        if _driver(connection).autocommit and writes(statement):
            connection.info[WROTE] = True

    def _note_result(self, connection: Connection, *_: object) -> None:
        if _driver(connection).autocommit:
            self._note_answer(connection)

    def _note_answer(self, connection: Connection) -> None:
        """What comes after a commit on a connection comes after its answer."""
        if connection.info.get(WROTE):
            connection.info[ANSWERED] = True

    def _count(self, connection: Any, record: Any) -> None:
        """``connection`` is None when it was lost."""
        was_answered = record.info.pop(ANSWERED, False)
        if record.info.pop(WROTE, False):
            if was_answered or connection is not None:
                self.add()
            else:
                self.mark = object()

    def _count_lost(self, context: ExceptionContext) -> None:
        if context.is_disconnect:  # a write may have arrived
            self.mark = object()


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
