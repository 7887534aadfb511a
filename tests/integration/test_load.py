"""A load test makes the calls that it reports, beside their targets, and cleans up after itself."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest

import hegel_store
from hegel_store.cli import app
from hegel_store.cli.load import no_embedder
from hegel_store.errors import ConfigurationError, DatabaseError, InvalidInput, PermissionDenied
from hegel_store.load import CALLS, SHARES, TARGETS, LoadPlan, run_load
from hegel_store.load.corpus import may_remove
from hegel_store.load.summary import duration, errors, summarise, timeline
from hegel_store.load.targets import judge
from hegel_store.load.user import Sample
from hegel_store.row_counts import count_rows
from tests.commands import run
from tests.samples import fact, rows

pytestmark = pytest.mark.any_server

EMBEDDER = "tests.embedders:HASHING"
SMALL = ("--users", 12, "--seconds", 2, "--facts", 40, "--steps", 20)


def load(url: str, *options: object) -> dict:
    """With the hashing embedder, in two processes, as fast as they can."""
    fixed = (*SMALL, "--processes", 2, "--rate", 0, "--embedder", EMBEDDER)
    return json.loads(run("load", *fixed, *options, "--json", "--url", url))


def test_every_call_that_is_reported_was_made(store, url):
    told = load(url, "--corpus", "own", "--keep")
    calls = {one["name"]: one for one in told["calls"]}
    assert {*CALLS, "embed"} == set(calls)
    assert told["errors"] == {}
    held = count_rows(store, "own")
    assert held["hegel_training_steps"] == 20 + calls["log_step"]["calls"]
    assert held["hegel_facts"] == 40 + calls["encode_fact"]["calls"]
    ((embedded,),) = rows(store, "SELECT count(*) FROM hegel_facts WHERE embedding_384 IS NOT NULL")
    assert embedded == held["hegel_facts"]
    assert held["hegel_prompt_profiles"] == held["hegel_profile_populations"] == 36
    for one in calls.values():
        assert one["errors"] == 0
        assert 0 < one["p50"] <= one["p95"] <= one["p99"] <= one["worst"]
    # The mix: more than half of the calls read the latest profile.
    made = sum(one["calls"] for name, one in calls.items() if name != "embed")
    share = calls["latest_profile"]["calls"] / made
    assert share == pytest.approx(SHARES["latest_profile"] / sum(SHARES.values()), abs=0.15)
    assert sum(told["timeline"]) == made
    assert told["per_second"] == pytest.approx(made / told["seconds"])
    assert [one["name"] for one in told["targets"]] == [target.name for target in TARGETS]
    assert all(one["measured"] is not None for one in told["targets"])
    assert told["resources"]["memory_bytes"] > 2 * 2**20
    assert told["resources"]["processor"] > 0
    assert 0 < told["hit_rate"] < 1


def test_a_corpus_of_its_own_is_removed_and_a_report_written(store, url, tmp_path):
    store.facts.add_many([fact("Hedgehogs sleep.")])
    before = count_rows(store)
    shown = run(
        "load", *SMALL, "--rate", 60, "--no-embeddings", "--report", tmp_path / "new", "--url", url
    )
    assert count_rows(store) == before
    for table in ("hegel_step_rollup", "hegel_corpus_writes"):
        corpora = rows(store, f"SELECT DISTINCT corpus_id FROM {table}")
        assert {corpus for (corpus,) in corpora} <= {"news"}, table
    assert "Searching by words alone: as asked" in shown
    assert "latest profile, p95" in shown
    assert "< 5 ms" in shown
    assert "60 calls/s planned" in shown
    assert all(f"│{name} " in shown or f"│{name}│" in shown for name in CALLS), (
        "whole, at 80 columns"
    )
    report = json.loads((tmp_path / "new" / "report.json").read_text())
    calls = sum(one["calls"] for one in report["calls"])
    assert calls == pytest.approx(60 * 2, abs=50), "at the moments that were drawn for them"
    without = {one["name"]: one for one in report["targets"]}
    assert without["recall, p95"]["measured"] is None
    assert without["recall, p95"]["reason"] == "there is no embedder"
    assert without["refused by the pool, 10 to 50 users"]["met"] is True
    page = (tmp_path / "new" / "report.md").read_text()
    for name in ("latency.svg", "throughput.svg"):
        assert f"({name})" in page
        drawing = ElementTree.parse(tmp_path / "new" / name).getroot()  # noqa: S314
        assert drawing.tag.endswith("svg")
    assert "not measured: there is no embedder" in page


def test_refusals_of_the_pool_are_counted_as_errors(url, store, monkeypatch):
    """Sixteen users share five connections, and none waits for longer than a millisecond."""
    monkeypatch.setenv("HEGEL_POOL", "light")
    monkeypatch.setenv("HEGEL_POOL_TIMEOUT", "0.001")
    told = json.loads(
        run(
            "load", "--users", 16, "--seconds", 2, "--rate", 0, "--facts", 40, "--steps", 0,
            "--processes", 1, "--no-embeddings", "--json", "--url", url,
        )
    )  # fmt: skip
    assert told["errors"]["PoolExhausted"] == sum(one["errors"] for one in told["calls"]) > 0
    refused = next(one for one in told["targets"] if one["unit"] == "refusals")
    assert (refused["measured"], refused["met"]) == (told["errors"]["PoolExhausted"], False)
    assert sum(count_rows(store).values()) == 0


def test_a_corpus_that_holds_something_is_refused_and_kept(store, url):
    store.facts.add_many([fact("Hedgehogs sleep.")])
    with pytest.raises(ConfigurationError, match=r"'news' holds something \(hegel_facts 1"):
        run("load", *SMALL, "--corpus", "news", "--no-embeddings", "--url", url)
    assert count_rows(store)["hegel_facts"] == 1


def test_a_role_that_may_not_remove_the_corpus_is_refused_before_it_is_made(store, granted):
    plan = LoadPlan(corpus_id="own", users=1, seconds=0.5, facts=16, steps=0)
    with hegel_store.connect(granted, role="app") as training:
        with pytest.raises(PermissionDenied, match=r"--keep .*, or connect as the migrate role"):
            run_load(training, plan, no_embedder)
        assert sum(count_rows(store).values()) == 0
        assert run_load(training, plan, no_embedder, keep=True).errors == {}
    assert count_rows(store, "own")["hegel_facts"] >= 16
    with hegel_store.connect(granted, role="migrate") as owner:
        assert may_remove(owner)


def test_a_corpus_that_cannot_be_removed_costs_no_report(store, caplog):
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE 'not now'; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE DELETE ON hegel_facts EXECUTE FUNCTION refuse()"
        )
    plan = LoadPlan(corpus_id="own", users=1, seconds=0.5, facts=16, steps=0)
    assert run_load(store, plan, no_embedder).seconds > 0
    assert "the corpus own of the load test is still there: not now" in caplog.text
    assert count_rows(store, "own")["hegel_facts"] >= 16


def fail() -> None:
    """What a process makes its embedder with."""
    raise RuntimeError("the model is broken")


def test_a_process_that_fails_ends_the_load_and_the_corpus(store):
    plan = LoadPlan(corpus_id="own", users=2, seconds=1, facts=16, steps=0)
    with pytest.raises(DatabaseError, match="the model is broken"):
        run_load(store, plan, fail)
    assert sum(count_rows(store).values()) == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"users": 0}, "users"),
        ({"users": 3, "processes": 4}, "processes"),
        ({"seconds": 0.1}, "seconds"),
        ({"rate": -1.0}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"facts": 3}, "facts"),
        ({"corpus_id": " "}, "corpus_id"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(values, field):
    with pytest.raises(InvalidInput) as caught:
        LoadPlan(**({"corpus_id": "own"} | values))
    assert caught.value.field == field


def test_samples_are_summed_up_by_call():
    samples = [Sample("recall", second / 10, float(second)) for second in range(1, 101)]
    samples.append(Sample("recall", 10.0, 1.0, "StatementTimeout"))
    samples.append(Sample("embed", 12.5, 3.0))
    recall, embed = summarise(samples, ("fittest", "recall", "embed"))
    assert (recall.calls, recall.errors, recall.worst) == (101, 1, 100.0)
    assert (recall.p50, recall.p95) == (50.5, pytest.approx(95.05))
    assert recall.per_second == 100 / 12.5
    assert (embed.calls, embed.p99) == (1, 3.0)
    assert duration(samples) == 12.5
    assert errors(samples) == {"StatementTimeout": 1}
    assert Counter(dict(enumerate(timeline(samples)))).total() == 100
    assert timeline(samples)[:2] == [9, 10]


def test_targets_are_met_below_and_rates_above():
    measured = {"latest_profile p95": 5.0, "rate": 101.0, "hit rate": 0.41, "pool refusals": 0}
    judged = {one.target.measure: one for one in judge(measured, users=10, embeds=True)}
    assert judged["latest_profile p95"].is_met is False
    assert judged["rate"].is_met is judged["hit rate"].is_met is True
    assert judged["pool refusals"].is_met is True
    assert judged["log_step p95"].is_met is None
    assert judged["log_step p95"].shown == "not measured: no such call ended"
    alone = {one.target.measure: one for one in judge(measured, users=9, embeds=False)}
    assert alone["pool refusals"].is_met is alone["hit rate"].is_met is None


def test_the_command_is_registered():
    assert "load" in {command.name for command in app.registered_commands}
