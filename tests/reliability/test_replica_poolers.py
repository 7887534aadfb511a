"""Standbys behind a real PgBouncer in transaction mode, one for each or one before both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

import hegel_store
from hegel_store.store import Store
from tests.reliability.pgbouncer import needs_pgbouncer, pooler_before
from tests.reliability.reading import read, server_of, states
from tests.reliability.standbys import DATABASE, Cluster

pytestmark = [needs_pgbouncer, pytest.mark.slow]

LONG = 30.0


@pytest.fixture(params=["one each", "one before both"])
def poolers(request: pytest.FixtureRequest, servers: Cluster) -> Iterator[list[str]]:
    """Their addresses."""
    hosts = [one.host for one in servers.standbys]
    before = [hosts] if request.param == "one before both" else [[host] for host in hosts]
    with ExitStack() as stack:
        yield [stack.enter_context(pooler_before(one, DATABASE)) for one in before]


@pytest.fixture
def store(servers: Cluster, poolers: list[str]) -> Iterator[Store]:
    with hegel_store.connect(
        servers.url, replicas=poolers, pgbouncer=True, replica_wait=LONG
    ) as connected:
        yield connected


def test_a_read_sees_what_was_written_before_whichever_standby_answers(store, servers, corpus):
    for version in range(1, 41):
        store.profiles.append(corpus, "qa", {})
        assert read(store, corpus) == (True, version)
    used = set()
    for _ in range(60):
        with store.begin(read_only=True) as work:
            seen = {server_of(work) for _ in range(4)}
            assert len(seen) == 1, "one unit of work is on one standby"
            used |= seen
    assert len(used) == 2
    assert set(states(store)) == {"fresh"}


def test_no_read_is_on_a_standby_that_lacks_it(store, servers, corpus):
    assert read(store, corpus) == (True, 0)
    servers.catch_up()
    servers.standbys[0].pause()
    store.profiles.append(corpus, "qa", {})
    for _ in range(40):
        assert read(store, corpus)[1] == 1
