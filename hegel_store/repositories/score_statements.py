"""The statements that write scores and read them."""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.repositories.claim_statements import GIVEN, KEYS, same_key

# The first result of an evaluation stays, whoever's claim it is under by then: who comes second
# finds it there. What a run was charged for stays charged to it.
RECORD = text(
    f"""
    WITH given AS MATERIALIZED ({GIVEN}),
    result AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:run_id AS text[]), CAST(:output AS text[]), CAST(:seconds AS float8[]),
            CAST(:cost AS float8[])
        ) WITH ORDINALITY AS result (run_id, output, seconds, cost, place)
    ),
    written AS (
        INSERT INTO hegel_evaluations AS held (
            corpus_id, evaluator, content_hash, split, example_id, state, run_id, output, seconds,
            cost, evaluated_at)
        SELECT
            {KEYS}, 'scored', result.run_id, CAST(result.output AS jsonb), result.seconds,
            result.cost, clock_timestamp()
        FROM given JOIN result USING (place)
        ORDER BY {KEYS}
        ON CONFLICT (corpus_id, evaluator, content_hash, split, example_id) DO UPDATE SET
            state = 'scored',
            run_id = CASE
                WHEN held.charged THEN held.run_id
                ELSE coalesce(excluded.run_id, held.run_id) END,
            claim = NULL, leased_until = NULL, output = excluded.output,
            seconds = excluded.seconds, cost = excluded.cost, evaluated_at = excluded.evaluated_at
        WHERE held.state <> 'scored' OR :overwrite
        RETURNING {KEYS}
    ),
    score AS MATERIALIZED (
        SELECT given.*, score.objective, score.score
        FROM unnest(
            CAST(:score_place AS int8[]), CAST(:objective AS text[]), CAST(:score AS float8[])
        ) AS score (place, objective, score)
        JOIN given USING (place)
        JOIN written ON {same_key("written", "given")}
    ),
    removed AS (
        DELETE FROM hegel_scores AS old
        USING written
        WHERE :overwrite AND {same_key("old", "written")}
          AND NOT EXISTS (
              SELECT FROM score
              WHERE {same_key("score", "old")} AND score.objective = old.objective
          )
    ),
    stored AS (
        INSERT INTO hegel_scores ({KEYS}, objective, score)
        SELECT {KEYS}, objective, score FROM score
        ON CONFLICT (corpus_id, evaluator, content_hash, split, example_id, objective)
        DO UPDATE SET score = excluded.score
    )
    SELECT given.place FROM given JOIN written ON {same_key("written", "given")}
    """
)

# Whatever is known of these evaluations; ``is_free`` for what could be claimed.
LOOK = text(
    f"""
    WITH given AS MATERIALIZED ({GIVEN})
    SELECT
        given.place, held.state, held.run_id, held.worker, held.leased_until, held.output,
        held.seconds, held.cost, held.evaluated_at, scored.objectives, scored.scores,
        held.state IN ('released', 'failed')
            OR (held.state = 'claimed' AND held.leased_until <= clock_timestamp()) AS is_free
    FROM given,
    LATERAL (
        SELECT * FROM hegel_evaluations AS held WHERE {same_key("held", "given")} OFFSET 0
    ) AS held
    LEFT JOIN LATERAL (
        SELECT
            array_agg(objective ORDER BY objective) AS objectives,
            array_agg(score ORDER BY objective) AS scores
        FROM hegel_scores AS score
        WHERE {same_key("score", "held")} AND held.state = 'scored'
    ) AS scored ON true
    ORDER BY given.place
    """
)

HASHES = text(
    """
    SELECT id, content_hash FROM hegel_prompt_profiles
    WHERE corpus_id = :corpus_id AND id = ANY (CAST(:profile_ids AS uuid[]))
    """
)

OF_PROFILE = text(
    """
    SELECT split, example_id, objective, score FROM hegel_scores
    WHERE corpus_id = :corpus_id AND evaluator = :evaluator AND content_hash = :content_hash
      AND (CAST(:split AS text) IS NULL OR split = CAST(:split AS text))
      AND (CAST(:objective AS text) IS NULL OR objective = CAST(:objective AS text))
    ORDER BY split, example_id, objective
    """
)

# A row for each candidate, as a row for each score takes the driver several times as long.
MATRIX = text(
    """
    SELECT content_hash, array_agg(example_id) AS example_ids, array_agg(score) AS scores
    FROM hegel_scores
    WHERE corpus_id = :corpus_id AND evaluator = :evaluator
      AND content_hash = ANY (CAST(:content_hashes AS bytea[]))
      AND split = :split AND objective = :objective
    GROUP BY content_hash
    """
)

SUMMARY = text(
    """
    SELECT content_hash, objective, count(*) AS examples, avg(score) AS mean
    FROM hegel_scores
    WHERE corpus_id = :corpus_id AND evaluator = :evaluator
      AND content_hash = ANY (CAST(:content_hashes AS bytea[]))
      AND split = :split
    GROUP BY content_hash, objective
    ORDER BY content_hash, objective
    """
)
