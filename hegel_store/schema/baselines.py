"""What searches of a corpus gave at a time, to hold later ones against."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from hegel_store.schema.base import (
    is_name,
    is_object,
    json_column,
    metadata,
    moment_column,
    name_column,
)

baselines = Table(
    "hegel_baselines",
    metadata,
    name_column("corpus_id"),
    name_column("name"),
    Column("k", Integer, nullable=False),
    Column("mode", Text, nullable=False),
    Column("space", Text(collation="C")),
    # A list of objects: a query, its relevant facts with their gains, and how well it was answered.
    Column("queries", JSONB, nullable=False),
    json_column("latency"),
    json_column("conditions"),
    Column("recorded_by", Text, nullable=False, server_default=text("CURRENT_USER")),
    moment_column("recorded_at"),
    PrimaryKeyConstraint("corpus_id", "name"),
    is_name("corpus_id"),
    is_name("name"),
    CheckConstraint("k >= 1", name="k_counts"),
    CheckConstraint("mode IN ('hybrid', 'vector', 'text')", name="mode_known"),
    is_name("space"),
    CheckConstraint("jsonb_typeof(queries) = 'array'", name="queries_are_listed"),
    is_object("latency"),
    is_object("conditions"),
)
