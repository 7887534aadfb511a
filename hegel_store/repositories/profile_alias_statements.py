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

# What AliasMove has of a row called move.
MOVE_COLUMNS = """
    move.corpus_id, move.id, move.task_type, move.alias,
    move.from_profile_id, former.version AS from_version,
    move.to_profile_id, latter.version AS to_version,
    move.moved_by, move.reason, move.evidence, move.moved_at
"""
MOVED_PROFILES = """
    LEFT JOIN hegel_prompt_profiles AS former
        ON former.corpus_id = move.corpus_id AND former.id = move.from_profile_id
    LEFT JOIN hegel_prompt_profiles AS latter
        ON latter.corpus_id = move.corpus_id AND latter.id = move.to_profile_id
"""

# The row of the alias is the lock, and its clock goes on by a microsecond at least, so that moves
# have an order. It says as well whom a mover followed that waited there for another one.
WRITTEN_DOWN = """
    INSERT INTO hegel_profile_alias_moves (
        corpus_id, id, task_type, alias, from_profile_id, to_profile_id, reason, moved_by,
        evidence, moved_at)
    SELECT :corpus_id, :move_id, :task_type, :alias, moved.previous_profile_id, moved.profile_id,
           CAST(:reason AS text), coalesce(CAST(:moved_by AS text), CURRENT_USER),
           CAST(:evidence AS jsonb), moved.updated_at
    FROM moved
    RETURNING *
"""

# One statement: the target must belong to the scope, the alias must be where the caller thinks,
# and the move is written down with who made it. Two racing movers meet at the alias's row.
SET_ALIAS = text(
    f"""
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
                updated_at = greatest(
                    clock_timestamp(), current.updated_at + interval '1 microsecond')
            WHERE NOT :compare
               OR current.profile_id IS NOT DISTINCT FROM CAST(:expected AS uuid)
        RETURNING profile_id, previous_profile_id, updated_at
    ),
    move AS ({WRITTEN_DOWN})
    SELECT EXISTS (SELECT FROM target) AS known, {MOVE_COLUMNS}
    FROM (VALUES (true)) AS asked LEFT JOIN move ON true {MOVED_PROFILES}
    """
)

# The row stays, and points nowhere.
DROP_ALIAS = text(
    f"""
    WITH moved AS (
        UPDATE hegel_profile_aliases SET
            profile_id = NULL, previous_profile_id = profile_id,
            updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
        WHERE corpus_id = :corpus_id AND task_type = :task_type AND alias = :alias
          AND profile_id IS NOT NULL
          AND (NOT :compare OR profile_id = CAST(:expected AS uuid))
        RETURNING profile_id, previous_profile_id, updated_at
    ),
    move AS ({WRITTEN_DOWN})
    SELECT {MOVE_COLUMNS} FROM move {MOVED_PROFILES}
    """
)

ALIASES = text(
    """
    SELECT alias.corpus_id, alias.task_type, alias.alias, alias.profile_id, profile.version,
           alias.updated_at AS moved_at
    FROM hegel_profile_aliases AS alias
    JOIN hegel_prompt_profiles AS profile
      ON profile.corpus_id = alias.corpus_id AND profile.id = alias.profile_id
    WHERE alias.corpus_id = :corpus_id AND alias.task_type = :task_type
    ORDER BY alias.alias
    """
)

ALIAS_HISTORY = text(
    f"""
    SELECT {MOVE_COLUMNS}
    FROM hegel_profile_alias_moves AS move {MOVED_PROFILES}
    WHERE move.corpus_id = :corpus_id AND move.task_type = :task_type AND move.alias = :alias
    ORDER BY move.moved_at DESC, move.id DESC
    LIMIT CAST(:limit AS integer)
    """
)

ALIAS_MOVE = text(
    f"""
    SELECT {MOVE_COLUMNS}
    FROM hegel_profile_alias_moves AS move {MOVED_PROFILES}
    WHERE move.corpus_id = :corpus_id AND move.id = :move_id
    """
)
