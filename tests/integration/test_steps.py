"""Training steps on a real database: logged once, all or nothing, every bit kept."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from hegel_store.errors import (
    InvalidInput,
    NotFound,
    StepConflict,
)
from hegel_store.models import TrainingStep
from hegel_store.models.identifiers import uuid7
from hegel_store.repositories import steps as steps_module
from hegel_store.store import Store
from tests.samples import MAY, Steps


def stored(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM hegel_training_steps")).scalar_one()


def test_step_comes_back_as_it_was_logged(store: Store, new: Steps) -> None:
    learned = store.profiles.append("news", "qa", {}, base=new.profile)
    step = new(
        new_profile_id=learned.id,
        query="",
        predicted_answer="שלום 🦔\n\t\\ %s {x} ''",
        gold_answer="",
        reward=0.0,
        metrics={"z": 0.0, "a": None, "": [], "big": 1e23},
        debate_trace={"rounds": [{"worker": "\\u0000", "reviewer": ""}]},
        step_type="validation",
        optimization_strategy="grpo",
        processing_time_ms=0,
        run_id="run 1",
        created_at=MAY,
    )
    logged = store.steps.log(step)
    assert store.steps.recent("news", "qa") == [logged]
    assert logged.reward == 0.0
    assert logged.gold_answer == ""
    assert (logged.id, logged.created_at) == (step.id, MAY)
    assert logged.metrics == step.metrics
    assert logged.debate_trace == step.debate_trace


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, replace, lambda step: pickle.loads(pickle.dumps(step))],  # noqa: S301
)
def test_step_that_was_just_logged_is_a_value_like_one_that_was_read(
    store: Store, new: Steps, copied: Callable[[TrainingStep], TrainingStep]
) -> None:
    trace: dict[str, Any] = {"rounds": [1]}
    logged = store.steps.log(new(metrics={"tokens": 7}, debate_trace=trace))
    trace["rounds"].append(2)
    (read,) = store.steps.recent("news", "qa")
    assert copied(logged) == logged == read
    assert asdict(logged) == asdict(read)
    assert logged.debate_trace == {"rounds": [1]}
    with pytest.raises(AttributeError, match="rewards"):
        _ = logged.rewards  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        logged.metrics = {}  # type: ignore[misc]


def test_step_that_changed_nothing_has_no_new_profile_and_no_reward(
    store: Store, new: Steps
) -> None:
    store.steps.log(new())
    (step,) = store.steps.recent("news", "qa")
    assert (step.new_profile_id, step.reward, step.gold_answer) == (None, None, None)


def test_retried_step_is_stored_once(store: Store, new: Steps) -> None:
    step = new(metrics={"tiny": 5e-324, "huge": 1.7976931348623157e308}, reward=0.1 + 0.2)
    first = store.steps.log(step)
    assert store.steps.log(step) == first
    assert store.steps.log_many([step, step]) == 0
    identifier = uuid7(MAY)
    store.steps.log(new(id=identifier))
    store.steps.log(new(id=identifier))
    assert stored(store) == 2


def test_step_logged_in_a_repeated_hour_is_the_same_when_retried(store: Store, new: Steps) -> None:
    hour = datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    for fold in (0, 1):
        step = new(created_at=hour.replace(fold=fold))
        assert store.steps.log(step) == store.steps.log(step)
    assert stored(store) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"query": "another"},
        {"predicted_answer": " "},
        {"gold_answer": ""},
        {"reward": 0.0},
        {"metrics": {"a": 1}},
        {"debate_trace": {"a": []}},
        {"step_type": "evaluation"},
        {"processing_time_ms": 0},
        {"run_id": "r"},
    ],
)
def test_identity_used_again_for_another_step_is_refused(
    store: Store, new: Steps, change: dict[str, object]
) -> None:
    identity = {"id": uuid4(), "created_at": MAY}
    first = store.steps.log(new(**identity))
    with pytest.raises(StepConflict):
        store.steps.log(new(**identity, **change))
    with pytest.raises(StepConflict):
        store.steps.log_many([new(), new(**identity, **change)])
    assert store.steps.recent("news", "qa") == [first], "nothing of the batch is stored"


def test_same_identity_in_two_corpora_is_two_steps(store: Store, new: Steps) -> None:
    other = Steps(store, "law")
    identity = {"id": uuid4(), "created_at": MAY}
    assert store.steps.log_many([new(**identity), other(**identity)]) == 2


def test_log_many_counts_the_new_ones(store: Store, new: Steps) -> None:
    steps = [new(created_at=MAY) for _ in range(3)]
    assert store.steps.log_many(steps[:2]) == 2
    assert store.steps.log_many([*steps, steps[2]]) == 1
    assert store.steps.log_many([]) == 0
    assert store.steps.log_many(step for step in steps) == 0
    assert stored(store) == 3


def test_log_many_is_all_or_nothing_over_many_batches_and_months(store: Store, new: Steps) -> None:
    moments = [MAY + timedelta(days=n) for n in range(steps_module.BATCH_STEPS + 20)]
    bad = new(old_profile_id=uuid4())
    for broken in ([bad], [None], [new(created_at=MAY, new_profile_id=uuid4())]):
        with pytest.raises((NotFound, InvalidInput)):
            store.steps.log_many([*(new(created_at=moment) for moment in moments), *broken])
        assert stored(store) == 0
    assert store.steps.log_many(new(created_at=moment) for moment in moments) == len(moments)


def test_log_many_in_a_unit_of_work_can_fail_and_leave_the_rest(store: Store, new: Steps) -> None:
    steps = [new(created_at=MAY) for _ in range(steps_module.BATCH_STEPS)]
    with store.begin() as work:
        work.steps.log(new(created_at=MAY, query="kept"))
        with pytest.raises(InvalidInput) as refused:
            work.steps.log_many([*steps, "no step"])
        assert refused.value.field == f"steps[{len(steps)}]"
        with pytest.raises(NotFound):
            work.steps.log_many([*steps, new(old_profile_id=uuid4())])
        assert work.steps.log_many(steps[:3]) == 3
    assert stored(store) == 4


def test_unknown_profiles_are_named_and_nothing_is_stored(store: Store, new: Steps) -> None:
    stranger = store.profiles.append("law", "qa", {}).id
    for unknown in (uuid4(), stranger):
        for field in ("old_profile_id", "new_profile_id"):
            for log in (store.steps.log, lambda step: store.steps.log_many([new(), step])):
                with pytest.raises(NotFound) as caught:
                    log(new(**{field: unknown}))
                assert caught.value.field == field
                assert str(unknown) in caught.value.key
    assert stored(store) == 0


@pytest.mark.parametrize("reward", [0.0, -0.0, 5e-324, -1.7976931348623157e308, 1 / 3])
def test_rewards_keep_every_bit(store: Store, new: Steps, reward: float) -> None:
    store.steps.log(new(reward=reward))
    (step,) = store.steps.recent("news", "qa")
    assert step.reward is not None
    assert step.reward.hex() == reward.hex()


@pytest.mark.parametrize("reward", ["NaN", "Infinity", "-Infinity"])
def test_rewards_that_are_no_numbers_are_refused_by_the_database_too(
    store: Store, new: Steps, reward: str
) -> None:
    store.steps.log(new())
    with store.engine.connect() as connection, pytest.raises(Exception, match="reward_is_finite"):
        connection.execute(text(f"UPDATE hegel_training_steps SET reward = '{reward}'"))
