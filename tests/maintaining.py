"""What tests of maintenance share: bloated tables, and asking for one task."""

from __future__ import annotations

from datetime import timedelta

import psycopg

from hegel_store.models.maintenance import MaintenanceReport, MaintenanceRules, TaskReport
from hegel_store.operations.maintenance import maintain
from hegel_store.store import Store

DAY = timedelta(days=1)
EAGER = MaintenanceRules(
    purge_after=30 * DAY, queries_after=30 * DAY, vectors_after=30 * DAY, reindex_from=0
)
HNSW, GIN = "idx_hegel_facts_embedding_384", "idx_hegel_facts_content_fts"
BLOATED = MaintenanceRules(reindex_from=2**20)


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
