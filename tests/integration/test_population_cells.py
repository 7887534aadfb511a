"""MAP-Elites cells on a real database: one holder each, whoever races for it."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import exc, text

from hegel_store.errors import InvalidInput, NotFound
from hegel_store.repositories import population_cell_statements as statements
from hegel_store.store import Store
from tests.plans import explain, nodes
from tests.samples import rows

SCOPE = ("news", "qa")


def profiles(store: Store, count: int) -> list[UUID]:
    return sorted(store.profiles.append(*SCOPE, {}).id for _ in range(count))


def held(store: Store, **options: object) -> dict[str | None, UUID]:
    return {m.cell_key: m.profile_id for m in store.populations.cells(*SCOPE, **options)}


def test_the_fitter_takes_the_cell_and_the_other_is_evicted(store: Store) -> None:
    a, b, c, d = profiles(store, 4)
    place = store.populations.place
    first = place(*SCOPE, a, "0-1", 0.5, descriptor={"length": 12}, generation=3)
    assert (first.placed, first.replaced) == (True, None)
    assert (first.member.cell_key, first.member.holds_cell) == ("0-1", True)
    assert (first.member.generation, first.member.evicted_at) == (3, None)
    worse = place(*SCOPE, b, "0-1", 0.4, descriptor={"length": 13})
    assert (worse.placed, worse.replaced, worse.member.holds_cell) == (False, None, False)
    assert worse.member.evicted_at is not None
    assert (worse.member.fitness, worse.member.descriptor) == (0.4, {"length": 13})
    assert not place(*SCOPE, c, "0-1", 0.5).placed, "the first of two equals stays"
    better = place(*SCOPE, c, "0-1", 0.6)
    assert (better.placed, better.replaced, better.member.evicted_at) == (True, a, None)
    assert place(*SCOPE, d, "2-2", -1.0).placed
    assert held(store) == {"0-1": c, "2-2": d}
    assert [m.profile_id for m in store.populations.fittest(*SCOPE)] == [c, d]
    assert len(rows(store, "SELECT FROM hegel_profile_populations")) == 4


def test_a_holder_that_is_placed_anew_keeps_moves_or_loses(store: Store) -> None:
    a, b = profiles(store, 2)
    place = store.populations.place
    place(*SCOPE, a, "x", 0.5)
    place(*SCOPE, b, "y", 0.7)
    again = place(*SCOPE, a, "x", 0.3)
    assert (again.placed, again.replaced, again.member.fitness) == (True, None, 0.3)
    assert place(*SCOPE, a, "z", 0.3).placed
    assert held(store) == {"y": b, "z": a}
    assert not place(*SCOPE, a, "y", 0.6).placed
    assert held(store) == {"y": b}
    assert store.populations.place(*SCOPE, a, "y", 0.6, island=1).placed
    assert held(store, island=1) == {"y": a}


def test_a_former_holder_that_is_added_again_holds_nothing(store: Store) -> None:
    a, b, c = profiles(store, 3)
    store.populations.place(*SCOPE, a, "x", 0.5)
    store.populations.evict(*SCOPE, a)
    store.populations.place(*SCOPE, b, "x", 0.1)
    revived = store.populations.add(*SCOPE, a)
    assert (revived.evicted_at, revived.holds_cell, revived.cell_key) == (None, False, "x")
    assert held(store) == {"x": b}
    assert store.populations.add(*SCOPE, b, metadata={"kept": 1}).holds_cell
    assert store.populations.add(*SCOPE, b, cell_key="x").holds_cell
    store.populations.place(*SCOPE, c, "y", 0.1)
    assert not store.populations.add(*SCOPE, b, cell_key="y").holds_cell
    assert held(store) == {"y": c}


def test_the_best_of_all_who_race_for_a_cell_holds_it_alone(store: Store) -> None:
    ids = profiles(store, 96)
    fitness = [random.Random(n).random() for n in range(96)]
    cells = [str(n % 3) for n in range(96)]
    work = list(zip(ids, cells, fitness, strict=True))
    random.Random(0).shuffle(work)

    def place(part: int) -> int:
        return sum(
            store.populations.place(*SCOPE, profile, cell, score).placed
            for profile, cell, score in work[part::8]
        )

    with ThreadPoolExecutor(8) as pool:
        placed = sum(pool.map(place, range(8)))
    assert placed >= 3
    best = {
        cell: max((score, profile) for profile, own, score in work if own == cell)[1]
        for cell in "012"
    }
    assert held(store) == best
    live = "SELECT profile_id FROM hegel_profile_populations WHERE evicted_at IS NULL"
    assert {profile for (profile,) in rows(store, live)} == set(best.values())
    assert len(rows(store, "SELECT FROM hegel_profile_populations")) == 96


def test_the_database_itself_refuses_a_second_holder(store: Store) -> None:
    a, b = profiles(store, 2)
    store.populations.place(*SCOPE, a, "x", 0.5)
    store.populations.add(*SCOPE, b, cell_key="x")
    with (
        store.engine.connect() as connection,
        pytest.raises(exc.IntegrityError, match="idx_hegel_profile_populations_cell"),
    ):
        connection.execute(text("UPDATE hegel_profile_populations SET holds_cell = true"))


def test_placing_is_part_of_its_transaction(store: Store) -> None:
    a, b = profiles(store, 2)
    store.populations.place(*SCOPE, a, "x", 0.5)
    with store.begin() as work:
        assert work.populations.place(*SCOPE, b, "x", 0.9).replaced == a
        with pytest.raises(NotFound):
            work.populations.place(*SCOPE, uuid4(), "y", 0.9)
        work.session.rollback()
    assert held(store) == {"x": a}


def test_cells_are_made_anew_from_raw_descriptors(store: Store) -> None:
    ids = profiles(store, 6)
    lengths = [0.0, 10.0, 20.0, 24.0, 40.0, 38.0]
    for n, (profile, length) in enumerate(zip(ids, lengths, strict=True)):
        placed = store.populations.place(
            *SCOPE, profile, f"old {n}", n / 10, descriptor={"length": length, "tone": 1}
        )
        assert placed.placed
    (stranger, blank) = profiles(store, 2)
    store.populations.add(*SCOPE, stranger, fitness=1.0, descriptor={"length": 5, "tone": 1})
    store.populations.place(*SCOPE, blank, "blank", 0.9, descriptor={"tone": "loud"})
    left = store.populations.rebin(*SCOPE, {"length": 4, "tone": 3})
    assert {m.cell_key: m.profile_id for m in left} == {
        "0-1": ids[0],
        "1-1": ids[1],
        "2-1": ids[3],
        "3-1": ids[5],
    }
    assert held(store) == {m.cell_key: m.profile_id for m in left}
    living = {m.profile_id for m in store.populations.fittest(*SCOPE)}
    assert living == {ids[0], ids[1], ids[3], ids[5], stranger, blank}
    finer = store.populations.rebin(*SCOPE, {"length": 8})
    assert [m.cell_key for m in finer] == ["0", "2", "4", "7"], "the range is that of all"


def test_swapped_cells_do_not_stand_in_each_others_way(store: Store) -> None:
    a, b = profiles(store, 2)
    store.populations.place(*SCOPE, a, "1", 0.5, descriptor={"x": 0})
    store.populations.place(*SCOPE, b, "0", 0.5, descriptor={"x": 1})
    store.populations.rebin(*SCOPE, {"x": 2})
    assert held(store) == {"0": a, "1": b}


def test_a_holder_is_found_by_the_index_of_cells(store: Store) -> None:
    ids = profiles(store, 200)
    for n, profile in enumerate(ids):
        store.populations.place(*SCOPE, profile, str(n), 0.5)
    values = {
        "corpus_id": "news",
        "task_type": "qa",
        "population": "default",
        "island": 0,
        "profile_id": ids[0],
        "cell_key": "150",
        "fitness": 0.9,
        "generation": None,
        "objectives": "{}",
        "descriptor": "{}",
        "metadata": "{}",
        "epoch": 0,
    }
    with store.engine.connect() as connection:
        connection.execute(text("ANALYZE hegel_profile_populations"))
        found = list(nodes(explain(connection, statements.PLACE, values)))
        connection.rollback()
    used = {node["Index Name"] for node in found if "Index Name" in node}
    assert "idx_hegel_profile_populations_cell" in used
    assert not [node for node in found if node["Node Type"] == "Seq Scan"]


def test_bad_input_is_refused(store: Store) -> None:
    (profile,) = profiles(store, 1)
    members = store.populations
    for call, field in (
        (lambda: members.place(*SCOPE, profile, " ", 0.5), "cell_key"),
        (lambda: members.place(*SCOPE, profile, "x", float("nan")), "fitness"),
        (lambda: members.place(*SCOPE, profile, "x", 0.5, epoch=-1), "epoch"),
        (lambda: members.rebin(*SCOPE, {}), "features"),
        (lambda: members.rebin(*SCOPE, {"x": 0}), "features.x"),
        (lambda: members.rebin(*SCOPE, {"\x00": 1}), "features (a name)"),
        (lambda: members.cells(*SCOPE, island=-1), "island"),
    ):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.field == field
