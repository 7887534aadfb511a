"""Caches in front of an embedder: what is asked of it, by one thread and by many."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegel_store.embeddings import CachedEmbedder, Embedder, MemoryCache, VectorCache, caching
from hegel_store.embeddings.vector_cache import Space, key_of, space_of
from hegel_store.errors import InvalidInput
from tests.embedders import HashingEmbedder
from tests.servers import wait_until

THREADS = 8


class Broken:
    """A cache that fails while it is told to; what it was asked for is counted."""

    def __init__(self):
        self.inner = MemoryCache()
        self.reads = self.writes = 0
        self.broken = {"read", "write"}

    def get_many(self, keys):
        self.reads += 1
        if "read" in self.broken:
            raise ConnectionError("away")
        return self.inner.get_many(keys)

    def put_many(self, vectors):
        self.writes += 1
        if "write" in self.broken:
            raise ConnectionError("full")
        self.inner.put_many(vectors)

    @property
    def statistics(self):
        return self.inner.statistics


class Gated(HashingEmbedder):
    """Waits in embed() until it is let go; fails for the text "bad"."""

    def __init__(self):
        super().__init__()
        self.entered = threading.Semaphore(0)
        self.go = threading.Event()

    def embed(self, texts):
        self.entered.release()
        assert self.go.wait(20)
        vectors = super().embed(texts)
        if "bad" in texts:
            raise ValueError("bad text")
        return vectors


def waiters(cached: CachedEmbedder) -> int:
    """How many threads wait for another one's vector."""
    return sum(len(flight._condition._waiters) for flight in list(cached._flights.values()))


def test_it_is_an_embedder_of_the_same_space():
    inner = HashingEmbedder("model", 8)
    cached = CachedEmbedder(inner, MemoryCache())
    assert isinstance(cached, Embedder)
    assert isinstance(cached.caches[0], VectorCache)
    assert (cached.name, cached.dimensions, cached.prefix) == ("model", 8, "")
    inner.prefix = "query: "
    assert CachedEmbedder(inner).prefix == "query: "


@given(st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=9), st.booleans())
def test_vectors_are_those_of_the_embedder_in_the_order_of_the_texts(texts, warm):
    inner = HashingEmbedder(dimensions=8)
    cached = CachedEmbedder(inner, MemoryCache())
    if warm:
        cached.embed(["a", "c"])
    vectors = cached.embed(texts)
    assert (vectors.dtype, vectors.shape) == (np.float32, (len(texts), 8))
    assert np.array_equal(vectors, HashingEmbedder(dimensions=8).embed(texts))
    assert len(inner.embedded) == len(set(inner.embedded)), "no text is embedded twice"


def test_what_no_cache_has_is_embedded_in_one_call():
    inner = HashingEmbedder()
    cached = CachedEmbedder(inner, MemoryCache())
    cached.embed(["b"])
    cached.embed(["a", "b", "c", "a"])
    assert inner.calls == [["b"], ["a", "c"]]


def test_faster_caches_are_filled_from_slower_ones_and_all_by_the_embedder():
    inner = HashingEmbedder()
    fast, middle, slow = MemoryCache(), MemoryCache(), MemoryCache()
    CachedEmbedder(inner, slow).embed(["a"])
    cached = CachedEmbedder(inner, fast, middle, slow)
    cached.embed(["a", "b"])
    assert inner.embedded == ["a", "b"]
    for cache in (fast, middle, slow):
        assert set(cache.get_many(keys := [key_of(space_of(inner), t) for t in "ab"])) == set(keys)
    asked = slow.statistics
    cached.embed(["a", "b"])
    assert slow.statistics == asked, "what a faster one has, no slower one is asked for"


@pytest.mark.parametrize(
    "other",
    [
        HashingEmbedder("another"),
        HashingEmbedder(dimensions=768),
        type("Prefixed", (HashingEmbedder,), {"prefix": "query: "})(),
    ],
)
def test_vectors_of_two_spaces_are_kept_apart(other):
    cache = MemoryCache()
    CachedEmbedder(HashingEmbedder(), cache).embed(["a"])
    CachedEmbedder(other, cache).embed(["a"])
    assert other.embedded == ["a"]


def test_vectors_of_two_namespaces_are_kept_apart_in_one_cache():
    cache, made = MemoryCache(), {}
    for namespace in ("", "training", "evaluation"):
        inner = HashingEmbedder(dimensions=8)
        cached = CachedEmbedder(inner, cache, namespace=namespace)
        for _ in range(2):
            made[namespace] = cached.embed(["a"])
        assert inner.calls == [["a"]], "found again in its own, and not before"
    assert cache.statistics.entries == 3
    assert np.array_equal(made["training"], made["evaluation"])
    again = HashingEmbedder(dimensions=8)
    CachedEmbedder(again, cache, namespace="training").embed(["a"])
    assert again.calls == [], "shared by all of one namespace"


@pytest.mark.parametrize("bad", ["Training", "a b", "a:b", "x" * 33, "é", "a\n", None])
def test_a_namespace_that_is_no_name_is_refused(bad):
    with pytest.raises(InvalidInput) as refused:
        CachedEmbedder(HashingEmbedder(), namespace=bad)
    assert refused.value.field == "namespace"


SPACES = st.tuples(
    st.text(max_size=4),
    st.integers(1, 99),
    st.text(max_size=4),
    st.text("abc019_-", max_size=4),
)


@given(SPACES, SPACES)
def test_two_spaces_are_never_written_alike(one, other):
    if "\ud800" <= max(one[2] + other[2], default="") <= "\udfff":
        return
    assert (str(Space(*one)) == str(Space(*other))) == (one == other)


def test_a_caller_cannot_change_what_others_get():
    inner = HashingEmbedder()
    cached = CachedEmbedder(inner, cache := MemoryCache())
    first = cached.embed(["a"])
    expected = first.copy()
    first[:] = 0
    assert np.array_equal(cached.embed(["a"]), expected)
    (kept,) = cache.get_many([key_of(space_of(inner), "a")]).values()
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 0
    with pytest.raises(ValueError, match="WRITEABLE"):
        kept.flags.writeable = True


def test_a_vector_that_breaks_the_contract_is_refused_and_not_kept():
    class Long(HashingEmbedder):
        def embed(self, texts):
            return 2 * super().embed(texts)

    cached = CachedEmbedder(Long(), cache := MemoryCache())
    for _ in range(2):
        with pytest.raises(InvalidInput, match="unit length"):
            cached.embed(["a"])
    assert cache.statistics.entries == 0


@pytest.mark.parametrize("text", ["\ud800", "\0", "🚢" * 9])
def test_any_text_has_a_key(text):
    cached = CachedEmbedder(Constant(), cache := MemoryCache())
    cached.embed([text])
    assert cache.statistics.entries == 1


def test_what_is_no_text_is_refused():
    with pytest.raises(InvalidInput, match="texts"):
        CachedEmbedder(HashingEmbedder()).embed([7])


class Constant:
    name = "constant"
    dimensions = 2

    def embed(self, texts):
        return np.tile(np.array([0.6, 0.8], dtype=np.float32), (len(texts), 1))


def test_threads_that_ask_at_the_same_moment_share_one_call():
    inner = Gated()
    cached = CachedEmbedder(inner, MemoryCache())
    with ThreadPoolExecutor(THREADS) as threads:
        asked = [threads.submit(cached.embed, ["a", "b"]) for _ in range(THREADS)]
        # Each of the others waits for the first vector of the one that embeds.
        wait_until(lambda: waiters(cached) == THREADS - 1)
        inner.go.set()
        answers = [each.result(20) for each in asked]
    assert inner.calls == [["a", "b"]]
    for answer in answers:
        assert np.array_equal(answer, answers[0])
    assert len({id(answer) for answer in answers}) == THREADS, "each has its own copy"


def test_nothing_is_embedded_twice_however_threads_meet():
    """Also not by one that looked before another's vector was in the cache."""
    inner = HashingEmbedder(dimensions=8)
    cached = CachedEmbedder(inner, MemoryCache())
    texts = [str(number) for number in range(60)]
    barrier = threading.Barrier(THREADS)

    def ask(seed: int) -> None:
        order = np.random.default_rng(seed).permutation(texts)
        barrier.wait(20)
        for start in range(0, len(order), 3):
            cached.embed(list(order[start : start + 3]))

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(ask, range(THREADS)))
    assert sorted(inner.embedded) == sorted(texts)
    assert not cached._flights


def test_a_text_in_a_cache_does_not_wait_for_the_rest_of_somebody_elses_call():
    inner = Gated()
    cached = CachedEmbedder(inner, cache := MemoryCache())
    CachedEmbedder(HashingEmbedder(), cache).embed(["kept"])
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(cached.embed, ["kept", "new"])
        assert inner.entered.acquire(timeout=20)
        threads.submit(cached.embed, ["kept"]).result(20)
        assert not slow.done()
        inner.go.set()
        slow.result(20)


def test_when_the_one_that_embeds_fails_the_others_embed_their_own_texts():
    inner = Gated()
    cached = CachedEmbedder(inner, MemoryCache())
    with ThreadPoolExecutor(THREADS) as threads:
        leader = threads.submit(cached.embed, ["a", "bad"])
        assert inner.entered.acquire(timeout=20)
        others = [threads.submit(cached.embed, ["a"]) for _ in range(THREADS - 1)]
        wait_until(lambda: waiters(cached) == THREADS - 1)
        inner.go.set()
        with pytest.raises(ValueError, match="bad text"):
            leader.result(20)
        expected = HashingEmbedder().embed(["a"])
        assert all(np.array_equal(other.result(20), expected) for other in others)
    calls = len(inner.calls)
    cached.embed(["a"])
    assert len(inner.calls) == calls, "what they made is kept"
    assert not cached._flights


def test_when_the_embedder_is_down_every_caller_gets_an_error_of_its_own():
    inner = Gated()
    cached = CachedEmbedder(inner, MemoryCache())
    with ThreadPoolExecutor(THREADS) as threads:
        asked = [threads.submit(cached.embed, ["bad"]) for _ in range(THREADS)]
        wait_until(lambda: waiters(cached) == THREADS - 1)
        inner.go.set()
        errors = [each.exception(20) for each in asked]
    assert all(isinstance(error, ValueError) for error in errors)
    assert len({id(error) for error in errors}) == THREADS
    assert len(inner.calls) == THREADS, "none of them tries more than once"


def test_a_cache_that_fails_is_left_alone_and_named_once(caplog):
    inner = HashingEmbedder()
    cached = CachedEmbedder(inner, broken := Broken(), MemoryCache())
    for _ in range(3):
        cached.embed(["a"])
    assert inner.embedded == ["a"], "the other cache goes on"
    assert (broken.reads, broken.writes) == (1, 1)
    assert [record.getMessage() for record in caplog.records] == [
        "embedding goes on without it: Broken cannot be read: away",
        "embedding goes on without it: Broken cannot be written: full",
    ]


def test_a_cache_is_used_again_when_it_answers(caplog, monkeypatch):
    monkeypatch.setattr(caching, "PAUSE_SECONDS", 0.0)
    caplog.set_level(logging.INFO)
    inner = HashingEmbedder()
    cached = CachedEmbedder(inner, cache := Broken())
    for text in "ab":
        cached.embed([text])
    assert len(caplog.records) == 2, "one outage of reading, one of writing"
    cache.broken = {"write"}
    for text in "cd":
        cached.embed([text])
    assert [record.getMessage() for record in caplog.records[2:]] == [
        "this is over: Broken cannot be read"
    ]
    cache.broken = set()
    cached.embed(["e"])
    cached.embed(["e"])
    assert inner.embedded == ["a", "b", "c", "d", "e"]
    cache.broken = {"read"}
    cached.embed(["e"])
    assert caplog.records[-1].getMessage().endswith("Broken cannot be read: away")


def test_a_forked_child_does_not_wait_for_threads_that_it_does_not_have():
    inner = Gated()
    cached = CachedEmbedder(inner, MemoryCache())
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(cached.embed, ["a"])
        assert inner.entered.acquire(timeout=20)
        child = os.fork()
        if child == 0:
            inner.go.set()
            os._exit(int(cached.embed(["a"]).shape != (1, 384)))
        inner.go.set()
        asked.result(20)
    ended: list[tuple[int, int]] = []
    wait_until(lambda: ended or ended.extend([e for e in [os.waitpid(child, os.WNOHANG)] if e[0]]))
    assert ended == [(child, 0)]
