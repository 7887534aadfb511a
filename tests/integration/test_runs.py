"""Runs of optimisers: begun once, resumed by anybody, within their budget, with their state."""

from __future__ import annotations

import pickle
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from hegel_store.errors import BudgetExceeded, InvalidInput, NotFound, RunConflict
from hegel_store.models import Run
from hegel_store.models.runs import MAX_STATE_BYTES
from hegel_store.store import Store
from tests.samples import rows


def start(store: Store, run_id: str = "r", **changes: Any) -> Run:
    values = {
        "optimiser": "gepa",
        "objectives": {"accuracy": "maximize", "length": "minimize"},
        "configuration": {"seed": 0, "minibatch": {"size": 3}},
    }
    return store.runs.start("news", "qa", run_id, **(values | changes))


def test_a_run_starts_as_it_was_told(store: Store) -> None:
    run = start(store, budget=0)
    assert (run.status, run.reason, run.state_version) == ("created", None, 0)
    assert run.objectives == {"accuracy": "maximize", "length": "minimize"}
    assert run.configuration == {"seed": 0, "minibatch": {"size": 3}}
    assert (run.evaluations_allowed, run.evaluations_spent, run.evaluations_left) == (0, 0, 0)
    assert timedelta() <= run.heartbeat_age < timedelta(seconds=10)
    assert start(store, "s").evaluations_left is None
    assert store.runs.get("news", "r").created_at == run.created_at


def test_a_run_is_resumed_only_with_what_it_was_started_with(store: Store) -> None:
    first = start(store, budget=7)
    store.runs.spend("news", "r", 2)
    again = start(store, resume=True)
    assert (again.created_at, again.evaluations_spent) == (first.created_at, 2)
    assert start(store, resume=True, budget=7).evaluations_allowed == 7
    with pytest.raises(RunConflict, match="there"):
        start(store)
    for changed in (
        {"configuration": {"seed": 1}},
        {"optimiser": "openevolve"},
        {"objectives": {"accuracy": "minimize", "length": "minimize"}},
        {"budget": 8},
    ):
        with pytest.raises(RunConflict, match=f"another {next(iter(changed))}$"):
            start(store, resume=True, **changed)
    with pytest.raises(RunConflict, match="another task_type, configuration"):
        store.runs.start(
            "news", "law", "r", optimiser="gepa", objectives=first.objectives, resume=True
        )
    assert store.runs.get("news", "r").configuration == first.configuration


def test_of_racing_starters_one_starts_and_the_others_resume(store: Store) -> None:
    """All at one moment, time after time."""
    for number in range(10):
        barrier = threading.Barrier(5)

        def race(number: int = number, barrier: threading.Barrier = barrier) -> Any:
            barrier.wait()
            return start(store, f"run {number}", resume=True).created_at

        with ThreadPoolExecutor(5) as pool:
            times = {each.result() for each in [pool.submit(race) for _ in range(5)]}
        assert len(times) == 1


def test_a_run_ends_once(store: Store) -> None:
    start(store)
    assert store.runs.heartbeat("news", "r").status == "running"
    assert store.runs.finish("news", "r").status == "finished"
    assert store.runs.finish("news", "r").status == "finished"
    for act in (
        lambda: store.runs.heartbeat("news", "r"),
        lambda: store.runs.stop("news", "r"),
        lambda: store.runs.fail("news", "r", "late"),
    ):
        with pytest.raises(RunConflict) as caught:
            act()
        assert caught.value.current == "finished"
    assert store.runs.get("news", "r").reason is None
    assert store.runs.reopen("news", "r").status == "running"
    with pytest.raises(RunConflict):
        store.runs.reopen("news", "r")
    failed = store.runs.fail("news", "r", "no quota")
    assert (failed.status, failed.reason) == ("failed", "no quota")
    assert store.runs.fail("news", "r", "no quota either").reason == "no quota"
    assert store.runs.reopen("news", "r").reason is None
    assert store.runs.stop("news", "r", "enough").reason == "enough"
    with pytest.raises(NotFound):
        store.runs.heartbeat("law", "r")


def test_runs_are_listed_newest_first(store: Store) -> None:
    for name in ("a", "b", "c"):
        start(store, name)
    store.runs.start("law", "qa", "a", optimiser="dspy", objectives={"f1": "maximize"})
    store.runs.finish("news", "b")

    def names(**of: Any) -> list[tuple[str, str]]:
        return [(run.corpus_id, run.run_id) for run in store.runs.list(**of)]

    assert names() == [("law", "a"), ("news", "c"), ("news", "b"), ("news", "a")]
    assert names(corpus_id="news", limit=2) == [("news", "c"), ("news", "b")]
    assert names(status="finished") == [("news", "b")]
    assert names(corpus_id="law", task_type="other") == []
    with pytest.raises(InvalidInput, match="status"):
        store.runs.list(status="done")


def test_stalled_runs_are_those_that_live_and_are_not_heard_of(store: Store) -> None:
    for name in ("silent", "beating", "finished"):
        start(store, name)
    store.runs.finish("news", "finished")
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE hegel_runs SET heartbeat_at = heartbeat_at - interval '1 hour'"
        )
    store.runs.heartbeat("news", "beating")
    stalled = store.runs.stalled(timedelta(minutes=30))
    assert [run.run_id for run in stalled] == ["silent"]
    assert stalled[0].heartbeat_age > timedelta(minutes=59)
    assert list(store.runs.stalled(timedelta(hours=2))) == []
    assert list(store.runs.stalled(timedelta(minutes=30), corpus_id="law")) == []
    with pytest.raises(InvalidInput, match="older_than"):
        store.runs.stalled(30)


def test_a_budget_is_spent_by_many_and_never_exceeded(store: Store) -> None:
    start(store, budget=100)

    def spend(worker: int) -> int:
        spent, random = 0, Random(worker)
        while True:
            wanted = random.randint(0, 3)
            try:
                store.runs.spend("news", "r", wanted)
            except BudgetExceeded:
                if wanted == 1:
                    return spent
            else:
                spent += wanted

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(spend, range(4))) == 100
    run = store.runs.get("news", "r")
    assert (run.evaluations_spent, run.evaluations_unstored, run.evaluations_left) == (100, 100, 0)
    with pytest.raises(BudgetExceeded, match="spent 100 of 100"):
        store.runs.allow("news", "r", 99)
    assert store.runs.allow("news", "r", 101).evaluations_left == 1
    assert store.runs.allow("news", "r", None).evaluations_left is None
    store.runs.spend("news", "r", 1_000)
    with pytest.raises(NotFound):
        store.runs.spend("news", "other")


def test_the_database_itself_refuses_more_than_is_allowed(store: Store, postgresql: Any) -> None:
    start(store, budget=1)
    with pytest.raises(Exception, match="ck_hegel_runs_within_budget"):
        postgresql.execute("UPDATE hegel_runs SET evaluations_spent = 2")


def test_a_state_comes_back_as_it_was_saved(store: Store) -> None:
    start(store)
    assert store.runs.load_state("news", "r") is None
    state = pickle.dumps({"candidates": [{"prompt": "é\0"}] * 3, "scores": {0: 0.0}})
    assert store.runs.save_state("news", "r", state) == 1
    assert store.runs.save_state("news", "r", b"", expected=1) == 2
    loaded = store.runs.load_state("news", "r")
    assert loaded is not None
    assert (loaded.version, loaded.state) == (2, b"")
    assert store.runs.save_state("news", "r", memoryview(state), expected=2) == 3
    loaded = store.runs.load_state("news", "r")
    assert loaded is not None
    assert pickle.loads(loaded.state)["scores"] == {0: 0.0}  # noqa: S301
    assert store.runs.get("news", "r").state_version == 3


def test_a_stale_state_is_refused_and_told_the_current_version(store: Store) -> None:
    start(store)
    with pytest.raises(RunConflict) as caught:
        store.runs.save_state("news", "r", b"a", expected=3)
    assert (caught.value.expected, caught.value.current) == (3, 0)
    store.runs.save_state("news", "r", b"a", expected=0)
    with pytest.raises(RunConflict) as caught:
        store.runs.save_state("news", "r", b"b", expected=0)
    assert (caught.value.expected, caught.value.current) == (0, 1)
    with pytest.raises(NotFound):
        store.runs.save_state("news", "other", b"a")
    with pytest.raises(NotFound):
        store.runs.save_state("news", "other", b"a", expected=0)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (again.subject, again.current) == (caught.value.subject, 1)


def test_writers_of_a_state_take_turns_and_none_overwrites_another(store: Store) -> None:
    start(store)
    store.runs.save_state("news", "r", b"0")

    def add(_: int) -> None:
        while True:
            before = store.runs.load_state("news", "r")
            assert before is not None
            try:
                after = str(int(before.state) + 1).encode()
                store.runs.save_state("news", "r", after, expected=before.version)
            except RunConflict:
                continue
            return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(20)))
    loaded = store.runs.load_state("news", "r")
    assert loaded is not None
    assert (loaded.version, loaded.state) == (21, b"20")


def test_large_states_are_stored_compressed_and_larger_ones_refused(store: Store) -> None:
    start(store)
    state = b"".join(b"candidate %d: be brief. " % n for n in range(600_000))
    store.runs.save_state("news", "r", state)
    loaded = store.runs.load_state("news", "r")
    assert loaded is not None
    assert zlib.crc32(loaded.state) == zlib.crc32(state)
    ((size,),) = rows(store, "SELECT pg_column_size(state) FROM hegel_run_states")
    assert isinstance(size, int)
    assert size < len(state) / 2
    with pytest.raises(InvalidInput, match="268,435,457 bytes long; at most 268,435,456"):
        store.runs.save_state("news", "r", memoryview(bytearray(MAX_STATE_BYTES + 1)))
    with pytest.raises(InvalidInput, match="state"):
        store.runs.save_state("news", "r", "text")


def test_a_run_and_its_state_are_one_with_the_rest_of_a_transaction(store: Store) -> None:
    def begin(then: Callable[[], object]) -> None:
        with store.begin() as work:
            work.runs.start("news", "qa", "r", optimiser="x", objectives={"a": "maximize"})
            work.runs.save_state("news", "r", b"a")
            then()

    with pytest.raises(ZeroDivisionError):
        begin(lambda: 1 / 0)
    with pytest.raises(NotFound):
        store.runs.get("news", "r")
    begin(lambda: None)
    assert store.runs.get("news", "r").state_version == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"objectives": {}}, "objectives"),
        ({"objectives": ["a"]}, "objectives"),
        ({"objectives": {"a": "up"}}, "objectives.a"),
        ({"objectives": {"": "maximize"}}, "objectives (a name)"),
        ({"configuration": {"x": float("nan")}}, "configuration.x"),
        ({"budget": -1}, "budget"),
        ({"budget": 1.5}, "budget"),
        ({"optimiser": " "}, "optimiser"),
        ({"run_id": "a\0"}, "run_id"),
    ],
)
def test_bad_input_is_refused_by_name(store: Store, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        start(store, **changes)
    assert caught.value.field == field
    assert list(store.runs.list()) == []
