"""Building an index in a thread, while progress is read on another connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine

from hegel_store.models.vector_indexes import BuildProgress
from hegel_store.operations.vector_indexes import statements
from hegel_store.operations.vector_indexes.session import send

OnProgress = Callable[[BuildProgress], object]

POLL = 0.5
"""Seconds between two looks at how far it is."""


def build(
    engine: Engine,
    connection: Connection,
    pid: int,
    statement: str,
    on_progress: OnProgress | None = None,
) -> float:
    """Run ``statement``, a CREATE INDEX CONCURRENTLY, on ``connection``, which is of the server
    process ``pid``; returns the seconds that it took.

    ``on_progress`` is called in this thread. Whatever it raises (or Ctrl-C) cancels the build and
    is raised; what is left is an INVALID index. Raises what the driver does.
    """
    failures: list[BaseException] = []

    def run() -> None:
        try:
            send(connection, statement)
        except BaseException as error:  # handed over to the thread that waits
            failures.append(error)

    started = time.monotonic()
    builder = threading.Thread(target=run, name="index build", daemon=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
        builder.start()
        try:
            while builder.is_alive():
                builder.join(POLL)
                if on_progress is not None:
                    row = watching.execute(statements.PROGRESS, {"pid": pid}).one_or_none()
                    if row is not None:
                        seconds = time.monotonic() - started
                        on_progress(
                            BuildProgress(
                                phase=row.phase, done=row.done, total=row.total, seconds=seconds
                            )
                        )
        except BaseException:
            watching.execute(statements.CANCEL, {"pid": pid})
            builder.join()
            raise
    if failures:
        raise failures[0]
    return time.monotonic() - started


def heard(connection: Connection) -> Sequence[str]:
    """A list that gets what the server says on this connection from now on, such as that a graph
    does not fit into the memory that it may use."""
    said: list[str] = []
    driver: Any = connection.connection.dbapi_connection
    driver.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
    return said
