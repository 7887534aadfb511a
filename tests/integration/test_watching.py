"""Statements that are counted, and sessions that wait."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import create_engine, text

from hegel_store.cli import app
from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.operations.watching import locks, top
from tests.commands import run
from tests.debian import counting_server, debian_server
from tests.servers import wait_until


@contextmanager
def connected(address: str):
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def counting():
    """A database whose statements are counted, by two roles."""
    with counting_server() as address:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute("CREATE DATABASE elsewhere")
            for _ in range(3):
                admin.execute("SELECT pg_sleep(0.05)")
        elsewhere = address.replace("/postgres?", "/elsewhere?")
        with psycopg.connect(elsewhere, autocommit=True) as other:
            other.execute("SELECT 'of another database' AS somewhere_else")
        with psycopg.connect(address.replace("postgres@", "worker@"), autocommit=True) as worker:
            for number in range(40):
                worker.execute("SELECT %s::int + 1 AS often", (number,))
        yield address


def test_statements_are_told_by_time_by_frequency_and_by_role(counting):
    with connected(counting) as connection:
        by_time = top(connection, order="time", limit=50)
        by_calls = top(connection, order="calls", role="worker")
        by_mean = top(connection, order="mean", limit=2)
    (slowest,) = (one for one in by_time.statements if one.statement == "SELECT pg_sleep($1)")
    assert (slowest.role, slowest.calls) == ("postgres", 3)
    times = [one.total_ms for one in by_time.statements]
    assert times == sorted(times, reverse=True)
    assert slowest.total_ms > 150
    assert slowest.mean_ms == pytest.approx(slowest.total_ms / 3)
    assert slowest.worst_ms >= slowest.mean_ms
    often = by_calls.statements[0]
    assert (often.role, often.calls, often.rows) == ("worker", 40, 40)
    assert {one.role for one in by_calls.statements} == {"worker"}
    assert [one.role for one in by_calls.roles] == ["worker"]
    assert by_mean.statements[0].mean_ms >= slowest.mean_ms
    assert len(by_mean.statements) == 2
    roles = {one.role: one for one in by_time.roles}
    assert roles["worker"].calls >= 40
    assert roles["postgres"].total_ms > 150
    assert not [one for one in by_calls.statements if "somewhere_else" in one.statement]


def test_what_is_missing_for_counting_is_said(counting, store):
    with debian_server() as folder:
        address = f"postgresql://postgres@/postgres?host={folder}"
        with connected(address) as connection:
            with pytest.raises(ConfigurationError, match=r"run CREATE EXTENSION.*preload"):
                top(connection)
            connection.execute(text("CREATE EXTENSION pg_stat_statements"))
            with pytest.raises(ConfigurationError, match="has not loaded it: put it into shared"):
                top(connection)
    with (
        store.engine.connect() as connection,
        pytest.raises(ConfigurationError, match="embedded server has none"),
    ):
        top(connection)
    with connected(counting) as connection, pytest.raises(InvalidInput, match="order"):
        top(connection, order="size; DROP")


def test_the_command_says_how_to_get_what_is_missing(url):
    with pytest.raises(ConfigurationError, match="postgresql-contrib"):
        run("top", "--url", url)


def waiting(url: str, number: int, began: list[threading.Thread]) -> None:
    """Let as many sessions ask for the row of a scope that this one may not have yet."""

    def ask() -> None:
        with psycopg.connect(url, application_name="waiter") as connection:
            connection.execute("UPDATE hegel_labels SET name = name WHERE corpus_id = 'news'")

    for _ in range(number):
        thread = threading.Thread(target=ask)
        thread.start()
        began.append(thread)


def test_who_waits_for_whom_is_a_tree_with_its_statements(store, url):
    store.labels.find_or_create("news", "animals")
    assert run("locks", "--url", url) == "Nobody waits for a lock.\n"
    began: list[threading.Thread] = []
    with psycopg.connect(url, application_name="holder") as holder:
        holder.execute("UPDATE hegel_labels SET name = name WHERE corpus_id = 'news'")
        process = holder.info.backend_pid
        waiting(url, 2, began)
        try:
            with store.engine.connect() as connection:
                wait_until(lambda: len(list(_all(locks(connection)))) == 3)
                (tree,) = locks(connection)
            shown = run("locks", "--url", url)
            (told,) = json.loads(run("locks", "--json", "--url", url))
        finally:
            holder.rollback()
            for thread in began:
                thread.join()
    assert tree.session.application == "holder"
    assert (tree.session.pid, tree.session.state) == (
        process,
        "idle in transaction",
    )
    assert tree.session.waiting_since is None
    waiters = [one.session for one in _all(tree.waiting)]
    assert len({one.pid for one in waiters}) == 2
    for one in waiters:
        assert one.application == "waiter"
        assert one.statement.startswith("UPDATE hegel_labels")
        assert one.waiting_since >= one.transaction_since
        assert one.lock_mode in ("ShareLock", "ExclusiveLock")
    assert "holder" in shown
    assert shown.count("waits") == 2
    assert told["session"]["pid"] == tree.session.pid
    with store.engine.connect() as connection:
        assert locks(connection) == []


def _all(trees):
    for tree in trees:
        yield tree
        yield from _all(tree.waiting)


def test_the_commands_are_registered():
    names = {command.name for command in app.registered_commands}
    assert {"top", "locks", "explain", "profile", "load"} <= names
