"""The statements over rewards that are added up by day: to sum them, to fold and to count them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import TextClause, text

from hegel_store.models.rewards import Grouping

# A profile is one of its corpus: grouping by profiles is by corpus, too.
GROUPS: dict[Grouping, tuple[str, ...]] = {
    "corpus": ("corpus_id",),
    "task_type": ("task_type",),
    "day": ("day",),
    "profile": ("corpus_id", "profile_id"),
}
KEY = "corpus_id, task_type, day, profile_id, step_type"
SUMS = "steps, rewards, reward_sum, reward_squares"
DAY = "(step.created_at AT TIME ZONE 'UTC')::date"
MONTHS = """
    SELECT to_date(right(relname, 7), 'YYYY_MM') AS month
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'hegel_training_steps'::regclass
    EXCEPT
    SELECT month FROM hegel_step_months_counted"""

UNCOUNTED = text(f"{MONTHS} ORDER BY month")
UNCOUNTED_MONTHS = f"uncounted AS MATERIALIZED ({MONTHS})"

# Folding, counting and archiving a month take turns: each of them deletes what it has read.
TAKE_TURNS = text(f"SELECT pg_advisory_xact_lock({int.from_bytes(b'hegelrol', 'big')})")
FOLD = text(
    f"""
    WITH several AS (
        SELECT {KEY} FROM hegel_step_rollup GROUP BY {KEY} HAVING count(*) > 1 LIMIT :batch
    ),
    folded AS (
        DELETE FROM hegel_step_rollup AS rollup USING several
        WHERE rollup.corpus_id = several.corpus_id AND rollup.task_type = several.task_type
          AND rollup.day = several.day AND rollup.profile_id = several.profile_id
          AND rollup.step_type = several.step_type
        RETURNING rollup.*
    ),
    made AS (
        INSERT INTO hegel_step_rollup ({KEY}, {SUMS})
        SELECT {KEY}, sum(steps), sum(rewards), sum(reward_sum), sum(reward_squares)
        FROM folded GROUP BY {KEY} HAVING sum(steps) <> 0
    )
    SELECT count(*) FROM folded
    """
)
# One statement, and so one snapshot: a step that is logged meanwhile, and its row here, are neither
# counted nor deleted.
COUNT_MONTH = text(
    f"""
    WITH counted_before AS (
        DELETE FROM hegel_step_rollup
        WHERE day >= CAST(:month AS date) AND day < CAST(:month AS date) + interval '1 month'
    ),
    listed AS (
        INSERT INTO hegel_step_months_counted (month) VALUES (:month) ON CONFLICT DO NOTHING
    )
    INSERT INTO hegel_step_rollup ({KEY}, {SUMS})
    SELECT
        step.corpus_id, step.task_type, {DAY}, step.old_profile_id, step.step_type,
        count(*), count(step.reward), coalesce(sum(step.reward::numeric), 0),
        coalesce(sum(step.reward::numeric * step.reward::numeric), 0)
    FROM hegel_training_steps AS step
    WHERE step.created_at >= CAST(:month AS timestamp) AT TIME ZONE 'UTC'
      AND step.created_at < (CAST(:month AS timestamp) + interval '1 month') AT TIME ZONE 'UTC'
    GROUP BY step.corpus_id, step.task_type, {DAY}, step.old_profile_id, step.step_type
    """
)
FORGET_MONTH = text(
    """
    WITH listed AS (DELETE FROM hegel_step_months_counted WHERE month = :month)
    DELETE FROM hegel_step_rollup
    WHERE day >= CAST(:month AS date) AND day < CAST(:month AS date) + interval '1 month'
    """
)


@cache
def reward_summary(by: Sequence[Grouping]) -> TextClause:
    """Totals of each group (corpus_id, task_type, day or profile_id, and steps, rewards,
    average_reward, standard_deviation), in the order of the groups.

    Parameters: since, until, corpus_id, task_type and step_type, each of them or null. Whole days
    of months that are counted come from the sums, everything else from the steps: the beginning
    and the end of the time, and months from before there were sums.
    """
    groups = list(dict.fromkeys(column for name in by for column in GROUPS[name]))
    selected = "".join(f"{column}, " for column in groups)
    grouped = f"GROUP BY {', '.join(groups)} HAVING sum(steps) > 0" if groups else ""
    ordered = f"ORDER BY {', '.join(groups)}" if groups else ""
    return text(
        f"""
    WITH days AS (
        SELECT
            coalesce(
                date_trunc('day', (CAST(:since AS timestamptz) AT TIME ZONE 'UTC')
                    + interval '1 day' - interval '1 microsecond')::date,
                '-infinity'
            ) AS first,
            coalesce((CAST(:until AS timestamptz) AT TIME ZONE 'UTC')::date, 'infinity') AS ended
    ),
    whole AS MATERIALIZED (
        SELECT first, ended, CAST(first AS timestamp) AT TIME ZONE 'UTC' AS begins,
               CAST(ended AS timestamp) AT TIME ZONE 'UTC' AS ends
        FROM days WHERE first < ended
    ),
    rest AS MATERIALIZED (
        SELECT CAST(:since AS timestamptz) AS begins, begins AS ends FROM whole
        UNION ALL
        SELECT ends, CAST(:until AS timestamptz) FROM whole
        UNION ALL
        SELECT CAST(:since AS timestamptz), CAST(:until AS timestamptz)
        WHERE NOT EXISTS (SELECT FROM whole)
        UNION ALL
        SELECT
            greatest(whole.begins, CAST(month AS timestamp) AT TIME ZONE 'UTC'),
            least(whole.ends, (month + interval '1 month') AT TIME ZONE 'UTC')
        FROM whole, ({MONTHS}) AS uncounted
    ),
    parts AS (
        SELECT {KEY}, {SUMS}
        FROM whole JOIN hegel_step_rollup ON day >= whole.first AND day < whole.ended
        WHERE date_trunc('month', day)::date IN (SELECT month FROM hegel_step_months_counted)
          AND {_conditions("hegel_step_rollup")}
        UNION ALL
        SELECT
            step.corpus_id, step.task_type, {DAY}, step.old_profile_id, step.step_type,
            1, CASE WHEN step.reward IS NULL THEN 0 ELSE 1 END,
            coalesce(step.reward::numeric, 0),
            coalesce(step.reward::numeric * step.reward::numeric, 0)
        -- OFFSET keeps it a question for each stretch of time, so that only its months are read.
        FROM rest CROSS JOIN LATERAL (
            SELECT corpus_id, task_type, created_at, old_profile_id, step_type, reward
            FROM hegel_training_steps AS step
            WHERE step.created_at >= rest.begins AND step.created_at < rest.ends
              AND {_conditions("step")}
            OFFSET 0
        ) AS step
        WHERE rest.begins < rest.ends
    )
    SELECT
        {selected}
        CAST(coalesce(sum(steps), 0) AS bigint) AS steps,
        CAST(coalesce(sum(rewards), 0) AS bigint) AS rewards,
        CAST(sum(reward_sum) / nullif(sum(rewards), 0) AS float8) AS average_reward,
        CASE WHEN sum(rewards) > 1 THEN CAST(
            sqrt(
                greatest(sum(reward_squares) - sum(reward_sum) * sum(reward_sum) / sum(rewards), 0)
                / (sum(rewards) - 1)
            ) AS float8)
        END AS standard_deviation
    FROM parts
    {grouped}
    {ordered}
    """
    )


def sums_of(profile: str) -> str:
    """One row: steps, rewards and average_reward of all steps that a profile answered.

    ``profile`` is a table with its corpus_id and id; UNCOUNTED_MONTHS has to be among the CTEs.
    Months that are counted come from the sums and others from the steps, as in reward_summary().
    """
    return f"""
        SELECT
            CAST(coalesce(sum(steps), 0) AS bigint) AS steps,
            CAST(coalesce(sum(rewards), 0) AS bigint) AS rewards,
            CAST(sum(reward_sum) / nullif(sum(rewards), 0) AS float8) AS average_reward
        FROM (
            SELECT steps, rewards, reward_sum FROM hegel_step_rollup
            WHERE corpus_id = {profile}.corpus_id AND profile_id = {profile}.id
              AND date_trunc('month', day)::date IN (SELECT month FROM hegel_step_months_counted)
            UNION ALL
            SELECT
                1, CASE WHEN step.reward IS NULL THEN 0 ELSE 1 END,
                coalesce(step.reward::numeric, 0)
            FROM uncounted CROSS JOIN LATERAL (
                SELECT reward FROM hegel_training_steps
                WHERE corpus_id = {profile}.corpus_id AND old_profile_id = {profile}.id
                  AND created_at >= CAST(month AS timestamp) AT TIME ZONE 'UTC'
                  AND created_at < (month + interval '1 month') AT TIME ZONE 'UTC'
                OFFSET 0
            ) AS step
        ) AS parts"""


def _conditions(table: str) -> str:
    return " AND ".join(
        f"(CAST(:{name} AS text) IS NULL OR {table}.{name} = :{name})"
        for name in ("corpus_id", "task_type", "step_type")
    )
