"""Applying revisions: one migrator at a time, never waiting long for a lock.

Migrators queue on a session-level advisory lock that is polled: a blocking wait would hold a
snapshot, for which CREATE INDEX CONCURRENTLY waits in turn, and deadlock.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

from psycopg import errors, sql
from sqlalchemy import Connection, NullPool, create_engine, exc, text

from hegel_store.addresses import DatabaseAddress
from hegel_store.connector import Connector
from hegel_store.database import translated
from hegel_store.errors import DatabaseError, InvalidInput, PackageOutdated, PermissionDenied
from hegel_store.failures import NO_RIGHT
from hegel_store.migrate.rights import explained, require_server
from hegel_store.migrate.versions import (
    Phase,
    current_revision,
    discarded,
    is_ahead,
    scripts,
    target_of,
)
from hegel_store.retries import becomes_true, until_locked
from hegel_store.settings import Settings

logger = logging.getLogger("hegel_store.migrate")

LOCK_KEY = int.from_bytes(b"hegel_db", "big")
"""The advisory lock: eight letters of our own, as round numbers collide with other packages'."""

LOCK_DEADLINE = 600.0
TIMEOUTS = ("SET lock_timeout = '2s'", "SET statement_timeout = '15min'")
ATTEMPTS = 10
"""How often one revision that did not get its locks, or met a deadlock, is tried."""

# alembic.command keeps its state in module globals and is not safe for threads.
_one_command = threading.Lock()


def upgrade(
    address: DatabaseAddress, revision: str | None = None, *, phase: Phase | None = None
) -> None:
    """Migrate forward to ``revision`` (the head when not given), or as far as ``phase`` goes.

    Safe to call from many processes at once: they queue. A database that a later package has
    migrated, in a way that leaves this one working, is left as it is.

    Raises InvalidInput for a revision that does not exist or a phase that is not due,
    DatabaseUnavailable, PackageOutdated, PermissionDenied or ServerUnsupported (naming what an
    administrator has to do), or TransactionConflict when the locks of a revision were not to be
    had in ATTEMPTS attempts.
    """
    if revision is not None and phase is not None:
        raise InvalidInput("phase", "is given together with a revision: give one of them")
    _command("upgrade", address, revision or "head", phase)


def downgrade(address: DatabaseAddress, revision: str) -> None:
    """Migrate back to ``revision`` (``base`` removes everything), and log what that discards."""
    _command("downgrade", address, revision)


def _command(
    name: Literal["upgrade", "downgrade"],
    address: DatabaseAddress,
    revision: str,
    phase: Phase | None = None,
) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with (
        _one_command,
        translated(),
        connection_to(address, make_schema=name == "upgrade") as connection,
        explained(connection),
    ):
        current = current_revision(connection)
        connection.rollback()  # the migration begins its own transactions
        if is_ahead(current):
            if name == "downgrade":
                raise PackageOutdated(
                    f"the database is at revision {current}, which this package does not know: "
                    "take it back with the package that brought it there"
                )
            logger.info("a later package has migrated this database; it is left as it is")
            return
        target = target_of(phase, current) if phase else revision
        if target is None:
            return
        config.attributes |= {"connection": connection, "direction": name}
        if name == "downgrade":
            for sentence in discarded(current, target):
                logger.warning(sentence)
        try:
            getattr(command, name)(config, target)
        except CommandError as error:
            raise InvalidInput("revision", str(error)) from None


def apply(
    connection: Connection,
    run: Callable[[], None],
    reached: Callable[[Connection], object] = current_revision,
) -> None:
    """Call ``run``, which applies revisions, until each of them has got its locks.

    A revision that does not get a lock within the lock timeout gives up its place in the queue,
    so that nobody waits behind it, and is tried again after a pause. Each revision is its own
    transaction, so the next attempt goes on where this one failed. ``reached`` says where that
    is: each place has ATTEMPTS attempts.
    """
    require_server(connection)

    def attempt() -> None:
        try:
            run()
        except exc.OperationalError:
            connection.rollback()
            raise

    def place() -> object:
        there = reached(connection)
        connection.rollback()
        return there

    def say(error: BaseException, place: object, pause: float) -> None:
        reason = getattr(error, "orig", error)
        logger.warning("after %s: %s; trying again in %.1f s", place, reason, pause)

    until_locked(attempt, ATTEMPTS, say, place)


@contextmanager
def connection_to(address: DatabaseAddress, *, make_schema: bool = False) -> Iterator[Connection]:
    """A connection for migrating: never pooled, as its timeouts would leak to the next user.

    ``make_schema`` makes the address's schema where it is missing.
    """
    settings = Settings(
        application_name="hegel_store migrate",
        statement_timeout=0,
        answer_timeout=0,
        pgbouncer=False,
    )
    if make_schema and address.schema is not None:
        _make_schema(address.schema, Connector(replace(address, schema=None), settings))
    connector = Connector(address, settings, migrating=True)
    engine = create_engine(address.url, creator=connector, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        yield connection


def _make_schema(schema: str, connect: Connector) -> None:
    with connect() as connection:
        # Asked first: IF NOT EXISTS needs the right to create all the same.
        there = connection.execute(
            "SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s", [schema]
        ).fetchone()
        if there is not None:
            return
        statement = sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema))
        try:
            connection.execute(statement)
        except (errors.DuplicateSchema, errors.UniqueViolation):
            connection.rollback()  # another migrator was faster
        except errors.InsufficientPrivilege as error:
            raise PermissionDenied(
                f"{str(error).strip()}: an administrator has to run, in database "
                f"{connection.info.dbname}: {statement.as_string()} AUTHORIZATION "
                f"{sql.Identifier(connection.info.user).as_string()};",
                NO_RIGHT,
            ) from None


@contextmanager
def exclusively(connection: Connection) -> Iterator[None]:
    """Hold the migration lock and the timeouts; leaves no transaction open behind it.

    Raises DatabaseError when another migrator holds the lock for LOCK_DEADLINE seconds.
    """

    def locks() -> bool:
        locked = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.commit()
        return bool(locked)

    if not becomes_true(locks, LOCK_DEADLINE):
        raise DatabaseError(f"another migration has been running for {LOCK_DEADLINE:.0f} s")
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
