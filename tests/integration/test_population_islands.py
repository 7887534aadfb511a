"""Islands on a real database: epochs, late results, migration, siblings."""

from __future__ import annotations

import pickle
import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from hegel_store.errors import InvalidInput, IslandReset, NotFound
from hegel_store.store import Store
from tests.samples import rows

SCOPE = ("news", "qa")


def candidates(store: Store, fitness: list[float | None], **options: object) -> list[UUID]:
    ids = sorted(store.profiles.append(*SCOPE, {}).id for _ in fitness)
    for identifier, score in zip(ids, fitness, strict=True):
        store.populations.add(*SCOPE, identifier, fitness=score, **options)
    return ids


def living(store: Store, island: int) -> list[UUID]:
    return [m.profile_id for m in store.populations.fittest(*SCOPE, island=island, limit=100)]


def test_a_reset_evicts_one_island_and_begins_its_next_epoch(store: Store) -> None:
    first = candidates(store, [0.1, 0.2], island=1)
    other = candidates(store, [0.3], island=2)
    apart = candidates(store, [0.4], island=1, population="other")
    members = store.populations
    assert members.island_epoch(*SCOPE, island=1) == 0
    assert members.reset_island(*SCOPE, island=1) == 1
    assert members.reset_island(*SCOPE, island=1) == 2
    assert (living(store, 1), living(store, 2)) == ([], other)
    assert [m.profile_id for m in members.fittest(*SCOPE, population="other")] == apart
    assert members.island_epoch(*SCOPE, island=1) == 2
    assert members.island_epoch(*SCOPE, island=2) == 0
    assert members.add(*SCOPE, first[0], island=1).epoch == 2
    assert len(rows(store, "SELECT FROM hegel_profile_populations")) == 4


def test_late_results_of_a_reset_island_are_refused_and_leave_nothing(store: Store) -> None:
    _, child = candidates(store, [0.5, None])
    members = store.populations
    (selected,) = members.tournament(*SCOPE, size=1, rng=random.Random(0))
    assert members.add(*SCOPE, child, fitness=0.1, epoch=selected.epoch).epoch == 0
    members.reset_island(*SCOPE)
    before = rows(store, "SELECT * FROM hegel_profile_populations ORDER BY profile_id")
    late = store.profiles.append(*SCOPE, {}).id
    for call in (
        lambda: members.add(*SCOPE, late, fitness=9.0, epoch=selected.epoch),
        lambda: members.add(*SCOPE, child, fitness=9.0, epoch=selected.epoch),
        lambda: members.record_fitness(*SCOPE, child, 9.0, epoch=selected.epoch),
        lambda: members.place(*SCOPE, late, "0", 9.0, epoch=selected.epoch),
    ):
        with pytest.raises(IslandReset) as caught:
            call()
        error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
        assert (error.island, error.given, error.current) == (0, 0, 1)
    assert rows(store, "SELECT * FROM hegel_profile_populations ORDER BY profile_id") == before
    with pytest.raises(NotFound):
        members.record_fitness(*SCOPE, uuid4(), 9.0, epoch=1)
    with pytest.raises(NotFound):
        members.add(*SCOPE, uuid4(), epoch=1)
    assert members.record_fitness(*SCOPE, child, 0.7, epoch=1).fitness == 0.7
    assert members.add(*SCOPE, late, fitness=0.2, epoch=1).evicted_at is None


def test_no_late_result_lands_however_it_races_with_the_reset(store: Store) -> None:
    """Whoever is alive at the end was added in the epoch that the island is in."""
    workers, turns = 4, 12
    ids = [store.profiles.append(*SCOPE, {}).id for _ in range(workers * turns)]
    barrier = Barrier(workers + 1)

    def add(worker: int) -> tuple[int, int]:
        landed = refused = 0
        for turn in range(turns):
            epoch = store.populations.island_epoch(*SCOPE, island=turn)
            barrier.wait()
            try:
                store.populations.add(
                    *SCOPE, ids[worker * turns + turn], fitness=1.0, island=turn, epoch=epoch
                )
                landed += 1
            except IslandReset:
                refused += 1
        return landed, refused

    def reset() -> None:
        for turn in range(turns):
            barrier.wait()
            store.populations.reset_island(*SCOPE, island=turn)

    with ThreadPoolExecutor(workers + 1) as pool:
        added = [pool.submit(add, worker) for worker in range(workers)]
        pool.submit(reset).result()
        outcomes = [future.result() for future in added]
    stale = "SELECT FROM hegel_profile_populations WHERE evicted_at IS NULL"
    assert rows(store, stale) == []
    assert sum(landed + refused for landed, refused in outcomes) == workers * turns
    assert len(rows(store, "SELECT FROM hegel_profile_populations")) == sum(
        landed for landed, _ in outcomes
    )


def test_a_reset_waits_for_the_add_that_is_under_way(store: Store) -> None:
    (profile,) = candidates(store, [None], island=5)
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as work:
            work.populations.add(*SCOPE, profile, fitness=1.0, epoch=0)
            reset = pool.submit(store.populations.reset_island, *SCOPE)
            with pytest.raises(TimeoutError):
                reset.result(timeout=0.3)
        assert reset.result() == 1
    assert living(store, 0) == []


def test_migrants_are_copies_of_the_fittest(store: Store) -> None:
    a, b, c, _ = candidates(
        store, [0.1, 0.9, 0.5, None], objectives={"x": 1}, descriptor={"d": 2}, generation=4
    )
    store.populations.place(*SCOPE, b, "cell", 0.9)
    store.populations.reset_island(*SCOPE, island=1)
    store.populations.ucb(*SCOPE)
    assert store.populations.migrate(*SCOPE, 0, 1, count=2) == [b, c]
    assert living(store, 1) == [b, c]
    assert living(store, 0) == [b, c, a]
    copy = store.populations.fittest(*SCOPE, island=1)[0]
    assert (copy.fitness, copy.generation, copy.epoch) == (0.9, 4, 1)
    assert (copy.objectives, copy.descriptor) == ({"x": 1}, {"d": 2})
    assert (copy.selection_count, copy.holds_cell, copy.cell_key) == (0, False, "cell")
    assert copy.metadata == {"migrated_from": 0}


def test_migration_leaves_members_of_the_target_as_they_are(store: Store) -> None:
    a, b = candidates(store, [0.1, 0.9])
    store.populations.add(*SCOPE, b, fitness=0.2, island=1)
    store.populations.add(*SCOPE, a, fitness=0.2, island=1)
    store.populations.evict(*SCOPE, a, island=1)
    assert store.populations.migrate(*SCOPE, 0, 1, count=5) == []
    assert living(store, 1) == [b]
    assert store.populations.fittest(*SCOPE, island=1)[0].fitness == 0.2
    assert store.populations.migrate(*SCOPE, 7, 1) == []


def test_a_ring_moves_everybody_by_one_island(store: Store) -> None:
    ids = [candidates(store, [float(i), float(i) - 0.5], island=i) for i in range(3)]
    moved = store.populations.migrate_ring(*SCOPE, 3)
    best = [max(pair, key=lambda p: pair.index(p) == 0) for pair in ids]
    assert sorted(moved) == sorted([(1, best[0]), (2, best[1]), (0, best[2])])
    for island in range(3):
        assert set(living(store, island)) == {*ids[island], best[(island - 1) % 3]}


def test_siblings_are_limited_to_the_fittest(store: Store) -> None:
    root = store.profiles.append(*SCOPE, {})
    other = store.profiles.append(*SCOPE, {})
    members = store.populations
    scores = [0.4, 0.9, None, 0.9, 0.1]
    family = sorted(store.profiles.append(*SCOPE, {}, base=root).id for _ in scores)
    for child, score in zip(family, scores, strict=True):
        members.add(*SCOPE, child, fitness=score)
        members.add(*SCOPE, child, fitness=score, island=1)
    cousin = store.profiles.append(*SCOPE, {}, base=other).id
    for profile, score in ((cousin, 0.0), (root.id, 0.0), (other.id, 0.0)):
        members.add(*SCOPE, profile, fitness=score)
    gone = members.limit_siblings(*SCOPE, per_parent=2, island=0)
    assert gone == sorted((0, family[i]) for i in (0, 2, 4))
    assert set(living(store, 0)) == {family[1], family[3], cousin, root.id, other.id}
    assert len(living(store, 1)) == 4
    assert members.limit_siblings(*SCOPE, per_parent=2) == sorted((1, family[i]) for i in (0, 2, 4))
    assert members.limit_siblings(*SCOPE, per_parent=2) == []


def test_bad_input_is_refused(store: Store) -> None:
    members = store.populations
    (profile,) = candidates(store, [1.0])
    for call, field in (
        (lambda: members.add(*SCOPE, profile, epoch=-1), "epoch"),
        (lambda: members.record_fitness(*SCOPE, profile, 1.0, epoch=True), "epoch"),
        (lambda: members.island_epoch(*SCOPE, island=-1), "island"),
        (lambda: members.reset_island("", "qa"), "corpus_id"),
        (lambda: members.migrate(*SCOPE, 1, 1), "target"),
        (lambda: members.migrate(*SCOPE, -1, 1), "source"),
        (lambda: members.migrate(*SCOPE, 0, 1, count=-1), "count"),
        (lambda: members.migrate_ring(*SCOPE, 1), "islands"),
        (lambda: members.limit_siblings(*SCOPE, per_parent=0), "per_parent"),
    ):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.field == field
