"""One standby: left out while it is away, tried again after a pause."""

from __future__ import annotations

import logging
import time
from typing import Any

import psycopg
from sqlalchemy import Connection, event, exc
from sqlalchemy.engine import ExceptionContext

from hegel_store.addresses import DatabaseAddress
from hegel_store.answering import within
from hegel_store.database import Database
from hegel_store.errors import HegelStoreError, PoolExhausted
from hegel_store.failures import Failure, failure_of
from hegel_store.models.replicas import ReplicaHealth, ReplicaState
from hegel_store.observing import tell
from hegel_store.observing.happenings import StandbyBack, StandbyLeftOut
from hegel_store.replicas.pauses import end_of_pause
from hegel_store.replicas.positions import Progress, progress, shown

logger = logging.getLogger("hegel_store")

ANSWER_SECONDS = 2.0
"""To say how far it is."""


class Standby:
    """A standby with a pool of its own.

    ``pooled`` says that PgBouncer stands before it, and maybe before several of them: another one
    may answer the next statement, unless both are of one transaction.

    ``is_behind`` when it did not come to what was needed in the time allowed: it is asked, and not
    waited for. Safe for threads: what two of them may both do, they may do twice.
    """

    def __init__(
        self, database: Database, address: DatabaseAddress, *, pooled: bool = False
    ) -> None:
        self.address = address
        self._pooled = pooled
        self.is_behind = False
        self._database = database
        self._failures = 0
        self._away_until = 0.0
        self._reason: str | None = None
        self._receives = True
        event.listen(database.engine, "handle_error", self._note)

    @property
    def may_be_asked(self) -> bool:
        """Whether it is there, as far as is known, or due to be tried again."""
        return time.monotonic() >= self._away_until

    @property
    def is_there(self) -> bool:
        """As may_be_asked, and also when all that is wrong is that it receives from nobody."""
        return self.may_be_asked or not self._receives

    def past(self, position: int, *, receiving: bool = True) -> Connection | None:
        """A connection on which everything up to ``position`` is seen, outside of a transaction
        unless it is ``pooled``; None when the standby is not that far, or away, or does not
        receive, if it has to be ``receiving``. Raises PoolExhausted."""
        if self._failures:
            # So that one thread tries, and the others do not wait for it.
            self._away_until = end_of_pause(self._failures)
        connection = None
        try:
            with within(ANSWER_SECONDS):
                connection = self._database.engine.connect()
                found = _asked_within(connection) if self._pooled else _asked(connection)
            problem = _problem(found)
            self._receives = found.is_receiving or not found.is_standby
        except PoolExhausted:
            raise
        except (HegelStoreError, exc.DBAPIError, psycopg.Error) as error:
            problem = str(error).partition("\n")[0]
            found, self._receives = None, True
        may_be_read = problem is None or not (receiving or self._receives)
        if connection is not None and found is not None and may_be_read:
            if problem is None:
                self._come_back()
            if found.position is not None and found.position >= position:
                self.is_behind = False
                return connection
        if connection is not None:
            connection.close()
        if problem is not None:
            self._leave_out(problem)
        return None

    def health(self, written: int | None) -> ReplicaHealth:
        """How it is now, seen from a primary that has written so far."""
        try:
            with within(ANSWER_SECONDS), self._database.engine.connect() as connection:
                found = _asked(connection)
        except PoolExhausted as error:
            return self._as_found("behind" if self.is_behind else "fresh", reason=str(error))
        except (HegelStoreError, exc.DBAPIError, psycopg.Error) as error:
            reason = str(error).partition("\n")[0]
            self._leave_out(reason)
            return self._as_found("away", reason=reason)
        problem = _problem(found)
        if problem is not None:
            self._leave_out(problem)
            return self._as_found("away", found, written, problem)
        self._come_back()
        if self.is_behind:
            return self._as_found("behind", found, written, "it did not keep up when it was asked")
        return self._as_found("fresh", found, written)

    def close(self) -> None:
        self._database.close()

    def _as_found(
        self,
        state: ReplicaState,
        found: Progress | None = None,
        written: int | None = None,
        reason: str | None = None,
    ) -> ReplicaHealth:
        position = found.position if found is not None else None
        return ReplicaHealth(
            address=str(self.address),
            state=state,
            position=None if position is None else shown(position),
            missing_bytes=(
                None if position is None or written is None else max(0, written - position)
            ),
            reason=reason,
        )

    def _note(self, context: ExceptionContext) -> None:
        """A statement of a unit of work lost its connection: the next one goes elsewhere."""
        error = context.original_exception
        if context.is_disconnect or failure_of(error) is Failure.BROKEN:
            self._leave_out(str(error).partition("\n")[0])

    def _leave_out(self, reason: str) -> None:
        if self._reason is None:
            logger.warning("the standby %s is left out: %s", self.address, reason)
            tell(StandbyLeftOut(standby=str(self.address), reason=reason))
        self._reason = reason
        self._failures += 1
        self._away_until = end_of_pause(self._failures)

    def _come_back(self) -> None:
        if self._reason is not None:
            logger.warning("the standby %s is back", self.address)
            tell(StandbyBack(standby=str(self.address)))
        self._failures, self._away_until, self._reason = 0, 0.0, None


def _asked(connection: Connection) -> Progress:
    """How far it is, by a statement of its own: a role may see one snapshot per transaction."""
    driver: Any = connection.connection.driver_connection
    driver.autocommit = True
    found = progress(connection)
    connection.rollback()
    driver.autocommit = False
    return found


def _asked_within(connection: Connection) -> Progress:
    """How far the server of the transaction is that begins here. Each of its statements sees what
    was replayed before it, and not the first one alone."""
    connection.execution_options(postgresql_readonly=True, isolation_level="READ COMMITTED")
    return progress(connection)


def _problem(found: Progress) -> str | None:
    """What forbids to read there however far it is.

    One that receives nothing may have gone another way than the primary of today, further than
    the point where that was promoted: its positions cannot be compared then.
    """
    if not found.is_standby:
        return "it is no standby (any more)"
    if not found.is_receiving:
        return "it does not receive from a primary"
    return None
