"""Real controllers of OpenEvolve on one database: alone, two at once, killed, and gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hegel_store.integrations.openevolve import StoreProgramDatabase
from hegel_store.integrations.openevolve.programs import profile_id_of
from hegel_store.integrations.openevolve.standings import standings_of
from hegel_store.store import Store
from tests.evolving import RUN, configuration
from tests.samples import rows

pytestmark = pytest.mark.any_server

ROOT = Path(__file__).parents[2]
SECONDS = 120.0


@contextmanager
def controller(folder: Path, seed: int, iterations: int, url: str) -> Iterator[subprocess.Popen]:
    """One in a process of its own, with its workers in the same group, none of which stays."""
    command = [sys.executable, "-m", "tests.evolving", str(folder), str(seed), str(iterations), url]
    with (folder / f"said{seed}").open("ab") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=said, stderr=said, start_new_session=True
        )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(SECONDS)


def book(folder: Path, name: str) -> list[str]:
    return (folder / name).read_text().splitlines() if (folder / name).exists() else []


def wait_for(folder: Path, name: str, lines: int) -> None:
    deadline = time.monotonic() + SECONDS
    while len(book(folder, name)) < lines:
        assert time.monotonic() < deadline, (folder / "said1").read_text()
        time.sleep(0.02)


def opened(store: Store) -> StoreProgramDatabase:
    return StoreProgramDatabase(configuration(9).database, store, *RUN)


def parents(store: Store) -> dict[str, str | None]:
    """Of all programs that are stored, by OpenEvolve's ids."""
    found = rows(
        store,
        "SELECT child.metadata #>> '{openevolve,program}',"
        " base.metadata #>> '{openevolve,program}'"
        " FROM hegel_prompt_profiles AS child LEFT JOIN hegel_prompt_profiles AS base"
        " ON base.corpus_id = child.corpus_id AND base.id = child.base_profile_id",
    )
    return {str(child): None if parent is None else str(parent) for child, parent in found}


def require_sound(store: Store) -> StoreProgramDatabase:
    """What holds whatever has happened to the controllers."""
    database = opened(store)
    for name, standing in standings_of(database).items():
        assert standing.on_island or name == database.best_program_id
    held = [dict(cells) for cells in database.island_feature_maps]
    for island, cells in enumerate(held):
        stored = store.populations.cells("news", "code", population=RUN[2], island=island)
        assert {member.cell_key: member.profile_id for member in stored} == {
            key: profile_id_of(RUN[2], name) for key, name in cells.items()
        }
    ((best,),) = rows(store, "SELECT max(fitness_score) FROM hegel_profile_populations")
    assert database.get_best_program().metrics["combined_score"] == best
    assert sum(parent is None for parent in parents(store).values()) == 1
    return database


@pytest.mark.slow
def test_a_controller_goes_on_where_the_last_one_stopped(
    store: Store, url: str, tmp_path: Path
) -> None:
    for iterations in (8, 6):
        with controller(tmp_path, 1, iterations, url) as process:
            assert process.wait(SECONDS) == 0, (tmp_path / "said1").read_text()
    evaluated, added = book(tmp_path, "evaluated"), book(tmp_path, "added1")
    assert len(evaluated) == 1 + 8 + 6
    database = require_sound(store)
    assert set(added) <= set(parents(store))
    run = store.runs.get("news", RUN[2])
    assert (run.evaluations_spent, run.status) == (15, "running")
    best = database.get_best_program()
    assert best.metrics["combined_score"] > database.get(added[0]).metrics["combined_score"]
    assert database.get_artifacts(best.id).keys() == {"first answer"}
    steps = store.steps.by_run("news", RUN[2])
    assert len(steps) == 14
    assert all("# Current Program" in step.query for step in steps)
    assert {step.new_profile_id for step in steps} <= {
        profile_id_of(RUN[2], name) for name in added
    }


@pytest.mark.slow
@pytest.mark.parametrize("kills", [2])
def test_two_controllers_share_a_population_though_one_is_killed_again_and_again(
    store: Store, url: str, tmp_path: Path, report: Callable[[str], None], kills: int
) -> None:
    moments = Random(kills)
    with controller(tmp_path, 1, 30, url) as steady:
        wait_for(tmp_path, "added1", 2)
        for kill_number in range(kills):
            begun = len(book(tmp_path, "added2"))
            with controller(tmp_path, 2, 30, url) as victim:
                wait_for(tmp_path, "added2", begun + moments.randint(2, 6))
                time.sleep(moments.random() / 5)
                assert victim.poll() is None, kill_number
                kill(victim)
        with controller(tmp_path, 2, 5, url) as last:
            assert last.wait(SECONDS) == 0, (tmp_path / "said2").read_text()
        assert steady.wait(SECONDS) == 0, (tmp_path / "said1").read_text()
    one, two = set(book(tmp_path, "added1")), set(book(tmp_path, "added2"))
    require_sound(store)
    lineage = parents(store)
    assert one | two <= set(lineage), "what was acknowledged is there"
    crossed = sum(lineage[child] in one for child in two) + sum(lineage[c] in two for c in one)
    evaluated = len(book(tmp_path, "evaluated"))
    added: Any = store.runs.get("news", RUN[2]).evaluations_spent
    report(
        f"Two controllers of OpenEvolve, one of them killed {kills} times: {added} programs of "
        f"{evaluated} evaluated are stored, {crossed} have a parent from the other controller"
    )
    assert crossed > 0
    # What a killed one had in flight: a result that came, and one that was being evaluated.
    assert added <= evaluated <= added + 3 * kills
    assert len(one) <= 1 + 30 < evaluated
