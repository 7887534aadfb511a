"""Searches of a crowd of facts: the store's own, and what one writes with the raw driver.

The recipes in SQL:

- ``nearest``: ``ORDER BY distance LIMIT k``, with a filter in its WHERE. With HNSW that means: look
  at ef_search neighbours, and filter afterwards.
- ``fused``: the best 40 facts with any of the words, by ``ts_rank``, and the nearest 40, joined by
  the sum of 1 / (60 + rank).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import text

from hegel_store.models import FactFilter, SearchResult
from hegel_store.models.spaces import Maker, Place
from hegel_store.models.vectors import vector_text
from hegel_store.search.fusion import Mode
from hegel_store.search.recall import Neighbour, indexes_in
from hegel_store.search.statement import Search, build
from hegel_store.store import Store
from tests.benchmarks import crowd
from tests.benchmarks.crowd import CORPUS, Query
from tests.benchmarks.timing import Bare

K = 10
CANDIDATES = 40
PLACE = Place("fast", "embedding_384", Maker(crowd.MODEL, 384))

DISTANCE = "embedding_384 <=> CAST(%(vector)s AS halfvec(384))"
LIVE = f"corpus_id = '{CORPUS}' AND deleted_at IS NULL"
NEAREST = """
    SELECT id, content, {distance} AS distance
    FROM hegel_facts
    WHERE {live} AND {condition}
    ORDER BY {order}
    LIMIT %(limit)s"""
FUSED = f"""
    SELECT id, content
    FROM (
        SELECT id, sum(1.0 / (60 + place)) AS score
        FROM (
            (
                SELECT
                    id,
                    row_number() OVER (
                        ORDER BY ts_rank(content_tsv, to_tsquery('english', %(words)s)) DESC, id
                    ) AS place
                FROM hegel_facts
                WHERE {LIVE} AND content_tsv @@ to_tsquery('english', %(words)s)
                ORDER BY place
                LIMIT {CANDIDATES}
            )
            UNION ALL
            SELECT id, row_number() OVER (ORDER BY distance, id) AS place
            FROM (
                SELECT id, {DISTANCE} AS distance
                FROM hegel_facts
                WHERE {LIVE}
                ORDER BY distance
                LIMIT {CANDIDATES}
            ) AS near
        ) AS candidate
        GROUP BY id
        ORDER BY score DESC, id
        LIMIT {K}
    ) AS best
    JOIN hegel_facts USING (id)
    WHERE corpus_id = '{CORPUS}'
    ORDER BY score DESC, id"""


@dataclass(frozen=True)
class Filter:
    """A filter as the store takes it, and as a condition in SQL."""

    ours: FactFilter
    sql: str


@dataclass(frozen=True)
class Kind:
    """A kind of filter; ``share`` (0..1) of the facts have what it asks for.

    ``of`` gives the filter of a question. ``plotted`` are those that only differ in their share.
    """

    name: str
    share: float
    of: Callable[[Query], Filter]
    plotted: bool = False


def kinds() -> Sequence[Kind]:
    """No filter, the categories of the crowd, and filters on other columns."""

    def category(name: str, share: float) -> Kind:
        chosen = Filter(FactFilter(categories=[name]), f"category = '{name}'")
        return Kind(f"category {name}", share, lambda query: chosen, plotted=True)

    def topic(number: int) -> Filter:
        return Filter(FactFilter(intents=[f"topic {number}"]), f"intent = 'topic {number}'")

    nothing = Filter(FactFilter(), "true")
    shard = Filter(FactFilter(metadata={"shard": 7}), """metadata @> '{"shard": 7}'""")
    sure = Filter(FactFilter(min_confidence=0.99), "confidence >= 0.99")
    return [
        Kind("none", 1.0, lambda query: nothing, plotted=True),
        *(category(name, share) for name, share in crowd.SHARES.items()),
        Kind("metadata", 0.001, lambda query: shard),
        Kind("confidence", 0.01, lambda query: sure),
        Kind("intent, its own", 0.01, lambda query: topic(query.topic)),
        # Facts of another topic (there are 100) are far away: a scan meets them last.
        Kind("intent, another", 0.01, lambda query: topic((query.topic + 50) % 100)),
    ]


def ours(store: Store, query: Query, mode: Mode, filters: FactFilter | None = None) -> SearchResult:
    """The store's answer to a question, at most K facts."""
    return store.facts.search(
        query.text,
        corpus_id=CORPUS,
        limit=K,
        mode=mode,
        filters=filters,
        embedding=None if mode == "text" else query.vector,
    )


def nearest(
    bare: Bare, query: Query, condition: str = "true", limit: int = K, *, exact: bool = False
) -> Sequence[Neighbour]:
    """The nearest facts as the planner looks for them, or, with ``exact``, by sorting them all."""
    # No index serves the order of a sum.
    order = f"({DISTANCE}) + 0, id" if exact else DISTANCE
    statement = NEAREST.format(distance=DISTANCE, live=LIVE, condition=condition, order=order)
    rows = bare(statement, {"vector": vector_text(query.vector), "limit": limit})
    return [((CORPUS, fact_id), distance) for fact_id, _, distance in rows]


def fused(bare: Bare, query: Query) -> object:
    """The rows of the recipe with words and vectors, at most K."""
    # A tsquery from a subquery or a CTE would hide from the planner what it asks for.
    words = " | ".join(re.findall(r"\w+", query.text))
    return bare(FUSED, {"words": words, "vector": vector_text(query.vector)})


def plan_of_ours(store: Store, query: Query, filters: FactFilter) -> str:
    """Which index the scan of the vector channel uses, by EXPLAIN of the store's statement.

    That is the plan which runs: after its first five runs a prepared statement keeps to a custom
    plan for every call, as the generic one costs more.
    """
    search = Search(query=query.text, corpus_id=CORPUS, limit=K, mode="vector", filters=filters)
    statement, values = build(replace(search, embedding=query.vector, place=PLACE))
    with store.engine.connect() as connection:
        (top,) = connection.execute(
            text(f"EXPLAIN (FORMAT JSON) {statement.text}"), values
        ).scalar_one()
    plans = top["Plan"]["Plans"]
    (scan,) = (plan for plan in plans if plan.get("Subplan Name") == "CTE scanned")
    return ", ".join(name for name in indexes_in(scan) if "embedding_spaces" not in name)


def plan_of_nearest(bare: Bare, query: Query, condition: str) -> str:
    """Which index ``nearest`` uses."""
    statement = NEAREST.format(distance=DISTANCE, live=LIVE, condition=condition, order=DISTANCE)
    values = {"vector": vector_text(query.vector), "limit": K}
    ((plans,),) = bare(f"EXPLAIN (FORMAT JSON) {statement}", values)
    return ", ".join(indexes_in(plans[0]["Plan"]))
