"""Standbys that are killed, primaries that are, and a promotion under load."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest

import hegel_store
from hegel_store.errors import DatabaseUnavailable, OutcomeUnknown
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork
from tests.reliability.reading import read, server_of, states
from tests.reliability.standbys import cluster
from tests.servers import wait_until

pytestmark = pytest.mark.slow

UNCHANGING = 3600.0
"""A staleness that no test reaches."""
LONG = 30.0


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


def test_a_standby_that_is_away_is_tried_less_and_less_often(servers, corpus, tmp_path):
    """Something that hangs up at once stands in its place, and counts."""
    attempts = []
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / ".s.PGSQL.5432"))
        door.listen()

        def count() -> None:
            with suppress(OSError):
                while True:
                    door.accept()[0].close()
                    attempts.append(time.monotonic())

        threading.Thread(target=count, daemon=True).start()
        gone = f"postgresql://postgres@/postgres?host={tmp_path}"
        with hegel_store.connect(servers.url, replicas=[gone], replica_wait=LONG) as store:
            reads, ends_at = 0, time.monotonic() + 1.6
            while time.monotonic() < ends_at:
                assert read(store, corpus) == (False, 0)
                reads += 1
        door.shutdown(socket.SHUT_RDWR)
    # Pauses of at least a quarter, a half and one second.
    assert 1 <= len(attempts) <= 3
    assert reads > 10


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
