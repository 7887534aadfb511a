"""Training steps, partitioned by month."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    desc,
    func,
    text,
)

from hegel_store.schema.base import (
    is_finite,
    is_name,
    is_object,
    json_column,
    metadata,
    moment_column,
    name_column,
)

training_steps = Table(
    "hegel_training_steps",
    metadata,
    name_column("corpus_id"),
    moment_column("created_at"),
    Column("id", Uuid, nullable=False, server_default=func.hegel_uuidv7()),
    name_column("task_type", server_default=text("'qa'::text")),
    Column("old_profile_id", Uuid, nullable=False),
    Column("new_profile_id", Uuid),
    Column("step_type", Text, nullable=False, server_default=text("'training'::text")),
    Column("query", Text, nullable=False),
    Column("predicted_answer", Text, nullable=False),
    Column("gold_answer", Text),
    Column("reward", Double),
    json_column("metrics"),
    json_column("debate_trace"),
    Column("optimization_strategy", Text),
    Column("processing_time_ms", Integer),
    Column("run_id", Text(collation="C")),
    PrimaryKeyConstraint("corpus_id", "created_at", "id"),
    ForeignKeyConstraint(
        ["corpus_id", "old_profile_id"],
        ["hegel_prompt_profiles.corpus_id", "hegel_prompt_profiles.id"],
    ),
    ForeignKeyConstraint(
        ["corpus_id", "new_profile_id"],
        ["hegel_prompt_profiles.corpus_id", "hegel_prompt_profiles.id"],
    ),
    is_name("corpus_id"),
    is_name("task_type"),
    is_name("run_id"),
    is_object("metrics"),
    is_object("debate_trace"),
    is_finite("reward"),
    CheckConstraint(
        "step_type IN ('training', 'evaluation', 'validation')", name="step_type_known"
    ),
    CheckConstraint("processing_time_ms >= 0", name="processing_time_ms_not_negative"),
    postgresql_partition_by="RANGE (created_at)",
)

# Only the beginnings are indexed: see hegel_store.schema.profiles.
QUERY_TSVECTOR = "to_tsvector('english'::regconfig, \"left\"(query, 100000))"
ANSWERS_TSVECTOR = (
    "to_tsvector('english'::regconfig, (\"left\"(predicted_answer, 50000) || ' '::text) || "
    "\"left\"(COALESCE(gold_answer, ''::text), 50000))"
)

Index(
    "idx_hegel_training_steps_corpus_task_created",
    training_steps.c.corpus_id,
    training_steps.c.task_type,
    desc(training_steps.c.created_at),
    desc(training_steps.c.id),
)
Index(
    "idx_hegel_training_steps_old_profile",
    training_steps.c.corpus_id,
    training_steps.c.old_profile_id,
)
# Most proposals are rejected, so most steps have no entry here.
Index(
    "idx_hegel_training_steps_new_profile",
    training_steps.c.corpus_id,
    training_steps.c.new_profile_id,
    postgresql_where=text("new_profile_id IS NOT NULL"),
)
Index(
    "idx_hegel_training_steps_run",
    training_steps.c.corpus_id,
    training_steps.c.run_id,
    training_steps.c.created_at,
    training_steps.c.id,
    postgresql_where=text("run_id IS NOT NULL"),
)
Index(
    "idx_hegel_training_steps_query_fts",
    text(QUERY_TSVECTOR),
    _table=training_steps,
    postgresql_using="gin",
)
Index(
    "idx_hegel_training_steps_answers_fts",
    text(ANSWERS_TSVECTOR),
    _table=training_steps,
    postgresql_using="gin",
)
