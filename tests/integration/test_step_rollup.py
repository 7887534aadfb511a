"""Rewards that are added up as steps are logged, against the same steps read one by one."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.archive import archive_month, import_steps
from hegel_store.errors import InvalidInput, TransactionOpen
from hegel_store.models import NewStep
from hegel_store.repositories.step_rollup_statements import reward_summary
from hegel_store.store import Store
from tests.outcomes import PROPERTY, logged, outcomes, require_totals
from tests.plans import explain, nodes
from tests.samples import MAY, Steps, rows

SUMS = """
    WITH profiles AS MATERIALIZED (
        SELECT gen_random_uuid() AS id FROM generate_series(1, %s)
    )
    INSERT INTO hegel_step_rollup (
        corpus_id, task_type, day, profile_id, step_type,
        steps, rewards, reward_sum, reward_squares)
    SELECT 'news', 'qa', %s::date + n, profiles.id, 'training', 1, 1, 0.5, 0.25
    FROM generate_series(0, %s - 1) AS n, profiles"""
COUNTED = """
    INSERT INTO hegel_step_months_counted
    SELECT DISTINCT date_trunc('month', day)::date FROM hegel_step_rollup
    ON CONFLICT DO NOTHING"""


def require_summary(
    store: Store,
    corpus: str,
    steps: list[NewStep],
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    """By day and profile, it is that of these steps within the time."""
    groups = defaultdict(list)
    for step in steps:
        if (since is None or since <= step.created_at) and (
            until is None or step.created_at < until
        ):
            groups[step.created_at.astimezone(UTC).date(), step.old_profile_id].append(step)
    found = store.steps.reward_summary(
        corpus_id=corpus, by=["day", "profile"], since=since, until=until
    )
    assert [(row.day, row.profile_id) for row in found] == sorted(groups, key=lambda key: key)
    for row in found:
        require_totals(row, groups[row.day, row.profile_id], 0.95)


hours = st.none() | st.integers(-30, 100).map(lambda n: MAY + n * timedelta(hours=1))


@given(outcomes, st.lists(st.sampled_from(["again", "delete", "update", "roll up"])), hours, hours)
@PROPERTY
def test_sums_are_those_of_the_steps_whatever_becomes_of_them(
    store: Store,
    rows: list[dict[str, Any]],
    then: list[str],
    since: datetime | None,
    until: datetime | None,
) -> None:
    corpus, _, steps = logged(store, rows)
    for number, what in enumerate(then):
        place = number % len(steps) if steps else 0
        with store.engine.begin() as connection:
            if what == "again":
                store.steps.log_many(steps)
            elif what == "roll up":
                store.steps.roll_up(batch=3)
            elif steps and what == "delete":
                gone = steps.pop(place)
                connection.exec_driver_sql(
                    "DELETE FROM hegel_training_steps WHERE id = %s", (gone.id,)
                )
            elif steps:
                object.__setattr__(steps[place], "reward", 0.25)
                connection.exec_driver_sql(
                    "UPDATE hegel_training_steps SET reward = 0.25 WHERE id = %s",
                    (steps[place].id,),
                )
    require_summary(store, corpus, steps)
    require_summary(store, corpus, steps, since, until)


def test_a_late_step_counts_on_its_own_day_and_at_once(store: Store, new: Steps) -> None:
    steps = [new(reward=1.0, created_at=MAY + timedelta(days=n)) for n in range(3)]
    store.steps.log_many(steps)
    store.steps.roll_up()
    late = new(reward=0.0, created_at=MAY)
    store.steps.log(late)
    require_summary(store, "news", [*steps, late])


def test_rows_are_folded_until_there_is_one_for_each_key(
    store: Store, new: Steps, postgresql: psycopg.Connection
) -> None:
    for n in range(30):
        store.steps.log(new(reward=n / 10, created_at=MAY + timedelta(days=n % 3)))
    done = store.steps.roll_up(batch=2)
    assert (done.months, done.folded) == ([], 30)
    assert rows(store, "SELECT count(*) FROM hegel_step_rollup") == [(3,)]
    assert store.steps.roll_up().folded == 0
    postgresql.execute("DELETE FROM hegel_training_steps")
    postgresql.commit()
    store.steps.roll_up()
    assert rows(store, "SELECT count(*) FROM hegel_step_rollup") == [(0,)]
    (nothing,) = store.steps.reward_summary(by=())
    assert (nothing.steps, nothing.average_reward) == (0, None)


STEP = (
    "INSERT INTO hegel_training_steps"
    " (corpus_id, created_at, old_profile_id, query, predicted_answer, reward)"
    " VALUES ('news', %s, %s, '', '', %s)"
)


def test_months_from_before_there_were_sums_are_read_and_then_counted(
    store: Store, url: str, postgresql: psycopg.Connection
) -> None:
    new = Steps(store)
    address = parse_address(url, "the test")
    migrate.downgrade(address, "0029.0")
    june = MAY + timedelta(days=31)
    for moment in (MAY, june):
        postgresql.execute("SELECT hegel_ensure_step_month(%s)", [moment])
        postgresql.execute(STEP, [moment, new.profile.id, 1.0])
    postgresql.commit()
    migrate.upgrade(address)
    july = june + timedelta(days=30)
    for moment in (MAY, july):
        store.steps.log(new(created_at=moment, reward=0.0))
    whole = [
        (date(2024, 5, 17), 2, 0.5),
        (date(2024, 6, 17), 1, 1.0),
        (date(2024, 7, 17), 1, 0.0),
    ]

    def summary(**options: Any) -> list[tuple[object, ...]]:
        found = store.steps.reward_summary(by=["day"], **options)
        return [(row.day, row.steps, row.average_reward) for row in found]

    assert summary() == whole
    assert summary(since=MAY + timedelta(days=1)) == whole[1:]
    assert summary(until=june) == whole[:1]
    done = store.steps.roll_up()
    assert done.months == [date(2024, 5, 1), date(2024, 6, 1)]
    assert summary() == whole
    store.steps.log(new(created_at=june, reward=0.0))
    assert summary(since=june)[0] == (date(2024, 6, 17), 2, 0.5)
    assert store.steps.roll_up().months == []


def test_writers_and_maintenance_side_by_side_lose_nothing(store: Store, new: Steps) -> None:
    stop = threading.Event()
    errors: list[BaseException] = []

    def maintain() -> None:
        while not stop.is_set():
            try:
                store.steps.roll_up(batch=5)
            except BaseException as error:
                errors.append(error)

    maintenance = [threading.Thread(target=maintain) for _ in range(2)]
    steps = [
        [new(reward=float(n % 7), created_at=MAY + timedelta(days=n % 5)) for n in range(60)]
        for _ in range(3)
    ]

    def log(own: list[NewStep]) -> None:
        for step in own[:30]:
            store.steps.log(step)
        for begin in range(30, 60, 10):
            store.steps.log_many(own[begin : begin + 10])

    writers = [threading.Thread(target=log, args=[own]) for own in steps]
    for thread in [*maintenance, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in maintenance:
        thread.join()
    assert errors == []
    require_summary(store, "news", list(chain.from_iterable(steps)))
    store.steps.roll_up()
    require_summary(store, "news", list(chain.from_iterable(steps)))
    assert rows(store, "SELECT count(*) FROM hegel_step_rollup") == [(5,)]


def test_a_month_that_is_archived_takes_its_sums_along(
    store: Store, new: Steps, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow", reason="the `parquet` extra is not installed")
    steps = [new(reward=1.0, created_at=MAY), new(reward=0.0, created_at=MAY + timedelta(days=31))]
    store.steps.log_many(steps)
    archived = archive_month(store, date(2024, 5, 1), tmp_path)
    require_summary(store, "news", steps[1:])
    assert import_steps(store, archived.path).stored == 1
    require_summary(store, "news", steps)


def test_whole_days_are_read_from_the_sums_alone(store: Store, new: Steps) -> None:
    store.steps.log_many([new(reward=0.5, created_at=MAY + timedelta(days=n)) for n in range(60)])
    store.steps.roll_up()
    midnight = datetime(2024, 5, 20, tzinfo=UTC)

    def steps_read(since: datetime | None, until: datetime | None) -> int:
        values = {
            "since": since,
            "until": until,
            "corpus_id": "news",
            "task_type": None,
            "step_type": None,
        }
        with store.engine.connect() as connection:
            plan = explain(connection, reward_summary(("day",)), values)
        return sum(
            node["Actual Rows"] * node["Actual Loops"]
            for node in nodes(plan)
            if str(node.get("Relation Name", "")).startswith("hegel_training_steps_2")
        )

    assert steps_read(None, None) == 0
    assert steps_read(midnight, midnight + timedelta(days=30)) == 0
    assert steps_read(midnight - timedelta(hours=13), midnight + timedelta(days=2)) == 1


def test_a_stretch_of_time_is_all_that_is_read_of_the_sums(store: Store) -> None:
    begin, days, profiles = date(2022, 1, 1), 730, 40
    with store.engine.begin() as connection:
        connection.exec_driver_sql(SUMS, (profiles, begin, days))
        connection.exec_driver_sql(COUNTED)
        connection.exec_driver_sql("ANALYZE hegel_step_rollup, hegel_step_months_counted")
    since = datetime(2023, 5, 1, tzinfo=UTC)
    values = dict.fromkeys(["corpus_id", "task_type", "step_type"])
    with store.engine.connect() as connection:
        plan = explain(
            connection,
            reward_summary(("day",)),
            {"since": since, "until": since + timedelta(days=30), **values},
        )
    (scan,) = [node for node in nodes(plan) if node.get("Relation Name") == "hegel_step_rollup"]
    read = scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)
    assert read * scan["Actual Loops"] == 30 * profiles
    assert len(store.steps.reward_summary(since=since, until=since + timedelta(days=30))) == 1


def test_it_commits_and_so_is_not_for_a_unit_of_work(store: Store) -> None:
    with store.begin() as work, pytest.raises(TransactionOpen):
        work.steps.roll_up()
    for name, wrong in {"batch": 0, "pause": "x"}.items():
        with pytest.raises(InvalidInput, match=name):
            store.steps.roll_up(**{name: wrong})  # type: ignore[arg-type]
