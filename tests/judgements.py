"""Labelled queries whose answers are known, as an exact search gives them."""

from __future__ import annotations

from collections.abc import Sequence

from hegel_store.models.baselines import LabelledQuery
from hegel_store.store import Store
from tests.clusters import QUERIES


def labelled(store: Store, corpus_id: str = "c", count: int = len(QUERIES)) -> list[LabelledQuery]:
    """The questions with what a search by vectors finds now."""
    return [
        LabelledQuery(query=query, relevant=dict.fromkeys(found(store, query, corpus_id), 1.0))
        for query in QUERIES[:count]
    ]


def found(store: Store, query: str, corpus_id: str) -> Sequence[object]:
    hits = store.facts.search(query, corpus_id=corpus_id, mode="vector", limit=10)
    return [hit.fact.id for hit in hits]
