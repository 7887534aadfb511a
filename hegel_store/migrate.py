"""Alembic from Python, for the checkout and the wheel alike, and what a database's version means.

One migrator works at a time, on a session-level advisory lock that is polled: a blocking wait
would hold a snapshot, for which CREATE INDEX CONCURRENTLY waits in turn, and deadlock.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, exc, text

from hegel_store.database import Connector, translated
from hegel_store.errors import (
    DatabaseError,
    InvalidInput,
    MigrationRequired,
    PackageOutdated,
    TransactionConflict,
)
from hegel_store.schema import PREFIX, VERSION_TABLE
from hegel_store.settings import DatabaseAddress, Settings

logger = logging.getLogger("hegel_store.migrate")

LOCK_KEY = int.from_bytes(b"hegel_db", "big")
"""The advisory lock: eight letters of our own, as round numbers collide with other packages'."""

LOCK_DEADLINE = 600.0
TIMEOUTS = ("SET lock_timeout = '2s'", "SET statement_timeout = '15min'")
ATTEMPTS = 10
"""How often a revision that did not get its locks, or met a deadlock, is tried."""

# alembic.command keeps its state in module globals and is not safe for threads.
_one_command = threading.Lock()


def scripts() -> Path:
    """The folder of revisions: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "alembic"
    return installed if installed.is_dir() else package.parent / "alembic"


@cache
def known_revisions() -> tuple[str, ...]:
    """Every revision this package carries, base first."""
    from alembic.script import ScriptDirectory

    walk = ScriptDirectory(str(scripts())).walk_revisions()
    return tuple(reversed([script.revision for script in walk]))


def upgrade(address: DatabaseAddress, revision: str = "head") -> None:
    """Migrate forward to ``revision``. Safe to call from many processes at once: they queue.

    Raises DatabaseUnavailable, PermissionDenied, or TransactionConflict when the locks were not
    to be had in ATTEMPTS attempts.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _command("upgrade", address, revision)
            return
        except TransactionConflict as conflict:
            # Each revision is its own transaction, so the next attempt goes on where this failed.
            if attempt == ATTEMPTS:
                raise
            pause = random.uniform(0.2, 0.5) * attempt
            logger.warning("%s; trying again in %.1f s", conflict, pause)
            time.sleep(pause)


def downgrade(address: DatabaseAddress, revision: str) -> None:
    """Migrate back to ``revision`` (``base`` removes everything; data is discarded)."""
    _command("downgrade", address, revision)


def _command(name: str, address: DatabaseAddress, revision: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with _one_command, translated(), connection_to(address) as connection:
        refuse_unknown(connection)
        config.attributes["connection"] = connection
        try:
            getattr(command, name)(config, revision)
        except CommandError as error:
            raise InvalidInput("revision", str(error)) from None


@contextmanager
def connection_to(address: DatabaseAddress) -> Iterator[Connection]:
    """A connection for migrating: never pooled, as its timeouts would leak to the next user."""
    settings = Settings(application_name="hegel_store migrate", statement_timeout=0)
    engine = create_engine(
        address.url, creator=Connector(address, settings), poolclass=NullPool, hide_parameters=True
    )
    with engine.connect() as connection:
        yield connection


@contextmanager
def exclusively(connection: Connection) -> Iterator[None]:
    """Hold the migration lock and the timeouts; leaves no transaction open behind it.

    Raises DatabaseError when another migrator holds the lock for LOCK_DEADLINE seconds.
    """
    deadline = time.monotonic() + LOCK_DEADLINE
    while True:
        locked = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.commit()
        if locked:
            break
        if time.monotonic() > deadline:
            raise DatabaseError(f"another migration has been running for {LOCK_DEADLINE:.0f} s")
        time.sleep(random.uniform(0.05, 0.2))
    try:
        for statement in TIMEOUTS:
            connection.execute(text(statement))
        # Undone by a rollback, kept by a commit; and Alembic needs to begin its own transaction.
        connection.commit()
        yield
    finally:
        if not connection.invalidated:
            try:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
                connection.commit()
            except exc.DBAPIError:
                # The session is gone, and its lock with it.
                logger.warning("the connection broke while giving up the migration lock")


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """Leave other people's tables alone: autogenerate would propose to drop them."""
    return kind != "table" or (name is not None and name.startswith(PREFIX))


def include_object(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    """Leave monthly partitions out: no revision names a month."""
    table = item if kind == "table" else getattr(item, "table", None)
    return table is None or not str(table.name).startswith("hegel_training_steps_")


def current_revision(connection: Connection) -> str | None:
    """The database's revision; None when it was never migrated, or back to base."""
    if not connection.scalar(text("SELECT to_regclass(:table)"), {"table": VERSION_TABLE}):
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return found


def refuse_unknown(connection: Connection) -> None:
    """Raise PackageOutdated when the database's revision is none of this package's."""
    current = current_revision(connection)
    connection.rollback()  # the migration begins its own transaction
    if current is not None and current not in known_revisions():
        raise PackageOutdated(
            f"this package is behind: the database is at revision {current}, and this package "
            f"knows revisions up to {known_revisions()[-1]}; upgrade hegel_store"
        )


def require_current(engine: Engine) -> str:
    """The revision, which is this package's own.

    Raises MigrationRequired or PackageOutdated, saying which side is behind.
    """
    with translated(), engine.connect() as connection:
        refuse_unknown(connection)
        current = current_revision(connection)
    head = known_revisions()[-1]
    if current == head:
        return head
    if current is None:
        raise MigrationRequired(
            "the database has not been migrated: run `hegel-store upgrade` (or store.upgrade())"
        )
    raise MigrationRequired(
        f"the database is behind: it is at revision {current}, this package needs {head}; "
        "run `hegel-store upgrade` (or store.upgrade())"
    )
