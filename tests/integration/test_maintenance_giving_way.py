"""Maintenance and the building of indexes give way to evaluations that begin in their middle."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import event

import hegel_store
from hegel_store.models.maintenance import MaintenanceReport, MaintenanceRules
from hegel_store.operations import vector_indexes
from hegel_store.operations.maintenance import TASKS, maintain
from hegel_store.store import Store
from tests.clusters import INDEX, clustered, load
from tests.commands import run
from tests.maintaining import BLOATED, DAY, GIN, bloat, of, statuses
from tests.samples import fact, rows
from tests.servers import wait_until

pytestmark = pytest.mark.usefixtures("no_autovacuum")

NO_HURRY = 60.0
"""Seconds, of which a run that does not wait takes a few."""


@pytest.fixture
def stopping(url: str) -> Iterator[Store]:
    with hegel_store.connect(url, while_evaluating="stop") as store:
        yield store


@contextmanager
def evaluated_after(store: Store, url: str, words: str) -> Iterator[ExitStack]:
    """An evaluation begins when the store has sent a statement with these words, and ends with the
    block, or when what it yields is closed."""
    with hegel_store.connect(url) as other, ExitStack() as evaluation:

        def begin(connection, cursor, statement, parameters, context, executemany) -> None:
            if words in statement and not begun:
                begun.append(True)
                evaluation.enter_context(other.evaluating())

        begun: list[bool] = []
        event.listen(store.engine, "after_cursor_execute", begin)
        yield evaluation
        event.remove(store.engine, "after_cursor_execute", begin)
        assert begun


def expire(store: Store, count: int) -> None:
    past = datetime.now(UTC) - DAY
    store.facts.add_many(fact(f"old {n}", expires_at=past) for n in range(count))


def deleted(store: Store) -> int:
    ((count,),) = rows(store, "SELECT count(*) FROM hegel_facts WHERE deleted_at IS NOT NULL")
    return int(str(count))


def test_a_run_that_waits_in_vain_ends_in_its_time_and_puts_everything_off(
    store: Store, stopping: Store, url: str
) -> None:
    expire(store, 3)
    with store.evaluating():
        report = maintain(stopping, seconds=1.0)
        assert set(statuses(report)) == set(TASKS)
        assert set(statuses(report).values()) == {"put off"}
        assert {task.why for task in report.tasks} == {
            "its time was up before it began; an evaluation runs"
        }
        assert 1.0 <= report.seconds < NO_HURRY
        assert not report.failed
        assert deleted(store) == 0
        dry = maintain(stopping, seconds=0.1, dry_run=True)
        assert set(statuses(dry).values()) == {"put off"}
        assert not maintain(store).failed, "one that is to go on does"
    assert deleted(store) == 3


def test_the_command_puts_off_by_the_environment_and_exits_well(
    store: Store, url: str, monkeypatch
) -> None:
    monkeypatch.setenv("HEGEL_WHILE_EVALUATING", "stop")
    expire(store, 3)
    asked = ("maintain", "--json", "--seconds", "0.5", "--url", url)
    with store.evaluating():
        told = json.loads(run(*asked))
    assert {task["status"] for task in told["tasks"]} == {"put off"}
    told = json.loads(run(*asked[:2], *asked[4:]))
    assert "put off" not in {task["status"] for task in told["tasks"]}
    assert deleted(store) == 3


def of_the_middle(report: MaintenanceReport, name: str) -> tuple[str, list[str]]:
    """What a task says that was put off, after those before it were not, as all after it were."""
    names = list(TASKS)
    found = [statuses(report)[each] == "put off" for each in names]
    place = names.index(name)
    assert found == [False] * place + [True] * (len(names) - place)
    task = of(report, name)
    return task.why, list(task.did)


def test_an_evaluation_that_begins_is_seen_after_the_batch(
    store: Store, stopping: Store, url: str
) -> None:
    expire(store, 50)
    with evaluated_after(stopping, url, "UPDATE hegel_facts"):
        report = maintain(stopping, MaintenanceRules(batch=10), seconds=4.0)
    assert of_the_middle(report, "expire") == (
        "50 expired facts; an evaluation runs",
        ["10 deleted"],
    )
    assert report.seconds < NO_HURRY
    assert of(maintain(stopping), "expire").did == ["40 deleted"]


def test_an_evaluation_that_ends_in_time_is_waited_for(
    store: Store, stopping: Store, url: str
) -> None:
    expire(store, 30)
    reports: list[MaintenanceReport] = []
    with evaluated_after(stopping, url, "UPDATE hegel_facts") as evaluation:
        work = threading.Thread(
            target=lambda: reports.append(maintain(stopping, MaintenanceRules(batch=10)))
        )
        work.start()
        wait_until(lambda: deleted(store) == 10)
        work.join(0.5)
        assert work.is_alive()
        assert deleted(store) == 10
        evaluation.close()
        work.join(NO_HURRY)
    assert of(reports[0], "expire").did == ["30 deleted"]
    assert "put off" not in statuses(reports[0]).values()


def test_no_other_table_is_vacuumed_after_the_one_in_work(
    store: Store, stopping: Store, url: str, by_hand: psycopg.Connection
) -> None:
    expire(store, 600)
    by_hand.execute(
        "INSERT INTO hegel_labels (corpus_id, name)"
        " SELECT 'news', 'label ' || n FROM generate_series(1, 400) AS n"
    )
    by_hand.execute("SELECT pg_stat_force_next_flush()")
    with evaluated_after(stopping, url, "VACUUM ("):
        report = maintain(stopping, seconds=5.0)
    why, did = of_the_middle(report, "vacuum")
    assert why == "2 tables are due so far, the last one not done; an evaluation runs"
    (told,) = did
    assert "hegel_facts" in told
    (told,) = of(maintain(stopping), "vacuum").did
    assert "hegel_labels" in told


def test_no_index_is_rebuilt_once_an_evaluation_runs(
    store: Store, stopping: Store, url: str, by_hand: psycopg.Connection
) -> None:
    bloat(by_hand)
    (before,) = rows(store, f"SELECT pg_relation_filenode('{GIN}')")
    maintain(stopping)
    with evaluated_after(stopping, url, "CREATE INDEX hegel_sample_index"):
        report = maintain(stopping, BLOATED, seconds=3.0)
    assert of_the_middle(report, "reindex")[0].startswith("1 indexes are bloated so far")
    assert rows(store, f"SELECT pg_relation_filenode('{GIN}')") == [before]
    assert len(of(maintain(stopping, BLOATED), "reindex").did) == 1
    assert rows(store, f"SELECT pg_relation_filenode('{GIN}')") != [before]


def test_slow_maintenance_rests_between_batches_and_ends_in_its_time(
    store: Store, url: str, by_hand: psycopg.Connection
) -> None:
    """A batch takes a fifth of a second, so that it is followed by a rest of two."""
    expire(store, 40)
    by_hand.execute("""CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
                       $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$""")
    by_hand.execute(
        "CREATE TRIGGER slow AFTER UPDATE ON hegel_facts"
        " FOR EACH STATEMENT EXECUTE FUNCTION slowly()"
    )
    with hegel_store.connect(url, while_evaluating="slow") as slow, store.evaluating():
        report = maintain(slow, MaintenanceRules(batch=1), seconds=9.0)
    assert of(report, "expire").status == "put off"
    assert 1 <= deleted(store) <= 4, "without a rest it would be twenty"
    assert report.seconds < NO_HURRY


def test_a_new_index_is_not_measured_while_an_evaluation_runs(
    store: Store, stopping: Store, url: str
) -> None:
    load(store, clustered(100, seed=1))
    options = {"m": 8, "recall": 0.0, "latency_ratio": 1000.0, "sample": 2}
    done: list[bool] = []
    with evaluated_after(stopping, url, "CREATE INDEX CONCURRENTLY") as evaluation:
        work = threading.Thread(
            target=lambda: done.append(
                vector_indexes.rebuild(stopping.engine, INDEX, **options).swapped
            )
        )
        work.start()
        wait_until(lambda: store.is_evaluated)
        work.join(0.7)
        assert work.is_alive(), "built, and not looked at"
        evaluation.close()
        work.join(NO_HURRY)
    assert done == [True]
