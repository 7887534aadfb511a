"""The cache in memory: its bounds, what it forgets first, what it tells."""

from __future__ import annotations

import os
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegel_store.embeddings import MemoryCache
from hegel_store.embeddings.memory_cache import ENTRY_BYTES
from hegel_store.embeddings.vector_cache import CacheStatistics, Space, key_of
from hegel_store.errors import InvalidInput
from tests.servers import wait_until

POLICIES = [("lru", None), ("lfu", None), ("ttl", 1000.0)]


def key(text: str, dimensions: int = 4):
    return key_of(Space("model", dimensions, ""), text)


def vector(dimensions: int = 4):
    return np.full(dimensions, dimensions**-0.5, dtype=np.float32)


def put(cache: MemoryCache, *texts: str) -> None:
    for text in texts:
        cache.put_many({key(text): vector()})


def held(cache: MemoryCache, texts: str) -> str:
    return "".join(text for text in texts if cache.get_many([key(text)]))


operations = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([1, 4, 64])), max_size=5),
    ),
    max_size=30,
)


@given(operations, st.sampled_from(POLICIES), st.integers(1, 5), st.integers(1, 3000))
def test_bounds_hold_whatever_is_done(done, policy, entries, size):
    cache = MemoryCache(policy[0], seconds=policy[1], entries=entries, bytes=size)
    asked = 0
    for puts, items in done:
        vectors = {key(text, dimensions): vector(dimensions) for text, dimensions in items}
        if puts:
            cache.put_many(vectors)
        else:
            asked += len(vectors)
            for found, kept in cache.get_many(list(vectors)).items():
                assert np.array_equal(kept, vectors[found])
        now = cache.statistics
        assert 0 <= now.entries <= entries
        assert now.entries * (ENTRY_BYTES + 4) <= now.bytes <= size
        assert now.hits + now.misses == asked


@pytest.mark.parametrize(("policy", "seconds"), POLICIES)
def test_each_bound_is_reached(policy, seconds):
    """Else a cache that keeps nothing would pass."""
    texts = [str(number) for number in range(50)]
    by_count = MemoryCache(policy, seconds=seconds, entries=7)
    put(by_count, *texts)
    assert by_count.statistics.entries == 7
    by_size = MemoryCache(policy, seconds=seconds, bytes=9 * (ENTRY_BYTES + 16))
    put(by_size, *texts)
    assert by_size.statistics.entries == 9
    assert by_size.statistics.bytes == 9 * (ENTRY_BYTES + 16)


def test_bytes_are_about_what_memory_it_takes():
    cache = MemoryCache()
    vectors = {key(str(number), 384): vector(384) for number in range(4000)}
    tracemalloc.start()
    for item, made in vectors.items():
        cache.put_many({item: made})
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.8 < cache.statistics.bytes / taken < 1.25


def test_lru_forgets_what_was_not_asked_for_the_longest():
    cache = MemoryCache("lru", entries=3)
    put(cache, *"abc")
    held(cache, "a")
    put(cache, "d")
    assert held(cache, "abcd") == "acd"


def test_lfu_forgets_what_was_asked_for_the_least_often_and_never_the_newcomer():
    cache = MemoryCache("lfu", entries=3)
    put(cache, *"abc")
    held(cache, "aabbc")
    put(cache, "d", "e")
    assert held(cache, "abcde") == "abe"


def test_ttl_forgets_after_its_time():
    cache = MemoryCache("ttl", seconds=0.2)
    put(cache, "a")
    wait_until(lambda: not held(cache, "a"))
    assert cache.statistics.entries == 0
    long = MemoryCache("ttl", seconds=1000)
    put(long, "a")
    time.sleep(0.25)
    assert held(long, "a") == "a"


def test_hits_and_misses_are_counted():
    cache = MemoryCache()
    assert cache.statistics == CacheStatistics(0, 0, 0, 0)
    assert cache.statistics.hit_rate == 0.0
    put(cache, "a")
    cache.get_many([key("a"), key("b")])
    cache.get_many([key("a"), key("a", dimensions=8)])
    cache.get_many([key("a")])
    now = cache.statistics
    assert (now.hits, now.misses, now.hit_rate) == (3, 2, 0.6)


def test_threads_do_not_disturb_each_other():
    cache = MemoryCache("lfu", entries=20)
    barrier = threading.Barrier(8)

    def work(seed: int) -> None:
        generator = np.random.default_rng(seed)
        barrier.wait(20)
        for number in generator.integers(0, 60, 2000):
            put(cache, str(number))
            cache.get_many([key(str(generator.integers(0, 60)))])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    now = cache.statistics
    assert now.entries == 20
    assert now.hits + now.misses == 8 * 2000


def test_a_forked_child_can_use_it_whatever_a_thread_was_doing():
    cache = MemoryCache()
    put(cache, "a")
    quiet = os.fork()
    if quiet == 0:
        os._exit(int(held(cache, "a") != "a"))
    assert os.waitpid(quiet, 0)[1] == 0, "what it had goes along"
    with cache._lock:
        child = os.fork()
        if child == 0:
            put(cache, "b")
            os._exit(int(held(cache, "ab") != "b"))
    ended: list[tuple[int, int]] = []
    wait_until(lambda: ended or ended.extend([e for e in [os.waitpid(child, os.WNOHANG)] if e[0]]))
    assert ended == [(child, 0)]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"policy": "fifo"}, "policy"),
        ({"entries": 0}, "entries"),
        ({"bytes": 0}, "bytes"),
        ({"policy": "ttl"}, "seconds"),
        ({"policy": "ttl", "seconds": 0}, "seconds"),
        ({"seconds": 5}, "seconds"),
    ],
)
def test_what_makes_no_sense_is_refused(options, field):
    with pytest.raises(InvalidInput) as refused:
        MemoryCache(**options)
    assert refused.value.field == field
