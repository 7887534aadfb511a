"""What a loop sees of its writer, with a database that is there."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

import hegel_store
from hegel_store.errors import (
    FlushTimeout,
    InvalidInput,
    NotFound,
    SpoolFull,
    StepConflict,
    WriterClosed,
)
from hegel_store.journal import StepWriter, redacting, spool_folder
from hegel_store.journal.intake import BATCH_STEPS
from hegel_store.models import NewStep
from hegel_store.store import Store
from tests.samples import Steps, rows
from tests.servers import wait_until

pytestmark = pytest.mark.any_server


@pytest.fixture
def writer(store: Store, tmp_path: Path) -> Iterator[StepWriter]:
    with store.step_writer(spool_dir=tmp_path) as made:
        yield made


def queries(store: Store) -> list[object]:
    found = rows(store, "SELECT query FROM hegel_training_steps ORDER BY created_at, id")
    return [query for (query,) in found]


def test_what_was_flushed_is_stored_in_order(writer: StepWriter, new: Steps, store: Store) -> None:
    steps = [new(query=f"{n}", reward=0.0) for n in range(2 * BATCH_STEPS + 7)]
    assert [writer.log(step) for step in steps] == [step.id for step in steps]
    writer.flush()
    assert queries(store) == [step.query for step in steps]
    (stored,) = store.steps.recent("news", "qa", limit=1)
    assert (stored.id, stored.reward, stored.debate_trace) == (steps[-1].id, 0.0, {})
    found = writer.statistics
    assert (found.logged, found.stored, found.pending, found.set_aside) == (len(steps),) * 2 + (
        0,
        0,
    )


def test_a_durable_step_is_there_when_log_returns(
    writer: StepWriter, new: Steps, store: Store
) -> None:
    for n in range(3):
        writer.log(new(query=f"{n}"), durable=True)
        assert len(queries(store)) == n + 1


def test_what_is_logged_again_is_stored_once(writer: StepWriter, new: Steps, store: Store) -> None:
    steps = [new(query=f"{n}") for n in range(30)]
    store.steps.log_many(steps[:10])
    for step in [*steps, *steps]:
        writer.log(step)
    writer.flush()
    assert len(queries(store)) == 30
    assert writer.statistics.set_aside == 0


def test_it_logs_without_being_asked_to(writer: StepWriter, new: Steps, store: Store) -> None:
    writer.log(new(query="soon"))
    wait_until(lambda: queries(store) == ["soon"])


def test_many_threads_share_one(writer: StepWriter, new: Steps, store: Store) -> None:
    steps = [new(query=f"{n}") for n in range(400)]

    def log(part: int) -> None:
        for step in steps[part::4]:
            writer.log(step, durable=part == 0)

    threads = [threading.Thread(target=log, args=[part]) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.flush()
    assert len(queries(store)) == 400


BAD: list[dict[str, Any]] = [
    {"query": "nul \0"},
    {"reward": float("nan")},
    {"metrics": {"loss": float("inf")}},
    {"query": "lone \ud800"},
    {"old_profile_id": uuid4()},
    {"surprise": 1},
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(next(iter(bad))))
def test_a_bad_step_is_set_aside_and_takes_nothing_with_it(
    writer: StepWriter,
    new: Steps,
    store: Store,
    bad: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    usual = new.scope | {"old_profile_id": new.profile.id, "predicted_answer": "a"}
    for n in range(40):
        writer.log(usual | {"query": f"good {n}"})
        if n == 20:
            writer.log(usual | {"query": "bad"} | bad)
    writer.flush()
    assert len(queries(store)) == 40
    found = writer.statistics
    assert (found.logged, found.stored, found.set_aside, found.pending) == (41, 40, 1, 0)
    (letter,) = writer.dead_letters()
    assert letter.reason
    assert letter.error in {"InvalidInput", "NotFound"}
    assert letter.fields is not None
    json.dumps(letter.fields)
    assert "is set aside" in caplog.text


def test_one_who_waits_for_a_bad_step_is_told(writer: StepWriter, new: Steps, store: Store) -> None:
    with pytest.raises(NotFound, match="old_profile_id"):
        writer.log(new(old_profile_id=uuid4()), durable=True)
    with pytest.raises(InvalidInput, match="reward"):
        writer.log(new.scope | _rest(new) | {"reward": float("nan")}, durable=True)
    first = new(query="first")
    writer.log(first, durable=True)
    with pytest.raises(StepConflict):
        writer.log(replace(first, query="another"), durable=True)
    assert queries(store) == ["first"]
    assert [letter.error for letter in writer.dead_letters()] == [
        "NotFound",
        "InvalidInput",
        "StepConflict",
    ]


def test_a_batch_of_bad_steps_is_sorted_out(writer: StepWriter, new: Steps, store: Store) -> None:
    for n in range(60):
        writer.log(new(query=f"{n}", old_profile_id=uuid4() if n % 7 == 3 else new.profile.id))
    writer.flush()
    assert queries(store) == [f"{n}" for n in range(60) if n % 7 != 3]
    assert writer.statistics.set_aside == len([n for n in range(60) if n % 7 == 3])


def test_what_is_no_step_at_all_is_refused_at_once(writer: StepWriter) -> None:
    for wrong in (None, "step", [1]):
        with pytest.raises(InvalidInput, match="step"):
            writer.log(wrong)  # type: ignore[arg-type]


def test_what_is_logged_is_what_the_caller_saw(
    writer: StepWriter, new: Steps, store: Store
) -> None:
    trace = {"rounds": [1]}
    writer.log(new.scope | _rest(new) | {"debate_trace": trace})
    trace["rounds"].append(2)
    writer.flush()
    (stored,) = store.steps.recent("news", "qa")
    assert stored.debate_trace == {"rounds": [1]}


def _rest(new: Steps) -> dict[str, Any]:
    return {"old_profile_id": new.profile.id, "query": "q", "predicted_answer": "a"}


def test_steps_are_redacted_before_they_leave(
    store: Store, new: Steps, tmp_path: Path, postgresql: psycopg.Connection
) -> None:
    def redact(step: NewStep) -> NewStep:
        if step.query == "fails":
            raise ZeroDivisionError
        if step.query == "other":
            return replace(step, id=uuid4())
        return redacting()(step)

    with store.step_writer(spool_dir=tmp_path, redact=redact) as writer:
        writer.log(new(query="write to me@example.org"))
        for query in ("fails", "other"):
            writer.log(new(query=query, predicted_answer="secret"))
    assert queries(store) == ["write to [redacted]"]
    assert [letter.fields for letter in writer.dead_letters()] == [None, None]
    for path in tmp_path.rglob("*.jsonl"):
        assert "secret" not in path.read_text()


def test_months_are_made_for_steps_of_any_time(
    writer: StepWriter, new: Steps, store: Store
) -> None:
    for year in (2001, 2013, 2020):
        writer.log(new(query=f"{year}", created_at=datetime(year, 5, 5, tzinfo=UTC)))
    writer.flush()
    assert queries(store) == ["2001", "2013", "2020"]


def test_a_database_that_is_busy_is_waited_for(
    writer: StepWriter, new: Steps, store: Store, postgresql: psycopg.Connection
) -> None:
    writer.log(new(query="before"), durable=True)
    postgresql.execute("LOCK TABLE hegel_training_steps IN ACCESS EXCLUSIVE MODE")
    writer.log(new(query="meanwhile"))
    with pytest.raises(FlushTimeout) as caught:
        writer.flush(timeout=0.3)
    assert (caught.value.pending, caught.value.retryable) == (1, True)
    postgresql.rollback()
    writer.flush(timeout=20)
    assert queries(store) == ["before", "meanwhile"]


@pytest.mark.parametrize("bound", [{"pending": 3}, {"pending_bytes": 3000}])
def test_a_full_writer_refuses_when_it_is_told_to(
    store: Store, new: Steps, tmp_path: Path, postgresql: psycopg.Connection, bound: Any
) -> None:
    postgresql.execute("LOCK TABLE hegel_training_steps IN ACCESS EXCLUSIVE MODE")
    logged = 0
    with store.step_writer(spool_dir=tmp_path, when_full="refuse", **bound) as writer:
        with suppress(SpoolFull):
            while logged < 20:
                writer.log(new(query=f"{logged}", predicted_answer="x" * 400))
                logged += 1
                time.sleep(0.03)
        postgresql.rollback()
        writer.flush()
    assert 3 <= logged < 20
    assert queries(store) == [f"{n}" for n in range(logged)]


def test_a_full_writer_waits_otherwise(
    store: Store, new: Steps, tmp_path: Path, postgresql: psycopg.Connection
) -> None:
    postgresql.execute("LOCK TABLE hegel_training_steps IN ACCESS EXCLUSIVE MODE")
    release = threading.Timer(0.7, postgresql.rollback)
    release.start()
    began = time.monotonic()
    with store.step_writer(spool_dir=tmp_path, pending=5) as writer:
        for n in range(40):
            writer.log(new(query=f"{n}"))
        assert time.monotonic() - began > 0.5
    assert len(queries(store)) == 40


def test_a_closed_writer_takes_nothing(store: Store, new: Steps, tmp_path: Path) -> None:
    writer = store.step_writer(spool_dir=tmp_path)
    writer.close()
    writer.close()
    with pytest.raises(WriterClosed):
        writer.log(new())
    with store.step_writer(spool_dir=tmp_path) as writer:
        writer.log(new())
    assert len(queries(store)) == 1
    writer.close()
    writer.flush()
    with pytest.raises(WriterClosed):
        writer.log(new())


def test_closing_leaves_no_thread_no_connection_and_no_file(
    store: Store, new: Steps, tmp_path: Path, postgresql: psycopg.Connection
) -> None:
    store.engine.dispose()
    before = set(threading.enumerate())
    with store.step_writer(spool_dir=tmp_path) as writer:
        writer.log(new(), durable=True)
        assert len(set(threading.enumerate()) - before) == 2
    store.engine.dispose()
    wait_until(lambda: set(threading.enumerate()) <= before)
    connections = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'hegel_store' AND datname = current_database()"
    )
    # Within a transaction, the server would show what it has shown before.
    postgresql.autocommit = True
    wait_until(lambda: postgresql.execute(connections).fetchone() == (0,))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_options_are_checked(store: Store, tmp_path: Path) -> None:
    for name, wrong in {
        "when_full": "drop",
        "redact": 1,
        "deadline": 0,
        "pending": 0,
        "pending_bytes": -1,
        "spool_bytes": 0,
    }.items():
        with pytest.raises(InvalidInput, match=name):
            store.step_writer(spool_dir=tmp_path, **{name: wrong})  # type: ignore[arg-type]


def test_each_database_has_a_folder_of_its_own(store: Store, tmp_path: Path, url: str) -> None:
    with (
        hegel_store.connect(url.replace("/hegel", "/other")) as other,
        hegel_store.connect(url.replace("postgres@", "me:secret@")) as same,
    ):
        folder = spool_folder(store.address, tmp_path)
        assert spool_folder(same.address, tmp_path) == folder
        assert spool_folder(other.address, tmp_path) != folder
        assert "secret" not in str(folder)


def test_a_writer_nobody_closed_is_quiet(
    writer: StepWriter, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "hegel_store"):
        writer.flush()
        assert writer.statistics.logged == 0
    assert caplog.records == []
