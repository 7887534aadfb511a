"""The statements that look for where a sentence comes from."""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.repositories.profile_statements import COLUMN_LIST

# Of the ancestors only the prompts of the roles asked for; of the profile itself, which is the only
# one whose order of roles counts, the text as it was written.
ANCESTRAL_PROMPTS = text(
    """
    WITH RECURSIVE ancestry (id) AS (
        SELECT CAST(:profile_id AS uuid)
        UNION
        SELECT parents.parent_id
        FROM ancestry
        JOIN hegel_profile_parents AS parents
          ON parents.corpus_id = :corpus_id AND parents.profile_id = ancestry.id
    )
    SELECT profile.id, profile.task_type, profile.version, profile.created_at,
        CASE WHEN profile.id = CAST(:profile_id AS uuid) THEN profile.source END AS source,
        ARRAY(
            SELECT parents.parent_id FROM hegel_profile_parents AS parents
            WHERE parents.corpus_id = :corpus_id AND parents.profile_id = profile.id
        ) AS parents,
        (
            SELECT jsonb_object_agg(role.key, role.value -> 'system_prompt')
            FROM jsonb_each(profile.profile) AS role
            WHERE jsonb_typeof(role.value) = 'object'
              AND jsonb_typeof(role.value -> 'system_prompt') = 'string'
              AND (CAST(:role AS text) IS NULL OR role.key = :role)
        ) AS prompts
    FROM ancestry
    JOIN hegel_prompt_profiles AS profile
      ON profile.corpus_id = :corpus_id AND profile.id = ancestry.id
    """
)

FIRST_WITH = text(
    f"""
    SELECT {COLUMN_LIST}
    FROM hegel_prompt_profiles AS profile
    WHERE profile.corpus_id = :corpus_id AND profile.task_type = :task_type
      AND EXISTS (
        SELECT FROM jsonb_each(profile.profile) AS role
        WHERE jsonb_typeof(role.value) = 'object'
          AND jsonb_typeof(role.value -> 'system_prompt') = 'string'
          AND (CAST(:role AS text) IS NULL OR role.key = :role)
          AND strpos(role.value ->> 'system_prompt', :sentence) > 0
      )
    ORDER BY profile.version
    LIMIT 1
    """
)
