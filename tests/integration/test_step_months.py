"""Months of training steps: those of UTC, made when they are needed, by whoever needs them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

import hegel_store
from hegel_store.errors import (
    DatabaseError,
    NotFound,
    PermissionDenied,
    TransactionConflict,
)
from hegel_store.models import NewStep
from hegel_store.repositories import StepRepository
from hegel_store.store import Store
from tests.samples import MAY, Steps


def months(store: Store) -> list[str]:
    with store.engine.connect() as connection:
        return list(
            connection.execute(
                text(
                    "SELECT inhrelid::regclass::text FROM pg_inherits "
                    "WHERE inhparent = 'hegel_training_steps'::regclass ORDER BY 1"
                )
            ).scalars()
        )


def home(store: Store, step: NewStep) -> str:
    """The partition that holds a step."""
    with store.engine.connect() as connection:
        return connection.execute(
            text("SELECT tableoid::regclass::text FROM hegel_training_steps WHERE id = :id"),
            {"id": step.id},
        ).scalar_one()


def stored(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM hegel_training_steps")).scalar_one()


BOUNDARIES = [
    (datetime(2000, 1, 1, tzinfo=UTC), "2000_01"),
    (datetime(2023, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "2023_12"),
    (datetime(2024, 1, 1, tzinfo=UTC), "2024_01"),
    (datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC), "2024_02"),
    (datetime(2024, 1, 1, 5, tzinfo=timezone(timedelta(hours=14))), "2023_12"),
    (datetime(2023, 12, 31, 20, tzinfo=timezone(timedelta(hours=-9))), "2024_01"),
]


def test_months_are_those_of_utc_whatever_the_session_thinks(store: Store, new: Steps) -> None:
    steps = [new(created_at=moment) for moment, _ in BOUNDARIES]
    homes = text("SELECT tableoid::regclass::text FROM hegel_training_steps WHERE id = :id")
    for zone, style in product(
        ("UTC", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kolkata"),
        ("ISO, MDY", "SQL, DMY", "German"),
    ):
        with store.engine.connect() as connection:  # rolled back, the months as well
            connection.execute(text(f"SET LOCAL timezone = '{zone}'"))
            connection.execute(text(f"SET LOCAL datestyle = '{style}'"))
            repository = StepRepository(connection)
            for step, (_, month) in zip(steps, BOUNDARIES, strict=True):
                repository.log(step)
                home = connection.execute(homes, {"id": step.id}).scalar_one()
                assert home == f"hegel_training_steps_{month}"
            connection.execute(text("SET LOCAL datestyle = 'ISO'"))
            read = {step.created_at for step in repository.recent("news", "qa")}
            assert read == {moment for moment, _ in BOUNDARIES}


def test_current_month_is_made_together_with_the_next(store: Store, new: Steps) -> None:
    store.steps.log(new())
    this = datetime.now(UTC).replace(day=1)
    names = [f"hegel_training_steps_{m:%Y_%m}" for m in (this, this + timedelta(days=32))]
    assert set(names) <= set(months(store))


def test_month_of_a_rolled_back_unit_of_work_serves_the_next(store: Store, new: Steps) -> None:
    step = new(created_at=MAY)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            _log_and_break(store, step)
        assert store.steps.recent("news", "qa") == []
    with store.begin() as work:
        work.steps.log(step)
    assert home(store, step) == "hegel_training_steps_2024_05"


def _log_and_break(store: Store, step: NewStep) -> None:
    with store.begin() as work:
        work.steps.log(step)
        raise KeyboardInterrupt


@pytest.mark.parametrize("kind", ["session", "connection"])
def test_repository_kept_over_a_rollback_knows_that_its_month_went_with_it(
    store: Store, new: Steps, kind: str
) -> None:
    step = new(created_at=MAY)
    opened = Session(store.engine) if kind == "session" else store.engine.connect()
    with opened as session:
        repository = StepRepository(session)
        repository.log(step)
        session.rollback()
        repository.log(step)
        with session.begin_nested() as savepoint:
            repository.log(new(created_at=MAY + timedelta(days=60)))
            savepoint.rollback()
        repository.log(new(created_at=MAY + timedelta(days=60)))
        session.commit()
    assert stored(store) == 2


def test_failed_log_many_does_not_make_the_next_one_believe_in_its_month(
    store: Store, new: Steps
) -> None:
    with pytest.raises(NotFound):
        store.steps.log_many([new(created_at=MAY, old_profile_id=uuid4())])
    assert store.steps.log_many([new(created_at=MAY)]) == 1


def drop_month(connection: Connection) -> None:
    connection.execute(text("DROP TABLE hegel_training_steps_2024_05"))


def test_month_dropped_meanwhile_is_made_again(store: Store, new: Steps) -> None:
    store.steps.log(new(created_at=MAY))
    for log in (store.steps.log, lambda step: store.steps.log_many([step])):
        with store.engine.begin() as connection:
            drop_month(connection)
        log(new(created_at=MAY))
        assert stored(store) == 1


def test_month_that_the_server_process_has_not_heard_of_is_asked_for_again(
    store: Store, new: Steps
) -> None:
    """It is seen in the catalog a moment before the others are told to look there again: for as
    long, the function says that it is there, and the insert that it is not."""
    with store.engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE asked"))
        connection.execute(text("ALTER FUNCTION hegel_ensure_step_month RENAME TO ensure_month"))
        connection.execute(
            text(
                "CREATE FUNCTION hegel_ensure_step_month(moment timestamptz) RETURNS boolean "
                "RETURN CASE WHEN nextval('asked') > 2 THEN ensure_month(moment) ELSE false END"
            )
        )
    store.steps.log(new(created_at=MAY))
    assert stored(store) == 1
    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT last_value FROM asked")).scalar_one() == 3


def test_month_dropped_inside_a_transaction_is_a_reason_to_run_it_again(
    store: Store, new: Steps
) -> None:
    with Session(store.engine) as session:
        repository = StepRepository(session)
        repository.log(new(created_at=MAY))
        drop_month(session.connection())
        with pytest.raises(TransactionConflict) as caught:
            repository.log(new(created_at=MAY))
        assert caught.value.retryable
        session.rollback()
        repository.log(new(created_at=MAY))
        session.commit()
    assert stored(store) == 1


def test_first_step_of_a_month_may_come_from_many_threads_at_once(url: str, new: Steps) -> None:
    threads = 8
    barrier = Barrier(threads)

    def log(_: int) -> None:
        barrier.wait()
        for n in range(12):
            store.steps.log(new(created_at=MAY + timedelta(days=31 * n)))

    with hegel_store.connect(url, pool="heavy") as store:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(log, range(threads)))
        assert stored(store) == threads * 12
        assert len(months(store)) >= 12


@pytest.mark.parametrize(
    "moment",
    [datetime(1999, 12, 31, 23, 59, tzinfo=UTC), datetime.now(UTC) + timedelta(days=400)],
)
def test_no_month_is_kept_for_times_out_of_bounds(store: Store, moment: datetime) -> None:
    with store.engine.connect() as connection, pytest.raises(Exception, match="no month"):
        connection.execute(text("SELECT hegel_ensure_step_month(:moment)"), {"moment": moment})


def test_role_without_ddl_logs_into_a_new_month(store: Store, new: Steps) -> None:
    role = f"logger_{uuid4().hex[:8]}"
    with store.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role}"))
        connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {role}"))
        connection.execute(text(f"GRANT SELECT, INSERT ON hegel_training_steps TO {role}"))
    try:
        with store.engine.begin() as connection:
            connection.execute(text(f"SET LOCAL ROLE {role}"))
            repository = StepRepository(connection)
            repository.log(new(created_at=MAY))
            repository.log_many([new(created_at=MAY + timedelta(days=60))])
            assert len(repository.recent("news", "qa")) == 2
        with store.engine.connect() as connection:
            connection.execute(text(f"SET LOCAL ROLE {role}"))
            with pytest.raises(Exception, match="permission denied"):
                connection.execute(text("CREATE TABLE public.mine ()"))
        with store.engine.begin() as connection:
            connection.execute(text(f"REVOKE INSERT ON hegel_training_steps FROM {role}"))
        with store.engine.connect() as connection:
            connection.execute(text(f"SET LOCAL ROLE {role}"))
            with pytest.raises(PermissionDenied):
                StepRepository(connection).log(new(created_at=MAY))
    finally:
        with store.engine.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))
    assert stored(store) == 2


def test_detached_month_is_not_made_over_its_table(store: Store) -> None:
    profile = store.profiles.append("c", "qa", {})
    old = datetime(2020, 1, 15, tzinfo=UTC)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("SELECT hegel_ensure_step_month('2020-01-15')")
        connection.exec_driver_sql(
            "ALTER TABLE hegel_training_steps DETACH PARTITION hegel_training_steps_2020_01"
        )
    late = NewStep(
        corpus_id="c",
        task_type="qa",
        old_profile_id=profile.id,
        query="q",
        predicted_answer="a",
        created_at=old,
    )
    with pytest.raises(DatabaseError, match=r"hegel_training_steps_2020_01 .* detached"):
        store.steps.log(late)
