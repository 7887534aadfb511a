"""A run of GEPA whose processes are killed again and again."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import gepa
import pytest

import hegel_store
from hegel_store.integrations.gepa import StoreAdapter, optimize
from hegel_store.store import Store
from tests.integration.test_gepa_store import require_equal
from tests.victims import Victim
from tests.vocabulary import SEED, VALIDATION, WORDS, Fate, Vocabulary, arguments

pytestmark = pytest.mark.any_server


def in_the_store(url: str, folder: Path, moment: int, calls: int) -> None:
    with hegel_store.connect(url) as store:
        store.check()
        fate = Fate(moment, folder / "store.paid")
        optimize(store, "news", "qa", "r", **arguments(calls, adapter=Vocabulary(fate.paid)))


def in_a_folder(folder: Path, moment: int, calls: int) -> None:
    fate = Fate(moment, folder / "folder.paid")
    adapter = Vocabulary(fate.paid)
    gepa.optimize(**arguments(calls, adapter=adapter, run_dir=str(folder / "run")))


CANDIDATES = [SEED | {"writer": word} for word in WORDS]


def evaluate_all(url: str, folder: Path, worker: int) -> None:
    """All candidates, in an order of one's own, each call long enough for another process."""
    fate, order = Fate(10**9, folder / f"{worker}"), list(CANDIDATES)

    def paid(candidate: Any, question: str) -> None:
        fate.paid(candidate, question)
        time.sleep(0.002)

    Random(worker).shuffle(order)
    with hegel_store.connect(url) as store:
        shared = StoreAdapter(Vocabulary(paid), store, "news", evaluator="f1", run_id="r")
        for candidate in order:
            expected = Vocabulary().evaluate(VALIDATION, candidate).scores
            assert shared.evaluate(VALIDATION, candidate).scores == expected


def killed(kills: int, moments: Random, longest: int, start: Callable[[int], Victim]) -> int:
    """Start a process until one comes to its end; how many were killed before."""
    for number in range(kills):
        victim = start(moments.randint(1, longest))
        outcome = victim.outcome()
        if outcome == 0:
            return number
        assert outcome == -signal.SIGKILL
    assert start(10**9).outcome() == 0
    return kills


def same(result: Any, other: Any) -> int:
    """How many candidates two runs have in common, from the first one on."""
    pairs = zip(
        zip(result.candidates, result.parents, strict=True),
        zip(other.candidates, other.parents, strict=True),
        strict=False,
    )
    return next((n for n, (one, two) in enumerate(pairs) if one != two), len(result.candidates))


@pytest.mark.parametrize(
    ("kills", "calls"), [(3, 300), pytest.param(20, 1500, marks=pytest.mark.slow)]
)
def test_killed_at_random_it_ends_as_the_run_that_was_not(
    store: Store, url: str, tmp_path: Path, report: Callable[[str], None], kills: int, calls: int
) -> None:
    whole = gepa.optimize(**arguments(calls))
    (tmp_path / "run").mkdir()
    # About as many things as a process may do on its way, statements among them.
    times = killed(
        kills,
        Random(kills),
        calls // kills * 3,
        lambda moment: Victim(in_the_store, url, tmp_path, moment, calls),
    )
    result = optimize(store, "news", "qa", "r", **arguments(calls))
    folders = killed(
        kills,
        Random(kills),
        calls // kills,
        lambda moment: Victim(in_a_folder, tmp_path, moment, calls),
    )
    other = gepa.optimize(**arguments(calls, run_dir=str(tmp_path / "run")))
    paid = {
        name: len((tmp_path / f"{name}.paid").read_text().splitlines())
        for name in ("store", "folder")
    }
    count = len(whole.candidates)
    report(
        f"GEPA in the store, killed {times} times: {same(whole, result)} of {count} candidates as "
        f"those of a run that was not, {paid['store']} evaluations paid for "
        f"{whole.total_metric_calls}"
    )
    report(
        f"GEPA with a folder of its own, killed {folders} times: {same(whole, other)} of {count} "
        f"candidates as those of a run that was not, {paid['folder']} evaluations paid for "
        f"{other.total_metric_calls}"
    )
    assert times > kills // 2
    assert (result.candidates, result.parents) == (whole.candidates, whole.parents)
    assert result.val_subscores == whole.val_subscores
    assert result.total_metric_calls == whole.total_metric_calls
    require_equal(store, result)


def test_two_processes_pay_once_for_what_both_evaluate(
    store: Store, url: str, tmp_path: Path, report: Callable[[str], None]
) -> None:
    objectives: Any = {"score": "maximize"}
    store.runs.start("news", "qa", "r", optimiser="gepa", objectives=objectives)
    workers = [Victim(evaluate_all, url, tmp_path, worker) for worker in range(2)]
    assert [worker.outcome() for worker in workers] == [0, 0]
    paid = [(tmp_path / f"{worker}").read_text().splitlines() for worker in range(2)]
    report(
        f"Two processes on the same {len(CANDIDATES)} candidates and {len(VALIDATION)} examples "
        f"paid for {len(paid[0])} and {len(paid[1])} evaluations"
    )
    assert all(paid)
    assert len({*paid[0], *paid[1]}) == len(paid[0]) + len(paid[1])
    assert len(paid[0]) + len(paid[1]) == len(CANDIDATES) * len(VALIDATION)
    assert store.runs.get("news", "r").evaluations_spent == len(CANDIDATES) * len(VALIDATION)
