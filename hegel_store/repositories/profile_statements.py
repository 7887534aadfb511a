"""The statements of the profile repository, built without a session."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import (
    Executable,
    Select,
    select,
    text,
)

from hegel_store.schema import prompt_profiles

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


# Constants with their columns' types: making a Select and its cache key anew for each call, or
# looking into every result for its types, takes longer than the server does.
LATEST = text(
    f"""
    SELECT {COLUMN_LIST} FROM hegel_prompt_profiles AS profile
    WHERE corpus_id = :corpus_id AND task_type = :task_type
    ORDER BY created_at DESC, version DESC
    LIMIT 1
    """
).columns(*COLUMNS)

# Newest first: a walk of idx_..._corpus_task_created.
HISTORY = text(
    f"""
    SELECT {COLUMN_LIST} FROM hegel_prompt_profiles AS profile
    WHERE corpus_id = :corpus_id AND task_type = :task_type
    ORDER BY created_at DESC, version DESC
    LIMIT CAST(:limit AS bigint)
    """
).columns(*COLUMNS)


def get(corpus_id: str, profile_id: UUID) -> Select[Any]:
    """One profile by its primary key."""
    return select(*COLUMNS).where(
        prompt_profiles.c.corpus_id == corpus_id, prompt_profiles.c.id == profile_id
    )


def get_version(corpus_id: str, task_type: str, version: int) -> Select[Any]:
    """One profile by its number in the scope."""
    return select(*COLUMNS).where(
        prompt_profiles.c.corpus_id == corpus_id,
        prompt_profiles.c.task_type == task_type,
        prompt_profiles.c.version == version,
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
