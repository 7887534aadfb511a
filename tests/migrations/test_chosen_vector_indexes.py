"""What an operator has chosen for a vector index is no drift, and a revision may overrule it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hegel_store.errors import IndexRefused, NotFound
from hegel_store.operations import vector_indexes as care
from tests.clusters import INDEX, clustered, load
from tests.migrations.catalog import catalog
from tests.migrations.comparison import Comparison, comparison, plant
from tests.migrations.planted import Chain

LOOSE = {"recall": 0.0, "latency_ratio": 1000.0, "sample": 3, "seed": 1}


@pytest.fixture
def ours(url: str) -> Iterator[Comparison]:
    with comparison(url) as made:
        yield made


@pytest.mark.parametrize(
    "chosen",
    [{"m": 8, "ef_construction": 32}, {"method": "ivfflat", "lists": 5}],
    ids=["hnsw", "ivfflat"],
)
def test_a_rebuilt_index_and_what_is_kept_are_no_drift(ours, store, postgresql, chosen):
    load(store, clustered(60, seed=1))
    assert care.rebuild(store.engine, INDEX, **chosen, **LOOSE).swapped
    assert ours.diffs() == []
    if "m" in chosen:
        care.roll_back(store.engine, INDEX)
        assert ours.diffs() == []


def test_what_nobody_chose_is_drift_all_the_same(ours, store, postgresql):
    load(store, clustered(60, seed=1))
    assert care.rebuild(store.engine, INDEX, m=8, ef_construction=32, **LOOSE).swapped
    # The same, without the note of a rebuild.
    plant(postgresql, f"COMMENT ON INDEX {INDEX} IS 'mine'")
    plant(
        postgresql,
        "CREATE OR REPLACE FUNCTION hegel_embedding_768(embedding halfvec) RETURNS halfvec"
        " LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN l2_normalize(embedding)",
    )
    assert sorted(ours.diffs()) == [
        ("modify_function", "hegel_embedding_768(halfvec)"),
        ("modify_index", INDEX),
    ]


def test_another_predicate_is_drift_whoever_made_it(ours, store, postgresql):
    load(store, clustered(60, seed=1))
    assert care.rebuild(store.engine, INDEX, m=8, ef_construction=32, **LOOSE).swapped
    (said,) = postgresql.execute(f"SELECT obj_description('{INDEX}'::regclass)").fetchone()
    plant(postgresql, f"DROP INDEX {INDEX}")
    plant(
        postgresql,
        f"CREATE INDEX {INDEX} ON hegel_facts USING hnsw"
        " ((subvector(embedding_384, 1, 384)::halfvec(384)) halfvec_cosine_ops)"
        " WHERE confidence > 0.5",
    )
    plant(postgresql, f"COMMENT ON INDEX {INDEX} IS '{said}'")
    assert ours.diffs() == [("modify_index", INDEX)]


def test_a_revision_that_rebuilds_it_has_the_last_word(store, url, postgresql, tmp_path: Path):
    """Searches find its index, and no other one that the planner might take for it."""
    before = catalog(postgresql)
    load(store, clustered(60, seed=1))
    assert care.rebuild(store.engine, INDEX, m=8, ef_construction=32, **LOOSE).swapped
    chain = Chain(url, tmp_path / "versions")
    near = f"'{INDEX}', 'hegel_facts', 'embedding_384'"
    chain.plant(f"op.rebuild_hnsw_index({near}, where='deleted_at IS NULL')")
    chain.upgrade()
    assert catalog(postgresql) == before
    (found,) = [each for each in care.inventory(store.engine) if each.column == "embedding_384"]
    assert (found.name, found.role, found.form) == (INDEX, "serving", "plain")
    with pytest.raises(NotFound):
        care.roll_back(store.engine, INDEX)


def test_an_index_made_by_hand_in_the_form_that_searches_use_is_no_way_back(store, postgresql):
    plant(
        postgresql,
        f"CREATE INDEX {INDEX}_kept ON hegel_facts USING hnsw (embedding_384 halfvec_cosine_ops)"
        " WHERE deleted_at IS NULL",
    )
    with pytest.raises(IndexRefused, match="could not tell it apart"):
        care.roll_back(store.engine, INDEX)
