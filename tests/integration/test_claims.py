"""Evaluations shared out among workers: one at a time has each, and budgets add up."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from random import Random
from typing import Any

import pytest

from hegel_store.errors import InvalidInput, NotFound, RunConflict
from hegel_store.models import Claim, Claims, FailedEvaluation, NewEvaluation
from hegel_store.store import Store
from tests.samples import rows
from tests.spending import require_balanced

BRIEF = {"worker": {"system_prompt": "Be brief."}}
LONG = {"worker": {"system_prompt": "Explain."}}


def start(store: Store, run_id: str = "r", budget: int | None = None) -> str:
    objectives = {"accuracy": "maximize"}
    store.runs.start("news", "qa", run_id, optimiser="x", objectives=objectives, budget=budget)
    return run_id


def claim(store: Store, examples: Sequence[str], content: Any = BRIEF, **rest: Any) -> Claims:
    wanted = [(content, example) for example in examples]
    return store.scores.claim("news", wanted, **({"split": "train"} | rest))


def expire(store: Store) -> None:
    """Let the time of all leases pass."""
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE hegel_evaluations SET leased_until = leased_until - interval '10 days'"
            " WHERE state = 'claimed'"
        )


def scored(claims: Sequence[Claim], score: float = 0.5) -> list[NewEvaluation]:
    return [NewEvaluation(of=each, scores={"accuracy": score}) for each in claims]


def names(items: Sequence[Any]) -> list[str]:
    return [getattr(item, "key", item).example_id for item in items]


def spent(store: Store, run_id: str = "r") -> tuple[int, int]:
    run = store.runs.get("news", run_id)
    return run.evaluations_spent, run.evaluations_unstored


def test_what_is_claimed_is_busy_and_what_is_scored_is_served(store: Store) -> None:
    start(store, budget=10)
    first = claim(store, "abc", run_id="r", worker="w1")
    assert names(first.granted) == ["a", "b", "c"]
    assert (first.scored, first.busy, first.over_budget) == ([], [], [])
    assert {each.failures for each in first.granted} == {0}
    store.scores.record_many(scored(first.granted[:1], 0.0))
    second = claim(store, "dcba", run_id="r", worker="w2")
    assert names(second.granted) == ["d"]
    assert [each.scores for each in second.scored] == [{"accuracy": 0.0}]
    assert names(second.busy) == ["c", "b"]
    assert {each.worker for each in second.busy} == {"w1"}
    assert {each.leased_until for each in second.busy} == {first.granted[1].leased_until}
    assert spent(store) == (4, 0)
    assert store.runs.get("news", "r").status == "running"
    require_balanced(store)


def test_an_equal_candidate_is_not_evaluated_again_in_another_run_or_scope(store: Store) -> None:
    start(store, "r")
    start(store, "s", budget=0)
    qa = store.profiles.append("news", "qa", BRIEF)
    law = store.profiles.append("news", "law", BRIEF)
    store.scores.record_many(scored(claim(store, "ab", qa, run_id="r").granted))
    for content in (law, law.id, str(law.id), BRIEF):
        again = claim(store, "ab", content, run_id="s")
        assert names(again.scored) == ["a", "b"]
        assert {each.run_id for each in again.scored} == {"r"}
    assert spent(store, "s") == (0, 0)


def test_other_splits_evaluators_and_corpora_are_other_evaluations(store: Store) -> None:
    store.scores.record_many(scored(claim(store, "a").granted))
    assert names(claim(store, "a").scored) == ["a"]
    assert names(claim(store, "a", split="test").granted) == ["a"]
    assert names(claim(store, "a", evaluator="judge 2").granted) == ["a"]
    assert names(claim(store, "a", LONG).granted) == ["a"]
    there = store.scores.claim("law", [(BRIEF, "a")], split="train")
    assert names(there.granted) == ["a"]


def test_a_budget_grants_no_more_than_it_has_and_in_the_order_asked(store: Store) -> None:
    start(store, budget=3)
    store.scores.record_many(scored(claim(store, "x").granted))
    claims = claim(store, ["z", "x", "m", "a", "b"], run_id="r")
    assert names(claims.granted) == ["z", "m", "a"]
    assert names(claims.scored) == ["x"]
    assert names(claims.over_budget) == ["b"]
    assert names(claim(store, "b", run_id="r").over_budget) == ["b"]
    assert names(claim(store, "b").granted) == ["b"], "nobody pays without a run"
    store.scores.release(claims.granted[:1])
    assert spent(store) == (2, 0)
    assert names(claim(store, "z", run_id="r").granted) == ["z"]
    require_balanced(store)


def test_a_failure_is_paid_for_and_never_served(store: Store) -> None:
    start(store, budget=3)
    (first,) = claim(store, "a", run_id="r").granted
    assert store.scores.record(FailedEvaluation(of=first, reason="time-out")) == "stored"
    assert spent(store) == (1, 1)
    assert store.scores.record(FailedEvaluation(of=first, reason="time-out")) == "late"
    assert spent(store) == (1, 1)
    again = claim(store, "a", run_id="r")
    assert again.scored == []
    assert [each.failures for each in again.granted] == [1]
    assert store.scores.record(scored(again.granted, 0.0)[0]) == "stored"
    assert spent(store) == (2, 1)
    assert names(claim(store, "a", run_id="r").scored) == ["a"]
    assert rows(store, "SELECT failures, failure, state FROM hegel_evaluations") == [
        (1, "time-out", "scored")
    ]
    require_balanced(store)


def test_a_dead_workers_claim_is_taken_over_at_no_cost_to_its_run(store: Store) -> None:
    start(store, budget=2)
    dead = claim(store, "ab", run_id="r", worker="dead")
    assert names(claim(store, "ab", run_id="r").busy) == ["a", "b"]
    expire(store)
    heir = claim(store, "ab", run_id="r", worker="heir")
    assert names(heir.granted) == ["a", "b"]
    assert spent(store) == (2, 0)
    assert store.scores.renew(dead.granted) == []
    assert store.scores.release(dead.granted) == 0
    late = FailedEvaluation(of=dead.granted[0], reason="late")
    assert store.scores.record(late) == "late"
    assert len(store.scores.renew(heir.granted, lease=120)) == 2
    require_balanced(store)


def test_a_late_result_is_stored_where_there_is_none_and_counts_once(store: Store) -> None:
    start(store, budget=2)
    former = claim(store, "ab", run_id="r").granted
    expire(store)
    heir = claim(store, "ab", run_id="r").granted
    assert store.scores.record(scored(former[:1], 0.25)[0]) == "stored"
    assert store.scores.record(scored(heir[:1], 0.75)[0]) == "differs"
    assert store.scores.record(scored(heir[1:], 0.75)[0]) == "stored"
    assert store.scores.record(scored(former[1:], 0.25)[0]) == "differs"
    found = claim(store, "ab", run_id="r").scored
    assert [each.scores["accuracy"] for each in found] == [0.25, 0.75]
    assert spent(store) == (2, 0)
    require_balanced(store)


def test_a_claim_of_another_run_that_ran_out_changes_its_payer(store: Store) -> None:
    start(store, "r", budget=2)
    start(store, "s", budget=1)
    former = claim(store, "ab", run_id="r").granted
    expire(store)
    assert names(claim(store, "ab", run_id="s").granted) == ["a"]
    assert (spent(store, "r"), spent(store, "s")) == ((1, 0), (1, 0))
    assert store.scores.record(scored(former[:1])[0]) == "stored"
    assert (spent(store, "r"), spent(store, "s")) == ((1, 0), (1, 0))
    assert names(claim(store, "b").granted) == ["b"], "and one that nobody pays for"
    assert spent(store, "r") == (0, 0)
    require_balanced(store)


def test_what_the_dead_hold_elsewhere_is_given_back_to_the_run(store: Store) -> None:
    start(store, budget=3)
    dead = claim(store, "abc", run_id="r").granted
    assert names(claim(store, "x", LONG, run_id="r").over_budget) == ["x"]
    expire(store)
    assert names(claim(store, "xyz", LONG, run_id="r").granted) == ["x", "y", "z"]
    assert spent(store) == (3, 0)
    # A late one is stored all the same; its evaluation was given back, so it is charged to nobody.
    assert store.scores.record(scored(dead)[0]) == "stored"
    assert spent(store) == (3, 0)
    require_balanced(store)


def test_a_lease_is_over_by_the_clock_of_the_server(store: Store) -> None:
    first = claim(store, "a", lease=0.3)
    assert names(claim(store, "a").busy) == ["a"]
    (renewed,) = store.scores.renew(first.granted, lease=0.6)
    assert renewed.leased_until > first.granted[0].leased_until
    time.sleep(0.35)
    assert names(claim(store, "a").busy) == ["a"]
    time.sleep(0.35)
    assert names(claim(store, "a").granted) == ["a"]


def test_a_run_that_has_ended_or_is_unknown_claims_nothing(store: Store) -> None:
    start(store)
    granted = claim(store, "a", run_id="r").granted
    store.runs.stop("news", "r")
    with pytest.raises(RunConflict, match="stopped"):
        claim(store, "b", run_id="r")
    assert store.scores.record(scored(granted)[0]) == "stored", "what was claimed before is welcome"
    with pytest.raises(NotFound, match="run"):
        claim(store, "b", run_id="other")
    assert rows(store, "SELECT count(*) FROM hegel_evaluations") == [(1,)]
    require_balanced(store)


def test_equal_pairs_count_once_and_none_is_nothing(store: Store) -> None:
    start(store, budget=1)
    assert names(claim(store, "aaa", run_id="r").granted) == ["a"]
    assert claim(store, "", run_id="r") == Claims()
    assert store.scores.release([]) == 0
    assert store.scores.renew([]) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"wanted": [BRIEF]}, "wanted[0]"),
        ({"wanted": [(BRIEF, "a"), (BRIEF, 7)]}, "wanted[1] (the example)"),
        ({"wanted": [(7, "a")]}, "wanted (a candidate)"),
        ({"wanted": [("x", "a")]}, "wanted (a candidate)"),
        ({"split": ""}, "split"),
        ({"evaluator": None}, "evaluator"),
        ({"lease": 0}, "lease"),
        ({"lease": float("inf")}, "lease"),
        ({"worker": " "}, "worker"),
    ],
)
def test_bad_input_is_refused_by_name(store: Store, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        store.scores.claim("news", **({"wanted": [(BRIEF, "a")], "split": "train"} | changes))
    assert caught.value.field == field
    with pytest.raises(NotFound):
        claim(store, "a", "0192f0c1-0000-7000-8000-000000000000")


@pytest.mark.slow
@pytest.mark.parametrize("budget", [None, 150])
def test_racing_workers_never_have_the_same_and_never_exceed_the_budget(
    store: Store, budget: int | None
) -> None:
    """Threads of two runs ask for overlapping batches in any order, fail, let go and record."""
    for run_id in "rs":
        start(store, run_id, budget)
    contents = [{"n": n} for n in range(8)]
    wanted = list(product(contents, map(str, range(40))))
    holders: dict[Any, int] = {}
    lock, done = threading.Lock(), threading.Event()

    def watch() -> int:
        times = 0
        while not done.is_set():
            require_balanced(store)
            times += 1
        return times

    def work(worker: int) -> None:
        random = Random(worker)
        run_id = random.choice("rs")
        for _ in range(25):
            claims = store.scores.claim(
                "news", random.sample(wanted, 30), split="train", run_id=run_id
            )
            with lock:
                for each in claims.granted:
                    assert holders.setdefault(each.key, worker) == worker
            cut = random.randint(0, len(claims.granted))
            keep = random.randint(0, cut)
            results = [
                FailedEvaluation(of=each, reason="x") if random.random() < 0.2 else result
                for each, result in zip(
                    claims.granted[:keep], scored(claims.granted[:keep]), strict=True
                )
            ]
            with lock:
                for each in claims.granted:
                    del holders[each.key]
            store.scores.release(claims.granted[keep:])
            assert set(store.scores.record_many(results)) <= {"stored"}

    with ThreadPoolExecutor(5) as pool:
        watching = pool.submit(watch)
        workers = [pool.submit(work, number) for number in range(4)]
        try:
            for each in workers:
                each.result()
        finally:
            done.set()
        assert watching.result() > 3
    require_balanced(store)
    assert spent(store, "r")[0] + spent(store, "s")[0] > 200
