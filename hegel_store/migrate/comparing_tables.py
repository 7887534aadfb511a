"""Indexes and CHECK constraints of the tables that are declared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import ModifyTableOps
from alembic.util import PriorityDispatchResult
from sqlalchemy import CheckConstraint, Connection, Index, MetaData, Table, text
from sqlalchemy.schema import AddConstraint, CreateIndex, ExecutableDDLElement

from hegel_store.migrate.comparing_vectors import rebuilt_indexes, same_but_for_parameters
from hegel_store.migrate.index_catalog import indexes_of
from hegel_store.migrate.redefining import Redefine
from hegel_store.migrate.shadows import PLAIN, SHADOWS, made, real_table, shadow

Indexes = dict[str, tuple[str, str]]
"""By name: the definition, and the state that the definition leaves out."""

CHECKS = """
    SELECT conname, pg_get_constraintdef(oid) AS definition
    FROM pg_catalog.pg_constraint WHERE conrelid = :table AND contype = 'c'
"""


def compare_indexes_and_checks(
    context: AutogenContext,
    changes: ModifyTableOps,
    schema: str | None,
    name: str,
    found: Table | None,
    wanted: Table | None,
) -> PriorityDispatchResult:
    """Add to ``changes`` what differs in an index or a CHECK that is on both sides.

    What Alembic itself said of such an index is taken back: it compares spellings.
    """
    connection = context.connection
    real = real_table(connection, wanted) if connection is not None and wanted is not None else None
    if connection is None or wanted is None or found is None or real is None:
        return PriorityDispatchResult.CONTINUE
    indexes, chosen = _indexes(connection, real.oid), rebuilt_indexes(connection, real.oid)
    checks = _checks(connection, real.oid)
    lenient = set()
    with shadow(connection, real, wanted) as oid:
        for item in _items(wanted):
            if isinstance(item, Index):
                kind, there = "index", set(indexes)
                statement: ExecutableDDLElement = CreateIndex(item)
            else:
                kind, there = "check_constraint", set(checks)
                statement = AddConstraint(item, isolate_from_table=False)
                if item.dialect_options["postgresql"]["not_valid"]:
                    lenient.add(str(item.name))
            if str(item.name) in there and _is_asked_for(context, kind, item, schema, name, found):
                made(connection, f"{kind} {item.name}", statement)
        wanted_indexes = _indexes(connection, oid)
        wanted_checks = _checks(connection, oid)

    changes.ops[:] = [
        operation
        for operation in changes.ops
        if getattr(operation, "index_name", None) not in wanted_indexes
    ]
    table = PLAIN.format_table(wanted)
    home = f"{PLAIN.quote_schema(wanted.schema)}." if wanted.schema else ""
    for key, (definition, state) in sorted(wanted_indexes.items()):
        new = index_statement(PLAIN.quote(key), table, definition)
        old = index_statement(PLAIN.quote(key), table, indexes[key][0])
        if key in chosen and same_but_for_parameters(definition, indexes[key][0]):
            old = new
        if (new, state) != (old, indexes[key][1]):
            drop = f"DROP INDEX {home}{PLAIN.quote(key)}"
            changes.ops.append(
                Redefine(
                    "index",
                    key,
                    found=indexes[key][1] + old,
                    declared=new,
                    forward=[drop, new],
                    back=[drop, old],
                    remark="writers wait meanwhile, which building CONCURRENTLY avoids",
                )
            )
    for key, new in sorted(wanted_checks.items()):
        old = checks[key]
        if key in lenient:
            # It says how to add the constraint; it may have been validated since.
            new, old = new.removesuffix(" NOT VALID"), old.removesuffix(" NOT VALID")
        if new != old:
            changes.ops.append(_check(f"ALTER TABLE {table}", key, PLAIN.quote(key), old, new))
    return PriorityDispatchResult.CONTINUE


def _items(table: Table) -> Iterator[Index | CheckConstraint]:
    """The named indexes and CHECKs, of a copy of the table that is among the shadows."""
    copy = table.to_metadata(MetaData(naming_convention=table.metadata.naming_convention))
    # Only now: names can be made from it.
    copy.schema = SHADOWS
    for index in copy.indexes:
        if index.name is not None:
            # Which no transaction allows.
            index.dialect_options["postgresql"]["concurrently"] = False
            yield index
    for constraint in copy.constraints:
        if isinstance(constraint, CheckConstraint) and isinstance(constraint.name, str):
            yield constraint


def _is_asked_for(
    context: AutogenContext, kind: Any, item: Any, schema: str | None, table: str, found: Table
) -> bool:
    """What the filters of the environment say, asked as Alembic asks them."""
    others = found.indexes if kind == "index" else found.constraints
    like = next((other for other in others if other.name == item.name), None)
    parents: Any = {"schema_name": schema, "table_name": table}
    return context.run_name_filters(item.name, kind, parents) and context.run_object_filters(
        item, item.name, kind, False, like
    )


def index_statement(name: str, table: str, definition: str) -> str:
    """An index's definition for the table as it is found on the search path, partitions included;
    ``name`` and ``table`` are quoted."""
    head, _, rest = definition.partition(" USING ")
    unique = "UNIQUE " if head.startswith("CREATE UNIQUE ") else ""
    return f"CREATE {unique}INDEX {name} ON {table} USING {rest}"


def _check(alter: str, key: str, name: str, old: str, new: str) -> Redefine:
    drop = f"{alter} DROP CONSTRAINT {name}"
    forward = [drop, f"{alter} ADD CONSTRAINT {name} {new}"]
    if old == f"{new} NOT VALID":
        forward = [f"{alter} VALIDATE CONSTRAINT {name}"]
    return Redefine(
        "constraint",
        key,
        found=old,
        declared=new,
        forward=forward,
        back=[drop, f"{alter} ADD CONSTRAINT {name} {old}"],
    )


def _indexes(connection: Connection, table: int) -> Indexes:
    return {
        found.name: (found.definition, "" if found.valid else "INVALID ")
        for found in indexes_of(connection, table)
    }


def _checks(connection: Connection, table: int) -> dict[str, str]:
    rows = connection.execute(text(CHECKS), {"table": table})
    return {row.conname: row.definition for row in rows}
