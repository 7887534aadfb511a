"""The index for substrings of prompts, where the server has the extension that it takes.

No revision makes it, as pg_trgm is not on every server, and searches are right without. It is built
CONCURRENTLY, so that nobody waits, and `alembic check` leaves it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import sql
from sqlalchemy import Connection, Engine, text

from hegel_store.answering import unhurried
from hegel_store.database import translated
from hegel_store.errors import ConfigurationError, DatabaseError, ServerUnsupported
from hegel_store.giving_way import Pace
from hegel_store.schema.profiles import PROMPTS_JSON, SUBSTRING_INDEX

TABLE = "hegel_prompt_profiles"

PROCESS = text("SELECT pg_backend_pid()")
STATUS = text(
    """
    SELECT
        current_setting('server_version') AS server,
        (SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name = 'pg_trgm')
            AS available,
        (SELECT nspname FROM pg_catalog.pg_extension
         JOIN pg_catalog.pg_namespace ON pg_namespace.oid = extnamespace
         WHERE extname = 'pg_trgm') AS schema,
        current_schema() AS home,
        indisvalid AS valid,
        pg_relation_size(indexrelid) AS bytes
    FROM (SELECT 1) AS one
    LEFT JOIN (
        pg_catalog.pg_index
        JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid AND relname = :name
        JOIN pg_catalog.pg_namespace AS home
          ON home.oid = relnamespace AND home.nspname = current_schema()
    ) ON true
    """
)

State = Literal["absent", "invalid", "valid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptIndexStatus:
    """``available`` is the version of pg_trgm that the server could install, None where there is
    none, and ``installed`` whether this database has it. An "invalid" index is what an interrupted
    build left, and is not used. ``bytes`` is the size on the disk, None for an absent one."""

    available: str | None
    installed: bool
    state: State
    bytes: int | None


class PromptIndex:
    """Makes and drops the index; ``engine`` is a store's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def status(self) -> PromptIndexStatus:
        """What there is."""
        with translated(), self._engine.connect() as connection:
            return _status(connection)

    def add(self, *, dry_run: bool = False) -> Sequence[str]:
        """Install pg_trgm and build the index, and return the statements that it took.

        None of them where the index is there; what an interrupted build has left is dropped first.
        With ``dry_run`` nothing is executed. Writers and readers go on meanwhile; transactions
        that are older than the build are waited for, and before it evaluations, where the store is
        to "stop" for them.

        Raises ServerUnsupported where the server has no pg_trgm, PermissionDenied for a role that
        may not CREATE in the database or does not own the table, and ConfigurationError through
        PgBouncer.
        """
        with unhurried(), translated(), _patient(self._engine) as connection:
            row = connection.execute(STATUS, {"name": SUBSTRING_INDEX}).one()
            if row.valid:
                return []
            if row.schema is None and row.available is None:
                raise ServerUnsupported(
                    f"pg_trgm is not installed on the server (PostgreSQL {row.server}): an "
                    "administrator has to install it, mostly with the package postgresql-contrib. "
                    "Searches for substrings are right without it, and read every prompt"
                )
            if not dry_run:
                Pace.on(self._engine).begin()
                row = connection.execute(STATUS, {"name": SUBSTRING_INDEX}).one()
                if row.valid:
                    return []  # somebody else has built it meanwhile
            done = [] if row.valid is None else [_drop(row.home)]
            if row.schema is None:
                done.append(f"CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA {_quoted(row.home)}")
            operators = _quoted(row.schema or row.home, "gin_trgm_ops")
            done.append(
                f"CREATE INDEX CONCURRENTLY {_quoted(SUBSTRING_INDEX)} "
                f"ON {_quoted(row.home, TABLE)} USING gin (({PROMPTS_JSON}) {operators})"
            )
            if not dry_run:
                _run(connection, done)
                # The planner knows nothing of an expression before it is looked at.
                _run(connection, [f"ANALYZE {_quoted(row.home, TABLE)}"])
                if _status(connection).state != "valid":
                    raise DatabaseError(
                        "the index was built and is INVALID all the same: try again"
                    )
            return done

    def drop(self, *, dry_run: bool = False) -> Sequence[str]:
        """Drop the index if it is there, and return the statements that it took. The extension
        stays: others may use it. Raises what add() does."""
        with unhurried(), translated(), _patient(self._engine) as connection:
            row = connection.execute(STATUS, {"name": SUBSTRING_INDEX}).one()
            done = [] if row.valid is None else [_drop(row.home)]
            if not dry_run:
                _run(connection, done)
            return done


def _patient(engine: Engine) -> Connection:
    """A connection on which every statement is a transaction, and waits as long as it takes; thrown
    away afterwards, with its settings. A pooler would lend them to others."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    driver: Any = connection.connection.driver_connection
    if connection.scalar(PROCESS) != driver.info.backend_pid:
        connection.close()
        raise ConfigurationError(
            "add and drop the index over a direct connection, not through PgBouncer"
        )
    connection.detach()
    _run(connection, ["SET lock_timeout = 0", "SET statement_timeout = 0"])
    return connection


def _run(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def _status(connection: Connection) -> PromptIndexStatus:
    row = connection.execute(STATUS, {"name": SUBSTRING_INDEX}).one()
    states: dict[bool | None, State] = {None: "absent", False: "invalid", True: "valid"}
    return PromptIndexStatus(
        available=row.available,
        installed=row.schema is not None,
        state=states[row.valid],
        bytes=row.bytes,
    )


def _drop(schema: str) -> str:
    return f"DROP INDEX CONCURRENTLY IF EXISTS {_quoted(schema, SUBSTRING_INDEX)}"


def _quoted(*parts: str) -> str:
    return sql.Identifier(*parts).as_string()
