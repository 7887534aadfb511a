"""The statements of the step repository, built without a session."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, desc, func, literal_column, or_, select, text

from hegel_store.schema import training_steps
from hegel_store.schema.steps import ANSWERS_TSVECTOR, QUERY_TSVECTOR

COLUMNS = tuple(training_steps.columns)

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


def recent(corpus_id: str, task_type: str, limit: int) -> Select[Any]:
    """The scope's steps, newest first; stops in the newest months."""
    return (
        select(*COLUMNS)
        .where(training_steps.c.corpus_id == corpus_id, training_steps.c.task_type == task_type)
        .order_by(desc(training_steps.c.created_at), desc(training_steps.c.id))
        .limit(limit)
    )


def search(words: str, corpus_id: str | None, task_type: str | None, limit: int) -> Select[Any]:
    """Steps whose query or answers match ``words`` (web search syntax), newest first."""
    wanted = func.websearch_to_tsquery(literal_column("'english'::regconfig"), words)
    statement = select(*COLUMNS).where(
        or_(
            literal_column(QUERY_TSVECTOR).op("@@")(wanted),
            literal_column(ANSWERS_TSVECTOR).op("@@")(wanted),
        )
    )
    if corpus_id is not None:
        statement = statement.where(training_steps.c.corpus_id == corpus_id)
    if task_type is not None:
        statement = statement.where(training_steps.c.task_type == task_type)
    return statement.order_by(desc(training_steps.c.created_at), desc(training_steps.c.id)).limit(
        limit
    )


def reward_summary(
    since: datetime | None,
    until: datetime | None,
    corpus_id: str | None,
    task_type: str | None,
    step_type: str | None,
) -> Select[Any]:
    """Average reward and number of steps per scope, of the steps in since <= time < until."""
    steps = training_steps.c
    statement = select(
        steps.corpus_id,
        steps.task_type,
        func.avg(steps.reward).label("average_reward"),
        func.count().label("steps"),
    )
    if since is not None:
        statement = statement.where(steps.created_at >= since)
    if until is not None:
        statement = statement.where(steps.created_at < until)
    for column, value in (
        (steps.corpus_id, corpus_id),
        (steps.task_type, task_type),
        (steps.step_type, step_type),
    ):
        if value is not None:
            statement = statement.where(column == value)
    return statement.group_by(steps.corpus_id, steps.task_type).order_by(
        steps.corpus_id, steps.task_type
    )
