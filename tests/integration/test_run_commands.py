"""The commands that show runs."""

from __future__ import annotations

import json

import pytest

from hegel_store.errors import InvalidInput, NotFound
from hegel_store.store import Store
from tests.commands import run

pytestmark = pytest.mark.any_server


def test_runs_are_listed(store: Store, url: str) -> None:
    objectives = {"accuracy": "maximize"}
    store.runs.start("news", "qa", "first", optimiser="gepa", objectives=objectives, budget=20)
    store.runs.start("law", "qa", "second", optimiser="dspy", objectives=objectives)
    store.runs.spend("news", "first", 7)
    store.runs.fail("law", "second", "[/INST] no quota")
    listed = json.loads(run("runs", "--json", "--url", url))
    assert [each["run_id"] for each in listed] == ["second", "first"]
    assert (listed[1]["evaluations_spent"], listed[1]["evaluations_allowed"]) == (7, 20)
    assert 0 <= listed[0]["heartbeat_age"] < 60
    assert [each["status"] for each in listed] == ["failed", "created"]
    table = run("runs", "news", "--url", url)
    assert "first" in table
    assert "0:00:0" in table
    assert "second" not in table
    (failed,) = json.loads(run("runs", "--status", "failed", "--json", "--url", url))
    assert (failed["run_id"], failed["reason"]) == ("second", "[/INST] no quota")
    with pytest.raises(InvalidInput, match="status"):
        run("runs", "--status", "done", "--url", url)


def test_one_run_is_shown(store: Store, url: str) -> None:
    objectives = {"accuracy": "maximize"}
    configuration = {"seed": 7, "note": "dôle"}
    store.runs.start(
        "news", "qa", "r", optimiser="gepa", objectives=objectives, configuration=configuration
    )
    store.runs.stop("news", "r", "[/INST] enough")
    shown = json.loads(run("run", "show", "news", "r", "--json", "--url", url))
    assert (shown["configuration"], shown["objectives"]) == (configuration, objectives)
    assert (shown["status"], shown["state_version"]) == ("stopped", 0)
    table = run("run", "show", "news", "r", "--url", url)
    assert "[/INST] enough" in table
    assert "dôle" in table
    with pytest.raises(NotFound):
        run("run", "show", "news", "other", "--url", url)
