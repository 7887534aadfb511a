"""The triggers of the tables that are declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import ModifyTableOps
from alembic.util import PriorityDispatchResult
from sqlalchemy import Connection, Table, text

from hegel_store.migrate.redefining import Redefine
from hegel_store.migrate.shadows import PLAIN, SHADOWS, made, real_table, shadow
from hegel_store.schema.declaring import Trigger, declared


@dataclass(frozen=True, slots=True)
class Found:
    """A trigger as PostgreSQL writes it down, and what ALTER TABLE says for its state."""

    statement: str
    state: str

    def __str__(self) -> str:
        return self.statement if self.state == "ENABLE" else f"{self.statement} ({self.state})"


def compare_triggers(
    context: AutogenContext,
    changes: ModifyTableOps,
    schema: str | None,
    name: str,
    found: Table | None,
    wanted: Table | None,
) -> PriorityDispatchResult:
    """Add to ``changes`` what differs between the table's triggers and the declared ones.

    A metadata that declares nothing says nothing about triggers either.
    """
    connection = context.connection
    told = declared(wanted.metadata) if wanted is not None else None
    if connection is None or wanted is None or told is None:
        return PriorityDispatchResult.CONTINUE

    def is_asked_for(trigger: str) -> bool:
        kind: Any = "trigger"
        return context.run_name_filters(trigger, kind, {"schema_name": schema, "table_name": name})

    triggers = {
        trigger.name: trigger
        for trigger in told.triggers
        if trigger.table == wanted.key and is_asked_for(trigger.name)
    }
    there: dict[str, Found] = {}
    meant: dict[str, Found] = {}
    real = real_table(connection, wanted) if found is not None else None
    table = PLAIN.format_table(wanted)
    if real is not None:
        there = _read(connection, real.oid, f"{real.home}.{real.name}", table)
        with shadow(connection, real, wanted) as oid:
            # A statement for a table in a schema of its own names that, and would reach the table.
            for key in triggers.keys() & there.keys() if wanted.schema is None else ():
                made(connection, f"trigger {key}", triggers[key].statement)
            meant = _read(connection, oid, f"{SHADOWS}.{real.name}", table)
    for key, trigger in triggers.items():
        new = Found(meant[key].statement, trigger.state) if key in meant else None
        if key not in there or (new is not None and new != there[key]):
            changes.ops.append(_redefined(connection, table, key, there.get(key), new, trigger))
    for key in sorted(there.keys() - triggers.keys()):
        if is_asked_for(key):
            changes.ops.append(_redefined(connection, table, key, there[key], None, None))
    return PriorityDispatchResult.CONTINUE


def _read(connection: Connection, oid: int, qualified: str, table: str) -> dict[str, Found]:
    """The triggers of a table, each on the table as the search path finds it."""
    rows = connection.execute(
        text(
            """
            SELECT tgname, pg_get_triggerdef(oid), CASE tgenabled
                WHEN 'O' THEN 'ENABLE'
                WHEN 'A' THEN 'ENABLE ALWAYS'
                WHEN 'R' THEN 'ENABLE REPLICA'
                ELSE 'DISABLE'
            END
            FROM pg_catalog.pg_trigger
            WHERE tgrelid = :table AND NOT tgisinternal AND tgparentid = 0
            """
        ),
        {"table": oid},
    )
    return {
        name: Found(definition.replace(f" ON {qualified} ", f" ON {table} ", 1), state)
        for name, definition, state in rows
    }


def _redefined(
    connection: Connection,
    table: str,
    key: str,
    old: Found | None,
    new: Found | None,
    declared: Trigger | None,
) -> Redefine:
    """Either has a state of its own; where both have a definition and it is the same, the state is
    all that changes."""
    name = PLAIN.quote(key)

    def put(state: str) -> list[str]:
        return [f"ALTER TABLE {table} {state} TRIGGER {name}"]

    def make(statement: str, state: str) -> list[str]:
        return [statement, *([] if state == "ENABLE" else put(state))]

    drop = [f"DROP TRIGGER {name} ON {table}"]
    if old is not None and new is not None and old.statement == new.statement:
        forward, back = put(new.state), put(old.state)
    else:
        forward = (drop if old else []) + (
            make(declared.statement, declared.state) if declared else []
        )
        back = (drop if declared else []) + (make(old.statement, old.state) if old else [])
    return Redefine(
        "trigger",
        f"{table}.{key}",
        found=str(old) if old else None,
        declared=str(new or declared.statement.strip()) if declared else None,
        forward=forward,
        back=back,
    )
