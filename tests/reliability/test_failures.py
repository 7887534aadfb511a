"""Every kind of failure, made to happen on a real server: what SQLAlchemy says, and what we do."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from sqlalchemy import Connection, create_engine, exc, text

import hegel_store
from hegel_store.copying import copy_rows
from hegel_store.database import translated
from hegel_store.errors import (
    DatabaseError,
    DatabaseUnavailable,
    PermissionDenied,
    PoolExhausted,
    StatementTimeout,
    TransactionConflict,
)
from hegel_store.failures import Failure, constraint_of, failure_of, sqlstate_of
from hegel_store.store import Store
from tests.reliability import pgbouncer
from tests.servers import OwnServer, own_server, wait_until

PROFILE = (
    "INSERT INTO hegel_prompt_profiles (corpus_id, task_type, source) VALUES ('c', 'qa', '{}')"
)


@dataclass
class Bed:
    """What an event needs: a store, a session in the middle of a transaction, and a bystander."""

    store: Store
    admin: psycopg.Connection
    url: str
    version: int

    def run(self, *statements: str) -> None:
        """One after the other, in one transaction."""
        with self.store.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    @contextmanager
    def held(self, statement: str) -> Iterator[None]:
        """The locks of a statement are somebody else's meanwhile."""
        with psycopg.connect(self.url) as other:
            other.execute(statement)
            yield


def deadlock(bed: Bed) -> None:
    """Two sessions, two rows, opposite order."""
    bed.run("CREATE TABLE pair (id int PRIMARY KEY)", "INSERT INTO pair VALUES (1), (2)")
    take = "UPDATE pair SET id = id WHERE id = {}"
    with psycopg.connect(bed.url) as other, ThreadPoolExecutor(1) as threads:
        other.execute("SET deadlock_timeout = '10s'")  # so that the other one is the victim
        with bed.store.engine.begin() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
            connection.execute(text(take.format(1)))
            other.execute(take.format(2))
            waits = threads.submit(other.execute, take.format(1))
            wait_until(lambda: _waits(bed, other))
            try:
                connection.execute(text(take.format(2)))
            finally:
                connection.rollback()
                waits.result(20)


def _waits(bed: Bed, other: psycopg.Connection) -> bool:
    found = bed.admin.execute(
        "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s",
        [other.info.backend_pid],
    ).fetchone()
    return found == (True,)


def serialization(bed: Bed) -> None:
    bed.run("CREATE TABLE one (n int)", "INSERT INTO one VALUES (0)")
    with bed.store.engine.begin() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        connection.execute(text("SELECT n FROM one"))
        bed.admin.execute("UPDATE one SET n = n + 1")
        connection.execute(text("UPDATE one SET n = n + 1"))


def lock_timeout(bed: Bed) -> None:
    with bed.held("LOCK TABLE hegel_facts"):
        bed.run("SET LOCAL lock_timeout = '20ms'", "SELECT 1 FROM hegel_facts")


def statement_timeout(bed: Bed) -> None:
    bed.run("SET LOCAL statement_timeout = '20ms'", "SELECT pg_sleep(20)")


def idle_in_transaction(bed: Bed) -> None:
    with bed.store.engine.connect() as connection:
        _end_by(bed, connection, "idle_in_transaction_session_timeout")


def transaction_timeout(bed: Bed) -> None:
    with bed.store.engine.connect() as connection:
        _end_by(bed, connection, "transaction_timeout")


def _end_by(bed: Bed, connection: Connection, setting: str) -> None:
    connection.execute(text(f"SET LOCAL {setting} = '30ms'"))
    _after_the_end(bed, connection)


def _after_the_end(bed: Bed, connection: Connection) -> None:
    """Ask something of a session that the server has ended meanwhile."""
    driver = connection.connection.driver_connection
    pid = driver.info.backend_pid
    gone = "SELECT FROM pg_stat_activity WHERE pid = %s"
    wait_until(lambda: bed.admin.execute(gone, [pid]).fetchone() is None)
    connection.execute(text("SELECT 1"))


def read_only(bed: Bed) -> None:
    bed.run("SET TRANSACTION READ ONLY", PROFILE)


def terminated(bed: Bed) -> None:
    with bed.store.engine.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        bed.admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        connection.execute(text("SELECT 1"))


def wrong_database(bed: Bed) -> None:
    _connect_plainly(bed.url.replace("@/", "@/no_such_"))


def no_server(bed: Bed) -> None:
    _connect_plainly("postgresql://u@/d?host=/nonexistent")


def too_many_clients(bed: Bed) -> None:
    bed.admin.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    try:
        _connect_plainly(bed.url.replace("postgres@", "crowded@"))
    finally:
        bed.admin.execute("DROP ROLE crowded")


def _connect_plainly(url: str) -> None:
    """Past our own connector, which raises our error by itself."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect():
        pass


def too_many_parameters(bed: Bed) -> None:
    places = ", ".join(["%s"] * 65_536)
    with bed.store.engine.connect() as connection:
        connection.exec_driver_sql(f"SELECT 1 WHERE 1 IN ({places})", (*range(65_536),))


def unique(bed: Bed) -> None:
    bed.run(PROFILE, PROFILE.replace("source)", "source, version)").replace("')", "', 1)"))


def foreign_key(bed: Bed) -> None:
    bed.run(
        "INSERT INTO hegel_profile_parents (corpus_id, profile_id, parent_id, position)"
        " VALUES ('c', gen_random_uuid(), gen_random_uuid(), 0)",
        "SET CONSTRAINTS ALL IMMEDIATE",
    )


def check(bed: Bed) -> None:
    bed.run("INSERT INTO hegel_facts (corpus_id, content) VALUES ('', 'a fact')")


def not_null(bed: Bed) -> None:
    bed.run("INSERT INTO hegel_facts (corpus_id, content) VALUES ('c', NULL)")


def no_partition(bed: Bed) -> None:
    bed.run(
        "INSERT INTO hegel_training_steps"
        " (corpus_id, task_type, created_at, old_profile_id, query, predicted_answer)"
        " VALUES ('c', 'qa', '1999-01-01', gen_random_uuid(), 'q', 'a')"
    )


def no_grant(bed: Bed) -> None:
    _as_reader(bed, "DELETE FROM hegel_facts")


def no_right_to_make(bed: Bed) -> None:
    _as_reader(bed, "CREATE TABLE public.mine ()")


def policy(bed: Bed) -> None:
    bed.run(
        "CREATE TABLE guarded (n int)",
        "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY few ON guarded USING (n < 3)",
        "GRANT ALL ON guarded TO PUBLIC",
    )
    _as_reader(bed, "INSERT INTO guarded VALUES (7)")


def _as_reader(bed: Bed, statement: str) -> None:
    bed.admin.execute("CREATE ROLE poor")
    try:
        bed.run("SET LOCAL ROLE poor", statement)
    finally:
        bed.admin.execute("DROP OWNED BY poor")
        bed.admin.execute("DROP ROLE poor")


def prepared_twice(bed: Bed) -> None:
    bed.run("PREPARE again AS SELECT 1", "PREPARE again AS SELECT 1")


def prepared_elsewhere(bed: Bed) -> None:
    bed.run("EXECUTE never_prepared")


def bad_value(bed: Bed) -> None:
    bed.run("SELECT CAST('[1, 2' AS jsonb)")


def too_deep(bed: Bed) -> None:
    with bed.store.engine.connect() as connection:
        connection.execute(text("SELECT CAST(:deep AS jsonb)"), {"deep": "[" * 200_000})


def copied_twice(bed: Bed) -> None:
    """COPY goes past SQLAlchemy's cursors."""
    with bed.store.engine.begin() as connection:
        rows = [("c", "a fact"), ("c", "a fact")]
        copy_rows(connection, "COPY hegel_facts (corpus_id, content) FROM STDIN", rows)


EVENTS: list[tuple[Callable[[Bed], None], type[Exception], str | None, bool, Failure, type]] = [
    (deadlock, exc.OperationalError, "40P01", False, Failure.CONFLICT, TransactionConflict),
    (serialization, exc.OperationalError, "40001", False, Failure.CONFLICT, TransactionConflict),
    (lock_timeout, exc.OperationalError, "55P03", False, Failure.LOCK, TransactionConflict),
    (statement_timeout, exc.OperationalError, "57014", False, Failure.TIMEOUT, StatementTimeout),
    (idle_in_transaction, exc.InternalError, "25P03", True, Failure.IDLE, StatementTimeout),
    (transaction_timeout, exc.InternalError, "25P04", True, Failure.TIMEOUT, StatementTimeout),
    # Ours: the pool is emptied, so that the next attempt looks for the primary.
    (read_only, exc.InternalError, "25006", True, Failure.READ_ONLY, DatabaseUnavailable),
    (terminated, exc.OperationalError, "57P01", True, Failure.BROKEN, DatabaseUnavailable),
    (wrong_database, exc.OperationalError, None, False, Failure.UNREACHABLE, DatabaseUnavailable),
    (no_server, exc.OperationalError, None, False, Failure.UNREACHABLE, DatabaseUnavailable),
    (too_many_clients, exc.OperationalError, None, False, Failure.UNREACHABLE, DatabaseUnavailable),
    (too_many_parameters, exc.OperationalError, None, False, Failure.OTHER, DatabaseError),
    (unique, exc.IntegrityError, "23505", False, Failure.CONSTRAINT, DatabaseError),
    (foreign_key, exc.IntegrityError, "23503", False, Failure.CONSTRAINT, DatabaseError),
    (check, exc.IntegrityError, "23514", False, Failure.CONSTRAINT, DatabaseError),
    (not_null, exc.IntegrityError, "23502", False, Failure.CONSTRAINT, DatabaseError),
    (no_partition, exc.IntegrityError, "23514", False, Failure.MONTH, TransactionConflict),
    (no_grant, exc.ProgrammingError, "42501", False, Failure.RIGHTS, PermissionDenied),
    (no_right_to_make, exc.ProgrammingError, "42501", False, Failure.RIGHTS, PermissionDenied),
    (policy, exc.ProgrammingError, "42501", False, Failure.RIGHTS, PermissionDenied),
    (prepared_twice, exc.ProgrammingError, "42P05", False, Failure.POOLED_STATEMENT, DatabaseError),
    (prepared_elsewhere, exc.DBAPIError, "26000", False, Failure.POOLED_STATEMENT, DatabaseError),
    (bad_value, exc.DataError, "22P02", False, Failure.DATA, DatabaseError),
    (too_deep, exc.OperationalError, "54001", False, Failure.LIMIT, DatabaseError),
    (copied_twice, exc.IntegrityError, "23505", False, Failure.CONSTRAINT, DatabaseError),
]


@pytest.fixture
def bed(store, url, server) -> Iterator[Bed]:
    with psycopg.connect(url, autocommit=True) as admin:
        yield Bed(store, admin, url, server.version)


@pytest.mark.parametrize(
    ("event", "kind", "state", "broken", "failure", "ours"),
    EVENTS,
    ids=[event[0].__name__ for event in EVENTS],
)
def test_each_event_is_known_for_what_it_is(bed, event, kind, state, broken, failure, ours):
    if event is transaction_timeout and bed.version < 17:
        # The event does not exist there.
        kind, state, broken = exc.ProgrammingError, "42704", False
        failure, ours = Failure.OBJECT, DatabaseError
    with pytest.raises(exc.DBAPIError) as caught:
        event(bed)
    error = caught.value
    assert isinstance(error, kind)
    assert (sqlstate_of(error), error.connection_invalidated) == (state, broken)
    assert failure_of(error) is failure
    assert failure.error is ours
    with pytest.raises(DatabaseError) as said, translated():
        raise error
    assert type(said.value) is ours
    assert said.value.sqlstate == state
    assert said.value.retryable is (ours in (TransactionConflict, DatabaseUnavailable))
    # Of what the server violates by name, the name is known; the two others have none.
    named = failure is Failure.CONSTRAINT and event is not not_null
    assert (constraint_of(error) is not None) is named
    bed.store.profiles.append("c", "qa", {})  # and the store goes on


@pytest.mark.slow
def test_a_killed_process_leaves_no_code_and_may_be_tried_again(request):
    """kill -9 of one process of the server, upon which the server ends all others."""
    with (
        own_server(request.config.getoption("--postgres"), migrated=True) as own,
        hegel_store.connect(own.url()) as store,
    ):
        with pytest.raises(exc.OperationalError) as caught:
            _sleep_until_killed(own, store)
        assert sqlstate_of(caught.value) in (None, "57P02")
        assert caught.value.connection_invalidated
        assert failure_of(caught.value) is Failure.BROKEN
        # While it recovers no connection is to be had, which a bounded repetition outlasts.
        version = store.transact(
            lambda work: work.profiles.append("c", "qa", {}).version, attempts=100, seconds=60
        )
        assert version == 1


def _sleep_until_killed(own: OwnServer, store: Store) -> None:
    with ThreadPoolExecutor(1) as threads, store.engine.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))

        def kill() -> None:
            with psycopg.connect(own.url(), autocommit=True) as admin:
                wait_until(lambda: _sleeps(admin, pid))
            os.kill(pid, signal.SIGKILL)

        threads.submit(kill)
        connection.execute(text("SELECT pg_sleep(30)"))


def _sleeps(admin: psycopg.Connection, pid: int) -> bool:
    found = admin.execute(
        "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = %s", [pid]
    ).fetchone()
    return found == (True,)


@pytest.fixture
def impatient(monkeypatch) -> None:
    """A pooler that lets a client wait for a second."""
    monkeypatch.setattr(
        pgbouncer,
        "CONFIGURATION",
        pgbouncer.CONFIGURATION + "query_wait_timeout = 1\n",
    )


@pytest.mark.slow
@pgbouncer.needs_pgbouncer
def test_a_pooler_without_a_connection_to_spare_is_back_pressure(impatient, pooled_url):
    with hegel_store.connect(pooled_url, pgbouncer=True) as store:
        with store.begin() as one, store.begin() as two:
            for work in (one, two):  # both of its server connections
                work.profiles.latest("c", "qa")
            with pytest.raises(PoolExhausted) as caught, store.begin() as third:
                third.profiles.append("c", "qa", {})
        assert (caught.value.sqlstate, caught.value.retryable) == ("08P01", True)
        assert store.profiles.append("c", "qa", {}).version == 1


def test_a_transaction_is_run_again_with_the_decisions_that_it_takes(store, url):
    """Its first attempt decides on what another one then changes."""
    scope = ("c", "qa")
    store.profiles.append(*scope, {})
    seen = []

    def block(work):
        work.session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        latest = work.profiles.latest(*scope)
        seen.append(latest.version)
        if len(seen) == 1:
            store.profiles.append(*scope, {})
        return work.profiles.append(*scope, {"after": latest.version}).profile

    assert store.transact(block) == {"after": 2}
    assert seen == [1, 2]
    assert store.profiles.latest(*scope).version == 3


def test_a_transaction_is_not_run_for_ever(store):
    runs = []

    def block(work):
        runs.append(1)
        work.session.execute(text("SET LOCAL lock_timeout = '1ms'"))
        work.session.execute(text("LOCK TABLE hegel_facts"))

    with store.engine.begin() as other:
        other.execute(text("LOCK TABLE hegel_facts"))
        with pytest.raises(TransactionConflict):
            store.transact(block, attempts=3)
    assert len(runs) == 3
