"""Killed runs of GEPA with other fronts, and with stoppers that remember something."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random
from typing import Any

import gepa
import pytest
from gepa.utils import CompositeStopper, MaxReflectionCostStopper, NoImprovementStopper

import hegel_store
from hegel_store.integrations.gepa import optimize
from hegel_store.store import Store
from tests.integration.test_gepa_store import require_equal
from tests.victims import Victim
from tests.vocabulary import Fate, Vocabulary, arguments, propose

pytestmark = pytest.mark.any_server

CALLS, KILLS = 250, 3
FRONTS = ["objective", "hybrid", "cartesian"]


class Fickle:
    """Stops at the ``limit``-th call with an even number of candidates: a stopper of one's own."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen = 0

    def __call__(self, state: Any) -> bool:
        self._seen += len(state.program_candidates) % 2 == 0
        return self._seen >= self._limit

    def get_stopper_state(self) -> int:
        return self._seen

    def set_stopper_state(self, seen: int) -> None:
        self._seen = seen


class Priced:
    """A reflection model that costs something: the proposals of the vocabulary, a cent each."""

    def __init__(self) -> None:
        self.total_cost = 0.0

    def __call__(self, candidate: Any, dataset: Any, components: Any) -> dict[str, str]:
        self.total_cost += 0.01
        return propose(candidate, dataset, components)


def choices(kind: str) -> dict[str, Any]:
    """Arguments for gepa.optimize(): a front, or stoppers that end the run before its calls do."""
    if kind in FRONTS:
        return {"frontier_type": kind, "max_metric_calls": CALLS}
    if kind == "no improvement":
        return {"stop_callbacks": [NoImprovementStopper(25)]}
    if kind == "a stopper of one's own":
        return {"stop_callbacks": CompositeStopper(Fickle(40), NoImprovementStopper(100))}
    model = Priced()
    stopper = MaxReflectionCostStopper(0.355, model)
    return {"custom_candidate_proposer": model, "stop_callbacks": [stopper]}


def take_part(url: str, folder: Path, moment: int, kind: str) -> None:
    with hegel_store.connect(url) as store:
        store.check()
        fate = Fate(moment, folder / "paid")
        adapter = Vocabulary(fate.paid)
        optimize(store, "news", "qa", "r", **arguments(2000, adapter=adapter) | choices(kind))


@pytest.mark.parametrize(
    "kind", [*FRONTS, "no improvement", "a stopper of one's own", "cost of reflection"]
)
def test_killed_it_ends_as_the_run_that_was_not(
    store: Store, url: str, tmp_path: Path, kind: str
) -> None:
    whole = gepa.optimize(**arguments(2000) | choices(kind))
    moments, killed = Random(kind), 0
    for _ in range(KILLS):
        outcome = Victim(take_part, url, tmp_path, moments.randint(60, 160), kind).outcome()
        if outcome == 0:
            break
        assert outcome == -signal.SIGKILL
        killed += 1
    result = optimize(store, "news", "qa", "r", **arguments(2000) | choices(kind))
    assert killed > 1
    assert len(whole.candidates) > 3
    assert (result.candidates, result.parents) == (whole.candidates, whole.parents)
    assert result.val_subscores == whole.val_subscores
    assert result.total_metric_calls == whole.total_metric_calls
    assert result.objective_pareto_front == whole.objective_pareto_front
    require_equal(store, result)
    again = optimize(store, "news", "qa", "r", **arguments(2000) | choices(kind))
    assert again.candidates == whole.candidates
    assert again.total_metric_calls == whole.total_metric_calls
