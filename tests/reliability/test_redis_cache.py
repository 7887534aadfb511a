"""The cache in Redis, on a real server that the tests start, stop and fill up."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hegel_store.embeddings import CachedEmbedder, MemoryCache, RedisCache, caching
from hegel_store.embeddings.redis_cache import KEYS_AT_ONCE
from hegel_store.embeddings.vector_cache import CacheStatistics, Space, VectorCache, key_of
from hegel_store.errors import InvalidInput
from tests.embedders import HashingEmbedder
from tests.servers import wait_until

BINARY = shutil.which("redis-server")

pytestmark = [
    pytest.mark.any_server,
    # .ci/run installs it and takes no skip; a developer's machine may lack it.
    pytest.mark.skipif(BINARY is None, reason="redis-server is not installed"),
    pytest.mark.slow,
]

redis = pytest.importorskip("redis", reason="the `redis` extra is not installed")

SPACE = Space("model", 4, "")


class Server:
    """A Redis on a socket in a folder of its own, which keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis"
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        command = [BINARY, "--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def client(self):
        return redis.Redis.from_url(self.url)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return client.ping()
        except redis.ConnectionError:
            return False


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="hegelr"))
    server = Server(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    with running.client() as client:
        client.flushall()
    yield running
    if running.process.poll() is not None:
        running.start()


def vector(seed: int = 0):
    made = np.random.default_rng(seed).standard_normal(4)
    return (made / np.linalg.norm(made)).astype(np.float32)


unit_vectors = (
    arrays.arrays(np.float32, 4, elements=st.floats(-1, 1, width=32))
    .filter(lambda made: np.linalg.norm(made) > 1e-3)
    .map(lambda made: (made / np.linalg.norm(made)).astype(np.float32))
)


@given(st.dictionaries(st.text(max_size=5).map(lambda t: key_of(SPACE, t)), unit_vectors))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_every_bit_comes_back(server, vectors):
    cache = RedisCache(server.url)
    assert isinstance(cache, VectorCache)
    cache.put_many(vectors)
    found = cache.get_many([*vectors, key_of(SPACE, "never stored")])
    assert {key: kept.tobytes() for key, kept in found.items()} == {
        key: made.tobytes() for key, made in vectors.items()
    }
    for kept in found.values():
        assert kept.dtype == np.float32
        with pytest.raises(ValueError, match="read-only"):
            kept[0] = 0


def test_more_keys_than_one_command_takes(server):
    cache = RedisCache(server.url)
    vectors = {key_of(SPACE, str(n)): vector(n) for n in range(2 * KEYS_AT_ONCE + 1)}
    cache.put_many(vectors)
    found = cache.get_many(list(vectors))
    assert len(found) == len(vectors)
    assert all(np.array_equal(found[key], made) for key, made in vectors.items())
    assert cache.get_many([]) == {}
    cache.put_many({})


def test_hits_and_misses_are_counted(server):
    cache = RedisCache(server.url)
    cache.put_many({key_of(SPACE, "a"): vector()})
    cache.get_many([key_of(SPACE, text) for text in "abc"])
    cache.get_many([key_of(SPACE, "a")])
    assert cache.statistics == CacheStatistics(2, 2, None, None)


def test_spaces_and_prefixes_are_kept_apart(server):
    cache = RedisCache(server.url)
    cache.put_many({key_of(SPACE, "a"): vector()})
    assert not cache.get_many([key_of(SPACE._replace(model="other"), "a")])
    assert not cache.get_many([key_of(SPACE._replace(prefix="query: "), "a")])
    assert not RedisCache(server.url, prefix="tests").get_many([key_of(SPACE, "a")])
    with server.client() as client:
        (name,) = client.keys()
    assert name.startswith(b"hegel:model:4::")


@pytest.mark.parametrize(("seconds", "expected"), [(None, -1), (60, 60_000), (0.5, 500)])
def test_vectors_expire_when_that_was_asked_for(server, seconds, expected):
    RedisCache(server.url, seconds=seconds).put_many({key_of(SPACE, "a"): vector()})
    with server.client() as client:
        (name,) = client.keys()
        left = client.pttl(name)
    assert left == expected or 0 < left <= expected


def test_what_is_no_vector_of_the_space_is_a_miss(server):
    cache = RedisCache(server.url)
    key = key_of(SPACE, "a")
    for rubbish in (b"", b"text", vector().tobytes()[:-4], bytes(16), b"\xff" * 16):
        cache.put_many({key: vector()})
        with server.client() as client:
            (name,) = client.keys()
            client.set(name, rubbish)
        assert cache.get_many([key]) == {}


def test_a_client_of_ones_own_is_used(server):
    with server.client() as client:
        cache = RedisCache(client)
        cache.put_many({key_of(SPACE, "a"): vector()})
        assert len(cache.get_many([key_of(SPACE, "a")])) == 1
    with (
        redis.Redis.from_url(server.url, decode_responses=True) as decoding,
        pytest.raises(InvalidInput, match="server"),
    ):
        RedisCache(decoding)


def _embed_in_another_process(url: str, texts: list[str]) -> list[str]:
    inner = HashingEmbedder()
    CachedEmbedder(inner, RedisCache(url)).embed(texts)
    return inner.embedded


def test_processes_share_it(server):
    fast = MemoryCache()
    inner = HashingEmbedder()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_embed_in_another_process, (server.url, ["a", "b"])) == ["a", "b"]
    vectors = CachedEmbedder(inner, fast, RedisCache(server.url)).embed(["b", "a", "c"])
    assert inner.embedded == ["c"]
    assert np.array_equal(vectors, HashingEmbedder().embed(["b", "a", "c"]))
    assert fast.statistics.entries == 3


def test_threads_share_its_connections(server):
    inner = HashingEmbedder()
    cached = CachedEmbedder(inner, RedisCache(server.url))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: cached.embed([str(n % 20), str(n % 7)]), range(200)))
    assert sorted(inner.embedded, key=int) == [str(n) for n in range(20)]


def test_embedding_goes_on_while_the_server_is_away_and_finds_it_again(server, caplog, monkeypatch):
    monkeypatch.setattr(caching, "PAUSE_SECONDS", 0.0)
    inner = HashingEmbedder()
    cached = CachedEmbedder(inner, RedisCache(server.url))
    cached.embed(["a"])
    server.stop()
    for _ in range(3):
        assert np.array_equal(cached.embed(["a"]), HashingEmbedder().embed(["a"]))
    assert len(caplog.records) == 2, "reading and writing, once each"
    server.start()
    cached.embed(["b"])
    before = len(inner.calls)
    cached.embed(["b"])
    assert len(inner.calls) == before


def test_a_server_that_was_restarted_is_no_outage(server, caplog):
    """The connections that lie in the pool are dead then."""
    cached = CachedEmbedder(inner := HashingEmbedder(), RedisCache(server.url))
    cached.embed(["a"])
    server.stop()
    server.start()
    cached.embed(["b"])
    cached.embed(["b"])
    assert inner.embedded == ["a", "b"]
    assert caplog.records == []


class Counting(RedisCache):
    """Counts how often the server is asked for something."""

    asked = 0

    def get_many(self, keys):
        self.asked += 1
        return super().get_many(keys)


def test_a_server_that_hangs_is_given_up_and_not_waited_for_again(server, caplog, monkeypatch):
    monkeypatch.setattr(caching, "PAUSE_SECONDS", 3600.0)
    cached = CachedEmbedder(inner := HashingEmbedder(), cache := Counting(server.url))
    with server.client() as client:
        client.client_pause(3600_000)
    try:
        for number in range(20):
            cached.embed([str(number)])
    finally:
        server.stop()
    assert len(inner.embedded) == 20
    assert cache.asked == 1
    assert all("imeout" in record.getMessage() for record in caplog.records)
    assert len(caplog.records) == 2


def test_a_server_that_is_full_is_still_read(server, caplog):
    inner = HashingEmbedder()
    cached = CachedEmbedder(inner, RedisCache(server.url))
    cached.embed(["a"])
    with server.client() as client:
        client.config_set("maxmemory", 1)
    try:
        cached.embed(["a", "b"])
        cached.embed(["a"])
    finally:
        with server.client() as client:
            client.config_set("maxmemory", 0)
    assert inner.embedded == ["a", "b"]
    (record,) = caplog.records
    assert "cannot be written" in record.getMessage()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("http://localhost",), "server"),
        (("redis://user:secret@host:port/x",), "server"),
    ],
)
def test_a_url_that_is_not_understood_is_refused_without_its_password(given, field):
    with pytest.raises(InvalidInput) as refused:
        RedisCache(*given)
    assert refused.value.field == field
    assert "secret" not in str(refused.value)
    assert refused.value.__context__ is None


@pytest.mark.parametrize("seconds", [0, -1, 0.0001, float("nan"), "soon"])
def test_a_time_that_makes_no_sense_is_refused(seconds):
    with pytest.raises(InvalidInput, match="seconds"):
        RedisCache("redis://localhost", seconds=seconds)


def test_texts_are_forgotten_in_all_spaces_and_no_others(server):
    """By the hashes of an erased corpus; a prefix of another cache is not looked at."""
    cache, other = RedisCache(server.url), RedisCache(server.url, prefix="[a-z]*")
    spaces = [SPACE, Space("with:colons", 4, "told")]
    keys = [key_of(space, text) for space in spaces for text in ("gone", "kept")]
    vector = np.array([1, 0, 0, 0], dtype=np.float32)
    cache.put_many(dict.fromkeys(keys, vector))
    other.put_many(dict.fromkeys(keys, vector))
    assert cache.forget([keys[0].digest]) == 2
    assert set(cache.get_many(keys)) == {keys[1], keys[3]}
    assert cache.forget([keys[0].digest]) == 0
    assert set(other.get_many(keys)) == set(keys)
    assert other.forget([key.digest for key in keys]) == 4
