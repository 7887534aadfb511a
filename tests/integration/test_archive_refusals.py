"""Archiving that is refused, or fails, leaves the month where it is and no file."""

from __future__ import annotations

import resource
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.archive import archive_month, export_steps, months_older_than, parquet
from hegel_store.archive import source as sources
from hegel_store.archive.rows import Row
from hegel_store.errors import DatabaseError, InvalidInput, PermissionDenied, TransactionConflict
from hegel_store.store import Store
from tests.samples import MAY, Steps
from tests.victims import Victim

pytest.importorskip("pyarrow", reason="the `parquet` extra is not installed")

NAME = "hegel_training_steps_2024_05"


def archive_within(url: str, folder: Path, limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    with hegel_store.connect(url) as store:
        archive_month(store, MAY, folder)


def test_folder_that_is_missing_or_full_leaves_the_month_where_it_is(
    store: Store, url: str, new: Steps, tmp_path: Path
) -> None:
    store.steps.log(new(created_at=MAY))
    with pytest.raises(InvalidInput) as caught:
        archive_month(store, MAY, tmp_path / "none")
    assert caught.value.field == "folder"
    assert Victim(archive_within, url, tmp_path, 1_000).outcome() == 1
    assert list(tmp_path.iterdir()) == []
    assert len(store.steps.recent("news", "qa")) == 1


@pytest.mark.parametrize("lost", ["a step", "a value"])
def test_file_that_lost_something_on_its_way_never_gets_its_name(
    store: Store, new: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    store.steps.log_many([new(created_at=MAY, reward=1.0), new(created_at=MAY, reward=0.0)])
    write = parquet.write

    def write_badly(file: BinaryIO, rows: Iterable[Row]) -> int:
        first, second = rows
        return write(
            file, [first] if lost == "a step" else [first, dict(second) | {"reward": None}]
        )

    monkeypatch.setattr(parquet, "write", write_badly)
    with pytest.raises(DatabaseError, match="would hold"):
        archive_month(store, MAY, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert [month.state for month in months_older_than(store, 0)] == ["attached"]
    assert len(store.steps.recent("news", "qa")) == 2


def test_current_and_future_months_are_refused(store: Store, new: Steps, tmp_path: Path) -> None:
    store.steps.log(new())
    today = datetime.now(UTC).date()
    following = today.replace(day=1) + timedelta(days=32)
    for month in (today, following):
        with pytest.raises(InvalidInput, match="not over") as caught:
            archive_month(store, month, tmp_path)
        assert caught.value.field == "month"
    with pytest.raises(InvalidInput):
        archive_month(store, "2024-05", tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert months_older_than(store, 0) == []


def test_column_that_the_file_would_not_hold_is_a_reason_to_refuse(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    store.steps.log(new(created_at=MAY))
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE hegel_training_steps ADD COLUMN app_note text"))
    with pytest.raises(DatabaseError, match="app_note"):
        archive_month(store, MAY, tmp_path)
    assert list(tmp_path.iterdir()) == []


@contextmanager
def role(store: Store, url: str) -> Iterator[tuple[str, Store]]:
    """A role that may log and read, its name, and a store of its own."""
    name = f"logger_{uuid4().hex[:8]}"
    with store.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN"))
        connection.execute(text(f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {name}"))
    try:
        with hegel_store.connect(url.replace("postgres@", f"{name}@")) as limited:
            yield name, limited
    finally:
        with store.engine.begin() as connection:
            connection.execute(text(f"REASSIGN OWNED BY {name} TO postgres"))
            connection.execute(text(f"DROP OWNED BY {name}"))
            connection.execute(text(f"DROP ROLE {name}"))


def own(store: Store, name: str) -> None:
    """Give the tables to a role."""
    with store.engine.begin() as connection:
        for table in (
            "hegel_prompt_profiles",
            "hegel_training_steps",
            "hegel_step_rollup",
            "hegel_step_months_counted",
            NAME,
        ):
            connection.execute(text(f"ALTER TABLE {table} OWNER TO {name}"))


def test_only_the_owner_archives_and_others_are_told_before_anything_is_written(
    store: Store, url: str, new: Steps, tmp_path: Path
) -> None:
    store.steps.log(new(created_at=MAY))
    with role(store, url) as (name, limited):
        with pytest.raises(PermissionDenied, match="only the owner"):
            archive_month(limited, MAY, tmp_path)
        assert list(tmp_path.iterdir()) == []
        assert len(store.steps.recent("news", "qa")) == 1
        assert export_steps(limited, tmp_path / "steps.jsonl") == 1
        own(store, name)
        assert archive_month(limited, MAY, tmp_path).steps == 1


def test_rows_that_a_policy_hides_are_not_dropped(
    store: Store, url: str, new: Steps, tmp_path: Path
) -> None:
    """An export leaves them out, as every query of that role does; archiving refuses."""
    store.steps.log_many([new(created_at=MAY), Steps(store, "law")(created_at=MAY)])
    with role(store, url) as (name, limited):
        own(store, name)
        with store.engine.begin() as connection:
            for table in ("hegel_training_steps", NAME):
                connection.execute(text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
                connection.execute(text(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))
                connection.execute(text(f"CREATE POLICY own ON {table} USING (corpus_id = 'news')"))
        assert export_steps(limited, tmp_path / "steps.jsonl") == 1
        with pytest.raises(PermissionDenied, match="row-level security"):
            archive_month(limited, MAY, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["steps.jsonl"]
    assert [len(store.steps.recent(c, "qa")) for c in ("news", "law")] == [1, 1]


def test_one_archiver_at_a_time(
    store: Store, new: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "OTHERS_DEADLINE", 0.3)
    store.steps.log(new(created_at=MAY))
    with (
        sources.only_archiver(store),
        pytest.raises(TransactionConflict, match="another process"),
    ):
        archive_month(store, MAY, tmp_path)
    assert archive_month(store, MAY, tmp_path).steps == 1
