"""The approximate scan of the vector index, and the exact pass where it comes up short."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import text

from hegel_store.models import FactFilter, NewFact
from hegel_store.store import Store

FACTS = 1_500
RARE = FactFilter(metadata={"rare": True})


@pytest.fixture
def vectors(store: Store) -> np.ndarray:
    """Random unit vectors of stored facts; one fact in forty is marked as rare."""
    source = np.random.default_rng(7)
    made = source.normal(size=(FACTS, 384))
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    store.facts.add_many(
        NewFact(
            corpus_id="c",
            content=f"fact {n}",
            embedding=made[n],
            metadata={"rare": n % 40 == 0},
        )
        for n in range(FACTS)
    )
    return made


def nearest(vectors: np.ndarray, query: np.ndarray, numbers: range, limit: int) -> list[str]:
    ranked = sorted(numbers, key=lambda n: -float(vectors[n] @ query))
    return [f"fact {n}" for n in ranked[:limit]]


def test_a_scan_that_gives_up_early_is_followed_by_an_exact_pass(store, vectors):
    query = vectors[1]
    with store.begin() as work:
        # The planner would go round the index for so small a table.
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            work.session.execute(text(f"SET LOCAL {setting} = off"))
        unfiltered = work.facts.search("", mode="vector", embedding=query, limit=20, candidates=20)
        assert (unfiltered.exact, unfiltered.scan_limit_hit) == (False, False)
        assert unfiltered[0].fact.content == "fact 1"
        work.session.execute(text("SET LOCAL hnsw.max_scan_tuples = 1"))
        # As many as there are, which the visited part of the graph does not hold.
        rare = work.facts.search(
            "", mode="vector", embedding=query, limit=38, candidates=38, filters=RARE
        )
    assert (rare.exact, rare.scan_limit_hit, rare.complete) == (True, True, True)
    expected = nearest(vectors, query, range(0, FACTS, 40), 38)
    assert [hit.fact.content for hit in rare] == expected


def test_the_iterative_scan_goes_on_until_it_has_enough(store, vectors):
    """A plain scan would look at ef_search neighbours and keep the few that the filter lets by."""
    query = vectors[1]
    with store.begin() as work:
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            work.session.execute(text(f"SET LOCAL {setting} = off"))
        found = work.facts.search(
            "", mode="vector", embedding=query, limit=20, candidates=20, filters=RARE
        )
    assert (len(found), found.exact, found.scan_limit_hit) == (20, False, False)
    expected = nearest(vectors, query, range(0, FACTS, 40), 20)
    assert len({hit.fact.content for hit in found} & set(expected)) >= 18
