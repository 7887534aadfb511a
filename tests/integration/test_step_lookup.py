"""Steps by id, by profile, by run, and by how low their reward is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Executable, text

from hegel_store.errors import NotFound
from hegel_store.models import TrainingStep
from hegel_store.models.identifiers import uuid7
from hegel_store.repositories import step_reading_statements as statements
from hegel_store.store import Store
from tests.plans import explain, nodes
from tests.samples import MAY, Steps

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def ids(steps: Sequence[TrainingStep]) -> list[UUID]:
    return [step.id for step in steps]


def months_read(store: Store, statement: Executable) -> set[str]:
    """The months that a statement looks at."""
    with store.engine.begin() as connection:
        plan = explain(connection, statement)
    return {node["Relation Name"] for node in nodes(plan) if "Relation Name" in node}


def test_step_is_found_by_its_id_alone(store: Store, new: Steps) -> None:
    steps = [store.steps.log(new(created_at=MAY + n * 31 * DAY, query=str(n))) for n in range(3)]
    for step in steps:
        assert store.steps.get("news", step.id) == step
        assert store.steps.get("news", str(step.id)) == step
        assert store.steps.get("news", step.id, step.created_at) == step


def test_id_made_here_is_looked_for_in_its_month_only(
    store: Store, new: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [store.steps.log(new(created_at=MAY + n * 31 * DAY)) for n in range(3)]
    asked = []
    read = statements.get
    monkeypatch.setattr(statements, "get", lambda *values: asked.append(values) or read(*values))
    assert store.steps.get("news", steps[1].id) == steps[1]
    (values,) = asked
    assert months_read(store, read(*values)) == {"hegel_training_steps_2024_06"}
    assert len(months_read(store, read("news", steps[1].id))) == 3


@pytest.mark.parametrize("identifier", [uuid4(), uuid7(MAY + 400 * DAY), UUID(int=0)])
def test_id_that_says_another_time_or_none_is_looked_for_in_all_months(
    store: Store, new: Steps, identifier: UUID
) -> None:
    step = store.steps.log(new(id=identifier, created_at=MAY))
    store.steps.log(new(created_at=MAY + 40 * DAY))
    assert store.steps.get("news", identifier) == step
    assert store.steps.get("news", identifier, MAY) == step


def test_newest_of_several_steps_with_an_id_is_returned_unless_its_time_is_the_ids(
    store: Store, new: Steps
) -> None:
    random, timed = uuid4(), uuid7(MAY)
    moments = [MAY - 40 * DAY, MAY, MAY + 40 * DAY]
    store.steps.log_many(new(id=i, created_at=m) for i in (random, timed) for m in moments)
    assert store.steps.get("news", random).created_at == moments[2]
    assert store.steps.get("news", timed).created_at == MAY
    assert store.steps.get("news", random, moments[0]).created_at == moments[0]


@pytest.mark.parametrize(
    "identifier", [uuid4(), uuid7(MAY), UUID("ffffffff-ffff-7fff-bfff-" + "f" * 12)]
)
def test_step_that_is_not_there_is_not_found(store: Store, new: Steps, identifier: UUID) -> None:
    there = store.steps.log(new(created_at=MAY))
    for arguments in (
        ("news", identifier),
        ("law", there.id),
        ("news", there.id, MAY + timedelta(microseconds=1)),
    ):
        with pytest.raises(NotFound) as caught:
            store.steps.get(*arguments)
        assert caught.value.field == "step_id"
        assert caught.value.what == "step"


def test_last_id_that_a_date_can_be_read_from_is_not_found_either(store: Store) -> None:
    """31 December 9999, 23:59:59.999, with nothing after it that a datetime could hold."""
    last = UUID(int=253_402_300_799_999 << 80 | 7 << 76 | 2 << 62)
    with pytest.raises(NotFound):
        store.steps.get("news", last)


def test_profile_has_the_steps_that_it_answered_newest_first(store: Store, new: Steps) -> None:
    other = store.profiles.append("news", "qa", {"other": 1})
    late = new(created_at=MAY + 40 * DAY)
    same = sorted((new(created_at=MAY) for _ in range(3)), key=lambda step: step.id)
    learned = new(old_profile_id=other.id, new_profile_id=new.profile.id, created_at=MAY)
    store.steps.log_many([*same, learned, late])
    expected = [late.id, *ids(reversed(same))]
    assert ids(store.steps.by_profile("news", new.profile.id)) == expected
    assert ids(store.steps.by_profile("news", str(new.profile.id), limit=2)) == expected[:2]
    assert ids(store.steps.by_profile("news", other.id)) == [learned.id]
    assert store.steps.by_profile("law", new.profile.id) == []
    assert store.steps.by_profile("news", uuid4()) == []
    assert store.steps.by_profile("news", new.profile.id, limit=0) == []


def test_run_is_read_in_order_of_time(store: Store, new: Steps) -> None:
    law = Steps(store, "law")
    late = new(run_id="run 1", created_at=MAY + 40 * DAY)
    same = sorted((new(run_id="run 1", created_at=MAY) for _ in range(3)), key=lambda step: step.id)
    others = [new(created_at=MAY), new(run_id="run 2"), law(run_id="run 1", created_at=MAY)]
    store.steps.log_many([late, *reversed(same), *others])
    expected = [*ids(same), late.id]
    assert ids(store.steps.by_run("news", "run 1")) == expected
    assert ids(store.steps.by_run("news", "run 1", limit=2)) == expected[:2]
    with store.begin() as work:  # in this order by itself, and not as the index happens to be
        for scan in ("indexscan", "bitmapscan"):
            work.session.connection().exec_driver_sql(f"SET LOCAL enable_{scan} = off")
        assert ids(work.steps.by_run("news", "run 1")) == expected
    assert ids(store.steps.by_run("law", "run 1")) == [others[2].id]
    assert store.steps.by_run("news", "RUN 1") == []


FILL = text(
    """
    INSERT INTO hegel_training_steps
        (corpus_id, created_at, task_type, old_profile_id, query, predicted_answer, run_id)
    SELECT 'news', '2024-05-01'::timestamptz + n * interval '7 minutes', 'qa', :profile,
           'question ' || n, '', CASE WHEN n % 4 > 0 THEN 'run ' || n % 50 END
    FROM generate_series(1, 12000) AS n
    """
)


def test_run_is_read_by_its_index_in_each_month(store: Store, new: Steps) -> None:
    store.steps.log_many([new(created_at=MAY), new(created_at=MAY + 31 * DAY)])
    with store.engine.begin() as connection:
        connection.execute(FILL, {"profile": new.profile.id})
        connection.execute(text("ANALYZE hegel_training_steps"))
        whole = explain(connection, statements.by_run("news", "run 7", 1000))
        beginning = explain(connection, statements.by_run("news", "run 7", 10))
        parts = connection.execute(
            text(
                "SELECT inhrelid::regclass::text FROM pg_inherits "
                "WHERE inhparent = 'idx_hegel_training_steps_run'::regclass"
            )
        ).scalars()
        indexes = set(parts)

    def scans(plan: dict[str, object]) -> list[dict[str, object]]:
        assert "Seq Scan" not in {node["Node Type"] for node in nodes(plan)}
        return [node for node in nodes(plan) if "Index Name" in node and node["Actual Loops"]]

    assert {scan["Index Name"] for scan in scans(whole)} == indexes
    assert sum(scan["Actual Rows"] for scan in scans(whole)) == 240
    (walk,) = scans(beginning)
    assert (walk["Node Type"], walk["Actual Rows"]) == ("Index Scan", 10), "and no sort"
    assert len(indexes) == 2
    assert len(store.steps.by_run("news", "run 7")) == 240


def test_failures_come_lowest_first_and_ties_newest_first(store: Store, new: Steps) -> None:
    other = store.profiles.append("news", "qa", {"other": 1})
    summaries = Steps(store, "news", "summarise")
    steps = [
        new(reward=0.0, created_at=MAY),
        new(reward=-0.0, created_at=MAY + SECOND),
        new(reward=-1e300, created_at=MAY + 40 * DAY),
        new(reward=1.0, created_at=MAY, old_profile_id=other.id),
        new(reward=0.0, created_at=MAY + 2 * SECOND, old_profile_id=other.id),
        new(created_at=MAY),
        summaries(reward=-2e300, created_at=MAY),
    ]
    store.steps.log_many(steps)

    def found(**options: object) -> list[int]:
        order = ids(steps)
        return [order.index(step.id) for step in store.steps.failures("news", "qa", **options)]

    assert found() == [2, 4, 1, 0, 3]
    assert found(limit=2) == [2, 4]
    assert found(profile_id=other.id) == [4, 3]
    assert found(profile_id=str(other.id), since=MAY + SECOND) == [4]
    assert found(since=MAY + SECOND) == [2, 4, 1]
    assert found(profile_id=uuid4()) == []
    assert ids(store.steps.failures("news", "summarise")) == [steps[6].id]


def test_equal_failures_of_one_moment_come_by_id(store: Store, new: Steps) -> None:
    steps = [new(reward=0.5, created_at=MAY) for _ in range(5)]
    store.steps.log_many(steps)
    assert ids(store.steps.failures("news", "qa")) == sorted(ids(steps), reverse=True)
