"""Bad arguments are refused by name before anything is sent: here there is nowhere to send it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from uuid import uuid4

import pytest

import hegel_store
from hegel_store.errors import InvalidInput
from hegel_store.store import Store
from tests.embedders import HashingEmbedder


@pytest.fixture
def store() -> Iterator[Store]:
    """A store on a server that does not exist: any statement would be another error."""
    address = "postgresql://nobody@/nothing?host=/nowhere"
    with hegel_store.connect(address, embedder=HashingEmbedder()) as connected:
        yield connected


@pytest.mark.parametrize("expected", [-1, 1.0, "1", True])
def test_expected_version_must_be_a_count(store: Store, expected: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        store.profiles.append("news", "qa", {}, expected_version=expected)
    assert caught.value.field == "expected_version"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"base": "x"}, "base"),
        ({"base": 7}, "base"),
        ({"parents": ["x"]}, "parents"),
        ({"parents": [None]}, "parents"),
        ({"parents": uuid4()}, "parents"),
        ({"parents": str(uuid4())}, "parents"),
        ({"parents": 7}, "parents"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"x": float("nan")}}, "metadata.x"),
    ],
)
def test_append_refuses_bad_values_by_name(store: Store, options: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        store.profiles.append("news", "qa", {}, **options)
    assert caught.value.field == field


@pytest.mark.parametrize("document", [None, [], "{}", 7, {"a": "\0"}, {"a\udc00": 1}])
def test_what_is_no_storable_object_is_no_profile(store: Store, document: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        store.profiles.append("news", "qa", document)
    assert caught.value.field.startswith("profile")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("", "qa", "a", uuid4()), "corpus_id"),
        (("news", " ", "a", uuid4()), "task_type"),
        (("news", "qa", "", uuid4()), "alias"),
        (("news", "qa", "a", "x"), "profile_id"),
    ],
)
def test_set_alias_refuses_bad_values_by_name(
    store: Store, arguments: tuple[object, ...], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        store.profiles.set_alias(*arguments)
    assert caught.value.field == field


def test_profile_of_fifty_megabytes_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput) as caught:
        store.profiles.append("news", "qa", {"worker": {"system_prompt": "x" * (50 << 20)}})
    assert caught.value.field == "profile.worker.system_prompt"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"corpus_id": ""}, "corpus_id"),
        ({"task_type": "\0"}, "task_type"),
        ({"profile_id": "x"}, "profile_id"),
        ({"fitness": math.nan}, "fitness"),
        ({"fitness": math.inf}, "fitness"),
        ({"fitness": "1"}, "fitness"),
        ({"population": " "}, "population"),
        ({"island": -1}, "island"),
        ({"generation": -1}, "generation"),
        ({"generation": 1.5}, "generation"),
        ({"objectives": [1]}, "objectives"),
        ({"objectives": {"a": math.nan}}, "objectives.a"),
        ({"descriptor": ""}, "descriptor"),
        ({"cell_key": ""}, "cell_key"),
        ({"metadata": False}, "metadata"),
    ],
)
def test_add_refuses_bad_values_by_name(
    store: Store, changes: dict[str, object], field: str
) -> None:
    values = {"corpus_id": "news", "task_type": "qa", "profile_id": uuid4()} | changes
    with pytest.raises(InvalidInput) as caught:
        store.populations.add(**values)
    assert caught.value.field == field


@pytest.mark.parametrize("step", [None, {}, "step", uuid4()])
def test_only_steps_are_logged(store: Store, step: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        store.steps.log(step)
    assert caught.value.field == "step"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"since": datetime(2024, 1, 1)}, "since"),
        ({"until": "now"}, "until"),
        ({"corpus_id": ""}, "corpus_id"),
        ({"task_type": "\0"}, "task_type"),
        ({"step_type": "other"}, "step_type"),
        ({"step_type": "\0"}, "step_type"),
        ({"by": "day"}, "by"),
        ({"by": 7}, "by"),
        ({"by": ["day", "week"]}, "by[1]"),
        ({"by": [None]}, "by[0]"),
        ({"confidence": 95}, "confidence"),
        ({"confidence": None}, "confidence"),
    ],
)
def test_reward_summary_refuses_bad_values_by_name(
    store: Store, options: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        store.steps.reward_summary(**options)
    assert caught.value.field == field


PROFILE = uuid4()


@pytest.mark.parametrize(
    ("method", "arguments", "options", "field"),
    [
        ("get", ("", uuid4()), {}, "corpus_id"),
        ("get", ("news", "x"), {}, "step_id"),
        ("get", ("news", uuid4(), datetime(2024, 1, 1)), {}, "created_at"),
        ("by_profile", ("news", None), {}, "profile_id"),
        ("by_profile", ("news", uuid4()), {"limit": -1}, "limit"),
        ("by_run", ("news", ""), {}, "run_id"),
        ("by_run", ("news", "a\0"), {}, "run_id"),
        ("by_run", ("news", "run"), {"limit": None}, "limit"),
        ("failures", ("news", " "), {}, "task_type"),
        ("failures", ("news", "qa"), {"profile_id": "x"}, "profile_id"),
        ("failures", ("news", "qa"), {"since": "now"}, "since"),
        ("failures", ("news", "qa"), {"limit": 1.0}, "limit"),
        ("search_highlighted", ("a\0",), {}, "text"),
        ("search_highlighted", ("a",), {"corpus_id": ""}, "corpus_id"),
        ("search_highlighted", ("a",), {"limit": -1}, "limit"),
        ("search_highlighted", ("a",), {"start": None}, "start"),
        ("search_highlighted", ("a",), {"stop": b""}, "stop"),
        ("search_highlighted", ("a",), {"escape": None}, "escape"),
        ("compare", ("", PROFILE, uuid4()), {}, "corpus_id"),
        ("compare", ("news", "x", PROFILE), {}, "first_profile_id"),
        ("compare", ("news", PROFILE, None), {}, "second_profile_id"),
        ("compare", ("news", PROFILE, str(PROFILE)), {}, "second_profile_id"),
        ("compare", ("news", PROFILE, uuid4()), {"confidence": 1.0}, "confidence"),
        ("compare", ("news", PROFILE, uuid4()), {"task_type": ""}, "task_type"),
        ("compare", ("news", PROFILE, uuid4()), {"since": datetime(2024, 1, 1)}, "since"),
        ("moving_average", ("news", ""), {}, "task_type"),
        ("moving_average", (None, "qa"), {}, "corpus_id"),
        ("moving_average", ("news", "qa"), {"window": 0}, "window"),
        ("moving_average", ("news", "qa"), {"window": 1_000_001}, "window"),
        ("moving_average", ("news", "qa"), {"step_type": "other"}, "step_type"),
    ],
)
def test_readers_of_steps_refuse_bad_values_by_name(
    store: Store,
    method: str,
    arguments: tuple[object, ...],
    options: dict[str, object],
    field: str,
) -> None:
    with pytest.raises(InvalidInput) as caught:
        getattr(store.steps, method)(*arguments, **options)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"query": None}, "query"),
        ({"query": "a\0"}, "query"),
        ({"corpus_id": ""}, "corpus_id"),
        ({"limit": 0}, "limit"),
        ({"limit": 10_001}, "limit"),
        ({"mode": "magic"}, "mode"),
        ({"fusion": "sum"}, "fusion"),
        ({"language": "klingon"}, "language"),
        ({"vector_weight": 1.1}, "vector_weight"),
        ({"vector_weight": math.nan}, "vector_weight"),
        ({"length_normalisation": -0.1}, "length_normalisation"),
        ({"freshness_weight": 2}, "freshness_weight"),
        ({"usefulness_weight": -0.1}, "usefulness_weight"),
        ({"candidates": 0}, "candidates"),
        ({"quantised": "no"}, "quantised"),
        ({"quantised": []}, "quantised"),
        ({"model": "another"}, "model"),
        ({"streamed": True}, "streamed"),
        ({"filters": {"categories": []}}, "filters"),
        ({"embedding": [0.0] * 384}, "embedding"),
        ({"embedding": [math.nan] * 384}, "embedding"),
        ({"embedding": [1.0] * 383}, "embedding"),
    ],
)
def test_search_refuses_bad_values_by_name(
    store: Store, options: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        store.facts.search(**({"query": "a"} | options))
    assert caught.value.field == field


def test_what_to_do_about_errors_is_a_choice_of_two(store: Store) -> None:
    with pytest.raises(InvalidInput) as caught:
        store.facts.add_many([], on_error="ignore")
    assert caught.value.field == "on_error"
