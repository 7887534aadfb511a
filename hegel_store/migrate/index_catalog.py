"""Which tables, partitions and indexes the catalog shows, and as what.

Everything is looked for in the schema that tables are made in. Another schema on the search path
may hold an installation of its own, whose indexes have the same names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from hegel_store.errors import InvalidInput
from hegel_store.migrate.index_definitions import Index
from hegel_store.migrate.statements import IDENTIFIER_BYTES, one_transaction, quoted, run


@dataclass(frozen=True, slots=True)
class Table:
    oid: int
    schema: str
    name: str
    partitioned: bool

    @property
    def sql(self) -> str:
        return quoted(self.schema, self.name)


@dataclass(frozen=True, slots=True)
class Found:
    """An index that is there. ``definition`` is as the server prints it, without the names of the
    index and of its table; ``table`` is the table's oid."""

    oid: int
    schema: str
    name: str
    table: int
    partitioned: bool
    valid: bool
    definition: str

    @property
    def sql(self) -> str:
        return quoted(self.schema, self.name)


TABLES = """
    SELECT pg_class.oid, nspname, relname, relkind = 'p'
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
"""

INDEXES = """
    SELECT
        indexrelid,
        nspname,
        pg_class.relname,
        indrelid,
        pg_class.relkind = 'I',
        indisvalid,
        replace(
            pg_get_indexdef(indexrelid),
            format(
                'INDEX %I ON %s%I.%I ',
                pg_class.relname,
                CASE WHEN pg_class.relkind = 'I' THEN 'ONLY ' END,
                CASE WHEN of.relpersistence = 't' THEN 'pg_temp' ELSE nspname END,
                of.relname
            ),
            'INDEX '
        )
    FROM pg_catalog.pg_index
    JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
    JOIN pg_catalog.pg_class AS of ON of.oid = indrelid
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pg_class.relnamespace
"""


def find_table(connection: Connection, name: str) -> Table:
    """Raises InvalidInput when there is no such table."""
    row = connection.execute(
        text(
            f"{TABLES} WHERE relname = :name AND nspname = current_schema() "
            "AND relkind IN ('r', 'p', 'm')"
        ),
        {"name": name},
    ).one_or_none()
    if row is None:
        raise InvalidInput("table", f"there is no table {name} in the current schema")
    return Table(*row)


def find_index(connection: Connection, name: str, schema: str | None = None) -> Found | None:
    """The index of this name in ``schema``, or in the schema that tables are made in."""
    row = connection.execute(
        text(
            f"{INDEXES} WHERE pg_class.relname = :name "
            "AND nspname = coalesce(:schema, current_schema())"
        ),
        {"name": name, "schema": schema},
    ).one_or_none()
    return None if row is None else Found(*row)


def indexes_of(connection: Connection, table: int) -> Sequence[Found]:
    """The indexes of the table with this oid, without those that belong to a constraint."""
    rows = connection.execute(
        text(
            f"""
            {INDEXES}
            WHERE indrelid = :table AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_constraint
                WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')
            )
            """
        ),
        {"table": table},
    )
    return [Found(*row) for row in rows]


def require_index(connection: Connection, name: str, schema: str | None = None) -> Found:
    """The same; raises InvalidInput when there is none."""
    found = find_index(connection, name, schema)
    if found is None:
        raise InvalidInput("name", f"there is no index {name} in the schema")
    return found


def definition_of(connection: Connection, index: Index, table: Table) -> str:
    """How the server would print ``index``, found out on an empty table that is rolled back."""
    with one_transaction(connection, keep=False):
        trial = quoted("pg_temp", table.name)
        run(connection, f"CREATE TEMPORARY TABLE {quoted(table.name)} (LIKE {table.sql})")
        run(connection, index.statement("", quoted(index.name), trial))
        schema = connection.scalar(
            text("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")
        )
        return require_index(connection, index.name, schema).definition


def table_of(connection: Connection, index: Found) -> Table:
    """The table that the index is of."""
    return Table(
        *connection.execute(text(f"{TABLES} WHERE pg_class.oid = :oid"), {"oid": index.table}).one()
    )


def partitions_without(connection: Connection, table: Table, index: Found) -> Sequence[Table]:
    """The partitions of ``table`` that have no index attached to ``index``."""
    rows = connection.execute(
        text(
            f"""
            {TABLES}
            JOIN pg_catalog.pg_inherits ON inhrelid = pg_class.oid
            WHERE inhparent = :table AND NOT inhdetachpending AND relkind IN ('r', 'p')
              AND NOT EXISTS (
                  SELECT FROM pg_catalog.pg_index
                  JOIN pg_catalog.pg_inherits AS attached ON attached.inhrelid = indexrelid
                  WHERE indrelid = pg_class.oid AND attached.inhparent = :index
              )
            ORDER BY relname
            """
        ),
        {"table": table.oid, "index": index.oid},
    )
    return [Table(*row) for row in rows]


def leftovers_of_reindex(connection: Connection, index: Found) -> Sequence[Found]:
    """What an interrupted REINDEX CONCURRENTLY of this index, or of its parts, left behind.

    The server names them after the index, cut to make room, with _ccnew or _ccold behind.
    """
    rows = connection.execute(
        text(
            f"""
            WITH RECURSIVE part (oid) AS (
                SELECT CAST(:index AS oid)
                UNION ALL
                SELECT inhrelid FROM pg_catalog.pg_inherits JOIN part ON inhparent = part.oid
            ),
            original AS (
                SELECT indrelid AS original_table, relname AS original_name
                FROM part
                JOIN pg_catalog.pg_index ON indexrelid = part.oid
                JOIN pg_catalog.pg_class ON pg_class.oid = part.oid
            )
            {INDEXES}
            JOIN original ON original_table = indrelid
            WHERE NOT indisvalid
              AND pg_class.relname ~ '_cc(new|old)[0-9]*$'
              AND starts_with(
                  original_name, regexp_replace(pg_class.relname, '_cc(new|old)[0-9]*$', '')
              )
              AND octet_length(pg_class.relname)
                  >= least(octet_length(original_name) + 6, :longest - 3)
            """
        ),
        {"index": index.oid, "longest": IDENTIFIER_BYTES},
    )
    return [Found(*row) for row in rows]


def part_name(index: str, parent: Table, partition: Table) -> str:
    """The name of a partition's part of an index: always the same, to be found again after an
    interruption."""
    name = f"{index}_{partition.name.removeprefix(parent.name + '_')}"
    return shortened(name)


def name_beside(index: str) -> str:
    """The name under which an index is built anew while the old one serves."""
    return shortened(f"{index}_new")


def shortened(name: str) -> str:
    """The name, or its beginning and a digest where it is too long."""
    raw = name.encode()
    if len(raw) <= IDENTIFIER_BYTES:
        return name
    kept = raw[: IDENTIFIER_BYTES - 17].decode(errors="ignore")
    return f"{kept}_{hashlib.sha256(raw).hexdigest()[:16]}"
