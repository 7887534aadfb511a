"""How much of the exact answer the HNSW index finds: the statements, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import TextClause, text

from hegel_store.models import FactFilter
from hegel_store.search import filters
from hegel_store.search.spaces import COLUMNS
from hegel_store.search.vector import distance_of, nearest, order_of

FactKey = tuple[str, UUID]
"""The corpus and the id of a fact."""

Neighbour = tuple[FactKey, float]
"""A fact and its cosine distance (0..2) from a query's vector."""

SAME_DISTANCE = 1e-6
"""Distances that differ by less are equal: that is how exact pgvector's float32 sums are."""

# The table is named as searches name it, so that the search path decides which one it is.
INDEXES = text(
    """
    SELECT pg_class.relname AS name, array_to_string(pg_class.reloptions, ', ') AS parameters
    FROM pg_catalog.pg_index
    JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
    JOIN pg_catalog.pg_am ON pg_am.oid = relam AND amname = 'hnsw'
    JOIN pg_catalog.pg_opclass ON pg_opclass.oid = indclass[0] AND opcname = 'halfvec_cosine_ops'
    JOIN pg_catalog.pg_attribute ON attrelid = indrelid AND attname = :slot
    WHERE indrelid = CAST('hegel_facts' AS regclass) AND indisvalid
      -- Of the column, in the form that searches order by (hegel_store.schema.vector_keys).
      AND CASE
          WHEN strpos(
              pg_get_function_sqlbody(to_regprocedure('hegel_' || attname || '(halfvec)')),
              'subvector('
          ) > 0
          THEN strpos(pg_get_indexdef(indexrelid, 1, false), 'subvector(' || attname || ',') > 0
          ELSE indkey[0] = attnum
      END
    ORDER BY pg_class.relname
    """
)
SPACES = text(
    f"""
    SELECT {COLUMNS} FROM hegel_embedding_spaces
    WHERE CAST(:corpus_id AS text) IS NULL OR corpus_id = :corpus_id
    ORDER BY corpus_id, slot
    """
)
# Custom plans, so that what EXPLAIN shows is what runs: a generic one may be another.
SETTINGS = text(
    """
    SELECT
        set_config('hnsw.iterative_scan', 'relaxed_order', true),
        set_config('hnsw.ef_search', CAST(:ef_search AS text), true),
        set_config('plan_cache_mode', 'force_custom_plan', true)
    """
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The nearest facts to one query, the nearest first, and how long that took, in ms."""

    facts: Sequence[Neighbour]
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallPoint:
    """What one ``ef_search`` finds.

    ``recall`` (0..1) is the mean over the queries, ``worst`` the mean over the worst tenth of them.
    ``p50`` and ``p95`` are milliseconds of the bare vector statement, seen from the client.
    ``index`` is the HNSW index that EXPLAIN named, None where the planner took another way: recall
    is then 1 by construction. ``short`` (0..1) is the share of queries for which the scan ended
    with fewer facts than it was asked for; a search makes an exact pass there.
    """

    ef_search: int
    recall: float
    worst: float
    p50: float
    p95: float
    index: str | None
    short: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallReport:
    """What measure_recall() found.

    ``slot`` is the column of the vectors, ``facts`` how many live ones there are in the corpus (in
    all of them where ``corpus_id`` is None). ``queries`` were made of stored facts drawn by
    ``seed``, or of texts where that is None. ``default`` is the ef_search of a search for ``k``
    facts that is told nothing else. ``indexes`` are the HNSW indexes on the column, with their
    parameters as the catalog has them ('' for pgvector's defaults). ``exact_p50`` is the median
    time of the exact statement in milliseconds. ``points`` are in ascending order of ef_search.
    """

    slot: str
    corpus_id: str | None
    facts: int
    queries: int
    seed: int | None
    k: int
    default: int
    indexes: Mapping[str, str]
    exact_p50: float
    points: Sequence[RecallPoint]

    def smallest(self, target: float) -> RecallPoint | None:
        """The point of the smallest ef_search at which the index reaches this mean recall."""
        return next((p for p in self.points if p.index is not None and p.recall >= target), None)


def count_statement(slots: Sequence[str], corpus_id: str | None) -> tuple[TextClause, Any]:
    """How many live facts have a vector in each of these slots: one row, a column for each."""
    conditions, parameters = filters.where(corpus_id, FactFilter())
    counts = ", ".join(f"count(fact.{slot})" for slot in slots)
    return text(f"SELECT {counts} FROM hegel_facts AS fact WHERE {conditions}"), parameters


def sample_statement(slot: str, corpus_id: str | None) -> tuple[TextClause, Any]:
    """Some facts' vectors as text; the same ``seed`` gives the same ones. Parameters to come: seed
    and limit."""
    conditions, parameters = filters.where(corpus_id, FactFilter())
    # A hash and not random(), whose draw would depend on the order that rows are read in.
    statement = f"""
        SELECT corpus_id, id, CAST(vector AS text) AS vector
        FROM (
            SELECT fact.corpus_id, fact.id, fact.{slot} AS vector
            FROM hegel_facts AS fact
            WHERE fact.{slot} IS NOT NULL AND {conditions}
            ORDER BY
                hashtextextended(CAST(fact.id AS text), CAST(:seed AS bigint)),
                fact.corpus_id, fact.id
            LIMIT :limit
        ) AS drawn"""
    return text(statement), parameters


def exact_statement(slot: str, corpus_id: str | None) -> tuple[TextClause, Any]:
    """The nearest facts; no index serves its order. Parameters to come: embedding and limit."""
    conditions, parameters = filters.where(corpus_id, FactFilter())
    distance = distance_of(slot)
    statement = f"""
        SELECT fact.corpus_id, fact.id, {distance} AS distance
        FROM hegel_facts AS fact
        WHERE fact.{slot} IS NOT NULL AND {conditions}
        ORDER BY ({distance}) + 0, fact.corpus_id, fact.id
        LIMIT :limit"""
    return text(statement), parameters


def indexed_statement(
    slot: str, corpus_id: str | None, *, explain: bool = False
) -> tuple[TextClause, Any]:
    """The nearest facts as a search's vector channel looks for them, or the plan of that.

    Parameters to come: embedding, depth (how many are looked for) and limit (how many of them are
    wanted). ``found`` is the number that the scan came up with.
    """
    conditions, parameters = filters.where(corpus_id, FactFilter())
    # The + 0 makes the server sort: it would take the scan's relaxed order for the right one.
    statement = f"""
        {"EXPLAIN (FORMAT JSON)" if explain else ""}
        WITH settings AS MATERIALIZED (SELECT true AS scan),
        scanned AS MATERIALIZED (
            {nearest(conditions, slot, order_of(slot))}
        )
        SELECT corpus_id, id, distance, (SELECT count(*) FROM scanned) AS found
        FROM scanned
        ORDER BY distance + 0, corpus_id, id
        LIMIT :limit"""
    return text(statement), parameters


def indexes_in(plan: Mapping[str, Any]) -> Iterator[str]:
    """The names of the indexes in a node of EXPLAIN's JSON and below it."""
    if "Index Name" in plan:
        yield plan["Index Name"]
    for child in plan.get("Plans", ()):
        yield from indexes_in(child)


def without(fact: FactKey | None, found: Sequence[Neighbour], k: int) -> Sequence[Neighbour]:
    """The first ``k`` that are not this fact."""
    return [neighbour for neighbour in found if neighbour[0] != fact][:k]


def recall_of(found: Sequence[Neighbour], exact: Sequence[Neighbour]) -> float:
    """The share (0..1) of the exact neighbours (at least one) that was found.

    A found fact is right when it is no farther than the last exact one: of facts that are equally
    far, either may be in the list. Both lists are in order, and cut to the same length.
    """
    farthest = exact[-1][1] + SAME_DISTANCE
    return sum(distance <= farthest for _, distance in found) / len(exact)


def point(
    ef_search: int,
    answers: Sequence[Answer],
    exact: Sequence[Answer],
    *,
    index: str | None,
    short: float,
) -> RecallPoint:
    """The point for these answers, one for each query, against the exact ones."""
    recalls = np.sort([recall_of(a.facts, e.facts) for a, e in zip(answers, exact, strict=True)])
    times = [answer.milliseconds for answer in answers]
    return RecallPoint(
        ef_search=ef_search,
        recall=float(recalls.mean()),
        worst=float(recalls[: -(-len(recalls) // 10)].mean()),
        p50=float(np.median(times)),
        p95=float(np.percentile(times, 95)),
        index=index,
        short=short,
    )
