"""Scores recorded once, whatever repeats, and read back."""

from __future__ import annotations

import threading
import time
from random import Random
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models import (
    Claim,
    EvaluationKey,
    FailedEvaluation,
    NewEvaluation,
    PromptProfile,
)
from hegel_store.models.profiles import content_hash
from hegel_store.store import Store
from tests.samples import rows
from tests.spending import require_balanced


def profile(store: Store, n: object = 0, task_type: str = "qa") -> PromptProfile:
    return store.profiles.append("news", task_type, {"b": "é🦔", "a": n})


def key(of: PromptProfile, example: str = "a", split: str = "train") -> EvaluationKey:
    return EvaluationKey(
        corpus_id="news",
        evaluator="default",
        content_hash=of.content_hash,
        split=split,
        example_id=example,
    )


def new(of: EvaluationKey | Claim, score: float = 0.5, **rest: Any) -> NewEvaluation:
    return NewEvaluation(of=of, **({"scores": {"accuracy": score}} | rest))


def test_a_profile_has_the_hash_of_its_content_before_it_is_stored(store: Store) -> None:
    assert profile(store).content_hash == content_hash({"b": "é🦔", "a": 0})
    assert profile(store).content_hash != content_hash({"a": 0, "b": "é🦔"})
    with pytest.raises(InvalidInput, match="candidate"):
        content_hash({"a": float("nan")}, "candidate")


def test_what_was_recorded_comes_back(store: Store) -> None:
    of = profile(store)
    scores = {"accuracy": 0.0, "cost": 1e23, "x": 0.1 + 0.2}
    output = {"answer": "d'où ?", "trace": [1, None]}
    done = new(key(of), scores=scores, output=output, run_id="r", seconds=0.25, cost=0.0)
    assert store.scores.record(done) == "stored"
    found = store.scores.get_many([key(of), key(of, "b")])
    assert list(found) == [key(of)]
    evaluation = found[key(of)]
    assert (evaluation.scores, evaluation.output, evaluation.run_id) == (scores, output, "r")
    assert (evaluation.seconds, evaluation.cost) == (0.25, 0.0)
    assert store.scores.record(new(key(of, "b"), 1.0)) == "stored"
    assert store.scores.get_many([key(of, "b")])[key(of, "b")].output is None


def test_the_first_result_stays_unless_told_otherwise(store: Store) -> None:
    of = profile(store)
    first = new(key(of), scores={"accuracy": 0.5, "length": 7.0}, output={"n": 1})
    assert store.scores.record(first) == "stored"
    assert store.scores.record(first) == "known"
    other = new(key(of), scores={"accuracy": 0.25, "style": 1.0})
    assert store.scores.record(other) == "differs"
    found = store.scores.get_many([key(of)])[key(of)]
    assert (found.scores, found.output) == ({"accuracy": 0.5, "length": 7.0}, {"n": 1})
    assert store.scores.record(other, overwrite=True) == "stored"
    found = store.scores.get_many([key(of)])[key(of)]
    assert (found.scores, found.output) == ({"accuracy": 0.25, "style": 1.0}, None)
    assert [score.objective for score in store.scores.of_profile("news", of)] == [
        "accuracy",
        "style",
    ]


def test_many_are_told_apart_one_by_one(store: Store) -> None:
    of = profile(store)
    store.scores.record_many([new(key(of, "known")), new(key(of, "differs"))])
    claims = store.scores.claim("news", [(of, name) for name in ("x", "y", "z")], split="train")
    x, y, z = claims.granted
    store.scores.release([z])
    outcomes = store.scores.record_many(
        [
            new(key(of, "known")),
            FailedEvaluation(of=x, reason="away", seconds=30.0, cost=0.5),
            new(key(of, "differs"), 0.75),
            new(y),
            FailedEvaluation(of=z, reason="away"),
            new(key(of, "new")),
        ]
    )
    assert outcomes == ["known", "stored", "differs", "stored", "late", "stored"]
    assert store.scores.record_many([]) == []
    assert rows(store, "SELECT example_id, seconds, cost FROM hegel_evaluations WHERE failures > 0")
    require_balanced(store)


def test_more_than_a_batch_is_recorded(store: Store) -> None:
    of = profile(store)
    results = [new(key(of, f"{n}"), float(n)) for n in range(5_003)]
    assert set(store.scores.record_many(results[:10])) == {"stored"}
    outcomes = store.scores.record_many(results)
    assert outcomes == ["known"] * 10 + ["stored"] * 4_993
    assert len(store.scores.of_profile("news", of)) == 5_003


def test_racing_recorders_store_each_evaluation_once(store: Store) -> None:
    """Four threads record the same evaluations in different orders with scores of their own."""
    of = profile(store)
    outcomes: list[list[Any]] = [[] for _ in range(4)]
    barrier = threading.Barrier(4)

    def record(worker: int) -> None:
        names = [f"{n}" for n in range(400)]
        Random(worker).shuffle(names)
        barrier.wait()
        for begin in range(0, 400, 40):
            batch = [new(key(of, name), worker / 4) for name in names[begin : begin + 40]]
            outcomes[worker] += store.scores.record_many(batch)

    threads = [threading.Thread(target=record, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [outcome for each in outcomes for outcome in each]
    assert len(told) == 1_600
    assert told.count("stored") == 400
    assert told.count("differs") == 1_200
    assert rows(store, "SELECT count(*) FROM hegel_scores") == [(400,)]


def test_scores_of_a_profile_are_those_of_its_content(store: Store) -> None:
    of, same, other = profile(store), profile(store, task_type="law"), profile(store, 1)
    store.scores.record_many(
        [
            new(key(of, "b"), scores={"length": 3.0, "accuracy": 0.0}),
            new(key(of, "a"), 1.0),
            new(key(of, "a", "test"), 0.5),
            new(key(other, "a"), 0.25),
        ]
    )
    everything = [
        ("test", "a", "accuracy", 0.5),
        ("train", "a", "accuracy", 1.0),
        ("train", "b", "accuracy", 0.0),
        ("train", "b", "length", 3.0),
    ]
    for given in (of, of.id, same, same.id, of.profile):
        found = store.scores.of_profile("news", given)
        assert [(s.split, s.example_id, s.objective, s.score) for s in found] == everything
    found = store.scores.of_profile("news", of, split="train", objective="accuracy")
    assert [score.score for score in found] == [1.0, 0.0]
    assert list(store.scores.of_profile("news", of, evaluator="other")) == []
    with pytest.raises(NotFound):
        store.scores.of_profile("news", uuid4())
    with pytest.raises(InvalidInput, match="profile of corpus 'news'"):
        store.scores.of_profile("law", of)


def test_a_matrix_has_gaps_where_scores_are_sparse(store: Store) -> None:
    first, second, empty = (profile(store, n) for n in range(3))
    store.scores.record_many(
        [
            new(key(first, "b"), 0.0),
            new(key(first, "a"), 1.0),
            new(key(second, "c"), scores={"accuracy": 0.5, "length": 9.0}),
            new(key(second, "a", "test"), 0.125),
        ]
    )
    ids = [second.id, empty.id, first.id, first.id]
    found = store.scores.matrix("news", ids, split="train", objective="accuracy")
    assert found.profile_ids == ids
    assert found.example_ids == ["a", "b", "c"]
    gap = np.nan
    assert np.array_equal(
        found.values,
        [[gap, gap, 0.5], [gap, gap, gap], [1.0, 0.0, gap], [1.0, 0.0, gap]],
        equal_nan=True,
    )
    nothing = store.scores.matrix("news", [], split="train", objective="accuracy")
    assert nothing.values.shape == (0, 0)
    with pytest.raises(NotFound):
        store.scores.matrix("news", [uuid4()], split="train", objective="accuracy")


def test_means_are_of_the_examples_that_were_scored(store: Store) -> None:
    first, second = profile(store), profile(store, 1)
    store.scores.record_many(
        [
            new(key(first, "a"), scores={"accuracy": 1.0, "length": 3.0}),
            new(key(first, "b"), 0.0),
            new(key(first, "a", "test"), 1.0),
            new(key(second, "a"), 0.25),
        ]
    )
    found = store.scores.summary("news", [second.id, first.id], split="train")
    assert [(s.profile_id, s.objective, s.examples, s.mean) for s in found] == [
        (second.id, "accuracy", 1, 0.25),
        (first.id, "accuracy", 2, 0.5),
        (first.id, "length", 1, 3.0),
    ]


def test_waiting_ends_when_others_are_done_or_the_time_is_over(store: Store) -> None:
    of = profile(store)
    (claim,) = store.scores.claim("news", [(of, "a")], split="train").granted
    started = time.monotonic()
    assert store.scores.wait_for([claim.key], timeout=0.3, poll=0.05) == {}
    assert time.monotonic() - started >= 0.3
    later = threading.Timer(0.3, lambda: store.scores.record(new(claim, 0.5)))
    later.start()
    found = store.scores.wait_for([claim.key], timeout=30, poll=0.02)
    later.join()
    assert found[claim.key].scores == {"accuracy": 0.5}
    assert store.scores.wait_for([key(of, "nobody's")], timeout=30) == {}


def test_scores_are_part_of_a_transaction(store: Store) -> None:
    def record(then: Any) -> None:
        with store.begin() as work:
            made = work.profiles.append("news", "qa", {"n": "new"})
            work.scores.record(new(key(made)))
            then()

    with pytest.raises(ZeroDivisionError):
        record(lambda: 1 / 0)
    assert rows(store, "SELECT count(*) FROM hegel_scores") == [(0,)]
    record(lambda: None)
    latest = store.profiles.latest("news", "qa")
    assert latest is not None
    assert [score.score for score in store.scores.of_profile("news", latest)] == [0.5]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scores": {}}, "scores"),
        ({"scores": [0.5]}, "scores"),
        ({"scores": {"a": float("nan")}}, "scores.a"),
        ({"scores": {"a": None}}, "scores.a"),
        ({"scores": {" ": 0.5}}, "scores (an objective)"),
        ({"output": {"x": "\0"}}, "output.x"),
        ({"output": "text"}, "output"),
        ({"seconds": "1"}, "seconds"),
        ({"cost": float("inf")}, "cost"),
        ({"run_id": ""}, "run_id"),
        ({"of": "a"}, "of"),
    ],
)
def test_a_bad_result_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    of = EvaluationKey(
        corpus_id="news", evaluator="e", content_hash="00" * 32, split="train", example_id="a"
    )
    with pytest.raises(InvalidInput) as caught:
        new(**({"of": of} | changes))
    assert caught.value.field == field


def test_what_is_no_result_and_two_of_one_evaluation_are_refused(store: Store) -> None:
    of = profile(store)
    with pytest.raises(InvalidInput, match=r"results\[1\]: is of the same evaluation as \[0\]"):
        store.scores.record_many([new(key(of)), new(key(of), 1.0)])
    with pytest.raises(InvalidInput, match=r"results\[0\]"):
        store.scores.record_many([0.5])
    with pytest.raises(InvalidInput, match="of"):
        FailedEvaluation(of=key(of), reason="nobody claimed it")
    assert rows(store, "SELECT count(*) FROM hegel_evaluations") == [(0,)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"content_hash": "00" * 31}, "content_hash"),
        ({"content_hash": "FF" * 32}, "content_hash"),
        ({"content_hash": b"0" * 64}, "content_hash"),
        ({"example_id": 7}, "example_id"),
        ({"split": " "}, "split"),
    ],
)
def test_a_bad_key_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    values = {
        "corpus_id": "news",
        "evaluator": "e",
        "content_hash": "00" * 32,
        "split": "train",
        "example_id": "a",
    }
    with pytest.raises(InvalidInput) as caught:
        EvaluationKey(**(values | changes))
    assert caught.value.field == field
