"""Where profiles come from and what has become of them, as graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

LineageDirection = Literal["ancestors", "descendants"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """A profile of a graph, without its document.

    ``distance`` counts the generations to the profile that was asked about, by the shortest way.
    ``content_hash`` is the SHA-256 of the stored text in hexadecimal. ``aliases`` are the names
    that point at it now, in order. ``steps`` are those that it answered, ``rewards`` how many of
    them have a reward, and ``average_reward`` the mean of these, None where there is none.
    """

    id: UUID
    task_type: str
    version: int
    created_at: datetime
    distance: int
    content_hash: str
    aliases: tuple[str, ...]
    steps: int
    rewards: int
    average_reward: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEdge:
    """A parent of a profile; the one at ``position`` 0 is its base."""

    parent_id: UUID
    child_id: UUID
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageGraph:
    """A profile with its ancestors, or with its descendants.

    ``nodes`` begin with the profile itself; they are in order of distance, equally distant ones
    newer first, then by id. ``edges`` are all that there are between the nodes: child by child in
    the order of the nodes, of a child by position.
    """

    corpus_id: str
    profile_id: UUID
    direction: LineageDirection
    nodes: Sequence[LineageNode]
    edges: Sequence[LineageEdge]
