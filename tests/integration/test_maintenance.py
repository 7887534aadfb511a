"""Maintenance of rows: each task is done when it is due, and not again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psycopg
import pytest

from hegel_store.embeddings.vector_cache import Space, key_of
from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models.maintenance import MaintenanceRules
from hegel_store.operations.maintenance import TASKS, maintain
from hegel_store.repositories import PostgresCache
from hegel_store.repositories.query_log import QueryLog
from hegel_store.store import Store
from tests.maintaining import DAY, EAGER, of, require_due_once, statuses
from tests.samples import Steps, fact, rows

pytestmark = pytest.mark.usefixtures("no_autovacuum")


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
