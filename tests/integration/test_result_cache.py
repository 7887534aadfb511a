"""Answers kept in memory, and every way in which they cease to hold."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest
from sqlalchemy import event

import hegel_store
from hegel_store.errors import InvalidInput
from hegel_store.models import AgeingRule, FactFilter
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.samples import fact

QUERY = "hedgehogs eat"


@pytest.fixture
def memory(url: str, embedder: HashingEmbedder) -> Iterator[Store]:
    """A store that keeps answers, with three facts."""
    with hegel_store.connect(url, embedder=embedder, result_cache=True) as store:
        store.facts.add_many(
            [
                fact("hedgehogs eat beetles", label="diet"),
                fact("hedgehogs sleep in winter"),
                fact("courts adjourn", "law"),
            ]
        )
        yield store


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """What the store sends meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield sent
    event.remove(store.engine, "before_cursor_execute", note)


def hits(store: Store) -> int:
    return store.result_cache.statistics.hits


def contents(store: Store, **options: Any) -> list[str]:
    return [hit.fact.content for hit in store.facts.search(QUERY, **options)]


def test_an_identical_search_asks_nothing_but_whether_anybody_wrote(
    memory: Store, embedder: HashingEmbedder
) -> None:
    first = memory.facts.search(QUERY, corpus_id="news")
    embedder.calls.clear()
    with statements(memory) as sent:
        assert memory.facts.search(QUERY, corpus_id="news") == first
    assert len(sent) == 1
    assert "hegel_facts" not in sent[0]
    assert embedder.calls == []
    found = memory.result_cache.statistics
    assert (found.hits, found.misses, found.entries) == (1, 1, 1)
    assert found.bytes > 1000


OTHERS: list[dict[str, Any]] = [
    {"query": "hedgehogs eat "},
    {"corpus_id": None},
    {"limit": 1},
    {"mode": "text"},
    {"mode": "vector"},
    {"space": "fast"},
    {"embedding": [1.0] + [0.0] * 383},
    {"text_mode": "all"},
    {"vector_weight": 0.5},
    {"candidates": 7},
    {"filters": FactFilter(categories=["general"])},
    {"filters": FactFilter(metadata={"a": 1})},
    {"filters": FactFilter(as_of=datetime(2024, 1, 1, tzinfo=UTC))},
]


def test_a_search_that_differs_in_anything_is_another_one(memory: Store) -> None:
    usual: dict[str, Any] = {"query": QUERY, "corpus_id": "news"}
    for options in [{}, *OTHERS]:
        memory.facts.search(**usual | options)
        assert hits(memory) == 0, options
    for options in [{}, *OTHERS]:
        memory.facts.search(**usual | options)
    assert hits(memory) == len(OTHERS) + 1


def by_hand(statement: str) -> Callable[[Store, psycopg.Connection], object]:
    return lambda _store, connection: connection.execute(statement)


def forget(store: Store, _: object) -> object:
    return store.facts.forget("news", store.facts.search(QUERY, corpus_id="news")[0].fact.id)


def add_in_a_unit_of_work(store: Store, _: object) -> None:
    with store.begin() as work:
        work.facts.add_many([fact("hedgehogs")])


def move(store: Store, _: object) -> None:
    steps = store.reembed("news", "fast", HashingEmbedder("other"))
    steps.fill()
    steps.cut_over()


SOON = timedelta(microseconds=1)
WRITES: dict[str, Callable[[Store, psycopg.Connection], object]] = {
    "a new fact": lambda store, _: store.facts.add_many([fact("hedgehogs")]),
    "a fact once more": lambda store, _: store.facts.add_many([fact("hedgehogs eat beetles")]),
    "a fact in a unit of work": add_in_a_unit_of_work,
    "forgetting": forget,
    "ageing": lambda store, _: store.facts.age([AgeingRule(ageing_after=SOON, stale_after=SOON)]),
    "INSERT": by_hand("INSERT INTO hegel_facts (corpus_id, content) VALUES ('news', 'a')"),
    "COPY": lambda _store, connection: copied(connection),
    "UPDATE": by_hand("UPDATE hegel_facts SET confidence = 0.5 WHERE corpus_id = 'news'"),
    "from another corpus": by_hand(
        "UPDATE hegel_facts SET corpus_id = 'news' WHERE corpus_id = 'law'"
    ),
    "into another corpus": by_hand(
        "UPDATE hegel_facts SET corpus_id = 'law', label_id = NULL WHERE corpus_id = 'news'"
    ),
    "DELETE": by_hand("DELETE FROM hegel_facts WHERE corpus_id = 'news'"),
    "TRUNCATE": by_hand("TRUNCATE hegel_facts CASCADE"),
    "a label's name": by_hand("UPDATE hegel_labels SET name = 'food' WHERE corpus_id = 'news'"),
}


def copied(connection: psycopg.Connection) -> None:
    with connection.cursor().copy("COPY hegel_facts (corpus_id, content) FROM STDIN") as copy:
        copy.write_row(("news", "hedgehogs"))


@pytest.mark.parametrize("corpus_id", ["news", None])
@pytest.mark.parametrize("write", WRITES)
def test_any_write_to_the_corpus_ends_an_answer_when_it_is_committed(
    memory: Store, url: str, write: str, corpus_id: str | None
) -> None:
    before = memory.facts.search(QUERY, corpus_id=corpus_id)
    with hegel_store.connect(url, embedder=HashingEmbedder()) as other, psycopg.connect(url) as by:
        WRITES[write](other, by)
        by.commit()
        now = other.facts.search(QUERY, corpus_id=corpus_id)
    after = memory.facts.search(QUERY, corpus_id=corpus_id)
    assert after == now
    assert after != before
    assert hits(memory) == 0


def test_a_move_to_another_model_ends_an_answer(memory: Store, url: str) -> None:
    models = [HashingEmbedder(), HashingEmbedder("other")]
    with hegel_store.connect(url, embedders={"fast": models}, result_cache=True) as store:
        store.facts.search(QUERY, corpus_id="news")
        move(store, None)
        models[1].calls.clear()
        store.facts.search(QUERY, corpus_id="news")
        assert hits(store) == 0
        assert models[1].embedded == [QUERY], "the new one is asked"


def test_what_is_not_of_the_corpus_leaves_an_answer_as_it_is(memory: Store, url: str) -> None:
    memory.facts.search(QUERY, corpus_id="news")
    memory.facts.add_many([fact("hedgehogs", "law")])
    memory.profiles.append("news", "qa", {})
    with psycopg.connect(url) as other:
        other.execute("INSERT INTO hegel_facts (corpus_id, content) VALUES ('news', 'a')")
        memory.facts.search(QUERY, corpus_id="news")
        assert hits(memory) == 1, "nothing is committed yet"
        other.rollback()
        memory.facts.search(QUERY, corpus_id="news")
    assert hits(memory) == 2
    memory.facts.search(QUERY)
    memory.facts.add_many([fact("owls", "law")])
    memory.facts.search(QUERY)
    assert hits(memory) == 2, "of all corpora, one was written to"


def test_what_is_written_while_a_search_is_under_way_is_in_the_next_one(
    memory: Store, embedder: HashingEmbedder, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = embedder.embed

    def interrupted(texts: Any) -> Any:
        monkeypatch.undo()
        with hegel_store.connect(url) as other:
            other.facts.add_many([fact("hedgehogs eat")])
        return embed(texts)

    monkeypatch.setattr(embedder, "embed", interrupted)
    first = memory.facts.search(QUERY, corpus_id="news", limit=1)
    assert memory.facts.search(QUERY, corpus_id="news", limit=1) == first
    assert hits(memory) == 0
    memory.facts.search(QUERY, corpus_id="news", limit=1)
    assert hits(memory) == 1


def test_whoever_has_written_finds_it_whatever_others_search(url: str) -> None:
    """Writers and readers of one corpus, each on a store with a cache of its own."""
    with (
        hegel_store.connect(url, result_cache=True) as shared,
        ThreadPoolExecutor(4) as threads,
    ):

        def work(name: int) -> int:
            stale = 0
            for round_ in range(25):
                (own,) = shared.facts.add_many([fact(f"hedgehogs {name} {round_}")]).ids
                found = shared.facts.search("hedgehogs", corpus_id="news", limit=200, mode="text")
                stale += own not in {hit.fact.id for hit in found}
            return stale

        assert list(threads.map(work, range(4))) == [0] * 4
        for _ in range(2):
            shared.facts.search("hedgehogs", corpus_id="news", limit=200, mode="text")
        assert hits(shared) >= 1


@pytest.mark.parametrize("column", ["expires_at", "valid_to"])
def test_a_fact_that_ends_is_not_found_from_then_on(
    memory: Store, postgresql: psycopg.Connection, column: str
) -> None:
    postgresql.execute(
        f"UPDATE hegel_facts SET {column} = clock_timestamp() + interval '0.7 s'"
        " WHERE content = 'hedgehogs eat beetles'"
    )
    postgresql.commit()
    assert "hedgehogs eat beetles" in contents(memory)
    assert "hedgehogs eat beetles" in contents(memory)
    assert hits(memory) == 1
    time.sleep(0.8)
    assert "hedgehogs eat beetles" not in contents(memory)
    contents(memory)
    assert hits(memory) == 2
    past = FactFilter(as_of=datetime.now(UTC) - timedelta(seconds=0.5))
    assert "hedgehogs eat beetles" in contents(memory, filters=past)
    assert "hedgehogs eat beetles" in contents(memory, filters=past)
    assert hits(memory) == 3, "what was held then is held for ever"


def test_an_answer_lasts_as_long_as_is_set(url: str) -> None:
    with hegel_store.connect(url, result_cache=True, result_cache_seconds=0.3) as store:
        for _ in range(2):
            store.facts.search(QUERY, mode="text")
        time.sleep(0.4)
        store.facts.search(QUERY, mode="text")
        assert hits(store) == 1


def test_memory_is_bounded_and_the_least_used_answer_goes_first(url: str) -> None:
    with hegel_store.connect(url, result_cache=True, result_cache_bytes=11_000) as store:
        store.facts.add_many(fact(f"hedgehog {n} " + "x" * 1000) for n in range(10))
        for n in range(10):
            store.facts.search(f"{n}", mode="text")
            store.facts.search("0", mode="text")
        kept = store.result_cache.statistics
        assert 3 <= kept.entries < 10
        assert kept.bytes <= 11_000
        store.facts.search("0", mode="text")
        assert hits(store) == kept.hits + 1
        assert len(store.facts.search("hedgehog", mode="text", limit=10)) == 10
        assert store.result_cache.statistics.entries == kept.entries, "that one is too large"


def test_what_a_caller_does_to_a_result_others_do_not_see(memory: Store) -> None:
    memory.facts.add_many([fact("hedgehogs", metadata={"seen": [1]})])
    for _ in range(3):
        found = memory.facts.search("hedgehogs", limit=1)
        assert found[0].fact.metadata == {"seen": [1]}
        found[0].fact.metadata["seen"].append(2)  # type: ignore[index]
        found.hits.clear()  # type: ignore[attr-defined]
    assert hits(memory) == 2


def test_many_queries_ask_for_those_that_are_not_kept(
    memory: Store, embedder: HashingEmbedder
) -> None:
    memory.facts.search("owls", corpus_id="news")
    embedder.calls.clear()
    with statements(memory) as sent:
        many = memory.facts.search_many([QUERY, "owls", "courts", QUERY], corpus_id="news")
    assert len(sent) == 4, "the state, and three searches"
    assert set(embedder.embedded) == {QUERY, "courts"}
    assert many == [
        memory.facts.search(query, corpus_id="news") for query in (QUERY, "owls", "courts", QUERY)
    ]
    assert memory.facts.search_many([], corpus_id="news") == []


def test_an_answer_without_its_vector_is_not_kept(
    memory: Store, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(texts: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(embedder, "embed", fail)
        assert memory.facts.search(QUERY).degraded == "embedder"
    assert memory.facts.search(QUERY).degraded is None
    assert hits(memory) == 0


def test_what_reads_more_than_the_store_is_asked_every_time(memory: Store) -> None:
    class Longest:
        asked = 0

        def score(self, _: str, texts: Sequence[str]) -> np.ndarray:
            self.asked += 1
            return np.array([float(len(content)) for content in texts])

    longest = Longest()
    for times in (1, 2):
        memory.facts.search(QUERY, reranker=longest)
        assert longest.asked == times
        assert memory.facts.search(QUERY, explain=True).plan is not None
        with memory.begin() as work:
            work.facts.search(QUERY)
            work.facts.add_many([fact(f"hedgehogs {times}", embedding=[1.0] * 384)])
            assert len(work.facts.search(QUERY, limit=100)) == 3 + times
    assert memory.result_cache.statistics.misses == 0


def test_queries_that_are_answered_from_memory_are_counted_too(
    url: str, embedder: HashingEmbedder, postgresql: psycopg.Connection
) -> None:
    with hegel_store.connect(url, embedder=embedder, result_cache=True, query_log=True) as store:
        for _ in range(3):
            store.facts.search(QUERY, corpus_id="news")
    found = postgresql.execute("SELECT query, asked FROM hegel_query_counts").fetchall()
    assert found == [(QUERY, 3)]


def test_a_wrong_argument_is_refused_as_without(memory: Store) -> None:
    for wrong in ({"embedding": [1.0]}, {"embedding": "x"}, {"space": ""}, {"limit": 0}):
        with pytest.raises(InvalidInput):
            memory.facts.search(QUERY, **wrong)
    with pytest.raises(InvalidInput, match="result_cache_seconds"):
        hegel_store.connect("postgresql://", result_cache=True, result_cache_seconds=0)


def test_it_is_off_unless_it_is_switched_on(url: str) -> None:
    with hegel_store.connect(url) as store:
        assert store.result_cache is None


def test_a_forked_child_begins_with_nothing(memory: Store) -> None:
    memory.facts.search(QUERY)
    child = os.fork()
    if child == 0:
        statistics = memory.result_cache.statistics
        os._exit(statistics.entries + statistics.misses)
    assert os.waitpid(child, 0)[1] == 0
    assert memory.result_cache.statistics.entries == 1


def test_the_result_of_a_hit_equals_that_of_the_search_in_all_its_parts(memory: Store) -> None:
    memory.facts.add_many([fact("a hedgehog", metadata={"a": {"b": [None, 1.5]}}, intent="x")])
    first = memory.facts.search(QUERY)
    second = memory.facts.search(QUERY)
    assert (second, hits(memory)) == (first, 1)
    assert replace(second, hits=list(second)) == replace(first, hits=list(first))
