"""The commands for spools and dead letters."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from hegel_store.journal import spool_folder
from hegel_store.journal.records import pack
from hegel_store.journal.spool import own
from hegel_store.models import NewStep
from hegel_store.store import Store
from tests.commands import run
from tests.samples import Steps

pytestmark = pytest.mark.any_server


def test_replay_stores_what_a_writer_left(
    store: Store, new: Steps, url: str, tmp_path: Path
) -> None:
    left = own(spool_folder(store.address, tmp_path), 2**20)
    left.append([pack(new(query=f"{n}")) for n in range(3)])
    left.close()
    options = ("--url", url, "--spool-dir", str(tmp_path))
    assert run("replay", *options) == "3 steps stored\n"
    assert run("replay", *options) == "0 steps stored\n"
    assert {step.query for step in store.steps.recent("news", "qa")} == {"0", "1", "2"}


def test_a_record_that_is_no_step_is_a_dead_letter(
    store: Store, new: Steps, url: str, tmp_path: Path
) -> None:
    left = own(spool_folder(store.address, tmp_path), 2**20)
    left.append([b"no step", b'{"query": "half"}', pack(new(query="whole"))])
    left.close()
    options = ("--url", url, "--spool-dir", str(tmp_path))
    assert run("replay", *options) == "1 steps stored\n"
    lines = run("dead-letters", "--json", *options).splitlines()
    assert [json.loads(line)["fields"] for line in lines] == [
        {"query": "half"},
        {"record": "no step"},
    ]
    assert "0 of 2 stored" in run("dead-letters", "--retry", *options)


@pytest.fixture
def refused(store: Store, new: Steps, tmp_path: Path) -> list[NewStep]:
    """Two steps of profiles that are not there, a reward that is no number, and a good step."""
    steps = [new(query=f"unknown {n}", old_profile_id=uuid4(), metrics={"n": n}) for n in range(2)]
    with store.step_writer(spool_dir=tmp_path) as writer:
        for step in steps:
            writer.log(step)
        usual = new.scope | {"old_profile_id": new.profile.id, "predicted_answer": ""}
        writer.log(usual | {"query": "no number", "reward": float("nan")})
        writer.log(usual | {"query": "good"})
    return steps


def test_dead_letters_say_why(refused: list[NewStep], url: str, tmp_path: Path) -> None:
    output = run("dead-letters", "--url", url, "--spool-dir", str(tmp_path))
    for step in refused:
        assert str(step.id) in output
    assert output.index("unknown 1") < output.index("unknown 0"), "the newest first"
    assert "there is no profile" in output
    assert "reward" in output
    output = run("dead-letters", "-n", "1", "--url", url, "--spool-dir", str(tmp_path))
    assert sum(name in output for name in ("unknown 0", "unknown 1", "no number")) == 1


def test_what_can_be_stored_by_now_is_stored_by_a_retry(
    refused: list[NewStep], store: Store, url: str, tmp_path: Path
) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO hegel_prompt_profiles (corpus_id, task_type, id, source)"
            " VALUES ('news', 'qa', %s, '{}')",
            (refused[1].old_profile_id,),
        )
    options = ("--url", url, "--spool-dir", str(tmp_path))
    output = run("dead-letters", "--retry", *options)
    assert "1 of 3 stored" in output
    assert f"{refused[0].id}: old_profile_id" in output
    stored = {step.id: step for step in store.steps.recent("news", "qa")}
    assert stored[refused[1].id].metrics == {"n": 1}
    assert "unknown 1" not in run("dead-letters", *options)
    assert "0 of 2 stored" in run("dead-letters", "--retry", *options)


def test_no_dead_letters_are_none(store: Store, url: str, tmp_path: Path) -> None:
    assert run("dead-letters", "--url", url, "--spool-dir", str(tmp_path)) == ""
    assert "0 of 0" in run("dead-letters", "--retry", "--url", url, "--spool-dir", str(tmp_path))
