"""Vector indexes: what there is, what is advised, building one anew, and going back."""

from __future__ import annotations

import json

import psycopg
import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.embeddings.protocol import maker_of
from hegel_store.errors import IndexRefused, InvalidInput, NotFound
from hegel_store.models.spaces import Place
from hegel_store.models.vectors import vector_text
from hegel_store.operations import vector_indexes as care
from hegel_store.search.statement import Search, build
from hegel_store.store import Store
from tests.clusters import FACTS, INDEX, QUERIES, Clustered, clustered, fill, index, load
from tests.plans import explain, nodes
from tests.samples import rows

KEPT, BESIDE = f"{INDEX}_kept", f"{INDEX}_beside"
POOR, GOOD = {"m": 4, "ef_construction": 16}, {"m": 16, "ef_construction": 64}


@pytest.fixture
def poor(store: Store) -> Store:
    """Nine thousand clustered facts under a poor index."""
    fill(store)
    index(store, **POOR)
    return store


def used_by_search(store: Store, **options: object) -> set[str]:
    """The vector indexes that the plan of a search names."""
    statement, parameters = build(
        Search(
            query="",
            corpus_id=None,
            limit=10,
            mode="vector",
            filters=hegel_store.models.FactFilter(),
            embedding=Clustered().embed(QUERIES[:1])[0],
            place=Place("fast", "embedding_384", maker_of(Clustered())),
            **options,
        )
    )
    with store.engine.begin() as connection:
        plan = explain(connection, statement, parameters)
    return {node["Index Name"] for node in nodes(plan) if "embedding" in node.get("Index Name", "")}


def parts(store: Store) -> dict[str, tuple[str, bool, dict[str, int]]]:
    return {
        each.name: (each.role, each.valid, dict(each.parameters))
        for each in care.inventory(store.engine)
        if each.column == "embedding_384"
    }


def test_a_denser_graph_finds_more_takes_its_place_and_goes_back(poor):
    assert used_by_search(poor) == {INDEX}
    done = care.rebuild(poor.engine, INDEX, **GOOD, seed=1, sample=40, latency_ratio=50)
    assert done.swapped
    assert done.kept == KEPT
    old, new = done.measured.indexes
    assert (done.measured.queries, done.measured.queries_from) == (40, "stored vectors, moved")
    print(done.measured)
    assert new.recall > old.recall + 0.05
    assert new.table[10][20] > old.table[10][20]
    assert parts(poor) == {INDEX: ("serving", True, GOOD), KEPT: ("kept", True, POOR)}
    assert used_by_search(poor) == {INDEX}
