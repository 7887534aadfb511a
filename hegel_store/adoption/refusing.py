"""What cannot be taken over: all of it is found, and said at once, before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Connection, PrimaryKeyConstraint, UniqueConstraint, text

import hegel_store.schema.corpus_writes
import hegel_store.schema.profile_notices
import hegel_store.schema.routines
import hegel_store.schema.step_rollup
import hegel_store.schema.vector_keys
import hegel_store.schema.views
import hegel_store.schema.word_counts  # noqa: F401  # all for what they declare
from hegel_store.adoption.planning import make_plans
from hegel_store.adoption.reading import FIELDS, make_views
from hegel_store.adoption.tables import KINDS, OldTable, family
from hegel_store.errors import InvalidInput
from hegel_store.migrate import current_revision
from hegel_store.migrate.statements import quoted
from hegel_store.schema import metadata
from hegel_store.schema.declaring import Declared, declared

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
# The same where our tables are there already.
TAKEN = (
    (
        "prompt_profiles",
        "task_type",
        "is of a scope in which hegel_prompt_profiles holds other profiles",
        """
        SELECT planned_profiles.id
        FROM planned_profiles
        JOIN hegel_prompt_profiles AS stored USING (corpus_id, task_type, version)
        WHERE stored.id <> planned_profiles.id
        """,
    ),
    (
        "training_steps",
        "created_at",
        "is of a month whose table hegel_training_steps_YYYY_MM is there, but is no partition,",
        """
        SELECT old_training_steps.id
        FROM old_training_steps
        JOIN pg_catalog.pg_class
          ON relname = 'hegel_training_steps_' || to_char(created_at, 'YYYY_MM')
        JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = current_schema()
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = pg_class.oid)
        """,
    ),
)
NOT_JSONB = """
    SELECT count(*), min(CAST(id AS text)) FROM {table}
    WHERE NOT pg_input_is_valid(CAST({column} AS text), 'jsonb') HAVING count(*) > 0
"""

MIGRATED = text(
    """
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_tables
        WHERE schemaname = current_schema() AND tablename = 'hegel_scopes'
    )
    """
)
# Tables, views and indexes share their names; types share those of tables and views. The primary
# keys and unique constraints are indexes as well.
IN_THE_WAY = text(
    r"""
    SELECT pg_describe_object(CAST('pg_class' AS regclass), pg_class.oid, 0)
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    LEFT JOIN pg_catalog.pg_index ON indexrelid = pg_class.oid
    WHERE nspname = :home
      AND (relname = ANY (:names) OR relname ~ '^hegel_training_steps_\d{4}_\d{2}$')
      AND coalesce(indrelid, pg_class.oid) <> ALL (CAST(:moved AS oid[]))
    UNION ALL
    SELECT pg_describe_object(CAST('pg_type' AS regclass), pg_type.oid, 0)
    FROM pg_catalog.pg_type
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = typnamespace
    WHERE nspname = :home AND typrelid = 0 AND typname = ANY (:names)
    UNION ALL
    SELECT pg_describe_object(CAST('pg_proc' AS regclass), found, 0)
    FROM unnest(CAST(:signatures AS text[])) AS signature
    CROSS JOIN to_regprocedure(quote_ident(:home) || '.' || signature) AS found
    WHERE found IS NOT NULL
    ORDER BY 1
    """
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
    """Raises InvalidInput where something has the name of what is to be made, and is not moved."""
    if _is_migrated(connection):
        return
    ours = declared(metadata) or Declared()
    tables_of_ours = metadata.tables.values()
    keys = (
        constraint
        for table in tables_of_ours
        for constraint in table.constraints
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint)
    )
    values = {
        "home": home,
        "moved": [*family(connection, tables, home)],
        "names": [
            *metadata.tables,
            *(view.name for view in ours.views),
            *(index.name for table in tables_of_ours for index in table.indexes),
            *(key.name for key in keys),
        ],
        # The first revision makes functions, and no table: an upgrade may have got that far.
        "signatures": (
            [function.signature for function in ours.functions]
            if current_revision(connection) is None
            else []
        ),
    }
    _refuse(f"{thing} is in the way: rename it" for thing in connection.scalars(IN_THE_WAY, values))


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
        # An earlier run may have moved them.
        raise InvalidInput("old tables", f"this run changed no table, as {found}")


def _is_migrated(connection: Connection) -> bool:
    """Whether our tables are there. In the schema they are made in: the search path may have an
    installation in another one."""
    return current_revision(connection) is not None and bool(connection.scalar(MIGRATED))


def _unreadable(connection: Connection, tables: Mapping[str, OldTable]) -> Iterator[str]:
    """What the type json holds and jsonb cannot: escaped NUL characters, for one."""
    for table in tables.values():
        for column in (name for name, kind in table.columns.items() if kind == "json"):
            query = NOT_JSONB.format(table=table.identifier, column=quoted(column))
            options = {"no_parameters": True}
            found = connection.exec_driver_sql(query, execution_options=options)
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
    taken = TAKEN if _is_migrated(connection) else ()
    for kind, column, reason, ids in (*MISPLACED, *taken):
        query = f"SELECT count(*), min(CAST(id AS text)) FROM ({ids}) AS found"
        rows, example = connection.execute(text(query)).one()
        if rows:
            yield _problem(tables[kind], column, reason, rows, example)


def _problem(table: OldTable, column: str, reason: str, rows: int, example: str) -> str:
    return f"{table.name}.{column} {reason} in {rows:,} row(s), one of them {example}"
