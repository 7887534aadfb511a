"""Generated columns: Alembic warns of a changed expression, and proposes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import ModifyTableOps
from alembic.util import PriorityDispatchResult
from sqlalchemy import Computed, Connection, Table, text

from hegel_store.migrate.comparing_tables import index_statement
from hegel_store.migrate.redefining import Redefine
from hegel_store.migrate.shadows import PLAIN, real_table, shadow

SET_EXPRESSION_SINCE = 17


@dataclass(frozen=True, slots=True)
class Found:
    """A column as the catalog has it: ``kind`` is STORED, VIRTUAL, or empty for a plain one."""

    number: int
    type: str
    kind: str
    expression: str | None

    @property
    def generated(self) -> str | None:
        return f"GENERATED ALWAYS AS ({self.expression}) {self.kind}" if self.kind else None


def compare_generated(
    context: AutogenContext,
    changes: ModifyTableOps,
    schema: str | None,
    name: str,
    found: Table | None,
    wanted: Table | None,
) -> PriorityDispatchResult:
    """Add to ``changes`` the columns on both sides that are not generated alike."""
    connection = context.connection
    real = real_table(connection, wanted) if connection is not None and wanted is not None else None
    if connection is None or wanted is None or found is None or real is None:
        return PriorityDispatchResult.CONTINUE
    columns = [
        column
        for column in wanted.columns
        if column.name in found.columns
        and Computed
        in (type(column.server_default), type(found.columns[column.name].server_default))
        and context.run_name_filters(
            column.name, "column", {"schema_name": schema, "table_name": name}
        )
        and context.run_object_filters(
            column, column.name, "column", False, found.columns[column.name]
        )
    ]
    if not columns:
        return PriorityDispatchResult.CONTINUE
    there = _read(connection, real.oid)
    with shadow(connection, real, wanted) as oid:
        meant = _read(connection, oid)
    table = PLAIN.format_table(wanted)
    for column in columns:
        old, new = there[column.name], meant.get(column.name)
        if new is None or new.generated == old.generated:
            continue
        label = PLAIN.quote(column.name)
        kept = _what_goes_with(connection, real.oid, old.number, table)
        changes.ops.append(
            Redefine(
                "column",
                f"{table}.{column.name}",
                found=old.generated,
                declared=new.generated,
                forward=_become(connection, table, label, old, new, kept),
                back=_become(connection, table, label, new, old, kept),
                remark="everybody waits while the table is written anew",
            )
        )
    return PriorityDispatchResult.CONTINUE


def _read(connection: Connection, table: int) -> dict[str, Found]:
    rows = connection.execute(
        text(
            """
            SELECT
                attname,
                attnum,
                concat_ws(
                    ' ',
                    format_type(atttypid, atttypmod),
                    'COLLATE '
                        || CAST(CAST(nullif(attcollation, typcollation) AS regcollation) AS text),
                    CASE WHEN attnotnull THEN 'NOT NULL' END
                ),
                CASE attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' ELSE '' END,
                pg_get_expr(adbin, adrelid)
            FROM pg_catalog.pg_attribute
            JOIN pg_catalog.pg_type ON pg_type.oid = atttypid
            LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum
            WHERE attrelid = :table AND attnum > 0 AND NOT attisdropped
            """
        ),
        {"table": table},
    )
    return {name: Found(*row) for name, *row in rows}


def _become(
    connection: Connection, table: str, column: str, old: Found, new: Found, kept: list[str]
) -> list[str]:
    """The statements that make the one of the other; all of them write the table anew."""
    version: Any = connection.dialect.server_version_info
    alter = f"ALTER TABLE {table} ALTER COLUMN {column}"
    if old.kind == new.kind and version[0] >= SET_EXPRESSION_SINCE:
        return [f"{alter} SET EXPRESSION AS ({new.expression})"]
    if old.kind == "STORED" and not new.kind:
        return [f"{alter} DROP EXPRESSION"]
    made = f"{column} {new.type}" + (f" {new.generated}" if new.generated else "")
    return [
        f"ALTER TABLE {table} DROP COLUMN {column}",
        f"ALTER TABLE {table} ADD COLUMN {made}",
        *kept,
    ]


def _what_goes_with(connection: Connection, oid: int, column: int, table: str) -> list[str]:
    """How to make again the indexes and constraints that dropping the column takes along."""
    found = connection.execute(
        text(
            """
            SELECT DISTINCT
                quote_ident(coalesce(relname, conname)),
                pg_get_indexdef(indexrelid),
                pg_get_constraintdef(pg_constraint.oid)
            FROM pg_catalog.pg_depend
            LEFT JOIN pg_catalog.pg_index
                ON classid = CAST('pg_class' AS regclass) AND indexrelid = objid
            LEFT JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
            LEFT JOIN pg_catalog.pg_constraint
                ON classid = CAST('pg_constraint' AS regclass) AND pg_constraint.oid = objid
                AND contype <> 'n'
            WHERE refclassid = CAST('pg_class' AS regclass) AND refobjid = :table
              AND refobjsubid = :column AND coalesce(indexrelid, pg_constraint.oid) IS NOT NULL
            ORDER BY 1
            """
        ),
        {"table": oid, "column": column},
    )
    return [
        index_statement(name, table, index)
        if index
        else f"ALTER TABLE {table} ADD CONSTRAINT {name} {constraint}"
        for name, index, constraint in found
    ]
