"""Runs of optimisers, and the states that these keep."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    desc,
    text,
)

from hegel_store.schema.base import (
    is_name,
    is_object,
    json_column,
    metadata,
    moment_column,
    name_column,
)

runs = Table(
    "hegel_runs",
    metadata,
    name_column("corpus_id"),
    name_column("run_id"),
    name_column("task_type"),
    name_column("optimiser"),
    json_column("configuration"),
    json_column("objectives"),
    Column("status", Text, nullable=False, server_default=text("'created'::text")),
    Column("reason", Text),
    Column("evaluations_allowed", Integer),
    Column("evaluations_spent", Integer, nullable=False, server_default=text("0")),
    # Of the spent ones those that left no score: failures, and what the run counted by itself.
    Column("evaluations_unstored", Integer, nullable=False, server_default=text("0")),
    moment_column("heartbeat_at"),
    moment_column("created_at"),
    moment_column("updated_at"),
    PrimaryKeyConstraint("corpus_id", "run_id"),
    is_name("corpus_id"),
    is_name("run_id"),
    is_name("task_type"),
    is_name("optimiser"),
    is_object("configuration"),
    is_object("objectives"),
    CheckConstraint(
        "status IN ('created', 'running', 'stopped', 'finished', 'failed')", name="status_known"
    ),
    CheckConstraint("evaluations_spent <= evaluations_allowed", name="within_budget"),
    CheckConstraint(
        "evaluations_unstored >= 0 AND evaluations_unstored <= evaluations_spent",
        name="spending_adds_up",
    ),
)
Index("idx_hegel_runs_created", runs.c.corpus_id, desc(runs.c.created_at))

# Beside the runs: their rows are locked by every claim, and writing a large state takes a while.
run_states = Table(
    "hegel_run_states",
    metadata,
    name_column("corpus_id"),
    name_column("run_id"),
    Column("version", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
    moment_column("saved_at"),
    PrimaryKeyConstraint("corpus_id", "run_id"),
    ForeignKeyConstraint(
        ["corpus_id", "run_id"],
        ["hegel_runs.corpus_id", "hegel_runs.run_id"],
        ondelete="CASCADE",
    ),
    CheckConstraint("version >= 1", name="version_counts"),
    CheckConstraint("octet_length(state) <= 268435456", name="state_fits"),
)
