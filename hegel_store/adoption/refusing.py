"""What cannot be taken over: all of it is found, and said at once, before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from psycopg import sql
from sqlalchemy import Connection, text

from hegel_store.adoption.planning import make_plans
from hegel_store.adoption.reading import FIELDS, make_views
from hegel_store.adoption.tables import KINDS, OldTable
from hegel_store.errors import InvalidInput
from hegel_store.migrate import current_revision
from hegel_store.schema import metadata

# A blank name, time or document is as good as none.
UNFIT = r"""
    SELECT key AS column, count(*) AS rows, min(CAST(id AS text)) AS example
    FROM old_{kind} CROSS JOIN LATERAL jsonb_each_text(adopted)
    WHERE key = ANY (:columns) AND value ~ '\S'
    GROUP BY key
    ORDER BY key
"""

# Each of these finds rows that a single value does not give away: the table, its column, what is
# wrong, and how to find the ids.
MISPLACED = (
    (
        "prompt_profiles",
        "id",
        "is there twice, or null",
        "SELECT id FROM prompt_profiles_rows GROUP BY id HAVING count(*) > 1 OR id IS NULL",
    ),
    (
        "training_steps",
        "id",
        "is there twice, or null",
        "SELECT id FROM training_steps_rows GROUP BY id HAVING count(*) > 1 OR id IS NULL",
    ),
    (
        "profile_populations",
        "id",
        "is there twice, or null",
        "SELECT id FROM profile_populations_rows GROUP BY id HAVING count(*) > 1 OR id IS NULL",
    ),
    (
        "prompt_profiles",
        "profile",
        "is longer than 16 MiB",
        "SELECT id FROM old_documents WHERE octet_length(source) > 16777216",
    ),
    (
        "profile_populations",
        "population",
        "is longer than 200 characters once it is numbered",
        "SELECT id FROM planned_members WHERE char_length(population) > 200",
    ),
    (
        "profile_populations",
        "population",
        "is numbered like another one that holds the same profile",
        """
        SELECT id FROM (
            SELECT id, count(*) OVER (
                PARTITION BY corpus_id, task_type, population, island, profile_id
            ) AS places
            FROM planned_members
        ) AS placed
        WHERE places > 1
        """,
    ),
)
VERSION_TAKEN = (
    "prompt_profiles",
    "task_type",
    "is of a scope in which hegel_prompt_profiles holds other profiles",
    """
    SELECT planned_profiles.id
    FROM planned_profiles
    JOIN hegel_prompt_profiles AS stored USING (corpus_id, task_type, version)
    WHERE stored.id <> planned_profiles.id
    """,
)
NOT_JSONB = sql.SQL(
    "SELECT count(*), min(CAST(id AS text)) FROM {table}"
    " WHERE NOT pg_input_is_valid(CAST({column} AS text), 'jsonb') HAVING count(*) > 0"
)


def require_tables(tables: Mapping[str, OldTable], schema: str) -> None:
    """Raises InvalidInput unless all three tables are there, with ids."""
    missing = [kind for kind in KINDS if kind not in tables]
    if missing:
        raise InvalidInput(
            "schema",
            f"{schema!r} has no old {' and no old '.join(missing)}, with the prefix hegel_ or "
            "without it; tables of this package's own are not adopted",
        )
    _refuse(
        f"{table.name} has no column id of the type uuid"
        for table in tables.values()
        if table.columns.get("id") != "uuid"
    )


def require_room(connection: Connection, tables: Mapping[str, OldTable], home: str) -> None:
    """Raises InvalidInput where a table that is to be made is there already, and is not moved."""
    if current_revision(connection) is not None:
        return
    names = text(
        """
        SELECT relname FROM pg_catalog.pg_class
        JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = :home AND relname = ANY (:names)
        ORDER BY relname
        """
    )
    there = connection.scalars(names, {"home": home, "names": [*metadata.tables]})
    moved = {table.name for table in tables.values() if table.schema == home}
    _refuse(f"{name} is in the way: rename it" for name in there if name not in moved)


def check_rows(connection: Connection, tables: Mapping[str, OldTable]) -> None:
    """Make the views and the plans of ``tables``, if every row of them can be taken over.

    Raises InvalidInput, naming each column with the number of rows and the id of one of them.
    """
    _refuse(_unreadable(connection, tables))
    make_views(connection, tables)
    make_plans(connection)
    _refuse([*_unfit(connection, tables), *_misplaced(connection, tables)])


def _refuse(problems: Iterable[str]) -> None:
    found = "; ".join(problems)
    if found:
        raise InvalidInput("old tables", f"nothing was changed, as {found}")


def _unreadable(connection: Connection, tables: Mapping[str, OldTable]) -> Iterator[str]:
    """What the type json holds and jsonb cannot: escaped NUL characters, for one."""
    for table in tables.values():
        for column in (name for name, kind in table.columns.items() if kind == "json"):
            query = NOT_JSONB.format(table=table.identifier, column=sql.Identifier(column))
            options = {"no_parameters": True}
            found = connection.exec_driver_sql(query.as_string(), execution_options=options)
            for rows, example in found:
                yield _problem(table, column, "is no JSON that jsonb can hold", rows, example)


def _unfit(connection: Connection, tables: Mapping[str, OldTable]) -> Iterator[str]:
    for kind, table in tables.items():
        refusals = {
            field.old_name(table.columns): field.refusal for field in FIELDS[kind] if field.refusal
        }
        query = text(UNFIT.format(kind=kind))
        for column, rows, example in connection.execute(query, {"columns": [*refusals]}):
            yield _problem(table, column, refusals[column], rows, example)


def _misplaced(connection: Connection, tables: Mapping[str, OldTable]) -> Iterator[str]:
    is_migrated = connection.scalar(text("SELECT to_regclass('hegel_scopes') IS NOT NULL"))
    for kind, column, reason, ids in (*MISPLACED, *([VERSION_TAKEN] if is_migrated else [])):
        query = f"SELECT count(*), min(CAST(id AS text)) FROM ({ids}) AS found"
        rows, example = connection.execute(text(query)).one()
        if rows:
            yield _problem(tables[kind], column, reason, rows, example)


def _problem(table: OldTable, column: str, reason: str, rows: int, example: str) -> str:
    return f"{table.name}.{column} {reason} in {rows:,} row(s), one of them {example}"
