"""Embeddings that all workers share, by the space of their model and what was embedded."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, PrimaryKeyConstraint, Table

from hegel_store.schema.base import metadata, moment_column, name_column

embedding_cache = Table(
    "hegel_embedding_cache",
    metadata,
    name_column("space"),
    Column("content_hash", LargeBinary, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    moment_column("last_used_at"),
    PrimaryKeyConstraint("space", "content_hash"),
    CheckConstraint("char_length(space) <= 300 AND btrim(space) <> ''", name="space_fits"),
    CheckConstraint("octet_length(content_hash) = 32", name="hash_is_sha256"),
)

Index("idx_hegel_embedding_cache_last_used", embedding_cache.c.last_used_at)
