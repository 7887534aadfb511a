"""What is advised follows from what was measured, and without that from the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hegel_store.errors import IndexRefused
from hegel_store.models.vector_indexes import Measured, MeasuredIndex, VectorIndex
from hegel_store.operations.vector_indexes.estimating import build_seconds, lists_for
from hegel_store.operations.vector_indexes.notes import read_note, recall_in, written
from hegel_store.operations.vector_indexes.planning import advice
from hegel_store.operations.vector_indexes.refusing import memory_warnings, require_room
from hegel_store.operations.vector_indexes.statements import bytes_of

NAME = "idx_hegel_facts_embedding_384"


def index(m: int = 16, ef_construction: int = 64, valid: bool = True) -> VectorIndex:
    return VectorIndex(
        name=NAME,
        table="hegel_facts",
        column="embedding_384",
        method="hnsw",
        parameters={"m": m, "ef_construction": ef_construction},
        opclass="halfvec_cosine_ops",
        predicate="(deleted_at IS NULL)",
        form="plain",
        role="serving",
        valid=valid,
        bytes=1,
        rows=50_000,
        scans=0,
        build_seconds=None,
        estimated_from="",
        recall={},
        measured_on=None,
    )


def measured(recall: float, p50: float = 2.0, exact_p50: float = 80.0) -> Measured:
    found = MeasuredIndex(
        name=NAME, effort=100, recall=recall, worst=0.5, p50=p50, p95=2 * p50, table={}
    )
    return Measured(
        k=10, queries=50, queries_from="query log", exact_p50=exact_p50, indexes=[found]
    )


@pytest.mark.parametrize(
    ("rows", "lists", "probes"),
    [
        (0, 10, 5),
        (1_000, 10, 5),
        (1_001, 50, 10),
        (10_000, 50, 10),
        (10_001, 100, 20),
        (100_000, 100, 20),
        (100_001, 200, 40),
        (200_000, 200, 40),
        (300_000, 300, 40),
        (1_000_000, 1000, 40),
        (100_000_000, 32_768, 40),
    ],
)
def test_lists_and_probes_follow_the_number_of_rows(rows, lists, probes):
    assert lists_for(rows) == (lists, probes)


@pytest.mark.parametrize(
    ("there", "advised"),
    [
        ((4, 16), {"m": 16, "ef_construction": 64}),
        ((16, 64), {"m": 32, "ef_construction": 128}),
        ((64, 600), {"m": 100, "ef_construction": 1000}),
    ],
    ids=["poor", "usual", "dense"],
)
def test_a_graph_that_finds_too_little_should_be_denser(there, advised):
    found = advice(index(*there), 50_000, "hnsw", 0.95, measured(0.9))
    assert (found.change, found.method, found.parameters) == (True, "hnsw", advised)
    assert "recall@10 of 0.900, which is below 0.95" in found.why
    assert found.ivfflat == {"lists": 100, "probes": 20}


def test_what_finds_enough_is_left_and_what_an_exact_search_beats_is_not_needed():
    enough = advice(index(), 50_000, "hnsw", 0.95, measured(0.97))
    assert (enough.change, enough.parameters) == (False, {"m": 16, "ef_construction": 64})
    none = advice(index(4, 16), 500, "hnsw", 0.95, measured(0.5, p50=1.0, exact_p50=0.8))
    assert (none.change, none.method, none.parameters) == (False, None, {})
    assert "an exact search takes 0.8 ms, this index 1.0 ms" in none.why


def test_without_a_measurement_the_rows_decide_and_it_is_said():
    broken = advice(index(valid=False), 5_000, "hnsw", 0.95, None, "it is INVALID")
    assert broken.change
    assert broken.why.endswith("Nothing could be measured: it is INVALID")
    lists = advice(index(), 5_000, "ivfflat", 0.95, None, "why")
    assert (lists.change, lists.parameters, lists.effort) == (True, {"lists": 50}, 10)


def test_estimates_say_what_they_are_from():
    usual = {"m": 16, "ef_construction": 64}
    seconds, basis = build_seconds("hnsw", "embedding_384", usual, 300_000, {})
    assert (seconds, "300,000 vectors of 384 numbers in 60 s" in basis) == (60, True)
    assert build_seconds("hnsw", "embedding_1536", usual, 300_000, {})[0] == 240
    own = {"built": {"rows": 1000, "seconds": 2.0}}
    assert build_seconds("hnsw", "embedding_384", usual, 5000, own)[0] == 10
    assert build_seconds("hnsw", "embedding_384", usual, None, own)[0] is None


def test_the_size_is_near_what_an_index_of_300_000_vectors_took():
    assert bytes_of("hnsw", "embedding_384", 300_000, 16) == pytest.approx(335e6, rel=0.1)
    assert bytes_of("ivfflat", "embedding_384", 300_000, 0) < 300e6


def test_too_little_room_is_refused_and_a_disk_elsewhere_is_told_of(tmp_path: Path):
    assert require_room(NAME, str(tmp_path), 1) == []
    with pytest.raises(IndexRefused, match="MiB left") as caught:
        require_room(NAME, str(tmp_path), 2**60)
    assert caught.value.index == NAME
    told: Sequence[str] = require_room(NAME, str(tmp_path / "elsewhere"), 2**60)
    assert "is not known here" in told[0]
    assert require_room(NAME, None, 2**60) == told


def test_a_graph_has_to_fit_into_memory_and_lists_do_not():
    assert memory_warnings("hnsw", 2**20, 2**20) == []
    assert "many times slower" in memory_warnings("hnsw", 2**21, 2**20)[0]
    assert memory_warnings("ivfflat", 2**21, 2**20) == []


def test_a_note_is_read_as_it_was_written_and_nothing_else_is_one():
    note = {"recall": {"10": {"20": 0.5}}, "rebuilt": True}
    assert recall_in(read_note(written(note))) == {10: {20: 0.5}}
    for other in (None, "", "our index", '{"recall": {}}', '{"hegel_store": "vector index"'):
        assert read_note(other) == {}
