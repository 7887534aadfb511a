"""The statements that log steps."""

from __future__ import annotations

from sqlalchemy import text

# Column, PostgreSQL type of its array, and the NewStep attribute that fills it.
FIELDS = (
    ("corpus_id", "text", "corpus_id"),
    ("created_at", "timestamptz", "created_at"),
    ("id", "uuid", "id"),
    ("task_type", "text", "task_type"),
    ("old_profile_id", "uuid", "old_profile_id"),
    ("new_profile_id", "uuid", "new_profile_id"),
    ("step_type", "text", "step_type"),
    ("query", "text", "query"),
    ("predicted_answer", "text", "predicted_answer"),
    ("gold_answer", "text", "gold_answer"),
    ("reward", "float8", "reward"),
    ("metrics", "jsonb", "metrics_json"),
    ("debate_trace", "jsonb", "debate_trace_json"),
    ("optimization_strategy", "text", "optimization_strategy"),
    ("processing_time_ms", "int4", "processing_time_ms"),
    ("run_id", "text", "run_id"),
)
NAMES = ", ".join(name for name, _, _ in FIELDS)

INSERT_ONE = text(
    f"""
    INSERT INTO hegel_training_steps ({NAMES})
    VALUES ({", ".join(f"CAST(:{name} AS {kind})" for name, kind, _ in FIELDS)})
    ON CONFLICT (corpus_id, created_at, id) DO NOTHING
    """
)
COPY = f"COPY hegel_training_steps ({NAMES}) FROM STDIN"
INSERT_MANY = text(
    f"""
    INSERT INTO hegel_training_steps ({NAMES})
    SELECT {NAMES}
    FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind, _ in FIELDS)})
        AS step ({NAMES})
    ON CONFLICT (corpus_id, created_at, id) DO NOTHING
    """
)

# The bounds let the planner leave out the months that hold none of the steps.
STORED = text(
    f"""
    SELECT {NAMES}
    FROM hegel_training_steps
    JOIN unnest(
            CAST(:corpus_id AS text[]), CAST(:created_at AS timestamptz[]), CAST(:id AS uuid[])
        ) AS wanted (corpus_id, created_at, id)
      USING (corpus_id, created_at, id)
    WHERE created_at BETWEEN :earliest AND :latest
    """
)

ENSURE_MONTH = text("SELECT hegel_ensure_step_month(CAST(:moment AS timestamptz))")
