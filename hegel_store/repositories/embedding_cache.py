"""Vectors in PostgreSQL: a cache that every worker shares and that outlives them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, text

from hegel_store.database import Autocommit, translated
from hegel_store.embeddings.vector_cache import CacheKey, CacheStatistics, packed, unpacked
from hegel_store.models.checks import check_integer
from hegel_store.models.vectors import Vector
from hegel_store.repositories.eviction import leaving

EVICTED_AT_ONCE = 5_000
"""However far the bound was lowered, no single call waits for much more than this."""

# The moment of last use is moved once an hour, so that nearly all reads write nothing. A row that
# somebody else has locked is passed over: he moves or evicts it, and waiting could end in a
# deadlock.
GET = text(
    """
    WITH found AS MATERIALIZED (
        SELECT space, content_hash, vector,
               last_used_at < clock_timestamp() - interval '1 hour' AS long_ago
        FROM unnest(CAST(:spaces AS text[]), CAST(:hashes AS bytea[]))
            AS wanted (space, content_hash)
        JOIN hegel_embedding_cache USING (space, content_hash)
    ),
    moving AS (
        SELECT space, content_hash
        FROM found JOIN hegel_embedding_cache AS cached USING (space, content_hash)
        WHERE found.long_ago
        FOR NO KEY UPDATE OF cached SKIP LOCKED
    ),
    moved AS (
        UPDATE hegel_embedding_cache AS cached SET last_used_at = clock_timestamp()
        FROM moving
        WHERE cached.space = moving.space AND cached.content_hash = moving.content_hash
    )
    SELECT space, content_hash, vector FROM found
    """
)
# In a fixed order, so that two writers of the same texts do not deadlock; an entry that is there is
# written only when it is another one, as after damage.
LEAVING = leaving(
    "hegel_embedding_cache",
    ("space", "content_hash"),
    "last_used_at",
    new="(space, content_hash) IN (SELECT space, content_hash FROM new)",
    rows="SELECT least(rows, :at_once) FROM excess",
)
PUT = text(
    f"""
    WITH new AS MATERIALIZED (
        SELECT space, content_hash, vector
        FROM unnest(CAST(:spaces AS text[]), CAST(:hashes AS bytea[]), CAST(:vectors AS bytea[]))
            AS new (space, content_hash, vector)
    ),
    stored AS (
        INSERT INTO hegel_embedding_cache AS cached (space, content_hash, vector)
        SELECT space, content_hash, vector FROM new
        ORDER BY space, content_hash
        ON CONFLICT (space, content_hash) DO UPDATE SET vector = excluded.vector
        WHERE cached.vector <> excluded.vector
        RETURNING (xmax = 0) AS is_new
    ),
    added AS (
        SELECT count(*) AS rows FROM stored WHERE is_new
    ),
    excess AS (
        SELECT greatest(count(*) + (SELECT rows FROM added) - :entries, 0) AS rows
        FROM hegel_embedding_cache
        WHERE CAST(:evict AS boolean)
    ),
    {LEAVING},
    evicted AS (
        DELETE FROM hegel_embedding_cache WHERE ctid = ANY (ARRAY(SELECT place FROM leaving))
    )
    SELECT added.rows AS added, excess.rows AS excess FROM added, excess
    """
)
HOLDS = text(
    """
    SELECT count(*) AS entries, pg_total_relation_size('hegel_embedding_cache') AS bytes
    FROM hegel_embedding_cache
    """
)


class PostgresCache:
    """At most ``entries`` vectors of all workers and models, four bytes a dimension.

    ``engine`` is that of a store; one of its own for the cache, as a unit of work would otherwise
    hold one connection while its search waits for another. Reading and writing are one statement
    each. The least recently used are evicted, to the hour. The rows are counted only when this
    process has added a hundredth of ``entries``, and at its first write: by as much each worker may
    exceed the bound. Safe for threads and after fork().

    The vectors of a store that is bound to a corpus are apart: whether a text is known there tells
    nothing of other corpora. ``entries`` is then the bound of that corpus.
    """

    def __init__(self, engine: Engine, *, entries: int = 100_000) -> None:
        self._entries = check_integer("entries", entries, minimum=1)
        self._session = Autocommit(engine, diagnose=lambda engine: None)
        self._counting = threading.Lock()
        self._hits = 0
        self._misses = 0
        self._uncounted = self._entries

    def get_many(self, keys: Sequence[CacheKey]) -> dict[CacheKey, Vector]:
        """Those of the vectors that are there. Raises DatabaseError."""
        by_column = {(self._space(key), key.digest): key for key in keys}
        with translated():
            rows = self._session.execute(GET, _columns(by_column)).all()
        found = {}
        for row in rows:
            key = by_column[row.space, bytes(row.content_hash)]
            vector = unpacked(bytes(row.vector), key.space.dimensions)
            if vector is not None:
                found[key] = vector
        with self._counting:
            self._hits += len(found)
            self._misses += len(by_column) - len(found)
        return found

    def put_many(self, vectors: Mapping[CacheKey, Vector]) -> None:
        """Store them; of more than ``entries``, the last. Raises DatabaseError."""
        kept = list(vectors.items())[-self._entries :]
        with self._counting:
            evict = self._uncounted >= self._entries // 100
        values = _columns([(self._space(key), key.digest) for key, _ in kept]) | {
            "vectors": [packed(vector) for _, vector in kept],
            "entries": self._entries,
            "at_once": EVICTED_AT_ONCE,
            "evict": evict,
        }
        with translated():
            done = self._session.execute(PUT, values).one()
        with self._counting:
            if evict and done.excess <= EVICTED_AT_ONCE:
                self._uncounted = 0
            else:
                self._uncounted += done.added

    def _space(self, key: CacheKey) -> str:
        """The name of its rows' space, by which a policy tells whose they are."""
        space = str(key.space)
        if self._session.corpus is None:
            return space
        owner = hashlib.sha256(self._session.corpus.encode()).hexdigest()[:32]
        return f"{owner}:{hashlib.sha256(space.encode()).hexdigest()}"

    @property
    def statistics(self) -> CacheStatistics:
        """Hits and misses of this process; the rows of all, and their size on disk with indexes.

        Counts the rows. Raises DatabaseError.
        """
        with translated():
            holds = self._session.execute(HOLDS).one()
        with self._counting:
            return CacheStatistics(self._hits, self._misses, holds.entries, holds.bytes)


def _columns(keys: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    pairs = list(keys)
    return {"spaces": [space for space, _ in pairs], "hashes": [digest for _, digest in pairs]}
