"""Evaluations of GEPA that come from the store."""

from __future__ import annotations

import base64
import pickle
from collections import Counter
from typing import Any

import gepa
import pytest

from hegel_store.errors import BudgetExceeded, InvalidInput
from hegel_store.integrations.gepa import StoreAdapter, optimize
from hegel_store.store import Store
from tests.integration.test_gepa_store import require_equal
from tests.samples import rows
from tests.vocabulary import SEED, TRAINING, VALIDATION, Vocabulary, arguments

pytestmark = pytest.mark.any_server


def counting() -> tuple[Counter[tuple[str, str]], Vocabulary]:
    paid: Counter[tuple[str, str]] = Counter()

    def pay(candidate: Any, question: str) -> None:
        paid[repr(sorted(candidate.items())), question] += 1

    return paid, Vocabulary(pay)


def fields(batch: Any) -> dict[str, Any]:
    return vars(batch) | {"num_metric_calls": None}


@pytest.mark.parametrize("traces", [False, True])
def test_a_second_adapter_is_served_the_same_and_pays_nothing(store: Store, traces: bool) -> None:
    plain = Vocabulary().evaluate(VALIDATION, SEED, traces)
    for expected in (len(VALIDATION), 0):
        paid, adapter = counting()
        shared = StoreAdapter(adapter, store, "news", evaluator="f1")
        assert fields(shared.evaluate(VALIDATION, SEED, traces)) == fields(plain)
        assert paid.total() == expected
        assert shared.evaluate([], SEED).scores == []
    other = StoreAdapter(adapter, store, "news", evaluator="another model")
    other.evaluate(VALIDATION, SEED)
    assert paid.total() == len(VALIDATION)


def test_a_run_pays_once_for_each_candidate_on_each_example(store: Store) -> None:
    plain = gepa.optimize(**arguments(400))
    paid, adapter = counting()
    shared = StoreAdapter(adapter, store, "news", evaluator="f1", run_id="r")
    result = optimize(store, "news", "qa", "r", **arguments(400, adapter=shared))
    assert (result.candidates, result.val_subscores) == (plain.candidates, plain.val_subscores)
    require_equal(store, result)
    assert set(paid.values()) == {1}
    assert paid.total() < result.total_metric_calls
    assert store.runs.get("news", "r").evaluations_spent == paid.total()
    before = paid.total()
    shared = StoreAdapter(adapter, store, "news", evaluator="f1")
    again = optimize(store, "news", "qa", "another", **arguments(400, adapter=shared))
    assert (again.candidates, paid.total()) == (result.candidates, before)


def test_a_failure_is_no_score(store: Store) -> None:
    class Failing(Vocabulary):
        away = True

        def evaluate(self, batch: Any, candidate: Any, capture_traces: bool = False) -> Any:
            evaluated = super().evaluate(batch, candidate, capture_traces)
            if self.away:
                evaluated.outputs[0], evaluated.scores[0] = {"error": "no answer\x00"}, 0.0
            return evaluated

    adapter = Failing()
    shared = StoreAdapter(
        adapter, store, "news", evaluator="f1", is_failure=lambda output, score: "error" in output
    )
    assert shared.evaluate(VALIDATION, SEED).scores[0] == 0.0
    failures = rows(store, "SELECT failure FROM hegel_evaluations WHERE state = 'failed'")
    assert len(failures) == 1
    adapter.away = False
    assert (
        shared.evaluate(VALIDATION, SEED).scores == Vocabulary().evaluate(VALIDATION, SEED).scores
    )


def test_an_exception_leaves_nothing_claimed(store: Store) -> None:
    def paid(candidate: Any, question: str) -> None:
        raise TimeoutError("no answer")

    shared = StoreAdapter(Vocabulary(paid), store, "news", evaluator="f1")
    with pytest.raises(TimeoutError):
        shared.evaluate(TRAINING, SEED)
    assert rows(store, "SELECT DISTINCT state FROM hegel_evaluations") == [("failed",)]
    good = StoreAdapter(Vocabulary(), store, "news", evaluator="f1")
    assert len(good.evaluate(TRAINING, SEED).scores) == len(TRAINING)


def test_what_is_over_the_budget_is_refused(store: Store) -> None:
    objectives: Any = {"score": "maximize"}
    store.runs.start("news", "qa", "r", optimiser="gepa", objectives=objectives, budget=11)
    shared = StoreAdapter(Vocabulary(), store, "news", evaluator="f1", run_id="r")
    with pytest.raises(BudgetExceeded):
        shared.evaluate(TRAINING, SEED)
    assert store.runs.get("news", "r").evaluations_spent == 0
    shared.evaluate(VALIDATION, SEED)
    assert store.runs.get("news", "r").evaluations_spent == len(VALIDATION)


def test_outputs_that_are_no_json_need_a_coding(store: Store) -> None:
    class Tuples(Vocabulary):
        def evaluate(self, batch: Any, candidate: Any, capture_traces: bool = False) -> Any:
            evaluated = super().evaluate(batch, candidate, capture_traces)
            evaluated.outputs = [tuple(output["answer"]) for output in evaluated.outputs]
            return evaluated

    with pytest.raises(InvalidInput, match="encode"):
        StoreAdapter(Tuples(), store, "news", evaluator="f1").evaluate(TRAINING, SEED)
    coded = StoreAdapter(
        Tuples(),
        store,
        "news",
        evaluator="f1",
        encode=lambda value: base64.b64encode(pickle.dumps(value)).decode(),
        decode=lambda value: pickle.loads(base64.b64decode(value)),  # noqa: S301
    )
    first, second = (coded.evaluate(TRAINING, SEED, True) for _ in range(2))
    assert fields(first) == fields(second)
    assert isinstance(second.outputs[0], tuple)


def test_examples_that_are_no_json_need_an_id(store: Store) -> None:
    class Plain(Vocabulary):
        def evaluate(self, batch: Any, candidate: Any, capture_traces: bool = False) -> Any:
            return super().evaluate([example["it"] for example in batch], candidate, True)

    batch = [{"it": example, "object": object()} for example in TRAINING]
    with pytest.raises(InvalidInput, match="example_id"):
        StoreAdapter(Plain(), store, "news", evaluator="f1").evaluate(batch, SEED)
    named = StoreAdapter(
        Plain(),
        store,
        "news",
        evaluator="f1",
        example_id=lambda example: example["it"]["question"],
    )
    assert len(named.evaluate(batch, SEED).scores) == len(batch)


def test_scores_without_outputs_are_not_taken_for_results(store: Store) -> None:
    from hegel_store.models import NewEvaluation

    def name(example: Any) -> str:
        return str(example["question"])

    shared = StoreAdapter(Vocabulary(), store, "news", evaluator="f1", example_id=name)
    document = {part: {"system_prompt": text} for part, text in SEED.items()}
    keys = store.scores.keys("news", [(document, name(TRAINING[0]))], split="gepa", evaluator="f1")
    store.scores.record(NewEvaluation(of=keys[0], scores={"score": 1.0}))
    with pytest.raises(InvalidInput, match="without outputs"):
        shared.evaluate(TRAINING, SEED)


def test_the_rest_is_the_adapters_own(store: Store) -> None:
    class More(Vocabulary):
        state: dict[str, Any]

        def propose_new_texts(self, candidate: Any, dataset: Any, components: Any) -> Any:  # type: ignore[override]
            return {"planner": "bale"}

        def get_adapter_state(self) -> dict[str, Any]:
            return {"turn": 3}

    adapter = More()
    shared = StoreAdapter(adapter, store, "news", evaluator="f1")
    assert shared.propose_new_texts({}, {}, []) == {"planner": "bale"}
    assert shared.get_adapter_state() == {"turn": 3}
    assert not hasattr(shared, "set_adapter_state")
    evaluated = shared.evaluate(TRAINING, SEED, True)
    assert shared.make_reflective_dataset(SEED, evaluated, ["planner"]) == {
        "planner": evaluated.trajectories
    }
    assert StoreAdapter(Vocabulary(), store, "news", evaluator="f1").propose_new_texts is None
