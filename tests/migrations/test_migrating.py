"""Migrating for real: refused, ahead, offline, from the wheel."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import psycopg
import pytest
from alembic import command

from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.errors import (
    InvalidInput,
    PackageOutdated,
    PermissionDenied,
)
from tests.migrations.catalog import catalog

ROOT = Path(__file__).parents[2]
HEAD = migrate.known_revisions()[-1]


def revision(connection: psycopg.Connection) -> str | None:
    found = connection.execute("SELECT version_num FROM hegel_store_version").fetchone()
    connection.rollback()
    return found[0] if found else None


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


def test_a_bad_setting_is_told_in_a_line(url):
    for arguments in (["-x", "schema=$user", "upgrade", "head", "--sql"], ["current"]):
        called = subprocess.run(
            [sys.executable, "-m", "alembic", *arguments],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": url, "HEGEL_POOL": "gigantic"},
            capture_output=True,
            text=True,
        )
        assert called.returncode != 0
        assert called.stderr.startswith("ERROR   pool: Input should be 'light'")
        assert "Traceback" not in called.stderr


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
