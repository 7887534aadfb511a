"""A batch evaluated together with others: claimed, evaluated, recorded, or let go."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hegel_store.operations.evaluating import SharedEvaluation
from hegel_store.store import Store
from tests.samples import rows
from tests.spending import require_balanced

BRIEF, LONG = {"prompt": "Be brief."}, {"prompt": "Explain."}
ORDER = [(BRIEF, "a"), (LONG, "b"), (BRIEF, "b"), (BRIEF, "a")]


def start(store: Store, budget: int | None = None) -> None:
    objectives: Any = {"accuracy": "maximize"}
    store.runs.start("news", "qa", "r", optimiser="x", objectives=objectives, budget=budget)


class Paid:
    """An evaluation that remembers what it was called for."""

    def __init__(self, failing: Sequence[str] = (), error: BaseException | None = None) -> None:
        self.calls: list[tuple[str, str]] = []
        self._failing = failing
        self._error = error or TimeoutError("no answer")

    def __call__(self, candidate: Any, example: str) -> Any:
        self.calls.append((candidate["prompt"], example))
        if example in self._failing:
            raise self._error
        return {"accuracy": len(candidate["prompt"]) / 10}, {"answer": example}


def test_each_is_evaluated_once_and_comes_back_in_the_order_asked(store: Store) -> None:
    start(store, budget=10)
    paid = Paid()
    shared = SharedEvaluation(store.scores, "news", paid, split="train", run_id="r", batch=2)
    done = shared(ORDER)
    assert [e.scores["accuracy"] for e in done.evaluations if e] == [0.9, 0.8, 0.9, 0.9]
    assert next(e.output for e in done.evaluations if e) == {"answer": "a"}
    assert len(paid.calls) == len(set(paid.calls)) == 3
    assert shared(ORDER).evaluations == done.evaluations
    assert len(paid.calls) == 3
    assert store.runs.get("news", "r").evaluations_spent == 3
    assert rows(store, "SELECT count(*) FROM hegel_evaluations WHERE seconds >= 0") == [(3,)]
    assert shared([]).evaluations == []


def test_a_failure_is_told_and_tried_again_by_the_next_call(store: Store) -> None:
    start(store)
    failing = SharedEvaluation(store.scores, "news", Paid(["b"]), split="train", run_id="r")
    done = failing(ORDER)
    assert [e is None for e in done.evaluations] == [False, True, True, False]
    assert {str(error) for error in done.failures.values()} == {"no answer"}
    assert len(done.failures) == 2
    paid = Paid()
    done = SharedEvaluation(store.scores, "news", paid, split="train", run_id="r")(ORDER)
    assert None not in done.evaluations
    assert {example for _, example in paid.calls} == {"b"}
    run = store.runs.get("news", "r")
    assert (run.evaluations_spent, run.evaluations_unstored) == (5, 2)
    require_balanced(store)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError("mine")])
def test_what_is_no_failure_lets_go_of_the_batch_and_is_raised(
    store: Store, error: BaseException
) -> None:
    start(store)
    broken = Paid(["b"], error)
    shared = SharedEvaluation(
        store.scores, "news", broken, split="train", run_id="r", failures=(TimeoutError,)
    )
    with pytest.raises(type(error)):
        shared(ORDER)
    assert rows(store, "SELECT state, count(*) FROM hegel_evaluations GROUP BY 1 ORDER BY 1") == [
        ("released", 2),
        ("scored", 1),
    ]
    assert store.runs.get("news", "r").evaluations_spent == 1
    require_balanced(store)


def test_scores_that_cannot_be_stored_are_a_failure(store: Store) -> None:
    shared = SharedEvaluation(
        store.scores, "news", lambda *_: {"accuracy": float("nan")}, split="train"
    )
    done = shared([(BRIEF, "a")])
    assert done.evaluations == [None]
    assert rows(store, "SELECT failure FROM hegel_evaluations") == [
        ("InvalidInput: scores.accuracy: must be finite, not nan",)
    ]


def test_a_failure_may_say_anything(store: Store) -> None:
    def fail(*_: object) -> dict[str, float]:
        raise RuntimeError("\0\ud800" + "x" * 20_000)

    assert SharedEvaluation(store.scores, "news", fail, split="train")([(BRIEF, "a")]).failures
    ((reason,),) = rows(store, "SELECT failure FROM hegel_evaluations")
    assert str(reason).startswith("RuntimeError: \ufffd?xxx")
    assert len(str(reason)) == 10_000


def test_what_the_budget_does_not_reach_is_told(store: Store) -> None:
    start(store, budget=2)
    done = SharedEvaluation(store.scores, "news", Paid(), split="train", run_id="r")(ORDER)
    assert [e is None for e in done.evaluations] == [False, False, True, False]
    assert [key.example_id for key in done.over_budget] == ["b"]
    require_balanced(store)


def test_others_results_are_waited_for(store: Store) -> None:
    """Two workers with one batch: each pair is paid by one of them, and both have all."""
    began = threading.Event()

    def slow(candidate: Any, example: str) -> dict[str, float]:
        began.set()
        time.sleep(0.1)
        calls.append((candidate["prompt"], example))
        return {"accuracy": 1.0}

    calls: list[tuple[str, str]] = []
    shared = SharedEvaluation(store.scores, "news", slow, split="train")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shared, ORDER)
        assert began.wait(30)
        assert shared(ORDER[:1]).busy[0].key.example_id == "a"
        assert None not in shared(ORDER, wait=30).evaluations
        assert None not in first.result().evaluations
    assert len(calls) == 3


def test_leases_are_renewed_between_evaluations(store: Store) -> None:
    """Each takes less than the lease, all of them much longer."""
    taken: list[int] = []

    def slow(_: Any, example: str) -> dict[str, float]:
        other = store.scores.claim("news", [(BRIEF, f"{n}") for n in range(8)], split="train")
        taken.append(len(other.granted))
        time.sleep(0.25)
        return {"accuracy": 1.0}

    shared = SharedEvaluation(store.scores, "news", slow, split="train", lease=0.6)
    done = shared([(BRIEF, f"{n}") for n in range(8)])
    assert None not in done.evaluations
    assert taken == [0] * 8
