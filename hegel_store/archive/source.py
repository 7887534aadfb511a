"""Where steps are read from and stored to, and the sessions in which that happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine

from hegel_store.answering import unhurried
from hegel_store.archive import statements
from hegel_store.database import one_snapshot
from hegel_store.errors import ConfigurationError, TransactionConflict
from hegel_store.repositories import StepRepository
from hegel_store.retries import becomes_true

OTHERS_DEADLINE = 30.0
"""Seconds until another archiver's end is no longer waited for. The server's process of a killed
one goes on with its last statement, and holds the lock until that is done."""


class Source(Protocol):
    """What is needed of a store."""

    @property
    def engine(self) -> Engine: ...

    @property
    def steps(self) -> StepRepository: ...


@contextmanager
def snapshot(source: Source) -> Iterator[Connection]:
    """A transaction that only reads, and in which nothing changes."""
    with unhurried(), one_snapshot(source.engine) as connection:
        connection.execute(statements.UNLIMITED)
        yield connection


@contextmanager
def transaction(source: Source) -> Iterator[Connection]:
    """A transaction that gives up a lock which it does not get soon."""
    with unhurried(), source.engine.begin() as connection:
        connection.execute(statements.UNLIMITED)
        connection.execute(statements.IMPATIENT)
        yield connection


@contextmanager
def only_archiver(source: Source) -> Iterator[Connection]:
    """A session outside of transactions, in which no other one archives months of this log.

    Raises TransactionConflict when another one still does after OTHERS_DEADLINE seconds, and
    ConfigurationError through a transaction pooler, where a lock belongs to nobody.
    """
    with unhurried(), source.engine.connect() as pooled:
        connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
        driver: Any = connection.connection.driver_connection
        # Closed in the end and not given back, as its settings and its lock would leak.
        connection.detach()
        if connection.scalar(statements.PROCESS) != driver.info.backend_pid:
            raise ConfigurationError("archive over a direct connection, not through PgBouncer")
        _wait_for_others(connection)
        connection.execute(statements.SESSION_UNLIMITED)
        connection.execute(statements.SESSION_IMPATIENT)
        yield connection


def _wait_for_others(connection: Connection) -> None:
    if not becomes_true(lambda: connection.scalar(statements.LOCK_OUT_OTHERS), OTHERS_DEADLINE):
        raise TransactionConflict("another process archives months of this log")
