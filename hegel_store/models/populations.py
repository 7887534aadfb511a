"""Members of a population: a profile with its fitness in a scope; and what selection returns."""

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
    descriptors (bins are made when needed). ``holds_cell`` tells whether the member was placed in
    ``cell_key`` as its best. ``epoch`` is how often the island had been reset when it was added.
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
    holds_cell: bool
    evicted_at: datetime | None
    metadata: Mapping[str, Any]
    last_updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedMember:
    """A member as selection returns it: no profile, so a prompt is read for those that are used.

    The counts are those after this selection; ``fitness`` is None only in a Pareto front, which
    asks for objectives. ``epoch`` is the island's when the member was added:
    give it to add() with the child, and a child of an island that was reset meanwhile is refused.
    """

    profile_id: UUID
    island: int
    epoch: int
    generation: int
    fitness: float | None
    selection_count: int
    children_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What became of a member that was placed in a cell.

    ``placed`` tells whether it holds the cell now; ``replaced`` is the profile that held it before
    and was evicted, None where the cell was empty or kept its holder.
    """

    member: PopulationMember
    placed: bool
    replaced: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleLeader:
    """A member that nobody beats on some examples.

    ``leads`` is on how many (times objectives, where there are several).
    """

    profile_id: UUID
    island: int
    leads: int
