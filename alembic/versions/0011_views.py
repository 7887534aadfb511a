"""Views for people who ask with SQL.

All of them run with the rights of whoever asks (security_invoker).
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE VIEW hegel_latest_profiles WITH (security_invoker = true) AS
        SELECT DISTINCT ON (corpus_id, task_type)
            corpus_id, task_type, id, version, base_profile_id, profile, source, content_hash,
            performance_stats, metadata, created_at
        FROM hegel_prompt_profiles
        ORDER BY corpus_id, task_type, created_at DESC, version DESC
        """
    )
    op.execute(
        """
        -- A step is credited to the profile that answered it, not to the one it produced.
        CREATE VIEW hegel_profile_performance_summary WITH (security_invoker = true) AS
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
        """
    )
    op.execute(
        """
        CREATE VIEW hegel_population_rankings WITH (security_invoker = true) AS
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
        """
    )


def downgrade() -> None:
    op.execute("DROP VIEW hegel_population_rankings")
    op.execute("DROP VIEW hegel_profile_performance_summary")
    op.execute("DROP VIEW hegel_latest_profiles")
