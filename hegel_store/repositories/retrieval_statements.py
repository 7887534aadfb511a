"""The statements of the retrieval repository."""

from __future__ import annotations

from sqlalchemy import text

# Column and PostgreSQL type of its array.
FIELDS = (
    ("corpus_id", "text"),
    ("step_id", "uuid"),
    ("step_created_at", "timestamptz"),
    ("profile_id", "uuid"),
    ("fact_id", "uuid"),
    ("rank", "int4"),
    ("score", "float8"),
)
NAMES = ", ".join(name for name, _ in FIELDS)

# In the order of the key, so that two writers of the same rows do not deadlock; and by rank, so
# that of a fact that is given twice the better place is kept.
INSERT = text(
    f"""
    INSERT INTO hegel_retrievals ({NAMES})
    SELECT {NAMES}
    FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in FIELDS)})
        AS shown ({NAMES})
    ORDER BY corpus_id, step_id, fact_id, rank
    ON CONFLICT (corpus_id, step_id, fact_id) DO NOTHING
    """
)

OF_STEP = text(
    f"""
    SELECT {NAMES} FROM hegel_retrievals
    WHERE corpus_id = :corpus_id AND step_id = :step_id
    ORDER BY rank, fact_id
    """
)
OF_FACT = text(
    f"""
    SELECT {NAMES} FROM hegel_retrievals
    WHERE corpus_id = :corpus_id AND fact_id = :fact_id
    ORDER BY step_created_at DESC, step_id DESC
    LIMIT :limit
    """
)

# Without ``since`` the time begins with the first step that was shown anything.
BEGIN = """coalesce(
            CAST(:since AS timestamptz),
            (SELECT min(step_created_at) FROM hegel_retrievals WHERE corpus_id = :corpus_id)
        )"""
# The step's time is compared twice: that it equals the one in the log does not tell the planner
# which months to leave out.
REWARDED = f"""
    rewarded AS (
        SELECT shown.fact_id, shown.step_created_at, shown.step_id, step.reward
        FROM hegel_retrievals AS shown
        LEFT JOIN hegel_training_steps AS step
          ON step.corpus_id = shown.corpus_id
            AND step.created_at = shown.step_created_at
            AND step.id = shown.step_id
            AND step.corpus_id = :corpus_id
            AND step.created_at >= {BEGIN}
        WHERE shown.corpus_id = :corpus_id
          AND shown.step_created_at >= {BEGIN}
    ),
    corpus AS MATERIALIZED (
        SELECT avg(reward) AS mean_reward FROM hegel_training_steps
        WHERE corpus_id = :corpus_id AND created_at >= {BEGIN}
    )"""
REWARD_BY_FACT = text(
    f"""
    WITH {REWARDED}
    SELECT
        :corpus_id AS corpus_id,
        fact_id,
        count(*) AS shown,
        count(reward) AS rewarded_steps,
        avg(reward) AS mean_reward,
        avg(reward) - (SELECT mean_reward FROM corpus) AS difference
    FROM rewarded
    GROUP BY fact_id
    ORDER BY shown DESC, fact_id
    LIMIT :limit
    """
)
# A step counts once in a category, however many of its facts it was shown.
REWARD_BY_CATEGORY = text(
    f"""
    WITH {REWARDED},
    by_step AS (
        SELECT fact.category, count(*) AS shown, min(rewarded.reward) AS reward
        FROM rewarded
        JOIN hegel_facts AS fact ON fact.corpus_id = :corpus_id AND fact.id = rewarded.fact_id
        GROUP BY fact.category, rewarded.step_created_at, rewarded.step_id
    )
    SELECT
        :corpus_id AS corpus_id,
        category,
        CAST(sum(shown) AS bigint) AS shown,
        count(reward) AS rewarded_steps,
        avg(reward) AS mean_reward,
        avg(reward) - (SELECT mean_reward FROM corpus) AS difference
    FROM by_step
    GROUP BY category
    ORDER BY shown DESC, category
    LIMIT :limit
    """
)
