"""The statements of aliases."""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.repositories.profile_statements import COLUMN_LIST, COLUMNS

# The profile an alias points at; a constant, as LATEST is.
BY_ALIAS = text(
    f"""
    SELECT {COLUMN_LIST}
    FROM hegel_profile_aliases AS alias
    JOIN hegel_prompt_profiles AS profile
      ON profile.corpus_id = alias.corpus_id AND profile.id = alias.profile_id
    WHERE alias.corpus_id = :corpus_id AND alias.task_type = :task_type AND alias.alias = :alias
    """
).columns(*COLUMNS)

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
