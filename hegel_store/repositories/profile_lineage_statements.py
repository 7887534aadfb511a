"""The statements that follow parents, and children.

Each profile is reached once, at its shortest distance, so that the work is that of the profiles
and the edges between them, however many ways lead along these.
"""

from __future__ import annotations

from sqlalchemy import TextClause, text

from hegel_store.repositories.profile_statements import COLUMN_LIST
from hegel_store.repositories.step_rollup_statements import UNCOUNTED_MONTHS, sums_of


def _reached(asked: str, found: str) -> str:
    """CTE ``reached`` (corpus_id, id, distance): the profile and all that edges lead to.

    UNION leaves out a row that is equal to an earlier one, and every round is one generation
    further, breadth first. The distance must not make two rows of a profile different, or each
    would be kept for every length of way: it is the number of days in a span that is zero in all,
    "3 days -72 hours", and spans of the same length are equal.

    OFFSET keeps each round a probe of the index for each profile of the last one. The corpus goes
    along with the profiles, as the planner takes a corpus that it is told by name, and has not
    heard of yet, for one without rows.
    """
    return f"""
    WITH RECURSIVE walk (corpus_id, id, span) AS (
        SELECT corpus_id, id, interval '0'
        FROM hegel_prompt_profiles WHERE corpus_id = :corpus_id AND id = :profile_id
        UNION
        SELECT walk.corpus_id, next.id, walk.span + interval '1 day -24 hours'
        FROM walk CROSS JOIN LATERAL (
            SELECT {found} AS id FROM hegel_profile_parents
            WHERE corpus_id = walk.corpus_id AND {asked} = walk.id
            OFFSET 0
        ) AS next
        WHERE CAST(:depth AS integer) IS NULL OR extract(day FROM walk.span) < :depth
    ),
    reached AS MATERIALIZED (
        SELECT corpus_id, id, CAST(extract(day FROM span) AS integer) AS distance FROM walk
    )"""


def _graph(asked: str, found: str) -> TextClause:
    """The nodes of a graph, each with all of its parents and their positions.

    What belongs to a node is looked up node by node: how many there are is known to nobody before
    the walk, and a join planned for few takes minutes with many.
    """
    return text(
        f"""
    {_reached(asked, found)}, {UNCOUNTED_MONTHS}
    SELECT
        profile.id, profile.task_type, profile.version, profile.created_at, reached.distance,
        encode(profile.content_hash, 'hex') AS content_hash,
        ARRAY(
            SELECT alias FROM hegel_profile_aliases
            WHERE corpus_id = reached.corpus_id AND profile_id = reached.id ORDER BY alias
        ) AS aliases,
        parents.ids AS parents, parents.positions,
        sums.steps, sums.rewards, sums.average_reward
    FROM reached
    CROSS JOIN LATERAL (
        SELECT id, task_type, version, created_at, content_hash FROM hegel_prompt_profiles
        WHERE corpus_id = reached.corpus_id AND id = reached.id
        OFFSET 0
    ) AS profile
    CROSS JOIN LATERAL (
        SELECT
            array_agg(parent_id ORDER BY position, parent_id) AS ids,
            array_agg(position ORDER BY position, parent_id) AS positions
        FROM hegel_profile_parents WHERE corpus_id = reached.corpus_id AND profile_id = reached.id
    ) AS parents
    CROSS JOIN LATERAL ({sums_of("reached")}) AS sums
    ORDER BY reached.distance, profile.created_at DESC, profile.id
    """
    )


LINEAGE = text(
    f"""
    {_reached("profile_id", "parent_id")}
    SELECT {COLUMN_LIST}
    FROM reached
    CROSS JOIN LATERAL (
        SELECT * FROM hegel_prompt_profiles
        WHERE corpus_id = reached.corpus_id AND id = reached.id
        OFFSET 0
    ) AS profile
    ORDER BY reached.distance, profile.created_at DESC, profile.id
    """
)
ANCESTRY = _graph("profile_id", "parent_id")
DESCENDANTS = _graph("parent_id", "profile_id")
