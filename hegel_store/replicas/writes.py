"""When a store last wrote, so that its reads can wait for that."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from hegel_store.failures import writes

WROTE = "hegel_wrote"


class Writes:
    """``mark`` is another object after each write of the engines that are watched.

    It changes once the commit has been answered and the connection has been given back, or was
    lost: a position that the primary is asked for after reading the mark includes the write. No
    lock is needed, and none could be left held in a forked child.
    """

    def __init__(self) -> None:
        self.mark = object()

    def watch(self, engine: Engine) -> None:
        """Count what is written through this engine."""
        event.listen(engine, "commit", self._note_commit)
        event.listen(engine, "before_cursor_execute", self._note_statement)
        event.listen(engine, "checkin", self._count)
        event.listen(engine, "handle_error", self._count_lost)

    def add(self) -> None:
        """Count one more."""
        self.mark = object()

    def _note_commit(self, connection: Connection) -> None:
        if not _driver(connection).read_only:
            connection.info[WROTE] = True

    def _note_statement(
        self, connection: Connection, cursor: Any, statement: str, *_: object
    ) -> None:
        if _driver(connection).autocommit and writes(statement):
            connection.info[WROTE] = True

    def _count(self, connection: Any, record: Any) -> None:
        if record.info.pop(WROTE, False):
            self.add()

    def _count_lost(self, context: ExceptionContext) -> None:
        if context.is_disconnect:  # a write may have arrived, and what was noted is forgotten
            self.add()


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
