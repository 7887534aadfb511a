"""The statements of the run repository."""

from __future__ import annotations

from sqlalchemy import TextClause, text

RETURNED = """
    corpus_id, run_id, task_type, optimiser, configuration, objectives, status, reason,
    evaluations_allowed, evaluations_spent, evaluations_unstored, heartbeat_at,
    clock_timestamp() - heartbeat_at AS heartbeat_age,
    coalesce((
        SELECT version FROM hegel_run_states AS saved
        WHERE saved.corpus_id = run.corpus_id AND saved.run_id = run.run_id
    ), 0) AS state_version,
    created_at, updated_at
"""

START = text(
    f"""
    INSERT INTO hegel_runs AS run
        (corpus_id, run_id, task_type, optimiser, configuration, objectives, evaluations_allowed)
    VALUES (
        :corpus_id, :run_id, :task_type, :optimiser, CAST(:configuration AS jsonb),
        CAST(:objectives AS jsonb), CAST(:allowed AS int4))
    ON CONFLICT (corpus_id, run_id) DO NOTHING
    RETURNING {RETURNED}
    """
)

# Whether what a run was started with is what is given now, in the words of the arguments.
DIFFERENCES = text(
    """
    SELECT
        task_type <> :task_type AS task_type,
        optimiser <> :optimiser AS optimiser,
        configuration <> CAST(:configuration AS jsonb) AS configuration,
        objectives <> CAST(:objectives AS jsonb) AS objectives,
        CAST(:allowed AS int4) IS NOT NULL
            AND CAST(:allowed AS int4) IS DISTINCT FROM evaluations_allowed AS budget
    FROM hegel_runs
    WHERE corpus_id = :corpus_id AND run_id = :run_id
    """
)

GET = text(
    f"SELECT {RETURNED} FROM hegel_runs AS run WHERE corpus_id = :corpus_id AND run_id = :run_id"
)

LIST = text(
    f"""
    SELECT {RETURNED} FROM hegel_runs AS run
    WHERE (CAST(:corpus_id AS text) IS NULL OR corpus_id = CAST(:corpus_id AS text))
      AND (CAST(:task_type AS text) IS NULL OR task_type = CAST(:task_type AS text))
      AND (CAST(:status AS text) IS NULL OR status = CAST(:status AS text))
    ORDER BY created_at DESC, corpus_id, run_id
    LIMIT :limit
    """
)

STALLED = text(
    f"""
    SELECT {RETURNED} FROM hegel_runs AS run
    WHERE (CAST(:corpus_id AS text) IS NULL OR corpus_id = CAST(:corpus_id AS text))
      AND status IN ('created', 'running')
      AND heartbeat_at < clock_timestamp() - CAST(:older_than AS interval)
    ORDER BY heartbeat_at, corpus_id, run_id
    """
)

# From which states to which; a status that it has already is set again, so that several workers
# may each say that their run is finished.
SET_STATUS = text(
    f"""
    UPDATE hegel_runs AS run SET
        status = :status,
        reason = CASE WHEN status = :status THEN coalesce(reason, :reason) ELSE :reason END,
        heartbeat_at = clock_timestamp(),
        updated_at = clock_timestamp()
    WHERE corpus_id = :corpus_id AND run_id = :run_id
      AND status = ANY (CAST(:before AS text[]))
    RETURNING {RETURNED}
    """
)

ALLOW = text(
    f"""
    UPDATE hegel_runs AS run SET
        evaluations_allowed = CAST(:allowed AS int4), updated_at = clock_timestamp()
    WHERE corpus_id = :corpus_id AND run_id = :run_id
      AND (CAST(:allowed AS int4) IS NULL OR evaluations_spent <= CAST(:allowed AS int4))
    RETURNING {RETURNED}
    """
)

SPEND = text(
    f"""
    UPDATE hegel_runs AS run SET
        evaluations_spent = evaluations_spent + :evaluations,
        evaluations_unstored = evaluations_unstored + :evaluations,
        heartbeat_at = clock_timestamp(),
        updated_at = clock_timestamp()
    WHERE corpus_id = :corpus_id AND run_id = :run_id
      AND (evaluations_allowed IS NULL
           OR evaluations_spent + :evaluations <= evaluations_allowed)
    RETURNING {RETURNED}
    """
)


def save_state(expected: int | None) -> TextClause:
    """Write the state and return its version; no row when ``expected`` is not the stored one.

    ``expected`` is 0 where none is thought to be stored, None for whatever there is.
    """
    if expected:
        return text(
            """
            UPDATE hegel_run_states SET
                version = version + 1, state = :state, saved_at = clock_timestamp()
            WHERE corpus_id = :corpus_id AND run_id = :run_id AND version = :expected
            RETURNING version
            """
        )
    again = (
        "DO NOTHING"
        if expected == 0
        else """
        DO UPDATE SET
            version = saved.version + 1, state = excluded.state, saved_at = clock_timestamp()
    """
    )
    return text(
        f"""
        INSERT INTO hegel_run_states AS saved (corpus_id, run_id, version, state)
        VALUES (:corpus_id, :run_id, 1, :state)
        ON CONFLICT (corpus_id, run_id) {again}
        RETURNING version
        """
    )


LOAD_STATE = text(
    """
    SELECT version, state, saved_at FROM hegel_run_states
    WHERE corpus_id = :corpus_id AND run_id = :run_id
    """
)
STATE_VERSION = text(
    """
    SELECT coalesce((
        SELECT version FROM hegel_run_states
        WHERE corpus_id = :corpus_id AND run_id = :run_id
    ), 0) AS version
    """
)
