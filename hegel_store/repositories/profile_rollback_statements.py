"""The statement that restores a version."""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.repositories.profile_statements import COLUMN_LIST

# The number is taken as append() takes it. The text never leaves the server: key for key it is
# what was written.
ROLLBACK = text(
    f"""
    WITH restored AS (
        SELECT id, version, source FROM hegel_prompt_profiles
        WHERE corpus_id = :corpus_id AND task_type = :task_type
          AND (id = CAST(:restored_id AS uuid) OR version = CAST(:restored_version AS integer))
    ),
    number AS (
        UPDATE hegel_scopes SET
            last_version = last_version + 1,
            last_created_at = greatest(
                clock_timestamp(), last_created_at + interval '1 microsecond')
        WHERE corpus_id = :corpus_id AND task_type = :task_type
          AND EXISTS (SELECT FROM restored)
          AND last_version = coalesce(CAST(:expected_version AS integer), last_version)
        RETURNING last_version, last_created_at
    ),
    profile AS (
        INSERT INTO hegel_prompt_profiles (
            corpus_id, id, task_type, version, base_profile_id, source, metadata,
            created_at, updated_at)
        SELECT
            :corpus_id, :id, :task_type, number.last_version, restored.id, restored.source,
            CAST(:metadata AS jsonb) || jsonb_build_object('restores', jsonb_strip_nulls(
                jsonb_build_object(
                    'profile_id', restored.id, 'version', restored.version,
                    'reason', CAST(:reason AS text)))),
            number.last_created_at, number.last_created_at
        FROM number, restored
        RETURNING *
    ),
    parents AS (
        INSERT INTO hegel_profile_parents (corpus_id, profile_id, parent_id, position)
        SELECT corpus_id, id, base_profile_id, 0 FROM profile
    )
    SELECT EXISTS (SELECT FROM restored) AS known, {COLUMN_LIST}
    FROM (VALUES (true)) AS asked LEFT JOIN profile ON true
    """
)
