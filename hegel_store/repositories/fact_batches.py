"""Batches of facts on their way into the database, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal
from uuid import UUID

from hegel_store.errors import HegelStoreError
from hegel_store.models import AddResult, JudgedFact, NewFact, RefusedFact
from hegel_store.repositories.fact_spaces import Embedded
from hegel_store.repositories.fact_writing import Written

BATCH = 500

OnError = Literal["raise", "report"]
Outcome = tuple[Sequence[int], Written | HegelStoreError]
"""What became of some facts of a batch: positions in it, and what was stored or why not."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch, ``start`` facts from the beginning of the input, with its vectors. ``accepted`` are
    positions in it, as are those of ``refused``."""

    start: int
    batch: Sequence[NewFact]
    accepted: Sequence[int]
    refused: Sequence[Outcome]
    made: Embedded
    dimensions: int


@dataclass(slots=True)
class Tally:
    """What became of the batches so far."""

    added: int = 0
    ids: list[UUID | None] = field(default_factory=list)
    refused: list[RefusedFact] = field(default_factory=list)
    judged: list[JudgedFact] = field(default_factory=list)

    def take(self, prepared: Prepared, outcomes: Iterable[Outcome]) -> None:
        start = prepared.start
        self.ids += [None] * len(prepared.batch)
        for positions, outcome in outcomes:
            if isinstance(outcome, HegelStoreError):
                self.refused += [RefusedFact(position=start + p, error=outcome) for p in positions]
                continue
            self.added += outcome.added
            for position, identifier in zip(positions, outcome.ids, strict=True):
                self.ids[start + position] = identifier
            self.judged += [
                replace(one, position=start + positions[one.position]) for one in outcome.judged
            ]

    @property
    def result(self) -> AddResult:
        return AddResult(
            ids=self.ids,
            added=self.added,
            merged=len(self.ids) - self.added - len(self.refused),
            refused=self.refused,
            near_duplicates=self.judged,
        )


def batches(facts: Iterable[NewFact]) -> Iterator[tuple[int, list[NewFact]]]:
    """Batches, each with the position of its first fact."""
    rest = iter(facts)
    start = 0
    while batch := list(islice(rest, BATCH)):
        yield start, batch
        start += len(batch)
