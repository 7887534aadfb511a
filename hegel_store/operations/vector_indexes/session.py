"""The session in which vector indexes are changed, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine

from hegel_store.errors import ConfigurationError, IndexRefused
from hegel_store.operations.vector_indexes import statements
from hegel_store.retries import becomes_true

CLOSING_SECONDS = 2.0
"""How long the lock is asked for again: the server ends a session that was closed a moment ago only
after its client has gone on."""


@contextmanager
def session(engine: Engine) -> Iterator[Connection]:
    """A connection of its own on which every statement is a transaction and waits as long as it
    takes. Thrown away afterwards, with its settings and the lock that it holds.

    Raises IndexRefused where somebody else keeps that lock for CLOSING_SECONDS, and
    ConfigurationError behind a pooler, which would lend the session to others between two
    statements: it gives clients numbers of server processes that are none.
    """
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()
    try:
        driver: Any = connection.connection.dbapi_connection
        if connection.execute(statements.OWN_PROCESS).scalar_one() != driver.info.backend_pid:
            raise ConfigurationError(
                "change vector indexes over a direct connection, not through a pooler"
            )
        send(connection, *statements.PATIENT)
        name = connection.execute(statements.LOCK_NAME).scalar_one()
        if not becomes_true(
            lambda: connection.scalar(statements.LOCK, {"name": name}), CLOSING_SECONDS
        ):
            raise IndexRefused(
                "the vector indexes",
                "somebody is changing them; what a process that was killed had begun, the server "
                "ends within seconds",
            )
        yield connection
    finally:
        connection.close()


def send(connection: Connection, *texts: str) -> None:
    """Execute statements as they are written."""
    for text in texts:
        connection.exec_driver_sql(text, execution_options={"no_parameters": True})
