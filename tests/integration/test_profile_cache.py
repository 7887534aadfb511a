"""A cached profile is never older than its bound, and dropped when it is known to be replaced."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

import hegel_store
from hegel_store.errors import InvalidInput
from hegel_store.following import ProfileCache
from hegel_store.store import Store
from tests.servers import wait_until

pytestmark = pytest.mark.any_server

SCOPE = ("news", "qa")
LONG = 3600.0


@pytest.fixture
def worker(url):
    """The store of a worker, notified of what others do."""
    with hegel_store.connect(url) as connected:
        connected.profile_cache().latest("somewhere", "else")
        wait_until(lambda: connected.following == "notified")
        yield connected


def reads(store: Store) -> list[str]:
    """The statements on profiles that the store sends from now on."""
    sent: list[str] = []

    def note(connection, cursor, statement, *_) -> None:
        if "hegel_prompt_profiles" in statement:
            sent.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    return sent


def heard(store: Store, worker: Store) -> None:
    """The worker has heard of all that was done so far: notifications arrive in order."""
    cache = worker.profile_cache(max_staleness=LONG)
    before = cache.latest("marker", "qa")
    store.profiles.append("marker", "qa", {})
    wait_until(lambda: cache.latest("marker", "qa") != before)


def version(cache: ProfileCache, alias: str = "latest") -> int:
    profile = cache.by_alias(*SCOPE, alias)
    return 0 if profile is None else profile.version


def test_hits_read_nothing_and_are_what_the_repository_gives(store, worker):
    made = store.profiles.append(*SCOPE, {"worker": {"tools": [1, {"a": None}]}}, metadata={"n": 1})
    store.profiles.set_alias(*SCOPE, "production", made.id)
    cache = worker.profile_cache(max_staleness=LONG)
    heard(store, worker)
    sent = reads(worker)
    for _ in range(3):
        assert cache.latest(*SCOPE) == made
        assert cache.by_alias(*SCOPE, "latest") is cache.latest(*SCOPE)
        assert cache.by_alias(*SCOPE, "production") == made
        assert cache.latest("nobody", "here") is None
        assert cache.by_alias(*SCOPE, "nowhere") is None
    assert len(sent) == 4, "once each"


@pytest.mark.parametrize("document", ["profile", "performance_stats", "metadata"])
def test_a_caller_cannot_change_what_others_get(store, document):
    made = store.profiles.append(*SCOPE, {"worker": {"n": 1}}, metadata={"worker": {"n": 1}})
    store.profiles.annotate(made.corpus_id, made.id, performance_stats={"worker": {"n": 1}})
    cache = store.profile_cache(max_staleness=LONG)
    with pytest.raises(TypeError, match="read-only"):
        getattr(cache.latest(*SCOPE), document)["worker"]["n"] = 2
    getattr(cache.latest(*SCOPE), document).mutable()["worker"]["n"] = 2
    assert getattr(cache.latest(*SCOPE), document) == {"worker": {"n": 1}}
    again = store.profiles.append(*SCOPE, cache.latest(*SCOPE).profile)
    assert again.content_hash == made.content_hash


def test_a_notification_drops_what_was_replaced_and_nothing_else(store, worker):
    first = store.profiles.append(*SCOPE, {})
    store.profiles.set_alias(*SCOPE, "production", first.id)
    store.profiles.append("other", "qa", {})
    heard(store, worker)
    cache = worker.profile_cache(max_staleness=LONG)
    assert (version(cache), version(cache, "production")) == (1, 1)
    cache.latest("other", "qa")
    sent = reads(worker)
    second = store.profiles.append(*SCOPE, {})
    wait_until(lambda: version(cache) == 2)
    assert version(cache, "production") == 1
    store.profiles.set_alias(*SCOPE, "production", second.id)
    wait_until(lambda: version(cache, "production") == 2)
    cache.latest("other", "qa")
    assert len(sent) == 2


def test_the_bound_holds_without_notifications(store, url):
    store.profiles.append(*SCOPE, {})
    with hegel_store.connect(url, pgbouncer=True) as deaf:
        cache = deaf.profile_cache(max_staleness=1.0)
        assert version(cache) == 1
        store.profiles.append(*SCOPE, {})
        assert version(cache) == 1
        time.sleep(1.0)
        assert version(cache) == 2
        assert cache.latest("later", "qa") is None
        store.profiles.append("later", "qa", {})
        time.sleep(1.0)
        assert cache.latest("later", "qa").version == 1


def blocked_read(worker: Store) -> tuple[threading.Event, threading.Event]:
    """The next read has its rows, and then waits: (it has begun, let it go on)."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(connection, cursor, statement, *_) -> None:
        if "hegel_prompt_profiles" in statement and not begun.is_set():
            begun.set()
            assert go_on.wait(20)

    event.listen(worker.engine, "after_cursor_execute", hold)
    return begun, go_on


def test_a_notification_during_a_read_is_not_lost(store, worker):
    store.profiles.append(*SCOPE, {})
    heard(store, worker)
    cache = worker.profile_cache(max_staleness=LONG)
    begun, go_on = blocked_read(worker)
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(version, cache)
        assert begun.wait(10)
        other = worker.follow(*SCOPE, timeout=20.0)  # to know when the notification has arrived
        store.profiles.append(*SCOPE, {})
        assert next(other).version == 2
        wait_until(lambda: not cache._flights)
        assert version(cache) == 2, "who asks now does not wait for the old read"
        go_on.set()
        assert reading.result(10) == 1, "it was asked before"
    assert version(cache) == 2


def test_threads_that_miss_together_share_one_read(store, worker):
    store.profiles.append(*SCOPE, {})
    heard(store, worker)
    cache = worker.profile_cache(max_staleness=LONG)
    begun, go_on = blocked_read(worker)
    sent = reads(worker)
    with ThreadPoolExecutor(16) as threads:
        asking = [threads.submit(version, cache) for _ in range(16)]
        assert begun.wait(10)
        time.sleep(0.5)
        go_on.set()
        assert [future.result(10) for future in asking] == [1] * 16
    assert len(sent) == 1


def test_who_waited_for_a_read_beyond_the_bound_reads_again(store, worker):
    store.profiles.append(*SCOPE, {})
    heard(store, worker)
    cache = worker.profile_cache(max_staleness=0.5)
    begun, go_on = blocked_read(worker)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(version, cache)
        assert begun.wait(10)
        second = threads.submit(version, cache)
        time.sleep(0.7)
        store.profiles.append(*SCOPE, {})
        go_on.set()
        assert first.result(10) == 1
        assert second.result(10) == 2


def test_an_error_reaches_all_who_wait_and_is_not_kept(store, worker):
    cache = worker.profile_cache(max_staleness=LONG)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hegel_prompt_profiles RENAME TO hidden")
    with pytest.raises(hegel_store.errors.MigrationRequired):
        cache.latest(*SCOPE)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO hegel_prompt_profiles")
    assert cache.latest(*SCOPE) is None


def test_it_is_bounded(store, worker):
    cache = worker.profile_cache(max_staleness=LONG, entries=10)
    for n in range(100):
        cache.latest(f"corpus {n}", "qa")
    assert len(cache._entries) == len(cache._names) == 10
    sent = reads(worker)
    for n in range(90, 100):
        cache.latest(f"corpus {n}", "qa")
    assert sent == []
    cache.latest("corpus 0", "qa")
    assert len(sent) == 1


def test_wrong_arguments_are_refused_by_name(store):
    cache = store.profile_cache()
    for field, call in (
        ("max_staleness", lambda: store.profile_cache(max_staleness=0)),
        ("max_staleness", lambda: store.profile_cache(max_staleness=float("nan"))),
        ("stale_if_away", lambda: store.profile_cache(stale_if_away=-1)),
        ("entries", lambda: store.profile_cache(entries=0)),
        ("corpus_id", lambda: cache.latest([], "qa")),
        ("corpus_id", lambda: cache.latest("", "qa")),
        ("task_type", lambda: cache.latest("news", 5)),
        ("alias", lambda: cache.by_alias(*SCOPE, " ")),
    ):
        with pytest.raises(InvalidInput) as refused:
            call()
        assert refused.value.field == field


def test_a_closed_store_is_not_listened_for_again(url):
    store = hegel_store.connect(url)
    cache = store.profile_cache(max_staleness=0.01)
    cache.latest(*SCOPE)
    store.close()
    time.sleep(0.05)
    assert cache.latest(*SCOPE) is None
    assert store.following == "idle"
    store.close()
