"""Finds the old tables in the catalog, and moves them out of the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from hegel_store.errors import InvalidInput
from hegel_store.migrate.statements import quoted, run
from hegel_store.schema import PREFIX, VERSION_TABLE

KINDS = ("prompt_profiles", "training_steps", "profile_populations")
"""What the old tables are called, with our prefix or without it."""

NAMES = [prefix + kind for kind in KINDS for prefix in ("", PREFIX)]


@dataclass(frozen=True, slots=True)
class OldTable:
    """``columns`` maps the names of its columns to their types."""

    kind: str
    schema: str
    name: str
    oid: int
    columns: Mapping[str, str]

    @property
    def identifier(self) -> str:
        return quoted(self.schema, self.name)


# Ours have corpus_id leading their primary key and live beside the version table.
FOUND = text(
    """
    SELECT
        relname AS name,
        CAST(pg_class.oid AS bigint) AS oid,
        (
            SELECT jsonb_object_agg(attname, format_type(atttypid, NULL))
            FROM pg_catalog.pg_attribute
            WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
        ) AS columns,
        EXISTS (
            SELECT FROM pg_catalog.pg_constraint
            JOIN pg_catalog.pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
            WHERE conrelid = pg_class.oid AND contype = 'p' AND attname = 'corpus_id'
        ) AND EXISTS (
            SELECT FROM pg_catalog.pg_tables
            WHERE schemaname = nspname AND tablename = :version_table
        ) AS is_ours
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = :schema AND relkind IN ('r', 'p') AND relname = ANY (:names)
    ORDER BY relname
    """
)

# PostgreSQL moves a table's indexes, constraints and sequences along with it, and leaves its
# partitions where they are. Those that were put into another schema stay there.
FAMILY = text(
    """
    WITH RECURSIVE family (oid) AS (
        SELECT unnest(CAST(:tables AS oid[]))
        UNION
        SELECT inhrelid FROM family JOIN pg_catalog.pg_inherits ON inhparent = family.oid
    )
    SELECT CAST(pg_class.oid AS bigint) AS oid, relname AS name
    FROM family
    JOIN pg_catalog.pg_class ON pg_class.oid = family.oid
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = :schema
    ORDER BY relname
    """
)


def find(connection: Connection, schema: str) -> dict[str, OldTable]:
    """The old tables in ``schema`` by kind; ours are none.

    Raises InvalidInput where one kind is there under both of its names.
    """
    values = {"schema": schema, "names": NAMES, "version_table": VERSION_TABLE}
    found: dict[str, OldTable] = {}
    for row in connection.execute(FOUND, values):
        if row.is_ours:
            continue
        kind = row.name.removeprefix(PREFIX)
        if kind in found:
            raise InvalidInput(
                "schema",
                f"{schema!r} has {found[kind].name} and {row.name}: rename the one that is not to "
                "be adopted",
            )
        found[kind] = OldTable(kind, schema, row.name, row.oid, row.columns)
    return {kind: found[kind] for kind in KINDS if kind in found}


def lock(connection: Connection, tables: Mapping[str, OldTable]) -> None:
    """Keep writers out until the end of the transaction: what is checked is what is moved."""
    names = ", ".join(table.identifier for table in tables.values())
    run(connection, f"LOCK TABLE {names} IN SHARE MODE")


def family(connection: Connection, tables: Mapping[str, OldTable], schema: str) -> dict[int, str]:
    """Those of the tables that are in ``schema``, with their partitions there: names by oid."""
    values = {"tables": [table.oid for table in tables.values()], "schema": schema}
    return {row.oid: row.name for row in connection.execute(FAMILY, values)}


def move(connection: Connection, tables: Mapping[str, OldTable], schema: str) -> None:
    """Move the tables, and all that hangs on them, to ``schema``, which is made if missing."""
    there = "SELECT FROM pg_catalog.pg_namespace WHERE nspname = :schema"
    # Made in the transaction that moves the tables, so that a refusal leaves nothing behind. Asked
    # first, as IF NOT EXISTS needs the right to create all the same.
    if connection.execute(text(there), {"schema": schema}).first() is None:
        run(connection, f"CREATE SCHEMA {quoted(schema)}")
    source = next(iter(tables.values())).schema
    for name in family(connection, tables, source).values():
        run(connection, f"ALTER TABLE {quoted(source, name)} SET SCHEMA {quoted(schema)}")
