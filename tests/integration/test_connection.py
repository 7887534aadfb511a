"""Connecting, checking and the pool, on real servers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import hegel_store
from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.database import Connector, Database
from hegel_store.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailable,
    InvalidInput,
    MigrationRequired,
    PackageOutdated,
    PoolExhausted,
    ServerUnsupported,
    StatementTimeout,
)
from hegel_store.pooling import POOL_PRESETS, PoolSize
from hegel_store.settings import Settings
from hegel_store.store import Store
from tests.servers import OwnServer, own_server, wait_until

HEAD = migrate.known_revisions()[-1]
BEFORE_HEAD = migrate.known_revisions()[-2]
SCOPE = ("corpus ü/1", "qa")
PROFILE = {"worker": {"system_prompt": "Answer briefly."}}


@pytest.fixture
def admin(url: str) -> Iterator[psycopg.Connection]:
    """A second, plain connection to the test's database."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def _backend(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.scalar(text("SELECT pg_backend_pid()"))


def _backends(admin: psycopg.Connection, name: str) -> set[int]:
    rows = admin.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", (name,))
    return {pid for (pid,) in rows.fetchall()}


def _all_calls(store: Store) -> dict[str, object]:
    """Every way in which a user first meets a database that is not right."""

    def in_a_block() -> None:
        with store.begin() as work:
            work.profiles.append(*SCOPE, PROFILE)

    return {
        "read": lambda: store.profiles.latest(*SCOPE),
        "append": lambda: store.profiles.append(*SCOPE, PROFILE),
        "search": lambda: store.facts.search("anything at all", mode="text"),
        "rank": lambda: store.populations.fittest(*SCOPE),
        "block": in_a_block,
    }


# check()


def test_nothing_is_compiled_in_a_session_of_ours(store, admin):
    """A search of half a million facts is estimated at more than jit_above_cost."""
    assert admin.execute("SHOW jit").fetchone() == ("on",)
    with store.engine.connect() as connection:
        assert connection.scalar(text("SHOW jit")) == "off"


def test_check_answers_with_what_it_found(store, url, server):
    health = store.check()
    assert health.revision == HEAD
    assert health.server_version.startswith(f"{server.version}.")
    assert tuple(map(int, health.pgvector_version.split(".")[:2])) >= (0, 8)
    assert health.source == "the url given"
    assert parse_address(health.address, "").parameters == parse_address(url, "").parameters


def test_check_opens_the_minimum_of_connections(url, admin):
    with hegel_store.connect(url, pool="heavy", application_name="warm one") as store:
        store.check()
        assert len(_backends(admin, "warm one")) == POOL_PRESETS["heavy"].minimum == 5


def test_server_that_is_not_there_is_unavailable():
    store = hegel_store.connect("postgresql://u@/d?host=/nonexistent/dir")
    for call in (store.check, store.upgrade, *_all_calls(store).values()):
        with pytest.raises(DatabaseUnavailable, match="/nonexistent/dir") as caught:
            call()
        assert caught.value.retryable


def test_database_that_does_not_exist_is_unavailable(server):
    with pytest.raises(DatabaseUnavailable, match='database "no such thing" does not exist'):
        hegel_store.connect(server.url("no%20such%20thing")).check()


def test_parameter_that_libpq_cannot_take_is_a_configuration_error(server):
    store = hegel_store.connect(server.url("postgres") + "&connect_timeout=soon")
    for call in (store.check, store.upgrade):
        with pytest.raises(ConfigurationError, match="connect_timeout"):
            call()


def test_unmigrated_database_says_how_to_migrate_it(empty_url):
    with hegel_store.connect(empty_url) as store:
        for call in (store.check, *_all_calls(store).values()):
            with pytest.raises(MigrationRequired, match=r"not been migrated.*hegel-store upgrade"):
                call()


def test_migrating_makes_the_same_store_usable(empty_url):
    with hegel_store.connect(empty_url) as store:
        with pytest.raises(MigrationRequired):
            store.profiles.latest(*SCOPE)
        store.upgrade()
        assert store.check().revision == HEAD
        assert store.profiles.latest(*SCOPE) is None


def test_database_one_revision_behind_is_told_apart(store, url):
    migrate.downgrade(parse_address(url, "the test"), BEFORE_HEAD)
    with pytest.raises(
        MigrationRequired,
        match=rf"the database is behind: .* {BEFORE_HEAD}, .* {HEAD}; run `hegel-store upgrade`",
    ):
        store.check()


def test_database_ahead_of_the_package_says_that_the_package_is_behind(store, admin):
    admin.execute("UPDATE hegel_store_version SET version_num = '9f3e_from_the_future'")
    with pytest.raises(
        PackageOutdated,
        match=r"this package is behind: .*9f3e_from_the_future.*upgrade hegel_store",
    ):
        store.check()


@pytest.mark.parametrize("call", ["read", "append", "search", "rank", "block"])
@pytest.mark.parametrize(
    ("revision", "error", "message"),
    [
        (BEFORE_HEAD, MigrationRequired, "the database is behind"),
        ("future", PackageOutdated, "this package is behind"),
    ],
)
def test_missing_table_says_which_side_is_behind(store, admin, call, revision, error, message):
    admin.execute("UPDATE hegel_store_version SET version_num = %s", (revision,))
    admin.execute(
        "DROP TABLE hegel_prompt_profiles, hegel_scopes, hegel_facts, hegel_profile_populations"
        " CASCADE"
    )
    with pytest.raises(error, match=message):
        _all_calls(store)[call]()


def test_missing_table_is_told_on_every_thread_of_a_full_pool(empty_url):
    with hegel_store.connect(empty_url, pool="light", pool_timeout=5) as store:
        together = threading.Barrier(5)

        def call(_: int) -> str:
            together.wait()
            with pytest.raises(DatabaseError) as caught:
                store.profiles.latest(*SCOPE)
            return type(caught.value).__name__

        with ThreadPoolExecutor(5) as threads:
            assert set(threads.map(call, range(5))) == {"MigrationRequired"}


def test_statement_of_ones_own_on_a_missing_table_is_not_blamed_on_the_revision(store):
    with (
        pytest.raises(ProgrammingError, match='"nonesuch" does not exist'),
        store.begin() as work,
    ):
        work.session.execute(text("SELECT * FROM nonesuch"))


def test_missing_pgvector_is_named(store, admin):
    admin.execute("DROP EXTENSION vector CASCADE")
    with pytest.raises(ServerUnsupported, match="pgvector"):
        store.check()


# What connections are like


def test_connections_carry_the_application_name(url, admin):
    with hegel_store.connect(url) as store:
        assert _backend(store) in _backends(admin, "hegel_store")
    with hegel_store.connect(url, application_name="trainer #7") as store:
        assert _backend(store) in _backends(admin, "trainer #7")
    with hegel_store.connect(f"{url}&application_name=from%20the%20url") as store:
        assert _backend(store) in _backends(admin, "from the url")


@contextmanager
def _locked(admin: psycopg.Connection, table: str) -> Iterator[None]:
    with admin.transaction():
        admin.execute(f"LOCK TABLE {table}")
        yield


def test_statement_timeout_holds_for_calls_and_blocks(url, admin):
    with (
        hegel_store.connect(url, statement_timeout=0.2) as store,
        _locked(admin, "hegel_prompt_profiles"),
    ):
        started = time.monotonic()
        with pytest.raises(StatementTimeout) as caught:
            store.profiles.latest(*SCOPE)
        assert (caught.value.sqlstate, caught.value.retryable) == ("57014", False)
        with pytest.raises(StatementTimeout), store.begin() as work:
            work.profiles.latest(*SCOPE)
        assert time.monotonic() - started < 20
    with hegel_store.connect(url, statement_timeout=0.2) as store:
        assert store.profiles.latest(*SCOPE) is None


def test_statement_timeout_joins_the_options_of_the_url(url):
    with (
        hegel_store.connect(f"{url}&options=-c%20work_mem%3D7MB", statement_timeout=71.5) as store,
        store.engine.connect() as connection,
    ):
        settings = "current_setting('work_mem'), current_setting('statement_timeout')"
        assert connection.execute(text(f"SELECT {settings}")).one() == ("7MB", "71500ms")


def test_shortest_statement_timeout_is_not_rounded_down_to_none(url):
    connect = Connector(parse_address(url, "the test"), Settings(statement_timeout=0.0001))
    with pytest.raises(DatabaseUnavailable, match="canceling statement due to statement timeout"):
        connect()


def test_without_a_statement_timeout_the_role_s_own_holds(url, admin):
    admin.execute("ALTER DATABASE " + admin.info.dbname + " SET statement_timeout = '77s'")
    with hegel_store.connect(url) as store, store.engine.connect() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "77s"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Something that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_silent_server_is_given_up_after_the_connect_timeout(silent_port):
    store = hegel_store.connect(f"postgresql://u@127.0.0.1:{silent_port}/d", connect_timeout=2)
    started = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match="timeout"):
        store.profiles.latest(*SCOPE)
    assert 1.5 < time.monotonic() - started < 20


def test_second_host_is_tried_when_the_first_does_not_answer(url, server):
    hosts = f"/nonexistent/dir,{server.host}"
    there = parse_address(url, "the test").parameters
    with hegel_store.connect(f"host={hosts} dbname={there['dbname']} user={server.user}") as store:
        assert store.check().revision == HEAD


# What a statement on the store and one in a block leave behind


def test_calls_commit_and_blocks_roll_back_on_the_same_connection(url, admin):
    with hegel_store.connect(url) as store:
        pids = set()
        for _ in range(3):
            store.profiles.append(*SCOPE, PROFILE)
            with suppress(ZeroDivisionError), store.begin() as work:
                work.profiles.append(*SCOPE, PROFILE)
                pids.add(work.session.scalar(text("SELECT pg_backend_pid()")))
                raise ZeroDivisionError
            with store.engine.connect() as connection:  # a plain one begins, and does not commit
                connection.execute(text("DELETE FROM hegel_prompt_profiles"))
                pids.add(connection.scalar(text("SELECT pg_backend_pid()")))
            with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
                pids.add(other.scalar(text("SELECT pg_backend_pid()")))
            raw = store.engine.raw_connection()
            assert raw.driver_connection.autocommit is False
            raw.close()
        assert len(pids) == 1
    (count,) = admin.execute("SELECT count(*) FROM hegel_prompt_profiles").fetchone()
    assert count == 3


def test_rows_outlive_the_connection_they_came_over(url):
    with hegel_store.connect(url, pool="light") as store:
        autocommit = store._database.autocommit
        results = [
            autocommit.execute(text("SELECT generate_series(1, :n) AS n"), {"n": n})
            for n in range(1, 12)
        ]
        store.close()
        assert [len(result.all()) for result in results] == list(range(1, 12))
        written = autocommit.execute(
            text(
                "INSERT INTO hegel_scopes (corpus_id, task_type, last_version, last_created_at)"
                " VALUES ('c', 'qa', 0, now())"
            )
        )
        assert written.rowcount == 1


# The pool


def _database(url: str, monkeypatch: pytest.MonkeyPatch, size: PoolSize, **settings: object):
    monkeypatch.setitem(POOL_PRESETS, "light", size)
    chosen = Settings(pool="light", **settings)
    return Database(parse_address(url, "the test"), chosen, migrate.require_current)


def test_presets_are_the_documented_ones():
    assert {name: (s.minimum, s.maximum, s.idle) for name, s in POOL_PRESETS.items()} == {
        "light": (1, 5, 600),
        "medium": (2, 10, 300),
        "heavy": (5, 20, 120),
    }


@pytest.mark.parametrize("preset", ["light", "medium", "heavy"])
def test_maximum_is_opened_and_never_exceeded(url, admin, preset):
    maximum = POOL_PRESETS[preset].maximum
    name = f"at most {maximum}"
    with (
        hegel_store.connect(url, pool=preset, pool_timeout=0.1, application_name=name) as store,
        ExitStack() as held,
        ThreadPoolExecutor(1) as another,
    ):
        for _ in range(maximum):
            held.enter_context(store.engine.begin())
        for call in _all_calls(store).values():
            with pytest.raises(PoolExhausted, match="larger pool") as caught:
                another.submit(call).result()
            assert caught.value.retryable
        assert len(_backends(admin, name)) == maximum


def test_exhausted_pool_answers_after_its_timeout(url):
    with (
        hegel_store.connect(url, pool="light", pool_timeout=0.3) as store,
        ExitStack() as held,
        ThreadPoolExecutor(1) as another,
    ):
        for _ in range(5):
            held.enter_context(store.begin()).profiles.latest(*SCOPE)
        started = time.monotonic()
        with pytest.raises(PoolExhausted):
            another.submit(store.profiles.latest, *SCOPE).result()
        assert 0.25 < time.monotonic() - started < 15


def test_checkouts_that_timed_out_leak_nothing(url, admin):
    with hegel_store.connect(
        url, pool="light", pool_timeout=0.002, application_name="leaky"
    ) as store:
        with ExitStack() as held:
            for _ in range(5):
                held.enter_context(store.engine.connect())

            def refused(_: int) -> bool:
                with pytest.raises(PoolExhausted):
                    store.profiles.latest(*SCOPE)
                return True

            with ThreadPoolExecutor(8) as threads:
                assert sum(threads.map(refused, range(1000))) == 1000
        assert store.engine.pool.checkedout() == 0
        with ExitStack() as held:
            for _ in range(5):
                held.enter_context(store.engine.connect())
        assert len(_backends(admin, "leaky")) == 5


def test_fifty_threads_on_five_connections_are_all_served(url, admin):
    with hegel_store.connect(url, pool="light", application_name="crowd") as store:
        together = threading.Barrier(50)

        def work(number: int) -> int:
            together.wait()
            for _ in range(4):
                store.profiles.append(f"corpus {number % 7}", "qa", PROFILE)
            return len(_backends_of(number))

        def _backends_of(number: int) -> list[object]:
            return list(store.profiles.history(f"corpus {number % 7}", "qa"))

        with ThreadPoolExecutor(50) as threads:
            assert all(threads.map(work, range(50)))
        assert len(_backends(admin, "crowd")) <= 5
        (count,) = admin.execute("SELECT count(*) FROM hegel_prompt_profiles").fetchone()
        assert count == 200


def test_connection_that_lay_idle_too_long_is_replaced(url, monkeypatch):
    database = _database(url, monkeypatch, PoolSize(1, 5, 0.05))
    pid = text("SELECT pg_backend_pid()")
    first = database.autocommit.execute(pid).scalar_one()
    assert database.autocommit.execute(pid).scalar_one() == first  # used at once it is kept
    idle_since = time.monotonic()
    wait_until(lambda: time.monotonic() - idle_since > 0.06)
    assert database.autocommit.execute(pid).scalar_one() != first
    database.close()


def test_warm_opens_the_minimum_and_keeps_it(url, admin, monkeypatch):
    database = _database(url, monkeypatch, PoolSize(3, 5, 60), application_name="kept warm")
    assert _backends(admin, "kept warm") == set()
    database.warm()
    opened = _backends(admin, "kept warm")
    assert len(opened) == 3
    database.warm()
    assert _backends(admin, "kept warm") == opened
    database.close()
    wait_until(lambda: _backends(admin, "kept warm") == set())


def test_closed_store_can_be_used_again(store):
    before = _backend(store)
    store.close()
    assert _backend(store) != before


# Connections that the server ended


def _calls_and_a_block(store: Store) -> None:
    store.profiles.append(*SCOPE, PROFILE)
    with store.begin() as work:
        work.profiles.append(*SCOPE, PROFILE)
    with store.engine.begin() as connection:
        connection.execute(text("SELECT 1"))


def test_terminated_connections_are_noticed_before_they_are_used(url, admin):
    with hegel_store.connect(url, pool="heavy", application_name="doomed") as store:
        for _ in range(5):
            store.check()
            doomed = _backends(admin, "doomed")
            assert len(doomed) == 5
            for pid in doomed:
                admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            _calls_and_a_block(store)
            assert not _backends(admin, "doomed") & doomed


def test_connection_terminated_in_use_is_an_error_that_may_be_retried(url, admin):
    with hegel_store.connect(url) as store:
        with pytest.raises(DatabaseUnavailable) as caught, store.begin() as work:  # noqa: PT012
            pid = work.session.scalar(text("SELECT pg_backend_pid()"))
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            work.profiles.append(*SCOPE, PROFILE)
        assert caught.value.retryable
        _calls_and_a_block(store)


def test_refused_write_on_a_read_only_server_makes_the_pool_look_again(url, admin):
    database = admin.info.dbname
    admin.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    with hegel_store.connect(url) as store:
        for call in (_all_calls(store)["append"], _all_calls(store)["block"]):
            with pytest.raises(DatabaseUnavailable) as caught:
                call()
            assert (caught.value.sqlstate, caught.value.retryable) == ("25006", True)
        before = _backend(store)
        with pytest.raises(DatabaseUnavailable):
            store.profiles.append(*SCOPE, PROFILE)
        admin.execute("SET default_transaction_read_only = off")
        admin.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only")
        _calls_and_a_block(store)
        assert _backend(store) != before


def test_block_that_idles_too_long_is_the_caller_s_fault_and_not_retryable(url, admin):
    with hegel_store.connect(
        f"{url}&options=-c%20idle_in_transaction_session_timeout%3D50ms"
    ) as store:
        with pytest.raises(StatementTimeout) as caught, store.begin() as work:  # noqa: PT012
            pid = work.session.scalar(text("SELECT pg_backend_pid()"))
            wait_until(lambda: pid not in _backends(admin, "hegel_store"))
            work.profiles.latest(*SCOPE)
        assert not caught.value.retryable
        _calls_and_a_block(store)


@pytest.fixture(scope="module")
def mortal_server(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    with own_server(request.config.getoption("--postgres"), migrated=True) as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("how", ["restart", "kill"])
def test_after_the_server_came_back_the_next_call_just_works(mortal_server, how):
    with hegel_store.connect(mortal_server.url(), pool="heavy") as store:
        store.check()
        if how == "restart":
            mortal_server.restart()
        else:
            mortal_server.kill()
            mortal_server.start()
        _calls_and_a_block(store)
        together = threading.Barrier(20)

        def call(_: int) -> object:
            together.wait()
            return store.profiles.latest(*SCOPE)

        with ThreadPoolExecutor(20) as threads:
            assert all(threads.map(call, range(20)))


@pytest.mark.slow
def test_while_the_server_is_away_calls_fail_at_once_and_then_recover(mortal_server):
    with hegel_store.connect(mortal_server.url()) as store:
        store.check()
        mortal_server.kill()
        for call in (store.check, *_all_calls(store).values()):
            started = time.monotonic()
            with pytest.raises(DatabaseUnavailable):
                call()
            assert time.monotonic() - started < 5
        mortal_server.start()
        _calls_and_a_block(store)


def test_bad_arguments_are_refused_before_any_connection_is_opened():
    store = hegel_store.connect("postgresql://u@/d?host=/nonexistent/dir")
    with pytest.raises(InvalidInput) as caught:
        store.profiles.latest("", "qa")
    assert caught.value.field == "corpus_id"
