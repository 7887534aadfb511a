"""The recall self-test tells the truth of indexes that are good, poor, unused and missing."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.models.identifiers import uuid7
from hegel_store.models.vectors import Vector, vector_text
from hegel_store.repositories.recall import measure_recall
from hegel_store.search import recall
from hegel_store.store import Store
from tests.clusters import FACTS, INDEX, QUERIES, Clustered, clustered, fill, index, load


@pytest.fixture
def filled(store: Store) -> Store:
    """Three thousand facts with clustered vectors, and no index yet."""
    fill(store)
    return store


def distances(queries: Vector, vectors: Vector) -> np.ndarray:
    """Cosine distances, float64 (queries, vectors), of what a halfvec keeps of the vectors."""
    kept = vectors.astype(np.float16).astype(np.float64)
    asked = queries.astype(np.float16).astype(np.float64)
    kept /= np.linalg.norm(kept, axis=1, keepdims=True)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    return 1 - asked @ kept.T


def test_a_poor_index_finds_little_and_more_with_a_larger_ef_search(filled):
    index(filled, m=2, ef_construction=4)
    report = measure_recall(filled.engine, k=10, ef_search=[10, 40, 160], sample=40, seed=1)
    by_ef = {point.ef_search: point for point in report.points}
    assert list(by_ef) == [10, 40, 100, 160]
    assert by_ef[10].recall < 0.9
    assert by_ef[10].recall < by_ef[40].recall < by_ef[160].recall
    assert all(point.worst < point.recall or point.recall == 1 for point in report.points)
    assert all(0 < point.p50 <= point.p95 for point in report.points)
    assert {point.index for point in report.points} == {INDEX}
    assert report.indexes == {INDEX: "m=2, ef_construction=4"}
    assert (report.facts, report.queries, report.k, report.default) == (FACTS, 40, 10, 100)
    assert report.smallest(0) == by_ef[10]
    assert report.smallest(by_ef[40].recall) == by_ef[40]
    assert report.smallest(1.01) is None

    index(filled, m=16, ef_construction=64)
    better = measure_recall(filled.engine, k=10, ef_search=[10], sample=40, seed=1)
    assert better.points[0].index == INDEX
    assert better.points[0].recall > 0.9


def test_exact_lists_are_those_of_numpy(filled):
    index(filled, m=2, ef_construction=4)  # poor, so that an exact list from it would be wrong
    ids = load(filled, clustered(500, seed=3), corpus_id="other")
    vectors = {"c": clustered(FACTS, seed=1), "other": clustered(500, seed=3)}
    queries = Clustered().embed(QUERIES)
    for corpus, stored in (("other", vectors["other"]), (None, np.vstack([*vectors.values()]))):
        statement, parameters = recall.exact_statement("embedding_384", corpus)
        expected = distances(queries, stored)
        for n, query in enumerate(queries):
            with filled.engine.connect() as connection:
                found = connection.execute(
                    statement, parameters | {"embedding": vector_text(query), "limit": 10}
                ).all()
            nearest = np.argsort(expected[n])[:10]
            np.testing.assert_allclose([f.distance for f in found], expected[n][nearest], atol=1e-6)
            if corpus == "other":
                assert [f.id for f in found] == [ids[place] for place in nearest]


def test_the_recall_is_that_of_the_two_lists(filled):
    """Counted here once more: what the index returns, against NumPy's nearest."""
    index(filled, m=6, ef_construction=12)
    report = measure_recall(
        filled.engine, embedder=Clustered(), queries=QUERIES, k=5, ef_search=[5, 20]
    )
    assert report.seed is None
    assert [point.ef_search for point in report.points] == [5, 20, 100]
    queries = Clustered().embed(QUERIES)
    farthest = np.sort(distances(queries, clustered(FACTS, seed=1)))[:, 4]
    for point in report.points:
        recalls = []
        for query, bound in zip(queries, farthest, strict=True):
            with filled.engine.connect() as connection:
                connection.execute(text("SET LOCAL enable_seqscan = off"))
                connection.execute(text(f"SET LOCAL hnsw.ef_search = {point.ef_search}"))
                connection.execute(text("SET LOCAL hnsw.iterative_scan = relaxed_order"))
                found = connection.execute(
                    text(
                        "SELECT embedding_384 <=> CAST(:query AS halfvec(384)) FROM hegel_facts"
                        " WHERE deleted_at IS NULL"
                        " ORDER BY embedding_384 <=> CAST(:query AS halfvec(384)) LIMIT :depth"
                    ),
                    {"query": vector_text(query), "depth": max(point.ef_search, 6)},
                )
                nearest = sorted(found.scalars())[:5]
            recalls.append(sum(distance <= bound + 1e-6 for distance in nearest) / 5)
        assert point.recall == pytest.approx(np.mean(recalls))
        assert point.worst == pytest.approx(np.mean(sorted(recalls)[:3]))
    assert report.points[0].recall < 1


def test_a_point_is_what_a_search_with_so_many_candidates_finds(filled, url):
    index(filled, m=4, ef_construction=8)
    report = measure_recall(filled.engine, embedder=Clustered(), queries=QUERIES, ef_search=[160])
    nearest = np.sort(distances(Clustered().embed(QUERIES), clustered(FACTS, seed=1)))[:, 9]
    with hegel_store.connect(url, embedder=Clustered()) as memory:
        for point in report.points:
            assert (point.index, point.short) == (INDEX, 0)
            right = 0
            for query, bound in zip(QUERIES, nearest, strict=True):
                hits = memory.facts.search(query, mode="vector", candidates=point.ef_search)
                right += sum(1 - hit.vector_score <= bound + 1e-6 for hit in hits)
            assert point.recall == pytest.approx(right / 10 / len(QUERIES))
    assert report.points[0].recall < 1


def test_a_fact_is_left_out_of_its_own_lists_and_equals_may_stand_for_each_other():
    itself, first, second, third = (("c", uuid7()) for _ in range(4))
    found = [(itself, 0.0), (first, 0.1), (second, 0.2), (third, 0.3)]
    assert recall.without(itself, found, 2) == found[1:3]
    assert recall.without(None, found, 2) == found[:2]
    exact = [(first, 0.1), (second, 0.2)]
    assert recall.recall_of([(first, 0.1), (third, 0.2)], exact) == 1
    assert recall.recall_of([(first, 0.1), (third, 0.2001)], exact) == 0.5
    assert recall.recall_of([], exact) == 0


def test_twins_find_each_other_and_not_themselves(store):
    """Each fact has one that is equal, and all others are far: with itself in the lists, the exact
    nearest would be itself, and an index that finds only that would pass."""
    vectors = clustered(2, seed=4)
    load(store, np.vstack([vectors, vectors]))
    seen = []

    class Spy(recall.Answer):
        def __init__(self, facts, milliseconds):
            super().__init__(facts, milliseconds)
            seen.append(facts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hegel_store.repositories.recall.Answer", Spy)
        measure_recall(store.engine, k=1, sample=4, seed=0, ef_search=[1])
    drawn, parameters = recall.sample_statement("embedding_384", None)
    with store.engine.connect() as connection:
        own = connection.execute(drawn, parameters | {"seed": 0, "limit": 4}).all()
    keys = [(row.corpus_id, row.id) for row in own]
    asked = [*keys, *(key for _ in range(2) for key in keys for _ in range(2))]
    for key, answer in zip(asked, seen, strict=True):  # exact ones, then twice for 1 and for 100
        ((fact, distance),) = answer
        assert fact != key
        assert distance == pytest.approx(0, abs=1e-6)


def test_a_small_table_says_that_the_index_was_not_used(store):
    load(store, clustered(50, seed=1))
    index(store, m=2, ef_construction=4)
    report = measure_recall(store.engine, sample=20)
    assert {(point.index, point.recall, point.worst) for point in report.points} == {(None, 1, 1)}
    assert report.indexes == {INDEX: "m=2, ef_construction=4"}
    assert report.smallest(0.5) is None


def test_the_facts_of_a_small_corpus_are_read_without_the_index(filled):
    load(filled, clustered(30, seed=5), corpus_id="small")
    index(filled, m=4, ef_construction=8)
    report = measure_recall(filled.engine, corpus_id="small", sample=10)
    assert (report.facts, list(report.indexes)) == (30, [INDEX])
    assert {(point.index, point.recall) for point in report.points} == {(None, 1)}
    everywhere = measure_recall(filled.engine, sample=10, ef_search=[20])
    assert {point.index for point in everywhere.points} == {INDEX}


def test_an_index_that_is_missing_or_invalid_is_none(filled):
    assert measure_recall(filled.engine, sample=2).indexes == {}
    index(filled, m=4, ef_construction=8)
    with filled.engine.begin() as connection:
        connection.execute(
            text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = CAST(:i AS regclass)"),
            {"i": INDEX},
        )
    report = measure_recall(filled.engine, sample=2)
    assert report.indexes == {}
    assert {point.index for point in report.points} == {None}


def test_a_scan_that_comes_up_short_is_counted(filled):
    """Sixty facts are live, the others expired; the planner does not know that yet."""
    index(filled, m=8, ef_construction=32)
    with filled.engine.begin() as connection:
        connection.execute(text("ALTER TABLE hegel_facts SET (autovacuum_enabled = false)"))
        connection.execute(
            text(
                "UPDATE hegel_facts SET expires_at = '2020-01-01'"
                " WHERE id NOT IN (SELECT id FROM hegel_facts LIMIT 60)"
            )
        )
    report = measure_recall(filled.engine, sample=10, seed=1, ef_search=[20])
    assert report.facts == 60
    few, default = report.points
    assert (few.index, default.index) == (INDEX, INDEX)
    assert (few.short, default.short) == (0, 1)
