"""The statements that share evaluations out among workers, and keep to the budgets of runs.

What is locked, and in which order, so that nobody waits in a circle: first the runs whose spending
may change, by name; then evaluations, by key. Claiming takes no part in the latter: it passes over
evaluations that somebody has locked. What a run has spent is at any moment what it has failed or
counted by itself, and the evaluations that are charged to it: each changes in the statement that
changes the other. The sums begin with what the locked row says, as an UPDATE checks its constraints
first with what the row was when the statement began.
"""

from __future__ import annotations

from sqlalchemy import text

KEY = ("corpus_id", "evaluator", "content_hash", "split", "example_id")
KEYS = ", ".join(KEY)
GIVEN = """
    SELECT
        corpus_id COLLATE "C" AS corpus_id, evaluator COLLATE "C" AS evaluator, content_hash,
        split COLLATE "C" AS split, example_id COLLATE "C" AS example_id, claim, place
    FROM unnest(
        CAST(:corpus_id AS text[]), CAST(:evaluator AS text[]), CAST(:content_hash AS bytea[]),
        CAST(:split AS text[]), CAST(:example_id AS text[]), CAST(:claim AS uuid[])
    ) WITH ORDINALITY AS given (corpus_id, evaluator, content_hash, split, example_id, claim, place)
"""


def same_key(one: str, other: str) -> str:
    """The condition that two rows are of the same evaluation."""
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in KEY)


# ``price`` is what an evaluation takes from the run's budget: one that a former worker of the same
# run has left is paid for already. They come first, then as they were asked for. What this
# statement does not see yet, as somebody claims it just now, is left to the unique key.
CLAIM = text(
    """
    WITH wanted AS MATERIALIZED (
        SELECT content_hash, example_id COLLATE "C" AS example_id, place
        FROM unnest(CAST(:content_hash AS bytea[]), CAST(:example_id AS text[]))
            WITH ORDINALITY AS wanted (content_hash, example_id, place)
    ),
    seen AS MATERIALIZED (
        SELECT wanted.place, held.*
        FROM wanted
        JOIN hegel_evaluations AS held
          ON held.corpus_id = :corpus_id AND held.evaluator = :evaluator
            AND held.content_hash = wanted.content_hash AND held.split = :split
            AND held.example_id = wanted.example_id
    ),
    involved AS MATERIALIZED (
        SELECT CAST(:run_id AS text) AS run_id
        UNION
        SELECT run_id FROM seen
        WHERE charged AND state = 'claimed' AND leased_until <= clock_timestamp()
    ),
    payers AS MATERIALIZED (
        SELECT run_id, status, evaluations_spent AS spent,
            evaluations_allowed - evaluations_spent AS room
        FROM hegel_runs
        WHERE corpus_id = :corpus_id AND run_id IN (SELECT run_id FROM involved)
        ORDER BY run_id
        FOR NO KEY UPDATE
    ),
    moment AS MATERIALIZED (
        SELECT clock_timestamp() AS now FROM (SELECT count(*) FROM payers) AS locked
    ),
    abandoned AS MATERIALIZED (
        SELECT held.evaluator, held.content_hash, held.split, held.example_id
        FROM moment, hegel_evaluations AS held
        WHERE held.corpus_id = :corpus_id AND held.run_id = CAST(:run_id AS text)
          AND held.state = 'claimed' AND held.charged AND held.leased_until <= moment.now
          AND (held.evaluator <> :evaluator OR held.split <> :split OR NOT EXISTS (
              SELECT FROM wanted
              WHERE wanted.content_hash = held.content_hash
                AND wanted.example_id = held.example_id
          ))
        ORDER BY held.leased_until
        LIMIT 1000
        FOR UPDATE OF held SKIP LOCKED
    ),
    given_back AS (
        UPDATE hegel_evaluations AS held SET
            state = 'released', charged = false, claim = NULL, leased_until = NULL
        FROM abandoned
        WHERE held.corpus_id = :corpus_id AND held.evaluator = abandoned.evaluator
          AND held.content_hash = abandoned.content_hash AND held.split = abandoned.split
          AND held.example_id = abandoned.example_id
        RETURNING 1
    ),
    unclaimed AS MATERIALIZED (
        SELECT
            wanted.place, held.content_hash, held.example_id, held.run_id, held.charged,
            CASE WHEN held.charged AND held.run_id = CAST(:run_id AS text) THEN 0 ELSE 1 END
                AS price
        FROM moment, wanted, hegel_evaluations AS held
        WHERE held.corpus_id = :corpus_id AND held.evaluator = :evaluator
          AND held.content_hash = wanted.content_hash AND held.split = :split
          AND held.example_id = wanted.example_id
          AND (held.state IN ('released', 'failed')
               OR (held.state = 'claimed' AND held.leased_until <= moment.now))
          AND (NOT held.charged OR held.run_id IN (SELECT run_id FROM payers))
        FOR UPDATE OF held SKIP LOCKED
    ),
    free AS MATERIALIZED (
        SELECT true AS is_there, * FROM unclaimed
        UNION ALL
        SELECT false, place, content_hash, example_id, NULL, false, 1 FROM wanted
        WHERE NOT EXISTS (SELECT FROM seen WHERE seen.place = wanted.place)
    ),
    picked AS MATERIALIZED (
        SELECT * FROM (
            SELECT *, sum(price) OVER (ORDER BY price, place) AS total FROM free
        ) AS priced
        WHERE CAST(:run_id AS text) IS NULL OR total <= (
            SELECT coalesce(room, 2147483647) + (SELECT count(*) FROM given_back)
            FROM payers
            WHERE run_id = CAST(:run_id AS text) AND status IN ('created', 'running')
        )
    ),
    made AS (
        INSERT INTO hegel_evaluations (
            corpus_id, evaluator, content_hash, split, example_id, state, run_id, charged, claim,
            worker, leased_until)
        SELECT
            :corpus_id, :evaluator, content_hash, :split, example_id, 'claimed',
            CAST(:run_id AS text), CAST(:run_id AS text) IS NOT NULL, CAST(:claim AS uuid),
            :worker, moment.now + CAST(:lease AS interval)
        FROM picked, moment
        WHERE NOT is_there
        ORDER BY content_hash, example_id
        ON CONFLICT (corpus_id, evaluator, content_hash, split, example_id) DO NOTHING
        RETURNING content_hash, example_id, leased_until, failures
    ),
    taken AS (
        UPDATE hegel_evaluations AS held SET
            state = 'claimed', run_id = CAST(:run_id AS text),
            charged = CAST(:run_id AS text) IS NOT NULL, claim = CAST(:claim AS uuid),
            worker = :worker, leased_until = moment.now + CAST(:lease AS interval)
        FROM picked, moment
        WHERE picked.is_there AND held.corpus_id = :corpus_id AND held.evaluator = :evaluator
          AND held.content_hash = picked.content_hash AND held.split = :split
          AND held.example_id = picked.example_id
        RETURNING held.content_hash, held.example_id, held.leased_until, held.failures
    ),
    granted AS (SELECT * FROM made UNION ALL SELECT * FROM taken),
    changed AS MATERIALIZED (
        SELECT CAST(:run_id AS text) AS run_id,
            (SELECT count(*) FROM made)
            + (SELECT coalesce(sum(price), 0) FROM picked WHERE is_there)
            - (SELECT count(*) FROM given_back) AS amount
        UNION ALL
        SELECT run_id, -count(*) FROM picked
        WHERE charged AND run_id IS DISTINCT FROM CAST(:run_id AS text)
        GROUP BY run_id
    ),
    paid AS (
        UPDATE hegel_runs AS run SET
            evaluations_spent = payers.spent + changed.amount,
            status = CASE
                WHEN run.run_id = CAST(:run_id AS text) AND run.status = 'created' THEN 'running'
                ELSE run.status END,
            heartbeat_at = CASE
                WHEN run.run_id = CAST(:run_id AS text) THEN moment.now ELSE heartbeat_at END,
            updated_at = moment.now
        FROM changed, payers, moment
        WHERE run.corpus_id = :corpus_id AND run.run_id = changed.run_id
          AND payers.run_id = changed.run_id
          AND (changed.amount <> 0 OR EXISTS (SELECT FROM granted))
    )
    SELECT
        granted.content_hash, granted.example_id, granted.leased_until, granted.failures,
        (SELECT status FROM payers WHERE run_id = CAST(:run_id AS text)) AS status,
        (SELECT count(*) FROM free) - (SELECT count(*) FROM picked) AS over_budget
    FROM (SELECT) AS always
    LEFT JOIN granted ON true
    """
)

RENEW = text(
    f"""
    WITH given AS MATERIALIZED ({GIVEN}),
    held AS MATERIALIZED (
        SELECT given.place, held.corpus_id, held.evaluator, held.content_hash, held.split,
            held.example_id
        FROM given
        JOIN hegel_evaluations AS held ON {same_key("held", "given")}
        WHERE held.state = 'claimed' AND held.claim = given.claim
        ORDER BY {", ".join(f"held.{name}" for name in KEY)}
        FOR NO KEY UPDATE OF held
    )
    UPDATE hegel_evaluations AS evaluation SET
        leased_until = clock_timestamp() + CAST(:lease AS interval)
    FROM held
    WHERE {same_key("evaluation", "held")}
    RETURNING held.place, evaluation.leased_until
    """
)

# The runs first, as they were when the claims were granted: a token has one run for ever.
HELD = f"""
    given AS MATERIALIZED ({GIVEN}),
    payers AS MATERIALIZED (
        SELECT corpus_id, run_id, evaluations_spent AS spent, evaluations_unstored AS unstored
        FROM hegel_runs
        WHERE (corpus_id, run_id) IN (
            SELECT held.corpus_id, held.run_id
            FROM given
            JOIN hegel_evaluations AS held ON {same_key("held", "given")}
            WHERE held.state = 'claimed' AND held.claim = given.claim
        )
        ORDER BY corpus_id, run_id
        FOR NO KEY UPDATE
    ),
    held AS MATERIALIZED (
        SELECT given.place, held.corpus_id, held.evaluator, held.content_hash, held.split,
            held.example_id, held.run_id, held.charged
        FROM (SELECT count(*) FROM payers) AS locked, given
        JOIN hegel_evaluations AS held ON {same_key("held", "given")}
        WHERE held.state = 'claimed' AND held.claim = given.claim
        ORDER BY {", ".join(f"held.{name}" for name in KEY)}
        FOR NO KEY UPDATE OF held
    ),
    per_run AS MATERIALIZED (
        SELECT
            corpus_id, run_id, payers.spent - count(*) AS spent_less,
            payers.unstored + count(*) AS unstored_more
        FROM held JOIN payers USING (corpus_id, run_id)
        WHERE held.charged
        GROUP BY corpus_id, run_id, payers.spent, payers.unstored
    )
"""

RELEASE = text(
    f"""
    WITH {HELD},
    given_back AS (
        UPDATE hegel_runs AS run SET
            evaluations_spent = per_run.spent_less,
            updated_at = clock_timestamp()
        FROM per_run
        WHERE run.corpus_id = per_run.corpus_id AND run.run_id = per_run.run_id
    )
    UPDATE hegel_evaluations AS evaluation SET
        state = 'released', charged = false, claim = NULL, leased_until = NULL
    FROM held
    WHERE {same_key("evaluation", "held")}
    """
)

FAIL = text(
    f"""
    WITH {HELD},
    why AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:failure AS text[]), CAST(:seconds AS float8[]), CAST(:cost AS float8[])
        ) WITH ORDINALITY AS why (failure, seconds, cost, place)
    ),
    unstored AS (
        UPDATE hegel_runs AS run SET
            evaluations_unstored = per_run.unstored_more,
            updated_at = clock_timestamp()
        FROM per_run
        WHERE run.corpus_id = per_run.corpus_id AND run.run_id = per_run.run_id
    )
    UPDATE hegel_evaluations AS evaluation SET
        state = 'failed', charged = false, claim = NULL, leased_until = NULL,
        failures = evaluation.failures + 1, failure = why.failure, seconds = why.seconds,
        cost = why.cost, evaluated_at = clock_timestamp()
    FROM held
    JOIN why ON why.place = held.place
    WHERE {same_key("evaluation", "held")}
    RETURNING held.place
    """
)
