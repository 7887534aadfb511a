"""Followers get every new profile, in order, as soon as it is committed."""

from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

import psycopg
import pytest

import hegel_store
from hegel_store.errors import DatabaseUnavailable, InvalidInput, MigrationRequired
from hegel_store.following.keys import CHANNEL, key_of
from hegel_store.store import Store
from tests.servers import wait_until

SCOPE = ("news", "qa")


def versions(profiles) -> list[int]:
    return [profile.version for profile in profiles]


def hearing(store: Store) -> Store:
    """The same, once it is notified."""
    store.profile_cache().latest("somewhere", "else")
    wait_until(lambda: store.following == "notified")
    return store


def test_versions_come_in_order_while_four_threads_append(store, url):
    with hegel_store.connect(url) as following:
        follower = following.follow(*SCOPE, timeout=20.0)
        with ThreadPoolExecutor(4) as threads:
            made = [
                threads.submit(store.profiles.append, *SCOPE, {"worker": {"n": n}})
                for n in range(32)
            ]
            found = [next(follower) for _ in range(32)]
        assert versions(found) == [*range(1, 33)]
        assert sorted(future.result().id for future in made) == sorted(p.id for p in found)
        assert {profile.profile["worker"]["n"] for profile in found} == {*range(32)}
        assert follower.position == 32


def test_the_position_is_taken_when_follow_is_called(store):
    store.profiles.append(*SCOPE, {})
    follower = store.follow(*SCOPE, timeout=0)
    store.profiles.append(*SCOPE, {})
    store.profiles.append("other", "qa", {})
    store.profiles.append("news", "summarise", {})
    assert versions(follower) == [2]
    assert versions(store.follow(*SCOPE, timeout=0)) == []


def test_a_worker_goes_on_from_the_version_it_has(store):
    for _ in range(45):
        store.profiles.append(*SCOPE, {})
    assert versions(store.follow(*SCOPE, after=0, timeout=0)) == [*range(1, 46)]
    assert versions(store.follow(*SCOPE, after=43, timeout=0)) == [44, 45]
    assert versions(store.follow(*SCOPE, after=45, timeout=0)) == []
    assert versions(store.follow(*SCOPE, after=99, timeout=0)) == []


def test_a_follower_wakes_at_once(store, url):
    """The next look by itself would be half a minute away."""
    with hegel_store.connect(url) as following:
        hearing(following)
        follower = following.follow(*SCOPE, timeout=25.0)
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(next, follower)
            time.sleep(0.5)
            store.profiles.append(*SCOPE, {})
            assert waiting.result(10).version == 1


def test_the_timeout_counts_from_each_profile_and_ends_the_iteration(store):
    follower = store.follow(*SCOPE, timeout=0.5)
    began = time.monotonic()
    assert list(follower) == []
    assert 0.4 < time.monotonic() - began < 10
    store.profiles.append(*SCOPE, {})
    assert list(follower) == [], "over is over"


def test_what_is_rolled_back_is_never_seen(store):
    follower = store.follow(*SCOPE, timeout=1.0)
    with suppress(ZeroDivisionError), store.begin() as work:
        work.profiles.append(*SCOPE, {"worker": {"system_prompt": "never"}})
        _ = 1 / 0
    store.profiles.append(*SCOPE, {"worker": {"system_prompt": "kept"}})
    (found,) = follower
    assert (found.version, found.profile["worker"]["system_prompt"]) == (1, "kept")


def test_a_version_that_is_not_committed_yet_holds_later_ones_back(store):
    follower = store.follow(*SCOPE, timeout=15.0)
    with ThreadPoolExecutor(1) as threads, store.begin() as work:
        work.profiles.append(*SCOPE, {})
        second = threads.submit(store.profiles.append, *SCOPE, {})
        assert versions(store.follow(*SCOPE, after=0, timeout=0.5)) == []
        work.profiles.append(*SCOPE, {})
        work.session.commit()
        assert second.result(10).version == 3
        assert versions(next(follower) for _ in range(3)) == [1, 2, 3]


@pytest.mark.parametrize("end", ["close", "store"])
def test_a_follower_is_ended_from_another_thread(url, end):
    store = hegel_store.connect(url)
    follower = store.follow(*SCOPE)
    threading.Timer(0.5, follower.close if end == "close" else store.close).start()
    began = time.monotonic()
    assert list(follower) == []
    assert time.monotonic() - began < 15
    store.close()
    assert store.following == "idle"
    wait_until(lambda: not listeners())


def listeners() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "listener" in thread.name]


def test_followers_and_caches_share_one_connection_and_nothing_is_opened_before(store, url):
    watching = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"
    assert store.following == "idle"
    assert listeners() == []
    followers = [store.follow(f"corpus {n}", "qa", timeout=0) for n in range(5)]
    assert listeners() == [], "not before anybody waits"
    for follower in followers:
        assert list(follower) == []
    for n in range(5):
        store.profile_cache().latest(f"corpus {n}", "qa")
    wait_until(lambda: store.following == "notified")
    with psycopg.connect(url) as connection:
        wait_until(lambda: connection.execute(watching).fetchone() == (1,))
    assert len(listeners()) == 1
    store.close()
    with psycopg.connect(url, autocommit=True) as connection:
        wait_until(lambda: connection.execute(watching).fetchone() == (0,))


def test_a_store_that_is_forgotten_leaves_no_thread(url):
    def forget() -> None:
        hearing(hegel_store.connect(url))

    forget()
    gc.collect()
    wait_until(lambda: gc.collect() is not None and not listeners())


def test_wrong_arguments_are_refused_by_name(store):
    for field, arguments in (
        ("corpus_id", {"corpus_id": ""}),
        ("task_type", {"task_type": 5}),
        ("alias", {"alias": "a\0"}),
        ("after", {"after": -1}),
        ("after", {"after": "2"}),
        ("timeout", {"timeout": -1}),
        ("timeout", {"timeout": float("nan")}),
    ):
        with pytest.raises(InvalidInput) as refused:
            store.follow(**({"corpus_id": "news", "task_type": "qa"} | arguments))
        assert refused.value.field == field


def test_a_database_that_was_never_migrated_is_an_error(empty_url):
    with hegel_store.connect(empty_url) as store:
        with pytest.raises(MigrationRequired):
            store.follow(*SCOPE)
        with pytest.raises(MigrationRequired):
            next(store.follow(*SCOPE, after=0))


def test_without_a_database_there_is_no_position(tmp_path):
    with hegel_store.connect(f"postgresql://nobody@/none?host={tmp_path}") as store:
        with pytest.raises(DatabaseUnavailable):
            store.follow(*SCOPE)
        assert list(store.follow(*SCOPE, after=0, timeout=1.5)) == []


# --- aliases


def test_an_alias_is_followed_to_its_newest_target(store):
    first, second, third = (store.profiles.append(*SCOPE, {}) for _ in range(3))
    follower = store.follow(*SCOPE, alias="production", timeout=15.0)
    store.profiles.set_alias(*SCOPE, "production", second.id)
    assert next(follower).id == second.id
    store.profiles.set_alias(*SCOPE, "staging", third.id)
    store.profiles.set_alias(*SCOPE, "production", third.id)
    store.profiles.set_alias(*SCOPE, "production", first.id)
    assert next(follower).id == first.id, "the last of them is sure, and backwards is a move"
    store.profiles.set_alias(*SCOPE, "production", third.id)
    assert next(follower).id == third.id


def test_an_alias_is_followed_from_the_version_a_worker_has(store):
    first = store.profiles.append(*SCOPE, {})
    store.profiles.append(*SCOPE, {})
    store.profiles.set_alias(*SCOPE, "production", first.id)
    assert versions(store.follow(*SCOPE, alias="production", timeout=0)) == []
    assert versions(store.follow(*SCOPE, alias="production", after=1, timeout=0)) == []
    assert versions(store.follow(*SCOPE, alias="production", after=2, timeout=0)) == [1]
    assert versions(store.follow(*SCOPE, alias="production", after=0, timeout=0)) == [1]
    assert versions(store.follow(*SCOPE, alias="latest", after=0, timeout=0)) == [2]
    assert versions(store.follow(*SCOPE, alias="latest", timeout=0)) == []


# --- what is sent


@pytest.fixture
def heard(url):
    """The payloads that arrive until nothing does for a while."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        yield lambda: [notice.payload for notice in connection.notifies(timeout=0.5)]


def test_a_notification_is_a_digest_and_names_nothing(store, heard):
    profile = store.profiles.append("sécret", "qa", {"worker": {"system_prompt": "secret"}})
    assert heard() == [key_of("sécret", "qa", "latest")]
    store.profiles.set_alias("sécret", "qa", "production", profile.id)
    store.profiles.set_alias("sécret", "qa", "production", profile.id)
    assert heard() == [key_of("sécret", "qa", "production")] * 2


def test_what_changes_nothing_notifies_nobody(store, heard):
    profile = store.profiles.append(*SCOPE, {})
    heard()
    with pytest.raises(hegel_store.errors.ProfileConflict):
        store.profiles.append(*SCOPE, {}, expected_version=7)
    with pytest.raises(hegel_store.errors.ProfileConflict):
        store.profiles.set_alias(*SCOPE, "production", profile.id, expected=uuid4())
    store.profiles.annotate(profile.corpus_id, profile.id, metadata={"a": 1})
    with suppress(ZeroDivisionError), store.begin() as work:
        work.profiles.append(*SCOPE, {})
        _ = 1 / 0
    assert heard() == []


def test_imports_do_not_flood(postgresql, heard):
    """One for a scope in a transaction; and one for a statement with too many of them."""
    insert = (
        "INSERT INTO hegel_prompt_profiles (corpus_id, source)"
        " SELECT 'corpus ' || n % %s, '{}' FROM generate_series(1, 1000) AS n"
    ).replace("n % %s", "mod(n, %s)")
    postgresql.execute(insert, (3,))
    for _ in range(9):
        postgresql.execute(insert, (3,))
    postgresql.commit()
    assert sorted(heard()) == sorted(key_of(f"corpus {n}", "qa", "latest") for n in range(3))
    postgresql.execute(insert, (1000,))
    postgresql.commit()
    assert heard() == ["*"]


def test_rows_written_with_sql_are_heard_of_too(store, postgresql, heard):
    profile = store.profiles.append(*SCOPE, {})
    store.profiles.set_alias(*SCOPE, "a", profile.id)
    heard()
    postgresql.execute("UPDATE hegel_profile_aliases SET alias = 'b'")
    postgresql.commit()
    assert sorted(heard()) == sorted(key_of(*SCOPE, alias) for alias in "ab")
    postgresql.execute("DELETE FROM hegel_profile_aliases")
    postgresql.commit()
    assert heard() == [key_of(*SCOPE, "b")]


def test_everything_is_looked_at_after_a_large_import(store, postgresql):
    hearing(store)
    follower = store.follow(*SCOPE, timeout=25.0)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(next, follower)
        time.sleep(0.5)
        postgresql.execute(
            "INSERT INTO hegel_prompt_profiles (corpus_id, source)"
            " SELECT CASE n WHEN 1 THEN 'news' ELSE 'corpus ' || n END, '{}'"
            " FROM generate_series(1, 300) AS n"
        )
        postgresql.commit()
        assert waiting.result(10).version == 1
