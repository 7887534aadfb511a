"""The history of aliases: evidence, order, racing movers, aliases that are taken away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import text

from hegel_store.errors import InvalidInput, NotFound, ProfileConflict
from hegel_store.models import AliasMove, PromptProfile
from hegel_store.store import Store
from tests.samples import Steps, rows
from tests.servers import wait_until

EVIDENCE = {
    "baseline": "v1 🦔",
    "rewards": {"old": 0.0, "new": 0.8125, "n": 2**53 + 1},
    "queries": ["a\u0085b", "", None, True],
}


def versions(store: Store, count: int, task_type: str = "qa") -> list[PromptProfile]:
    return [store.profiles.append("news", task_type, {"n": n}) for n in range(count)]


def history(store: Store, alias: str = "production") -> list[AliasMove]:
    return list(store.profiles.alias_history("news", "qa", alias))


def someone_waits(store: Store) -> bool:
    return rows(
        store,
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND datname = current_database()",
    ) == [(True,)]


def test_a_move_is_returned_as_it_is_written_down(store: Store) -> None:
    first, second = versions(store, 2)
    one = store.profiles.set_alias("news", "qa", "production", first.id)
    two = store.profiles.set_alias(
        "news", "qa", "production", second.id, reason="", evidence=EVIDENCE, moved_by="Zoë"
    )
    assert history(store) == [two, one]
    assert store.profiles.alias_history("news", "qa", "production", limit=1) == [two]
    assert store.profiles.alias_history("news", "qa", "production", limit=0) == []
    assert (one.from_profile_id, one.from_version, one.reason, one.evidence) == (
        None,
        None,
        None,
        {},
    )
    assert [(one.moved_by,)] == rows(store, "SELECT CAST(CURRENT_USER AS text)")
    assert two == AliasMove(
        corpus_id="news",
        id=two.id,
        task_type="qa",
        alias="production",
        from_profile_id=first.id,
        from_version=1,
        to_profile_id=second.id,
        to_version=2,
        moved_by="Zoë",
        reason="",
        evidence=EVIDENCE,
        moved_at=two.moved_at,
    )
    assert one.moved_at < two.moved_at


def test_aliases_of_a_scope_are_listed_by_name(store: Store) -> None:
    first, second = versions(store, 2)
    other = store.profiles.append("news", "summarise", {})
    moves = {
        name: store.profiles.set_alias("news", "qa", name, profile.id)
        for name, profile in (("production", first), ("Zebra", first), ("canary", second))
    }
    store.profiles.set_alias("news", "summarise", "production", other.id)
    moves["production"] = store.profiles.set_alias("news", "qa", "production", second.id)
    listed = store.profiles.aliases("news", "qa")
    assert [(a.alias, a.profile_id, a.version, a.moved_at) for a in listed] == [
        (name, profile.id, profile.version, moves[name].moved_at)
        for name, profile in (("Zebra", first), ("canary", second), ("production", second))
    ]
    assert store.profiles.aliases("law", "qa") == []


def test_a_comparison_is_evidence(store: Store, new: Steps) -> None:
    better = store.profiles.append("news", "qa", {"n": 2})
    for query, old, newer in (("a", 0.0, 0.5), ("b", 0.25, 0.25), ("c", 1.0, None)):
        store.steps.log(new(query=query, reward=old))
        if newer is not None:
            store.steps.log(new(query=query, reward=newer, old_profile_id=better.id))
    result = store.steps.compare("news", new.profile.id, better.id, task_type="qa")
    move = store.profiles.set_alias("news", "qa", "production", better.id, evidence=result)
    evidence = move.evidence
    assert evidence["first"]["profile_id"] == str(new.profile.id)
    assert evidence["second"]["profile_id"] == str(better.id)
    assert evidence["second"]["average_reward"] == 0.375
    assert (evidence["pairs"], evidence["wins"], evidence["ties"], evidence["losses"]) == (
        2,
        1,
        1,
        0,
    )
    assert evidence["mean_difference"] == 0.25
    assert evidence["interval"]["low"] == result.interval.low
    assert evidence["interval"]["confidence"] == 0.95
    nothing = store.steps.compare("law", new.profile.id, better.id)
    empty = store.profiles.set_alias("news", "qa", "production", better.id, evidence=nothing)
    assert (empty.evidence["pairs"], empty.evidence["interval"]) == (0, None)


def test_a_move_to_where_it_points_already_is_a_decision_of_its_own(store: Store) -> None:
    (only,) = versions(store, 1)
    store.profiles.set_alias("news", "qa", "production", only.id)
    again = store.profiles.set_alias(
        "news", "qa", "production", only.id, expected=only.id, reason="holds on the new questions"
    )
    assert (again.from_version, again.to_version) == (1, 1)
    assert history(store)[0] == again
    assert len(history(store)) == 2


def test_an_alias_that_is_taken_away_points_nowhere_and_says_why(store: Store) -> None:
    first, second = versions(store, 2)
    store.profiles.set_alias("news", "qa", "canary", first.id)
    store.profiles.set_alias("news", "qa", "production", first.id)
    gone = store.profiles.drop_alias(
        "news", "qa", "canary", expected=first.id, reason="too slow", evidence={"ms": 9.5}
    )
    assert store.profiles.by_alias("news", "qa", "canary") is None
    assert [a.alias for a in store.profiles.aliases("news", "qa")] == ["production"]
    assert (gone.from_profile_id, gone.from_version) == (first.id, 1)
    assert (gone.to_profile_id, gone.to_version) == (None, None)
    assert (gone.reason, gone.evidence) == ("too slow", {"ms": 9.5})
    back = store.profiles.set_alias("news", "qa", "canary", second.id, expected=None)
    assert (back.from_profile_id, back.to_version) == (None, 2)
    assert [m.to_version for m in history(store, "canary")] == [2, None, 1]
    assert store.profiles.by_alias("news", "qa", "canary") == second


def test_nothing_is_written_of_a_drop_that_is_refused(store: Store) -> None:
    first, second = versions(store, 2)
    with pytest.raises(NotFound) as missing:
        store.profiles.drop_alias("news", "qa", "canary")
    assert missing.value.field == "alias"
    with pytest.raises(NotFound):
        store.profiles.drop_alias("news", "qa", "canary", expected=None)
    with pytest.raises(ProfileConflict) as caught:
        store.profiles.drop_alias("news", "qa", "canary", expected=first.id)
    assert (caught.value.expected, caught.value.current) == (first.id, None)
    store.profiles.set_alias("news", "qa", "canary", first.id)
    for stale in (None, second.id):
        with pytest.raises(ProfileConflict) as caught:
            store.profiles.drop_alias("news", "qa", "canary", expected=stale)
        assert (caught.value.expected, caught.value.current) == (stale, first.id)
    assert store.profiles.by_alias("news", "qa", "canary") == first
    assert len(history(store, "canary")) == 1
    store.profiles.drop_alias("news", "qa", "canary")
    with pytest.raises(NotFound):
        store.profiles.drop_alias("news", "qa", "canary")
    with pytest.raises(ProfileConflict) as caught:
        store.profiles.set_alias("news", "qa", "canary", first.id, expected=first.id)
    assert caught.value.current is None
    assert len(history(store, "canary")) == 2


def test_nothing_is_written_of_a_move_that_is_refused(store: Store) -> None:
    first, second = versions(store, 2)
    other = store.profiles.append("news", "summarise", {})
    made = store.profiles.set_alias("news", "qa", "production", first.id)
    refused = [
        ({"expected": second.id}, second.id, ProfileConflict),
        ({"expected": None}, second.id, ProfileConflict),
        ({"evidence": {"x": float("nan")}}, second.id, InvalidInput),
        ({"evidence": ["x"]}, second.id, InvalidInput),
        ({"moved_by": " "}, second.id, InvalidInput),
        ({}, other.id, NotFound),
        ({}, uuid4(), NotFound),
    ]
    for options, target, error in refused:
        with pytest.raises(error):
            store.profiles.set_alias(
                "news", "qa", "production", target, **{"evidence": {"a": 1}, **options}
            )
    assert history(store) == [made]
    assert store.profiles.by_alias("news", "qa", "production") == first


def test_latest_has_no_moves_to_look_at_or_to_make(store: Store) -> None:
    for call in (store.profiles.alias_history, store.profiles.drop_alias):
        with pytest.raises(InvalidInput) as caught:
            call("news", "qa", "latest")
        assert caught.value.field == "alias"


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


def test_moves_of_other_scopes_and_aliases_are_not_shown(store: Store) -> None:
    (mine,) = versions(store, 1)
    other = store.profiles.append("news", "summarise", {})
    store.profiles.set_alias("news", "summarise", "production", other.id)
    store.profiles.set_alias("news", "qa", "canary", mine.id)
    move = store.profiles.set_alias("news", "qa", "production", mine.id)
    assert history(store) == [move]
