"""Which facts steps were shown, and what is made of it."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Uuid,
    desc,
)

from hegel_store.schema.base import is_finite, is_name, metadata, name_column

# Inserted into, never updated. No foreign keys: a step may come later than what it was shown, its
# month may be archived, and a key to the facts would write to every fact that a search finds.
retrievals = Table(
    "hegel_retrievals",
    metadata,
    name_column("corpus_id"),
    Column("step_id", Uuid, nullable=False),
    Column("step_created_at", DateTime(timezone=True), nullable=False),
    Column("profile_id", Uuid, nullable=False),
    Column("fact_id", Uuid, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("score", Double, nullable=False),
    PrimaryKeyConstraint("corpus_id", "step_id", "fact_id"),
    is_name("corpus_id"),
    CheckConstraint("rank >= 1", name="rank_counts_from_one"),
    is_finite("score"),
)

Index(
    "idx_hegel_retrievals_fact",
    retrievals.c.corpus_id,
    retrievals.c.fact_id,
    desc(retrievals.c.step_created_at),
)
Index("idx_hegel_retrievals_time", retrievals.c.corpus_id, retrievals.c.step_created_at)
