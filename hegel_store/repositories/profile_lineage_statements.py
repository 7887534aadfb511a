"""The statements that follow parents."""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.repositories.profile_statements import COLUMN_LIST

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
