"""The statements that maintenance changes rows by, a batch at a time."""

from __future__ import annotations

from sqlalchemy import TextClause, text

from hegel_store.repositories.claim_statements import KEY as EVALUATION
from hegel_store.repositories.claim_statements import KEYS
from hegel_store.repositories.step_rollup_statements import KEY

PROCESS = text("SELECT pg_backend_pid()")
STILL_HERE = text("SELECT 1")
# By name, as a release of the server may lack one.
STAY = text(
    """
    SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings
    WHERE name IN (
        'idle_in_transaction_session_timeout', 'statement_timeout', 'transaction_timeout'
    )
    """
)
LOCK_OUT_OTHERS = text(
    """
    SELECT pg_try_advisory_xact_lock(
        hashtext('hegel_store maintain'),
        CAST(CAST(CAST(CAST('hegel_facts' AS regclass) AS bigint) AS bit(32)) AS int)
    )
    """
)
# What this transaction changes is in the server's statistics as soon as it is committed, for the
# tasks that go by them.
IN_TIME = text(
    """
    SELECT
        set_config('statement_timeout', :statement_timeout, true),
        set_config('lock_timeout', :lock_timeout, true),
        pg_stat_force_next_flush()
    """
)
SESSION_IN_TIME = text(
    """
    SELECT
        set_config('statement_timeout', :statement_timeout, false),
        set_config('lock_timeout', '0', false)
    """
)

MISSING_MONTHS = text(
    """
    SELECT month
    FROM date_trunc('month', now() AT TIME ZONE 'UTC') AS this_month,
        generate_series(
            this_month,
            this_month + make_interval(months => CAST(:ahead AS int)),
            interval '1 month'
        ) AS month
    WHERE to_char(month, 'YYYY_MM') NOT IN (
        SELECT right(relname, 7)
        FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = CAST('hegel_training_steps' AS regclass)
    )
    ORDER BY month
    """
)
MAKE_MONTH = text("SELECT hegel_ensure_step_month(CAST(:month AS timestamp) AT TIME ZONE 'UTC')")

# Nothing that was found yesterday is lost by this: an expired fact was not found any more.
EXPIRED = "fact.deleted_at IS NULL AND fact.expires_at <= now()"
PURGED = "fact.deleted_at <= now() - CAST(:after AS interval)"


def count_facts(condition: str) -> TextClause:
    """How many facts this is true of."""
    return text(f"SELECT count(*) FROM hegel_facts AS fact WHERE {condition}")


def next_facts(condition: str, change: str) -> TextClause:
    """Change the next facts that this is true of, by their key, and return their keys.

    From where the last batch ended, so that all batches together read the table once; what somebody
    has locked is left to the next run.
    """
    return text(
        f"""
        WITH due AS MATERIALIZED (
            SELECT fact.corpus_id, fact.id
            FROM hegel_facts AS fact
            WHERE {condition}
              AND (fact.corpus_id, fact.id) > (:after_corpus, CAST(:after_id AS uuid))
            ORDER BY fact.corpus_id, fact.id
            LIMIT :batch
            FOR UPDATE SKIP LOCKED
        ),
        changed AS (
            {change} due
            WHERE fact.corpus_id = due.corpus_id AND fact.id = due.id
        )
        SELECT corpus_id, id FROM due ORDER BY corpus_id, id
        """
    )


EXPIRE = next_facts(EXPIRED, "UPDATE hegel_facts AS fact SET deleted_at = clock_timestamp() FROM")
PURGE = next_facts(PURGED, "DELETE FROM hegel_facts AS fact USING")

COUNT_LATE = text(
    """
    SELECT count(*) FROM hegel_evaluations
    WHERE state = 'claimed' AND leased_until <= clock_timestamp() - CAST(:after AS interval)
    """
)
HELD_KEYS = ", ".join(f"held.{name}" for name in EVALUATION)
# Runs first, by name, then evaluations by key: see hegel_store/repositories/claim_statements.py.
GIVE_BACK = text(
    f"""
    WITH involved AS MATERIALIZED (
        SELECT DISTINCT corpus_id, run_id FROM hegel_evaluations
        WHERE state = 'claimed' AND charged
          AND leased_until <= clock_timestamp() - CAST(:after AS interval)
    ),
    payers AS MATERIALIZED (
        SELECT corpus_id, run_id, evaluations_spent AS spent
        FROM hegel_runs
        WHERE (corpus_id, run_id) IN (SELECT corpus_id, run_id FROM involved)
        ORDER BY corpus_id, run_id
        FOR NO KEY UPDATE
    ),
    late AS MATERIALIZED (
        SELECT {HELD_KEYS},
            held.run_id, held.charged
        FROM (SELECT count(*) FROM payers) AS locked, hegel_evaluations AS held
        WHERE held.state = 'claimed'
          AND held.leased_until <= clock_timestamp() - CAST(:after AS interval)
          AND (NOT held.charged
               OR (held.corpus_id, held.run_id) IN (SELECT corpus_id, run_id FROM payers))
        ORDER BY {HELD_KEYS}
        LIMIT :batch
        FOR UPDATE OF held SKIP LOCKED
    ),
    less AS MATERIALIZED (
        SELECT corpus_id, run_id, payers.spent - count(*) AS spent
        FROM late JOIN payers USING (corpus_id, run_id)
        WHERE late.charged
        GROUP BY corpus_id, run_id, payers.spent
    ),
    paid AS (
        UPDATE hegel_runs AS run SET
            evaluations_spent = less.spent, updated_at = clock_timestamp()
        FROM less
        WHERE run.corpus_id = less.corpus_id AND run.run_id = less.run_id
    ),
    given_back AS (
        INSERT INTO hegel_evaluations ({KEYS}, state)
        SELECT {KEYS}, 'released' FROM late
        ON CONFLICT ({KEYS}) DO UPDATE SET
            state = 'released', charged = false, claim = NULL, leased_until = NULL
    )
    SELECT count(*) FROM late
    """
)

COUNT_QUERIES = text(
    """
    SELECT count(*) FROM hegel_query_counts
    WHERE last_asked_at <= now() - CAST(:after AS interval)
    """
)
FORGET_QUERIES = text(
    """
    WITH old AS MATERIALIZED (
        SELECT corpus_id, query_hash FROM hegel_query_counts
        WHERE last_asked_at <= now() - CAST(:after AS interval)
        LIMIT :batch
        FOR UPDATE SKIP LOCKED
    ),
    gone AS (
        DELETE FROM hegel_query_counts AS counted USING old
        WHERE counted.corpus_id = old.corpus_id AND counted.query_hash = old.query_hash
    )
    SELECT count(*) FROM old
    """
)

COUNT_VECTORS = text(
    """
    SELECT
        count(*) FILTER (
            WHERE last_used_at <= clock_timestamp() - CAST(:after AS interval)
        ) AS old,
        greatest(count(*) - CAST(:vectors AS bigint), 0) AS beyond
    FROM hegel_embedding_cache
    """
)
FORGET_VECTORS = text(
    """
    WITH old AS MATERIALIZED (
        SELECT space, content_hash FROM hegel_embedding_cache
        ORDER BY last_used_at, space, content_hash
        LIMIT :batch
        FOR UPDATE SKIP LOCKED
    ),
    gone AS (
        DELETE FROM hegel_embedding_cache AS cached USING old
        WHERE cached.space = old.space AND cached.content_hash = old.content_hash
    )
    SELECT count(*) FROM old
    """
)

# Those that nobody is counting in just now. The sum over a corpus, which says whether an answer is
# still valid, stays the same.
COUNT_WRITES = text(
    """
    SELECT coalesce(sum(rows - 1), 0) FROM (
        SELECT count(*) AS rows FROM hegel_corpus_writes GROUP BY corpus_id HAVING count(*) > 1
    ) AS several
    """
)
FOLD_WRITES = text(
    """
    WITH several AS (
        SELECT corpus_id FROM hegel_corpus_writes
        GROUP BY corpus_id HAVING count(*) > 1 ORDER BY corpus_id LIMIT :batch
    ),
    locked AS MATERIALIZED (
        SELECT corpus_id, id, writes FROM hegel_corpus_writes
        WHERE corpus_id IN (SELECT corpus_id FROM several)
        ORDER BY corpus_id, id
        FOR UPDATE SKIP LOCKED
    ),
    first AS MATERIALIZED (
        SELECT corpus_id, min(id) AS id, CAST(sum(writes) AS bigint) AS writes
        FROM locked GROUP BY corpus_id HAVING count(*) > 1
    ),
    taken AS (
        DELETE FROM hegel_corpus_writes AS counted
        USING locked JOIN first ON first.corpus_id = locked.corpus_id AND first.id <> locked.id
        WHERE counted.corpus_id = locked.corpus_id AND counted.id = locked.id
        RETURNING 1
    ),
    kept AS (
        UPDATE hegel_corpus_writes AS counted SET writes = first.writes
        FROM first WHERE counted.corpus_id = first.corpus_id AND counted.id = first.id
    )
    SELECT count(*) FROM taken
    """
)

COUNT_SUMS = text(
    f"""
    SELECT count(*) FROM (
        SELECT FROM hegel_step_rollup GROUP BY {KEY} HAVING count(*) > 1
    ) AS several
    """
)
RETRIEVED = text(
    """
    SELECT
        pg_table_size('hegel_retrievals') AS bytes,
        EXISTS (SELECT FROM hegel_retrievals) OR EXISTS (SELECT FROM hegel_fact_usefulness)
            AS is_there
    """
)
"""How much there is to read for the usefulness of facts, and whether there is anything."""

COUNT_WORDS = text("SELECT hegel_count_words()")
WORDS = text(
    """
    SELECT
        reltuples AS facts,
        (SELECT facts FROM hegel_word_counts WHERE lexeme = '') AS counted
    FROM pg_catalog.pg_class WHERE oid = CAST('hegel_facts' AS regclass)
    """
)
# Of each corpus alone they are counted where searches are bound to one.
MISCOUNTED = text(
    """
    SELECT fact.corpus_id
    FROM hegel_facts AS fact
    LEFT JOIN hegel_corpus_words AS counted
      ON counted.corpus_id = fact.corpus_id AND counted.lexeme = ''
    WHERE EXISTS (SELECT FROM hegel_corpus_words)
    GROUP BY fact.corpus_id, counted.facts
    HAVING count(*) >= :least
       AND abs(count(*) - coalesce(counted.facts, 0)) > 0.1 * coalesce(counted.facts, 0)
    ORDER BY fact.corpus_id
    """
)
