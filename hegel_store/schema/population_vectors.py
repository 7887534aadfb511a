"""Vectors of the prompts in populations, and of candidates that somebody is at."""

from __future__ import annotations

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from hegel_store.schema.base import is_name, metadata, moment_column, name_column

# What makes the vectors of a population. The row is its lock, and tells by ``proposals`` whether
# anybody has stored a vector since a statement began.
population_spaces = Table(
    "hegel_population_spaces",
    metadata,
    name_column("corpus_id"),
    name_column("task_type"),
    name_column("population"),
    Column("model", Text, nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("normalised", Boolean, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("proposals", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("corpus_id", "task_type", "population"),
    is_name("corpus_id"),
    is_name("task_type"),
    is_name("population"),
    is_name("model"),
)

# A member's, or a claim on a candidate that is no profile yet; so there is no foreign key.
population_vectors = Table(
    "hegel_population_vectors",
    metadata,
    name_column("corpus_id"),
    name_column("task_type"),
    name_column("population"),
    Column("id", Uuid, nullable=False, server_default=func.hegel_uuidv7()),
    Column("content_hash", LargeBinary, nullable=False),
    Column("embedding", HALFVEC, nullable=False),
    Column("profile_id", Uuid),
    moment_column("leased_until", nullable=True),
    PrimaryKeyConstraint("corpus_id", "task_type", "population", "id"),
    is_name("corpus_id"),
    is_name("task_type"),
    is_name("population"),
    CheckConstraint("octet_length(content_hash) = 32", name="content_hash_is_sha256"),
    CheckConstraint("(profile_id IS NULL) <> (leased_until IS NULL)", name="claimed_or_a_members"),
)
Index(
    "idx_hegel_population_vectors_profile",
    population_vectors.c.corpus_id,
    population_vectors.c.task_type,
    population_vectors.c.population,
    population_vectors.c.profile_id,
    unique=True,
    postgresql_where=text("profile_id IS NOT NULL"),
)
Index(
    "idx_hegel_population_vectors_leases",
    population_vectors.c.corpus_id,
    population_vectors.c.task_type,
    population_vectors.c.population,
    population_vectors.c.leased_until,
    postgresql_where=text("leased_until IS NOT NULL"),
)
