"""Runs of maintenance: two at once, killed, out of time, and with a task that fails."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import hegel_store
from hegel_store.cli import app
from hegel_store.errors import DatabaseUnavailable
from hegel_store.models.maintenance import MaintenanceRules
from hegel_store.operations.maintenance import indexes, maintain
from hegel_store.store import Store
from tests.commands import run
from tests.maintaining import BLOATED, DAY, GIN, bloat, of, statuses
from tests.samples import fact, rows
from tests.servers import wait_until
from tests.victims import Victim, die_at

pytestmark = pytest.mark.usefixtures("no_autovacuum")


def maintain_bloated(url: str) -> None:
    with hegel_store.connect(url) as store:
        maintain(store, BLOATED)


def test_a_killed_rebuilding_leaves_nothing_after_the_next_run(
    store: Store, url: str, by_hand: psycopg.Connection
) -> None:
    """It waits for whoever has an older snapshot, and is killed there: first its client, beside
    which the server goes on, then the server's process."""
    bloat(by_hand)
    building = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND state = 'active'"
    invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
    with psycopg.connect(by_hand.info.dsn) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM hegel_facts")
        victim = Victim(maintain_bloated, url)
        wait_until(lambda: rows(store, invalid) == [(1,)], seconds=60)
        assert maintain(store).is_busy
        victim.kill()
        wait_until(lambda: not maintain(store, MaintenanceRules(reindex_from=2**60)).is_busy)
        ((pid,),) = rows(store, building)
        after = maintain(store, MaintenanceRules(reindex_from=2**60))
        assert of(after, "leftovers").status == "nothing due", "it is being built"
        by_hand.execute("SELECT pg_terminate_backend(%s)", [pid])
        wait_until(lambda: not rows(store, building))
    assert rows(store, invalid) == [(1,)]
    done = maintain(store, BLOATED)
    assert of(done, "leftovers").did[0].startswith(f"dropped {GIN}_ccnew")
    assert len(of(done, "reindex").did) == 1
    assert rows(store, invalid) == [(0,)]
    again = statuses(maintain(store, BLOATED))
    assert (again["leftovers"], again["reindex"]) == ("nothing due", "nothing due")


def test_a_rebuilding_that_takes_too_long_is_broken_off_and_tidied_up(
    store: Store, by_hand: psycopg.Connection, monkeypatch
) -> None:
    """A reader is in its way until the time is up."""
    bloat(by_hand)
    maintain(store)
    monkeypatch.setattr(indexes, "TIDYING_SECONDS", 0.3)
    with psycopg.connect(by_hand.info.dsn) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM hegel_facts")
        stopped = of(maintain(store, BLOATED, seconds=3), "reindex")
    assert stopped.status == "stopped"
    assert of(maintain(store), "leftovers").status == "done"
    assert rows(store, "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == [(0,)]


def purge(url: str, number: int) -> None:
    die_at(number, "before_cursor_execute", words="DELETE FROM hegel_facts")
    with hegel_store.connect(url) as store:
        maintain(store, MaintenanceRules(purge_after=timedelta(0), batch=10))


def test_a_run_that_is_killed_between_batches_is_gone_on_with(
    store: Store, url: str, by_hand: psycopg.Connection
) -> None:
    ids = store.facts.add_many(fact(f"fact {n}") for n in range(60)).ids
    store.facts.forget("news", ids)
    assert Victim(purge, url, 4).outcome() == -9
    assert rows(store, "SELECT count(*) FROM hegel_facts") == [(30,)]
    rules = MaintenanceRules(purge_after=timedelta(0))
    wait_until(lambda: not maintain(store).is_busy)
    assert of(maintain(store, rules), "purge").did == ["30 removed"]
    assert of(maintain(store, rules), "purge").status == "nothing due"


def test_time_is_kept_between_batches_and_in_statements(
    store: Store, by_hand: psycopg.Connection
) -> None:
    past = datetime.now(UTC) - DAY
    store.facts.add_many(fact(f"old {n}", expires_at=past) for n in range(70))
    by_hand.execute("""CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
                       $$ BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$""")
    by_hand.execute(
        "CREATE TRIGGER slow AFTER UPDATE ON hegel_facts"
        " FOR EACH STATEMENT EXECUTE FUNCTION slowly()"
    )
    first = maintain(store, MaintenanceRules(batch=1), seconds=8)
    assert first.seconds < 25, "and not the 28 that all batches would take"
    told = of(first, "expire")
    assert told.status == "stopped"
    ((deleted,),) = rows(store, "SELECT count(*) FROM hegel_facts WHERE deleted_at IS NOT NULL")
    assert 0 < int(str(deleted)) < 70
    assert told.did == [f"{deleted} deleted"]
    assert of(first, "vacuum").status != "failed", "the others had their turn"
    by_hand.execute("DROP TRIGGER slow ON hegel_facts")
    assert of(maintain(store), "expire").did == [f"{70 - int(str(deleted))} deleted"]


def test_a_task_that_fails_keeps_none_from_theirs_and_the_command_says_so(
    store: Store, by_hand: psycopg.Connection, url: str
) -> None:
    store.facts.add_many([fact("old", expires_at=datetime.now(UTC) - DAY)])
    by_hand.execute("""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                       $$ BEGIN RAISE 'not today'; END $$""")
    by_hand.execute(
        "CREATE TRIGGER refusing BEFORE UPDATE ON hegel_facts"
        " FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    done = CliRunner().invoke(app, ["maintain", "--json", "--url", url])
    assert done.exit_code == 1
    told = {task["task"]: task for task in json.loads(done.stdout)["tasks"]}
    assert (told["expire"]["status"], told["months"]["status"]) == ("failed", "done")
    assert "not today" in told["expire"]["why"]
    assert told["reindex"]["status"] == "nothing due"
    by_hand.execute("DROP TRIGGER refusing ON hegel_facts")
    shown = run("maintain", "--url", url)
    assert "1 deleted" in shown


def test_of_two_at_once_one_works_and_the_other_leaves(store: Store, url: str) -> None:
    with store.engine.begin() as other:
        other.execute(text("LOCK TABLE hegel_facts IN ACCESS EXCLUSIVE MODE"))
        reports = []
        first = threading.Thread(target=lambda: reports.append(maintain(store)))
        first.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        wait_until(lambda: rows(store, waiting) != [(0,)])
        with hegel_store.connect(url) as second:
            assert maintain(second).is_busy
        assert run("maintain", "--url", url) == "another process is at it\n"
        assert json.loads(run("maintain", "--json", "--url", url))["is_busy"] is True
        other.rollback()
        first.join()
    assert not reports[0].is_busy
    assert not maintain(store).is_busy


def test_the_lock_holds_nothing_up_and_its_loss_ends_the_run(
    store: Store, by_hand: psycopg.Connection
) -> None:
    """No snapshot, so that VACUUM does not wait; nor does an idle timeout of the role end it."""
    past = datetime.now(UTC) - DAY
    store.facts.add_many(fact(f"old {n}", expires_at=past) for n in range(200))
    by_hand.execute("ALTER ROLE postgres SET idle_in_transaction_session_timeout = '50ms'")
    try:
        store.engine.dispose()
        by_hand.execute("""CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
                           $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$""")
        by_hand.execute(
            "CREATE TRIGGER slow AFTER UPDATE ON hegel_facts"
            " FOR EACH STATEMENT EXECUTE FUNCTION slowly()"
        )
        assert not maintain(store, MaintenanceRules(batch=100)).failed
        by_hand.execute("UPDATE hegel_facts SET deleted_at = NULL")
        errors = []

        def work() -> None:
            try:
                maintain(store, MaintenanceRules(batch=1))
            except DatabaseUnavailable as error:
                errors.append(error)

        at_work = threading.Thread(target=work)
        at_work.start()
        holder = """SELECT backend_xmin, pid FROM pg_locks JOIN pg_stat_activity USING (pid)
                    WHERE locktype = 'advisory' AND granted AND state = 'idle in transaction'"""
        wait_until(lambda: rows(store, holder))
        (snapshot, pid), *_ = rows(store, holder)
        assert snapshot is None
        by_hand.execute("SELECT pg_terminate_backend(%s)", [pid])
        at_work.join()
        assert len(errors) == 1
    finally:
        by_hand.execute("ALTER ROLE postgres RESET idle_in_transaction_session_timeout")
