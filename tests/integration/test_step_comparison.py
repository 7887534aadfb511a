"""Two profiles compared by the server, against plain Python over the same steps."""

from __future__ import annotations

import statistics
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given

from hegel_store.models import ProfileComparison
from hegel_store.models.confidence import mean_interval
from hegel_store.store import Store
from tests.outcomes import FIRST, PROPERTY, SECOND, logged, means, near, outcomes, require_totals
from tests.samples import MAY


@given(outcomes)
@PROPERTY
def test_comparison_is_that_of_the_queries_both_answered(
    store: Store, rows: list[dict[str, Any]]
) -> None:
    corpus, profiles, steps = logged(store, rows)
    first, second = means(steps, profiles[FIRST]), means(steps, profiles[SECOND])
    differences = [second[query] - first[query] for query in first.keys() & second.keys()]
    found = store.steps.compare(corpus, profiles[FIRST], profiles[SECOND], confidence=0.9)
    assert found.pairs == len(differences)
    assert found.wins == sum(difference > 0 for difference in differences)
    assert found.ties == sum(difference == 0 for difference in differences)
    assert found.losses == sum(difference < 0 for difference in differences)
    plain = [float(difference) for difference in differences]
    mean = statistics.fmean(plain) if plain else None
    spread = statistics.stdev(plain) if len(plain) > 1 else None
    assert found.mean_difference == near(mean)
    assert found.standard_deviation == near(spread)
    interval = mean_interval(mean, spread, len(plain), 0.9)
    assert (found.interval is None) == (interval is None)
    if interval is not None:
        assert (found.interval.low, found.interval.high) == (
            near(interval.low),
            near(interval.high),
        )
    for summary, profile in ((found.first, profiles[FIRST]), (found.second, profiles[SECOND])):
        own = [step for step in steps if step.old_profile_id == profile]
        require_totals(summary, own, 0.9)
        assert (summary.corpus_id, summary.task_type) == (corpus, None)
        assert (summary.day, summary.profile_id) == (None, profile)


@given(outcomes)
@PROPERTY
def test_comparison_the_other_way_round_is_its_mirror(
    store: Store, rows: list[dict[str, Any]]
) -> None:
    corpus, profiles, _ = logged(store, rows)
    one = store.steps.compare(corpus, profiles[FIRST], profiles[SECOND])
    other = store.steps.compare(corpus, profiles[SECOND], profiles[FIRST])
    assert (other.first, other.second) == (one.second, one.first)
    assert (other.pairs, other.wins, other.ties, other.losses) == (
        one.pairs,
        one.losses,
        one.ties,
        one.wins,
    )
    assert one.wins + one.ties + one.losses == one.pairs
    if one.pairs:
        assert other.mean_difference == near(-one.mean_difference)


def test_profiles_that_answered_nothing_alike_are_compared_by_their_means(store: Store) -> None:
    scope = {"task_type": "qa", "created_at": MAY}
    rows = [
        {"profile": FIRST, "query": "a", "reward": 0.25} | scope,
        {"profile": FIRST, "query": "a", "reward": 0.75} | scope,
        {"profile": SECOND, "query": "b", "reward": 1.0} | scope,
        {"profile": SECOND, "query": "a", "reward": None} | scope,
        {"profile": SECOND, "query": "a", "reward": 1.0} | scope | {"task_type": "summarise"},
    ]
    corpus, profiles, _ = logged(store, rows)
    found = store.steps.compare(corpus, *profiles[:2])
    assert (found.pairs, found.wins, found.ties, found.losses) == (0, 0, 0, 0)
    assert found.mean_difference is found.standard_deviation is found.interval is None
    assert (found.first.average_reward, found.first.rewards) == (0.5, 2)
    assert (found.second.average_reward, found.second.steps, found.second.rewards) == (1.0, 3, 2)
    nobody = store.steps.compare(corpus, profiles[2], uuid4())
    assert (nobody.pairs, nobody.first.steps, nobody.second.steps) == (0, 0, 0)
    assert nobody.second.average_reward is None


def answers_to_one_query(store: Store, ours: list[float], theirs: list[float]) -> ProfileComparison:
    """Two profiles with these rewards for the same query."""
    scope = {"task_type": "qa", "query": "a", "created_at": MAY}
    rows = [
        {"profile": profile, "reward": reward} | scope
        for profile, rewards in ((FIRST, ours), (SECOND, theirs))
        for reward in rewards
    ]
    corpus, profiles, _ = logged(store, rows)
    return store.steps.compare(corpus, *profiles[:2])


@pytest.mark.parametrize(
    ("ours", "theirs"), [([0.1], [0.1] * 3), ([0.3], [0.1 + 0.2]), ([0.0], [-0.0])]
)
def test_means_that_only_floats_tell_apart_are_ties(
    store: Store, ours: list[float], theirs: list[float]
) -> None:
    found = answers_to_one_query(store, ours, theirs)
    assert (found.wins, found.ties, found.losses) == (0, 1, 0)
    assert found.mean_difference == 0.0


def test_a_third_is_told_apart_from_one_of_three_as_its_digits_end(store: Store) -> None:
    found = answers_to_one_query(store, [1 / 3], [0.0, 0.0, 1.0])
    assert (found.wins, found.ties, found.losses) == (1, 0, 0)
    assert 0 < found.mean_difference < 1e-15
