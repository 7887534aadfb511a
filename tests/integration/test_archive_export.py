"""Exporting steps: every column as it is stored, some at a time, and a whole file or none."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest

import hegel_store
from hegel_store.archive import (
    StepFilter,
    export_steps,
    read_archive,
    steps_to_arrow,
    steps_to_pandas,
    steps_to_polars,
)
from hegel_store.archive.files import written
from hegel_store.errors import InvalidInput
from hegel_store.models import NewStep, TrainingStep
from hegel_store.store import Store
from tests.samples import MAY, Steps, rows
from tests.victims import Victim

pytest.importorskip("pyarrow", reason="the `parquet` extra is not installed")

ROOT = Path(__file__).parents[2]
ENDINGS = ("parquet", "jsonl", "jsonl.gz")


def awkward(store: Store) -> list[NewStep]:
    """Steps in which everything is that a file could lose, in the order of an export."""
    law, news = Steps(store, "law", "summarise"), Steps(store)
    better = store.profiles.append("news", "qa", {"worker": {}})
    eastern = datetime(2024, 1, 1, 5, tzinfo=timezone(timedelta(hours=14)))
    return [
        law(created_at=MAY, reward=-0.0, run_id="run/1", metrics={"f1": 0.1, "": [None, True]}),
        news(created_at=eastern, reward=5e-324, predicted_answer="", gold_answer=""),
        news(id=UUID(int=8 << 60 | 1), created_at=MAY, reward=0.0, gold_answer="\U0001f994\n\t\"'"),
        news(id=UUID(int=8 << 60 | 2), created_at=MAY, reward=1.7976931348623157e308),
        news(
            created_at=MAY + timedelta(microseconds=1),
            new_profile_id=better.id,
            step_type="validation",
            optimization_strategy="crossover",
            processing_time_ms=2**31 - 1,
            debate_trace={"rounds": [{"größe": 1e22, "text": "a" * 100_000}], "n": 2**70},
            metrics={"a": 1.1, "A": -1e-7},
        ),
    ]


def stored(store: Store) -> list[TrainingStep]:
    every = [*store.steps.recent("law", "summarise"), *store.steps.recent("news", "qa")]
    return sorted(every, key=lambda step: (step.corpus_id, step.created_at, step.id))


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_read_back_is_what_is_stored(store: Store, tmp_path: Path, ending: str) -> None:
    store.steps.log_many(awkward(store))
    path = tmp_path / f"steps.{ending}"
    assert export_steps(store, path) == 5
    read = list(read_archive(path))
    assert read == stored(store)
    assert [step.created_at.tzinfo for step in read] == [UTC] * 5
    assert [str(step.reward) for step in read[:3]] == ["-0.0", "5e-324", "0.0"]
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


def test_columns_of_the_files_are_those_of_the_table_with_documents_as_the_server_shows_them(
    store: Store, tmp_path: Path
) -> None:
    from pyarrow import parquet

    store.steps.log_many(awkward(store))
    for ending in ("parquet", "jsonl"):
        export_steps(store, tmp_path / f"steps.{ending}")
    table = parquet.read_table(tmp_path / "steps.parquet")
    lines = [json.loads(line) for line in (tmp_path / "steps.jsonl").open()]
    columns = [
        name
        for (name,) in rows(
            store,
            "SELECT attname::text FROM pg_attribute WHERE attnum > 0 "
            "AND attrelid = 'hegel_training_steps'::regclass",
        )
    ]
    assert sorted(table.column_names) == sorted(columns)
    assert sorted(lines[0]) == sorted(columns)
    assert str(table.schema.field("created_at").type) == "timestamp[us, tz=UTC]"
    documents = rows(
        store,
        "SELECT metrics::text, debate_trace::text FROM hegel_training_steps "
        "ORDER BY corpus_id, created_at, id",
    )
    for found in (table.to_pylist(), lines):
        assert [(row["metrics"], row["debate_trace"]) for row in found] == documents
        assert found[0]["new_profile_id"] is None
        assert found[1]["gold_answer"] == ""
    assert lines[1]["created_at"] == "2023-12-31T15:00:00.000000+00:00"


def test_filters_leave_out_what_they_say(store: Store, tmp_path: Path) -> None:
    store.steps.log_many(awkward(store))
    later = timedelta(microseconds=1)
    for wanted, expected in [
        (StepFilter(), [0, 1, 2, 3, 4]),
        (StepFilter(corpus_id="news"), [1, 2, 3, 4]),
        (StepFilter(task_type="summarise"), [0]),
        (StepFilter(run_id="run/1"), [0]),
        (StepFilter(corpus_id="news", since=MAY), [2, 3, 4]),
        (StepFilter(since=MAY, until=MAY + later), [0, 2, 3]),
        (StepFilter(until=MAY), [1]),
        (StepFilter(corpus_id="'; DROP TABLE hegel_facts; --"), []),
    ]:
        every = stored(store)
        for ending in ENDINGS:
            path = tmp_path / f"steps.{ending}"
            assert export_steps(store, path, wanted) == len(expected)
            assert list(read_archive(path)) == [every[n] for n in expected]
        assert steps_to_arrow(store, wanted).num_rows == len(expected)


def test_frames_hold_the_steps(store: Store) -> None:
    polars = pytest.importorskip("polars", reason="Polars is not installed")
    pytest.importorskip("pandas", reason="pandas is not installed")
    store.steps.log_many(awkward(store))
    every = stored(store)
    table = steps_to_arrow(store)
    assert table["reward"].to_pylist() == [step.reward for step in every]
    frame = steps_to_pandas(store, StepFilter(corpus_id="news"))
    assert list(frame["id"]) == [str(step.id) for step in every[1:]]
    assert [moment.to_pydatetime() for moment in frame["created_at"]] == [
        step.created_at for step in every[1:]
    ]
    frame = steps_to_polars(store)
    assert frame.schema["created_at"] == polars.Datetime("us", "UTC")
    assert frame["created_at"].to_list() == [step.created_at for step in every]
    assert frame.filter(polars.col("reward").is_null()).height == 1


def test_equal_steps_make_equal_files(store: Store, tmp_path: Path) -> None:
    store.steps.log_many(awkward(store))
    for ending in ENDINGS:
        made = [tmp_path / f"{name}.{ending}" for name in ("one", "two")]
        for path in made:
            export_steps(store, path)
        assert made[0].read_bytes() == made[1].read_bytes()


MEMORY = """
import resource, sys
import hegel_store
from hegel_store.archive import export_steps, read_archive

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

with hegel_store.connect(sys.argv[1]) as store:
    from hegel_store.archive import StepFilter
    export_steps(store, sys.argv[2], StepFilter(corpus_id="few"))
    list(read_archive(sys.argv[2]))
    before = peak()
    export_steps(store, sys.argv[2])
    written = peak()
    read = sum(1 for step in read_archive(sys.argv[2]))
    print(read, written - before, peak() - before)
"""


@pytest.mark.any_server
@pytest.mark.slow
@pytest.mark.parametrize("ending", ["parquet", "jsonl.gz"])
def test_a_log_larger_than_the_memory_allowed_goes_through(
    store: Store, url: str, tmp_path: Path, report, ending: str
) -> None:
    """300 MB of steps: in lines as they come, in Parquet by row groups of 16 MB."""
    profile = Steps(store).profile
    store.steps.log(Steps(store, "few")())
    with store.engine.begin() as connection:
        connection.exec_driver_sql("SELECT hegel_ensure_step_month('2024-05-17')")
        connection.exec_driver_sql(
            "INSERT INTO hegel_training_steps "
            "(corpus_id, created_at, old_profile_id, query, predicted_answer, debate_trace) "
            "SELECT 'news', timestamptz '2024-05-17' + n * interval '1 second', %s, 'q', '', "
            "jsonb_build_object('said', repeat(md5(n::text), 1000)) "
            "FROM generate_series(1, 9375) AS n",
            (profile.id,),
        )
    command = [sys.executable, "-c", MEMORY, url, str(tmp_path / f"steps.{ending}")]
    done = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    read, writing, reading = map(int, done.stdout.split())
    report(f"300 MB of steps to .{ending}: {writing} MB more memory, and {reading} with reading")
    assert read == 9_376
    assert reading < (130 if ending == "parquet" else 40)


def export_within(url: str, path: Path, limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    with hegel_store.connect(url) as store:
        export_steps(store, path)


@pytest.mark.any_server
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_disk_that_is_full_leaves_the_file_that_was_there(
    store: Store, url: str, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"steps.{ending}"
    store.steps.log_many(awkward(store))
    export_steps(store, path)
    before = path.read_bytes()
    store.steps.log(Steps(store)(created_at=MAY, predicted_answer=os.urandom(50_000).hex()))
    assert Victim(export_within, url, path, 5_000).outcome() == 1
    assert path.read_bytes() == before
    assert [left.name for left in tmp_path.iterdir()] == [path.name]


def die_writing(path: Path) -> None:
    with written(path, replace=True) as file:
        file.write(b"half of it")
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.any_server
def test_a_killed_writer_leaves_nothing_of_that_name_and_is_no_hindrance(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "steps.jsonl"
    assert Victim(die_writing, path).outcome() == -signal.SIGKILL
    assert [left.name for left in tmp_path.iterdir()] == [".steps.jsonl.part"]
    assert export_steps(store, path) == 0
    assert [left.name for left in tmp_path.iterdir()] == ["steps.jsonl"]
    assert path.read_bytes() == b""


def die_between_names(path: Path) -> None:
    def die(*given: object, **options: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    Path.unlink = die
    with written(path, replace=False) as file:
        file.write(b"all of it")


def test_a_finished_file_that_kept_its_other_name_is_not_written_into(tmp_path: Path) -> None:
    """Killed between getting its name and losing the other, and moved to a safe place since."""
    path, moved = tmp_path / "steps.parquet", tmp_path / "moved.parquet"
    assert Victim(die_between_names, path).outcome() == -signal.SIGKILL
    assert path.samefile(tmp_path / ".steps.parquet.part")
    path.rename(moved)
    with written(path, replace=False) as file:
        file.write(b"another")
    assert moved.read_bytes() == b"all of it"
    assert path.read_bytes() == b"another"
    assert {left.name for left in tmp_path.iterdir()} == {path.name, moved.name}


@pytest.mark.any_server
def test_two_writers_of_one_file_do_not_mix(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "steps.jsonl"
    with written(path, replace=True) as file:
        file.write(b"first")
        with pytest.raises(InvalidInput, match="another process"):
            export_steps(store, path)
    assert path.read_bytes() == b"first"
    with pytest.raises(InvalidInput, match="written by another"), written(path, replace=False):
        pass
    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("steps.csv", b"", "must end with"),
        ("none.jsonl", None, "no file"),
        ("cut.parquet", b"PAR1 and no more", "cannot be read"),
        ("cut.jsonl.gz", gzip.compress(b"{}\n" * 9, mtime=0)[:-12], "breaks after line|lacks"),
        ("no.jsonl.gz", b"not compressed", "after line 0"),
        ("no.jsonl", b'{"a": \n', "line 1 of .* no JSON"),
        ("list.jsonl", b"\n[1]\n", "line 2 of .* no JSON object"),
        ("other.jsonl", b'{"question": "?"}\n', "lacks corpus_id"),
    ],
)
def test_what_is_no_file_of_steps_is_refused(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput, match=reason) as caught:
        list(read_archive(tmp_path / name))
    assert caught.value.field == "path"


def test_nowhere_to_write_to_is_said_first(store: Store, tmp_path: Path) -> None:
    for path in (tmp_path / "none" / "steps.jsonl", tmp_path / "steps.txt"):
        with pytest.raises(InvalidInput):
            export_steps(store, path)
    assert list(tmp_path.iterdir()) == []
