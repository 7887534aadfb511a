"""What `hegel-store index` advises and shows, on tables that are there."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from hegel_store.cli import app
from hegel_store.operations import vector_indexes as care
from hegel_store.store import Store
from tests.clusters import INDEX, clustered, index, load
from tests.commands import run

LOOSE = ["--recall", "0", "--latency-ratio", "1000", "--sample", "4", "--seed", "1"]


@pytest.fixture
def small(store: Store) -> Store:
    """Sixty facts under the index that the revisions have made."""
    load(store, clustered(60, seed=1))
    return store


def test_columns_without_vectors_get_no_advice_and_an_invalid_index_is_not_measured(store, url):
    assert care.plan(store.engine) == []
    assert "No fact has a vector yet" in run("index", "plan", "--url", url)
    load(store, clustered(3, seed=1))
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{INDEX}'::regclass"
        )
    (advised,) = care.plan(store.engine, sample=2)
    assert advised.measured is None
    assert (advised.change, advised.rows) == (True, 3)
    assert "Nothing could be measured" in advised.why
    assert "INVALID" in advised.why


def test_one_fact_is_too_little_to_measure(store):
    load(store, clustered(1, seed=1))
    (advised,) = care.plan(store.engine, sample=2)
    assert (advised.measured, advised.change) == (None, False)
    assert "second fact" in advised.why
    assert care.rebuild(store.engine, INDEX, m=4, ef_construction=16).swapped


def test_the_advice_is_what_was_measured_here(store):
    """Whichever is faster here: the reason has the two times, and the advice follows them."""
    index(store, None)
    load(store, clustered(6000, seed=1))
    index(store, m=3, ef_construction=6)
    (advised,) = care.plan(store.engine, sample=8, seed=1)
    (found,) = advised.measured.indexes
    assert advised.rows == 6000
    assert found.recall < 0.95
    assert f"this index {found.p50:.1f} ms" in advised.why
    if advised.measured.exact_p50 <= found.p50:
        assert (advised.method, advised.change) == (None, False)
    else:
        assert (advised.method, advised.change) == ("hnsw", True)
        assert advised.parameters == {"m": 16, "ef_construction": 64}
    assert advised.ivfflat == {"lists": 50, "probes": 10}


def test_the_commands_go_there_and_back(small, url):
    at = ["--url", url]
    listed = json.loads(run("index", "inventory", "--json", *at))
    assert {each["name"] for each in listed} >= {INDEX, "idx_hegel_labels_embedding"}
    assert INDEX in run("index", "inventory", *at)
    (advised,) = json.loads(run("index", "plan", "--json", "--sample", 3, *at))
    assert advised["name"] == INDEX
    assert f"{INDEX} (60 rows)" in run("index", "plan", "--sample", 3, *at)

    parameters = ["-m", "4", "--ef-construction", "16"]
    told = run("index", "rebuild", INDEX, *parameters, "--dry-run", *at)
    assert "CREATE INDEX CONCURRENTLY" in told
    shown = run("index", "rebuild", INDEX, *parameters, *LOOSE, *at)
    assert "4 queries from the stored vectors, moved" in shown
    assert f"{INDEX} serves" in shown
    again = json.loads(run("index", "rebuild", INDEX, "-m", 6, "--json", "--drop-old", *LOOSE, *at))
    assert (again["swapped"], again["kept"]) == (True, f"{INDEX}_kept")
    for dry in (["--dry-run"], []):
        undone = json.loads(run("index", "rollback", INDEX, "--json", *dry, *at))
        assert len(undone["statements"]) == 4
    kept = {each["name"]: each for each in json.loads(run("index", "inventory", "--json", *at))}
    assert kept[INDEX]["parameters"] == {"m": 4, "ef_construction": 16}
    assert kept[f"{INDEX}_kept"]["role"] == "kept"
    assert "DROP INDEX CONCURRENTLY" in run("index", "drop-old", INDEX, *at)

    assert "exact search" in run("index", "measure", INDEX, "--note", "--sample", 3, *at)
    measured = json.loads(run("index", "measure", INDEX, "--json", "--sample", 3, *at))
    assert measured["queries"] == 3
    assert run("index", "measure", INDEX, "--forget", *at) == "forgotten\n"
    assert json.loads(run("index", "measure", INDEX, "--forget", "--json", *at)) == {
        "forgotten": False
    }


def test_a_refusal_is_an_exit_status_with_the_reason(small, url):
    done = CliRunner().invoke(
        app,
        ["index", "rebuild", INDEX, *LOOSE, "--latency-ratio", "0.0001", "--url", url],
    )
    assert done.exit_code == 1
    assert "refused, and dropped: it takes" in done.stdout
