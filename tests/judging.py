"""Adds facts that are judged, and looks at what became of them."""

from __future__ import annotations

from hegel_store.models import AddResult, FactFilter, NewFact
from hegel_store.store import Store
from tests.samples import fact


def add(store: Store, *given: str | NewFact, **options: object) -> AddResult:
    facts = [fact(one) if isinstance(one, str) else one for one in given]
    return store.facts.add_many(facts, near_duplicates="judge", **options)


def found(store: Store, **filters: object) -> list[str]:
    """Contents of the facts that searches find, in order."""
    hits = store.facts.search(
        "", embedding=[1.0] * 384, mode="vector", limit=1000, filters=FactFilter(**filters)
    )
    assert hits.complete
    return sorted(hit.fact.content for hit in hits)


def verdicts(result: AddResult) -> list[tuple[int, str]]:
    """Positions and verdicts, in the order in which they were made."""
    return [(one.position, one.verdict) for one in result.near_duplicates]
