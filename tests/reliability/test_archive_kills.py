"""Archiving is killed at every statement, and disturbs nobody while it waits."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.archive import archive_month, import_steps, months_older_than, read_archive
from hegel_store.errors import DatabaseError, TransactionConflict
from hegel_store.store import Store
from tests.samples import Steps, rows
from tests.victims import Victim, die_at

pytest.importorskip("pyarrow", reason="the `parquet` extra is not installed")

STEPS = 7
FIRST = datetime(2010, 1, 10, tzinfo=UTC)
HELD = 8.0


def archive_and_die(url: str, month: datetime, folder: Path, killed_at: int, moment: str) -> None:
    with hegel_store.connect(url) as store:
        die_at(killed_at, moment)
        archive_month(store, month, folder)


def following(month: datetime) -> datetime:
    return (month.replace(day=1) + timedelta(days=40)).replace(day=10)


def in_files(folder: Path) -> set[UUID]:
    return {step.id for path in folder.glob("*.parquet") for step in read_archive(path)}


def in_tables(store: Store) -> set[UUID]:
    """Steps in the log, and in months that were detached and not dropped."""
    found = {made for (made,) in rows(store, "SELECT id FROM hegel_training_steps")}
    for month in months_older_than(store, 0):
        found |= {made for (made,) in rows(store, f"SELECT id FROM {month.name}")}
    return found


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before_cursor_execute", "after_cursor_execute", "commit"])
def test_killed_at_any_statement_it_loses_nothing_and_is_finished_by_the_next_run(
    store: Store, url: str, tmp_path: Path, report: Callable[[str], None], moment: str
) -> None:
    """Each kill has a month of its own, to which a step comes between the kill and the next run
    wherever the log still takes it."""
    new = Steps(store)
    month, killed_at, seen = FIRST, 0, set()
    while True:
        killed_at += 1
        folder = tmp_path / f"{killed_at}"
        folder.mkdir()
        steps = [new(created_at=month + timedelta(hours=n), query=f"{n}") for n in range(STEPS)]
        store.steps.log_many(steps)
        expected = {step.id for step in steps}
        outcome = Victim(archive_and_die, url, month, folder, killed_at, moment).outcome()
        assert expected <= in_files(folder) | in_tables(store), f"killed at {killed_at}"
        states = [found.state for found in months_older_than(store, 0)]
        seen |= set(states or ["gone"])
        if outcome == 0:
            break
        assert outcome == -signal.SIGKILL
        late = new(created_at=month + timedelta(days=1), query="late")
        try:
            store.steps.log(late)
        except DatabaseError:
            assert states == ["detached"] or states == ["detaching"], f"killed at {killed_at}"
        else:
            expected.add(late.id)
        if months_older_than(store, 0):
            archive_month(store, month, folder)
        assert months_older_than(store, 0) == []
        assert in_files(folder) == expected, f"killed at {killed_at}"
        month = following(month)
    report(
        f"archiving was killed at {killed_at - 1} moments ({moment}), leaving months {sorted(seen)}"
    )
    assert killed_at > (15 if moment != "commit" else 1)
    if moment == "before_cursor_execute":
        assert seen >= {"attached", "detached", "gone"}


@pytest.mark.slow
def test_server_that_is_left_detaching_goes_on_or_is_finished(
    store: Store, url: str, tmp_path: Path
) -> None:
    """Killed while the server waits: the month is marked, and neither in the log nor out of it."""
    new = Steps(store)
    store.steps.log_many([new(created_at=FIRST), new(created_at=FIRST, query="2")])
    with psycopg.connect(url) as reader:
        reader.execute("SELECT count(*) FROM hegel_training_steps")
        victim = Victim(archive_and_die, url, FIRST, tmp_path, 1_000, "commit")
        deadline = time.monotonic() + 30
        while [m.state for m in months_older_than(store, 0)] != ["detaching"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        victim.kill()
        with pytest.raises(TransactionConflict, match="being archived"):
            store.steps.log(new(created_at=FIRST, query="late"))
        with pytest.raises(TransactionConflict, match="being archived"):
            store.steps.log_many([new(created_at=FIRST, query="late")])
        with pytest.raises(TransactionConflict), store.begin() as work:
            work.steps.log(new(created_at=FIRST, query="late"))
    assert archive_month(store, FIRST, tmp_path).steps == 2
    assert months_older_than(store, 0) == []
    assert import_steps(store, next(tmp_path.glob("*.parquet"))).stored == 2


@pytest.mark.slow
def test_nobody_waits_behind_an_archiver_that_a_transaction_keeps_waiting(
    store: Store, url: str, tmp_path: Path, report: Callable[[str], None]
) -> None:
    """A transaction holds profiles and steps for seconds, archiving tries again and again, and
    others log, append and read all the while."""
    new = Steps(store)
    store.steps.log_many([new(created_at=FIRST), new()])
    done = Event()

    def loop(act: Callable[[int], object]) -> tuple[int, float]:
        longest, times = 0.0, 0
        while not done.is_set():
            started = time.monotonic()
            act(times)
            longest, times = max(longest, time.monotonic() - started), times + 1
            time.sleep(0.01)
        return times, longest

    def hold() -> None:
        with psycopg.connect(url) as connection:
            connection.execute("SELECT count(*) FROM hegel_training_steps, hegel_prompt_profiles")
            time.sleep(HELD)

    with hegel_store.connect(url, pool="heavy") as busy, ThreadPoolExecutor(6) as pool:
        holding = pool.submit(hold)
        time.sleep(0.2)
        others = [
            pool.submit(loop, lambda n: busy.steps.log(new(query=f"{n}"))),
            pool.submit(loop, lambda n: busy.profiles.append("law", "qa", {"n": n})),
            pool.submit(loop, lambda n: busy.steps.recent("news", "qa", limit=5)),
        ]
        started = time.monotonic()
        try:
            archived = archive_month(store, FIRST, tmp_path)
            took = time.monotonic() - started
            holding.result()
        finally:
            done.set()
        results = [other.result() for other in others]
    assert archived.steps == 1
    assert took > HELD / 2, "the transaction was in the way"
    told = ", ".join(f"{times} times, longest {longest:.2f} s" for times, longest in results)
    report(
        f"archived in {took:.1f} s behind a transaction of {HELD:.0f} s; log, append, read: {told}"
    )
    assert all(times > 20 and longest < HELD / 2 for times, longest in results)
    with store.engine.connect() as connection:
        left = connection.execute(text("SELECT count(*) FROM hegel_training_steps")).scalar_one()
    assert left == 1 + results[0][0]
