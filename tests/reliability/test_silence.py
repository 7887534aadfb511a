"""Servers that say nothing, wires that break in the middle, and what nobody knows afterwards."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.answering import unhurried, within
from hegel_store.errors import DatabaseUnavailable, OutcomeUnknown, ProfileConflict
from hegel_store.models import NewFact
from hegel_store.store import Store
from hegel_store.transfer import export_scope, import_scope
from tests.proxy import Proxy, proxy_to
from tests.samples import MAY, Steps, rows
from tests.servers import wait_until

pytestmark = pytest.mark.any_server

SCOPE = ("c", "qa")
PATIENCE = 0.5


@pytest.fixture
def line(server, url) -> Iterator[Proxy]:
    """A wire to the test's server."""
    with proxy_to(Path(server.host)) as proxy:
        yield proxy


@pytest.fixture
def distant(line, url) -> Iterator[Store]:
    """A store at its end, which hangs up soon, and tries soon to connect again."""
    hasty = {"answer_timeout": PATIENCE, "connect_timeout": 2}
    with hegel_store.connect(line.url(_name(url)), **hasty) as store:
        yield store


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _pid(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.scalar(text("SELECT pg_backend_pid()"))


@contextmanager
def soon() -> Iterator[None]:
    """Hung up after the patience, and with no more than the machine's own slowness."""
    began = time.monotonic()
    yield
    assert PATIENCE * 0.9 < time.monotonic() - began < PATIENCE + 10


def test_a_stopped_process_of_the_server_is_hung_up_on(url):
    """It does not heed its statement_timeout: nothing of it runs."""
    with hegel_store.connect(url, answer_timeout=PATIENCE, statement_timeout=0.1) as store:
        store.profiles.append(*SCOPE, {})
        pid = _pid(store)
        with stopped(pid):
            with soon(), pytest.raises(DatabaseUnavailable, match="has not answered") as read:
                store.profiles.latest(*SCOPE)
            assert read.value.retryable
            assert _pid(store) != pid, "and the next one answers"
            assert store.profiles.latest(*SCOPE).version == 1
        with stopped(_pid(store)), soon(), pytest.raises(OutcomeUnknown):
            store.profiles.append(*SCOPE, {})


def test_a_process_that_is_stopped_before_commit_leaves_the_outcome_unknown(url):
    with hegel_store.connect(url, answer_timeout=PATIENCE) as store:
        store.profiles.append(*SCOPE, {})
        with pytest.raises(OutcomeUnknown), store.begin() as work:  # noqa: PT012
            pid = work.session.scalar(text("SELECT pg_backend_pid()"))
            work.profiles.append(*SCOPE, {})
            os.kill(pid, signal.SIGSTOP)
        os.kill(pid, signal.SIGCONT)
        # What was sent arrives after all, long after its sender went away.
        wait_until(lambda: store.profiles.latest(*SCOPE).version == 2)


def test_a_wire_that_swallows_everything_is_hung_up_on(distant, line):
    distant.profiles.append(*SCOPE, {})
    line.swallows = True
    with soon(), pytest.raises(DatabaseUnavailable):
        distant.profiles.latest(*SCOPE)
    line.swallows = False
    assert distant.profiles.latest(*SCOPE).version == 1


def test_a_copy_into_a_wire_that_swallows_everything_is_hung_up_on(distant, line):
    """More than the buffers on the way take, so that the driver waits for room to write."""
    new = Steps(distant)
    distant.steps.log(new())
    line.swallows = True
    with pytest.raises((DatabaseUnavailable, OutcomeUnknown)):
        distant.steps.log_many(
            [new(query=str(n), predicted_answer="a" * 100_000) for n in range(9)]
        )
    line.swallows = False
    assert rows(distant, "SELECT count(*) FROM hegel_training_steps") == [(1,)]


def test_a_server_that_goes_on_talking_is_not_hung_up_on(url):
    with hegel_store.connect(url, answer_timeout=PATIENCE) as store:
        slowly = "SELECT n, pg_sleep(0.01), repeat('x', 9000) FROM generate_series(1, 150) AS n"
        with store.engine.connect() as connection:
            assert len(connection.execute(text(slowly)).all()) == 150


def test_what_takes_long_without_a_word_may_be_waited_for(url):
    with (
        hegel_store.connect(url, answer_timeout=0.2) as store,
        store.engine.connect() as connection,
    ):
        with unhurried():
            connection.execute(text("SELECT pg_sleep(0.6)"))
        with unhurried(), within(0.2), pytest.raises(Exception, match="has not answered"):
            connection.execute(text("SELECT pg_sleep(20)"))


SLOW = """
    CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END';
    CREATE TRIGGER slow BEFORE INSERT ON hegel_prompt_profiles
        FOR EACH ROW EXECUTE FUNCTION slowly()"""


def test_an_import_takes_as_long_as_it_takes(url, store, tmp_path):
    store.profiles.append(*SCOPE, {})
    export_scope(store, *SCOPE, tmp_path / "scope.jsonl")
    with store.engine.begin() as connection:
        connection.exec_driver_sql(SLOW)
    with hegel_store.connect(url, answer_timeout=0.2) as hasty:
        with pytest.raises(OutcomeUnknown):
            hasty.profiles.append(*SCOPE, {})
        import_scope(hasty, tmp_path / "scope.jsonl", corpus_id="copy")
    assert store.profiles.latest("copy", "qa").version == 1


def test_the_kernel_is_told_to_ask_whether_the_other_machine_is_there(server, url):
    with (
        proxy_to(Path(server.host), tcp=True) as proxy,
        hegel_store.connect(proxy.url(_name(url))) as store,
        store.engine.connect() as connection,
    ):
        wire = socket.socket(fileno=os.dup(connection.connection.driver_connection.fileno()))
        with wire:
            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            kept = [
                wire.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            ]
            assert kept == [30, 10, 3]
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000


# Calls whose wire is cut: what the message has, what is called, and how often it is stored when it
# is called again. By the list in docs/reference/errors.md.


def _log(store: Store, made: Any) -> object:
    return store.steps.log(made["step"])


def _log_many(store: Store, made: Any) -> object:
    return store.steps.log_many([made["step"]])


def _append_expecting(store: Store, made: Any) -> object:
    return store.profiles.append("news", "qa", {"n": 1}, expected_version=1)


def _append(store: Store, made: Any) -> object:
    return store.profiles.append("news", "qa", {"n": 1})


def _add(store: Store, made: Any) -> object:
    return store.facts.add_many([NewFact(corpus_id="news", content="Hedgehogs sleep.")])


def _member(store: Store, made: Any) -> object:
    return store.populations.add("news", "qa", made["profile"], fitness=0.5)


def _learn(store: Store, made: Any) -> object:
    return store.learn(made["step"], {"n": 1})


CALLS: dict[Callable[[Store, Any], object], tuple[bytes, str, int]] = {
    _log: (b"hegel_training_steps", "hegel_training_steps", 2),
    _log_many: (b"COMMIT\x00", "hegel_training_steps", 2),
    _append_expecting: (b"hegel_prompt_profiles", "hegel_prompt_profiles", 2),
    _append: (b"hegel_prompt_profiles", "hegel_prompt_profiles", 2),
    _add: (b"COMMIT\x00", "hegel_facts", 1),
    _member: (b"hegel_profile_populations", "hegel_profile_populations", 1),
    _learn: (b"COMMIT\x00", "hegel_training_steps", 2),
}


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__.strip("_"))
def test_a_cut_wire_leaves_unknown_what_was_written_and_again_is_safe_where_it_is_said(
    line, url, store, call, cut
):
    word, table, once = CALLS[call]
    new = Steps(store)
    made = {"step": new(created_at=MAY), "profile": new.profile.id}
    store.steps.log(new(created_at=MAY, query="its month is there"))

    def stored() -> int:
        return rows(store, f"SELECT count(*) FROM {table}")[0][0]

    before = stored()
    with hegel_store.connect(line.url(_name(url))) as distant:
        line.word, line.cut_commits = word, [cut]
        with pytest.raises(OutcomeUnknown) as caught:
            call(distant, made)
        assert not caught.value.retryable
        assert line.cuts == 1
        assert stored() == (once if cut == "after" else before)
        try:
            call(distant, made)
        except ProfileConflict:
            assert (call, cut) == (_append_expecting, "after"), "which says that it was stored"
    twice = call is _append and cut == "after"
    assert stored() == once + twice


def test_a_read_whose_wire_is_cut_may_be_tried_again(line, distant):
    distant.profiles.append(*SCOPE, {})
    for call in (
        lambda: distant.profiles.latest(*SCOPE),
        lambda: distant.profiles.history(*SCOPE),
        lambda: distant.facts.search("anything", corpus_id="c", mode="text"),
    ):
        line.word, line.cut_commits = b"hegel_", ["before"]
        line.cut_all()
        with pytest.raises(DatabaseUnavailable) as caught:
            call()
        assert caught.value.retryable
