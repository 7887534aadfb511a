"""The statements of the profile repository, built without a session."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    desc,
    func,
    literal_column,
    select,
    text,
)

from hegel_store.schema import profile_aliases, prompt_profiles
from hegel_store.schema.profiles import PROMPT_TSVECTORS, SOURCE_TSVECTOR

# The document is read from its source text: jsonb has forgotten the order of its keys.
COLUMNS = tuple(column for column in prompt_profiles.columns if column.name != "profile")
COLUMN_LIST = ", ".join(f"profile.{column.name}" for column in COLUMNS)


def append(expected_version: int | None) -> Executable:
    """Take the scope's next version and insert the profile with its parents, in one statement.

    The scope's counter row is the lock, so writers queue and no version is skipped or taken
    twice; the clock is read after the lock is had, so that newest by time is newest by version.
    It returns no row when ``expected_version`` is not the current one.
    """
    if expected_version:
        take_number = """
            UPDATE hegel_scopes SET
                last_version = last_version + 1,
                last_created_at = greatest(
                    clock_timestamp(), last_created_at + interval '1 microsecond')
            WHERE corpus_id = :corpus_id AND task_type = :task_type
              AND last_version = :expected_version
            RETURNING last_version, last_created_at
        """
    else:
        only_when_empty = "" if expected_version is None else "WHERE scope.last_version = 0"
        take_number = f"""
            INSERT INTO hegel_scopes AS scope
                (corpus_id, task_type, last_version, last_created_at)
            VALUES (:corpus_id, :task_type, 1, clock_timestamp())
            ON CONFLICT (corpus_id, task_type) DO UPDATE SET
                last_version = scope.last_version + 1,
                last_created_at = greatest(
                    clock_timestamp(), scope.last_created_at + interval '1 microsecond')
            {only_when_empty}
            RETURNING last_version, last_created_at
        """
    return text(
        f"""
        WITH number AS ({take_number}),
        profile AS (
            INSERT INTO hegel_prompt_profiles (
                corpus_id, id, task_type, version, base_profile_id, source, metadata,
                created_at, updated_at)
            SELECT
                :corpus_id, :id, :task_type, last_version, CAST(:base_profile_id AS uuid),
                :source, CAST(:metadata AS jsonb), last_created_at, last_created_at
            FROM number
            RETURNING *
        ),
        parents AS (
            INSERT INTO hegel_profile_parents (corpus_id, profile_id, parent_id, position)
            SELECT profile.corpus_id, profile.id, parent.id, parent.position - 1
            FROM profile,
                unnest(CAST(:parents AS uuid[])) WITH ORDINALITY AS parent (id, position)
        )
        SELECT {COLUMN_LIST} FROM profile
        """
    )


def history(corpus_id: str, task_type: str, limit: int | None) -> Select[Any]:
    """The scope's profiles, newest first: a walk of idx_..._corpus_task_created."""
    return (
        select(*COLUMNS)
        .where(prompt_profiles.c.corpus_id == corpus_id, prompt_profiles.c.task_type == task_type)
        .order_by(desc(prompt_profiles.c.created_at), desc(prompt_profiles.c.version))
        .limit(limit)
    )


def get(corpus_id: str, profile_id: UUID) -> Select[Any]:
    """One profile by its primary key."""
    return select(*COLUMNS).where(
        prompt_profiles.c.corpus_id == corpus_id, prompt_profiles.c.id == profile_id
    )


LINEAGE = text(
    f"""
    WITH RECURSIVE ancestry (id, depth) AS (
        SELECT CAST(:profile_id AS uuid), 0
        UNION
        SELECT parents.parent_id, ancestry.depth + 1
        FROM ancestry
        JOIN hegel_profile_parents AS parents
          ON parents.corpus_id = :corpus_id AND parents.profile_id = ancestry.id
    )
    SELECT {COLUMN_LIST}
    FROM (SELECT id, min(depth) AS depth FROM ancestry GROUP BY id) AS nearest
    JOIN hegel_prompt_profiles AS profile
      ON profile.corpus_id = :corpus_id AND profile.id = nearest.id
    ORDER BY nearest.depth, profile.created_at DESC, profile.id
    """
)


def search(words: str, corpus_id: str | None, role: str | None, limit: int) -> Select[Any]:
    """Profiles whose prompts match ``words`` (web search syntax), best first, ties by id.

    The worker's and the reviewer's prompts and the whole document have indexes of their own; for
    another role the prompts are read (all of them, or those of the corpus).
    """
    query = func.websearch_to_tsquery(literal_column("'english'::regconfig"), words)
    vector: ColumnElement[Any]
    if role is None:
        vector = literal_column(SOURCE_TSVECTOR)
    elif role in PROMPT_TSVECTORS:
        vector = literal_column(PROMPT_TSVECTORS[role])
    else:
        prompt = func.jsonb_extract_path_text(prompt_profiles.c.profile, role, "system_prompt")
        vector = func.to_tsvector(literal_column("'english'::regconfig"), func.left(prompt, 100000))
    statement = select(*COLUMNS).where(vector.op("@@")(query))
    if corpus_id is not None:
        statement = statement.where(prompt_profiles.c.corpus_id == corpus_id)
    return statement.order_by(
        desc(func.ts_rank(vector, query)), prompt_profiles.c.corpus_id, prompt_profiles.c.id
    ).limit(limit)


def by_alias(corpus_id: str, task_type: str, alias: str) -> Select[Any]:
    """The profile an alias points at."""
    return select(*COLUMNS).join(
        profile_aliases,
        (profile_aliases.c.corpus_id == prompt_profiles.c.corpus_id)
        & (profile_aliases.c.profile_id == prompt_profiles.c.id)
        & (profile_aliases.c.corpus_id == corpus_id)
        & (profile_aliases.c.task_type == task_type)
        & (profile_aliases.c.alias == alias),
    )


# One statement: the target must belong to the scope, the alias must be where the caller thinks,
# and the move is written down with who made it. Two racing movers meet at the alias's row.
SET_ALIAS = text(
    """
    WITH target AS (
        SELECT id FROM hegel_prompt_profiles
        WHERE corpus_id = :corpus_id AND task_type = :task_type AND id = :profile_id
    ),
    before AS (
        SELECT profile_id FROM hegel_profile_aliases
        WHERE corpus_id = :corpus_id AND task_type = :task_type AND alias = :alias
        FOR UPDATE
    ),
    moved AS (
        INSERT INTO hegel_profile_aliases AS current (corpus_id, task_type, alias, profile_id)
        SELECT :corpus_id, :task_type, :alias, target.id
        FROM target LEFT JOIN before ON true
        WHERE NOT :compare OR before.profile_id IS NOT DISTINCT FROM CAST(:expected AS uuid)
        ON CONFLICT (corpus_id, task_type, alias) DO UPDATE
            SET profile_id = excluded.profile_id, previous_profile_id = current.profile_id,
                updated_at = clock_timestamp()
            WHERE NOT :compare OR current.profile_id = CAST(:expected AS uuid)
        RETURNING profile_id, previous_profile_id
    ),
    history AS (
        INSERT INTO hegel_profile_alias_moves
            (corpus_id, id, task_type, alias, from_profile_id, to_profile_id, reason)
        SELECT :corpus_id, :move_id, :task_type, :alias, moved.previous_profile_id,
               moved.profile_id, CAST(:reason AS text)
        FROM moved
    )
    SELECT
        EXISTS (SELECT FROM target) AS known,
        EXISTS (SELECT FROM moved) AS moved,
        (SELECT profile_id FROM before) AS current
    """
)

ANNOTATE = text(
    f"""
    UPDATE hegel_prompt_profiles AS profile SET
        performance_stats = performance_stats || CAST(:performance_stats AS jsonb),
        metadata = metadata || CAST(:metadata AS jsonb),
        updated_at = clock_timestamp()
    WHERE corpus_id = :corpus_id AND id = :profile_id
    RETURNING {COLUMN_LIST}
    """
)
