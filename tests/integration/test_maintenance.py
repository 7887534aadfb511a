"""Maintenance: each task is done when it is due, and not again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import hegel_store
from hegel_store.cli import app
from hegel_store.embeddings.vector_cache import Space, key_of
from hegel_store.errors import DatabaseUnavailable, InvalidInput, NotFound
from hegel_store.models.maintenance import MaintenanceReport, MaintenanceRules, TaskReport
from hegel_store.operations.maintenance import TASKS, indexes, maintain
from hegel_store.repositories import PostgresCache
from hegel_store.repositories.query_log import QueryLog
from hegel_store.store import Store
from tests.clusters import clustered, load
from tests.commands import run
from tests.samples import Steps, fact, rows
from tests.servers import wait_until
from tests.victims import Victim, die_at

DAY = timedelta(days=1)
EAGER = MaintenanceRules(
    purge_after=30 * DAY, queries_after=30 * DAY, vectors_after=30 * DAY, reindex_from=0
)


@pytest.fixture(autouse=True)
def _no_autovacuum(postgresql: psycopg.Connection) -> None:
    """It would come before the test looks."""
    tables = postgresql.execute(
        "SELECT relname FROM pg_class WHERE relname LIKE 'hegel%' AND relkind = 'r'"
    )
    for (name,) in tables.fetchall():
        postgresql.execute(f"ALTER TABLE {name} SET (autovacuum_enabled = off)")
    postgresql.commit()


@pytest.fixture
def by_hand(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def of(report: MaintenanceReport, name: str) -> TaskReport:
    return next(task for task in report.tasks if task.task == name)


def statuses(report: MaintenanceReport) -> dict[str, str]:
    return {task.task: task.status for task in report.tasks}


def require_due_once(
    store: Store, name: str, rules: MaintenanceRules = EAGER
) -> tuple[TaskReport, TaskReport]:
    """Due in a dry run, done, and then nothing due; what was done, and why nothing is."""
    dry = of(maintain(store, rules, dry_run=True), name)
    assert dry.status == "due", dry
    done = of(maintain(store, rules), name)
    assert done.status == "done", done
    assert done.did
    again = of(maintain(store, rules), name)
    assert again.status == "nothing due", again
    assert again.why
    assert not again.did
    return done, again


def test_nothing_is_due_twice_and_each_task_says_why(store: Store) -> None:
    maintain(store)
    report = maintain(store)
    assert list(statuses(report)) == list(TASKS)
    assert set(statuses(report).values()) == {"nothing due"}
    assert all(task.why for task in report.tasks)
    assert not report.failed


def test_months_are_made_before_they_begin(store: Store) -> None:
    def months() -> int:
        query = (
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'hegel_training_steps'::regclass"
        )
        ((count,),) = rows(store, query)
        return int(str(count))

    done, _ = require_due_once(store, "months")
    assert len(done.did) == months() == 3
    maintain(store, MaintenanceRules(months_ahead=11))
    assert months() == 12


def test_expired_facts_are_deleted_in_batches_and_may_be_added_anew(store: Store) -> None:
    past, future = datetime.now(UTC) - DAY, datetime.now(UTC) + DAY
    store.facts.add_many(fact(f"old {n}", expires_at=past) for n in range(7))
    store.facts.add_many([fact("lasts", expires_at=future), fact("stays")])
    rules = MaintenanceRules(batch=3)
    done, _ = require_due_once(store, "expire", rules)
    assert done.did == ["7 deleted"]
    live = rows(store, "SELECT content FROM hegel_facts WHERE deleted_at IS NULL ORDER BY content")
    assert live == [("lasts",), ("stays",)]
    assert rows(store, "SELECT count(*) FROM hegel_facts") == [(9,)]
    assert store.facts.add_many([fact("old 1")]).added == 1


def test_deleted_facts_are_removed_for_good_when_they_are_told_to(
    store: Store, by_hand: psycopg.Connection
) -> None:
    ids = store.facts.add_many(fact(f"fact {n}") for n in range(9)).ids
    store.facts.forget("news", ids[:6])
    by_hand.execute(
        "UPDATE hegel_facts SET deleted_at = now() - interval '31 days'"
        " WHERE deleted_at IS NOT NULL AND content <> 'fact 5'"
    )
    assert of(maintain(store), "purge").status == "nothing due"
    rules = MaintenanceRules(purge_after=30 * DAY, batch=2)
    done, _ = require_due_once(store, "purge", rules)
    assert done.did == ["5 removed"]
    assert rows(store, "SELECT count(*) FROM hegel_facts") == [(4,)]
    with pytest.raises(NotFound):
        store.facts.get("news", ids[0])


def test_claims_of_dead_workers_are_given_back_with_what_was_paid(
    store: Store, by_hand: psycopg.Connection
) -> None:
    start = {"optimiser": "gepa", "objectives": {"accuracy": "maximize"}}
    store.runs.start("news", "qa", "run", budget=10, **start)
    wanted = [({"worker": {}}, f"example {n}") for n in range(4)]
    for run_id, pairs in (("run", wanted[:3]), (None, wanted[3:])):
        store.scores.claim("news", pairs, split="train", run_id=run_id)
    late = "UPDATE hegel_evaluations SET leased_until = now() - interval '2 hours'"
    by_hand.execute(f"{late} WHERE example_id <> 'example 0'")
    done, _ = require_due_once(store, "claims", MaintenanceRules(batch=2))
    assert done.did == ["3 claims given back"]
    assert rows(store, "SELECT evaluations_spent FROM hegel_runs") == [(1,)]
    state = "SELECT state, charged, count(*) FROM hegel_evaluations GROUP BY 1, 2 ORDER BY 1"
    assert rows(store, state) == [("claimed", True, 1), ("released", False, 3)]
    again = store.scores.claim("news", wanted, split="train", run_id="run")
    assert len(again.granted) == 3


def test_queries_and_vectors_that_nobody_asks_for_are_forgotten(
    store: Store, by_hand: psycopg.Connection
) -> None:
    log = QueryLog(store._database.autocommit)
    log.note("news", ["old one", "new one"])
    log.close()
    space = Space("model", 4, "")
    cache = PostgresCache(store.engine)
    vector = np.ones(4, dtype=np.float32) / 2
    cache.put_many({key_of(space, str(n)): vector for n in range(10)})
    by_hand.execute(
        "UPDATE hegel_query_counts SET last_asked_at = now() - interval '31 days'"
        " WHERE query = 'old one'"
    )
    by_hand.execute(
        "UPDATE hegel_embedding_cache SET last_used_at = now() - interval '31 days'"
        " WHERE ctid IN (SELECT ctid FROM hegel_embedding_cache LIMIT 4)"
    )
    dry = maintain(store, EAGER, dry_run=True)
    assert (of(dry, "queries").status, of(dry, "vectors").status) == ("due", "due")
    done = maintain(store, EAGER)
    assert of(done, "queries").did == ["1 queries forgotten"]
    assert of(done, "vectors").did == ["4 vectors forgotten"]
    assert rows(store, "SELECT query FROM hegel_query_counts") == [("new one",)]
    fewer = MaintenanceRules(vectors=3, batch=2)
    assert of(maintain(store, fewer), "vectors").did == ["3 vectors forgotten"]
    again = statuses(maintain(store, fewer))
    assert (again["queries"], again["vectors"]) == ("nothing due", "nothing due")
    assert cache.statistics.entries == 3


def test_counted_writes_fold_to_the_same_sum(store: Store, by_hand: psycopg.Connection) -> None:
    by_hand.execute(
        "INSERT INTO hegel_corpus_writes (corpus_id, writes)"
        " SELECT 'c' || n % 2, n FROM generate_series(1, 20) AS n"
    )
    sums = "SELECT corpus_id, sum(writes) FROM hegel_corpus_writes GROUP BY 1 ORDER BY 1"
    before = rows(store, sums)
    with psycopg.connect(by_hand.info.dsn) as writer:  # counts just now, and is not waited for
        writer.execute("UPDATE hegel_corpus_writes SET writes = writes + 1 WHERE writes = 1")
        assert of(maintain(store), "writes").did == ["17 rows folded"]
        writer.rollback()
    done, _ = require_due_once(store, "writes")
    assert done.did == ["1 rows folded"]
    assert rows(store, sums) == before
    assert len(before) == 2


def test_rewards_are_rolled_up(store: Store) -> None:
    new = Steps(store)
    for reward in (0.0, 1.0, 0.5):
        store.steps.log(new(reward=reward))
    done, _ = require_due_once(store, "roll-up")
    assert done.did == ["3 rows folded"]
    assert rows(store, "SELECT steps, reward_sum FROM hegel_step_rollup") == [(3, 1.5)]


def test_old_months_are_archived_where_a_folder_is_given(store: Store, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the `parquet` extra is not installed")
    new = Steps(store)
    store.steps.log(new(created_at=datetime(2024, 1, 5, tzinfo=UTC), reward=1.0))
    assert of(maintain(store), "archive").status == "nothing due"
    rules = MaintenanceRules(archive_after=3, archive_to=tmp_path)
    done, _ = require_due_once(store, "archive", rules)
    assert "2024-01: 1 steps in" in done.did[0]
    assert len(list(tmp_path.glob("*.parquet"))) == 1


def test_usefulness_is_counted_while_it_is_cheap(store: Store, monkeypatch) -> None:
    new = Steps(store)
    store.facts.add_many([fact("hedgehogs sleep"), fact("owls do not")])
    for query, reward in (("hedgehogs", 1.0), ("owls", 0.0)):
        found = store.facts.search(query, corpus_id="news", mode="text")
        step = store.steps.log(new(reward=reward))
        store.retrievals.log_many([(step, found)])
    done, _ = require_due_once(store, "usefulness")
    assert done.did == ["2 facts counted"]
    monkeypatch.setattr("hegel_store.operations.maintenance.batches.CHEAP_BYTES", 0)
    assert "refresh-usefulness" in of(maintain(store), "usefulness").why


def test_tables_are_vacuumed_and_analysed_after_a_load_and_after_changes(
    store: Store, by_hand: psycopg.Connection
) -> None:
    maintain(store)
    by_hand.execute(
        "INSERT INTO hegel_facts (corpus_id, content)"
        " SELECT 'c', 'fact ' || n FROM generate_series(1, 3000) AS n"
    )
    by_hand.execute("SELECT pg_stat_force_next_flush()")
    done = maintain(store)
    (told,) = of(done, "vacuum").did
    assert told.startswith("VACUUM and ANALYZE hegel_facts: 3,000 new rows, 3,000 changed rows")
    assert of(done, "words").status == "done", "ranking reads how many facts have a word"
    again = maintain(store)
    assert {of(again, name).status for name in ("vacuum", "words")} == {"nothing due"}
    assert rows(store, "SELECT reltuples FROM pg_class WHERE relname = 'hegel_facts'") == [(3000,)]
    by_hand.execute("UPDATE hegel_facts SET confidence = 0.5 WHERE content LIKE '%1%'")
    by_hand.execute("SELECT pg_stat_force_next_flush()")
    done, _ = require_due_once(store, "vacuum")
    assert "dead rows" in done.did[0]


def test_a_partitioned_table_which_nobody_else_analyses_is(
    store: Store, by_hand: psycopg.Connection
) -> None:
    new = Steps(store)
    store.steps.log_many([new(query=f"query {n}") for n in range(400)])
    rows(store, "SELECT pg_stat_force_next_flush()")
    done, _ = require_due_once(store, "vacuum")
    assert any(told.startswith("ANALYZE hegel_training_steps:") for told in done.did)
    query = "SELECT reltuples FROM pg_class WHERE relname = 'hegel_training_steps'"
    assert rows(store, query) == [(400,)]


def test_a_table_that_is_locked_is_left_and_told_of(
    store: Store, by_hand: psycopg.Connection
) -> None:
    by_hand.execute(
        "INSERT INTO hegel_facts (corpus_id, content)"
        " SELECT 'c', 'fact ' || n FROM generate_series(1, 2000) AS n"
    )
    by_hand.execute("SELECT pg_stat_force_next_flush()")
    with psycopg.connect(by_hand.info.dsn) as other:
        other.execute("LOCK TABLE hegel_facts IN SHARE UPDATE EXCLUSIVE MODE")
        told = of(maintain(store), "vacuum")
    assert told.did == ["left hegel_facts, which is locked: 2,000 new rows, 2,000 changed rows"]
    assert of(maintain(store), "vacuum").did[0].startswith("VACUUM and ANALYZE hegel_facts")


HNSW, GIN = "idx_hegel_facts_embedding_384", "idx_hegel_facts_content_fts"
BLOATED = MaintenanceRules(reindex_from=2**20)


def bloat(by_hand: psycopg.Connection) -> None:
    """Most facts are removed; the indexes stay as large as they were."""
    by_hand.execute(
        """INSERT INTO hegel_facts (corpus_id, content)
           SELECT 'words', string_agg(md5(fact * 100 + word || ''), ' ')
           FROM generate_series(1, 800) AS fact, generate_series(1, 60) AS word
           GROUP BY fact"""
    )
    by_hand.execute("DELETE FROM hegel_facts WHERE hashtext(content) % 5 <> 0")
    by_hand.execute("VACUUM ANALYZE hegel_facts")


def test_bloated_vector_and_word_indexes_are_rebuilt_once(
    store: Store, by_hand: psycopg.Connection, report
) -> None:
    load(store, clustered(1500, seed=1))
    bloat(by_hand)
    done, again = require_due_once(store, "reindex", BLOATED)
    assert {told.partition(":")[0] for told in done.did} == {HNSW, GIN}
    for told in done.did:
        report(f"reindex {told}")
        before, fresh, now = (
            float(word) for word in told.replace(",", "").split() if word.replace(".", "").isdigit()
        )
        assert before > 2 * now
        # The sample is of all rows here: what is foretold is what comes.
        assert now == pytest.approx(fresh, rel=0.15, abs=0.1)
    assert "2 times" in again.why


def test_a_part_of_the_rows_foretells_the_size_or_too_much_of_it(
    store: Store, by_hand: psycopg.Connection, monkeypatch, report
) -> None:
    """For GIN too much, so that none is rebuilt in vain."""
    by_hand.execute(
        """INSERT INTO hegel_facts (corpus_id, content, embedding_384)
           SELECT 'c',
               fact || (SELECT string_agg(' word' || (fact * 31 + place * place) % 2000, '')
                        FROM generate_series(1, 60) AS place),
               CAST((SELECT array_agg(CAST(sin(fact * place) AS real))
                     FROM generate_series(1, 384) AS place) AS halfvec(384))
           FROM generate_series(1, 1000) AS fact"""
    )
    for name in (HNSW, GIN):
        by_hand.execute(f"REINDEX INDEX {name}")
    by_hand.execute("ANALYZE hegel_facts")
    monkeypatch.setattr(indexes, "SAMPLE", {"gin": 250, "hnsw": 250})
    foretold = {}
    with store.engine.connect() as connection:
        for row in connection.execute(indexes.LARGE, {"least": 200_000}).all():
            foretold[row.name] = indexes.fresh_size(connection, row) / row.bytes
            connection.rollback()
    report(f"foretold from a quarter of the rows, against what is there: {foretold}")
    assert set(foretold) == {HNSW, GIN}
    assert foretold[HNSW] == pytest.approx(1, abs=0.2)
    assert 0.95 < foretold[GIN] < 3


def test_a_role_that_owns_nothing_is_told_what_it_may_not(
    store: Store, by_hand: psycopg.Connection, url: str
) -> None:
    by_hand.execute(
        "INSERT INTO hegel_facts (corpus_id, content)"
        " SELECT 'c', 'fact ' || n FROM generate_series(1, 2000) AS n"
    )
    by_hand.execute("SELECT pg_stat_force_next_flush()")
    by_hand.execute("CREATE ROLE hegel_clerk LOGIN")
    try:
        by_hand.execute(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO hegel_clerk"
        )
        with hegel_store.connect(url.replace("postgres@", "hegel_clerk@")) as clerk:
            told = of(maintain(clerk), "vacuum")
    finally:
        by_hand.execute("DROP OWNED BY hegel_clerk")
        by_hand.execute("DROP ROLE hegel_clerk")
    assert told.status == "failed"
    assert "only their owner may vacuum hegel_facts" in told.why


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


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"months_ahead": 12}, "months_ahead"),
        ({"purge_after": 3}, "purge_after"),
        ({"purge_after": -DAY}, "purge_after"),
        ({"leases_after": None}, "leases_after"),
        ({"archive_after": 3}, "archive_to"),
        ({"archive_to": Path()}, "archive_to"),
        ({"vectors": -1}, "vectors"),
        ({"reindex_ratio": 1.0}, "reindex_ratio"),
        ({"batch": 0}, "batch"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused_by_name(values, field) -> None:
    with pytest.raises(InvalidInput) as caught:
        MaintenanceRules(**values)
    assert caught.value.field == field


def test_no_time_at_all_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput, match="seconds"):
        maintain(store, seconds=0)
