"""Vectors of facts: made once, outside transactions, of one model per corpus."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

import hegel_store
from hegel_store.errors import (
    EmbedderMissing,
    EmbeddingSpaceMismatch,
    InvalidInput,
    TransactionOpen,
)
from hegel_store.models import NewFact
from hegel_store.models.vectors import Vector
from hegel_store.repositories import FactRepository, fact_batches
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.samples import contents, fact, rows


def test_each_distinct_new_text_is_embedded_once(memory: Store, embedder: HashingEmbedder) -> None:
    memory.facts.add_many([fact("a"), fact("b"), fact("a"), fact("b", "law")])
    assert embedder.embedded == ["a", "b"]
    memory.facts.add_many([fact("a"), fact("b", "law"), fact("c")])
    assert embedder.embedded == ["a", "b", "c"]
    memory.facts.add_many([fact("c"), fact("a")])
    assert embedder.embedded == ["a", "b", "c"]


def test_fact_stored_without_a_vector_gets_one_when_it_is_learned_again(
    store: Store, memory: Store
) -> None:
    (identifier,) = store.facts.add_many([fact("hedgehogs")]).ids
    assert list(memory.facts.search("hedgehogs", mode="vector")) == []
    memory.facts.add_many([fact("hedgehogs")])
    assert [hit.fact.id for hit in memory.facts.search("hedgehogs", mode="vector")] == [identifier]


class Watching(HashingEmbedder):
    """Looks, while it embeds, at what other connections are doing."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.open_transactions: list[int] = []
        self.checked_out: list[int] = []
        self.store: Store | None = None

    def embed(self, texts: Sequence[str]) -> Vector:
        assert self.store is not None
        self.checked_out.append(self.store.engine.pool.checkedout())
        with hegel_store.connect(self._url) as other:
            ((count,),) = rows(
                other,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND xact_start IS NOT NULL "
                "AND pid <> pg_backend_pid()",
            )
        self.open_transactions.append(count)
        return super().embed(texts)


def test_no_transaction_and_no_connection_is_held_while_texts_are_embedded(url: str) -> None:
    """But for those of the batch before, which is being written."""
    watching = Watching(url)
    with hegel_store.connect(url, embedder=watching) as store:
        watching.store = store
        store.facts.add_many([fact("fact")])
        store.facts.search("fact 1")
        with store.begin() as work:
            work.facts.add_many([fact("in a unit of work")])
        store.facts.add_many(fact(f"fact {n}") for n in range(fact_batches.BATCH + 1))
    *alone, beside_writing = zip(watching.open_transactions, watching.checked_out, strict=True)
    assert alone == [(0, 0)] * 4
    assert max(beside_writing) <= 1


def test_unit_of_work_embeds_before_its_first_statement_or_not_at_all(
    memory: Store, embedder: HashingEmbedder
) -> None:
    with memory.begin() as work:
        work.facts.add_many([fact("first")])
        with pytest.raises(TransactionOpen):
            work.facts.add_many([fact("second")])
        work.facts.add_many([fact("third", embedding=embedder.embed(["third"])[0])])
    assert contents(memory) == ["first", "third"]
    with memory.begin() as work:
        work.profiles.latest("news", "qa")
        with pytest.raises(TransactionOpen):
            work.facts.add_many([fact("fourth")], on_error="report")
    with memory.engine.begin() as connection, pytest.raises(TransactionOpen):
        FactRepository(connection, embedder).add_many([fact("fifth")])
    assert contents(memory) == ["first", "third"]


def test_unit_of_work_takes_more_facts_than_fit_a_batch(
    memory: Store, embedder: HashingEmbedder
) -> None:
    count = fact_batches.BATCH + 1
    with memory.begin() as work:
        result = work.facts.add_many(fact(f"fact {n}") for n in range(count))
    assert (result.added, len(set(result.ids))) == (count, count)
    assert len(embedder.embedded) == count


def test_rolled_back_unit_of_work_remembers_nothing(memory: Store) -> None:
    def change_of_mind() -> None:
        with memory.begin() as work:
            work.facts.add_many([fact("a", label="l")])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        change_of_mind()
    assert rows(memory, "SELECT 1 FROM hegel_facts") == []
    assert rows(memory, "SELECT 1 FROM hegel_labels") == []
    assert rows(memory, "SELECT 1 FROM hegel_embedding_spaces") == []


def test_given_embeddings_are_stored_and_nothing_is_embedded(
    memory: Store, embedder: HashingEmbedder
) -> None:
    direction = HashingEmbedder("hashing").embed(["elsewhere"])[0]
    (identifier, other) = memory.facts.add_many(
        [fact("a", embedding=(direction * 7).tolist()), fact("b")]
    ).ids
    assert embedder.embedded == ["b"]
    hits = memory.facts.search("x", embedding=tuple(direction), mode="vector")
    assert [hit.fact.id for hit in hits] == [identifier, other]
    assert hits[0].vector_score == pytest.approx(1, abs=1e-3)


class Broken(HashingEmbedder):
    """Returns something else than the contract asks for."""

    def __init__(self, change: object, **rest: object) -> None:
        super().__init__(**rest)
        self._change = change

    def embed(self, texts: Sequence[str]) -> Vector:
        return self._change(super().embed(texts))


BREACHES = {
    "too few rows": lambda vectors: vectors[:-1],
    "too short": lambda vectors: vectors[:, :-1],
    "one row": lambda vectors: vectors[0],
    "not unit": lambda vectors: vectors * 2,
    "zero": lambda vectors: vectors * 0,
    "NaN": lambda vectors: vectors * math.nan,
}


@pytest.mark.parametrize("breach", BREACHES)
def test_embedder_that_breaks_its_contract_stores_nothing(store: Store, breach: str) -> None:
    facts = FactRepository(store.facts._session, Broken(BREACHES[breach]))
    for on_error in ("raise", "report"):
        with pytest.raises(InvalidInput) as caught:
            facts.add_many([fact("a"), fact("b")], on_error=on_error)
        assert caught.value.field == "embedding"
    assert contents(store) == []
    if breach not in ("too few rows", "one row"):
        with pytest.raises(InvalidInput):
            facts.search("a", mode="vector")
        assert facts.search("a").degraded == "embedder"


@pytest.mark.parametrize(
    "embedder",
    [HashingEmbedder(dimensions=100), HashingEmbedder(name=""), HashingEmbedder(name="x" * 201)],
)
def test_embedder_without_a_column_or_a_name_is_refused(
    store: Store, embedder: HashingEmbedder
) -> None:
    with pytest.raises(InvalidInput) as caught:
        FactRepository(store.facts._session, embedder).add_many([fact("a")])
    assert caught.value.field == "embedder"


def test_a_fact_that_is_added_again_with_an_embedder_gets_its_vector(
    memory: Store, store: Store
) -> None:
    store.facts.add_many([fact("a")])
    assert len(memory.facts.search("x", mode="vector")) == 0
    added = memory.facts.add_many([fact("a")])
    assert (added.added, added.merged) == (0, 1)
    assert [hit.fact.content for hit in memory.facts.search("x", mode="vector")] == ["a"]


def test_failing_embedder_stores_nothing_of_its_batch(store: Store) -> None:
    def fail(_: Vector) -> Vector:
        raise ConnectionError("no model today")

    with pytest.raises(ConnectionError):
        FactRepository(store.facts._session, Broken(fail)).add_many([fact("a")])
    assert contents(store) == []


def test_embeddings_of_another_size_are_refused(memory: Store, store: Store) -> None:
    for size in (768, 1024, 1536):
        with pytest.raises(InvalidInput) as caught:
            memory.facts.add_many([fact("a"), fact("b", embedding=[1.0] * size)])
        assert caught.value.field == "embedding"
        with pytest.raises(InvalidInput):
            memory.facts.search("a", embedding=[1.0] * size)
    with pytest.raises(InvalidInput):
        store.facts.add_many([fact("a", embedding=[1.0] * 768), fact("b", embedding=[1.0] * 384)])
    assert contents(memory) == []


@pytest.mark.parametrize("size", [384, 768, 1024, 1536])
def test_every_size_has_its_column(store: Store, size: int) -> None:
    facts = FactRepository(store.facts._session, HashingEmbedder(f"model {size}", size))
    facts.add_many([fact("hedgehogs sleep"), fact("badgers dig")])
    assert [hit.fact.content for hit in facts.search("badgers", mode="vector")] == [
        "badgers dig",
        "hedgehogs sleep",
    ]


def test_vectors_of_two_models_never_meet_in_a_corpus(memory: Store, url: str) -> None:
    memory.facts.add_many([fact("a"), fact("b")])
    with hegel_store.connect(url, embedder=HashingEmbedder("other")) as stranger:
        for attempt in (
            lambda: stranger.facts.add_many([fact("c")]),
            lambda: stranger.facts.search("a", corpus_id="news"),
            lambda: stranger.facts.search("a", corpus_id="news", mode="vector"),
            lambda: stranger.facts.search("a"),
        ):
            with pytest.raises(EmbeddingSpaceMismatch) as caught:
                attempt()
            error = caught.value
            assert (error.stored, error.given) == ("hashing", "other")
            assert (error.slot, error.corpus_id) == ("embedding_384", "news")
        assert stranger.facts.search("b", mode="text")[0].fact.content == "b"
        assert stranger.facts.add_many([fact("c", "law")]).added == 1
        assert len(stranger.facts.search("c", corpus_id="law", mode="vector")) == 1
        assert contents(memory) == ["a", "b", "c"]
    with pytest.raises(EmbeddingSpaceMismatch):
        memory.facts.search("a")
    assert len(memory.facts.search("a", corpus_id="news")) == 2


def test_two_models_of_different_size_live_side_by_side(memory: Store) -> None:
    large = FactRepository(memory.facts._session, HashingEmbedder("large", 768))
    memory.facts.add_many([fact("a")])
    assert large.add_many([fact("a"), fact("b")]).added == 1
    assert len(memory.facts.search("a", mode="vector")) == 1
    assert len(large.search("a", mode="vector")) == 2


def test_given_vectors_without_an_embedder_are_a_space_of_their_own(
    store: Store, memory: Store
) -> None:
    store.facts.add_many([fact("a", embedding=[1.0] + [0.0] * 383)])
    assert len(store.facts.search("", embedding=[1.0] * 384, mode="vector")) == 1
    with pytest.raises(EmbeddingSpaceMismatch):
        memory.facts.add_many([fact("b")])
    with pytest.raises(EmbedderMissing):
        store.facts.search("a", mode="vector")


def test_of_models_racing_for_a_corpus_exactly_one_wins(url: str) -> None:
    models = [f"model {n}" for n in range(4)]
    barrier = Barrier(len(models))

    def claim(model: str) -> str | None:
        with hegel_store.connect(url, embedder=HashingEmbedder(model)) as store:
            barrier.wait()
            try:
                store.facts.add_many([fact(f"{model} {n}") for n in range(5)])
            except EmbeddingSpaceMismatch as error:
                return error.stored
            return None

    with ThreadPoolExecutor(len(models)) as pool:
        outcomes = list(pool.map(claim, models))
    winner = models[outcomes.index(None)]
    assert outcomes.count(None) == 1
    assert outcomes.count(winner) == len(models) - 1
    with hegel_store.connect(url) as store:
        assert contents(store) == [f"{winner} {n}" for n in range(5)]


def test_rows_of_no_one_size_are_refused(url):
    class Ragged(HashingEmbedder):
        def embed(self, texts):
            return [[1.0] * 384, [1.0]]

    with hegel_store.connect(url, embedder=Ragged()) as store:
        with pytest.raises(InvalidInput, match="embedding"):
            store.facts.add_many(
                [NewFact(corpus_id="c", content="a"), NewFact(corpus_id="c", content="b")]
            )
        assert store.facts.search("a", mode="text").hits == []
