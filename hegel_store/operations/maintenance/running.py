"""A run of maintenance: all tasks, one after the other, in the time that is given."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from hegel_store.archive.source import Source
from hegel_store.errors import HegelStoreError, InvalidInput, StatementTimeout
from hegel_store.giving_way import PutOff
from hegel_store.models.checks import check_number
from hegel_store.models.maintenance import MaintenanceReport, MaintenanceRules, TaskReport
from hegel_store.observing import tell
from hegel_store.observing.happenings import MaintenanceTask
from hegel_store.operations.maintenance import batches, indexes, tables
from hegel_store.operations.maintenance.work import Found, TimeIsUp, Work, only_maintainer

logger = logging.getLogger("hegel_store.maintenance")

TASKS: dict[str, Callable[[Work], Found]] = {
    "months": batches.make_months,
    "leftovers": indexes.drop_leftovers,
    "expire": batches.expire_facts,
    "purge": batches.purge_facts,
    "claims": batches.give_back_claims,
    "queries": batches.forget_queries,
    "vectors": batches.trim_vectors,
    "writes": batches.fold_writes,
    "roll-up": batches.roll_up,
    "archive": batches.archive_months,
    "usefulness": batches.refresh_usefulness,
    "vacuum": tables.vacuum,
    "words": batches.count_words,
    "reindex": indexes.reindex,
}
"""In this order: what is quick and what writers wait for first; what changes rows before what
tidies up after that."""


def maintain(
    source: Source,
    rules: MaintenanceRules | None = None,
    *,
    seconds: float = 600.0,
    dry_run: bool = False,
) -> MaintenanceReport:
    """Do what is due in a database, for about ``seconds`` at most; ``source`` is a store.

    One process does at a time: any other one reports that it is busy, and returns. Each task may
    use half of the time that is left, and the last one all of it, so that none keeps the others
    from their turn; it stops between two batches, and a statement that is running then is broken
    off. The next run goes on where one stopped or was killed. A task that fails does not keep the
    others from theirs. ``dry_run`` changes nothing, and says what is due.

    It gives way to evaluations between two batches and before each task, table and index, as the
    store's ``while_evaluating`` says, and within its time: what that left no time for is put off.

    Raises InvalidInput, and DatabaseError where the database is not there or not migrated, or the
    connection that holds the lock broke.
    """
    if check_number("seconds", seconds) <= 0:
        raise InvalidInput("seconds", "must be more than 0")
    began = time.monotonic()
    reports: list[TaskReport] = []
    with only_maintainer(source, rules or MaintenanceRules(), dry_run, began + seconds) as work:
        if work is None:
            return MaintenanceReport(tasks=(), is_busy=True, seconds=time.monotonic() - began)
        for place, (name, task) in enumerate(TASKS.items()):
            is_last = place == len(TASKS) - 1
            started = time.monotonic()
            found = _done(work, task, 1.0 if is_last else 0.5)
            took = time.monotonic() - started
            logger.info("%s: %s, %s", name, found.status, found.why)
            tell(
                MaintenanceTask(
                    task=name, status=found.status, why=found.why, total_time_ms=took * 1000
                )
            )
            reports.append(
                TaskReport(
                    task=name, status=found.status, why=found.why, did=found.did, seconds=took
                )
            )
    return MaintenanceReport(tasks=reports, is_busy=False, seconds=time.monotonic() - began)


def _done(work: Work, task: Callable[[Work], Found], share: float) -> Found:
    late = "its time was up before it began"
    try:
        work.begin(share)
    except (PutOff, TimeIsUp) as end:
        return Found.so_far(end, late)
    try:
        return task(work)
    except TimeIsUp:
        return Found("stopped", late)
    except StatementTimeout as error:
        return Found("stopped", f"its time was up: {error}")
    except HegelStoreError as error:
        logger.warning("%s", error)
        return Found("failed", str(error))
