"""Members of a population: a profile with its fitness in a scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationMember:
    """A candidate profile on one island of a population.

    Higher ``fitness`` is better; None means not scored yet. ``descriptor`` holds raw behaviour
    descriptors (bins are made when needed), ``epoch`` counts the resets of the island.
    """

    corpus_id: str
    task_type: str
    population: str
    island: int
    profile_id: UUID
    epoch: int
    fitness: float | None
    objectives: Mapping[str, Any]
    generation: int
    selection_count: int
    children_count: int
    descriptor: Mapping[str, Any]
    cell_key: str | None
    evicted_at: datetime | None
    metadata: Mapping[str, Any]
    last_updated: datetime
