"""Views for people who ask with SQL.

All of them run with the rights of whoever asks (security_invoker).
"""

from __future__ import annotations

from hegel_store.schema.base import PREFIX, metadata
from hegel_store.schema.declaring import View, declare

declare(
    metadata,
    View(
        "hegel_latest_profiles",
        """
SELECT DISTINCT ON (corpus_id, task_type)
    corpus_id, task_type, id, version, base_profile_id, profile, source, content_hash,
    performance_stats, metadata, created_at
FROM hegel_prompt_profiles
ORDER BY corpus_id, task_type, created_at DESC, version DESC
""",
        options="security_invoker = true",
    ),
    # A step is credited to the profile that answered it, not to the one it produced.
    View(
        "hegel_profile_performance_summary",
        """
SELECT
    profile.corpus_id, profile.task_type, profile.id AS profile_id, profile.version,
    profile.created_at, step.steps, step.rewarded_steps, step.average_reward,
    step.lowest_reward, step.highest_reward, step.proposals_kept, step.last_step_at
FROM hegel_prompt_profiles AS profile
CROSS JOIN LATERAL (
    SELECT
        count(*) AS steps,
        count(reward) AS rewarded_steps,
        avg(reward) AS average_reward,
        min(reward) AS lowest_reward,
        max(reward) AS highest_reward,
        count(new_profile_id) AS proposals_kept,
        max(created_at) AS last_step_at
    FROM hegel_training_steps
    WHERE corpus_id = profile.corpus_id AND old_profile_id = profile.id
) AS step
""",
        options="security_invoker = true",
    ),
    View(
        "hegel_population_rankings",
        """
SELECT
    corpus_id, task_type, population, island, profile_id, generation, fitness_score,
    rank() OVER (
        PARTITION BY corpus_id, task_type, population
        ORDER BY fitness_score DESC NULLS LAST
    ) AS fitness_rank,
    rank() OVER (
        PARTITION BY corpus_id, task_type, population, island
        ORDER BY fitness_score DESC NULLS LAST
    ) AS island_rank,
    selection_count, children_count, last_updated
FROM hegel_profile_populations
WHERE evicted_at IS NULL
""",
        options="security_invoker = true",
    ),
    prefix=PREFIX,
)
