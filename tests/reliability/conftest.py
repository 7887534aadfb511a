"""Servers that tests of several files stop, pause and read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import hegel_store
from hegel_store.store import Store
from tests.conftest import Server
from tests.reliability.pgbouncer import pooler
from tests.reliability.standbys import Cluster, cluster


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


@pytest.fixture
def pooled_url(server: Server, url: str) -> Iterator[str]:
    """The test's database through PgBouncer."""
    with pooler(server, url) as pooled:
        yield pooled
