"""The regression gate finds a slowdown that was planted, and none where there is none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.benchmarks import regression
from tests.benchmarks.regression import Ratio, compare, gate, ratio_of

pytestmark = pytest.mark.any_server

ROOT = Path(__file__).parents[2]

PLANTED = '''

import time as _time

_as_it_was = ProfileRepository.latest


def _slowly(self, *arguments, **named):
    """As it was, and half as long again."""
    started = _time.perf_counter()
    found = _as_it_was(self, *arguments, **named)
    until = started + 1.5 * (_time.perf_counter() - started)
    while _time.perf_counter() < until:
        pass
    return found


ProfileRepository.latest = _slowly
'''


def git(repository: Path, *arguments: str) -> None:
    named = ("-c", "user.name=tests", "-c", "user.email=tests@localhost")
    subprocess.run(["git", *named, *arguments], cwd=repository, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path) -> Path:
    """A checkout of what runs, with one commit."""
    folder = tmp_path / "checkout"
    for name in regression.RUNS:
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    shutil.copy(ROOT / "alembic.ini", folder)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "First")
    return folder


@pytest.fixture
def urls(url, other_url) -> tuple[tuple[str, str], tuple[str, str]]:
    """Migrated already, and the same in both rounds, which is quicker; the gate's own are empty."""
    return (other_url, url), (other_url, url)


def plant(repository: Path) -> None:
    with (repository / "hegel_store/repositories/__init__.py").open("a") as file:
        file.write(PLANTED)
    git(repository, "commit", "--quiet", "-a", "-m", "Slower")


@pytest.mark.slow
def test_a_planted_slowdown_fails_and_names_its_call(repository, urls, capsys):
    plant(repository)
    assert gate(repository, "HEAD~1", urls, ("latest", "fittest"), blocks=20) == 1
    said = {line.partition(":")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "SLOWER" in said["latest"]
    assert "SLOWER" not in said["fittest"]
    trees = subprocess.run(
        ["git", "worktree", "list"], cwd=repository, check=True, capture_output=True, text=True
    )
    assert len(trees.stdout.splitlines()) == 1, "the worktree is gone"


@pytest.mark.slow
def test_the_same_code_is_not_slower_than_itself(repository, urls, capsys):
    """Each call is compared, on databases that both sides have migrated and filled."""
    assert compare((repository, repository), urls, blocks=5) == 0
    said = capsys.readouterr().out
    assert [line.partition(":")[0] for line in said.splitlines()] == list(regression.CALLS)
    assert "SLOWER" not in said


def test_there_is_a_reason_where_nothing_can_be_compared(repository, tmp_path, capsys):
    def skipped(folder: Path) -> str:
        assert gate(folder, "HEAD~1", ()) == 0
        return capsys.readouterr().out

    assert skipped(repository) == "skipped: no commit HEAD~1: there is none\n"
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "Nothing")
    assert "nothing in hegel_store and alembic has changed" in skipped(repository)
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", "shallow")
    assert "the clone is shallow, and ends before it" in skipped(tmp_path / "shallow")
    (tmp_path / "bare").mkdir()
    assert "there is no history" in skipped(tmp_path / "bare")


def test_earlier_code_that_does_not_run_is_a_reason(repository, urls, capfd):
    """As one whose schema is ahead of what the present tests know."""
    package = repository / "hegel_store/store.py"
    sound = package.read_text()
    package.write_text("raise SystemExit('this code is broken')\n")
    git(repository, "commit", "--quiet", "-a", "-m", "Broken")
    package.write_text(sound)
    git(repository, "commit", "--quiet", "-a", "-m", "Mended")
    assert gate(repository, "HEAD~1", urls, ("latest",), blocks=2) == 0
    said = capfd.readouterr()
    assert "skipped: the earlier code did not run its calls" in said.out
    assert "this code is broken" in said.err
    package.write_text("raise SystemExit('this code is broken')\n")
    git(repository, "commit", "--quiet", "-a", "-m", "Broken again")
    with pytest.raises(RuntimeError, match="the present code did not run"):
        gate(repository, "HEAD~1", urls, ("latest",), blocks=2)


def test_only_an_interval_above_a_tenth_is_slower_and_one_across_it_is_hidden():
    steady = ratio_of([0.2, 0.21, 0.19, 0.2, 0.2])
    assert steady.is_slower
    assert 1.2 < steady.low < steady.middle < steady.high < 1.25
    noisy = ratio_of([0.2, -0.3, 0.9, 0.0, 0.4])
    assert noisy.is_hidden
    assert not noisy.is_slower
    same = Ratio(1.0, 0.97, 1.03)
    assert not same.is_slower
    assert not same.is_hidden


@pytest.mark.parametrize(
    ("rounds", "status", "said"),
    [
        ([Ratio(1.3, 1.2, 1.4), Ratio(1.3, 1.15, 1.45)], 1, "SLOWER"),
        ([Ratio(1.3, 1.2, 1.4), Ratio(1.1, 1.0, 1.2)], 0, "but not again"),
        ([Ratio(1.1, 0.9, 1.3)], 0, "noise hides the answer"),
        ([Ratio(1.0, 0.9, 1.05)], 0, "no slower by a tenth"),
    ],
    ids=["repeats", "does not repeat", "hidden", "equal"],
)
def test_only_what_repeats_fails(monkeypatch, capsys, rounds, status, said):
    left = list(rounds)
    asked = []

    def one_round(roots, urls, calls, blocks):
        asked.append(urls)
        return {"log": left.pop(0)}, {}

    monkeypatch.setattr(regression, "one_round", one_round)
    databases = (("a", "b"), ("c", "d"))
    assert compare((), databases, ("log",)) == status
    assert left == []
    assert asked == list(databases[: len(rounds)])
    assert said in capsys.readouterr().out
