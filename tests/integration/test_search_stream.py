"""All facts that answer a query, through a cursor of the server."""

from __future__ import annotations

import tracemalloc

import pytest
from sqlalchemy import text

from hegel_store.errors import EmbeddingSpaceMismatch, InvalidInput
from hegel_store.models import FactFilter
from hegel_store.store import Store
from tests.clusters import QUERIES, Clustered, clustered, load
from tests.embedders import HashingEmbedder
from tests.samples import fact

CONTENTS = [f"Hedgehog number {n} sleeps in {'leaves' * (n % 3)}." for n in range(60)]


@pytest.fixture
def zoo(memory: Store) -> Store:
    memory.facts.add_many(fact(content, "zoo") for content in CONTENTS)
    return memory


@pytest.mark.parametrize("mode", ["hybrid", "vector", "text"])
@pytest.mark.parametrize("batch", [1, 7, 500])
def test_it_gives_the_hits_of_a_search_for_as_many(zoo, mode, batch):
    options = {"corpus_id": "zoo", "mode": mode, "limit": 40}
    streamed = list(zoo.facts.search_iter("where do hedgehogs sleep?", batch=batch, **options))
    assert len(streamed) == 40
    assert streamed == list(zoo.facts.search("where do hedgehogs sleep?", **options))


def test_without_a_limit_everything_that_matches_comes_once(zoo):
    hits = list(zoo.facts.search_iter("hedgehog", corpus_id="zoo"))
    assert sorted(hit.fact.content for hit in hits) == sorted(CONTENTS)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert list(zoo.facts.search_iter("bread", corpus_id="zoo", mode="text")) == []
    filters = FactFilter(categories=["none"])
    assert list(zoo.facts.search_iter("hedgehog", corpus_id="zoo", filters=filters)) == []


def test_an_iterator_that_is_closed_lets_go_of_its_connection(zoo):
    for _ in range(30):  # more than the pool has
        hits = zoo.facts.search_iter("hedgehog", corpus_id="zoo", batch=1)
        next(hits)
        hits.close()
    with zoo.engine.connect() as connection:
        open_cursors = connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
                " AND datname = current_database()"
            )
        )
    assert open_cursors == 0


def test_it_runs_in_a_unit_of_work_which_goes_on(zoo):
    with zoo.begin() as work:
        hits = list(work.facts.search_iter("hedgehog", corpus_id="zoo", batch=3))
        assert len(hits) == len(CONTENTS)
        work.facts.forget("zoo", [hits[0].fact.id])
    assert len(list(zoo.facts.search_iter("hedgehog", corpus_id="zoo"))) == len(CONTENTS) - 1


def test_what_is_written_while_reading_stays_when_the_reading_stops_early(zoo):
    with zoo.begin() as work:
        for hit in work.facts.search_iter("hedgehog", corpus_id="zoo", batch=2):
            work.facts.forget("zoo", [hit.fact.id])
            break
        abandoned = work.facts.search_iter("hedgehog", corpus_id="zoo", batch=2)
        next(abandoned)
        work.profiles.append("zoo", "qa", {})
        abandoned.close()
    assert len(zoo.facts.search("hedgehog", corpus_id="zoo", limit=100)) == len(CONTENTS) - 1
    assert zoo.profiles.latest("zoo", "qa") is not None


def test_two_may_be_read_in_turns_in_one_unit_of_work(zoo):
    with zoo.begin() as work:
        one = work.facts.search_iter("hedgehog", corpus_id="zoo", batch=2)
        other = work.facts.search_iter("leaves", corpus_id="zoo", batch=3)
        pairs = list(zip(one, other, strict=True))
        assert len(pairs) == len(CONTENTS)
        left = work.facts.search_iter("hedgehog", corpus_id="zoo", batch=2)
        next(left)
        next(other := work.facts.search_iter("leaves", corpus_id="zoo", batch=3))
        left.close()
        assert sum(1 for _ in other) == len(CONTENTS) - 1


def test_an_iterator_that_outlives_its_unit_of_work_can_be_closed(zoo):
    with zoo.begin() as work:
        hits = work.facts.search_iter("hedgehog", corpus_id="zoo", batch=2)
        next(hits)
    hits.close()
    assert len(list(zoo.facts.search_iter("hedgehog", corpus_id="zoo"))) == len(CONTENTS)


def test_memory_does_not_grow_with_the_number_of_hits(url, store):
    load(store, clustered(2000, seed=1))
    import hegel_store

    def peak(limit: int) -> int:
        with hegel_store.connect(url, embedder=Clustered()) as connected:
            found = connected.facts.search_iter(
                QUERIES[0], corpus_id="c", mode="vector", limit=limit, batch=50
            )
            next(found)
            tracemalloc.start()
            count = 1 + sum(1 for _ in found)
            used = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert count == limit
            return used

    peak(100)
    assert peak(2000) < 2 * peak(200)


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("limit", {"limit": 0}),
        ("batch", {"batch": 0}),
        ("batch", {"batch": 10_001}),
        ("pool", {"pool": 20}),
        ("diversity", {"diversity": 0.5}),
        ("mode", {"mode": "magic"}),
        ("query", {"query": "\0"}),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_asked_for(zoo, field, options):
    with pytest.raises(InvalidInput, match=field):
        zoo.facts.search_iter(**{"query": "hedgehog"} | options)


def test_vectors_of_another_model_are_not_compared(zoo, url):
    import hegel_store

    other = HashingEmbedder()
    other.name = "another"
    with hegel_store.connect(url, embedder=other) as store:
        hits = store.facts.search_iter("hedgehog", corpus_id="zoo")
        with pytest.raises(EmbeddingSpaceMismatch, match="another"):
            next(hits)
