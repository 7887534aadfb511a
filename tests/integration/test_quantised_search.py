"""Searches by the signs of the vectors, through an index a fraction of the size."""

from __future__ import annotations

import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.store import Store
from tests.clusters import FACTS, QUERIES, Clustered, fill

QUANTISED = """
    CREATE INDEX signs ON hegel_facts
    USING hnsw ((binary_quantize(embedding_384)::bit(384)) bit_hamming_ops)
    WHERE deleted_at IS NULL
"""


@pytest.fixture
def signs(url: str, store: Store):
    """Facts with an index of their signs, and none of their vectors."""
    fill(store)
    with store.engine.begin() as connection:
        connection.execute(text(QUANTISED))
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE hegel_facts"))
    with hegel_store.connect(url, embedder=Clustered()) as connected:
        yield connected


def test_it_finds_what_an_exact_search_finds_in_the_same_order(signs):
    right = 0
    for query in QUERIES:
        exact = signs.facts.search(query, corpus_id="c", mode="vector")
        quick = signs.facts.search(query, corpus_id="c", mode="vector", quantised=True)
        assert len(quick) == 10
        scores = [hit.vector_score for hit in quick]
        assert scores == sorted(scores, reverse=True)
        right += len({hit.fact.id for hit in exact} & {hit.fact.id for hit in quick})
    assert right / (10 * len(QUERIES)) >= 0.95


def test_it_goes_through_the_index_of_the_signs(signs):
    with signs.begin() as work:
        # So few facts are sorted faster than the index is gone through.
        work.session.execute(text("SET LOCAL enable_sort = off"))
        found = work.facts.search(
            QUERIES[0], corpus_id="c", mode="vector", quantised=True, explain=True
        )
        other = work.facts.search(QUERIES[0], corpus_id="c", mode="vector", explain=True)
    assert "Index Scan using signs" in found.plan
    assert "Index Scan using signs" not in other.plan


def test_hybrid_searches_and_filters_go_with_it(signs):
    found = signs.facts.search(QUERIES[0], corpus_id="c", quantised=True)
    assert len(found) == 10
    assert list(signs.facts.search(QUERIES[0], corpus_id="elsewhere", quantised=True)) == []


def test_all_of_them_can_be_streamed(signs):
    hits = signs.facts.search_iter(QUERIES[0], corpus_id="c", mode="vector", quantised=True)
    assert sum(1 for _ in hits) == FACTS
