"""What the parts of the population repository share: keys, and rows as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from hegel_store.models import PopulationMember, SelectedMember
from hegel_store.models.checks import (
    check_id,
    check_integer,
    check_name,
    check_number,
    check_optional_json,
)


def scope_of(corpus_id: str, task_type: str, population: str) -> dict[str, Any]:
    """The parameters that name a population. Raises InvalidInput."""
    return {
        "corpus_id": check_name("corpus_id", corpus_id),
        "task_type": check_name("task_type", task_type),
        "population": check_name("population", population),
    }


def island_of(corpus_id: str, task_type: str, population: str, island: int) -> dict[str, Any]:
    """The parameters that name an island. Raises InvalidInput."""
    return scope_of(corpus_id, task_type, population) | {"island": check_integer("island", island)}


def key_of(
    corpus_id: str, task_type: str, profile_id: UUID, population: str, island: int
) -> dict[str, Any]:
    """The parameters that name a member. Raises InvalidInput."""
    return island_of(corpus_id, task_type, population, island) | {
        "profile_id": check_id("profile_id", profile_id)
    }


def contents_of(
    fitness: float | None,
    generation: int | None,
    objectives: Mapping[str, Any] | None,
    descriptor: Mapping[str, Any] | None,
    cell_key: str | None,
    metadata: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The parameters that say what a member is like. Raises InvalidInput."""
    return {
        "fitness": None if fitness is None else check_number("fitness", fitness),
        "generation": None if generation is None else check_integer("generation", generation),
        "objectives": check_optional_json("objectives", objectives),
        "descriptor": check_optional_json("descriptor", descriptor),
        "cell_key": None if cell_key is None else check_name("cell_key", cell_key),
        "metadata": check_optional_json("metadata", metadata),
    }


def member_of(row: Row[Any]) -> PopulationMember:
    return PopulationMember(**row._mapping)


def selected_of(row: Row[Any]) -> SelectedMember:
    return SelectedMember(**row._mapping)
