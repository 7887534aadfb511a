"""Followers and caches while servers are killed and stopped, wires cut, and processes forked."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import hegel_store
from hegel_store.errors import DatabaseUnavailable
from hegel_store.following import listener
from hegel_store.store import Store
from tests.proxy import proxy_to
from tests.reliability.pgbouncer import needs_pgbouncer
from tests.servers import OwnServer, own_server, postmaster_pid, wait_until
from tests.victims import Victim

pytestmark = [
    pytest.mark.any_server,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

SCOPE = ("news", "qa")
LONG = 3600.0


@pytest.fixture
def own(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    """A migrated server of the test's own."""
    with own_server(request.config.getoption("--postgres"), migrated=True) as server:
        yield server
        server.start()  # or it could not be stopped


def hearing(store: Store) -> Store:
    """The same, once it is notified."""
    store.profile_cache().latest("somewhere", "else")
    wait_until(lambda: store.following == "notified")
    return store


@contextmanager
def collecting(store: Store, count: int, **options) -> Iterator[list[int]]:
    """The versions that a follower gets in the background; all of them, at the end."""
    follower = store.follow(*SCOPE, after=0, **options)
    found: list[int] = []

    def collect() -> None:
        for _ in range(count):
            found.append(next(follower).version)

    with ThreadPoolExecutor(1) as threads:
        collected = threads.submit(collect)
        try:
            yield found
            collected.result(60)
        finally:
            follower.close()


def append(url: str, count: int) -> None:
    with hegel_store.connect(url) as store:
        for _ in range(count):
            store.profiles.append(*SCOPE, {})


def test_a_follower_lives_through_a_kill_of_the_server(own, caplog):
    with hegel_store.connect(own.url()) as store:
        cache = hearing(store).profile_cache(max_staleness=LONG)
        with collecting(store, 9) as found:
            append(own.url(), 3)
            wait_until(lambda: found == [1, 2, 3])
            for last in (6, 9):
                assert cache.latest(*SCOPE).version == last - 3
                own.kill()
                wait_until(lambda: store.following == "connecting")
                time.sleep(0.5)
                own.start()
                append(own.url(), 3)
                wait_until(lambda: found == [*range(1, last + 1)], 60)  # noqa: B023
                wait_until(lambda: store.following == "notified", 60)
                wait_until(lambda: cache.latest(*SCOPE).version == last)  # noqa: B023
        assert found == [*range(1, 10)]
    assert caplog.text.count("new profiles are not heard of") == 2, "it is said once each time"
    assert caplog.text.count("are heard of again") == 2


def test_what_happens_while_the_wire_is_cut_is_found_when_it_is_mended(server, url):
    name = url.split("@/")[1].split("?")[0]
    with proxy_to(Path(server.host)) as proxy, hegel_store.connect(proxy.url(name)) as store:
        cache = hearing(store).profile_cache(max_staleness=LONG)
        with collecting(store, 4) as found:
            append(url, 2)
            wait_until(lambda: found == [1, 2])
            wait_until(lambda: cache.latest(*SCOPE).version == 2)
            proxy.cut_all()
            append(url, 2)
        assert found == [1, 2, 3, 4]
        wait_until(lambda: cache.latest(*SCOPE).version == 4)


def stop(pid: int, number: signal.Signals) -> None:
    """The server and all its processes."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in [pid, *map(int, children)]:
        os.kill(each, number)


def test_a_server_that_is_stopped_and_not_gone_is_noticed(own):
    """No answer, no error. The listener asks after 5 s, a look is given up after 10."""
    with hegel_store.connect(own.url(), connect_timeout=2) as store:
        append(own.url(), 1)
        bold = hearing(store).profile_cache(max_staleness=1.0, stale_if_away=LONG)
        cache = store.profile_cache(max_staleness=1.0)
        assert bold.latest(*SCOPE).version == cache.latest(*SCOPE).version == 1
        with collecting(store, 3) as found:
            wait_until(lambda: found == [1])
            pid = postmaster_pid(own.data)
            stop(pid, signal.SIGSTOP)
            try:
                began = time.monotonic()
                wait_until(lambda: store.following == "connecting", 40)
                with pytest.raises(DatabaseUnavailable):
                    cache.latest(*SCOPE)
                assert bold.latest(*SCOPE).version == 1
                waiting = store.follow(*SCOPE, after=1, timeout=1.0)
                assert list(waiting) == []
                assert time.monotonic() - began < 100
            finally:
                stop(pid, signal.SIGCONT)
            append(own.url(), 2)
        assert found == [1, 2, 3]
        wait_until(lambda: store.following == "notified", 60)
        wait_until(lambda: cache.latest(*SCOPE).version == bold.latest(*SCOPE).version == 3)


def test_a_database_that_is_away_is_an_error_past_the_bound_unless_allowed(own, caplog):
    append(own.url(), 1)
    with hegel_store.connect(own.url()) as store:
        hearing(store)
        strict = store.profile_cache(max_staleness=3.0)
        bold = store.profile_cache(max_staleness=3.0, stale_if_away=5.0)
        assert strict.latest(*SCOPE).version == bold.latest(*SCOPE).version == 1
        began = time.monotonic()
        own.kill()
        if time.monotonic() - began < 2.5:
            assert strict.latest(*SCOPE).version == 1, "within the bound nobody notices"
        time.sleep(max(0.0, began + 3.2 - time.monotonic()))
        with pytest.raises(DatabaseUnavailable):
            strict.latest(*SCOPE)
        assert bold.latest(*SCOPE).version == 1
        assert "an older profile of ('news', 'qa', 'latest') is served" in caplog.text
        time.sleep(max(0.0, began + 8.2 - time.monotonic()))
        with pytest.raises(DatabaseUnavailable):
            bold.latest(*SCOPE)
        own.start()
        append(own.url(), 1)
        assert strict.latest(*SCOPE).version == bold.latest(*SCOPE).version == 2


def test_what_is_known_to_be_replaced_is_not_served_while_the_database_is_away(own):
    append(own.url(), 1)
    with hegel_store.connect(own.url()) as store:
        bold = hearing(store).profile_cache(max_staleness=LONG, stale_if_away=LONG)
        assert bold.latest(*SCOPE).version == 1
        append(own.url(), 1)
        wait_until(lambda: not bold._entries)
        own.kill()
        with pytest.raises(DatabaseUnavailable):
            bold.latest(*SCOPE)


# --- where nothing can be listened to


# .ci/run installs it and takes no skip; a developer's machine may lack it.
@needs_pgbouncer
@pytest.mark.parametrize("told", [True, False])
def test_through_a_pooler_new_profiles_are_looked_for(pooled_url, url, told, caplog):
    options = {"pgbouncer": True} if told else {}
    with hegel_store.connect(pooled_url, follow_seconds=0.2, **options) as store:
        for _ in range(2):
            store.profile_cache().latest(*SCOPE)
            wait_until(lambda: store.following == "polling")
        with collecting(store, 5) as found:
            append(url, 5)
        assert found == [1, 2, 3, 4, 5]
        reason = "pgbouncer=True" if told else "a pooler stands in between"
        assert caplog.text.count(f"nothing can be listened to: {reason}") == 1
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE query ~ '^LISTEN'")
        assert found.fetchone() == (0,), "it would stay on a connection that is lent to others"


# --- processes


def append_twenty(url: str) -> None:
    append(url, 20)


def test_what_two_processes_append_comes_in_order_to_both(url, store):
    with (
        hegel_store.connect(url) as other,
        collecting(store, 40) as one,
        collecting(other, 40) as two,
    ):
        writers = [Victim(append_twenty, url) for _ in range(2)]
        assert [writer.outcome() for writer in writers] == [0, 0]
    assert one == two == [*range(1, 41)]


def follow_in_child(store: Store, follower, cache, queue) -> None:
    before = (store.following, len(cache._entries))
    cache.latest(*SCOPE)
    wait_until(lambda: store.following == "notified")
    queue.put(before)
    queue.put([next(follower).version for _ in range(3)])
    wait_until(lambda: cache.latest(*SCOPE).version == 5)
    queue.put("heard")


def test_a_forked_child_listens_for_itself(url, store):
    hearing(store)
    follower = store.follow(*SCOPE, timeout=40.0)
    append(url, 2)
    cache = store.profile_cache(max_staleness=LONG)
    assert cache.latest(*SCOPE).version == 2
    assert [next(follower).version for _ in range(2)] == [1, 2]
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=follow_in_child, args=(store, follower, cache, queue))
    child.start()
    assert queue.get(timeout=30) == ("idle", 0)
    append(url, 3)
    assert queue.get(timeout=30) == [3, 4, 5]
    assert queue.get(timeout=30) == "heard"
    child.join(30)
    assert child.exitcode == 0
    assert store.following == "notified"
    assert [next(follower).version for _ in range(3)] == [3, 4, 5]
    append(url, 1)
    assert next(follower).version == 6
    wait_until(lambda: cache.latest(*SCOPE).version == 6)


def test_on_a_standby_new_profiles_are_looked_for_until_it_is_promoted(own, monkeypatch, caplog):
    """The server, started again as the standby of nobody."""
    monkeypatch.setattr(listener, "RECHECK_SECONDS", 0.5)
    append(own.url(), 2)
    signal_file = own.data / "standby.signal"
    signal_file.touch()
    os.chown(signal_file, own.data.stat().st_uid, own.data.stat().st_gid)
    own.restart()
    with hegel_store.connect(own.url(), follow_seconds=0.2) as store:
        with collecting(store, 4) as found:
            wait_until(lambda: store.following == "polling")
            wait_until(lambda: found == [1, 2])
            own.execute("SELECT pg_promote()")
            append(own.url(), 2)
        assert found == [1, 2, 3, 4]
        wait_until(lambda: store.following == "notified", 30)
    assert caplog.text.count("nothing can be listened to: the server is a standby") == 1
