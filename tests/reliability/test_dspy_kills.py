"""Runs of MIPROv2 and of DSPy's GEPA whose processes are killed again and again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import dspy
import pytest

import hegel_store
from hegel_store.integrations.dspy import compile_gepa, compile_mipro, document_of
from hegel_store.store import Store
from tests.integration.test_dspy_mipro import require_equal
from tests.programs import compiled, course, gepa, metric, mipro, model, program
from tests.reliability.test_gepa_kills import killed
from tests.victims import Victim
from tests.vocabulary import Fate

pytestmark = pytest.mark.any_server


def mipro_in_the_store(url: str, folder: Path, moment: int, trials: int) -> None:
    with hegel_store.connect(url) as store:
        store.check()
        fate = Fate(moment, folder / "paid")
        optimizer, arguments = mipro(trials, score=noting(fate))
        compile_mipro(store, "news", "qa", "r", optimizer, program(), **arguments)


def gepa_in_the_store(url: str, folder: Path, moment: int, calls: int) -> None:
    with hegel_store.connect(url) as store:
        store.check()
        fate = Fate(moment, folder / "paid")
        optimizer, arguments = gepa(calls, score=noting(fate))
        with dspy.context(lm=model()):
            compile_gepa(store, "news", "qa", "r", optimizer, program(), **arguments)


def noting(fate: Fate) -> Callable[..., float]:
    def score(example: Any, prediction: Any, *rest: Any) -> float:
        fate.paid({"answer": prediction.answer}, example.question)
        return metric(example, prediction)

    return score


@pytest.mark.parametrize(("kills", "trials"), [(2, 8), pytest.param(5, 16, marks=pytest.mark.slow)])
def test_mipro_killed_at_random_ends_as_the_run_that_was_not(
    store: Store, url: str, tmp_path: Path, report: Callable[[str], None], kills: int, trials: int
) -> None:
    whole = compiled(trials)
    times = killed(
        kills,
        Random(kills),
        90,
        lambda moment: Victim(mipro_in_the_store, url, tmp_path, moment, trials),
    )
    optimizer, arguments = mipro(trials, score=unasked)
    best = compile_mipro(store, "news", "qa", "r", optimizer, program(), **arguments)
    needed = store.runs.get("news", "r").evaluations_spent
    paid = len((tmp_path / "paid").read_text().splitlines())
    report(
        f"MIPROv2 in the store, killed {times} times: all of {len(course(whole))} trials as those "
        f"of a run that was not; {paid} calls of the metric, bootstrapping among them, for "
        f"{needed} evaluations"
    )
    assert times > kills // 2
    assert (course(best), document_of(best)) == (course(whole), document_of(whole))
    require_equal(store, best)


def unasked(*given: Any) -> float:
    raise AssertionError("evaluated before")


def test_gepa_killed_at_random_ends_as_the_run_that_was_not(
    store: Store, url: str, tmp_path: Path
) -> None:
    optimizer, arguments = gepa(150)
    with dspy.context(lm=model()):
        whole = optimizer.compile(program(), **arguments).detailed_results
    times = killed(
        2,
        Random(3),
        120,
        lambda moment: Victim(gepa_in_the_store, url, tmp_path, moment, 150),
    )
    optimizer, arguments = gepa(150, score=unasked)
    with dspy.context(lm=model()):
        best = compile_gepa(store, "news", "qa", "r", optimizer, program(), **arguments)
    result = best.detailed_results
    assert times > 1
    assert [document_of(each) for each in result.candidates] == [
        document_of(each) for each in whole.candidates
    ]
    assert (result.parents, result.val_subscores) == (whole.parents, whole.val_subscores)
    assert document_of(best) == document_of(whole.best_candidate)
