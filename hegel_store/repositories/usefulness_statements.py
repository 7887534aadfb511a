"""How useful a fact has been: the rewards of the steps that were shown it, against the corpus.

With n rewarded steps that were shown a fact, whose rewards add up to S, and with m and s the mean
and the standard deviation of the rewards of the corpus's steps (since the first that was shown
anything), the mean of the fact is shrunk towards m as if k more steps with that mean had been seen:

    shrunken   = (S + k m) / (n + k)
    usefulness = 1/2 + (shrunken - m) / (2 s), cut off at 0 and 1

The first line is the posterior mean of a normal mean under a normal prior, with k the variance of
rewards within facts over that between them (Efron & Morris 1975, "Data Analysis Using Stein's
Estimator and Its Generalizations"; Gelman et al., "Bayesian Data Analysis", section 2.5). k is
fixed here, as few loops log enough to estimate it. The second line makes one standard deviation
above the corpus 1, one below 0, and the corpus's own mean 1/2, which is also where a fact stands
that nobody was shown, and each fact where all rewards are alike. Scaled over the candidates of a
search instead, differences that mean nothing would be stretched over everything.
"""

from __future__ import annotations

from sqlalchemy import text

PRIOR_STEPS = 10
"""k: how many steps with the corpus's mean each fact begins with."""

# Rewards that are all alike have a deviation of 0 or, by rounding, of next to nothing.
REFRESH = text(
    """
    WITH log AS (
        SELECT corpus_id, step_created_at, step_id, fact_id FROM hegel_retrievals
        WHERE CAST(:corpus_id AS text) IS NULL OR corpus_id = :corpus_id
    ),
    corpora AS MATERIALIZED (
        SELECT
            step.corpus_id,
            avg(step.reward) AS mean,
            CASE WHEN min(step.reward) < max(step.reward) THEN stddev_pop(step.reward) END
                AS deviation
        FROM (
            SELECT corpus_id, min(step_created_at) AS moment FROM log GROUP BY corpus_id
        ) AS begun
        JOIN hegel_training_steps AS step
          ON step.corpus_id = begun.corpus_id AND step.created_at >= begun.moment
        GROUP BY step.corpus_id
    ),
    sums AS (
        SELECT log.corpus_id, log.fact_id, count(*) AS steps, sum(step.reward) AS rewards
        FROM log
        JOIN hegel_training_steps AS step
          ON step.corpus_id = log.corpus_id
            AND step.created_at = log.step_created_at
            AND step.id = log.step_id
        WHERE step.reward IS NOT NULL
        GROUP BY log.corpus_id, log.fact_id
    ),
    found AS MATERIALIZED (
        SELECT
            corpus_id, fact_id, steps, rewards,
            0.5 + 0.5 * greatest(-1, least(1, coalesce(
                (rewards - steps * mean) / (steps + CAST(:prior AS float8)) / deviation, 0
            ))) AS usefulness
        FROM sums
        JOIN corpora USING (corpus_id)
    ),
    gone AS (
        DELETE FROM hegel_fact_usefulness AS known
        WHERE (CAST(:corpus_id AS text) IS NULL OR known.corpus_id = :corpus_id)
          AND NOT EXISTS (
              SELECT FROM found
              WHERE found.corpus_id = known.corpus_id AND found.fact_id = known.fact_id
          )
    )
    INSERT INTO hegel_fact_usefulness AS known (corpus_id, fact_id, steps, rewards, usefulness)
    SELECT corpus_id, fact_id, steps, rewards, usefulness FROM found
    ORDER BY corpus_id, fact_id
    ON CONFLICT (corpus_id, fact_id) DO UPDATE SET
        steps = excluded.steps, rewards = excluded.rewards, usefulness = excluded.usefulness
    WHERE (known.steps, known.rewards, known.usefulness)
        IS DISTINCT FROM (excluded.steps, excluded.rewards, excluded.usefulness)
    """
)
