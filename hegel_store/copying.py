"""COPY into a table, in a session's transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from sqlalchemy import Connection, exc
from sqlalchemy.orm import Session

COPY_WATCHER = "hegel_copy_watcher"
"""In a connection's ``info``: is called as ``watcher(statement, rows, seconds, error)`` after each
COPY, which SQLAlchemy's events do not see."""


def copy_rows(session: Session | Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run ``COPY ... FROM STDIN`` in the session's transaction.

    Raises SQLAlchemy's errors, as executing a statement does.
    """
    connection = session.connection() if isinstance(session, Session) else session
    watcher = connection.info.get(COPY_WATCHER)
    if watcher is None:
        _copy_rows(connection, statement, rows)
        return
    sent, problem, began = list(rows), None, time.perf_counter()
    try:
        _copy_rows(connection, statement, sent)
    except exc.DBAPIError as error:
        problem = error
        raise
    finally:
        watcher(statement, len(sent), time.perf_counter() - began, problem)


def _copy_rows(connection: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        broken = bool(driver.closed)
        if broken:
            connection.invalidate(error)
        raise exc.DBAPIError.instance(
            statement,
            None,
            error,
            psycopg.Error,
            hide_parameters=True,
            connection_invalidated=broken,
            dialect=connection.dialect,
        ) from error
