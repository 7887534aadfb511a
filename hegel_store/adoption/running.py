"""Adoption from its beginning to its end."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from hegel_store.addresses import DatabaseAddress
from hegel_store.adoption.copying import AdoptedTable, copy_rows, verify
from hegel_store.adoption.refusing import check_rows, require_room, require_tables
from hegel_store.adoption.tables import find, lock, move
from hegel_store.database import translated
from hegel_store.errors import InvalidInput
from hegel_store.migrate import connection_to, upgrade
from hegel_store.migrate.running import apply, exclusively

logger = logging.getLogger("hegel_store.adoption")

KEEP_IN = "hegel_adopted"

SESSION = (
    # In which times without a zone are read.
    "SET timezone = 'UTC'",
    # Numbers are read with all of their digits, whatever the role or the database has set.
    "SET extra_float_digits = 1",
    # Rows that a policy hides would be left behind; so reading them is an error.
    "SET row_security = off",
)


@dataclass(frozen=True, slots=True)
class Adoption:
    """What was adopted, and the schema in which the old tables are kept, unchanged.

    ``stand_ins`` counts the empty profiles that stand for missing ones that rows refer to.
    """

    kept_in: str
    tables: Sequence[AdoptedTable]
    stand_ins: int


def adopt(
    address: DatabaseAddress, *, schema: str | None = None, keep_in: str = KEEP_IN
) -> Adoption:
    """Bring a database with the three tables of an earlier schema under Alembic, with every row.

    The old tables are looked for in ``schema`` (by default the one that our tables are made in),
    checked, and moved to the schema ``keep_in``, all in one transaction. Then the database is
    migrated to the head, and the rows are copied. A run that was broken off is finished by another
    one, and one after the end changes nothing.

    Raises InvalidInput, saying everything that is in the way at once, before any table is changed;
    PermissionDenied where a policy hides rows; what upgrade() raises; TransactionConflict when
    locks were not to be had; and DatabaseError when a row is missing at the end.
    """
    with translated(), connection_to(address, make_schema=True) as connection:
        for statement in SESSION:
            connection.execute(text(statement))
        connection.commit()
        with exclusively(connection):
            apply(connection, lambda: _check_and_move(connection, schema, keep_in))
        upgrade(address)
        apply(connection, lambda: copy_rows(connection))
        tables = tuple(verify(connection, find(connection, keep_in)))
        stand_ins = connection.scalar(text("SELECT count(*) FROM planned_profiles WHERE stands_in"))
        return Adoption(keep_in, tables, stand_ins or 0)


def _check_and_move(connection: Connection, schema: str | None, keep_in: str) -> None:
    home: str = connection.scalar(text("SELECT current_schema()")) or ""
    source = schema or home
    if keep_in in (source, home):
        raise InvalidInput("keep_in", f"{keep_in!r} is where tables are used: name another schema")
    old, kept = find(connection, source), find(connection, keep_in)
    if old and kept:
        raise InvalidInput(
            "keep_in",
            f"{keep_in!r} holds tables that were adopted before, and {source!r} has others: name "
            "another schema",
        )
    tables = kept or old
    require_tables(tables, source)
    lock(connection, tables)
    require_room(connection, old, home)
    check_rows(connection, tables)
    if kept:
        logger.info("the old tables are in schema %s already: going on from there", keep_in)
    else:
        move(connection, tables, keep_in)
    connection.commit()
