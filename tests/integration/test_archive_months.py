"""Archiving a month: into a file that is known to hold it, and only then out of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

import hegel_store
from hegel_store.archive import archive_month, import_steps, months_older_than, read_archive
from hegel_store.archive.rows import checksum_of
from hegel_store.errors import (
    DatabaseError,
    InvalidInput,
    NotFound,
)
from hegel_store.models import TrainingStep
from hegel_store.store import Store
from tests.integration.test_archive_export import awkward, stored
from tests.samples import MAY, Steps, rows
from tests.servers import wait_until

pytest.importorskip("pyarrow", reason="the `parquet` extra is not installed")

NAME = "hegel_training_steps_2024_05"
ADVISORY_LOCKS = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND datname = current_database()
"""


def tables(store: Store) -> list[str]:
    """Tables of months, attached or not."""
    query = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relname LIKE '%steps_2___%'"
    return sorted(name for (name,) in rows(store, query))


def by_key(steps: Iterator[TrainingStep]) -> list[TrainingStep]:
    return sorted(steps, key=lambda step: (step.corpus_id, step.created_at, step.id))


@contextmanager
def before_statement(words: str, act: Callable[[], object]) -> Iterator[list[str]]:
    """Call ``act`` once, when a statement with these words is about to be sent."""
    seen: list[str] = []

    def look(*given: object) -> None:
        if words in str(given[2]) and not seen:
            seen.append(str(given[2]))
            act()

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", look)


def test_month_is_in_the_file_and_no_more_in_the_database(store: Store, tmp_path: Path) -> None:
    store.steps.log_many(awkward(store))
    before = stored(store)
    in_may = [step for step in before if step.created_at >= MAY]
    done = archive_month(store, date(2024, 5, 31), tmp_path)
    assert (done.month, done.path, done.steps) == (
        date(2024, 5, 1),
        tmp_path / f"{NAME}.parquet",
        len(in_may),
    )
    assert list(read_archive(done.path)) == in_may
    assert stored(store) == [step for step in before if step.created_at < MAY]
    assert NAME not in tables(store)
    with pytest.raises(NotFound):
        archive_month(store, date(2024, 5, 1), tmp_path)
    assert import_steps(store, done.path).stored == len(in_may)
    assert stored(store) == before


def test_checksums_of_table_and_file_differ_with_any_value(store: Store) -> None:
    """Each column of the table changed by itself, and two values that only change places."""
    from hegel_store.archive import archiving
    from hegel_store.archive.exporting import EVERYTHING, stream

    store.steps.log_many(awkward(store))
    (may,) = [m for m in months_older_than(store, 0) if m.name == NAME]
    changes = [
        ("processing_time_ms", "1"),
        ("created_at", "created_at + interval '1 microsecond'"),
        ("id", "hegel_uuidv7()"),
        ("new_profile_id", "old_profile_id"),
        ("old_profile_id", "coalesce(new_profile_id, old_profile_id)"),
        ("query", "predicted_answer || query || '.'"),
        ("gold_answer", "coalesce(gold_answer, '') || ' '"),
        ("reward", "coalesce(reward, 0) + 1"),
        ("metrics", "metrics || '{\"z\": 0}'"),
        ("debate_trace", "debate_trace || '{\"z\": 0}'"),
        ("run_id", "coalesce(run_id, '-')"),
        ("optimization_strategy", "coalesce(optimization_strategy, '-')"),
        ("step_type", "'evaluation'"),
        ("task_type", "task_type || '2'"),
        ("predicted_answer", "query"),
    ]
    seen = set()
    with store.engine.connect() as connection:
        for column, value in [("reward", "reward"), *changes]:
            with connection.begin() as attempt:
                connection.execute(text(f"UPDATE {NAME} SET {column} = {value}"))
                held = archiving._checksum(connection, may.table)
                with stream(connection, may.table, EVERYTHING) as found:
                    assert checksum_of(found) == held, column
                attempt.rollback()
            seen.add(held)
    assert len(seen) == len(changes) + 1


def test_step_that_comes_between_export_and_detachment_is_in_the_file(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    store.steps.log_many([new(created_at=MAY), new(created_at=MAY, reward=1.0)])
    late = new(created_at=MAY + timedelta(days=1), query="late")
    with before_statement("DETACH PARTITION", lambda: store.steps.log(late)) as seen:
        done = archive_month(store, MAY, tmp_path)
    assert seen
    assert done.steps == 3
    assert late.id in {step.id for step in read_archive(done.path)}
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.parquet"]


def test_transaction_that_has_logged_and_not_committed_is_waited_for(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    store.steps.log(new(created_at=MAY))
    late = new(created_at=MAY, query="late")
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as work:
            work.steps.log(late)
            archiving = pool.submit(archive_month, store, MAY, tmp_path)
            wait_until(lambda: [m.state for m in months_older_than(store, 0)] == ["detaching"])
        done = archiving.result()
    assert done.steps == 2
    assert late.id in {step.id for step in read_archive(done.path)}


def test_step_deleted_or_changed_meanwhile_is_not_what_it_was_in_the_file(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    gone, changed = new(created_at=MAY), new(created_at=MAY, reward=0.5)
    store.steps.log_many([gone, changed])

    def meddle() -> None:
        with store.engine.begin() as connection:
            connection.execute(text(f"DELETE FROM {NAME} WHERE id = :id"), {"id": gone.id})
            connection.execute(text(f"UPDATE {NAME} SET reward = 0"))

    with before_statement("LOCK TABLE", meddle):
        done = archive_month(store, MAY, tmp_path)
    assert [(step.id, step.reward) for step in read_archive(done.path)] == [(changed.id, 0.0)]


def test_month_that_was_made_anew_gets_a_file_of_its_own(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    """A step replayed long after its month was dropped must not take the others' place."""
    store.steps.log_many([new(created_at=MAY, query=f"{n}") for n in range(5)])
    first = archive_month(store, MAY, tmp_path)
    before = first.path.read_bytes()
    store.steps.log(new(created_at=MAY, query="late"))
    second = archive_month(store, MAY, tmp_path)
    assert second.path.name == f"{NAME}-2.parquet"
    assert first.path.read_bytes() == before
    for done, expected in ((first, 5), (second, 1)):
        assert import_steps(store, done.path).stored == expected


def test_file_of_an_earlier_run_is_not_touched_when_steps_come_meanwhile(
    store: Store, url: str, new: Steps, tmp_path: Path
) -> None:
    """It may be all that is left of another database's month."""
    store.steps.log_many([new(created_at=MAY), new(created_at=MAY)])
    archive_month(store, MAY, tmp_path)
    first = tmp_path / f"{NAME}.parquet"
    before = first.read_bytes()
    import_steps(store, first)
    late = new(created_at=MAY, query="late")
    with before_statement("DETACH PARTITION", lambda: store.steps.log(late)):
        done = archive_month(store, MAY, tmp_path)
    assert first.read_bytes() == before
    assert (done.path.name, done.steps) == (f"{NAME}-2.parquet", 3)


def test_file_that_was_damaged_is_not_taken_for_the_month(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    store.steps.log(new(created_at=MAY))
    done = archive_month(store, MAY, tmp_path)
    import_steps(store, done.path)
    done.path.write_bytes(done.path.read_bytes()[:-40])
    with pytest.raises(InvalidInput, match="cannot be read"):
        archive_month(store, MAY, tmp_path)
    assert len(store.steps.recent("news", "qa")) == 1


def test_months_are_counted_back_from_the_current_one(store: Store, new: Steps) -> None:
    this = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    back = [this]
    for _ in range(4):
        back.append((back[-1] - timedelta(days=1)).replace(day=1))
    store.steps.log_many([new(created_at=moment) for moment in back])
    for months, expected in ((0, back[4:0:-1]), (1, back[4:1:-1]), (3, [back[4]]), (4, [])):
        found = months_older_than(store, months)
        assert [month.first_day for month in found] == [moment.date() for moment in expected]
        assert all(month.state == "attached" for month in found)
    with pytest.raises(InvalidInput):
        months_older_than(store, -1)


def test_detached_month_that_was_not_dropped_is_gone_on_with(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    store.steps.log(new(created_at=MAY))
    with store.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE hegel_training_steps DETACH PARTITION {NAME}"))
    with pytest.raises(DatabaseError, match="was it detached"):
        store.steps.log(new(created_at=MAY))
    assert [month.state for month in months_older_than(store, 0)] == ["detached"]
    assert archive_month(store, MAY, tmp_path).steps == 1
    late = new(created_at=MAY, query="late")
    assert store.steps.log(late).id == late.id
    assert [step.id for step in store.steps.recent("news", "qa")] == [late.id]


def test_table_of_another_parent_is_not_a_month_of_the_log(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE others (created_at timestamptz) PARTITION BY LIST (created_at)")
        )
        connection.execute(text(f"CREATE TABLE {NAME} PARTITION OF others DEFAULT"))
    assert months_older_than(store, 0) == []


def test_schema_with_an_odd_name_is_archived_too(store: Store, url: str, tmp_path: Path) -> None:
    schema = 'odd "name": 5%s'
    with hegel_store.connect(url, database_schema=schema) as odd:
        odd.upgrade()
        odd.steps.log(Steps(odd)(created_at=MAY))
        store.steps.log(Steps(store)(created_at=MAY, query="of the other schema"))
        done = archive_month(odd, MAY, tmp_path)
        assert [step.query for step in read_archive(done.path)] == ["Où dorment les hérissons ?"]
        assert odd.steps.recent("news", "qa") == []
    assert len(store.steps.recent("news", "qa")) == 1


def test_session_of_the_archiver_does_not_go_back_to_the_pool(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    store.steps.log(new(created_at=MAY))
    archive_month(store, MAY, tmp_path)
    assert rows(
        store, "SELECT current_setting('lock_timeout'), current_setting('row_security')"
    ) == [("0", "on")]
    # Its server process ends a moment after the connection is closed.
    wait_until(lambda: rows(store, ADVISORY_LOCKS) == [(0,)])
    assert store.engine.pool.checkedout() == 0
