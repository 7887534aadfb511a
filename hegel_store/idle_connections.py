"""Connections that lay idle in a pool: whether they are still good is seen before they are used."""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg
from sqlalchemy import Engine, event, exc

UNTESTED_SECONDS = 30
"""A connection idle for longer is asked before it is used; one whose socket has something to
read (the server's farewell, mostly) is asked at once."""


def check_idle(engine: Engine, longest: float) -> None:
    """Have connections checked as they leave the pool, and replaced where the server has closed
    them, or they lay idle for ``longest`` seconds."""

    def note_return(connection: Any, record: Any) -> None:
        record.info["returned_at"] = time.monotonic()

    def check(connection: Any, record: Any, proxy: Any) -> None:
        returned_at = record.info.get("returned_at")
        if returned_at is None:
            return
        idle = time.monotonic() - returned_at
        if idle > longest:
            raise exc.DisconnectionError("idle for longer than the pool keeps connections")
        if idle > UNTESTED_SECONDS or _has_something_to_read(connection):
            try:
                alive = engine.dialect.do_ping(connection)
            except (exc.DBAPIError, psycopg.Error):
                alive = False
            if not alive:
                # The server went away, so what else lies in the pool is as old and as dead.
                raise exc.InvalidatePoolError("the server closed the connection")
        if connection.autocommit:
            connection.autocommit = False  # as a call that commits by itself left it on

    event.listen(engine, "checkin", note_return)
    event.listen(engine, "checkout", check)


def _has_something_to_read(connection: psycopg.Connection[Any]) -> bool:
    if connection.closed:
        return True
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    return bool(poller.poll(0))
