"""Many searches at once, and searches by a stored fact."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

import hegel_store
from hegel_store.errors import (
    EmbedderMissing,
    EmbeddingSpaceMismatch,
    InvalidInput,
    NotFound,
)
from hegel_store.models import FactFilter
from hegel_store.repositories import FactRepository
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.samples import fact

CONTENTS = [
    "Hedgehogs sleep in leaves all winter.",
    "Hedgehogs sleep in leaves, mostly.",
    "Storks sleep on one leg.",
    "Bread is baked in the morning.",
]


@pytest.fixture
def zoo(memory: Store) -> Store:
    memory.facts.add_many(fact(content, "zoo") for content in CONTENTS)
    memory.facts.add_many([fact(CONTENTS[0] + " Really.", "other zoo")])
    return memory


@pytest.mark.parametrize("mode", ["hybrid", "vector", "text"])
def test_many_searches_give_what_each_would_give_alone(zoo, mode):
    queries = ["where do hedgehogs sleep?", "bread", "where do hedgehogs sleep?", ""]
    options = {"mode": mode, "limit": 3, "filters": FactFilter(categories=["general"])}
    together = zoo.facts.search_many(queries, corpus_id="zoo", **options)
    alone = [zoo.facts.search(query, corpus_id="zoo", **options) for query in queries]
    assert together == alone
    assert zoo.facts.search_many([], mode=mode) == []


@pytest.mark.parametrize("mode", ["hybrid", "vector", "text"])
def test_queries_may_come_from_a_generator(zoo, mode):
    queries = ["hedgehogs", "bread"]
    assert zoo.facts.search_many((query for query in queries), mode=mode) == zoo.facts.search_many(
        queries, mode=mode
    )


@pytest.mark.parametrize("queries", ["bread", None, 7])
def test_queries_that_are_no_texts_are_refused(zoo, queries):
    with pytest.raises(InvalidInput) as caught:
        zoo.facts.search_many(queries)
    assert caught.value.field == "queries"


def test_many_queries_are_embedded_at_once_and_before_any_statement(url, zoo):
    embedder = HashingEmbedder()
    with hegel_store.connect(url, embedder=embedder) as store, Session(store.engine) as session:
        repository = FactRepository(session, embedder)
        repository.search_many(["bread", "storks", "bread"])
        assert embedder.calls == [["bread", "storks"]]


def test_many_searches_without_an_embedder_answer_from_text(url, zoo):
    with hegel_store.connect(url) as store:
        results = store.facts.search_many(["hedgehogs", "bread"])
        assert [result.degraded for result in results] == ["embedder", "embedder"]
        assert [len(result) for result in results] == [3, 1]
        with pytest.raises(EmbedderMissing):
            store.facts.search_many(["hedgehogs"], mode="vector")


def test_facts_like_a_stored_one_are_found_without_itself(zoo):
    first = zoo.facts.search(CONTENTS[0], corpus_id="zoo", limit=1)[0].fact
    near = zoo.facts.similar_to("zoo", first.id, limit=2)
    assert near[0].fact.content == CONTENTS[1]
    assert first.id not in [hit.fact.id for hit in near]
    assert len(near) == 2
    assert near[0].vector_score > near[1].vector_score
    everywhere = zoo.facts.similar_to("zoo", first.id, limit=1, other_corpora=True)
    assert everywhere[0].fact.corpus_id == "other zoo"
    filtered = zoo.facts.similar_to("zoo", first.id, filters=FactFilter(categories=["none"]))
    assert list(filtered) == []


def test_a_repository_without_an_embedder_finds_them_too(url, zoo):
    first = zoo.facts.search(CONTENTS[0], corpus_id="zoo", limit=1)[0].fact
    with hegel_store.connect(url) as store:
        assert store.facts.similar_to("zoo", first.id) == zoo.facts.similar_to("zoo", first.id)


def test_an_embedder_of_another_model_does_not(url, zoo):
    first = zoo.facts.search(CONTENTS[0], corpus_id="zoo", limit=1)[0].fact
    other = HashingEmbedder()
    other.name = "another"
    with (
        hegel_store.connect(url, embedder=other) as store,
        pytest.raises(EmbeddingSpaceMismatch, match="another"),
    ):
        store.facts.similar_to("zoo", first.id)


def test_as_many_similar_facts_as_asked_for_are_complete(url, zoo):
    with hegel_store.connect(url) as store:
        store.facts.add_many([fact("No vector, and the start is filtered out.", "zoo")])
    (started,) = zoo.facts.add_many([fact("Owls sleep by day.", "zoo", category="owls")]).ids
    others = FactFilter(categories=["general"])
    found = zoo.facts.similar_to("zoo", started, limit=len(CONTENTS), filters=others)
    assert (len(found), found.complete) == (len(CONTENTS), True)
    more = zoo.facts.similar_to("zoo", started, limit=len(CONTENTS) + 1, filters=others)
    assert (len(more), more.complete) == (len(CONTENTS), False)


def test_a_fact_that_is_not_there_or_has_no_vector_is_refused(url, zoo):
    with pytest.raises(NotFound):
        zoo.facts.similar_to("zoo", uuid4())
    with hegel_store.connect(url) as store:
        (bare,) = store.facts.add_many([fact("No vector.", "zoo")]).ids
    with pytest.raises(InvalidInput, match="has no vector") as caught:
        zoo.facts.similar_to("zoo", bare)
    assert caught.value.field == "fact_id"
    first = zoo.facts.search(CONTENTS[0], corpus_id="zoo", limit=1)[0].fact
    with pytest.raises(InvalidInput, match="limit"):
        zoo.facts.similar_to("zoo", first.id, limit=0)
