"""The order of moves: racing movers, several moves in a transaction, clocks that are set back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier

import pytest
from sqlalchemy import text

from hegel_store.errors import NotFound, ProfileConflict
from hegel_store.models import AliasMove, PromptProfile
from hegel_store.store import Store
from tests.integration.test_alias_history import EVIDENCE, history, versions
from tests.samples import rows
from tests.servers import wait_until


def someone_waits(store: Store) -> bool:
    return rows(
        store,
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND datname = current_database()",
    ) == [(True,)]


def require_a_chain(moves: list[AliasMove]) -> None:
    """Oldest first: each begins where the one before it ended, and is later."""
    assert moves[0].from_profile_id is None
    for one, next_one in pairwise(moves):
        assert (next_one.from_profile_id, next_one.from_version) == (
            one.to_profile_id,
            one.to_version,
        )
        assert one.moved_at < next_one.moved_at


def test_racing_movers_follow_each_other_and_none_is_lost(store: Store) -> None:
    targets = versions(store, 6)
    rounds = 8
    barrier = Barrier(len(targets))

    def move(target: PromptProfile) -> list[AliasMove]:
        made = []
        barrier.wait()
        for n in range(rounds):
            made.append(
                store.profiles.set_alias(
                    "news", "qa", "production", target.id, reason=f"{target.version}.{n}"
                )
            )
            if n % 3 == target.version % 3:
                try:
                    made.append(store.profiles.drop_alias("news", "qa", "production"))
                except NotFound:
                    continue  # somebody else has just taken it away
        return made

    with ThreadPoolExecutor(len(targets)) as pool:
        made = [each for moves in pool.map(move, targets) for each in moves]
    written = history(store)[::-1]
    require_a_chain(written)
    assert len(written) == len(made) >= len(targets) * rounds
    assert sorted(made, key=lambda each: each.moved_at) == written
    last = store.profiles.by_alias("news", "qa", "production")
    assert written[-1].to_profile_id == (None if last is None else last.id)


def test_racing_compare_and_set_lets_one_through_for_each_state(store: Store) -> None:
    targets = versions(store, 5)
    barrier = Barrier(len(targets))

    def climb(target: PromptProfile) -> int:
        refused = 0
        barrier.wait()
        for _ in range(5):
            now = store.profiles.by_alias("news", "qa", "production")
            try:
                store.profiles.set_alias(
                    "news", "qa", "production", target.id, expected=None if now is None else now.id
                )
            except ProfileConflict:
                refused += 1
        return refused

    with ThreadPoolExecutor(len(targets)) as pool:
        refused = sum(pool.map(climb, targets))
    written = history(store)[::-1]
    require_a_chain(written)
    assert len(written) + refused == 25


def test_a_mover_that_waited_knows_the_profile_made_meanwhile(store: Store) -> None:
    """Neither the alias nor the profile it then comes from was there when it began."""
    (first,) = versions(store, 1)
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as work:
            meanwhile = work.profiles.append("news", "qa", {"n": 2})
            work.profiles.set_alias("news", "qa", "production", meanwhile.id)
            later = pool.submit(store.profiles.set_alias, "news", "qa", "production", first.id)
            wait_until(lambda: someone_waits(store))
        move = later.result()
    assert (move.from_profile_id, move.from_version, move.to_version) == (meanwhile.id, 2, 1)
    assert history(store)[0] == move


def test_a_mover_that_waited_for_a_drop_comes_after_it(store: Store) -> None:
    first, second = versions(store, 2)
    store.profiles.set_alias("news", "qa", "production", first.id)
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as work:
            work.profiles.drop_alias("news", "qa", "production")
            later = pool.submit(
                store.profiles.set_alias, "news", "qa", "production", second.id, expected=None
            )
            wait_until(lambda: someone_waits(store))
        later.result()
    moves = history(store)[::-1]
    require_a_chain(moves)
    assert [move.to_version for move in moves] == [1, None, 2]


def test_moves_of_one_transaction_are_in_their_order_or_not_at_all(store: Store) -> None:
    first, second = versions(store, 2)

    def fail() -> None:
        with store.begin() as work:
            work.profiles.set_alias("news", "qa", "production", first.id, evidence=EVIDENCE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert history(store) == []
    with store.begin() as work:
        made = [
            work.profiles.set_alias("news", "qa", "production", first.id, evidence=EVIDENCE),
            work.profiles.drop_alias("news", "qa", "production", reason="no"),
            work.profiles.set_alias("news", "qa", "production", second.id, expected=None),
            work.profiles.set_alias("news", "qa", "production", first.id, expected=second.id),
        ]
        assert work.profiles.alias_history("news", "qa", "production") == made[::-1]
        with pytest.raises(ProfileConflict):
            work.profiles.set_alias("news", "qa", "production", second.id, expected=second.id)
    require_a_chain(made)
    assert history(store) == made[::-1]


def test_a_clock_that_was_set_back_does_not_turn_moves_around(store: Store) -> None:
    first, second = versions(store, 2)
    store.profiles.set_alias("news", "qa", "production", first.id)
    with store.engine.begin() as connection:
        for statement in (
            "UPDATE hegel_profile_aliases SET updated_at = updated_at + interval '1 hour'",
            "UPDATE hegel_profile_alias_moves SET moved_at = moved_at + interval '1 hour'",
        ):
            connection.execute(text(statement))
    move = store.profiles.set_alias("news", "qa", "production", second.id)
    gone = store.profiles.drop_alias("news", "qa", "production")
    assert [each.id for each in history(store)[:2]] == [gone.id, move.id]
    require_a_chain(history(store)[::-1])
