"""``hegel-store export``, ``import`` and ``archive``: what they do and what they print."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from hegel_store.archive import read_archive
from hegel_store.errors import InvalidInput, NotFound
from hegel_store.store import Store
from tests.commands import run
from tests.samples import MAY, Steps

pytest.importorskip("pyarrow", reason="the `parquet` extra is not installed")


def called(url: str, *arguments: object) -> str:
    return run(*arguments, "--url", url)


def test_export_takes_what_its_options_say(
    store: Store, url: str, new: Steps, tmp_path: Path
) -> None:
    summarise = Steps(store, "news", "summarise")
    store.steps.log_many(
        [
            new(created_at=MAY, run_id="r1"),
            new(created_at=MAY + timedelta(days=1), query="later"),
            summarise(created_at=MAY),
            Steps(store, "law")(created_at=MAY),
        ]
    )
    path = tmp_path / "steps.jsonl.gz"
    for options, expected in [
        ((), 4),
        (("--corpus", "news"), 3),
        (("--task-type", "summarise"), 1),
        (("--run", "r1"), 1),
        (("--since", "2024-05-18"), 1),
        (("--until", "2024-05-17T12:30:15.123456+00:00"), 0),
        (("--corpus", "news", "--until", "2024-05-18"), 2),
    ]:
        assert called(url, "export", path, *options) == f"{expected} steps written to {path}\n"
        assert len(list(read_archive(path))) == expected
    assert json.loads(called(url, "export", path, "--json")) == {"steps": 4}
    with pytest.raises(InvalidInput, match="since"):
        called(url, "export", path, "--since", "lately")


def test_archived_months_come_back_by_import(
    store: Store, url: str, new: Steps, tmp_path: Path
) -> None:
    steps = [new(created_at=MAY), new(created_at=MAY + timedelta(days=31)), new()]
    store.steps.log_many(steps)
    archiving = ("archive", "--older-than", 1, "--to", tmp_path)
    assert called(url, *archiving, "--dry-run") == (
        "2024-05 would be archived (attached)\n2024-06 would be archived (attached)\n"
    )
    assert list(tmp_path.iterdir()) == []
    may, june = (tmp_path / f"hegel_training_steps_2024_{month}.parquet" for month in ("05", "06"))
    assert called(url, *archiving) == f"2024-05: 1 steps in {may}\n2024-06: 1 steps in {june}\n"
    assert called(url, *archiving, "--json") == ""
    assert [step.id for step in store.steps.recent("news", "qa")] == [steps[2].id]
    assert called(url, "import", may) == "1 steps stored, 0 were there, 0 set aside\n"
    assert called(url, "import", may) == "0 steps stored, 1 were there, 0 set aside\n"
    assert json.loads(called(url, *archiving, "--dry-run", "--json")) == {
        "month": "2024-05",
        "state": "attached",
    }
    assert json.loads(called(url, *archiving, "--json")) == {
        "month": "2024-05",
        "path": str(may),
        "steps": 1,
    }


def test_log_of_somebody_else_by_options(
    store: Store, url: str, new: Steps, tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    line = {"question": "Who?", "said": "I.", "at": "2024-05-17T12:00:00Z", "profile": None}
    stranger = line | {"profile": "0190163d-8694-739b-aea5-966c26f8ad90"}
    path.write_text(f"{json.dumps(line)}\n{json.dumps(stranger)}\n{json.dumps(line | {'at': 1})}\n")
    options = []
    for pair in ("question=query", "said=predicted_answer", "at=created_at"):
        options += ["--field", pair]
    for pair in ("corpus_id=news", "task_type=qa", f"old_profile_id={new.profile.id}"):
        options += ["--value", pair]
    options += ["--field", "profile=old_profile_id"]
    with pytest.raises(InvalidInput, match="step 3"):
        called(url, "import", path, *options)
    path.write_text(f"{json.dumps(line)}\n{json.dumps(stranger)}\n")
    with pytest.raises(NotFound, match=stranger["profile"]):
        called(url, "import", path, *options)
    printed = called(url, "import", path, *options, "--set-aside")
    assert printed.splitlines()[0] == "1 steps stored, 0 were there, 1 set aside"
    assert stranger["profile"] in printed.splitlines()[1]
    done = json.loads(called(url, "import", path, *options, "--set-aside", "--json"))
    assert (done["steps"], done["stored"], done["refused"][0]["number"]) == (2, 0, 2)
    path.write_text(f"{json.dumps(stranger)}\n" * 25)
    assert called(url, "import", path, *options, "--set-aside").endswith("  and 5 more\n")
    with pytest.raises(InvalidInput, match="must have a ="):
        called(url, "import", path, "--field", "question")


@pytest.mark.any_server
def test_without_pyarrow_lines_work_and_parquet_says_what_to_install(
    store: Store, url: str, new: Steps, tmp_path: Path
) -> None:
    """In a process that cannot import it."""
    store.steps.log(new(created_at=MAY))
    code = "import sys; sys.modules['pyarrow'] = None; from hegel_store.cli import main; main()"

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *map(str, arguments), "--url", url]
        return subprocess.run(command, capture_output=True, text=True)

    lines = tmp_path / "steps.jsonl"
    assert run("export", lines).stdout == f"1 steps written to {lines}\n"
    assert run("import", lines).stdout == "0 steps stored, 1 were there, 0 set aside\n"
    for arguments in (
        ("export", tmp_path / "steps.parquet"),
        ("archive", "--older-than", 0, "--to", tmp_path),
    ):
        refused = run(*arguments)
        assert refused.returncode == 1
        assert "pip install 'hegel_store[parquet]'" in refused.stderr
    assert list(tmp_path.iterdir()) == [lines]
    assert len(store.steps.recent("news", "qa")) == 1
