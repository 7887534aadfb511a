"""The lock and the clock of a run of maintenance, and the two ways in which it sends statements.

The lock is one of a transaction that stays open for the whole run, beside the ones that work: a
transaction pooler keeps a server's session for it, where a session's lock would stay behind with
somebody else. It has no snapshot, so that neither VACUUM nor REINDEX waits for it, and ends with
its client, however that ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine

from hegel_store.archive.source import Source
from hegel_store.database import translated
from hegel_store.errors import DatabaseUnavailable, StatementTimeout
from hegel_store.giving_way import Pace, PutOff
from hegel_store.models.maintenance import MaintenanceRules, Status
from hegel_store.operations.maintenance import statements

LOCK_SECONDS = 5.0
"""How long a statement waits for a lock, with others queueing behind it."""

CANCEL_SECONDS = 5.0
"""From the server's own timeout until the client cancels, for where the server's is not set."""


class TimeIsUp(Exception):
    """The task has used its time; what it has committed stays."""


ENDS = (TimeIsUp, PutOff, StatementTimeout)
"""What ends a task between two pieces of work, or breaks one off."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a task found and did: see TaskReport."""

    status: Status
    why: str
    did: Sequence[str] = ()

    @classmethod
    def so_far(cls, end: Exception, why: str, did: Sequence[str] = ()) -> Found:
        """Of a task that one of ENDS has ended."""
        if isinstance(end, PutOff):
            return cls("put off", f"{why}; an evaluation runs", did)
        return cls("stopped", why, did)


class Work:
    """What a task is given: the store's engine, the rules, and how long it may go on."""

    def __init__(
        self,
        source: Source,
        rules: MaintenanceRules,
        dry_run: bool,
        lock: Connection,
        until: float,
    ) -> None:
        self.source = source
        self.engine: Engine = source.engine
        self.rules = rules
        self.dry_run = dry_run
        self._lock = lock
        self._pace = Pace.on(source.engine)
        self._end = self._until = until

    def begin(self, share: float) -> None:
        """Give way in the time that is left of the run; from then on a task has this share of it.

        Raises what give_way() does, and DatabaseUnavailable when the lock is lost: somebody else
        may be at work.
        """
        self._until = self._end
        try:
            self.give_way()
        finally:
            self._require_lock()
        now = time.monotonic()
        self._until = now + share * (self._end - now)

    def give_way(self) -> None:
        """Rest between two pieces of work, as the store's ``while_evaluating`` says. Raises PutOff
        where the time is up before that is over, and TimeIsUp where it is up all the same."""
        self._pace.rest(within=max(0.0, self._until - time.monotonic()))
        if self._until <= time.monotonic():
            raise TimeIsUp

    @property
    def left(self) -> float:
        """The seconds that are left. Raises TimeIsUp when there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeIsUp
        return left

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction whose statements end in time, each of them. Raises TimeIsUp before it, and
        DatabaseUnavailable when the lock is lost."""
        values = {
            "statement_timeout": _milliseconds(self.left),
            "lock_timeout": _milliseconds(LOCK_SECONDS),
        }
        self._require_lock()
        with translated(), self.engine.begin() as connection:
            connection.execute(statements.IN_TIME, values)
            yield connection

    def alone(self, statement: sql.Composed, *, seconds: float | None = None) -> Sequence[str]:
        """Send what runs in no transaction (VACUUM, REINDEX ... CONCURRENTLY), and return what the
        server remarked.

        It is broken off when the time is up (StatementTimeout): by the server, and through a
        pooler, which would hand the setting to others, by a cancellation alone. Until then it
        waits for locks: nobody queues behind what is CONCURRENTLY, or skips what is locked.
        """
        left = self.left if seconds is None else seconds
        remarks: list[str] = []
        self._require_lock()
        with translated(), self.engine.connect() as pooled:
            connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
            driver: Any = connection.connection.driver_connection
            is_direct = connection.scalar(statements.PROCESS) == driver.info.backend_pid
            driver.add_notice_handler(lambda notice: remarks.append(notice.message_primary))
            # Closed in the end and not given back, as its settings would leak.
            connection.detach()
            if is_direct:
                values = {"statement_timeout": _milliseconds(left)}
                connection.execute(statements.SESSION_IN_TIME, values)
            patience = left + CANCEL_SECONDS if is_direct else left
            late = threading.Timer(patience, _cancel, [driver])
            late.daemon = True
            late.start()
            try:
                connection.exec_driver_sql(
                    statement.as_string(), execution_options={"no_parameters": True}
                )
            finally:
                late.cancel()
        return remarks

    def _require_lock(self) -> None:
        if self._lock.invalidated:
            raise DatabaseUnavailable("the connection broke that kept others from maintenance")
        with translated():
            self._lock.execute(statements.STILL_HERE)


@contextmanager
def only_maintainer(
    source: Source, rules: MaintenanceRules, dry_run: bool, until: float
) -> Iterator[Work | None]:
    """What tasks are given, or None while another process has it. The run ends at ``until``, by
    time.monotonic()."""
    with translated(), source.engine.connect() as pooled:
        # With a snapshot for the whole transaction, VACUUM would leave everything since. One
        # outlives its statement also in a portal, which a prepared statement leaves open.
        connection = pooled.execution_options(isolation_level="READ COMMITTED")
        driver: Any = connection.connection.driver_connection
        former, driver.prepare_threshold = driver.prepare_threshold, None
        try:
            with connection.begin():
                connection.execute(statements.STAY)
                is_ours = connection.scalar(statements.LOCK_OUT_OTHERS)
                connection.execute(statements.STILL_HERE)
                yield Work(source, rules, dry_run, connection, until) if is_ours else None
        finally:
            driver.prepare_threshold = former


def _cancel(driver: psycopg.Connection[Any]) -> None:
    with suppress(psycopg.Error):
        driver.cancel_safe(timeout=CANCEL_SECONDS)


def _milliseconds(seconds: float) -> str:
    return str(max(1, int(seconds * 1000)))
