"""The history of aliases: evidence, refusals, aliases that are taken away."""

from __future__ import annotations

from uuid import uuid4

import pytest

from hegel_store.errors import InvalidInput, NotFound, ProfileConflict
from hegel_store.models import AliasMove, PromptProfile
from hegel_store.store import Store
from tests.samples import Steps, rows

EVIDENCE = {
    "baseline": "v1 🦔",
    "rewards": {"old": 0.0, "new": 0.8125, "n": 2**53 + 1},
    "queries": ["a\u0085b", "", None, True],
}


def versions(store: Store, count: int, task_type: str = "qa") -> list[PromptProfile]:
    return [store.profiles.append("news", task_type, {"n": n}) for n in range(count)]


def history(store: Store, alias: str = "production") -> list[AliasMove]:
    return list(store.profiles.alias_history("news", "qa", alias))


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


def test_moves_of_other_scopes_and_aliases_are_not_shown(store: Store) -> None:
    (mine,) = versions(store, 1)
    other = store.profiles.append("news", "summarise", {})
    store.profiles.set_alias("news", "summarise", "production", other.id)
    store.profiles.set_alias("news", "qa", "canary", mine.id)
    move = store.profiles.set_alias("news", "qa", "production", mine.id)
    assert history(store) == [move]
