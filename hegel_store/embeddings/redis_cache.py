"""Vectors in Redis: shared by the processes of several machines, and gone when Redis wants room."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from hegel_store.embeddings.vector_cache import CacheKey, CacheStatistics, packed, unpacked
from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.models.checks import check_name, check_number
from hegel_store.models.vectors import Vector

if TYPE_CHECKING:
    from redis import Redis

TIMEOUT_SECONDS = 0.5
"""For connecting and for each answer: slower than that, many models are faster."""

KEYS_AT_ONCE = 500
"""Redis serves one command at a time, so that nobody waits for much more than a megabyte."""


class RedisCache:
    """Vectors under ``<prefix>:<space>:<SHA-256 in hex>``, four bytes a dimension.

    ``server`` is a URL (redis://, rediss://, unix://) or a redis.Redis of your own, which keeps its
    own timeouts. ``seconds`` is how long a vector is kept; None leaves that to the server, which
    needs a ``maxmemory`` and a ``maxmemory-policy`` such as ``allkeys-lru`` then. Nothing is
    connected yet. Safe for threads and after fork().

    Raises ConfigurationError without the ``redis`` extra, and InvalidInput for a URL that is not
    understood, a client that decodes answers, or ``seconds`` below a thousandth.
    """

    def __init__(
        self, server: str | Redis, *, seconds: float | None = None, prefix: str = "hegel"
    ) -> None:
        if find_spec("redis") is None:
            raise ConfigurationError("redis is not installed: pip install 'hegel_store[redis]'")
        self._milliseconds = None if seconds is None else _milliseconds(seconds)
        self._prefix = check_name("prefix", prefix)
        self._client: Any = _connected(server) if isinstance(server, str) else server
        if self._client.get_encoder().decode_responses:
            raise InvalidInput("server", "decodes answers to text, which vectors are not")
        self._counting = threading.Lock()
        self._hits = 0
        self._misses = 0

    def get_many(self, keys: Sequence[CacheKey]) -> dict[CacheKey, Vector]:
        """Those of the vectors that are there, in one round trip. Raises redis.RedisError."""
        with self._client.pipeline(transaction=False) as pipeline:
            for start in range(0, len(keys), KEYS_AT_ONCE):
                pipeline.mget([self._name(key) for key in keys[start : start + KEYS_AT_ONCE]])
            answers = [raw for answer in pipeline.execute() for raw in answer]
        found = {}
        for key, raw in zip(keys, answers, strict=True):
            vector = None if raw is None else unpacked(raw, key.space.dimensions)
            if vector is not None:
                found[key] = vector
        with self._counting:
            self._hits += len(found)
            self._misses += len(keys) - len(found)
        return found

    def put_many(self, vectors: Mapping[CacheKey, Vector]) -> None:
        """Store them, in one round trip. Raises redis.RedisError, with some of them stored."""
        with self._client.pipeline(transaction=False) as pipeline:
            for key, vector in vectors.items():
                pipeline.set(self._name(key), packed(vector), px=self._milliseconds)
            pipeline.execute()

    def forget(self, digests: Sequence[bytes]) -> int:
        """Delete the vectors of these texts, in all spaces; how many there were.

        Looks through the names of all keys of the server. Raises redis.RedisError.
        """
        wanted = {digest.hex().encode() for digest in digests}
        pattern = "".join(f"[{c}]" if c in "*?[" else c for c in self._prefix.replace("\\", "\\\\"))
        forgotten, doomed = 0, []
        for name in self._client.scan_iter(match=f"{pattern}:*", count=KEYS_AT_ONCE):
            if name.rsplit(b":", 1)[-1] in wanted:
                doomed.append(name)
        for start in range(0, len(doomed), KEYS_AT_ONCE):
            forgotten += self._client.unlink(*doomed[start : start + KEYS_AT_ONCE])
        return forgotten

    @property
    def statistics(self) -> CacheStatistics:
        """Hits and misses so far; Redis counts no entries and bytes of one prefix."""
        with self._counting:
            return CacheStatistics(self._hits, self._misses, None, None)

    def _name(self, key: CacheKey) -> str:
        return f"{self._prefix}:{key.space}:{key.digest.hex()}"


def _connected(url: str) -> Any:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        return Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            # At once and once: for a connection that a restart of the server has closed.
            retry=Retry(NoBackoff(), 1),
        )
    except ValueError:
        # Without its message, which quotes the URL, and that may hold a password.
        problem = InvalidInput("server", "is no URL of Redis: redis://, rediss:// or unix://")
    raise problem


def _milliseconds(seconds: float) -> int:
    milliseconds = round(check_number("seconds", seconds) * 1000)
    if milliseconds < 1:
        raise InvalidInput("seconds", f"must be at least 0.001, not {seconds:g}")
    return milliseconds
