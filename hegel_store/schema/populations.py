"""Populations: candidate profiles with their fitness, and the islands they live on."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from hegel_store.schema.base import (
    is_finite,
    is_name,
    is_object,
    json_column,
    metadata,
    moment_column,
    name_column,
)


def counter(name: str, start: int = 0) -> Column[int]:
    """A count that never goes below zero."""
    return Column(name, Integer, nullable=False, server_default=text(str(start)))


profile_populations = Table(
    "hegel_profile_populations",
    metadata,
    name_column("corpus_id"),
    name_column("task_type"),
    name_column("population", server_default=text("'default'::text")),
    counter("island"),
    Column("profile_id", Uuid, nullable=False),
    counter("epoch"),
    Column("fitness_score", Double),
    json_column("objectives"),
    counter("generation", 1),
    counter("selection_count"),
    counter("children_count"),
    json_column("descriptor"),
    Column("cell_key", Text(collation="C")),
    moment_column("evicted_at", nullable=True),
    json_column("population_metadata"),
    moment_column("last_updated"),
    Column("holds_cell", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("corpus_id", "task_type", "population", "island", "profile_id"),
    ForeignKeyConstraint(
        ["corpus_id", "profile_id"],
        ["hegel_prompt_profiles.corpus_id", "hegel_prompt_profiles.id"],
    ),
    is_name("corpus_id"),
    is_name("task_type"),
    is_name("population"),
    is_name("cell_key"),
    is_finite("fitness_score"),
    is_object("objectives"),
    is_object("descriptor"),
    is_object("population_metadata"),
    CheckConstraint(
        "island >= 0 AND epoch >= 0 AND generation >= 0 AND selection_count >= 0 "
        "AND children_count >= 0",
        name="counts_not_negative",
    ),
)

Index(
    "idx_hegel_profile_populations_corpus_task",
    profile_populations.c.corpus_id,
    profile_populations.c.task_type,
)
# What selection reads, so that choosing parents touches the index alone. The counters are left
# out: they move with every selection and would make each of those updates an index write.
Index(
    "idx_hegel_profile_populations_fitness",
    profile_populations.c.corpus_id,
    profile_populations.c.task_type,
    profile_populations.c.population,
    text("fitness_score DESC NULLS LAST"),
    profile_populations.c.profile_id,
    postgresql_include=["island", "generation"],
    postgresql_where=text("evicted_at IS NULL"),
)
Index(
    "idx_hegel_profile_populations_profile",
    profile_populations.c.corpus_id,
    profile_populations.c.profile_id,
)
Index(
    "idx_hegel_profile_populations_cell",
    profile_populations.c.corpus_id,
    profile_populations.c.task_type,
    profile_populations.c.population,
    profile_populations.c.island,
    profile_populations.c.cell_key,
    unique=True,
    postgresql_where=text("holds_cell AND evicted_at IS NULL"),
)
# Evenly spread, so that a random draw reads the members next to a point (see
# hegel_store.repositories.population_draw_statements).
Index(
    "idx_hegel_profile_populations_sample",
    profile_populations.c.corpus_id,
    profile_populations.c.task_type,
    profile_populations.c.population,
    profile_populations.c.island,
    text("uuid_hash(profile_id)"),
    postgresql_include=["profile_id", "fitness_score"],
    postgresql_where=text("evicted_at IS NULL AND fitness_score IS NOT NULL"),
)

# Without a row an island is in epoch 0.
population_islands = Table(
    "hegel_population_islands",
    metadata,
    name_column("corpus_id"),
    name_column("task_type"),
    name_column("population"),
    Column("island", Integer, nullable=False, autoincrement=False),
    counter("epoch"),
    moment_column("reset_at", nullable=True),
    PrimaryKeyConstraint("corpus_id", "task_type", "population", "island"),
    is_name("corpus_id"),
    is_name("task_type"),
    is_name("population"),
    CheckConstraint("island >= 0 AND epoch >= 0", name="counts_not_negative"),
)
