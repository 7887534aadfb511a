"""Receipts of what was erased, which hold nothing of it."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from hegel_store.schema.base import is_object, json_column, metadata, moment_column

# By the hash of the corpus: its name may itself be what had to go.
erasures = Table(
    "hegel_erasures",
    metadata,
    Column("corpus_hash", LargeBinary, nullable=False),
    Column("id", Uuid, nullable=False, server_default=func.hegel_uuidv7()),
    moment_column("begun_at"),
    moment_column("finished_at", nullable=True),
    Column("erased_by", Text, nullable=False, server_default=text("CURRENT_USER")),
    json_column("counts"),
    PrimaryKeyConstraint("corpus_hash", "id"),
    CheckConstraint("octet_length(corpus_hash) = 32", name="corpus_hash_is_sha256"),
    is_object("counts"),
)
