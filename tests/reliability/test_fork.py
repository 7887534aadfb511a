"""A store that was used before fork() works on both sides of it, on connections of their own."""

from __future__ import annotations

import multiprocessing
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import hegel_store
from hegel_store.errors import DatabaseUnavailable
from tests.reliability.forking import in_child

pytestmark = [
    pytest.mark.any_server,
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

SCOPE = ("forked", "qa")
PID = text("SELECT pg_backend_pid()")


def _backends(store: hegel_store.Store) -> set[int]:
    """The server processes behind a call and a block."""
    call = store._database.autocommit.execute(PID).scalar_one()
    with store.begin() as work:
        return {call, work.session.scalar(PID)}


def test_call_and_block_work_on_both_sides_of_a_fork(store):
    store.check()
    parents = _backends(store)

    def work() -> object:
        store.profiles.append(*SCOPE, {"worker": {"system_prompt": "from the child"}})
        with store.begin() as unit:
            unit.profiles.append(*SCOPE, {"worker": {"system_prompt": "from its block"}})
        return _backends(store) & parents or "its own"

    for _ in range(3):
        assert in_child(work) == "its own"
        assert _backends(store) == parents
    store.profiles.append(*SCOPE, {"worker": {"system_prompt": "from the parent"}})
    assert [profile.version for profile in store.profiles.history(*SCOPE)] == [*range(7, 0, -1)]


def test_store_that_was_never_used_before_the_fork_works_in_the_child(store):
    assert in_child(lambda: store.check().revision) == store.check().revision


def test_child_that_leaves_the_block_it_was_forked_in_does_not_end_it(store):
    with store.begin() as work:
        work.profiles.append(*SCOPE, {"worker": {"system_prompt": "kept"}})

        def leave() -> str:
            with pytest.raises(DatabaseUnavailable):
                work.profiles.latest(*SCOPE)
            with suppress(DBAPIError):
                work.session.rollback()
            work.session.close()
            store.profiles.append("forked elsewhere", "qa", {"worker": {}})
            return "left"

        assert in_child(leave) == "left"
        # Its ROLLBACK meets a closed line, and not the parent's transaction.
        assert "server closed the connection" in in_child(work.session.close)
        assert work.profiles.latest(*SCOPE).version == 1
    assert store.profiles.latest(*SCOPE).profile == {"worker": {"system_prompt": "kept"}}


def test_grandchildren_work_too(store):
    store.check()

    def work() -> object:
        store.profiles.append(*SCOPE, {"worker": {}})
        return in_child(lambda: store.profiles.append(*SCOPE, {"worker": {}}).version)

    assert in_child(work) == "2"


def _append(store: hegel_store.Store, queue: multiprocessing.Queue) -> None:
    for _ in range(20):
        store.profiles.append(*SCOPE, {"worker": {}})
    queue.put(_backends(store))


def test_multiprocessing_children_share_nothing_with_each_other(store, url):
    store.check()
    parents = _backends(store)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [context.Process(target=_append, args=(store, queue)) for _ in range(4)]
    for child in children:
        child.start()
    while store.profiles.latest(*SCOPE) is None or store.profiles.latest(*SCOPE).version < 80:
        assert any(child.exitcode in (None, 0) for child in children)
    backends = [queue.get(timeout=20) for _ in children]
    for child in children:
        child.join(20)
        assert child.exitcode == 0
    assert len(set().union(parents, *backends)) == len(parents) + sum(map(len, backends))
    with psycopg.connect(url) as connection:
        counted = connection.execute(
            "SELECT count(*), max(version) FROM hegel_prompt_profiles"
        ).fetchone()
    assert counted == (80, 80)
