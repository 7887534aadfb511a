"""The seed data and the generator, without a database."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hegel_store
from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.models import NewStep
from hegel_store.models.identifiers import uuid7_time
from hegel_store.seeding import (
    Calendar,
    SeedData,
    StepGenerator,
    data_directory,
    load_seed_data,
)
from hegel_store.seeding.data import FILES, Scope
from hegel_store.seeding.steps import MAXIMUM_STEPS
from hegel_store.seeding.timeline import spread

ANY_NAMESPACE = UUID("b5f1d3a2-4b1e-4a53-9d52-0c6de2a2c0aa")
DATA = load_seed_data()
CHANGES = sum(len(scope.versions) - 1 for scope in DATA.scopes)


def ids_for(data: SeedData) -> Mapping[Scope, Sequence[UUID]]:
    """Stand-ins for stored profiles: the same ids in every test run."""
    return {
        scope.key: [
            uuid5(ANY_NAMESPACE, f"{scope.key}/{version.version}") for version in scope.versions
        ]
        for scope in data.scopes
    }


def generated(count: int, seed: int = 7, until: date | None = None) -> list[NewStep]:
    calendar = Calendar(seed, until) if until else Calendar(seed)
    return list(StepGenerator(DATA, ids_for(DATA), calendar).generate(count))


@pytest.fixture(scope="module")
def steps() -> list[NewStep]:
    return generated(1_500)


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, Callable[[Any], None]], Path]:
    """A copy of the data files in which one was changed by hand."""
    for name in FILES:
        shutil.copy(data_directory() / name, tmp_path)

    def edit(name: str, change: Callable[[Any], None]) -> Path:
        content = json.loads((tmp_path / name).read_text())
        change(content)
        (tmp_path / name).write_text(json.dumps(content))
        return tmp_path

    return edit


# The data files


def test_every_scope_has_several_versions_and_a_merge_of_two() -> None:
    assert len(DATA.scopes) >= 6
    for scope in DATA.scopes:
        assert 3 <= len(scope.versions) <= 6
        assert any(len(set(version.parents)) == 2 for version in scope.versions), scope.key


def test_versions_of_a_scope_differ_in_their_prompts() -> None:
    for scope in DATA.scopes:
        texts = {json.dumps(version.profile) for version in scope.versions}
        assert len(texts) == len(scope.versions), scope.key


def test_facts_are_many_distinct_and_in_three_languages() -> None:
    facts = [fact for corpus in DATA.facts.values() for fact in corpus]
    assert len({fact.content for fact in facts}) == len(facts) >= 150
    assert {fact.language for fact in facts} == {"english", "german", "french"}
    assert {fact.freshness for fact in facts} == {"fresh", "ageing", "stale"}


def test_the_three_answers_to_a_question_differ() -> None:
    for questions in DATA.questions.values():
        for pair in questions.pairs:
            assert len({pair.gold, pair.partial, pair.wrong}) == 3 or pair.partial == pair.wrong
            assert pair.gold not in (pair.partial, pair.wrong)


def test_data_inside_an_installed_package_is_found_first(tmp_path: Path) -> None:
    """A wheel puts the files into the package, where a checkout has them beside it."""
    package = Path(hegel_store.__file__).parent
    shutil.copytree(package, tmp_path / "hegel_store", ignore=shutil.ignore_patterns("*.pyc"))
    inside = tmp_path / "hegel_store" / "seeds"
    shutil.copytree(data_directory(), inside, dirs_exist_ok=True)
    question = "from hegel_store.seeding import data_directory; print(data_directory())"
    answer = subprocess.run(
        [sys.executable, "-P", "-c", question],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(answer.stdout.strip()) == inside


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"questions\.json"):
        load_seed_data(tmp_path)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("profiles.json", lambda c: c[0]["versions"].pop(0), r"must count 1, 2, 3"),
        ("profiles.json", lambda c: c[0]["versions"][1].update(parents=[2]), r"version 2 has"),
        ("profiles.json", lambda c: c[0]["versions"][1].update(fitness=1.5), r"fitness"),
        ("profiles.json", lambda c: c[0]["versions"][1].update(fitnes=1), r"fitnes"),
        ("profiles.json", lambda c: c[0]["aliases"].update(old=9), r"'old' names no version"),
        ("profiles.json", lambda c: c.pop(), r"differ in their scopes"),
        ("profiles.json", lambda c: c[0].update(versions=[]), r"versions"),
        ("facts.json", lambda c: c["quarry-review"].clear(), r"'quarry-review'"),
        ("facts.json", lambda c: c["quarry-review"][3].update(freshness="new"), r"freshness"),
        (
            "facts.json",
            lambda c: c["quarry-review"][3].update(learned_by={"task_type": "qa", "version": 9}),
            r"quarry-review\.3: learned by version 9",
        ),
        ("questions.json", lambda c: c[0]["openings"].append("{name}: "), r"another slot"),
        ("questions.json", lambda c: c[0]["openings"].append("{"), r"another slot"),
        ("debates.json", lambda c: c["approaches"].append("{0}"), r"another slot"),
        ("debates.json", lambda c: c.pop("doubts"), r"doubts"),
    ],
)
def test_mistake_in_a_file_is_told_with_its_place(
    edited: Callable[[str, Callable[[Any], None]], Path],
    name: str,
    change: Callable[[Any], None],
    message: str,
) -> None:
    with pytest.raises(ConfigurationError, match=message) as refusal:
        load_seed_data(edited(name, change))
    assert name in str(refusal.value)


# When steps happen


@given(count=st.integers(0, 600), more=st.integers(0, 600))
def test_a_longer_run_keeps_every_share_of_a_shorter_one(count: int, more: int) -> None:
    shorter = list(spread(count))
    assert sorted(number for _, number in shorter) == list(range(count))
    assert shorter == sorted(shorter)
    assert all(0 <= share < 1 for share, _ in shorter)
    assert set(shorter) <= set(spread(count + more))


@given(count=st.integers(1, 2_000))
def test_shares_leave_no_gap_wider_than_twice_the_even_one(count: int) -> None:
    shares = [share for share, _ in spread(count)] + [1.0]
    assert max(later - earlier for earlier, later in pairwise(shares)) <= 2 / count


@given(seed=st.integers(), shares=st.lists(st.floats(0, 1, exclude_max=True), min_size=2))
def test_moments_keep_the_order_of_shares_and_stay_in_the_window(
    seed: int, shares: list[float]
) -> None:
    calendar = Calendar(seed, date(2026, 3, 1))
    moments = [calendar.moment(share) for share in sorted(shares)]
    assert moments == sorted(moments)
    assert calendar.start <= moments[0] <= moments[-1] <= calendar.end
    assert calendar.end == datetime(2026, 3, 1, tzinfo=UTC)
    assert calendar.end - calendar.start == timedelta(days=92)


@pytest.mark.parametrize(
    "until", [date(1999, 12, 31), date.min, date.max, date.today() + timedelta(days=400)]
)
def test_window_that_no_step_can_be_stored_in_is_refused(until: date) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Calendar(7, until)
    assert refusal.value.field == "until"


# The steps


def test_same_seed_gives_the_same_steps(steps: list[NewStep]) -> None:
    assert generated(1_500) == steps


def test_longer_run_holds_the_shorter_one(steps: list[NewStep]) -> None:
    shorter = {step.id: step for step in generated(200)}
    assert len(shorter) == 200
    assert {step.id: step for step in steps if step.id in shorter} == shorter


def test_another_seed_gives_other_steps(steps: list[NewStep]) -> None:
    others = generated(1_500, seed=8)
    assert not {step.id for step in steps} & {step.id for step in others}
    assert [step.query for step in steps] != [step.query for step in others]


def test_ids_are_distinct_and_hold_the_time_of_their_step(steps: list[NewStep]) -> None:
    assert len({step.id for step in steps}) == len(steps)
    for step in steps:
        assert timedelta(0) <= step.created_at - uuid7_time(step.id) < timedelta(milliseconds=1)


def test_steps_spread_over_three_months_and_mostly_over_working_days(
    steps: list[NewStep],
) -> None:
    months = [f"{step.created_at:%Y-%m}" for step in steps]
    assert {month: months.count(month) > 300 for month in months} == {
        "2026-07": True,
        "2026-08": True,
        "2026-09": True,
    }
    weekend = sum(step.created_at.weekday() >= 5 for step in steps)
    assert 0 < weekend < len(steps) * 2 / 7 / 2


def test_until_moves_the_window() -> None:
    moments = [step.created_at for step in generated(300, until=date(2025, 4, 1))]
    assert datetime(2024, 12, 30, tzinfo=UTC) <= min(moments)
    assert max(moments) < datetime(2025, 4, 1, tzinfo=UTC)


def test_rewards_hold_zero_and_none_and_one_and_values_between(steps: list[NewStep]) -> None:
    rewards = [step.reward for step in steps]
    assert 0.1 < rewards.count(0.0) / len(steps) < 0.3
    assert 0.02 < rewards.count(None) / len(steps) < 0.1
    assert rewards.count(1.0) > 100
    assert sum(reward is not None and 0 < reward < 1 for reward in rewards) > 100


def test_every_version_but_the_first_came_from_exactly_one_step(steps: list[NewStep]) -> None:
    ids = ids_for(DATA)
    made = {step.new_profile_id: step for step in steps if step.new_profile_id is not None}
    assert sum(step.new_profile_id is not None for step in steps) == CHANGES
    for scope in DATA.scopes:
        for version in scope.versions[1:]:
            step = made[ids[scope.key][version.version - 1]]
            assert step.old_profile_id == ids[scope.key][version.parents[0] - 1]
            assert step.debate_trace["learning"]["decision"] == "accepted"


def test_no_step_is_answered_by_a_version_that_came_later(steps: list[NewStep]) -> None:
    ids = ids_for(DATA)
    numbers = {each: number for scope in ids.values() for number, each in enumerate(scope, 1)}
    made = {step.new_profile_id: step.created_at for step in steps if step.new_profile_id}
    for step in steps:
        if numbers[step.old_profile_id] > 1:
            # A step is moved by up to four seconds within its place.
            assert step.created_at > made[step.old_profile_id] - timedelta(seconds=4)


def test_better_versions_earn_better_rewards(steps: list[NewStep]) -> None:
    def average(version_number: int) -> float:
        earned = [
            step.reward
            for step in steps
            for scope in DATA.scopes
            if (step.corpus_id, step.task_type) == scope.key
            and step.old_profile_id == ids_for(DATA)[scope.key][version_number - 1]
            and step.reward is not None
        ]
        return sum(earned) / len(earned)

    assert average(4) > average(1) + 0.1


def test_debate_traces_are_one_to_ten_kilobytes(steps: list[NewStep]) -> None:
    sizes = sorted(len(step.debate_trace_json.encode()) for step in steps)
    assert sizes[0] > 900
    assert sizes[len(sizes) // 2] > 1_500
    assert 6_000 < sizes[-1] < 10_240


def test_debate_ends_as_the_step_says(steps: list[NewStep]) -> None:
    for step in steps:
        trace = step.debate_trace
        assert trace["revised_answer"] == step.predicted_answer
        assert trace["rounds"][-1]["worker"]["proposal"] == step.predicted_answer
        verdicts = [each["reviewer"]["verdict"] for each in trace["rounds"]]
        assert set(verdicts[:-1]) <= {"revise"}
        assert (verdicts[-1] == "accept") == trace["agreed"] == step.metrics["agreed"]


def test_steps_differ_in_type_run_and_time(steps: list[NewStep]) -> None:
    assert {step.step_type for step in steps} == {"training", "evaluation", "validation"}
    assert len({step.run_id for step in steps}) > 50
    times = sorted(step.processing_time_ms or 0 for step in steps)
    assert 0 < times[0] < times[-1] // 20
    assert {step.optimization_strategy for step in steps} >= {None, "reflection", "merge"}


@pytest.mark.parametrize("count", [-1, MAXIMUM_STEPS + 1, True])
def test_impossible_number_of_steps_is_refused_at_once(count: int) -> None:
    with pytest.raises(InvalidInput) as refusal:
        StepGenerator(DATA, ids_for(DATA), Calendar()).generate(count)
    assert refusal.value.field == "steps"


@pytest.mark.parametrize("count", [0, 1, 5, CHANGES, CHANGES + 1])
def test_small_numbers_of_steps_are_exact(count: int) -> None:
    assert len(generated(count)) == count


def test_memory_does_not_grow_with_the_number_of_steps() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in StepGenerator(DATA, ids_for(DATA), Calendar()).generate(count):
            pass
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(10)
    assert peak(2_000) < peak(200) + 1_000_000
