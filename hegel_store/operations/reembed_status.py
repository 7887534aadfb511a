"""How far the move of a space to another model is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hegel_store.models.spaces import Maker


@dataclass(frozen=True, slots=True)
class Slot:
    """A column that holds vectors of the space: what it is there for ('serving', 'filling',
    'retired' or 'discarding'), and what made them."""

    name: str
    state: str
    maker: Maker


@dataclass(frozen=True, slots=True)
class SpaceStatus:
    """A space of a corpus: its live facts, its slots, the one that serves first, and how many of
    the facts have no vector in each of these, by the slot's name."""

    corpus_id: str
    space: str
    facts: int
    slots: Sequence[Slot]
    missing: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would embed: facts and their characters, and the slot for the vectors."""

    slot: str
    facts: int
    characters: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: facts that it has embedded, and facts that it has still to, of those there
    were at its beginning; facts per second, and the seconds that are left at this pace."""

    done: int
    left: int
    per_second: float
    seconds_left: float
