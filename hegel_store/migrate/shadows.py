"""Objects made for a moment, so that PostgreSQL itself says what a declaration means.

Declarations and the catalog spell the same thing differently: ``a > 1 AND b`` comes back with
parentheses and casts. So what is declared is made, read back, and undone: temporary, inside a
savepoint that never commits. On real tables this takes no lock but ACCESS SHARE.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from alembic.ddl.base import AddColumn, DropColumn
from sqlalchemy import Computed, Connection, Executable, Table, exc, text
from sqlalchemy.dialects.postgresql.base import PGDialect, PGIdentifierPreparer

from hegel_store.failures import Failure, failure_of, sqlstate_of
from hegel_store.migrate.redefining import escaped

logger = logging.getLogger("hegel_store.migrate")

SHADOWS = "pg_temp"
# Quotes names for statements that are not compiled: a driver's own would double each %.
PLAIN = PGIdentifierPreparer(PGDialect(paramstyle="named"))  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class RealTable:
    """A table of the database: ``home`` and ``name`` are quoted where they need it."""

    oid: int
    home: str
    name: str


def real_table(connection: Connection, table: Table) -> RealTable | None:
    """The table of that name in its schema, or, when it is declared without one, in the schema that
    tables are made in; None when there is none.

    The search path may find another installation's further on.
    """
    row = connection.execute(
        text(
            """
            SELECT pg_class.oid, quote_ident(nspname) AS home, quote_ident(relname) AS name
            FROM pg_catalog.pg_class
            JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
            WHERE relname = :name AND nspname = coalesce(:schema, current_schema())
            """
        ),
        {"name": table.name, "schema": table.schema},
    ).one_or_none()
    return None if row is None else RealTable(row.oid, row.home, row.name)


@contextmanager
def undone(connection: Connection) -> Iterator[None]:
    """Everything inside is rolled back, settings included, and new objects are temporary ones."""
    savepoint = connection.begin_nested()
    try:
        connection.execute(
            text(
                """
                SELECT
                    set_config(
                        'search_path',
                        concat_ws(
                            ', ',
                            CAST(:shadows AS text),
                            nullif(current_setting('search_path'), '')
                        ),
                        true
                    ),
                    -- A body may name what is not there yet.
                    set_config('check_function_bodies', 'off', true)
                """
            ),
            {"shadows": SHADOWS},
        )
        yield
    finally:
        savepoint.rollback()


@contextmanager
def shadow(connection: Connection, real: RealTable, table: Table) -> Iterator[int]:
    """The oid of an empty table with the real one's name and columns, and the declared columns
    that are missing or generated, but without indexes, constraints and triggers."""
    with undone(connection):
        connection.execute(
            text(escaped(f"CREATE TEMPORARY TABLE {real.name} (LIKE {real.home}.{real.name})"))
        )
        oid = connection.scalars(
            text("SELECT CAST(CAST(:name AS regclass) AS oid)"),
            {"name": f"{SHADOWS}.{real.name}"},
        ).one()
        there = {
            row.attname
            for row in connection.execute(
                text("SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = :oid"),
                {"oid": oid},
            )
        }
        for column in table.columns:
            if isinstance(column.server_default, Computed) or column.name not in there:
                statements: list[Executable] = [AddColumn(table.name, column, SHADOWS)]
                if column.name in there:
                    statements.insert(0, DropColumn(table.name, column, SHADOWS))
                made(connection, f"column {table.key}.{column.name}", *statements)
        yield oid


def made(connection: Connection, what: str, *statements: Executable | str) -> bool:
    """Whether what is declared can be made as things are; logs why not.

    It can need what is not there yet, which the comparison of that says. Raises what is no fault
    of the declaration, like a lock that was not to be had.
    """
    try:
        with connection.begin_nested():
            for statement in statements:
                connection.execute(
                    text(escaped(statement)) if isinstance(statement, str) else statement
                )
    except exc.DBAPIError as error:
        state = sqlstate_of(error) or ""
        # Not supported, bad data, or no such thing; but not: no right to it.
        if state[:2] not in ("0A", "22", "42") or failure_of(error) is Failure.RIGHTS:
            raise
        logger.warning("cannot make the declared %s to compare it: %s", what, error.orig)
        return False
    return True
