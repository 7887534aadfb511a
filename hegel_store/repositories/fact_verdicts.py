"""What becomes of each fact of a batch, by what it is near to. No SQL here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args
from uuid import UUID

from hegel_store.models import JudgedFact, NewFact
from hegel_store.models.checks import check_choice
from hegel_store.models.near_duplicates import judge
from hegel_store.models.verdicts import Verdict
from hegel_store.search.near import FEW

Judge = Callable[[str, NewFact], Verdict]
"""Says what a new fact is to the content of an old one."""


def by_rules(old: str, new: NewFact) -> Verdict:
    """The judge that is asked when no other is given."""
    return judge(old, new.content)


@dataclass(slots=True)
class Known:
    """A content that is stored, or may be: ``live`` says whether it is, so far, and found."""

    id: UUID
    content: str
    live: bool


class Neighbourhood:
    """Which contents are near enough to each other to be compared."""

    def __init__(self) -> None:
        self._near: dict[UUID, dict[UUID, tuple[float, Known]]] = defaultdict(dict)

    def add(self, one: Known, other: Known, similarity: float) -> None:
        """A pair; the first similarity (0..1) that it is given stays."""
        self._near[one.id].setdefault(other.id, (similarity, other))
        self._near[other.id].setdefault(one.id, (similarity, one))

    def living(self, own: Known) -> list[tuple[float, Known]]:
        """The few nearest that are live, the nearest first."""
        living = [pair for pair in self._near[own.id].values() if pair[1].live]
        return sorted(living, key=lambda pair: (-pair[0], pair[1].id))[:FEW]


@dataclass(frozen=True, slots=True)
class Ended:
    """A fact that an update has put an end to, and since when that one holds, if it says so."""

    corpus_id: str
    id: UUID
    valid_from: datetime | None


@dataclass(frozen=True, slots=True)
class Decisions:
    """``facts`` is what to store, in input order: a fact that says the *same* as another one has
    that one's content there, and so reinforces it."""

    facts: Sequence[NewFact]
    judged: Sequence[JudgedFact]
    ended: Sequence[Ended]


def decide(
    facts: Sequence[NewFact], known: Sequence[Known], near: Neighbourhood, judge: Judge
) -> Decisions:
    """Judge the facts one after another, as if each was stored before the next one is read.

    ``known[i]`` is the content of ``facts[i]``, one object for equal ones, and follows what is
    decided. What is live is reinforced unjudged. Any other is compared with its nearest live
    neighbours: the first one it says the *same* as decides; otherwise it is live from now on, and
    those that it is an *update* of are no longer.
    """
    stored = list(facts)
    judged: list[JudgedFact] = []
    ended: dict[UUID, Ended] = {}
    for position, (fact, own) in enumerate(zip(facts, known, strict=True)):
        if own.live:
            continue
        verdicts: list[tuple[Verdict, Known, float]] = []
        for similarity, other in near.living(own):
            verdict = judge(other.content, fact)
            check_choice("judge", verdict, get_args(Verdict))
            if verdict == "same":
                verdicts = [(verdict, other, similarity)]
                stored[position] = replace(fact, content=other.content, embedding=None)
                break
            verdicts.append((verdict, other, similarity))
        else:
            own.live = True
            ended.pop(own.id, None)
        for verdict, other, similarity in verdicts:
            if verdict == "update":
                other.live = False
                ended[other.id] = Ended(fact.corpus_id, other.id, fact.valid_from)
            judged.append(
                JudgedFact(
                    position=position,
                    verdict=verdict,
                    fact_id=own.id,
                    other_id=other.id,
                    similarity=similarity,
                )
            )
    return Decisions(stored, judged, list(ended.values()))
