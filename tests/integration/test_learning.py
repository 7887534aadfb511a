"""A step and the profile that it produced, in one call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

import hegel_store
from hegel_store.errors import (
    HegelStoreError,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    ProfileConflict,
    StepConflict,
    TransactionConflict,
)
from hegel_store.store import Store
from tests.conftest import Server
from tests.proxy import proxy_to
from tests.samples import Steps, rows

BETTER = {"worker": {"system_prompt": "Better."}}


def stored(store: Store) -> tuple[int, int]:
    ((profiles, steps),) = rows(
        store,
        "SELECT (SELECT count(*) FROM hegel_prompt_profiles),"
        " (SELECT count(*) FROM hegel_training_steps)",
    )
    return profiles, steps  # type: ignore[return-value]


def test_both_are_stored_and_point_to_each_other(store: Store, new: Steps) -> None:
    profile, step = store.learn(new(reward=1.0), BETTER, expected_version=1, metadata={"a": 1})
    assert (profile.version, profile.base_profile_id) == (2, new.profile.id)
    assert (step.old_profile_id, step.new_profile_id) == (new.profile.id, profile.id)
    assert store.profiles.latest("news", "qa") == profile
    assert store.steps.recent("news", "qa") == [step]
    assert profile.metadata == {"a": 1}


def test_calling_it_again_changes_nothing(store: Store, new: Steps) -> None:
    step = new()
    first = store.learn(step, BETTER, expected_version=1)
    assert store.learn(step, BETTER, expected_version=1) == first
    assert stored(store) == (2, 1)
    with pytest.raises(StepConflict):
        store.learn(replace(step, query="another"), BETTER)
    logged = new()
    store.steps.log(logged)
    with pytest.raises(StepConflict, match="without a profile"):
        store.learn(logged, BETTER)
    assert stored(store) == (2, 2)


def test_neither_is_stored_where_one_is_refused(store: Store, new: Steps) -> None:
    with pytest.raises(ProfileConflict):
        store.learn(new(), BETTER, expected_version=7)
    with pytest.raises(NotFound):
        store.learn(new(old_profile_id=uuid4()), BETTER)
    with pytest.raises(InvalidInput, match="profile"):
        store.learn(new(), {"a": float("nan")})
    with pytest.raises(InvalidInput, match="new_profile_id"):
        store.learn(new(new_profile_id=new.profile.id), BETTER)
    with pytest.raises(InvalidInput, match="step"):
        store.learn({}, BETTER)  # type: ignore[arg-type]
    assert stored(store) == (1, 0)


def test_the_same_step_from_several_threads_is_learned_from_once(store: Store, new: Steps) -> None:
    step = new()

    def learn(_: int) -> object:
        try:
            return store.learn(step, BETTER)
        except HegelStoreError as error:
            return type(error)

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(learn, range(4)))
    assert stored(store) == (2, 1)
    assert store.learn(step, BETTER) in outcomes
    assert TransactionConflict not in outcomes, "none is in the way of another's making the month"


@pytest.mark.parametrize("cut", ["before", "after"])
def test_an_unknown_outcome_is_settled_by_calling_it_again(
    server: Server, url: str, store: Store, new: Steps, cut: str
) -> None:
    step = new()
    with proxy_to(Path(server.host)) as proxy:
        name = url.split("@/")[1].split("?")[0]
        with hegel_store.connect(proxy.url(name)) as reached:
            reached.steps.recent("news", "qa")
            proxy.cut_commits = [cut]  # type: ignore[list-item]
            with pytest.raises(OutcomeUnknown):
                reached.learn(step, BETTER, expected_version=1)
            profile, _ = reached.learn(step, BETTER, expected_version=1)
    assert profile.version == 2
    assert stored(store) == (2, 1)
