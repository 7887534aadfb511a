"""The statements of archiving and importing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    FromClause,
    Select,
    TableClause,
    Text,
    TextClause,
    cast,
    column,
    select,
    table,
    text,
)

from hegel_store.archive.selection import StepFilter
from hegel_store.repositories.step_statements import FIELDS
from hegel_store.schema import training_steps

NAMES = tuple(name for name, _, _ in FIELDS)
DOCUMENTS = tuple(name for name, kind, _ in FIELDS if kind == "jsonb")

PROCESS = text("SELECT pg_backend_pid()")

# A large log takes its time, while nobody may wait behind a lock for long.
UNLIMITED = text("SET LOCAL statement_timeout = 0")
IMPATIENT = text("SET LOCAL lock_timeout = '1s'")
SESSION_UNLIMITED = text("SET statement_timeout = 0")
SESSION_IMPATIENT = text("SET lock_timeout = '1s'")

# Rows that a policy hides would be dropped without having been written: better an error.
EVERY_ROW = text("SET LOCAL row_security = off")

LOCK_OUT_OTHERS = text(
    """
    SELECT pg_try_advisory_lock(
        hashtext('hegel_store archive'),
        CAST(CAST(CAST(CAST('hegel_training_steps' AS regclass) AS bigint) AS bit(32)) AS int)
    )
    """
)

# Detached ones have no parent; a table of another parent is somebody else's.
MONTHS = text(
    r"""
    SELECT
        nspname AS schema,
        month.relname AS name,
        to_date(right(month.relname, 7), 'YYYY_MM') AS first_day,
        CASE
            WHEN inhparent IS NULL THEN 'detached'
            WHEN inhdetachpending THEN 'detaching'
            ELSE 'attached'
        END AS state,
        pg_has_role(month.relowner, 'USAGE') AND pg_has_role(steps.relowner, 'USAGE') AS is_owner,
        ARRAY(
            SELECT attname FROM pg_catalog.pg_attribute
            WHERE attrelid = month.oid AND attnum > 0 AND NOT attisdropped
            ORDER BY attnum
        ) AS columns,
        CAST(date_trunc('month', now() AT TIME ZONE 'UTC') AS date) AS this_month
    FROM pg_catalog.pg_class AS steps
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = steps.relnamespace
    JOIN pg_catalog.pg_class AS month ON month.relnamespace = steps.relnamespace
    LEFT JOIN pg_catalog.pg_inherits ON inhrelid = month.oid
    WHERE steps.oid = CAST('hegel_training_steps' AS regclass)
      AND month.relkind = 'r' AND month.relname ~ '^hegel_training_steps_\d\d\d\d_\d\d$'
      AND (inhparent IS NULL OR inhparent = steps.oid)
    ORDER BY month.relname
    """
)

# Columns that the file's reader would not write as the server does.
SHOWN = {
    "timestamptz": "CAST(extract(epoch FROM {0}) * 1000000 AS bigint)",
    "float8": "encode(float8send({0}), 'hex')",
}


def _hashed(name: str, kind: str) -> str:
    """A column as text, after its length, which keeps apart what would otherwise run together."""
    shown = f"CAST({SHOWN.get(kind, '{0}').format(name)} AS text)"
    return f"coalesce(char_length({shown}) || ':' || {shown}, '-')"


HASHED = ", ".join(_hashed(name, kind) for name, kind, _ in FIELDS)

KNOWN_PROFILES = text(
    """
    SELECT corpus_id, id
    FROM hegel_prompt_profiles
    JOIN unnest(CAST(:corpus_id AS text[]), CAST(:id AS uuid[])) AS wanted (corpus_id, id)
      USING (corpus_id, id)
    """
)


def month_table(schema: str, name: str) -> TableClause:
    """One month of the log, attached or not."""
    columns = (column(c.name, c.type) for c in training_steps.columns)
    return table(name, *columns, schema=schema)


def steps_of(source: FromClause, wanted: StepFilter) -> Select[Any]:
    """The steps of a table, documents as their text, in the order of the primary key."""
    steps = source.c
    shown = [
        cast(steps[name], Text).label(name) if name in DOCUMENTS else steps[name] for name in NAMES
    ]
    statement = select(*shown)
    for name in ("corpus_id", "task_type", "run_id"):
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(steps[name] == value)
    if wanted.since is not None:
        statement = statement.where(steps.created_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(steps.created_at < wanted.until)
    return statement.order_by(steps.corpus_id, steps.created_at, steps.id)


def checksum(month: TableClause) -> TextClause:
    """How many rows there are, and two sums over their hashes, which no order changes."""
    return text(
        f"""
        SELECT count(*) AS steps, {_sum_of(1)} AS first, {_sum_of(9)} AS second
        FROM (
            SELECT sha256(convert_to(concat({HASHED}), 'UTF8')) AS hash
            FROM {_name(month, month)}
        ) AS steps
        """
    )


def _sum_of(begin: int) -> str:
    """The sum of eight bytes of each hash as a signed integer."""
    number = f"CAST(CAST('x' || encode(substr(hash, {begin}, 8), 'hex') AS bit(64)) AS bigint)"
    return f"coalesce(sum({number}), 0)"


def detach(month: TableClause, *, finish: bool = False) -> TextClause:
    """Take a month out of the log; ``finish`` what an interrupted attempt has begun.

    Outside of transactions. It waits for those that are open, and blocks none of them.
    """
    how = "FINALIZE" if finish else "CONCURRENTLY"
    return text(
        f"ALTER TABLE {_name(training_steps, month)} DETACH PARTITION {_name(month, month)} {how}"
    )


def lock(month: TableClause) -> TextClause:
    """Keep everybody else from a month's table until the end of the transaction."""
    return text(f"LOCK TABLE {_name(month, month)} IN ACCESS EXCLUSIVE MODE")


def drop(month: TableClause) -> TextClause:
    """Locks the profiles as well, whose foreign keys end with the table."""
    return text(f"DROP TABLE {_name(month, month)}")


def _name(relation: TableClause, month: TableClause) -> str:
    """A table's name in the schema of the month, as it stands in a text."""
    parts = (str(month.schema), relation.name)
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in parts)
    return quoted.replace(":", "\\:")
