"""Aliases of profiles: where they point, how they move, who moved them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from hegel_store.errors import InvalidInput, NotFound, ProfileConflict
from hegel_store.models import PromptProfile
from hegel_store.store import Store
from tests.servers import wait_until


def moves(store: Store) -> list[tuple[UUID | None, UUID, str | None]]:
    with store.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT from_profile_id, to_profile_id, reason FROM hegel_profile_alias_moves "
                "ORDER BY moved_at"
            )
        )
        return [tuple(row) for row in rows]


def test_alias_moves_and_every_move_is_written_down(store: Store) -> None:
    first, second = (store.profiles.append("news", "qa", {"n": n}) for n in range(2))
    assert store.profiles.by_alias("news", "qa", "production") is None
    store.profiles.set_alias("news", "qa", "production", first.id)
    store.profiles.set_alias("news", "qa", "production", second.id, reason="besser 🦔")
    store.profiles.set_alias("news", "qa", "production", first.id, reason="")
    assert store.profiles.by_alias("news", "qa", "production") == first
    assert store.profiles.by_alias("news", "summarise", "production") is None
    assert moves(store) == [
        (None, first.id, None),
        (first.id, second.id, "besser 🦔"),
        (second.id, first.id, ""),
    ]


def test_stale_mover_is_told_where_the_alias_is(store: Store) -> None:
    first, second = (store.profiles.append("news", "qa", {"n": n}) for n in range(2))
    with pytest.raises(ProfileConflict) as caught:
        store.profiles.set_alias("news", "qa", "champion", first.id, expected=second.id)
    assert (caught.value.expected, caught.value.current) == (second.id, None)
    store.profiles.set_alias("news", "qa", "champion", first.id, expected=None)
    for stale in (None, second.id):
        with pytest.raises(ProfileConflict) as caught:
            store.profiles.set_alias("news", "qa", "champion", second.id, expected=stale)
        assert (caught.value.expected, caught.value.current) == (stale, first.id)
    store.profiles.set_alias("news", "qa", "champion", second.id, expected=first.id)
    assert store.profiles.by_alias("news", "qa", "champion") == second
    assert len(moves(store)) == 2


@pytest.mark.parametrize("already", [False, True])
def test_one_of_many_racing_movers_wins(store: Store, already: bool) -> None:
    start = store.profiles.append("news", "qa", {})
    targets = [store.profiles.append("news", "qa", {"n": n}) for n in range(4)]
    expected = None
    if already:
        store.profiles.set_alias("news", "qa", "champion", start.id)
        expected = start.id
    barrier = Barrier(len(targets))

    def move(target: PromptProfile) -> UUID | None:
        barrier.wait()
        try:
            store.profiles.set_alias("news", "qa", "champion", target.id, expected=expected)
        except ProfileConflict as conflict:
            return conflict.current
        return None

    with ThreadPoolExecutor(len(targets)) as pool:
        outcomes = list(pool.map(move, targets))
    winner = store.profiles.by_alias("news", "qa", "champion")
    assert winner == targets[outcomes.index(None)]
    assert sorted(map(str, outcomes)) == sorted(["None", *[str(winner.id)] * 3])
    assert len(moves(store)) == 1 + already


@pytest.mark.parametrize("expects_nothing", [True, False])
def test_mover_that_waited_for_another_one_looks_again(store: Store, expects_nothing: bool) -> None:
    """Neither sees the other's move when it begins; the second waits for the first to commit."""
    first, second = (store.profiles.append("news", "qa", {"n": n}) for n in range(2))
    options = {"expected": None} if expects_nothing else {}
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with ThreadPoolExecutor(1) as pool, store.engine.connect() as observer:
        with store.begin() as work:
            work.profiles.set_alias("news", "qa", "champion", first.id, **options)
            later = pool.submit(
                store.profiles.set_alias, "news", "qa", "champion", second.id, **options
            )
            while not observer.execute(waiting).scalar_one():
                assert not later.done()
        if expects_nothing:
            with pytest.raises(ProfileConflict) as caught:
                later.result()
            assert caught.value.current == first.id
        else:
            later.result()
    winner = first if expects_nothing else second
    assert store.profiles.by_alias("news", "qa", "champion") == winner


def test_latest_is_reserved_and_computed(store: Store) -> None:
    made = store.profiles.append("news", "qa", {})
    with pytest.raises(InvalidInput) as caught:
        store.profiles.set_alias("news", "qa", "latest", made.id)
    assert caught.value.field == "alias"
    assert store.profiles.by_alias("news", "qa", "latest") == made
    assert store.profiles.by_alias("law", "qa", "latest") is None


def test_alias_points_into_its_own_scope_only(store: Store) -> None:
    store.profiles.append("news", "qa", {})
    strangers = [
        store.profiles.append("news", "summarise", {}).id,
        store.profiles.append("law", "qa", {}).id,
        uuid4(),
    ]
    for stranger in strangers:
        with pytest.raises(NotFound) as caught:
            store.profiles.set_alias("news", "qa", "production", stranger)
        assert caught.value.field == "profile_id"
    assert store.profiles.by_alias("news", "qa", "production") is None
    assert moves(store) == []


def test_first_movers_that_race_are_both_in_the_history_in_their_order(store: Store) -> None:
    """The one that waited for the other saw no alias when it began."""
    first, second = (store.profiles.append("c", "qa", {"n": n}) for n in (1, 2))
    with store.begin() as work:
        work.profiles.set_alias("c", "qa", "prod", first.id)
        waiting = Thread(target=store.profiles.set_alias, args=("c", "qa", "prod", second.id))
        waiting.start()
        wait_until(lambda: _someone_waits(store))
    waiting.join()
    assert {move[:2] for move in moves(store)} == {(None, first.id), (first.id, second.id)}


def _someone_waits(store: Store) -> bool:
    with store.engine.connect() as connection:
        return bool(
            connection.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                    "AND datname = current_database()"
                )
            )
        )
