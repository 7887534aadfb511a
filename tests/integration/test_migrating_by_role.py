"""Who may not migrate a database that has roles is told who does, and how to be that."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

import hegel_store
from hegel_store import migrate
from hegel_store.cli import app
from hegel_store.errors import PermissionDenied
from hegel_store.operations import roles

ROOT = Path(__file__).parents[2]
HINT = (
    "migrate as hegel_migrate: set HEGEL_ROLE=migrate, and HEGEL_MIGRATE_URL where that role "
    "connects by a URL of its own"
)


@pytest.fixture
def behind(granted: str) -> str:
    """The URL of a database that has roles, and is behind."""
    with hegel_store.connect(granted, role="migrate") as owner:
        migrate.downgrade(owner.address, "0044.0")
    return granted


@pytest.fixture
def guest(behind: str) -> Iterator[str]:
    """The URL of a user that is none of the roles."""
    with psycopg.connect(behind, autocommit=True) as administrator:
        administrator.execute("CREATE ROLE hegel_guest LOGIN")
        try:
            yield behind.replace("postgres@", "hegel_guest@")
        finally:
            administrator.execute("DROP OWNED BY hegel_guest")
            administrator.execute("DROP ROLE hegel_guest")


@pytest.fixture
def environment(behind: str) -> Iterator[pytest.MonkeyPatch]:
    """Undone before the roles are taken away, which a role cannot do."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.mark.parametrize("role", ["app", "eval", "readonly"])
def test_the_other_roles_are_told_which_one_migrates(behind, role):
    with hegel_store.connect(behind, role=role) as store:
        with pytest.raises(PermissionDenied) as refused:
            store.upgrade()
        assert str(refused.value).endswith(HINT)
        assert "GRANT" not in str(refused.value)
        assert not refused.value.retryable
        with pytest.raises(PermissionDenied, match="migrate as hegel_migrate"):
            migrate.downgrade(store.address, "0043.0")


def test_the_commands_say_the_same_and_doing_so_migrates(behind, environment):
    """hegel-store, and alembic."""
    environment.setenv("DATABASE_URL", behind)
    environment.setenv("HEGEL_ROLE", "app")

    def alembic() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "alembic", "upgrade", "head"],
            cwd=ROOT,
            env=os.environ,
            capture_output=True,
            text=True,
        )

    done = CliRunner().invoke(app, ["upgrade"])
    assert done.exit_code != 0
    assert isinstance(done.exception, PermissionDenied)
    assert str(done.exception).endswith(HINT)
    done = alembic()
    assert done.returncode != 0
    assert HINT in done.stderr
    assert "Traceback" not in done.stderr
    environment.setenv("HEGEL_ROLE", "migrate")
    assert alembic().returncode == 0
    with hegel_store.connect() as owner:
        assert owner.engine.url.username == "hegel_migrate"
        assert owner.check().revision


def test_a_migrating_role_with_a_url_of_its_own_is_asked_for_by_that(behind, guest, environment):
    with pytest.raises(PermissionDenied, match="HEGEL_MIGRATE_URL"):
        hegel_store.connect(guest).upgrade()
    environment.setenv("DATABASE_URL", guest)
    environment.setenv("HEGEL_ROLE", "migrate")
    environment.setenv("HEGEL_MIGRATE_URL", behind.replace("postgres@", "hegel_migrate@"))
    with hegel_store.connect() as owner:
        owner.upgrade()
        assert owner.check().revision


def test_another_prefix_is_named(url):
    with hegel_store.connect(url) as administrator:
        roles.apply(administrator.engine, prefix="crew")
        try:
            migrate.downgrade(administrator.address, "0044.0")
            with hegel_store.connect(url, role="app", role_prefix="crew") as training:
                with pytest.raises(PermissionDenied) as refused:
                    training.upgrade()
                told = "as crew_migrate: set HEGEL_ROLE=migrate HEGEL_ROLE_PREFIX=crew,"
                assert told in str(refused.value)
            with hegel_store.connect(url, role="migrate", role_prefix="crew") as owner:
                owner.upgrade()
        finally:
            roles.drop(administrator.engine, prefix="crew")


def test_the_migrating_role_is_not_sent_to_itself(behind):
    with psycopg.connect(behind, autocommit=True) as administrator:
        administrator.execute("REVOKE CREATE ON SCHEMA public FROM hegel_migrate")
    with (
        hegel_store.connect(behind, role="migrate") as owner,
        pytest.raises(PermissionDenied, match="GRANT USAGE, CREATE ON SCHEMA public TO hegel_mig"),
    ):
        owner.upgrade()
