"""Which queries are asked how often: counted in memory, written in the background."""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Iterable
from weakref import WeakSet

from sqlalchemy import text

from hegel_store.database import Autocommit, translated
from hegel_store.models.checks import check_integer
from hegel_store.repositories.eviction import leaving

logger = logging.getLogger("hegel_store.queries")

LONGEST_QUERY = 2000
"""In characters; longer ones are hardly asked twice, and are not counted."""

MOST_QUERIES = 10_000
"""That are kept, in the table and in memory; beyond it go those not asked for the longest."""

WRITE_SECONDS = 10.0
"""From the first query that is not written to the writing of all."""

LEAVING = leaving(
    "hegel_query_counts",
    ("corpus_id", "query_hash"),
    "last_asked_at",
    new="(corpus_id, query) IN (SELECT corpus_id, query FROM new)",
    rows="""
            SELECT greatest(count(*) + (SELECT count(*) FROM stored WHERE is_new) - :most, 0)
            FROM hegel_query_counts""",
)
# In a fixed order, so that two writers of the same queries do not deadlock.
WRITE = text(
    f"""
    WITH new AS MATERIALIZED (
        SELECT corpus_id, query, asked
        FROM unnest(CAST(:corpora AS text[]), CAST(:queries AS text[]), CAST(:asked AS bigint[]))
            AS new (corpus_id, query, asked)
    ),
    stored AS (
        INSERT INTO hegel_query_counts AS counted (corpus_id, query, asked)
        SELECT corpus_id, query, asked FROM new
        ORDER BY corpus_id, query
        ON CONFLICT (corpus_id, query_hash) DO UPDATE SET
            asked = counted.asked + excluded.asked,
            last_asked_at = clock_timestamp()
        RETURNING (xmax = 0) AS is_new
    ),
    {LEAVING}
    DELETE FROM hegel_query_counts WHERE ctid = ANY (ARRAY(SELECT place FROM leaving))
    """
)
MOST_FREQUENT = text(
    """
    SELECT query FROM hegel_query_counts
    GROUP BY query
    ORDER BY sum(asked) DESC, max(last_asked_at) DESC, query COLLATE "C"
    LIMIT :limit
    """
)


class QueryLog:
    """Counts queries by corpus; at most MOST_QUERIES, in memory and in the table.

    Counting costs a search a few microseconds and no statement. What was counted is written
    WRITE_SECONDS later, and by write(); what a process that dies had not written is lost. While
    the database is away, counting goes on. A session that is bound to a corpus counts the queries
    of that one alone. Safe for threads; a forked child begins with nothing.
    """

    def __init__(self, session: Autocommit) -> None:
        self._session = session
        self._failing = False
        self._begin()
        _logs.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._asked: Counter[tuple[str, str]] = Counter()
        self._timer: threading.Timer | None = None

    def note(self, corpus_id: str | None, queries: Iterable[str]) -> None:
        """Count these as asked once more, in one corpus or (None) in all together."""
        if self._session.corpus is not None and corpus_id not in (None, self._session.corpus):
            return  # which finds nothing, and could not be written
        with self._lock:
            for query in queries:
                if len(query) <= LONGEST_QUERY:
                    self._count(corpus_id or self._session.corpus or "", query, 1)
            if self._asked and self._timer is None:
                self._schedule()

    def write(self) -> None:
        """Write what was counted, now. A failure is logged, once, and tried again later."""
        with self._lock:
            asked = self._asked
            self._asked = Counter()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if not asked:
            return
        values = {
            "corpora": [corpus_id for corpus_id, _ in asked],
            "queries": [query for _, query in asked],
            "asked": list(asked.values()),
            "most": MOST_QUERIES,
        }
        try:
            with translated():
                self._session.execute(WRITE, values)
        except Exception as error:
            if not self._failing:
                logger.warning("queries are counted, but cannot be written: %s", error)
            self._failing = True
            with self._lock:
                for (corpus_id, query), times in asked.items():
                    self._count(corpus_id, query, times)
                if self._timer is None:
                    self._schedule()
        else:
            self._failing = False

    def forget(self, corpus_id: str) -> None:
        """Drop what was counted of a corpus and is not written yet."""
        with self._lock:
            for key in [key for key in self._asked if key[0] == corpus_id]:
                del self._asked[key]

    def close(self) -> None:
        """Write what was counted, and whatever becomes of that, nothing more."""
        self.write()
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _count(self, corpus_id: str, query: str, times: int) -> None:
        if (corpus_id, query) in self._asked or len(self._asked) < MOST_QUERIES:
            self._asked[corpus_id, query] += times

    def _schedule(self) -> None:
        self._timer = threading.Timer(WRITE_SECONDS, self.write)
        self._timer.daemon = True
        self._timer.start()


def most_frequent_queries(session: Autocommit, limit: int) -> list[str]:
    """The queries that were asked the most, in all corpora together, the first the most often.

    Raises InvalidInput for a limit below 0, and DatabaseError.
    """
    values = {"limit": check_integer("most_frequent", limit)}
    with translated():
        return list(session.execute(MOST_FREQUENT, values).scalars())


_logs: WeakSet[QueryLog] = WeakSet()


def _begin_as_child() -> None:
    # What the parent counted, the parent writes; its timers are not here.
    for log in list(_logs):
        log._begin()


os.register_at_fork(after_in_child=_begin_as_child)
