"""Importing steps: each once, into this database or another, from files of ours and of others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.archive import StepFilter, export_steps, import_steps, read_archive
from hegel_store.errors import InvalidInput, NotFound, StepConflict
from hegel_store.models.identifiers import uuid7
from hegel_store.store import Store
from tests.integration.test_archive_export import ENDINGS, awkward, stored
from tests.samples import MAY, Steps, rows

pytest.importorskip("pyarrow", reason="the `parquet` extra is not installed")


@pytest.fixture
def other(empty_url: str) -> Iterator[Store]:
    """A database of its own, without profiles."""
    with hegel_store.connect(empty_url) as connected:
        connected.upgrade()
        yield connected


def copy_profiles(here: Store, there: Store) -> None:
    given = rows(here, "SELECT corpus_id, id, task_type, source FROM hegel_prompt_profiles")
    statement = text(
        "INSERT INTO hegel_prompt_profiles (corpus_id, id, task_type, source) "
        "VALUES (:c, :i, :t, :s)"
    )
    with there.engine.begin() as connection:
        connection.execute(statement, [dict(zip("cits", row, strict=True)) for row in given])


def documents(store: Store) -> list[tuple[object, ...]]:
    return rows(
        store,
        "SELECT id, metrics::text, debate_trace::text, reward::text, created_at "
        "FROM hegel_training_steps ORDER BY corpus_id, created_at, id",
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_steps_arrive_in_another_database_as_they_were(
    store: Store, other: Store, tmp_path: Path, ending: str
) -> None:
    store.steps.log_many(awkward(store))
    path = tmp_path / f"steps.{ending}"
    export_steps(store, path)
    copy_profiles(store, other)
    done = import_steps(other, path)
    assert (done.steps, done.stored, done.refused) == (5, 5, [])
    assert stored(other) == stored(store)
    assert documents(other) == documents(store)
    again = tmp_path / f"again.{ending}"
    export_steps(other, again)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
def test_importing_again_changes_nothing(store: Store, tmp_path: Path, ending: str) -> None:
    store.steps.log_many(awkward(store))
    path = tmp_path / f"steps.{ending}"
    export_steps(store, path)
    before = stored(store)
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM hegel_training_steps WHERE reward = 0"))
    assert [import_steps(store, path).stored for _ in range(3)] == [2, 0, 0]
    assert stored(store) == before


def test_more_steps_than_one_batch(store: Store, new: Steps, tmp_path: Path) -> None:
    store.steps.log_many(
        [new(created_at=MAY + timedelta(hours=n), query=f"{n}") for n in range(1_234)]
    )
    path = tmp_path / "steps.parquet"
    assert export_steps(store, path) == 1_234
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM hegel_training_steps"))
    done = import_steps(store, path)
    assert (done.steps, done.stored) == (1_234, 1_234)
    assert [step.query for step in read_archive(path)] == [f"{n}" for n in range(1_234)]


def test_missing_profiles_are_named_and_nothing_is_stored(
    store: Store, other: Store, tmp_path: Path
) -> None:
    steps = awkward(store)
    store.steps.log_many(steps)
    path = tmp_path / "steps.jsonl"
    export_steps(store, path)
    copy_profiles(store, other)
    with other.engine.begin() as connection:
        connection.execute(
            text("DELETE FROM hegel_prompt_profiles WHERE corpus_id = 'law' OR id = :id"),
            {"id": steps[-1].new_profile_id},
        )
    with pytest.raises(NotFound) as caught:
        import_steps(other, path)
    assert f"{steps[0].old_profile_id} in corpus 'law'" in str(caught.value)
    assert f"{steps[-1].new_profile_id} in corpus 'news'" in str(caught.value)
    assert str(steps[1].old_profile_id) not in str(caught.value)
    assert stored(other) == []

    done = import_steps(other, path, on_error="report")
    assert (done.steps, done.stored) == (5, 3)
    assert [refused.number for refused in done.refused] == [1, 5]
    assert str(steps[-1].new_profile_id) in done.refused[1].reason
    assert stored(other) == stored(store)[1:4]


def test_many_missing_profiles_are_counted(other: Store, tmp_path: Path) -> None:
    lines = [
        {"q": str(n), "a": "", "p": str(uuid4()), "t": (MAY + timedelta(days=n)).isoformat()}
        for n in range(700)
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    fields = {"q": "query", "a": "predicted_answer", "p": "old_profile_id", "t": "created_at"}
    with pytest.raises(NotFound, match=r"and 680 more$"):
        import_steps(other, path, fields=fields, values={"corpus_id": "c", "task_type": "qa"})


def test_step_whose_identity_belongs_to_another_one(store: Store, tmp_path: Path) -> None:
    store.steps.log_many(awkward(store))
    path = tmp_path / "steps.parquet"
    export_steps(store, path, StepFilter(corpus_id="news"))
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM hegel_training_steps WHERE reward IS NULL"))
        connection.execute(
            text("UPDATE hegel_training_steps SET query = '?' WHERE reward = 5e-324")
        )
    with pytest.raises(StepConflict):
        import_steps(store, path)
    done = import_steps(store, path, on_error="report")
    assert (done.steps, done.stored) == (4, 1)
    ((refused,)) = done.refused
    assert refused.number == 1
    assert "another step" in refused.reason


FIELDS = {
    "all": "metrics",
    "question": "query",
    "output.answer": "predicted_answer",
    "expected": "gold_answer",
    "score": "reward",
    "scores.f1": "metrics.f1",
    "when": "created_at",
    "experiment": "run_id",
}
LINES = [
    {
        "question": "Who?",
        "output": {"answer": "Nobody."},
        "score": 0,
        "scores": {"f1": 0.5},
        "when": "2024-05-17T14:30:15.123456+02:00",
        "ignored": [1],
    },
    {"question": "What?", "output": {"answer": ""}, "when": 1715949015.5, "experiment": "e1"},
    {"question": "What?", "output": {"answer": ""}, "when": 1715949015.5, "experiment": "e1"},
]


def foreign(tmp_path: Path, lines: list[object]) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_log_of_somebody_else_is_mapped_and_stored_once(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    path = foreign(tmp_path, LINES)
    values = {**new.scope, "old_profile_id": str(new.profile.id), "metrics": {"source": "log"}}
    for expected in (2, 0):
        done = import_steps(store, path, fields=FIELDS, values=values)
        assert (done.steps, done.stored) == (3, expected)
    what, who = store.steps.recent("news", "qa")
    assert (who.query, who.predicted_answer, who.reward) == ("Who?", "Nobody.", 0.0)
    assert who.metrics == {"source": "log", "f1": 0.5}
    assert who.created_at == datetime(2024, 5, 17, 12, 30, 15, 123_456, tzinfo=UTC)
    assert what.created_at == datetime(2024, 5, 17, 12, 30, 15, 500_000, tzinfo=UTC)
    assert (what.run_id, what.reward, what.gold_answer) == ("e1", None, None)
    assert what.metrics == {"source": "log"}


def test_id_of_the_line_says_when_where_nothing_else_does(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    made = uuid7(MAY)
    path = foreign(tmp_path, [{"id": str(made), "q": "?", "a": "!"}])
    fields = {"id": "id", "q": "query", "a": "predicted_answer"}
    values = {**new.scope, "old_profile_id": new.profile.id}
    assert [import_steps(store, path, fields=fields, values=values).stored for _ in "ab"] == [1, 0]
    (step,) = store.steps.recent("news", "qa")
    assert step.id == made


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"question": None}, "query"),
        ({"when": None}, "created_at"),
        ({"when": "2024-05-17T12:00:00"}, "created_at"),
        ({"when": "yesterday"}, "created_at"),
        ({"when": 1e300}, "created_at"),
        ({"when": True}, "created_at"),
        ({"score": "high"}, "reward"),
        ({"scores": {"f1": "\0"}}, "metrics.f1"),
        ({"all": "none", "scores": {"f1": 1}}, "metrics"),
    ],
)
def test_line_that_is_no_step_is_named_by_number_and_field(
    store: Store, new: Steps, tmp_path: Path, change: dict, field: str
) -> None:
    path = foreign(tmp_path, [LINES[0], LINES[1] | change])
    options = {"fields": FIELDS, "values": {**new.scope, "old_profile_id": new.profile.id}}
    with pytest.raises(InvalidInput, match="step 2 of the file") as caught:
        import_steps(store, path, **options)
    assert caught.value.field == field
    assert store.steps.recent("news", "qa") == []
    done = import_steps(store, path, **options, on_error="report")
    assert (done.stored, [refused.number for refused in done.refused]) == (1, [2])


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"fields": {"question": "prompt"}}, "fields"),
        ({"fields": {"question": "query.text"}}, "fields"),
        ({"fields": {"question": "metrics."}}, "fields"),
        ({"values": {"corpus": "news"}}, "values"),
        ({"values": {"metrics.f1": 1}}, "values"),
        ({"on_error": "ignore"}, "on_error"),
    ],
)
def test_arguments_are_refused_by_name(
    store: Store, tmp_path: Path, options: dict, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        import_steps(store, foreign(tmp_path, LINES), **options)
    assert caught.value.field == field


def test_mapping_is_for_lines_and_not_for_parquet(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "steps.parquet"
    export_steps(store, path)
    with pytest.raises(InvalidInput, match="not for Parquet"):
        import_steps(store, path, fields={})


# As log_table() of MLflow 3.17.2 wrote it.
TABLE = (
    '{"columns":["inputs","outputs","score"],'
    '"data":[["Where do hedgehogs sleep?","In leaves.",1.0],["Who wrote it?",null,0.5]]}'
)
COLUMNS = {"inputs": "query", "outputs": "predicted_answer", "score": "reward"}


def test_table_of_mlflow_is_imported_row_by_row_and_once(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    path = tmp_path / "answers.json"
    path.write_text(TABLE)
    values = {
        **new.scope,
        "old_profile_id": new.profile.id,
        "run_id": "run 7",
        "created_at": MAY,
        "predicted_answer": "",
    }
    imported = [import_steps(store, path, fields=COLUMNS, values=values).stored for _ in "ab"]
    assert imported == [2, 0]
    found = {step.query: step for step in store.steps.by_run("news", "run 7")}
    assert found["Where do hedgehogs sleep?"].predicted_answer == "In leaves."
    assert found["Who wrote it?"].predicted_answer == ""
    assert {step.reward for step in found.values()} == {1.0, 0.5}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is no JSON"),
        ("[1]", "is no table"),
        ('{"columns": ["a"]}', "is no table"),
        ('{"columns": [1], "data": []}', "is no table"),
        ('{"columns": ["a"], "data": [[1], [1, 2]]}', "row 2 of .* has not 1 values"),
        ('{"columns": ["a"], "data": ["x"]}', "row 1 of .* has not 1 values"),
    ],
)
def test_what_is_no_table_is_refused(
    store: Store, new: Steps, tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / "answers.json"
    path.write_text(content)
    values = {**new.scope, "old_profile_id": new.profile.id, "created_at": MAY}
    values |= {"query": "?", "predicted_answer": "!"}
    with pytest.raises(InvalidInput, match=reason) as caught:
        import_steps(store, path, fields={"a": "reward"}, values=values)
    assert caught.value.field == "path"
    assert store.steps.recent("news", "qa") == []


def test_table_of_others_needs_a_mapping(store: Store, tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text(TABLE)
    with pytest.raises(InvalidInput, match="must end with"):
        import_steps(store, tmp_path / "answers.json")


def test_step_of_ours_that_was_edited_is_refused(store: Store, new: Steps, tmp_path: Path) -> None:
    store.steps.log(new(created_at=MAY))
    path = tmp_path / "steps.jsonl"
    export_steps(store, path)
    (line,) = map(json.loads, path.read_text().splitlines())
    for change in (
        {"id": "x"},
        {"id": None},
        {"metrics": "{"},
        {"metrics": "[]"},
        {"metrics": {}},
        {"created_at": 7},
        {"created_at": "2024-05-17T12:00:00"},
        {"reward": "1"},
    ):
        path.write_text(json.dumps(line | change))
        with pytest.raises(InvalidInput):
            import_steps(store, path)
        done = import_steps(store, path, on_error="report")
        assert (done.stored, len(done.refused)) == (0, 1), change
    assert UUID(line["id"])
