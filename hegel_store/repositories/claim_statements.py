"""The statements that share evaluations out among workers, and keep to the budgets of runs.

What is locked, and in which order, so that nobody waits in a circle: first the runs whose spending
may change, by name; then evaluations, by key. Claiming takes no part in the latter: it passes over
evaluations that somebody has locked. What a run has spent is at any moment what it has failed or
counted by itself, and the evaluations that are charged to it: each changes in the statement that
changes the other. The sums begin with what the locked row says, as an UPDATE checks its constraints
first with what the row was when the statement began.

Each evaluation is looked up by its whole key, in a subquery of its own, and changed by INSERT ...
ON CONFLICT, although it is there: a join would be planned by statistics, which know nothing of a
run in its first minute, and might read all of the run's evaluations for each.
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
    f"""
    WITH wanted AS MATERIALIZED (
        SELECT
            CAST(:corpus_id AS text) AS corpus_id, CAST(:evaluator AS text) AS evaluator,
            content_hash, CAST(:split AS text) AS split, example_id COLLATE "C" AS example_id,
            place
        FROM unnest(CAST(:content_hash AS bytea[]), CAST(:example_id AS text[]))
            WITH ORDINALITY AS wanted (content_hash, example_id, place)
    ),
    seen AS MATERIALIZED (
        SELECT wanted.place, held.run_id, held.charged, held.state, held.leased_until
        FROM wanted, LATERAL (
            SELECT * FROM hegel_evaluations AS held WHERE {same_key("held", "wanted")} OFFSET 0
        ) AS held
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
        SELECT {", ".join(f"held.{name}" for name in KEY)}
        FROM moment, hegel_evaluations AS held
        WHERE held.corpus_id = :corpus_id AND held.run_id = CAST(:run_id AS text)
          AND held.state = 'claimed' AND held.charged AND held.leased_until <= moment.now
          AND NOT EXISTS (SELECT FROM wanted WHERE {same_key("wanted", "held")})
        ORDER BY held.leased_until
        LIMIT 1000
        FOR UPDATE OF held SKIP LOCKED
    ),
    given_back AS (
        INSERT INTO hegel_evaluations ({KEYS}, state)
        SELECT {KEYS}, 'released' FROM abandoned
        ON CONFLICT ({KEYS}) DO UPDATE SET
            state = 'released', charged = false, claim = NULL, leased_until = NULL
        RETURNING 1
    ),
    unclaimed AS MATERIALIZED (
        SELECT
            wanted.*, held.run_id, held.charged,
            CASE WHEN held.charged AND held.run_id = CAST(:run_id AS text) THEN 0 ELSE 1 END
                AS price
        FROM moment, wanted, LATERAL (
            SELECT held.run_id, held.charged FROM hegel_evaluations AS held
            WHERE {same_key("held", "wanted")}
              AND (held.state IN ('released', 'failed')
                   OR (held.state = 'claimed' AND held.leased_until <= moment.now))
              AND (NOT held.charged OR held.run_id IN (SELECT run_id FROM payers))
            FOR UPDATE SKIP LOCKED
        ) AS held
    ),
    free AS MATERIALIZED (
        SELECT true AS is_there, * FROM unclaimed
        UNION ALL
        SELECT false, *, NULL, false, 1 FROM wanted
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
    granted AS (
        INSERT INTO hegel_evaluations AS held (
            {KEYS}, state, run_id, charged, claim, worker, leased_until)
        SELECT
            {KEYS}, 'claimed', CAST(:run_id AS text), CAST(:run_id AS text) IS NOT NULL,
            CAST(:claim AS uuid), :worker, moment.now + CAST(:lease AS interval)
        FROM picked, moment
        ORDER BY content_hash, example_id
        ON CONFLICT ({KEYS}) DO UPDATE SET
            state = 'claimed', run_id = excluded.run_id, charged = excluded.charged,
            claim = excluded.claim, worker = excluded.worker,
            leased_until = excluded.leased_until
        WHERE held.state IN ('released', 'failed') OR EXISTS (
            SELECT FROM picked WHERE picked.is_there AND {same_key("picked", "held")}
        )
        RETURNING held.content_hash, held.example_id, held.leased_until, held.failures
    ),
    changed AS MATERIALIZED (
        SELECT CAST(:run_id AS text) AS run_id,
            (SELECT coalesce(sum(price), 0) FROM granted
             JOIN picked USING (content_hash, example_id))
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

# In the order of the key, which is that of the rows that are locked.
IN_ORDER = f"(SELECT * FROM given ORDER BY {KEYS}) AS given"
STILL_HELD = f"""
    SELECT held.run_id, held.charged FROM hegel_evaluations AS held
    WHERE {same_key("held", "given")} AND held.state = 'claimed' AND held.claim = given.claim
"""

RENEW = text(
    f"""
    WITH given AS MATERIALIZED ({GIVEN}),
    held AS MATERIALIZED (
        SELECT given.* FROM {IN_ORDER}, LATERAL ({STILL_HELD} FOR NO KEY UPDATE) AS held
    ),
    renewed AS (
        INSERT INTO hegel_evaluations ({KEYS}, state, claim, leased_until)
        SELECT {KEYS}, 'claimed', claim, clock_timestamp() + CAST(:lease AS interval) FROM held
        ON CONFLICT ({KEYS}) DO UPDATE SET leased_until = excluded.leased_until
        RETURNING {KEYS}, leased_until
    )
    SELECT held.place, renewed.leased_until FROM held JOIN renewed USING ({KEYS})
    """
)

# The runs first, as they were when the claims were granted: a token has one run for ever.
HELD = f"""
    given AS MATERIALIZED ({GIVEN}),
    involved AS MATERIALIZED (
        SELECT DISTINCT given.corpus_id, held.run_id
        FROM given, LATERAL ({STILL_HELD} OFFSET 0) AS held
    ),
    payers AS MATERIALIZED (
        SELECT corpus_id, run_id, evaluations_spent AS spent, evaluations_unstored AS unstored
        FROM hegel_runs
        WHERE (corpus_id, run_id) IN (SELECT corpus_id, run_id FROM involved)
        ORDER BY corpus_id, run_id
        FOR NO KEY UPDATE
    ),
    held AS MATERIALIZED (
        SELECT given.*, held.run_id, held.charged
        FROM (SELECT count(*) FROM payers) AS locked, {IN_ORDER},
            LATERAL ({STILL_HELD} FOR NO KEY UPDATE) AS held
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
    INSERT INTO hegel_evaluations ({KEYS}, state)
    SELECT {KEYS}, 'released' FROM held
    ON CONFLICT ({KEYS}) DO UPDATE SET
        state = 'released', charged = false, claim = NULL, leased_until = NULL
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
    ),
    failed AS (
        INSERT INTO hegel_evaluations AS evaluation (
            {KEYS}, state, failures, failure, seconds, cost, evaluated_at)
        SELECT {KEYS}, 'failed', 1, failure, seconds, cost, clock_timestamp()
        FROM held JOIN why USING (place)
        ON CONFLICT ({KEYS}) DO UPDATE SET
            state = 'failed', charged = false, claim = NULL, leased_until = NULL,
            failures = evaluation.failures + 1, failure = excluded.failure,
            seconds = excluded.seconds, cost = excluded.cost,
            evaluated_at = excluded.evaluated_at
    )
    SELECT place FROM held
    """
)
