"""Every release so far: its database can be migrated, its code runs on what may come before a
deploy, and its revisions are not rewritten."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hegel_store
from hegel_store import migrate
from hegel_store.addresses import parse_address
from tests.migrations.catalog import catalog, columns, contents, golden_file
from tests.migrations.exercise import exercise

RELEASES = sorted(path for path in (Path(__file__).parent / "releases").iterdir() if path.is_dir())
LAST = max(RELEASES, key=lambda path: tuple(int(part) for part in path.name.split(".")))


def names(path: Path) -> str:
    return path.name


@pytest.fixture
def restored(request, empty_url, server):
    """A database as the release left it."""
    psql = [server.process.bin_path / "psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1"]
    command = [*psql, "-f", request.param / "database.sql", empty_url]
    subprocess.run(command, check=True, capture_output=True)
    return request.param


def run_release(folder: Path, url: str, corpus: str, tmp_path: Path) -> None:
    """The release's own code, from its wheel, through all its repositories."""
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    done = subprocess.run(
        [sys.executable, folder / "exercise.py", url, corpus],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("restored", RELEASES, ids=names, indirect=True)
def test_its_database_is_migrated_and_keeps_every_row(restored, empty_url, empty_postgresql):
    before = columns(empty_postgresql)
    rows = contents(empty_postgresql, before)
    assert all(rows.values())
    migrate.upgrade(parse_address(empty_url, "the test"))
    after = columns(empty_postgresql)
    kept = {
        table: [name for name in found if name in after[table]]
        for table, found in before.items()
        if table in after
    }
    if kept == before:
        assert contents(empty_postgresql, before) == rows
    for table, found in rows.items():
        assert sum(contents(empty_postgresql, {table: kept[table]})[table].values()) == sum(
            found.values()
        )
    assert "\n".join(catalog(empty_postgresql)) + "\n" == golden_file(empty_postgresql).read_text()
    with hegel_store.connect(empty_url) as store:
        assert [p.version for p in store.profiles.history("exercised", "qa")] == [3, 2, 1]
        assert len(store.steps.recent("exercised", "qa")) == 3
        assert store.facts.search("storks", corpus_id="exercised")
    exercise(empty_url, "new code on an old database")


@pytest.mark.parametrize("restored", [LAST], ids=names, indirect=True)
def test_its_code_runs_on_what_may_come_before_a_deploy(restored, empty_url, tmp_path):
    """Each release promises this to the one before it, and to no older one."""
    migrate.upgrade(parse_address(empty_url, "the test"), phase="pre")
    run_release(restored, empty_url, "old code on a new schema", tmp_path)


@pytest.mark.parametrize("restored", [LAST], ids=names, indirect=True)
def test_code_that_a_schema_does_break_is_seen(restored, empty_url, empty_postgresql, tmp_path):
    """Or else the test above would show nothing."""
    empty_postgresql.execute("ALTER TABLE hegel_training_steps RENAME COLUMN query TO question")
    empty_postgresql.commit()
    with pytest.raises(AssertionError, match="does not exist"):
        run_release(restored, empty_url, "old code on a broken schema", tmp_path)


@pytest.mark.parametrize("release", RELEASES, ids=names)
def test_its_revisions_are_as_they_were(release):
    (wheel,) = release.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        released = [name for name in archive.namelist() if "/alembic/versions/" in name]
        assert len(released) >= 11
        for name in released:
            ours = migrate.scripts() / "versions" / Path(name).name
            assert archive.read(name) == ours.read_bytes(), f"{ours.name} was released already"
