"""The recall self-test: which facts it is about, what it refuses, and that it changes nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.errors import (
    DatabaseError,
    EmbedderMissing,
    EmbeddingSpaceMismatch,
    HegelStoreError,
    InvalidInput,
    NotFound,
)
from hegel_store.models import NewFact
from hegel_store.repositories.recall import _snapshot, measure_recall
from hegel_store.search import recall
from hegel_store.store import Store
from tests.clusters import QUERIES, Clustered, clustered, fill, index, load
from tests.embedders import HashingEmbedder
from tests.samples import rows


@pytest.fixture
def filled(store: Store) -> Store:
    """Three thousand facts with clustered vectors, and no index yet."""
    fill(store)
    return store


def test_what_is_deleted_expired_or_of_another_corpus_is_no_part_of_it(store):
    vectors = clustered(40, seed=1)
    ids = load(store, vectors)
    load(store, vectors, corpus_id="other")
    with store.engine.begin() as connection:
        for column, few in (("deleted_at", ids[:10]), ("expires_at", ids[10:15])):
            connection.execute(
                text(f"UPDATE hegel_facts SET {column} = '2020-01-01' WHERE id = ANY(:ids)"),
                {"ids": few},
            )
    assert measure_recall(store.engine, corpus_id="c").facts == 25
    assert measure_recall(store.engine, corpus_id="c").queries == 25
    assert measure_recall(store.engine).facts == 65


def test_the_same_seed_draws_the_same_facts(filled):
    index(filled, m=2, ef_construction=4)

    def recalls(seed: int | None) -> tuple[int | None, list[float]]:
        report = measure_recall(filled.engine, sample=20, ef_search=[10], seed=seed)
        return report.seed, [point.recall for point in report.points]

    drawn, first = recalls(None)
    assert recalls(drawn) == (drawn, first)
    assert len({tuple(recalls(seed)[1]) for seed in range(5)}) > 1


def test_nothing_is_written_and_no_setting_stays(filled):
    index(filled, m=4, ef_construction=8)
    content = "SELECT md5(string_agg(fact::text || xmin, '' ORDER BY id)) FROM hegel_facts AS fact"
    settings = "SELECT current_setting('hnsw.ef_search'), current_setting('plan_cache_mode')"
    before = rows(filled, content)
    measure_recall(filled.engine, sample=5)
    assert rows(filled, settings) == [("40", "auto")]
    assert rows(filled, content) == before
    with (
        pytest.raises(DatabaseError, match="read-only transaction"),
        _snapshot(filled.engine) as connection,
    ):
        connection.execute(text("DELETE FROM hegel_facts"))
    assert rows(filled, content) == before


def test_facts_that_arrive_meanwhile_are_not_seen(store):
    with _snapshot(store.engine) as connection:
        counted = text("SELECT count(*) FROM hegel_facts")
        assert connection.execute(counted).scalar_one() == 0
        load(store, clustered(3, seed=1))
        assert connection.execute(counted).scalar_one() == 0


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"k": 0}, "k"),
        ({"k": 1001}, "k"),
        ({"ef_search": [9]}, "ef_search"),
        ({"ef_search": [1001]}, "ef_search"),
        ({"ef_search": ["40"]}, "ef_search"),
        ({"ef_search": 40}, "ef_search"),
        ({"sample": 0}, "sample"),
        ({"sample": 10_001}, "sample"),
        ({"seed": -1}, "seed"),
        ({"corpus_id": " "}, "corpus_id"),
        ({"dimensions": 5}, "dimensions"),
        ({"dimensions": True}, "dimensions"),
        ({"dimensions": 768, "embedder": Clustered()}, "dimensions"),
        ({"embedder": HashingEmbedder(dimensions=5)}, "embedder"),
        ({"queries": [], "embedder": Clustered()}, "queries"),
        ({"queries": "question 1", "embedder": Clustered()}, "queries"),
        ({"queries": iter("a"), "embedder": Clustered()}, "queries"),
        ({"queries": ["a\0"], "embedder": Clustered()}, "queries"),
    ],
)
def test_bad_input_names_the_field(store, arguments, field):
    load(store, clustered(3, seed=1))
    with pytest.raises(InvalidInput) as refused:
        measure_recall(store.engine, **arguments)
    assert refused.value.field == field


def test_without_vectors_there_is_nothing_to_measure(store):
    def refused(kind: type[HegelStoreError], **arguments: object) -> str:
        with pytest.raises(kind) as error:
            measure_recall(store.engine, **arguments)
        return str(error.value)

    store.facts.add_many([NewFact(corpus_id="c", content="It has no vector.")])
    assert "there is no fact with a vector" in refused(NotFound)
    assert "of 768 dimensions in corpus 'c'" in refused(NotFound, corpus_id="c", dimensions=768)
    load(store, clustered(1, seed=1))
    assert "there is no second fact with a vector" in refused(NotFound)
    load(store, clustered(2, seed=1), corpus_id="other", model="another")
    assert measure_recall(store.engine, corpus_id="other").facts == 2
    refused(EmbedderMissing, queries=["a"])
    for arguments in (
        {},
        {"corpus_id": "other", "embedder": Clustered()},
        {"corpus_id": "other", "embedder": Clustered(), "queries": QUERIES[:1]},
    ):
        assert "'another'" in refused(EmbeddingSpaceMismatch, **arguments)


def test_vectors_of_two_sizes_have_to_be_told_apart(url):
    for size in (384, 768):
        with hegel_store.connect(url, embedder=HashingEmbedder(dimensions=size)) as memory:
            memory.facts.add_many(
                NewFact(corpus_id=f"c{size}", content=f"fact {n}") for n in range(3)
            )
    with pytest.raises(InvalidInput, match=r"dimensions: say which: .* 384, 768"):
        measure_recall(memory.engine)
    assert measure_recall(memory.engine, corpus_id="c768").slot == "embedding_768"
    assert measure_recall(memory.engine, dimensions=384).slot == "embedding_384"
    given = measure_recall(memory.engine, embedder=HashingEmbedder(dimensions=768))
    assert given.slot == "embedding_768"
    memory.close()


def test_no_value_is_part_of_a_statement():
    for make in (recall.exact_statement, recall.sample_statement, recall.indexed_statement):
        statement, parameters = make("embedding_384", "s3nt1nel")
        assert "s3nt1nel" not in str(statement)
        assert parameters["corpus_id"] == "s3nt1nel"
