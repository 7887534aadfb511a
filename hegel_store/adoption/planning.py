"""Decides what each old profile and each old member becomes, in temporary tables.

Nothing but the old rows goes into a plan, so that a run that goes on where another one was killed
decides the same. Steps need no plan: each of them is copied by itself.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from hegel_store.adoption.reading import EARLIEST

# One per scope, for the profiles that rows refer to and that are not there. The id is made from
# the scope, so that everybody who needs it can tell it.
STAND_IN = """CAST(
    md5(CAST(jsonb_build_array('a missing profile', {row}.corpus_id, {row}.task_type) AS text))
    AS uuid
)"""

# Versions are counted by time within the scope, after its stand-in. A base counts when it is a
# profile of the same corpus, and another one.
NUMBERED = f"""
CREATE TEMPORARY TABLE numbered_profiles AS
WITH known AS MATERIALIZED (
    SELECT id, corpus_id, task_type, created_at, base_profile_id FROM old_prompt_profiles
),
reference AS (
    SELECT corpus_id, task_type, old_profile_id AS profile_id FROM old_training_steps
    UNION
    SELECT corpus_id, task_type, profile_id FROM old_profile_populations
),
profile AS (
    SELECT id, corpus_id, task_type, created_at, base_profile_id, false AS stands_in FROM known
    UNION ALL
    SELECT DISTINCT
        {STAND_IN.format(row="reference")}, reference.corpus_id, reference.task_type, {EARLIEST},
        CAST(NULL AS uuid), true
    FROM reference
    LEFT JOIN known ON known.id = profile_id AND known.corpus_id = reference.corpus_id
    WHERE known.id IS NULL
)
SELECT
    profile.id, profile.corpus_id, profile.task_type, profile.created_at, profile.stands_in,
    base.id AS base_profile_id, base.created_at AS base_created_at,
    row_number() OVER (
        PARTITION BY profile.corpus_id, profile.task_type
        ORDER BY profile.stands_in DESC, profile.created_at, profile.id
    ) AS version
FROM profile
LEFT JOIN known AS base
  ON base.id = profile.base_profile_id AND base.corpus_id = profile.corpus_id
 AND base.id <> profile.id
"""

# Profiles are written by position: parents before their children, whatever their times. What
# cannot be reached from a profile without a base hangs on a circle; there, and only there, a base
# has to be the older one of the two, which cuts every circle somewhere.
PLANNED_PROFILES = """
CREATE TEMPORARY TABLE planned_profiles AS
WITH RECURSIVE descent (id, depth) AS (
    SELECT id, 0 FROM numbered_profiles WHERE base_profile_id IS NULL
    UNION ALL
    SELECT child.id, descent.depth + 1
    FROM descent JOIN numbered_profiles AS child ON child.base_profile_id = descent.id
)
SELECT
    profile.id, corpus_id, task_type, created_at, stands_in, version,
    CASE
        WHEN descent.id IS NOT NULL
          OR (profile.base_created_at, profile.base_profile_id) < (created_at, profile.id)
        THEN base_profile_id
    END AS base_profile_id,
    row_number() OVER (ORDER BY depth NULLS LAST, created_at, profile.id) AS position
FROM numbered_profiles AS profile
LEFT JOIN descent ON descent.id = profile.id
"""

# A profile is in a population once. The newest of its rows stays there, the older ones go to
# populations of their own: 'default#2', 'default#3' and so on.
PLANNED_MEMBERS = f"""
CREATE TEMPORARY TABLE planned_members AS
SELECT
    id, corpus_id, task_type, island, profile_id, is_orphan,
    population || CASE WHEN place > 1 THEN '#' || place ELSE '' END AS population,
    row_number() OVER (ORDER BY id) AS position
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY corpus_id, task_type, population, island, profile_id
            ORDER BY last_updated DESC, id DESC
        ) AS place
    FROM (
        SELECT
            member.id, member.corpus_id, member.task_type, member.population, member.island,
            member.last_updated,
            coalesce(profile.id, {STAND_IN.format(row="member")}) AS profile_id,
            profile.id IS NULL AS is_orphan
        FROM old_profile_populations AS member
        LEFT JOIN planned_profiles AS profile
          ON profile.id = member.profile_id AND profile.corpus_id = member.corpus_id
    ) AS resolved
) AS placed
"""


def make_plans(connection: Connection) -> None:
    """Make ``planned_profiles`` and ``planned_members``; ``make_views()`` comes before."""
    for statement in (
        NUMBERED,
        "CREATE INDEX ON numbered_profiles (base_profile_id)",
        "ANALYZE numbered_profiles",
        PLANNED_PROFILES,
        "CREATE UNIQUE INDEX ON planned_profiles (position)",
        "CREATE INDEX ON planned_profiles (id)",
        "ANALYZE planned_profiles",
        PLANNED_MEMBERS,
        "CREATE UNIQUE INDEX ON planned_members (position)",
        "ANALYZE planned_members",
    ):
        connection.execute(text(statement))
