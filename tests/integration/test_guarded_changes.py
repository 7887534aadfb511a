"""Rebuilt indexes and changed settings are taken back by themselves below the red line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import hegel_store
from hegel_store.cli import app
from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models.baselines import RedLine
from hegel_store.operations import tuning, vector_indexes
from hegel_store.operations.guarded_changes import guarded_rebuild, guarded_settings
from tests import clusters
from tests.commands import run
from tests.judgements import labelled
from tests.servers import own_server

pytestmark = pytest.mark.any_server

QUALITY_ALONE = RedLine(rise=1000)


@pytest.fixture(scope="module")
def indexed(request):
    """Nine thousand facts under a good index, and a baseline of what it finds, on a server of its
    own, as settings are all databases'."""
    with (
        own_server(request.config.getoption("--postgres")) as server,
        hegel_store.connect(server.url(), embedder=clusters.embedder) as store,
    ):
        store.upgrade()
        clusters.fill(store)
        clusters.index(store, m=16, ef_construction=64)
        store.baselines("c").record("good", labelled(store, count=10), mode="vector", blocks=3)
        yield store


def address(store):
    return store.engine.url.render_as_string(hide_password=False)


def parameters(store):
    (found,) = (
        each for each in vector_indexes.inventory(store.engine) if each.name == clusters.INDEX
    )
    return found.parameters


def test_a_rebuild_that_finds_less_serves_no_longer(indexed):
    """The rebuild itself would let it pass, so that the baseline has to tell."""
    before = parameters(indexed)
    bad = ["--m", "2", "--ef-construction", "4", "--recall", "0", "--latency-ratio", "100"]
    told = CliRunner().invoke(
        app,
        ["index", "rebuild", clusters.INDEX, *bad, "--baseline", "c/good", "--model",
         "tests.clusters:embedder", "--json", "--url", address(indexed)],
    )  # fmt: skip
    assert told.exit_code == 3, told.output
    shown = json.loads(told.stdout)
    assert shown["swapped"]
    assert (shown["guard"]["verdict"], shown["guard"]["reverted"]) == ("breach", True)
    recall = next(each for each in shown["guard"]["findings"] if each["what"] == "recall")
    assert recall["after"] < 0.9 < recall["before"]
    assert parameters(indexed) == before

    done, report = guarded_rebuild(
        indexed.baselines("c"),
        "good",
        indexed.engine,
        clusters.INDEX,
        m=24,
        ef_construction=128,
        drop_old=True,
        red_line=QUALITY_ALONE,
        most_blocks=3,
    )
    assert (done.swapped, report.verdict, report.reverted) == (True, "well", False)
    assert parameters(indexed) == {"m": 24, "ef_construction": 128}


def test_settings_that_make_searches_slow_are_reset_and_good_ones_stay(indexed):
    engine, baselines = indexed.engine, indexed.baselines("c")
    slow, report = guarded_settings(baselines, "good", engine, {"enable_indexscan": "off"})
    assert slow.settings[0].outcome == "effective"
    assert (report.verdict, report.reverted) == ("breach", True)
    after = tuning.read_settings(engine)["enable_indexscan"]
    assert (after.value, after.altered) == ("on", None)

    good = {"effective_cache_size": "2GB"}
    _, report = guarded_settings(
        baselines, "good", engine, good, red_line=QUALITY_ALONE, most_blocks=3
    )
    assert (report.verdict, report.reverted) == ("well", False)
    assert tuning.read_settings(engine)["effective_cache_size"].altered == "2GB"

    with pytest.raises(InvalidInput, match="work_mem"):
        guarded_settings(baselines, "good", engine, {"work_mem": "much"}, most_blocks=3)
    assert tuning.read_settings(engine)["work_mem"].altered is None


def test_a_baseline_that_is_not_there_is_told_before_anything_is_changed(url, tmp_path):
    size = ("--memory", "16GB", "--cores", "8", "--snapshot", tmp_path / "before")
    with pytest.raises(InvalidInput, match="CORPUS/NAME"):
        run("settings", "apply", "A", *size, "--baseline", "good", "--url", url)
    with pytest.raises(NotFound):
        run("settings", "apply", "A", *size, "--baseline", "c/good", "--url", url)
    assert not (tmp_path / "before").exists()
