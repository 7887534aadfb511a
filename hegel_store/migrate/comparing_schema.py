"""Views and functions: those that are declared, and those that claim a declared prefix and are not.

They are looked for in the schema that new tables are made in, and nowhere else.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.util import CommandError, PriorityDispatchResult
from sqlalchemy import Connection, MetaData, text

from hegel_store.migrate.comparing_home import look_only_at_home
from hegel_store.migrate.redefining import Redefine
from hegel_store.migrate.shadows import PLAIN, SHADOWS, made, undone
from hegel_store.schema.declaring import Declared, Function, View, declared

FUNCTIONS = """
    SELECT
        proname AS name,
        format('%I(%s)', proname, pg_get_function_identity_arguments(pg_proc.oid)) AS identity,
        pg_get_function_arguments(pg_proc.oid)
            || coalesce(' to ' || pg_get_function_result(pg_proc.oid), '') AS shape,
        CASE
            WHEN pronamespace = pg_my_temp_schema() THEN :shadows ELSE quote_ident(nspname)
        END AS home,
        pg_get_functiondef(pg_proc.oid) AS definition,
        prosrc AS body
    FROM pg_catalog.pg_proc
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pronamespace
    WHERE prokind IN ('f', 'p')
"""
VIEWS = """
    SELECT
        relname AS name,
        quote_ident(relname) AS quoted,
        rtrim(pg_get_viewdef(pg_class.oid), ';') AS definition,
        array_to_string(reloptions, ', ') AS options,
        ARRAY(
            SELECT format('%I %s', attname, format_type(atttypid, atttypmod))
            FROM pg_catalog.pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0
            ORDER BY attnum
        ) AS columns
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind = 'v'
"""
# What belongs to an extension is the extension's; the latest may need those before it.
CLAIMED = """
    AND nspname = current_schema()
    AND starts_with({name}, :prefix)
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend
        WHERE classid = CAST('{catalog}' AS regclass) AND objid = {catalog}.oid AND deptype = 'e'
    )
    ORDER BY {catalog}.oid DESC
"""


@dataclass(frozen=True, slots=True)
class FoundFunction:
    """``shape`` is what CREATE OR REPLACE cannot change; ``statement`` makes the function in
    whichever schema it is run in."""

    name: str
    identity: str
    shape: str
    statement: str


@dataclass(frozen=True, slots=True)
class FoundView:
    name: str
    quoted: str
    statement: str
    columns: list[str]


def compare_functions(
    context: AutogenContext, changes: UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Add the functions that are missing or differ; comes first, as tables are made with them."""
    connection = context.connection
    if connection is not None:
        # Before Alembic lists the tables.
        look_only_at_home(context, connection)
    if connection is not None and None in schemas:
        for told in _declarations(context):
            for function in told.functions:
                if _is_asked_for(context, "function", function.name):
                    changes.ops += _compare_function(connection, function)
    return PriorityDispatchResult.CONTINUE


def compare_views(
    context: AutogenContext, changes: UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Add the views that are missing or differ, and the views and functions that are left over;
    comes last, as views are made of tables."""
    connection = context.connection
    if connection is None or None not in schemas:
        return PriorityDispatchResult.CONTINUE
    told = _declarations(context)
    prefixes = sorted({each.prefix for each in told if each.prefix})
    views = {view.name for each in told for view in each.views}
    for prefix in prefixes:
        for found in _claimed_views(connection, prefix):
            if found.name not in views and _is_asked_for(context, "view", found.name):
                drop = f"DROP VIEW {found.quoted}"
                changes.ops.append(_removed("view", found.name, found.statement, drop))
    for each in told:
        for view in each.views:
            if _is_asked_for(context, "view", view.name):
                changes.ops += _compare_view(connection, view)
    functions = [
        _find_function(connection, _home(connection), function.signature)
        for each in told
        for function in each.functions
    ]
    for prefix in prefixes:
        for function in _claimed_functions(connection, prefix):
            if function not in functions and _is_asked_for(context, "function", function.name):
                drop = f"DROP ROUTINE {function.identity}"
                changes.ops.append(
                    _removed("function", function.identity, function.statement, drop)
                )
    return PriorityDispatchResult.CONTINUE


def _declarations(context: AutogenContext) -> list[Declared]:
    metadata = context.metadata
    each = [metadata] if isinstance(metadata, MetaData) else metadata or ()
    return [told for told in map(declared, each) if told is not None]


def _is_asked_for(context: AutogenContext, kind: Any, name: str) -> bool:
    return context.run_name_filters(name, kind, {"schema_name": None})


def _removed(kind: str, name: str, statement: str, drop: str) -> Redefine:
    return Redefine(kind, name, found=statement, declared=None, forward=[drop], back=[statement])


def _home(connection: Connection) -> str | None:
    found: str | None = connection.scalar(text("SELECT quote_ident(current_schema())"))
    return found


def _compare_function(connection: Connection, function: Function) -> list[Redefine]:
    old = _find_function(connection, _home(connection), function.signature)
    new = None
    with undone(connection):
        if made(connection, f"function {function.signature}", function.statement):
            new = _find_function(connection, SHADOWS, function.signature)
            if new is None:
                raise CommandError(f"the statement of {function.signature} makes another function")
    statement = function.statement.strip()
    if old is not None and _is_a_variant(connection, function, old):
        return []
    if old is None:
        forward, back = [statement], [f"DROP ROUTINE {function.signature}"]
    elif new is not None and _essence(function, new) == _essence(function, old):
        return []
    else:
        # What cannot be made as things are is not what is there.
        forward, back = [statement], [old.statement]
        if new is not None and new.shape != old.shape:
            forward.insert(0, f"DROP ROUTINE {old.identity}")
            back.insert(0, f"DROP ROUTINE {new.identity}")
    return [
        Redefine(
            "function",
            function.signature,
            found=old.statement if old else None,
            declared=new.statement if new else statement,
            forward=forward,
            back=back,
        )
    ]


def _is_a_variant(connection: Connection, function: Function, found: FoundFunction) -> bool:
    for variant in function.variants:
        with undone(connection):
            if made(connection, f"function {function.signature}", variant):
                new = _find_function(connection, SHADOWS, function.signature)
                if new is not None and _essence(function, new) == _essence(function, found):
                    return True
    return False


def _essence(function: Function, found: FoundFunction) -> str:
    """What is compared. A function FROM CURRENT keeps the path it was made with, whichever."""
    if not re.search(r"\sSET\s+search_path\s+FROM\s+CURRENT\s", function.statement, re.IGNORECASE):
        return found.statement
    path = re.compile(r"^ SET search_path TO .*$", re.MULTILINE)
    return path.sub(" SET search_path FROM CURRENT", found.statement, count=1)


def _find_function(
    connection: Connection, home: str | None, signature: str
) -> FoundFunction | None:
    query = f"{FUNCTIONS} AND pg_proc.oid = to_regprocedure(:signature)"
    return next(_functions(connection, query, signature=f"{home}.{signature}"), None)


def _claimed_functions(connection: Connection, prefix: str) -> Iterator[FoundFunction]:
    claimed = CLAIMED.format(name="proname", catalog="pg_proc")
    return _functions(connection, FUNCTIONS + claimed, prefix=prefix)


def _functions(connection: Connection, query: str, **bound: str) -> Iterator[FoundFunction]:
    for row in connection.execute(text(query), {"shadows": SHADOWS, **bound}).all():
        statement = row.definition.replace(f" {row.home}.", " ", 1).rstrip()
        if row.body:
            # Its indentation is that of the file it was written in.
            statement = statement.replace(row.body, textwrap.dedent(row.body), 1)
        yield FoundFunction(row.name, row.identity, row.shape, statement)


def _compare_view(connection: Connection, view: View) -> list[Redefine]:
    name = PLAIN.quote(view.name)
    statement = _view(name, view.options, view.definition)
    old = _find_view(connection, _home(connection), name)
    new = None
    if old is not None:
        with undone(connection):
            shadow = _view(f"{SHADOWS}.{name}", view.options, view.definition)
            if made(connection, f"view {view.name}", shadow):
                new = _find_view(connection, SHADOWS, name)
    drop = f"DROP VIEW {name}"
    if old is None:
        forward, back = [statement], [drop]
    elif new == old:
        return []
    else:
        forward, back = [statement], [old.statement]
        # REPLACE keeps grants, and adds columns at most.
        if new is None or new.columns[: len(old.columns)] != old.columns:
            forward.insert(0, drop)
        if new is None or old.columns[: len(new.columns)] != new.columns:
            back.insert(0, drop)
    return [
        Redefine(
            "view",
            view.name,
            found=old.statement if old else None,
            declared=new.statement if new else statement,
            forward=forward,
            back=back,
        )
    ]


def _view(name: str, options: str, definition: str) -> str:
    having = f" WITH ({options})" if options else ""
    return f"CREATE OR REPLACE VIEW {name}{having} AS\n{definition.strip()}"


def _find_view(connection: Connection, home: str | None, name: str) -> FoundView | None:
    query = f"{VIEWS} AND pg_class.oid = to_regclass(:view)"
    return next(_views(connection, query, view=f"{home}.{name}"), None)


def _claimed_views(connection: Connection, prefix: str) -> Iterator[FoundView]:
    claimed = CLAIMED.format(name="relname", catalog="pg_class")
    return _views(connection, VIEWS + claimed, prefix=prefix)


def _views(connection: Connection, query: str, **bound: str) -> Iterator[FoundView]:
    for row in connection.execute(text(query), bound).all():
        statement = _view(row.quoted, row.options, row.definition)
        yield FoundView(row.name, row.quoted, statement, row.columns)
