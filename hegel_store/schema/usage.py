"""What embedding has cost."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    PrimaryKeyConstraint,
    Table,
    text,
)

from hegel_store.schema.base import is_name, metadata, moment_column, name_column

embedding_usage = Table(
    "hegel_embedding_usage",
    metadata,
    name_column("corpus_id"),
    Column("month", Date, nullable=False),
    Column("tokens", BigInteger, nullable=False, server_default=text("0")),
    Column("cost_billionths", BigInteger, nullable=False, server_default=text("0")),
    moment_column("updated_at"),
    PrimaryKeyConstraint("corpus_id", "month"),
    is_name("corpus_id"),
    CheckConstraint("EXTRACT(day FROM month) = 1", name="month_begins"),
    CheckConstraint("tokens >= 0 AND cost_billionths >= 0", name="spent_is_counted"),
)
