"""What is read while the primary is away: from a standby that receives from nobody, if that is
allowed, and never less than was promised."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

import hegel_store
from hegel_store.errors import DatabaseUnavailable, OutcomeUnknown
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork
from tests.reliability.reading import read
from tests.reliability.standbys import cluster
from tests.servers import wait_until

pytestmark = pytest.mark.slow

LONG = 3600.0
BRIEF = 0.5


def is_read_as(store: Store, corpus: str, found: tuple[bool, int]) -> bool:
    try:
        return read(store, corpus) == found
    except DatabaseUnavailable:
        return False


def test_a_standby_answers_without_the_primary_as_long_as_it_may(request, caplog):
    with cluster(request.config.getoption("--postgres"), standbys=1) as servers:
        (standby,) = servers.standbys

        def connect(**settings: float) -> Store:
            settings = {"replica_wait": 30.0, "replica_staleness": 1.0} | settings
            return hegel_store.connect(servers.url, replicas=servers.replicas, **settings)

        with (
            connect() as strict,
            connect(replica_outage=BRIEF) as brief,
            connect(replica_outage=LONG) as patient,
            connect(replica_outage=LONG) as writer,
            connect(replica_outage=LONG) as by_hand,
            connect(replica_outage=LONG) as late,
        ):
            patient.profiles.append("c", "qa", {})
            token = patient.write_position()
            for store in (strict, brief, patient, writer, by_hand):
                wait_until(partial(is_read_as, store, "c", (True, 1)))
            writer.profiles.append("mine", "qa", {})  # and where that lies is not known
            servers.catch_up()

            def kill_it_in_the_middle(work: UnitOfWork) -> None:
                work.profiles.append("lost", "qa", {})
                with by_hand.engine.connect() as connection:
                    connection.execute(text("CREATE TABLE by_hand (id int)"))
                    connection.commit()
                    connection.execute(text("SELECT 1"))
                    servers.primary.kill()
                    with pytest.raises(OperationalError):
                        connection.execute(text("SELECT 1"))

            with pytest.raises(OutcomeUnknown):
                patient.transact(kill_it_in_the_middle)
            wait_until(lambda: not standby.is_receiving(), 60.0)
            time.sleep(BRIEF)

            assert read(patient, "c") == (True, 1)
            with ThreadPoolExecutor(1) as thread:
                with ExitStack() as held:
                    for _ in range(patient._database.size.maximum):
                        held.enter_context(patient.begin(read_only=True))
                    reading = thread.submit(read, patient, "c")
                    time.sleep(0.2)
                    assert not reading.done(), "no other server would answer"
                assert reading.result(30.0) == (True, 1)
            assert read(patient, "mine") == (True, 1), "it shows what it has"
            assert caplog.text.count("the primary is away") == 1
            with pytest.raises(DatabaseUnavailable):
                read(patient, "c", after=token)
            with pytest.raises(DatabaseUnavailable):
                patient.profiles.append("c", "qa", {})
            assert read(patient, "lost") == (True, 0), "nothing was acknowledged"
            refused = (
                strict,  # nothing was allowed
                brief,  # that was too long ago
                writer,  # its own write might be missing
                by_hand,  # as might the first of two transactions of one connection
                late,  # it has never seen the primary
            )
            for store in refused:
                with pytest.raises(DatabaseUnavailable):
                    read(store, "c")
            began = time.monotonic()
            for _ in range(200):
                assert read(patient, "c") == (True, 1)
            assert time.monotonic() - began < 30.0

            servers.primary.start()
            wait_until(standby.is_receiving, 60.0)
            patient.profiles.append("c", "qa", {})
            wait_until(partial(is_read_as, patient, "c", (True, 2)), 60.0)
            assert caplog.text.count("the primary is back") == 1
            assert caplog.text.count("the primary is away") == 1


def test_a_standby_that_lacks_what_the_primary_had_does_not_answer_without_it(request):
    with (
        cluster(request.config.getoption("--postgres"), standbys=2) as servers,
        hegel_store.connect(
            servers.url, replicas=servers.replicas, replica_wait=0, replica_outage=LONG
        ) as store,
    ):
        first, second = servers.standbys
        first.pause()
        store.profiles.append("c", "qa", {})
        wait_until(partial(is_read_as, store, "c", (True, 1)), 60.0)
        servers.primary.kill()
        for one in servers.standbys:
            wait_until(lambda one=one: not one.is_receiving(), 60.0)
        assert {read(store, "c") for _ in range(20)} == {(True, 1)}
        second.kill()
        with pytest.raises(DatabaseUnavailable):
            read(store, "c")
