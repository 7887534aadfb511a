"""Verdicts about facts that say nearly the same."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
)

from hegel_store.schema.base import metadata, moment_column, name_column

fact_verdicts = Table(
    "hegel_fact_verdicts",
    metadata,
    name_column("corpus_id"),
    Column("id", Uuid, nullable=False, server_default=func.hegel_uuidv7()),
    Column("old_fact_id", Uuid, nullable=False),
    # No foreign key: a fact that said the same as the old one was not stored.
    Column("new_fact_id", Uuid, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("similarity", Double, nullable=False),
    Column("content", Text),
    moment_column("judged_at"),
    PrimaryKeyConstraint("corpus_id", "id"),
    ForeignKeyConstraint(
        ["corpus_id", "old_fact_id"],
        ["hegel_facts.corpus_id", "hegel_facts.id"],
        ondelete="CASCADE",
    ),
    CheckConstraint("verdict IN ('same', 'update', 'distinct')", name="verdict_known"),
    CheckConstraint("similarity >= 0 AND similarity <= 1", name="similarity_is_a_share"),
    CheckConstraint("(verdict = 'same') = (content IS NOT NULL)", name="content_of_the_same"),
)

Index(
    "idx_hegel_fact_verdicts_old",
    fact_verdicts.c.corpus_id,
    fact_verdicts.c.old_fact_id,
    fact_verdicts.c.id,
)
Index(
    "idx_hegel_fact_verdicts_new",
    fact_verdicts.c.corpus_id,
    fact_verdicts.c.new_fact_id,
    fact_verdicts.c.id,
)
