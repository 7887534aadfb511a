"""``hegel-store reembed``: its steps, what it prints, and what a kill leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import hegel_store
from hegel_store.cli import app
from hegel_store.errors import ConfigurationError, InvalidInput, ReembeddingRefused
from tests import recorded
from tests.samples import fact, rows
from tests.servers import wait_until

pytestmark = pytest.mark.any_server

ROOT = Path(__file__).parents[2]
FACTS = [f"fact {n}" for n in range(40)]


@pytest.fixture
def filled(url):
    with hegel_store.connect(url, embedder=recorded.old) as store:
        store.facts.add_many([fact(content) for content in FACTS])
        yield store


def called(url: str, *arguments: str):
    command = ["reembed", "--corpus", "news", "--space", "fast", *arguments, "--url", url]
    result = CliRunner().invoke(app, command)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def states(store) -> dict[str, str]:
    return dict(rows(store, "SELECT slot, state FROM hegel_embedding_spaces"))


def test_the_steps_one_by_one(filled, url):
    new = ("--model", "tests.recorded:new")
    planned = called(url, *new, "--dry-run").stdout
    characters = sum(map(len, FACTS))
    assert (
        f"40 facts ({characters} characters) would be embedded into embedding_384_next" in planned
    )
    assert states(filled) == {"embedding_384": "serving"}

    result = called(url, *new, "--batch", "15")
    assert re.findall(r"\d+ embedded, \d+ left", result.stderr) == [
        "15 embedded, 25 left",
        "30 embedded, 10 left",
        "40 embedded, 0 left",
    ]
    assert "40 facts embedded" in result.stdout
    filled.facts.add_many([fact("added")])
    assert called(url, "--status").stdout.splitlines() == [
        "41 facts of corpus 'news', space 'fast':",
        "  embedding_384: serving, old",
        "  embedding_384_next: filling, new, 1 facts without a vector",
    ]
    with pytest.raises(ReembeddingRefused, match="1 facts have no vector"):
        called(url, "--cut-over")
    assert "embedding_384_next: serving, new\n" in called(url, *new, "--cut-over").stdout

    with hegel_store.connect(url, embedder=recorded.new) as store:
        store.facts.add_many([fact("since")])
    assert "1 facts were added since and have no old vector" in called(url, "--rollback").stdout
    assert states(filled) == {"embedding_384": "serving", "embedding_384_next": "filling"}
    assert "1 facts embedded" in called(url, "--model", "tests.recorded:old").stdout
    assert "42 vectors discarded" in called(url, "--discard").stdout
    assert states(filled) == {"embedding_384": "serving"}


def test_what_it_prints_as_json(filled, url):
    model = ("--model", "tests.recorded:large", "--json")
    assert json.loads(called(url, *model, "--dry-run").stdout)["facts"] == 40
    result = called(url, *model, "--pause", "0.01")
    (progress,) = map(json.loads, result.stderr.splitlines())
    assert (progress["done"], progress["left"]) == (40, 0)
    assert json.loads(result.stdout)["embedded"] == 40
    status = json.loads(called(url, "--status", "--json").stdout)["status"]
    assert status["missing"] == {"embedding_384": 0, "embedding_768": 0}
    assert [slot["state"] for slot in status["slots"]] == ["serving", "filling"]
    assert status["slots"][1]["maker"] == {
        "model": "large",
        "dimensions": 768,
        "normalised": True,
        "prefix": "",
    }
    called(url, "--cut-over", "--json")
    assert json.loads(called(url, "--rollback", "--json").stdout)["missing"] == 0
    assert json.loads(called(url, "--discard", "--json").stdout)["emptied"] == 40


def test_what_cannot_be_is_said(filled, url):
    with pytest.raises(InvalidInput, match="takes one of"):
        called(url, "--status", "--discard")
    for model in ("tests.recorded:none", "tests.nowhere:new", "tests.recorded:os"):
        with pytest.raises(ConfigurationError, match=model):
            called(url, "--model", model)


@pytest.mark.slow
@pytest.mark.parametrize("batches", [1, 3])
def test_a_run_that_is_killed_goes_on_where_it_was(filled, url, tmp_path, batches):
    """No text is embedded again whose vector was stored."""
    texts = tmp_path / "texts"
    code = "from hegel_store.cli import main; main()"
    command = [sys.executable, "-c", code, "reembed", "--corpus", "news", "--space", "fast"]
    command += ["--model", "tests.recorded:new", "--batch", "5", "--url", url]
    slowly = os.environ | {"RECORDED_TEXTS": str(texts), "RECORDED_SECONDS": "0.3"}
    running = subprocess.Popen(command, cwd=ROOT, env=slowly | {"PYTHONPATH": str(ROOT)})
    stored = "SELECT content FROM hegel_facts WHERE embedding_384_next IS NOT NULL"
    wait_until(lambda: len(rows(filled, stored)) >= 5 * batches)
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    active = (
        "SELECT FROM pg_stat_activity WHERE application_name = 'hegel_store' AND state <> 'idle'"
        " AND datname = current_database()"
    )
    wait_until(lambda: len(rows(filled, active)) == 1)
    before = {content for (content,) in rows(filled, stored)}
    assert 5 * batches <= len(before) < len(FACTS)
    assert states(filled) == {"embedding_384": "serving", "embedding_384_next": "filling"}
    texts.unlink()

    finishing = slowly | {"RECORDED_SECONDS": "0", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=finishing, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert sorted(texts.read_text().splitlines()) == sorted(set(FACTS) - before)
    called(url, "--cut-over")
    with hegel_store.connect(url, embedder=recorded.new) as store:
        found = store.facts.search(FACTS[7], corpus_id="news", mode="vector", limit=1)
        assert found[0].vector_score == pytest.approx(1, abs=1e-3)
