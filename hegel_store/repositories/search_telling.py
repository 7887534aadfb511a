"""What a search tells of itself when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from functools import partial
from time import perf_counter

from hegel_store.models import FactFilter, SearchHit, SearchResult
from hegel_store.observing import is_watched, tell
from hegel_store.observing.happenings import SearchComplete
from hegel_store.search.statement import Search

FILTERS = tuple(field.name for field in fields(FactFilter))


class Watch:
    """The seconds that a search spent in each of its parts so far, and ``before`` it began: its
    share of embedding several queries at once."""

    __slots__ = ("before", "began", "database", "embedding", "reranking")

    def __init__(self, before: float = 0.0) -> None:
        self.began = perf_counter()
        self.before = self.embedding = before
        self.database = self.reranking = 0.0


def tell_search(
    search: Search, result: SearchResult, watch: Watch, *, cache_hit: bool = False
) -> None:
    """Tell who listens of a search and its result."""
    if is_watched():
        # Not the hits themselves: what waits is a load for the collector of garbage.
        tell(
            partial(
                _complete,
                search,
                watch,
                perf_counter(),
                match_types(result.hits),
                result.degraded,
                candidates=result.candidates,
                exact=result.exact,
                cache_hit=cache_hit,
            )
        )


def tell_stream(search: Search, watch: Watch, degraded: str | None, found: dict[str, int]) -> None:
    """Tell who listens of a search whose facts were streamed, and how many of them were."""
    if is_watched():
        ended = perf_counter()
        watch.database = ended - watch.began
        tell(_complete(search, watch, ended, found, degraded))


def _complete(
    search: Search,
    watch: Watch,
    ended: float,
    found: dict[str, int],
    degraded: str | None,
    *,
    candidates: int | None = None,
    exact: bool | None = None,
    cache_hit: bool = False,
) -> SearchComplete:
    return SearchComplete(
        query=search.query,
        query_length=len(search.query),
        corpus=search.corpus_id,
        mode=search.mode,
        filters=[name for name in FILTERS if getattr(search.filters, name) is not None],
        total_time_ms=(ended - watch.began + watch.before) * 1000,
        embedding_time_ms=watch.embedding * 1000,
        db_search_time_ms=watch.database * 1000,
        rerank_time_ms=watch.reranking * 1000,
        cache_hit=cache_hit,
        results_count=sum(found.values()),
        match_types=found,
        candidates=candidates,
        exact=exact,
        degraded=degraded,
        streamed=search.streamed,
    )


def match_types(hits: Iterable[SearchHit]) -> dict[str, int]:
    """How many were found by each channel alone, and by both."""
    counted = {"vector": 0, "text": 0, "both": 0}
    for hit in hits:
        counted[match_type(hit)] += 1
    return counted


def match_type(hit: SearchHit) -> str:
    if hit.text_rank is None:
        return "vector"
    return "text" if hit.vector_rank is None else "both"
