"""Which queries are counted, when they are written, and embedding them in advance."""

from __future__ import annotations

import logging
import multiprocessing
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

import hegel_store
from hegel_store.embeddings import CachedEmbedder, MemoryCache, Prewarming
from hegel_store.errors import EmbedderMissing, InvalidInput
from hegel_store.repositories import query_log
from hegel_store.repositories.query_log import LONGEST_QUERY, QueryLog, most_frequent_queries
from tests.embedders import HashingEmbedder
from tests.servers import wait_until


@pytest.fixture
def session(store):
    return store._database.autocommit


@pytest.fixture
def logging_store(url, embedder):
    with hegel_store.connect(url, embedder=embedder, query_log=True) as connected:
        yield connected


def counts(connection: psycopg.Connection) -> dict[tuple[str, str], int]:
    rows = connection.execute("SELECT corpus_id, query, asked FROM hegel_query_counts").fetchall()
    connection.rollback()
    return {(corpus, query): asked for corpus, query, asked in rows}


def test_queries_that_are_embedded_are_counted_by_corpus(logging_store, postgresql):
    facts = logging_store.facts
    facts.search("storks", corpus_id="news")
    facts.search("storks", corpus_id="news", mode="vector")
    facts.search("storks")
    facts.search_many(["bread", "storks", "bread"], corpus_id="news")
    list(facts.search_iter("owls", corpus_id="news"))
    with logging_store.begin() as work:
        work.facts.search("in a block", corpus_id="news")
    # Neither of these asks the embedder for anything.
    facts.search("by words", corpus_id="news", mode="text")
    facts.search("by a vector", corpus_id="news", embedding=np.ones(384))
    assert counts(postgresql) == {}, "nothing is written in a search's way"
    logging_store.close()
    assert counts(postgresql) == {
        ("news", "storks"): 3,
        ("", "storks"): 1,
        ("news", "bread"): 2,
        ("news", "owls"): 1,
        ("news", "in a block"): 1,
    }


def test_nothing_is_counted_unless_that_is_asked_for(memory, postgresql):
    memory.facts.search("storks")
    memory.close()
    assert counts(postgresql) == {}


def test_searching_sends_no_statement_for_the_log(logging_store, memory):
    def statements(store) -> list[str]:
        sent: list[str] = []
        event.listen(
            store.engine, "before_cursor_execute", lambda c, cursor, text, *_: sent.append(text)
        )
        store.facts.search("storks", corpus_id="news")
        return sent

    assert statements(logging_store) == statements(memory)


def test_counts_are_written_in_the_background(url, embedder, postgresql, monkeypatch):
    monkeypatch.setattr(query_log, "WRITE_SECONDS", 0.05)
    with hegel_store.connect(url, embedder=embedder, query_log=True) as store:
        for asked in (1, 2):
            store.facts.search("storks")
            wait_until(lambda asked=asked: counts(postgresql) == {("", "storks"): asked})


asked = st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from("qrstuv")))


@given(st.lists(asked, max_size=6), st.integers(1, 5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_the_bound_holds_and_counts_are_right_whatever_is_asked(session, postgresql, turns, most):
    postgresql.execute("TRUNCATE hegel_query_counts")
    postgresql.commit()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(query_log, "MOST_QUERIES", most)
        patch.setattr(query_log, "WRITE_SECONDS", 1000)
        log = QueryLog(session)
        total: Counter[tuple[str, str]] = Counter()
        for turn in turns:
            for corpus, query in turn:
                log.note(corpus, [query])
                total[corpus or "", query] += 1
            log.write()
            found = counts(postgresql)
            assert len(found) <= most
            assert all(times <= total[key] for key, times in found.items())
        if len(total) <= most:
            assert counts(postgresql) == total


def test_those_not_asked_for_the_longest_leave(session, postgresql, monkeypatch):
    monkeypatch.setattr(query_log, "MOST_QUERIES", 2)
    log = QueryLog(session)
    for query in ("often", "often", "old", "often", "new"):
        log.note("news", [query])
        log.write()
    assert counts(postgresql) == {("news", "often"): 3, ("news", "new"): 1}


def test_long_queries_are_not_counted(session, postgresql):
    log = QueryLog(session)
    log.note("news", ["🚢" * LONGEST_QUERY, "x" * (LONGEST_QUERY + 1), ""])
    log.write()
    assert set(counts(postgresql)) == {("news", "🚢" * LONGEST_QUERY), ("news", "")}


def test_counting_goes_on_while_the_database_is_away(session, postgresql, caplog):
    log = QueryLog(session)
    postgresql.execute("ALTER TABLE hegel_query_counts RENAME TO hidden")
    postgresql.commit()
    for _ in range(3):
        log.note("news", ["storks"])
        log.write()
    assert len(caplog.records) == 1
    postgresql.execute("ALTER TABLE hidden RENAME TO hegel_query_counts")
    postgresql.commit()
    log.note("news", ["storks"])
    log.close()
    assert counts(postgresql) == {("news", "storks"): 4}
    assert log._timer is None


def test_many_threads_lose_no_count(session, postgresql):
    logs = [QueryLog(session) for _ in range(2)]
    barrier = threading.Barrier(6)

    def work(number: int) -> None:
        barrier.wait(20)
        for turn in range(40):
            logs[number % 2].note("news", [str((number + turn) % 7)])
            if turn % 4 == 0:
                logs[number % 2].write()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(6)))
    for log in logs:
        log.close()
    assert sum(counts(postgresql).values()) == 6 * 40


def test_the_most_frequent_are_those_of_all_corpora_together(session):
    log = QueryLog(session)
    for corpus, query, times in [("a", "x", 2), ("b", "x", 2), ("a", "y", 3), (None, "z", 1)]:
        for _ in range(times):
            log.note(corpus, [query])
    log.write()
    assert most_frequent_queries(session, 2) == ["x", "y"]
    assert most_frequent_queries(session, 0) == []


def test_frequent_queries_and_given_texts_are_embedded_in_advance(url):
    inner = HashingEmbedder()
    cached = CachedEmbedder(inner, MemoryCache())
    with hegel_store.connect(url, embedder=cached, query_log=True) as store:
        for query in ("storks", "storks", "owls", "owls", "rare"):
            store.facts.search(query)
    inner = HashingEmbedder()
    cached = CachedEmbedder(inner, MemoryCache())
    with hegel_store.connect(url, embedder=cached) as store:
        warming = store.prewarm(["given", "owls"], most_frequent=2)
        assert warming.wait(20)
        assert (warming.total, warming.done, warming.failed) == (3, 3, 0)
        before = len(inner.calls)
        for query in ("given", "owls", "storks"):
            store.facts.search(query, mode="vector")
        assert len(inner.calls) == before
        store.facts.search("rare", mode="vector")
        assert inner.calls[-1] == ["rare"]


def test_nobody_waits_for_texts_embedded_in_advance():
    go = threading.Event()

    class Slow(HashingEmbedder):
        def embed(self, texts):
            assert go.wait(20)
            return super().embed(texts)

    warming = Prewarming(Slow(), lambda: ["a"])
    assert not warming.wait(0)
    assert warming.done == 0
    go.set()
    assert warming.wait(20)
    assert warming.done == 1


def test_failures_in_advance_are_counted_and_raise_nothing(caplog, url, monkeypatch):
    class Picky(HashingEmbedder):
        def embed(self, texts):
            if "7" in texts:
                raise ValueError("no sevens")
            return super().embed(texts)

    warming = Prewarming(Picky(), lambda: map(str, range(100)))
    assert warming.wait(20)
    assert (warming.total, warming.done, warming.failed) == (100, 68, 32)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    with hegel_store.connect(
        "postgresql://postgres@/nowhere?host=/nowhere", embedder=Picky()
    ) as away:
        warming = away.prewarm(["a"])
        assert warming.wait(20)
    assert "nothing is embedded in advance" in caplog.text


def test_what_cannot_be_embedded_in_advance_is_refused_at_once(store, memory):
    with pytest.raises(EmbedderMissing):
        store.prewarm(["a"])
    with pytest.raises(InvalidInput, match="most_frequent"):
        memory.prewarm(most_frequent=-1)


def _ask_in_another_process(url: str, query: str) -> None:
    with hegel_store.connect(url, embedder=HashingEmbedder(), query_log=True) as store:
        store.facts.search(query)


@pytest.mark.slow
def test_processes_count_together(url, postgresql):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(_ask_in_another_process, [(url, "storks")] * 3, chunksize=1)
    assert counts(postgresql) == {("", "storks"): 3}
