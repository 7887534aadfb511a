"""Read-only units of work on streaming standbys: real ones, stopped in their replay, killed, and
promoted after the primary was killed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailable,
    InvalidInput,
    OutcomeUnknown,
)
from hegel_store.replicas import Replicas
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork
from tests.reliability.standbys import Cluster, cluster
from tests.samples import Steps, fact
from tests.servers import wait_until

pytestmark = pytest.mark.slow

UNCHANGING = 3600.0
"""A staleness that no test reaches."""
LONG = 30.0


@pytest.fixture(scope="module")
def servers(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A primary and two standbys, which tests pause and leave running."""
    with cluster(request.config.getoption("--postgres")) as made:
        yield made


@pytest.fixture
def corpus(request: pytest.FixtureRequest, servers: Cluster) -> Iterator[str]:
    """A corpus of the test's own; replay goes on after it."""
    yield request.node.name[:150]
    for one in servers.standbys:
        one.resume()
    servers.catch_up()


@pytest.fixture
def connect(servers: Cluster) -> Iterator[Callable[..., Store]]:
    stores = []

    def on_the_cluster(**settings: Any) -> Store:
        stores.append(hegel_store.connect(servers.url, replicas=servers.replicas, **settings))
        return stores[-1]

    yield on_the_cluster
    for store in stores:
        store.close()


def server_of(work: UnitOfWork) -> tuple[bool, str]:
    """Whether it is a standby, and where its data are."""
    row = work.session.execute(
        text("SELECT pg_is_in_recovery(), current_setting('data_directory')")
    ).one()
    return bool(row[0]), str(row[1])


def read(store: Store, corpus: str, after: str | None = None) -> tuple[bool, int]:
    """Whether a standby answered, and the scope's newest version (0 without any)."""
    with store.begin(read_only=True, after=after) as work:
        latest = work.profiles.latest(corpus, "qa")
        return server_of(work)[0], latest.version if latest else 0


def pause(servers: Cluster) -> None:
    servers.catch_up()
    for one in servers.standbys:
        one.pause()


def states(store: Store) -> list[str]:
    return [one.state for one in store.check().replicas]


def test_each_read_after_a_write_is_on_a_standby_and_sees_it(connect, corpus, report):
    store = connect(replica_wait=LONG)
    began = time.perf_counter()
    for version in range(1, 101):
        store.profiles.append(corpus, "qa", {})
        assert read(store, corpus) == (True, version)
    report(f"100 appends, each read on a standby: {time.perf_counter() - began:.2f} s")


def test_without_the_position_the_same_reads_are_stale(connect, servers, corpus, monkeypatch):
    """What the tests of this file would see if nothing were waited for."""
    store = connect(replica_wait=0)
    pause(servers)
    store.profiles.append(corpus, "qa", {})
    assert read(store, corpus) == (False, 1)
    monkeypatch.setattr(Replicas, "_needed", lambda replicas, at_least: 0)
    assert read(store, corpus) == (True, 0)


def _log_in_the_background(store: Store, new: Steps) -> None:
    with store.step_writer() as writer:
        writer.log(new())
        writer.flush(timeout=LONG)


def _append_in_a_block(store: Store, new: Steps) -> None:
    with store.begin() as work:
        work.profiles.append(new.scope["corpus_id"], "qa", {})


def _by_hand(store: Store, new: Steps) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS by_hand (id int)"))


WRITES: dict[str, Callable[[Store, Steps], object]] = {
    "a call": lambda store, new: store.profiles.append(new.scope["corpus_id"], "qa", {}),
    "a call of several statements": lambda store, new: store.facts.add_many(
        [fact("One fact.", new.scope["corpus_id"])]
    ),
    "COPY": lambda store, new: store.steps.log_many([new() for _ in range(300)]),
    "a unit of work": _append_in_a_block,
    "a writer in the background": _log_in_the_background,
    "a statement by hand": _by_hand,
}


@pytest.mark.parametrize("way", WRITES)
def test_whatever_way_it_was_written_a_read_waits_for_it(connect, servers, corpus, way, tmp_path):
    store = connect(replica_wait=0, spool_directory=tmp_path, replica_staleness=UNCHANGING)
    new = Steps(store, corpus)
    pause(servers)
    assert read(store, corpus) == (True, 1)  # nothing was written since the standbys were there
    WRITES[way](store, new)
    assert read(store, corpus)[0] is False
    for one in servers.standbys:
        one.resume()
    servers.catch_up()
    assert read(store, corpus)[0] is True


def test_a_read_waits_for_a_standby_that_is_on_its_way(connect, servers, corpus):
    store = connect(replica_wait=LONG)
    pause(servers)
    store.profiles.append(corpus, "qa", {})
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(read, store, corpus)
        time.sleep(0.2)
        assert not reading.done()
        servers.standbys[1].resume()
        assert reading.result(LONG) == (True, 1)


def test_who_was_late_is_not_waited_for_until_it_is_there_again(connect, servers, corpus):
    store = connect(replica_wait=1.0, replica_staleness=UNCHANGING)
    assert states(store) == ["fresh", "fresh"]
    pause(servers)
    store.profiles.append(corpus, "qa", {})
    began = time.monotonic()
    assert read(store, corpus) == (False, 1)
    assert time.monotonic() - began >= 0.9
    assert states(store) == ["behind", "behind"]
    began = time.monotonic()
    for _ in range(10):
        assert read(store, corpus) == (False, 1)
    assert time.monotonic() - began < 5.0, "ten waits would have been 10 s"
    found = store.check().replicas[0]
    assert found.missing_bytes > 0
    assert found.reason
    for one in servers.standbys:
        one.resume()
    servers.catch_up()
    assert read(store, corpus) == (True, 1)
    assert "fresh" in states(store)


def test_what_others_wrote_may_be_missing_for_no_longer_than_the_bound(connect, servers, corpus):
    other = connect()
    patient = connect(replica_wait=0, replica_staleness=UNCHANGING)
    strict = connect(replica_wait=0, replica_staleness=0.5)
    for store in (patient, strict):
        servers.catch_up()
        assert read(store, corpus) == (True, 0)
    pause(servers)
    other.profiles.append(corpus, "qa", {})
    time.sleep(0.6)
    assert read(patient, corpus) == (True, 0)
    assert read(strict, corpus) == (False, 1)


def test_an_idle_primary_leaves_no_standby_behind(connect, servers, corpus):
    store = connect(replica_wait=0, replica_staleness=0.05)
    servers.catch_up()
    for _ in range(5):
        time.sleep(0.06)
        assert read(store, corpus) == (True, 0)


def test_a_position_is_handed_to_another_process(connect, servers, corpus):
    writer, reader = connect(), connect(replica_wait=0, replica_staleness=UNCHANGING)
    assert read(reader, corpus) == (True, 0)
    pause(servers)
    writer.profiles.append(corpus, "qa", {})
    token = writer.write_position()
    assert read(reader, corpus) == (True, 0)
    assert read(reader, corpus, after=token) == (False, 1)
    for one in servers.standbys:
        one.resume()
    servers.catch_up()
    assert read(reader, corpus, after=token) == (True, 1)


@pytest.mark.parametrize("token", ["", "1", "16/B374D8480", "x/1", "1/2\n", 5])
def test_what_is_no_position_is_refused(connect, servers, token):
    with pytest.raises(InvalidInput, match="after"), connect().begin(read_only=True, after=token):
        pass


def test_a_position_is_for_reading(connect, servers):
    with pytest.raises(InvalidInput, match="after"), connect().begin(after="0/1"):
        pass


@pytest.mark.parametrize("where", ["a standby", "the primary"])
def test_a_read_only_unit_of_work_refuses_to_write(connect, servers, corpus, where):
    store = connect(replica_wait=0)
    if where == "the primary":
        pause(servers)
        store.profiles.append(corpus, "other", {})
    held = store.engine.pool
    seen = []

    def write(work: UnitOfWork) -> None:
        seen.append(server_of(work)[0])
        work.profiles.append(corpus, "qa", {})

    with pytest.raises(DatabaseError, match="read-only unit of work") as caught:
        store.transact(write, read_only=True)
    assert seen == [where == "a standby"]
    assert (caught.value.sqlstate, caught.value.retryable) == ("25006", False)
    assert store.engine.pool is held
    assert states(store).count("away") == 0
    assert store.profiles.latest(corpus, "qa") is None
    store.profiles.append(corpus, "qa", {})  # the connection that goes back writes again


def test_one_unit_of_work_is_on_one_standby_and_all_are_used(connect, servers):
    store = connect(replica_wait=LONG)
    used = set()
    for _ in range(60):
        with store.begin(read_only=True) as work:
            seen = {server_of(work) for _ in range(3)}
            assert len(seen) == 1
            used |= seen
    assert len(used) == 2
    assert all(is_standby for is_standby, _ in used)


def test_what_is_no_standby_is_left_out(servers, corpus):
    with hegel_store.connect(servers.url, replicas=[servers.primary.url()]) as store:
        assert read(store, corpus) == (False, 0)
        (found,) = store.check().replicas
        assert found.state == "away"
        assert "no standby" in found.reason


def test_without_replicas_a_read_only_unit_of_work_is_on_the_primary(servers, corpus):
    with hegel_store.connect(servers.url) as store:
        store.profiles.append(corpus, "qa", {})
        assert read(store, corpus) == (False, 1)
        assert store.check().replicas == ()


@pytest.mark.parametrize("given", ["postgresql:///x", ["mysql://x"]], ids=["text", "foreign"])
def test_replicas_are_urls_of_postgresql_in_a_list(servers, given):
    with pytest.raises(InvalidInput, match="replicas"):
        hegel_store.connect(servers.url, replicas=given)


def test_a_standby_that_is_killed_is_left_out_and_comes_back(connect, servers, corpus, caplog):
    store = connect(replica_wait=LONG, replica_staleness=UNCHANGING)
    store.profiles.append(corpus, "qa", {})
    victims = {str(one.data): one for one in servers.standbys}
    met = []

    def kill_it_in_the_middle(work: UnitOfWork) -> int:
        is_standby, data = server_of(work)
        if is_standby and not met:
            met.append(data)
            victims[data].kill()
        latest = work.profiles.latest(corpus, "qa")
        return latest.version if latest else 0

    # The first attempt loses its server, the next one is on another.
    assert store.transact(kill_it_in_the_middle, read_only=True) == 1
    victim = victims[met[0]]
    for _ in range(30):
        with store.begin(read_only=True) as work:
            is_standby, data = server_of(work)
            assert is_standby
            assert data != met[0]
    assert sorted(states(store)) == ["away", "fresh"]
    assert caplog.text.count("is left out") == 1
    victim.start()

    def is_used_again() -> bool:
        with store.begin(read_only=True) as work:
            return server_of(work)[1] == met[0]

    wait_until(is_used_again, 60.0)
    assert caplog.text.count("is back") == 1
    assert states(store) == ["fresh", "fresh"]


WRITERS = 3
ENOUGH = 40
"""Acknowledged writes of each writer, before the primary is killed and after."""


class Ledger:
    """What one writer was told of each of its writes."""

    def __init__(self, corpus: str) -> None:
        self.corpus = corpus
        self.acknowledged: list[int] = []
        self.unknown: list[int] = []
        self.refused = 0

    def write(self, store: Store, until: threading.Event) -> None:
        number = 0
        while not until.is_set():
            number += 1
            try:
                store.profiles.append(self.corpus, "qa", {"number": number})
            except OutcomeUnknown:
                self.unknown.append(number)
            except DatabaseUnavailable:
                self.refused += 1
                time.sleep(0.02)
            else:
                self.acknowledged.append(number)


def test_after_a_promotion_nothing_acknowledged_is_lost(request, report):
    """Commits wait for one of two standbys. The primary is killed under load, the standby that has
    received more is promoted, the other one follows it; the store is told nothing."""
    version = request.config.getoption("--postgres")
    with (
        cluster(version) as servers,
        hegel_store.connect(servers.url, replicas=servers.replicas, replica_wait=LONG) as store,
    ):
        servers.execute("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
        servers.execute("SELECT pg_reload_conf()")
        ledgers = [Ledger(f"c{number}") for number in range(WRITERS)]
        done = threading.Event()
        with ThreadPoolExecutor(WRITERS) as threads:
            writing = [threads.submit(one.write, store, done) for one in ledgers]
            try:
                wait_until(lambda: all(len(one.acknowledged) >= ENOUGH for one in ledgers), 60.0)
                servers.primary.kill()
                first, second = servers.standbys
                for one in servers.standbys:
                    wait_until(lambda one=one: not one.is_receiving(), 60.0)
                if second.received() > first.received():
                    first, second = second, first
                killed_at = time.monotonic()
                first.promote()
                before = [len(one.acknowledged) for one in ledgers]
                _wait_for_more(ledgers, before)
                seconds = time.monotonic() - killed_at
                with pytest.raises(AssertionError):  # it follows nobody: left out, whatever it has
                    wait_until(partial(_reads_at, store, str(second.data)), 1.0)
                second.follow(first)
                wait_until(partial(_reads_at, store, str(second.data)), 60.0)
            finally:
                done.set()
            for one in writing:
                one.result(60)
        for one in ledgers:
            stored = {
                profile.profile["number"]
                for profile in store.profiles.history(one.corpus, "qa", limit=100_000)
            }
            assert set(one.acknowledged) <= stored
            assert stored <= set(one.acknowledged) | set(one.unknown)
            assert read(store, one.corpus) == (True, len(stored))
        acknowledged, unknown, refused = (
            sum(len(one.acknowledged) for one in ledgers),
            sum(len(one.unknown) for one in ledgers),
            sum(one.refused for one in ledgers),
        )
        report(
            f"promotion under load: {acknowledged} acknowledged, 0 lost, {unknown} unknown, "
            f"{refused} refused; writing again {seconds:.1f} s after the promotion began"
        )


def _wait_for_more(ledgers: list[Ledger], before: list[int]) -> None:
    wait_until(
        lambda: all(
            len(one.acknowledged) >= count + ENOUGH
            for one, count in zip(ledgers, before, strict=True)
        ),
        60.0,
    )


def _reads_at(store: Store, data: str) -> bool:
    with store.begin(read_only=True) as work:
        return server_of(work) == (True, data)


def test_while_the_primary_is_away_a_read_says_so(request):
    """A standby that receives from nobody shows no bound on how old it is."""
    version = request.config.getoption("--postgres")
    with (
        cluster(version, standbys=1) as servers,
        hegel_store.connect(servers.url, replicas=servers.replicas) as store,
    ):
        assert read(store, "c") == (True, 0)
        servers.primary.kill()
        wait_until(lambda: not servers.standbys[0].is_receiving(), 60.0)
        with pytest.raises(DatabaseUnavailable):
            read(store, "c")
        servers.primary.start()
        wait_until(partial(_reads_at, store, str(servers.standbys[0].data)), 60.0)


def test_migrating_goes_to_the_primary(connect, servers, corpus):
    store = connect()
    store.upgrade()
    assert store.check().revision
    with pytest.raises(ConfigurationError):
        connect(pgbouncer=True).upgrade()
