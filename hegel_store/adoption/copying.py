"""Writes the old rows into our tables, in batches of which each is a transaction.

A row that is there is left as it is, so a run that was killed is finished by another one, and two
at once do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from hegel_store.adoption.planning import STAND_IN
from hegel_store.adoption.tables import OldTable
from hegel_store.errors import DatabaseError

BATCH = 1_000

# Before the profiles: a profile whose version is counted already keeps its time, in whatever order
# they come, and what is appended meanwhile takes a version after all of them.
SCOPES = text(
    """
    INSERT INTO hegel_scopes AS scope (corpus_id, task_type, last_version, last_created_at)
    SELECT corpus_id, task_type, max(version), max(created_at)
    FROM planned_profiles
    GROUP BY corpus_id, task_type
    ON CONFLICT (corpus_id, task_type) DO UPDATE SET
        last_version = greatest(scope.last_version, excluded.last_version),
        last_created_at = greatest(scope.last_created_at, excluded.last_created_at)
    """
)

MONTHS = text(
    """
    SELECT DISTINCT date_trunc('month', created_at, 'UTC') AS month
    FROM old_training_steps
    ORDER BY month
    """
)
ENSURE_MONTH = text("SELECT hegel_ensure_step_month(:month)")


def _with_adopted(column: str, *more: str) -> str:
    """``column`` with all that has no other place under the key 'adopted'."""
    adopted = " || ".join(("adopted", *(f"coalesce({part}, '{{}}')" for part in more)))
    return f"""{column} || CASE
        WHEN {adopted} = '{{}}' THEN '{{}}'
        ELSE jsonb_build_object('adopted', {adopted})
    END"""


def _lost(old: str, name: str, found: str) -> str:
    """A reference that could not be kept, as an object."""
    return (
        f"CASE WHEN {old}.{name} IS NOT NULL AND {found} IS NULL"
        f" THEN jsonb_build_object('{name}', {old}.{name}) END"
    )


_PROFILE_METADATA = _with_adopted(
    "old.metadata",
    "CASE WHEN overridden IS NOT NULL THEN jsonb_build_object('profile', overridden) END",
    _lost("old", "base_profile_id", "planned.base_profile_id"),
)
PROFILES = text(
    f"""
    WITH batch AS (
        SELECT * FROM planned_profiles WHERE position > :after ORDER BY position LIMIT :size
    ),
    profile AS (
        INSERT INTO hegel_prompt_profiles (
            corpus_id, id, task_type, version, base_profile_id, source, performance_stats,
            metadata, created_at, updated_at)
        SELECT
            planned.corpus_id, planned.id, planned.task_type, planned.version,
            planned.base_profile_id, coalesce(source, '{{}}'),
            coalesce(performance_stats, '{{}}'),
            CASE
                WHEN stands_in THEN '{{"stands_for": "missing profiles that rows refer to"}}'
                ELSE {_PROFILE_METADATA}
            END,
            planned.created_at, coalesce(updated_at, planned.created_at)
        FROM batch AS planned
        LEFT JOIN old_prompt_profiles AS old ON old.id = planned.id
        LEFT JOIN old_documents AS document ON document.id = planned.id
        ON CONFLICT (corpus_id, id) DO NOTHING
    ),
    parent AS (
        INSERT INTO hegel_profile_parents (corpus_id, profile_id, parent_id, position)
        SELECT corpus_id, id, base_profile_id, 0 FROM batch WHERE base_profile_id IS NOT NULL
        ON CONFLICT DO NOTHING
    )
    SELECT max(position) FROM batch
    """
)

_STEP_METRICS = _with_adopted(
    "metrics",
    _lost("step", "old_profile_id", "answered.id"),
    _lost("step", "new_profile_id", "learned.id"),
)
# Begins with the last id of the batch before, as no uuid comes before the first one.
STEPS = text(
    f"""
    WITH batch AS (
        SELECT * FROM old_training_steps WHERE id >= :first ORDER BY id LIMIT :size
    ),
    step AS (
        INSERT INTO hegel_training_steps (
            corpus_id, created_at, id, task_type, old_profile_id, new_profile_id, step_type,
            query, predicted_answer, gold_answer, reward, metrics, debate_trace,
            optimization_strategy, processing_time_ms, run_id)
        SELECT
            step.corpus_id, step.created_at, step.id, step.task_type,
            coalesce(answered.id, {STAND_IN.format(row="step")}), learned.id, step_type,
            query, predicted_answer, gold_answer, reward, {_STEP_METRICS}, debate_trace,
            optimization_strategy, processing_time_ms, run_id
        FROM batch AS step
        LEFT JOIN planned_profiles AS answered
          ON answered.id = step.old_profile_id AND answered.corpus_id = step.corpus_id
        LEFT JOIN planned_profiles AS learned
          ON learned.id = step.new_profile_id AND learned.corpus_id = step.corpus_id
        ON CONFLICT (corpus_id, created_at, id) DO NOTHING
    )
    SELECT count(*) AS rows, (array_agg(id ORDER BY id DESC))[1] AS last FROM batch
    """
)

_MEMBER_METADATA = _with_adopted(
    "population_metadata",
    "jsonb_build_object('id', planned.id)",
    "CASE WHEN is_orphan AND old.profile_id IS NOT NULL"
    " THEN jsonb_build_object('profile_id', old.profile_id) END",
)
# A member whose profile is missing is kept, and evicted: there is nothing to select.
MEMBERS = text(
    f"""
    WITH batch AS (
        SELECT * FROM planned_members WHERE position > :after ORDER BY position LIMIT :size
    ),
    member AS (
        INSERT INTO hegel_profile_populations (
            corpus_id, task_type, population, island, profile_id, epoch, fitness_score,
            objectives, generation, selection_count, children_count, descriptor, cell_key,
            evicted_at, population_metadata, last_updated)
        SELECT
            planned.corpus_id, planned.task_type, planned.population, planned.island,
            planned.profile_id, epoch, fitness_score, objectives, generation, selection_count,
            children_count, descriptor, cell_key,
            coalesce(evicted_at, CASE WHEN is_orphan THEN last_updated END),
            {_MEMBER_METADATA}, last_updated
        FROM batch AS planned
        JOIN old_profile_populations AS old ON old.id = planned.id
        ON CONFLICT (corpus_id, task_type, population, island, profile_id) DO NOTHING
    )
    SELECT max(position) FROM batch
    """
)

# Old rows that are not in our tables, by kind.
MISSING = {
    "prompt_profiles": """
        SELECT count(*) FROM planned_profiles AS planned
        WHERE NOT EXISTS (
            SELECT FROM hegel_prompt_profiles AS stored
            WHERE stored.corpus_id = planned.corpus_id AND stored.id = planned.id
              AND stored.version = planned.version
        )
    """,
    "training_steps": """
        SELECT count(*) FROM old_training_steps AS old
        WHERE NOT EXISTS (
            SELECT FROM hegel_training_steps AS stored
            WHERE stored.corpus_id = old.corpus_id AND stored.created_at = old.created_at
              AND stored.id = old.id
        )
    """,
    "profile_populations": """
        SELECT count(*) FROM planned_members AS planned
        WHERE NOT EXISTS (
            SELECT FROM hegel_profile_populations AS stored
            WHERE stored.corpus_id = planned.corpus_id AND stored.task_type = planned.task_type
              AND stored.population = planned.population AND stored.island = planned.island
              AND stored.profile_id = planned.profile_id
              AND stored.population_metadata #>> '{adopted,id}' = CAST(planned.id AS text)
        )
    """,
}
# Where each kind keeps what had no other place.
KEPT = {
    "prompt_profiles": "metadata",
    "training_steps": "metrics",
    "profile_populations": "population_metadata",
}


@dataclass(frozen=True, slots=True)
class AdoptedTable:
    """``old_rows`` of the old table, all of which are among the ``rows`` of ours.

    ``kept_aside`` counts by column the values that had no place of their own, or not with all of
    their digits, and are under the key 'adopted' of our row's metadata or metrics.
    """

    old_name: str
    name: str
    old_rows: int
    rows: int
    kept_aside: Mapping[str, int]


def copy_rows(connection: Connection) -> None:
    """Write what is missing in our tables; the views and plans are there."""
    connection.execute(SCOPES)
    connection.commit()
    for statement in (PROFILES, MEMBERS):
        after: int | None = 0
        while after is not None:
            after = connection.scalar(statement, {"after": after, "size": BATCH})
            connection.commit()
    for month in connection.scalars(MONTHS).all():
        connection.execute(ENSURE_MONTH, {"month": month})
        connection.commit()
    first, rows = UUID(int=0), BATCH
    while rows == BATCH:
        rows, last = connection.execute(STEPS, {"first": first, "size": BATCH}).one()
        connection.commit()
        first = last


def verify(connection: Connection, tables: Mapping[str, OldTable]) -> Iterator[AdoptedTable]:
    """Look for every old row in our tables. Raises DatabaseError where one is missing."""
    for kind, table in tables.items():
        name = f"hegel_{kind}"
        missing = connection.scalar(text(MISSING[kind]))
        if missing:
            raise DatabaseError(f"{missing:,} row(s) of {table.name} are not in {name}")
        counted = f"SELECT count(*) FROM {table.identifier}"
        options = {"no_parameters": True}
        old_rows = connection.exec_driver_sql(counted, execution_options=options).scalar_one()
        rows = connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0
        aside = f"""
            SELECT key, count(*) AS rows
            FROM {name} CROSS JOIN LATERAL jsonb_object_keys({KEPT[kind]} -> 'adopted') AS key
            WHERE jsonb_typeof({KEPT[kind]} -> 'adopted') = 'object'
            GROUP BY key
            ORDER BY key
        """
        kept = {row.key: row.rows for row in connection.execute(text(aside))}
        yield AdoptedTable(table.name, name, old_rows, rows, kept)
