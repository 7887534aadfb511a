"""The values that go in: what they refuse, what they fill in, what they keep."""

from __future__ import annotations

import copy
import math
import pickle
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegel_store.errors import (
    CircuitOpen,
    DatabaseError,
    EmbedderUnavailable,
    EmbeddingSpaceMismatch,
    InvalidInput,
    NotFound,
    ProfileConflict,
)
from hegel_store.models import FactFilter, NewFact, NewStep, SearchResult
from hegel_store.models.identifiers import uuid7, uuid7_time
from hegel_store.models.vectors import DIMENSIONS, slot_for, unit_vector, vector_text

PROFILE = UUID("0192f0c1-0000-7000-8000-000000000000")


def step(**changes: object) -> NewStep:
    values = {
        "corpus_id": "news",
        "task_type": "qa",
        "old_profile_id": PROFILE,
        "query": "",
        "predicted_answer": "",
    }
    return NewStep(**(values | changes))


def fact(**changes: object) -> NewFact:
    return NewFact(**({"corpus_id": "news", "content": "Hedgehogs hibernate."} | changes))


def refused_field(build: object, **changes: object) -> str:
    with pytest.raises(InvalidInput) as caught:
        build(**changes)
    return caught.value.field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("corpus_id", ""),
        ("corpus_id", " \t"),
        ("task_type", "x" * 201),
        ("old_profile_id", None),
        ("old_profile_id", "nonsense"),
        ("new_profile_id", 7),
        ("query", None),
        ("query", "a\0"),
        ("predicted_answer", "\udcff"),
        ("gold_answer", b"bytes"),
        ("reward", math.nan),
        ("reward", -math.inf),
        ("reward", "0.5"),
        ("reward", True),
        ("step_type", "test"),
        ("step_type", ["training"]),
        ("optimization_strategy", ""),
        ("processing_time_ms", -1),
        ("processing_time_ms", 1.5),
        ("processing_time_ms", 2**31),
        ("run_id", " "),
        ("metrics", None),
        ("metrics", [1]),
        ("debate_trace", "{}"),
        ("id", "nonsense"),
        ("created_at", datetime(2024, 1, 1)),
        ("created_at", datetime(1999, 12, 31, 23, 59, tzinfo=UTC)),
        ("created_at", datetime.now(UTC) + timedelta(days=400)),
        ("created_at", "2024-01-01"),
    ],
)
def test_step_refuses_bad_values_by_name(field: str, value: object) -> None:
    assert refused_field(step, **{field: value}) == field


def test_step_refusal_names_the_place_in_a_document() -> None:
    assert refused_field(step, metrics={"loss": [0.0, math.inf]}) == "metrics.loss[1]"
    assert refused_field(step, debate_trace={"a\0": 1}) == "debate_trace (a key)"


def test_step_without_identity_gets_a_time_and_an_id_of_that_time() -> None:
    before = datetime.now(UTC)
    made = step()
    assert before <= made.created_at <= datetime.now(UTC)
    assert made.id.version == 7
    assert timedelta(0) <= made.created_at - uuid7_time(made.id) < timedelta(milliseconds=1)


def test_step_with_an_id_alone_takes_the_time_inside_it() -> None:
    identifier = uuid7(datetime(2024, 2, 29, 23, 59, 59, 123_000, tzinfo=UTC))
    first, again = step(id=identifier), step(id=str(identifier))
    assert first.created_at == datetime(2024, 2, 29, 23, 59, 59, 123_000, tzinfo=UTC)
    assert (first.id, first.created_at) == (again.id, again.created_at)


@pytest.mark.parametrize(
    "identifier",
    [
        uuid4(),
        UUID(int=0),
        UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"),
        uuid7(datetime(1999, 12, 31, tzinfo=UTC)),
        uuid7(datetime.now(UTC) + timedelta(days=400)),
    ],
)
def test_step_refuses_an_id_alone_that_says_no_usable_time(identifier: UUID) -> None:
    assert refused_field(step, id=identifier) == "id"


def test_step_with_both_keeps_both() -> None:
    identifier, moment = uuid4(), datetime(2024, 1, 1, tzinfo=UTC)
    made = step(id=identifier, created_at=moment)
    assert (made.id, made.created_at) == (identifier, moment)


def test_step_with_a_time_alone_gets_an_id_of_that_time() -> None:
    made = step(created_at=datetime(2024, 1, 1, 1, tzinfo=ZoneInfo("Asia/Kathmandu")))
    assert uuid7_time(made.id) == made.created_at == datetime(2023, 12, 31, 19, 15, tzinfo=UTC)


def test_step_keeps_zero_and_the_lack_of_a_reward_apart() -> None:
    assert step(reward=0).reward == 0.0
    assert step(reward=-0.0).reward == 0.0
    assert step().reward is None


def test_step_is_what_it_was_when_it_was_made() -> None:
    metrics = {"loss": 0.5}
    made = step(metrics=metrics)
    metrics["loss"] = math.nan
    assert made.metrics_json == '{"loss": 0.5}'


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("corpus_id", ""),
        ("content", " \n"),
        ("content", "x" * 1_000_001),
        ("category", ""),
        ("label", " "),
        ("intent", ""),
        ("confidence", 1.0000001),
        ("confidence", -0.1),
        ("confidence", math.nan),
        ("freshness", "rotten"),
        ("language", "klingon"),
        ("metadata", []),
        ("embedding", [0.0] * 384),
        ("valid_from", datetime(2024, 1, 1)),
        ("expires_at", 0),
        ("profile_id", "x"),
        ("step_id", 1),
    ],
)
def test_fact_refuses_bad_values_by_name(field: str, value: object) -> None:
    assert refused_field(fact, **{field: value}) == field


def test_facts_with_embeddings_can_be_compared() -> None:
    assert fact(embedding=np.ones(384)) == fact(embedding=np.ones(384))
    assert fact(content="another") != fact()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("categories", "general"),
        ("categories", [""]),
        ("labels", {"a"}),
        ("labels", [1]),
        ("freshness", ["rotten"]),
        ("intents", 7),
        ("min_confidence", math.nan),
        ("metadata", [1]),
        ("created_after", datetime(2024, 1, 1)),
        ("created_before", "yesterday"),
        ("as_of", 0),
    ],
)
def test_filter_refuses_bad_values_by_name(field: str, value: object) -> None:
    assert refused_field(FactFilter, **{field: value}) == f"filters.{field}"


@pytest.mark.parametrize("size", DIMENSIONS)
@pytest.mark.parametrize("scale", [1e-300, 1e-3, 1.0, 1e300])
def test_vectors_of_any_length_are_scaled_to_one(size: int, scale: float) -> None:
    direction = np.random.default_rng(size).standard_normal(size)
    unit = unit_vector("embedding", direction * scale)
    assert unit.dtype == np.float32
    assert np.linalg.norm(unit) == pytest.approx(1, abs=1e-6)
    assert unit @ direction == pytest.approx(np.linalg.norm(direction), rel=1e-5)


@pytest.mark.parametrize("size", [0, 1, 383, 385, 16_001])
def test_vectors_of_a_size_without_a_column_are_refused(size: int) -> None:
    assert refused_field(unit_vector, field="embedding", value=[1.0] * size) == "embedding"


@pytest.mark.parametrize(
    "value",
    [
        [0.0] * 384,
        [math.nan] + [1.0] * 383,
        [math.inf] + [1.0] * 383,
        [[1.0] * 384],
        "text",
        None,
        [[1.0], [1.0, 2.0]],
        {"a": 1},
        ["x"] * 384,
    ],
)
def test_what_is_no_direction_is_refused(value: object) -> None:
    assert refused_field(unit_vector, field="embedding", value=value) == "embedding"


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_vectors_may_be_any_sequence(kind: type) -> None:
    assert unit_vector("embedding", kind([2.0] + [0.0] * 383))[0] == 1.0


def test_caller_keeps_the_vector_given() -> None:
    given_vector = np.ones(384, dtype=np.float32)
    fact(embedding=given_vector)
    assert given_vector[0] == 1.0


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=5))
def test_text_of_a_vector_reads_back_the_same(values: list[float]) -> None:
    text = vector_text(np.asarray(values, dtype=np.float32))
    assert np.fromstring(text.strip("[]"), dtype=np.float64, sep=",").astype(
        np.float32
    ).tolist() == pytest.approx(values)


def test_slots_are_named_for_their_size() -> None:
    assert [slot_for("embedding", size) for size in DIMENSIONS] == [
        "embedding_384",
        "embedding_768",
        "embedding_1024",
        "embedding_1536",
    ]


def test_search_result_is_a_sequence_of_its_hits() -> None:
    result = SearchResult(
        hits=("a", "b"), exact=True, complete=True, scan_limit_hit=False, candidates=2
    )
    assert list(result) == ["a", "b"]
    assert (result[0], result[-1:], len(result), "b" in result) == ("a", ("b",), 2, True)


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput("a", "b"),
        NotFound("profile", "key", "base"),
        ProfileConflict("scope", 1, 2),
        ProfileConflict("alias", None, PROFILE),
        EmbeddingSpaceMismatch("embedding_384", "a", "b", "news"),
        EmbedderUnavailable("api", "it said nothing"),
        CircuitOpen("api", 2.5),
        DatabaseError("no", "57014"),
    ],
)
def test_errors_survive_the_way_between_processes(error: Exception) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)
