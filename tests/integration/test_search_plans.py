"""What a search does in the server: which indexes it reads, how many facts, and what it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from hegel_store.models import FactFilter
from hegel_store.models.spaces import Maker, Place
from hegel_store.models.vectors import vector_text
from hegel_store.search.lexical import ROW_BUDGET
from hegel_store.search.near import CROWD, near_statement
from hegel_store.search.statement import Search, build
from hegel_store.search.vector import EF_SEARCH
from hegel_store.store import Store
from tests import multitude
from tests.multitude import COMMON, FACTS, Multitude, word
from tests.plans import explain, nodes

QUERY = multitude.vectors(1, seed=3)[0][0]
SIX = FactFilter(categories=["six"])
# Rare and middling words, with one that is in a third of the facts.
QUERIES = [
    f"{word(4000)} {word(900)} {COMMON}",
    f"{word(60)} {word(75)} {COMMON}",
    f"{word(1)} {word(2)} {COMMON}",
    f"{COMMON} {word(0)} {word(12_000)} {word(300)} {word(301)} {word(302)}",
]
HYBRID = {"mode": "hybrid", "filters": FactFilter()}


def plan_of(store: Store, query: str, **options: Any) -> dict[str, Any]:
    """How a search really ran."""
    values = {"corpus_id": None, "limit": 10} | HYBRID | options
    if values["mode"] != "text":
        place = Place("fast", "embedding_384", Maker("unnamed", 384))
        values |= {"embedding": QUERY, "place": place}
    statement, parameters = build(Search(query=query, **values))
    with store.engine.begin() as connection:
        return explain(connection, statement, parameters)


def part(plan: dict[str, Any], name: str) -> dict[str, Any]:
    """The plan of a common table expression."""
    (found,) = (node for node in nodes(plan) if node.get("Subplan Name") == f"CTE {name}")
    return found


def main(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes outside of all common table expressions."""
    yield plan
    for child in plan.get("Plans", ()):
        if not child.get("Subplan Name"):
            yield from main(child)


def scans(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes that read facts, as far as they were executed at all."""
    return [
        node
        for node in nodes(plan)
        if node.get("Relation Name") == "hegel_facts" and node["Actual Loops"] > 0
    ]


def facts_read(plan: dict[str, Any]) -> float:
    """How many facts the plan looked at, with those that it then threw away."""
    return sum(
        node["Actual Loops"]
        * (
            node["Actual Rows"]
            + node.get("Rows Removed by Filter", 0)
            + node.get("Rows Removed by Index Recheck", 0)
        )
        for node in scans(plan)
    )


@pytest.mark.parametrize("mode", ["text", "hybrid"])
@pytest.mark.parametrize("query", QUERIES)
def test_the_words_index_is_read_for_about_as_many_facts_as_are_ranked(
    crowded: Store, facts: Multitude, query: str, mode: str
) -> None:
    assert facts.with_words([COMMON]).sum() > FACTS / 4 > 10 * ROW_BUDGET
    rarely = part(plan_of(crowded, query, mode=mode), "rarely")
    assert "idx_hegel_facts_content_fts" in [node.get("Index Name") for node in nodes(rarely)]
    assert 10 <= facts_read(rarely) <= 3 * ROW_BUDGET


@pytest.mark.parametrize("query", QUERIES)
def test_what_comes_up_short_is_looked_for_otherwise_and_nothing_else_is(
    crowded: Store, query: str
) -> None:
    ordinary = plan_of(crowded, query)
    assert scans(part(ordinary, "widely")) == []
    assert scans(part(ordinary, "exact_pass")) == []
    assert scans(part(ordinary, "scanned")) != []
    filtered = plan_of(crowded, query, filters=SIX)
    assert scans(part(filtered, "widely")) != []
    assert scans(part(filtered, "exact_pass")) != []


@pytest.mark.parametrize("filters", [FactFilter(), SIX, FactFilter(metadata={"shard": 7})])
@pytest.mark.parametrize("mode", ["text", "vector", "hybrid"])
@pytest.mark.parametrize("corpus_id", [None, multitude.CORPUS])
def test_no_search_reads_through_all_facts(
    crowded: Store, mode: str, filters: FactFilter, corpus_id: str | None
) -> None:
    plan = plan_of(crowded, QUERIES[0], mode=mode, filters=filters, corpus_id=corpus_id)
    assert [node for node in scans(plan) if node["Node Type"] == "Seq Scan"] == []
    assert scans(plan) != []


@pytest.mark.parametrize("mode", ["text", "vector", "hybrid"])
@pytest.mark.parametrize("limit", [1, 10, 60])
def test_only_the_facts_that_are_returned_are_fetched_and_by_their_key(
    crowded: Store, mode: str, limit: int
) -> None:
    plan = plan_of(crowded, QUERIES[1], mode=mode, limit=limit)
    (fetch,) = (node for node in main(plan) if node.get("Relation Name") == "hegel_facts")
    assert fetch["Index Name"] == "pk_hegel_facts"
    assert facts_read(fetch) == limit
    assert plan["Actual Rows"] == limit


def test_a_scan_begins_after_its_settings_are_made(crowded: Store) -> None:
    scanned = part(plan_of(crowded, QUERIES[0], mode="vector"), "scanned")
    (join,) = (node for node in nodes(scanned) if node["Node Type"] == "Nested Loop")
    first, second = join["Plans"]
    assert first["CTE Name"] == "settings"
    assert "idx_hegel_facts_embedding_384" in [node.get("Index Name") for node in nodes(second)]


@pytest.mark.parametrize("mode", ["vector", "hybrid"])
def test_a_search_that_is_run_often_is_planned_anew_for_its_filter(
    crowded: Store, facts: Multitude, mode: str
) -> None:
    """A plan that were made for any filter would walk the vector index for six facts."""
    six = {facts.ids[place] for place in np.flatnonzero(facts.live & (facts.categories == "six"))}
    with crowded.begin() as work:
        for _ in range(20):
            options = {"mode": mode, "embedding": QUERY}
            assert len(work.facts.search(QUERIES[0], **options)) == 10
            found = work.facts.search(QUERIES[0], filters=SIX, **options)
            assert {hit.fact.id for hit in found} == six
        prepared = work.session.execute(
            text(
                "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
                " WHERE statement LIKE '%fused AS MATERIALIZED%' AND name LIKE '\\_pg3%'"
            )
        ).all()
    assert len(prepared) == 2
    assert all(generic == 0 and custom > 5 for generic, custom in prepared)


def test_judging_reads_a_neighbourhood_of_each_new_fact_and_no_more(crowded: Store) -> None:
    given = multitude.vectors(20, seed=5)[0]
    values = {
        "corpora": [multitude.CORPUS] * len(given),
        "hashes": [bytes([n]) for n in range(len(given))],
        "labels": ["seldom", None] * (len(given) // 2),
        "embeddings": [vector_text(vector) for vector in given],
        "similarity": 0.95,
        "ef_search": EF_SEARCH,
    }
    with crowded.engine.begin() as connection:
        plan = explain(connection, near_statement("embedding_384"), values)
    used = {node.get("Index Name") for node in scans(plan)}
    assert "idx_hegel_facts_embedding_384" in used
    # Expired facts are passed over.
    assert facts_read(plan) < 1.5 * CROWD * len(given)
