"""The cache in PostgreSQL: what it keeps, who may use it at once, and what it evicts."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text

import hegel_store
from hegel_store.embeddings import CachedEmbedder, MemoryCache, VectorCache, caching
from hegel_store.embeddings.vector_cache import Space, key_of, packed
from hegel_store.errors import DatabaseUnavailable, InvalidInput, MigrationRequired
from hegel_store.models import NewFact
from hegel_store.repositories import PostgresCache, embedding_cache
from tests.embedders import HashingEmbedder

SPACE = Space("model", 4, "")


def key(name: str):
    return key_of(SPACE, name)


def vector(seed: int = 0):
    made = np.random.default_rng(seed).standard_normal(4)
    return (made / np.linalg.norm(made)).astype(np.float32)


def put(cache: PostgresCache, *names: str) -> None:
    cache.put_many({key(name): vector() for name in names})


def stored(connection: psycopg.Connection) -> set[bytes]:
    rows = connection.execute("SELECT content_hash FROM hegel_embedding_cache").fetchall()
    connection.rollback()
    return {row[0] for row in rows}


def held(connection: psycopg.Connection, names: str) -> str:
    digests = stored(connection)
    return "".join(name for name in names if key(name).digest in digests)


def age(connection: psycopg.Connection, *names: str) -> None:
    """Let these have been used two hours ago, the first the longest."""
    for place, name in enumerate(names):
        connection.execute(
            "UPDATE hegel_embedding_cache SET last_used_at = clock_timestamp()"
            " - interval '3 hours' + %s * interval '1 second' WHERE content_hash = %s",
            (place, key(name).digest),
        )
    connection.commit()


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(connection, cursor, statement, *rest) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_every_bit_comes_back(store):
    cache = PostgresCache(store.engine)
    assert isinstance(cache, VectorCache)
    vectors = {key(str(seed)): vector(seed) for seed in range(200)}
    cache.put_many(vectors)
    found = cache.get_many([*vectors, key("never stored")])
    assert {at: kept.tobytes() for at, kept in found.items()} == {
        at: made.tobytes() for at, made in vectors.items()
    }
    with pytest.raises(ValueError, match="read-only"):
        found[key("1")][0] = 0
    assert cache.get_many([]) == {}
    cache.put_many({})


def test_reading_and_writing_are_one_statement_each(store):
    cache = PostgresCache(store.engine, entries=10)
    with statements(store.engine) as sent:
        put(cache, *map(str, range(30)))
        assert len(sent) == 1
        cache.get_many([key(str(number)) for number in range(30)])
        assert len(sent) == 2


def test_spaces_are_kept_apart(store):
    cache = PostgresCache(store.engine)
    spaces = [
        SPACE,
        SPACE._replace(model="mödel: '\"; --"),
        SPACE._replace(prefix="query: " * 500),
        Space("m" * 200, 4000, "x"),
    ]
    for seed, space in enumerate(spaces[:3]):
        cache.put_many({key_of(space, "a"): vector(seed)})
    found = cache.get_many([key_of(space, "a") for space in spaces])
    assert [found[key_of(space, "a")].tobytes() for space in spaces[:3]] == [
        vector(seed).tobytes() for seed in range(3)
    ]
    long = np.full(4000, 4000**-0.5, dtype=np.float32)
    cache.put_many({key_of(spaces[3], "a"): long})
    assert np.array_equal(cache.get_many([key_of(spaces[3], "a")])[key_of(spaces[3], "a")], long)


def test_what_it_holds_is_told(store):
    cache = PostgresCache(store.engine)
    put(cache, "a", "b")
    cache.get_many([key("a"), key("c")])
    now = cache.statistics
    assert (now.hits, now.misses, now.entries) == (1, 1, 2)
    put(cache, *map(str, range(500)))
    assert cache.statistics.bytes > now.bytes > 0


batches = st.lists(st.lists(st.sampled_from("abcdefghijkl"), unique=True, max_size=9), max_size=8)


@given(batches, st.integers(1, 6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_the_bound_holds_and_the_oldest_leave_whatever_is_stored(store, postgresql, puts, entries):
    with store.engine.begin() as connection:
        connection.execute(text("TRUNCATE hegel_embedding_cache"))
    cache = PostgresCache(store.engine, entries=entries)
    expected: list[bytes] = []
    for turn, names in enumerate(puts):
        # Other vectors each time, so that entries which are there are written anew.
        cache.put_many({key(name): vector(turn) for name in names})
        kept = sorted(key(name).digest for name in names[-entries:])
        added = [digest for digest in kept if digest not in expected]
        excess = len(expected) + len(added) - entries
        leaving = [digest for digest in expected if digest not in kept][: max(0, excess)]
        expected = [digest for digest in expected if digest not in leaving] + added
        assert stored(postgresql) == set(expected)
        assert len(expected) <= entries


def test_large_bounds_are_kept_to_a_hundredth(store, postgresql):
    cache = PostgresCache(store.engine, entries=300)
    put(cache, *map(str, range(299)))
    sizes = []
    for number in range(299, 340):
        put(cache, str(number))
        sizes.append(len(stored(postgresql)))
    assert max(sizes) <= 303
    assert min(sizes[5:]) >= 300, "and evicts no more than it has to"
    put(PostgresCache(store.engine, entries=250), "one of another process")
    assert len(stored(postgresql)) == 250


def test_a_bound_that_was_lowered_is_reached_step_by_step(store, postgresql, monkeypatch):
    monkeypatch.setattr(embedding_cache, "EVICTED_AT_ONCE", 20)
    put(PostgresCache(store.engine), *map(str, range(90)))
    cache = PostgresCache(store.engine, entries=50)
    sizes = []
    for number in range(4):
        put(cache, f"new {number}")
        sizes.append(len(stored(postgresql)))
    assert sizes == [71, 52, 50, 50]


def test_the_least_recently_used_leave_and_reading_is_use(store, postgresql):
    cache = PostgresCache(store.engine, entries=3)
    put(cache, "a", "b", "c")
    age(postgresql, "a", "b", "c")
    cache.get_many([key("a")])
    put(cache, "d")
    assert held(postgresql, "abcd") == "acd"


def test_reads_write_only_when_the_last_use_was_long_ago(store, postgresql):
    cache = PostgresCache(store.engine)
    put(cache, "a", "b")

    def rows() -> dict[bytes, tuple]:
        found = postgresql.execute(
            "SELECT content_hash, ctid::text, xmin::text, xmax::text, last_used_at"
            " FROM hegel_embedding_cache"
        ).fetchall()
        postgresql.rollback()
        return {row[0]: row[1:] for row in found}

    before = rows()
    cache.get_many([key("a"), key("b")])
    assert rows() == before
    age(postgresql, "a")
    aged = rows()
    cache.get_many([key("a"), key("b")])
    after = rows()
    assert after[key("b").digest] == aged[key("b").digest]
    assert after[key("a").digest][-1] > before[key("b").digest][-1]
    cache.get_many([key("a"), key("b")])
    assert rows() == after


def test_of_two_workers_that_evict_at_once_the_second_takes_nothing_else(store, postgresql, url):
    names = "abcdefghij"
    put(PostgresCache(store.engine, entries=10), *names)
    age(postgresql, *names)
    values = {
        "spaces": [str(SPACE)] * 3,
        "hashes": [key(name).digest for name in "xyz"],
        "vectors": [packed(vector())] * 3,
        "entries": 10,
        "at_once": 100,
        "evict": True,
    }
    with store.engine.begin() as slow:
        assert slow.execute(embedding_cache.PUT, values).one() == (3, 3)
        # Does not wait for the other one, whose three it would have chosen as well.
        put(PostgresCache(store.engine, entries=10), "u", "v", "w")
    assert held(postgresql, names + "xyzuvw") == "defghijxyzuvw"
    put(PostgresCache(store.engine, entries=10), "t")
    assert held(postgresql, names + "xyzuvwt") == "hijxyzuvwt"


def test_what_is_being_used_is_neither_waited_for_nor_evicted(store, postgresql):
    cache = PostgresCache(store.engine, entries=2)
    put(cache, "a", "b")
    age(postgresql, "a", "b")
    with store.engine.begin() as user:
        columns = {"spaces": [str(SPACE)], "hashes": [key("a").digest]}
        assert len(user.execute(embedding_cache.GET, columns).all()) == 1
        assert len(cache.get_many([key("a"), key("b")])) == 2
        age(postgresql, "b")
        put(cache, "c", "d")
    assert held(postgresql, "abcd") == "acd"


def test_many_threads_read_store_and_evict_without_an_error(store, postgresql):
    names = [str(number) for number in range(30)]
    barrier = threading.Barrier(6)

    def work(seed: int) -> None:
        cache = PostgresCache(store.engine, entries=20)
        generator = np.random.default_rng(seed)
        barrier.wait(20)
        for turn in range(30):
            chosen = list(generator.choice(names, 12, replace=False))
            # Different vectors as well, so that rows are written anew and locked for it.
            cache.put_many({key(name): vector(seed) for name in chosen})
            cache.get_many([key(name) for name in chosen])
            if turn % 5 == 0:
                with store.engine.begin() as connection:
                    connection.execute(
                        text(
                            "UPDATE hegel_embedding_cache SET last_used_at = '2020-01-01'"
                            " WHERE content_hash IN (SELECT content_hash"
                            " FROM hegel_embedding_cache ORDER BY content_hash"
                            " FOR UPDATE SKIP LOCKED)"
                        )
                    )

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(6)))
    put(PostgresCache(store.engine, entries=20), "at last")
    assert len(stored(postgresql)) == 20


def _embed_in_another_process(url: str, texts: list[str]) -> list[str]:
    inner = HashingEmbedder()
    with hegel_store.connect(url) as store:
        CachedEmbedder(inner, PostgresCache(store.engine)).embed(texts)
    return inner.embedded


@pytest.mark.slow
def test_processes_share_it(store, url):
    inner = HashingEmbedder()
    cached = CachedEmbedder(inner, MemoryCache(), PostgresCache(store.engine))
    cached.embed(["a", "b"])
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        first = pool.apply_async(_embed_in_another_process, (url, ["a", "b", "c"]))
        assert first.get(60) == ["c"]
        second = pool.apply_async(_embed_in_another_process, (url, ["c", "b", "d"]))
        assert second.get(60) == ["d"]
    vectors = cached.embed(["d", "c", "b", "a"])
    assert inner.embedded == ["a", "b"]
    assert np.array_equal(vectors, HashingEmbedder().embed(["d", "c", "b", "a"]))


def test_a_search_embeds_a_query_once_for_all_workers(url, store):
    first, second = HashingEmbedder(), HashingEmbedder()
    for inner in (first, second):
        cached = CachedEmbedder(inner, PostgresCache(store.engine))
        with hegel_store.connect(url, embedder=cached) as worker:
            worker.facts.add_many([NewFact(corpus_id="news", content="Storks sleep.")])
            (hit,) = worker.facts.search("storks", corpus_id="news", mode="vector")
            assert hit.fact.content == "Storks sleep."
    assert (first.embedded, second.embedded) == (["Storks sleep.", "storks"], [])


@pytest.mark.parametrize("damage", [b"", b"short", bytes(16), b"\xff" * 16])
def test_a_damaged_entry_is_a_miss_and_is_mended(store, postgresql, damage):
    inner = HashingEmbedder(dimensions=4)
    cached = CachedEmbedder(inner, PostgresCache(store.engine))
    vectors = cached.embed(["a"])
    postgresql.execute("UPDATE hegel_embedding_cache SET vector = %s", (damage,))
    postgresql.commit()
    for _ in range(2):
        assert np.array_equal(cached.embed(["a"]), vectors)
    assert inner.embedded == ["a", "a"]


def test_a_database_without_the_table_is_named_and_done_without(store, postgresql, caplog):
    postgresql.execute("DROP TABLE hegel_embedding_cache")
    postgresql.commit()
    cache = PostgresCache(store.engine)
    with pytest.raises(MigrationRequired):
        cache.get_many([key("a")])
    cached = CachedEmbedder(HashingEmbedder(), cache)
    for _ in range(2):
        assert cached.embed(["a"]).shape == (1, 384)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
    assert "hegel-store upgrade" in caplog.text


def test_a_database_that_is_away_is_found_again(url, caplog, monkeypatch):
    monkeypatch.setattr(caching, "PAUSE_SECONDS", 0.0)
    with hegel_store.connect("postgresql://postgres@/nowhere?host=/nowhere") as away:
        with pytest.raises(DatabaseUnavailable):
            PostgresCache(away.engine).statistics  # noqa: B018
        inner = HashingEmbedder()
        cached = CachedEmbedder(inner, PostgresCache(away.engine), MemoryCache())
        for _ in range(3):
            cached.embed(["a"])
    assert inner.embedded == ["a"]
    assert len(caplog.records) == 2


def test_reading_uses_the_key_also_among_many(store, postgresql):
    space = Space("model", 384, "")
    keys = [key_of(space, str(number)) for number in range(5000)]
    made = np.full(384, 384**-0.5, dtype=np.float32)
    PostgresCache(store.engine).put_many(dict.fromkeys(keys, made))
    with psycopg.connect(postgresql.info.dsn, autocommit=True) as admin:
        admin.execute("VACUUM ANALYZE hegel_embedding_cache")
    columns = {
        "spaces": [str(space)] * 50,
        "hashes": [item.digest for item in keys[:50]],
    }
    with store.engine.connect() as connection:
        plan = connection.execute(text(f"EXPLAIN {embedding_cache.GET.text}"), columns)
        lines = [row[0] for row in plan]
    assert any("pk_hegel_embedding_cache" in line for line in lines)
    assert not any("Seq Scan on hegel_embedding_cache" in line for line in lines), lines


@pytest.mark.parametrize("entries", [0, -1, 1.5, None])
def test_a_bound_that_makes_no_sense_is_refused(store, entries):
    with pytest.raises(InvalidInput, match="entries"):
        PostgresCache(store.engine, entries=entries)
