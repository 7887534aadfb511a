"""Migrators side by side, killed at any statement, and in the way of others."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.errors import DatabaseUnavailable, TransactionConflict
from hegel_store.migrate import running
from hegel_store.models.vectors import DIMENSIONS
from tests.migrations.catalog import catalog
from tests.migrations.traffic import traffic, worst_pause
from tests.servers import wait_until
from tests.victims import Victim, die_at

ROOT = Path(__file__).parents[2]
HEAD = migrate.known_revisions()[-1]


def revision(connection: psycopg.Connection) -> str | None:
    there = connection.execute("SELECT to_regclass('hegel_store_version')").fetchone() != (None,)
    found = there and connection.execute("SELECT version_num FROM hegel_store_version").fetchone()
    connection.rollback()
    return found[0] if found else None


def test_eight_processes_upgrade_at_once_and_each_revision_runs_once(empty_url, empty_postgresql):
    migrators = [
        subprocess.Popen(
            [sys.executable, "-m", "alembic", "upgrade", "head"],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": empty_url},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    output = [migrator.communicate(timeout=240)[1] for migrator in migrators]
    assert [migrator.returncode for migrator in migrators] == [0] * 8, output
    ran = re.findall(r"Running upgrade \S* -> (\S+),", "".join(output))
    assert sorted(ran) == list(migrate.known_revisions())
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


def killed_at(statement: int, url: str, after: str) -> bool:
    """Upgrade in a process that is killed before it sends its n-th statement or COMMIT.

    Whether it was; or else it came to its end. ``after`` is in the statement after which it counts.
    """
    outcome = Victim(_upgrade, url, statement, after).outcome()
    assert outcome in (0, -9), f"the migrator failed: {outcome}"
    return outcome != 0


def _upgrade(url: str, killed_at: int, after: str) -> None:
    die_at(killed_at, "before_cursor_execute", "commit", after=after)
    migrate.upgrade(parse_address(url, "the test"))


BUILT_ONLINE = {
    "idx_hegel_facts_metadata",
    "idx_hegel_embedding_spaces_state",
    "idx_hegel_training_steps_run",
    "idx_hegel_step_rollup_day",
    "idx_hegel_step_rollup_profile",
    "idx_hegel_profile_populations_cell",
    "idx_hegel_profile_populations_sample",
    *(f"idx_hegel_facts_embedding_{size}_next" for size in DIMENSIONS),
}


def is_built_online(entry: str) -> bool:
    """An index that is made before its revision is marked as applied, outside of transactions."""
    return entry.split("\n")[0].removeprefix("index ") in BUILT_ONLINE


@pytest.mark.timeout(900)  # hundreds of processes, on a machine that may be slow
def test_a_migrator_killed_at_any_statement_can_be_run_again(
    empty_url, empty_postgresql, postgresql
):
    at_revision: dict[str | None, list[str]] = {}
    kills, statement, reached, after = 0, 0, None, ""
    while killed_at(statement := statement + 1, empty_url, after):
        kills += 1
        now_at = revision(empty_postgresql)
        found = [entry for entry in catalog(empty_postgresql) if not is_built_online(entry)]
        if now_at is not None:
            assert found == at_revision.setdefault(now_at, found), f"a part of more than {now_at}"
        if now_at != reached:
            # The next run begins there; how it finds that out has been broken off already.
            statement, reached, after = 0, now_at, "hegel_store_version.version_num"
    assert kills > 200
    assert list(at_revision) == list(migrate.known_revisions())
    assert catalog(empty_postgresql) == catalog(postgresql)


def test_a_migrator_whose_session_is_ended_can_be_run_again(empty_url, empty_postgresql):
    address = parse_address(empty_url, "the test")
    ended = threading.Event()

    def end() -> None:
        with psycopg.connect(empty_url, autocommit=True) as other:
            while not ended.is_set():
                if other.execute(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE application_name = 'hegel_store migrate'
                      AND datname = current_database() AND query LIKE '%CREATE TABLE%'
                    """
                ).fetchall():
                    ended.set()

    ending = threading.Thread(target=end, daemon=True)
    ending.start()
    with pytest.raises(DatabaseUnavailable):
        migrate.upgrade(address)
    ending.join(timeout=30)
    migrate.upgrade(address)
    assert revision(empty_postgresql) == HEAD


def test_a_held_lock_makes_the_migration_step_back_and_nobody_queues_behind_it(
    url, postgresql, caplog
):
    """The populations' key to the profiles needs a lock that an open transaction keeps it from."""
    address = parse_address(url, "the test")
    migrate.downgrade(address, "0006")

    def retries() -> list[logging.LogRecord]:
        return [record for record in caplog.records if "trying again" in record.message]

    with traffic(url) as seen:
        postgresql.execute(
            "INSERT INTO hegel_prompt_profiles (corpus_id, source) VALUES ('a', '{}')"
        )
        begin = time.monotonic()
        upgrading = threading.Thread(target=migrate.upgrade, args=[address])
        upgrading.start()
        wait_until(lambda: len(retries()) >= 2)
        postgresql.rollback()
        upgrading.join()
        end = time.monotonic()
        time.sleep(0.2)
    assert revision(postgresql) == HEAD
    assert all("after 0006: " in record.message for record in retries())
    between = [call for call in seen.writes if begin < call.due and call.done < end and call.stored]
    assert len(between) > 50, "writers got through between the attempts"
    assert worst_pause(seen.writes, begin, end) < end - begin - 1.0
    assert worst_pause(seen.reads, begin, end) < 2.0, "a reader needs no lock that conflicts"


def test_a_lock_that_is_never_let_go_is_given_up_on(url, postgresql, monkeypatch, caplog):
    monkeypatch.setattr(running, "ATTEMPTS", 2)
    monkeypatch.setattr(running, "TIMEOUTS", ("SET lock_timeout = '100ms'",))
    address = parse_address(url, "the test")
    migrate.downgrade(address, "0010")  # later ones drop indexes, and wait for that
    postgresql.execute("SELECT FROM hegel_embedding_spaces")  # ACCESS SHARE until the end
    caplog.clear()
    with pytest.raises(TransactionConflict, match="lock timeout"):
        migrate.downgrade(address, "0009")
    assert sum("trying again" in record.message for record in caplog.records) == 1
    assert revision(postgresql) == "0010"
    migrate.downgrade(address, "0010")  # and the connection left nothing locked


def test_each_place_that_is_reached_has_its_own_attempts(url, postgresql, monkeypatch):
    """A long line of revisions may meet a lock each, and an application's own as well."""
    monkeypatch.setattr(running, "ATTEMPTS", 2)
    postgresql.execute("LOCK TABLE hegel_facts")
    places = []

    def run() -> None:
        places.append(len(places))
        if len(places) in (1, 3, 5):  # once at each of three places
            with migrating.begin():
                migrating.exec_driver_sql("LOCK TABLE hegel_facts NOWAIT")

    with migrate.connection_to(parse_address(url, "the test")) as migrating:
        with pytest.raises(OperationalError):
            running.apply(migrating, lambda: [run() for _ in range(2)], lambda _: 0)
        places.clear()
        running.apply(migrating, lambda: [run() for _ in range(2)], lambda _: len(places))
    assert len(places) == 7


def test_only_a_lock_or_a_deadlock_is_tried_again(url, postgresql, caplog, monkeypatch):
    monkeypatch.setattr(running, "TIMEOUTS", ("SET statement_timeout = '1ms'",))
    postgresql.execute("INSERT INTO hegel_facts (corpus_id, content) VALUES ('a', 'b')")
    postgresql.commit()
    address = parse_address(url, "the test")
    with pytest.raises(Exception, match="statement timeout"):
        migrate.downgrade(address, "base")
    assert not [record for record in caplog.records if "trying again" in record.message]
