"""Migrating for real: side by side, interrupted, blocked, offline, from the wheel."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import psycopg
import pytest
from alembic import command

from hegel_store import migrate
from hegel_store.errors import (
    DatabaseUnavailable,
    InvalidInput,
    PackageOutdated,
    PermissionDenied,
)
from hegel_store.settings import parse_address
from tests.migrations.catalog import catalog

ROOT = Path(__file__).parents[2]
HEAD = migrate.known_revisions()[-1]


def revision(connection: psycopg.Connection) -> str | None:
    found = connection.execute("SELECT version_num FROM hegel_store_version").fetchone()
    connection.rollback()
    return found[0] if found else None


def test_four_processes_upgrade_at_once(empty_url, empty_postgresql):
    environment = os.environ | {"DATABASE_URL": empty_url}
    migrators = [
        subprocess.Popen(
            [sys.executable, "-m", "alembic", "upgrade", "head"],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    output = [migrator.communicate(timeout=120)[1] for migrator in migrators]
    assert [migrator.returncode for migrator in migrators] == [0] * 4, output
    assert sum(text.count(f"-> {HEAD}") for text in output) == 1
    assert revision(empty_postgresql) == HEAD


def test_threads_of_one_process_upgrade_at_once(empty_url, empty_postgresql):
    address = parse_address(empty_url, "the test")
    errors: list[Exception] = []

    def upgrade() -> None:
        try:
            migrate.upgrade(address)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert revision(empty_postgresql) == HEAD


def test_a_held_lock_makes_the_migration_step_back_and_try_again(url, postgresql, server):
    """It gives up its place within the lock timeout, so that others are not queued behind it."""
    address = parse_address(url, "the test")
    migrate.downgrade(address, "0010")
    postgresql.execute("SELECT FROM hegel_embedding_spaces")  # holds ACCESS SHARE until the end
    failed: list[Exception] = []

    def downgrade() -> None:
        try:
            migrate.downgrade(address, "0009")
        except Exception as error:
            failed.append(error)

    blocked = threading.Thread(target=downgrade)
    blocked.start()
    longest = 0.0
    with psycopg.connect(url, autocommit=True) as reader:
        while blocked.is_alive():
            started = time.monotonic()
            reader.execute("SELECT count(*) FROM hegel_embedding_spaces")
            longest = max(longest, time.monotonic() - started)
            time.sleep(0.05)
    assert [type(error).__name__ for error in failed] == ["TransactionConflict"]
    assert longest < 5, "the reader waited behind a migration that waited"
    postgresql.rollback()
    migrate.downgrade(address, "0009")
    assert revision(postgresql) == "0009"


def test_an_upgrade_waits_for_a_lock_by_trying_again(url, postgresql):
    address = parse_address(url, "the test")
    migrate.downgrade(address, "0010")
    # CREATE VIEW needs ACCESS SHARE on the steps.
    postgresql.execute("LOCK TABLE hegel_training_steps IN ACCESS EXCLUSIVE MODE")
    release = threading.Timer(3.0, postgresql.rollback)  # longer than one lock timeout
    release.start()
    migrate.upgrade(address)
    release.join()
    assert revision(postgresql) == HEAD


@pytest.mark.parametrize("reached", ["0002", "0005", "0009"])
def test_a_killed_migrator_can_be_run_again(empty_url, empty_postgresql, reached):
    """Its session is ended once that revision is reached; the next run goes on to the head."""
    address = parse_address(empty_url, "the test")
    killed = threading.Event()

    def kill() -> None:
        with psycopg.connect(empty_url, autocommit=True) as killer:
            while not killed.is_set():
                with contextlib.suppress(psycopg.errors.UndefinedTable):
                    victims = killer.execute(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE application_name = 'hegel_store migrate'
                          AND datname = current_database()
                          AND (SELECT version_num FROM hegel_store_version) >= %s
                        """,
                        [reached],
                    ).fetchall()
                    if victims:
                        killed.set()

    killing = threading.Thread(target=kill, daemon=True)
    killing.start()
    with pytest.raises(DatabaseUnavailable):
        migrate.upgrade(address)
    killing.join(timeout=30)
    assert killed.is_set()
    migrate.upgrade(address)
    assert revision(empty_postgresql) == HEAD


def test_a_role_without_rights_is_told_so(empty_url, empty_postgresql):
    empty_postgresql.execute("CREATE EXTENSION vector")
    empty_postgresql.execute("DROP ROLE IF EXISTS hegel_reader")
    empty_postgresql.execute("CREATE ROLE hegel_reader LOGIN")
    empty_postgresql.commit()
    address = parse_address(empty_url.replace("postgres@", "hegel_reader@"), "the test")
    with pytest.raises(PermissionDenied):
        migrate.upgrade(address)
    assert not [line for line in catalog(empty_postgresql) if "hegel_" in line]


def test_a_database_that_is_ahead_is_left_alone(url, postgresql):
    postgresql.execute("UPDATE hegel_store_version SET version_num = '9999'")
    postgresql.commit()
    before = catalog(postgresql)
    address = parse_address(url, "the test")
    with pytest.raises(PackageOutdated, match="this package is behind"):
        migrate.upgrade(address)
    with pytest.raises(PackageOutdated):
        migrate.downgrade(address, "base")
    called = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
    )
    assert called.returncode != 0
    assert "this package is behind" in called.stderr
    assert "Traceback" not in called.stderr
    assert catalog(postgresql) == before


def test_a_revision_that_does_not_exist_is_refused(url):
    with pytest.raises(InvalidInput, match="revision"):
        migrate.upgrade(parse_address(url, "the test"), "zz")


def test_offline_sql_carries_timeouts_and_makes_the_same_schema(
    empty_url, empty_postgresql, postgresql, server
):
    script = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head", "--sql"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for timeout in migrate.TIMEOUTS:
        assert timeout in script
    psql = server.process.bin_path / "psql"
    subprocess.run(
        [psql, "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--quiet", empty_url],
        input=script,
        text=True,
        check=True,
        capture_output=True,
    )
    assert catalog(empty_postgresql) == catalog(postgresql)


def test_squawk_finds_nothing_in_any_revision(config, tmp_path):
    previous = "base"
    for known in migrate.known_revisions():
        config.output_buffer = io.StringIO()
        command.upgrade(config, f"{previous}:{known}", sql=True)
        (tmp_path / f"{known}.sql").write_text(config.output_buffer.getvalue())
        previous = known
    (tmp_path / "bad.sql").write_text("ALTER TABLE hegel_facts ADD COLUMN surprise int NOT NULL;")
    squawk = [Path(sys.executable).parent / "squawk", "--config", ROOT / ".squawk.toml"]

    def problems(*files: Path) -> str:
        return subprocess.run([*squawk, *files], capture_output=True, text=True).stdout

    assert "adding-required-field" in problems(tmp_path / "bad.sql")
    assert f"Found 0 issues in {len(migrate.known_revisions())} files" in problems(
        *sorted(tmp_path.glob("0*.sql"))
    )


@pytest.mark.slow
def test_the_wheel_alone_migrates_a_database(empty_url, empty_postgresql, tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    assert not (installed / "hegel_store" / "alembic" / "__init__.py").exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    program = (
        "import hegel_store, hegel_store.cli as cli, sys;"
        "print(hegel_store.__file__);"
        "sys.argv = ['hegel-store', 'upgrade'];"
        "cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=empty,
        env=os.environ | {"PYTHONPATH": str(installed), "DATABASE_URL": empty_url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(installed))
    assert revision(empty_postgresql) == HEAD
