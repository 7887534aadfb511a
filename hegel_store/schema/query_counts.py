"""How often each query was asked."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from hegel_store.schema.base import metadata, moment_column, name_column

# A search of all corpora is counted under the empty name.
query_counts = Table(
    "hegel_query_counts",
    metadata,
    name_column("corpus_id"),
    Column(
        "query_hash",
        LargeBinary,
        Computed("hegel_content_hash(query)", persisted=True),
        nullable=False,
    ),
    Column("query", Text, nullable=False),
    Column("asked", BigInteger, nullable=False),
    moment_column("last_asked_at"),
    PrimaryKeyConstraint("corpus_id", "query_hash"),
    CheckConstraint("char_length(corpus_id) <= 200", name="corpus_id_fits"),
    CheckConstraint("char_length(query) <= 2000", name="query_fits"),
    CheckConstraint("asked >= 1", name="asked_counts"),
)
