"""`hegel-store recall`, as a person types it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest

from hegel_store import cli
from hegel_store.cli import recall as command
from hegel_store.repositories.recall import measure_recall
from hegel_store.store import Store
from tests.clusters import INDEX, Clustered, clustered, fill, index, load

pytestmark = pytest.mark.any_server


@pytest.fixture
def filled(store: Store) -> Store:
    """Three thousand facts with clustered vectors, and no index yet."""
    fill(store)
    return store


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str) -> Run:
    """Call ``hegel-store recall`` in this process: exit status, output, errors."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(command, "load_embedder", lambda: (Clustered(), None))

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hegel-store", "recall", "--url", url, *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return call


def shown(output: str) -> dict[str, list[str]]:
    """The table's rows by their first column."""
    cells = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in output.splitlines()
        if line.startswith("│")
    ]
    return {row[0]: row[1:] for row in cells}


def test_the_command_says_what_reaches_the_target_and_what_to_do(run, filled):
    index(filled, m=4, ef_construction=8)
    options = ["--seed", "1", "--sample", "40", "--ef-search", "10", "--ef-search", "160"]
    report = measure_recall(filled.engine, seed=1, sample=40, ef_search=[10, 160])
    status, output, _ = run(*options, "--target", "0.999")
    assert status == 0
    assert "9,000 facts of all corpora with a vector in embedding_384, 40 of them" in output
    assert f"the planner uses {INDEX} (m=4, ef_construction=8)." in output
    table = shown(output)
    assert list(table) == ["10", "100 (default)", "160", "exact search"]
    for point, (used, mean, worst, *times) in zip(report.points, table.values(), strict=False):
        assert (used, mean, worst) == ("used", f"{point.recall:.3f}", f"{point.worst:.3f}")
        assert all(re.fullmatch(r"\d+\.\d", time) for time in times)
    assert "No ef_search that was tried reaches 0.999." in output
    assert "op.rebuild_hnsw_index" in output

    low, default, high = report.points
    _, output, _ = run(*options, "--target", str(low.recall))
    assert "ef_search 10 is the smallest tried that reaches" in output
    assert "a search uses 100 unless told otherwise" in output
    assert default.recall < high.recall
    _, output, _ = run(*options, "--target", str(high.recall))
    assert "ef_search 160 is the smallest tried that reaches" in output
    assert "candidates=160" in output


def test_the_command_takes_questions(run, filled, tmp_path):
    index(filled, m=16, ef_construction=64)
    file = tmp_path / "questions.txt"
    file.write_text("\ufeffquestion 1\n\nquestion 2\n", encoding="utf-8")
    status, output, _ = run("--query", "question 0", "--queries", str(file), "--corpus", "c")
    assert status == 0
    assert "9,000 facts of corpus 'c' with a vector in embedding_384, 3 questions" in output
    file.write_bytes(b"\xff")
    status, _, errors = run("--queries", str(file))
    assert (status, errors.count("\n")) == (1, 1)
    assert "queries: " in errors
    file.write_text("\n")
    assert "queries: must be one text or more" in run("--queries", str(file))[2]
    assert run("--queries", str(tmp_path / "missing"))[0] == 2


def test_the_command_says_when_its_numbers_mean_nothing(run, store):
    status, _, errors = run()
    assert (status, errors.count("\n")) == (1, 1)
    assert "there is no fact with a vector" in errors
    load(store, clustered(50, seed=1))
    index(store, m=2, ef_construction=4)
    status, output, _ = run()
    assert status == 0
    assert f"the planner does not use {INDEX}" in output
    assert "1 by construction" in output
    assert "reaches" not in output
    index(store, None)
    assert "There is no HNSW index on embedding_384" in run()[1]
