"""Rewards added up by the server, against plain Python over the same steps."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegel_store.errors import DatabaseError
from hegel_store.models import NewStep, RewardSummary
from hegel_store.models.rewards import Grouping
from hegel_store.store import Store
from tests.outcomes import FIRST, PROPERTY, SECOND, logged, means, near, outcomes, require_totals
from tests.samples import MAY, Steps

GROUPINGS = get_args(Grouping)


def key_of(step: NewStep, by: Sequence[str]) -> tuple[object, ...]:
    """What a step is grouped by, in the order of the fields below."""
    corpus = "corpus" in by or "profile" in by
    return (
        step.corpus_id if corpus else None,
        step.task_type if "task_type" in by else None,
        step.created_at.date() if "day" in by else None,
        step.old_profile_id if "profile" in by else None,
    )


@given(outcomes, st.permutations(GROUPINGS), st.integers(0, 4), st.sampled_from([0.5, 0.95, 0.99]))
@PROPERTY
def test_summary_of_any_groups_is_that_of_their_steps(
    store: Store, rows: list[dict[str, Any]], names: list[str], taken: int, confidence: float
) -> None:
    corpus, _, steps = logged(store, rows)
    by = names[:taken]
    groups = defaultdict(list)
    for step in steps:
        groups[key_of(step, by)].append(step)
    if not by:
        groups.setdefault((None, None, None, None), [])
    summary = store.steps.reward_summary(corpus_id=corpus, by=by, confidence=confidence)
    found = {(row.corpus_id, row.task_type, row.day, row.profile_id): row for row in summary}
    assert len(found) == len(summary)
    assert found.keys() == groups.keys()
    for key, row in found.items():
        require_totals(row, groups[key], confidence)


@given(outcomes, st.integers(1, 5))
@PROPERTY
def test_moving_average_is_that_of_the_last_rewards(
    store: Store, rows: list[dict[str, Any]], window: int
) -> None:
    corpus, _, steps = logged(store, rows)
    steps = [step for step in steps if step.task_type == "qa"]
    steps.sort(key=lambda step: (step.created_at, step.id))
    points = store.steps.moving_average(corpus, "qa", window=window)
    assert [(p.created_at, p.step_id, p.reward) for p in points] == [
        (step.created_at, step.id, step.reward) for step in steps
    ]
    last: list[float] = []
    for point in points:
        if point.reward is not None:
            last = [*last, point.reward][-window:]
        assert point.averaged == len(last)
        assert point.average == near(statistics.fmean(last) if last else None)


def test_filters_hold_for_every_sum(store: Store) -> None:
    rows = [
        {
            "profile": profile,
            "query": "a",
            "task_type": task_type,
            "step_type": step_type,
            "reward": 2.0**n,
            "created_at": MAY + n * timedelta(days=9),
        }
        for n, (profile, task_type, step_type) in enumerate(
            product([FIRST, SECOND], ["qa", "summarise"], ["training", "evaluation"])
        )
    ]
    corpus, profiles, steps = logged(store, rows)
    logged(store, rows)
    for options in (
        {"task_type": "qa"},
        {"step_type": "evaluation"},
        {"since": rows[3]["created_at"]},
        {"until": rows[3]["created_at"]},
        {"since": rows[1]["created_at"], "until": rows[7]["created_at"], "step_type": "training"},
    ):
        kept = [
            step
            for step in steps
            if step.task_type == options.get("task_type", step.task_type)
            and step.step_type == options.get("step_type", step.step_type)
            and options.get("since", step.created_at) <= step.created_at
            and step.created_at < options.get("until", datetime.max.replace(tzinfo=UTC))
        ]
        (summary,) = store.steps.reward_summary(corpus_id=corpus, by=(), **options)
        require_totals(summary, kept, 0.95)
        comparison = store.steps.compare(corpus, *profiles[:2], **options)
        first, second = means(kept, profiles[FIRST]), means(kept, profiles[SECOND])
        assert comparison.pairs == len(first.keys() & second.keys())
        for own, profile in ((comparison.first, 0), (comparison.second, 1)):
            require_totals(own, [s for s in kept if s.old_profile_id == profiles[profile]], 0.95)
            assert own.task_type == options.get("task_type")
        options.pop("task_type", None)
        points = store.steps.moving_average(corpus, "qa", **options)
        expected = [step.id for step in kept if step.task_type == "qa"]
        assert [point.step_id for point in points] == expected


def test_days_are_those_of_utc(store: Store, new: Steps) -> None:
    midnight = datetime(2024, 5, 18, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    store.steps.log_many([new(created_at=midnight - tick), new(created_at=midnight), new()])
    with store.begin() as work:
        work.session.connection().exec_driver_sql("SET LOCAL TIME ZONE 'Pacific/Kiritimati'")
        summary = work.steps.reward_summary(by=["day"], until=midnight + timedelta(days=1))
    assert [(row.day, row.steps) for row in summary] == [
        (date(2024, 5, 17), 1),
        (date(2024, 5, 18), 1),
    ]


def test_groups_come_in_the_order_they_are_named(store: Store, new: Steps) -> None:
    law = Steps(store, "law", "summarise")
    for n in range(2):
        moment = MAY + n * timedelta(days=1)
        store.steps.log_many([new(created_at=moment), law(created_at=moment)])

    def order(*by: Grouping) -> list[tuple[str | None, int | None]]:
        summary = store.steps.reward_summary(by=by)
        return [(row.corpus_id, row.day and row.day.day) for row in summary]

    assert order("corpus", "day") == [("law", 17), ("law", 18), ("news", 17), ("news", 18)]
    assert order("day", "corpus") == [("law", 17), ("news", 17), ("law", 18), ("news", 18)]
    assert order("day", "day") == [(None, 17), (None, 18)]
    assert order("profile", "corpus") == order("profile") == [("law", None), ("news", None)]
    assert order() == [(None, None)]


def test_ungrouped_summary_is_what_it_was(store: Store, new: Steps) -> None:
    store.steps.log_many([new(reward=0.0), new(reward=1.0), new()])
    assert store.steps.reward_summary() == [
        RewardSummary(corpus_id="news", task_type="qa", average_reward=0.5, steps=3)
    ]
    (row,) = store.steps.reward_summary(by=("corpus", "task_type"))
    assert (row.rewards, row.standard_deviation) == (2, pytest.approx(0.5**0.5))


def test_rewards_too_large_to_be_squared_are_no_wrong_numbers(store: Store, new: Steps) -> None:
    other = store.profiles.append("news", "qa", {"other": 1})
    store.steps.log_many([new(reward=1e300), new(reward=-1e300)])
    (row,) = store.steps.reward_summary(by=["corpus"])
    assert (row.average_reward, row.standard_deviation) == (0.0, pytest.approx(2**0.5 * 1e300))
    with pytest.raises(DatabaseError):
        store.steps.compare("news", new.profile.id, other.id)
    averages = [point.average for point in store.steps.moving_average("news", "qa")]
    assert averages[1] == 0.0


def test_sums_are_read_inside_a_transaction(store: Store, new: Steps) -> None:
    other = store.profiles.append("news", "qa", {"other": 1})
    with store.begin() as work:
        work.steps.log_many([new(reward=1.0), new(reward=0.0, old_profile_id=other.id)])
        assert work.steps.compare("news", new.profile.id, other.id).losses == 1
        assert len(work.steps.moving_average("news", "qa")) == 2
        assert len(work.steps.reward_summary(by=["profile"])) == 2
    assert store.steps.compare("news", new.profile.id, other.id).losses == 1
