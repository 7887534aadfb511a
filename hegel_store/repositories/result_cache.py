"""Answers to identical searches, kept in this process until somebody writes to the corpus."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakSet

import cachetools
from sqlalchemy import text

from hegel_store.database import Autocommit, translated
from hegel_store.embeddings.vector_cache import CacheStatistics
from hegel_store.models import SearchResult
from hegel_store.models.vectors import unit_vector
from hegel_store.search.statement import Search

ENTRY_BYTES = 600
"""What an answer takes beside its pickle, about: its key, and its places in two tables."""

# With the newest row, as a corpus that was erased begins to count anew, in rows that are new.
STATE = text(
    """
    SELECT coalesce(sum(writes), 0) AS writes, coalesce(max(id), 0) AS newest,
           clock_timestamp() AS moment
    FROM hegel_corpus_writes
    WHERE CAST(:corpus_id AS text) IS NULL OR corpus_id = :corpus_id
    """
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A pickled result: of the corpus after so many writes, counted in rows up to this one, and
    until a fact in it ends."""

    result: bytes
    writes: tuple[int, int]
    ends: datetime | None


class ResultCache:
    """Answers of at most ``seconds`` ago, in about ``bytes`` of memory, the least used out first.

    Each search asks first how often its corpus was written to, by anyone; any write that has been
    committed since makes its answer stale, and so does the end of a fact in it. A search gets
    results of its own, to change as it likes. Safe for threads; a forked child begins with nothing.
    """

    def __init__(self, session: Autocommit, seconds: float, bytes: int) -> None:
        self._session = session
        self._seconds = seconds
        self._bytes = bytes
        self._begin()
        _caches.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._hits = 0
        self._misses = 0
        self._answers: cachetools.TTLCache[object, Answer] = cachetools.TTLCache(
            self._bytes, self._seconds, getsizeof=_size
        )

    def answers(
        self,
        searches: Sequence[Search],
        space: str | None,
        embedding: Any,
        ask: Callable[[Sequence[Search]], Sequence[SearchResult]],
    ) -> list[SearchResult]:
        """The result of each search, all of them of one corpus; ``ask`` gives those not kept.

        Raises what ``ask`` does, and DatabaseError.
        """
        given = None if embedding is None else unit_vector("embedding", embedding).tobytes()
        keys = [(search, space, given) for search in map(repr, searches)]
        # Before the searches: what is written meanwhile makes their answers stale, and not false.
        with translated():
            state = self._session.execute(STATE, {"corpus_id": searches[0].corpus_id}).one()
        writes = (state.writes, state.newest)
        kept = self._kept(keys, writes, state.moment)
        rest = [place for place, result in enumerate(kept) if result is None]
        if rest:
            found = ask([searches[place] for place in rest])
            for place, result in zip(rest, found, strict=True):
                kept[place] = result
                if result.degraded is None:
                    # What was held at a recorded time, time does not end.
                    lasting = searches[place].filters.as_of is not None
                    ends = None if lasting else _end(result)
                    answer = Answer(pickle.dumps(result), writes, ends)
                    self._keep(keys[place], answer)
        return [result for result in kept if result is not None]

    def clear(self) -> None:
        """Forget every answer."""
        with self._lock:
            self._answers.clear()

    @property
    def statistics(self) -> CacheStatistics:
        """Hits and misses so far, and what is held now."""
        with self._lock:
            return CacheStatistics(
                self._hits, self._misses, len(self._answers), int(self._answers.currsize)
            )

    def _kept(
        self, keys: Sequence[object], writes: tuple[int, int], moment: datetime
    ) -> list[SearchResult | None]:
        with self._lock:
            found = [self._answers.get(key) for key in keys]
            valid = [
                answer
                if answer is not None
                and answer.writes == writes
                and (answer.ends is None or moment < answer.ends)
                else None
                for answer in found
            ]
            self._hits += sum(answer is not None for answer in valid)
            self._misses += sum(answer is None for answer in valid)
        return [
            None if answer is None else pickle.loads(answer.result)  # noqa: S301  # our own
            for answer in valid
        ]

    def _keep(self, key: object, answer: Answer) -> None:
        with self._lock:
            if _size(answer) <= self._bytes:
                self._answers[key] = answer


def _end(result: SearchResult) -> datetime | None:
    """When the first of the facts ceases to be found."""
    ends = [
        moment
        for hit in result.hits
        for moment in (hit.fact.expires_at, hit.fact.valid_to)
        if moment is not None
    ]
    return min(ends, default=None)


def _size(answer: Answer) -> int:
    return len(answer.result) + ENTRY_BYTES


_caches: WeakSet[ResultCache] = WeakSet()


def _begin_as_child() -> None:
    for cache in list(_caches):
        cache._begin()


os.register_at_fork(after_in_child=_begin_as_child)
