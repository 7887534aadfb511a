"""The statements of aliases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select, text

from hegel_store.repositories.profile_statements import COLUMNS
from hegel_store.schema import profile_aliases, prompt_profiles


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
