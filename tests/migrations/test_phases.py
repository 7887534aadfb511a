"""What may come before a deploy and what must come after it, and who works on which schema."""

from __future__ import annotations

import shutil

import pytest
from alembic import command
from alembic.config import Config
from typer.testing import CliRunner

import hegel_store
from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.cli import app
from hegel_store.errors import InvalidInput, MigrationRequired, PackageOutdated
from hegel_store.migrate import versions

FIRST = migrate.known_revisions()[-1]


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Make the package one that carries these revisions after its own: ("0099.0", "pre") ..."""

    def carry(*later: tuple[str, str]) -> None:
        folder = tmp_path / "alembic"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(REAL, folder, ignore=shutil.ignore_patterns("__pycache__"))
        previous = FIRST
        for revision, phase in later:
            table = "later_" + revision.replace(".", "_")
            (folder / "versions" / f"{revision}_later.py").write_text(
                '"""Later.\n\nThe downgrade discards what came later.\n"""\n'
                "from alembic import op\n"
                f"revision = {revision!r}\n"
                f"down_revision = {previous!r}\n"
                f"phase = {phase!r}\n"
                "def upgrade():\n"
                f"    op.execute('CREATE TABLE {table} (id int)')\n"
                "def downgrade():\n"
                f"    op.execute('DROP TABLE {table}')\n"
            )
            previous = revision
        monkeypatch.setattr(versions, "scripts", lambda: folder)
        monkeypatch.setattr(migrate.running, "scripts", lambda: folder)
        versions.revisions.cache_clear()

    yield carry
    monkeypatch.undo()
    versions.revisions.cache_clear()


REAL = migrate.scripts()


def at(url: str) -> str | None:
    with migrate.connection_to(parse_address(url, "the test")) as connection:
        return migrate.current_revision(connection)


def test_a_rolling_deploy_works_at_every_point(url, release):
    """Both releases' health checks pass while both run; the old one's fails once it is cut off."""
    address = parse_address(url, "the test")
    later = (("0097.0", "pre"), ("0098.0", "pre"), ("0099.1", "post"))
    release(*later)
    with hegel_store.connect(url) as new:
        with pytest.raises(MigrationRequired, match="the database is behind"):
            new.check()
        migrate.upgrade(address, phase="pre")
        assert at(url) == "0098.0"
        assert new.check().revision == "0098.0"
        release()  # the release that is running
        with hegel_store.connect(url) as old:
            assert old.check().revision == "0098.0"
            old.upgrade()  # as a replica does that starts once more
            assert at(url) == "0098.0"
            release(*later)
            migrate.upgrade(address, phase="post")
            assert new.check().revision == at(url) == "0099.1"
            release()
            with pytest.raises(PackageOutdated, match="this package is behind"):
                old.check()
            with pytest.raises(PackageOutdated):
                old.upgrade()


def test_a_call_of_alembic_itself_leaves_a_later_database_alone_too(url, release, monkeypatch):
    release(("0097.0", "pre"))
    migrate.upgrade(parse_address(url, "the test"))
    release()
    monkeypatch.setenv("DATABASE_URL", url)
    command.upgrade(Config(REAL.parent / "alembic.ini"), "head")
    assert at(url) == "0097.0"


def test_the_store_takes_a_phase(url, release):
    release(("0098.0", "pre"), ("0099.1", "post"))
    with hegel_store.connect(url) as store:
        store.upgrade(phase="pre")
        assert at(url) == "0098.0"
        store.upgrade(phase="post")
        assert at(url) == "0099.1"


def test_a_release_does_not_take_back_what_it_does_not_know(url, release):
    address = parse_address(url, "the test")
    release(("0097.0", "pre"))
    migrate.upgrade(address)
    release()
    with pytest.raises(PackageOutdated, match="take it back with the package"):
        migrate.downgrade(address, "base")
    assert at(url) == "0097.0"


def test_nothing_to_do_in_a_phase_is_no_error(url, release):
    address = parse_address(url, "the test")
    migrate.upgrade(address, phase="pre")
    migrate.upgrade(address, phase="post")
    release(("0099.1", "post"))
    migrate.upgrade(address, phase="pre")
    assert at(url) == FIRST


def test_post_does_not_run_ahead_of_pre(url, release):
    release(("0098.0", "pre"), ("0099.1", "post"))
    with pytest.raises(InvalidInput, match=r"0098\.0 has to be applied before") as caught:
        migrate.upgrade(parse_address(url, "the test"), phase="post")
    assert caught.value.field == "phase"
    assert at(url) == FIRST


def test_a_release_may_not_be_skipped_in_a_rolling_deploy(url, release):
    """Its pre needs the post of the one in between, which the running one cannot bear."""
    release(("0097.0", "pre"), ("0098.1", "post"), ("0099.1", "pre"))
    address = parse_address(url, "the test")
    with pytest.raises(InvalidInput, match=r"deploy the releases in between one by one"):
        migrate.upgrade(address, phase="pre")
    assert at(url) == FIRST
    migrate.upgrade(address)
    assert at(url) == "0099.1"


@pytest.mark.parametrize("phase", ["pre", "post"])
def test_on_an_empty_database_there_is_nobody_to_spare(empty_url, release, phase):
    release(("0097.0", "pre"), ("0098.1", "post"), ("0099.1", "pre"))
    migrate.upgrade(parse_address(empty_url, "the test"), phase=phase)
    assert at(empty_url) == "0099.1"


def test_a_phase_and_a_revision_together_are_refused(url):
    with pytest.raises(InvalidInput, match="give one of them"):
        migrate.upgrade(parse_address(url, "the test"), FIRST, phase="pre")


def test_the_command_takes_a_phase(url, release):
    release(("0098.0", "pre"), ("0099.1", "post"))
    for phase, reached in (("pre", "0098.0"), ("post", "0099.1")):
        called = CliRunner().invoke(app, ["upgrade", "--phase", phase, "--url", url])
        assert called.exit_code == 0, called.output
        assert f"is at revision {reached}" in called.output
    assert CliRunner().invoke(app, ["upgrade", "--phase", "mid", "--url", url]).exit_code == 2


def test_an_id_that_tells_nothing_is_not_trusted(url, postgresql):
    for unknown in ("9999", "abcdef123456", "0000.0", "9999.1", "0099.0 "):
        postgresql.execute("UPDATE hegel_store_version SET version_num = %s", [unknown])
        postgresql.commit()
        with hegel_store.connect(url) as store, pytest.raises(PackageOutdated):
            store.check()


def test_the_era_in_an_id_counts_what_was_taken_away():
    era = 0
    for revision, known in versions.revisions().items():
        era += known.phase == "post"
        assert versions.era(revision) == era
        assert revision <= "0011" or "." in revision
    assert list(versions.revisions()) == sorted(versions.revisions())
