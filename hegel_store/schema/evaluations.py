"""Evaluations of candidates on examples, claimed and done, and their scores."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hegel_store.schema.base import is_finite, is_name, metadata, moment_column, name_column

# A candidate is known by the hash of its content, which profiles have as well: an equal one in
# another run or scope has been evaluated, and one that is no profile yet can be.
evaluations = Table(
    "hegel_evaluations",
    metadata,
    name_column("corpus_id"),
    name_column("evaluator"),
    Column("content_hash", LargeBinary, nullable=False),
    name_column("split"),
    name_column("example_id"),
    Column("state", Text, nullable=False),
    Column("run_id", Text(collation="C")),
    # Whether this evaluation is one of those that the run has spent.
    Column("charged", Boolean, nullable=False, server_default=text("false")),
    Column("claim", Uuid),
    Column("worker", Text),
    moment_column("leased_until", nullable=True),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("failure", Text),
    Column("output", JSONB),
    Column("seconds", Double),
    Column("cost", Double),
    moment_column("evaluated_at", nullable=True),
    PrimaryKeyConstraint("corpus_id", "evaluator", "content_hash", "split", "example_id"),
    is_name("corpus_id"),
    is_name("evaluator"),
    CheckConstraint("octet_length(content_hash) = 32", name="content_hash_is_sha256"),
    is_name("split"),
    is_name("example_id"),
    is_name("run_id"),
    CheckConstraint("state IN ('claimed', 'scored', 'failed', 'released')", name="state_known"),
    CheckConstraint(
        "(state = 'claimed') = (claim IS NOT NULL AND leased_until IS NOT NULL)",
        name="claimed_until",
    ),
    CheckConstraint(
        "NOT charged OR (run_id IS NOT NULL AND state IN ('claimed', 'scored'))",
        name="charged_to_a_run",
    ),
    CheckConstraint(
        "failures >= 0 AND (state <> 'failed' OR failures > 0)", name="failures_counted"
    ),
    is_finite("seconds"),
    is_finite("cost"),
)
Index(
    "idx_hegel_evaluations_claims",
    evaluations.c.corpus_id,
    evaluations.c.run_id,
    evaluations.c.leased_until,
    postgresql_where=text("state = 'claimed'"),
)

scores = Table(
    "hegel_scores",
    metadata,
    name_column("corpus_id"),
    name_column("evaluator"),
    Column("content_hash", LargeBinary, nullable=False),
    name_column("split"),
    name_column("example_id"),
    name_column("objective"),
    Column("score", Double, nullable=False),
    PrimaryKeyConstraint(
        "corpus_id", "evaluator", "content_hash", "split", "example_id", "objective"
    ),
    is_name("corpus_id"),
    is_name("objective"),
    is_finite("score"),
)
# Who leads on each example, in this order for what is maximised and backwards for the rest.
Index(
    "idx_hegel_scores_best",
    scores.c.corpus_id,
    scores.c.evaluator,
    scores.c.split,
    scores.c.objective,
    scores.c.example_id,
    text("score DESC"),
    scores.c.content_hash,
)
