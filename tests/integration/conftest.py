"""What tests of several files begin with."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

import hegel_store
from hegel_store.store import Store
from tests import multitude
from tests.conftest import Server
from tests.embedders import HashingEmbedder, TopicEmbedder
from tests.multitude import Multitude
from tests.samples import Steps


@pytest.fixture
def new(store: Store) -> Steps:
    """Makes steps of a stored profile."""
    return Steps(store)


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def memory(url: str, embedder: HashingEmbedder) -> Iterator[Store]:
    """A store with the hashing embedder."""
    with hegel_store.connect(url, embedder=embedder) as connected:
        yield connected


@pytest.fixture
def topics(url: str) -> Iterator[Store]:
    """A store with the embedder of topics."""
    with hegel_store.connect(url, embedder=TopicEmbedder()) as connected:
        yield connected


@pytest.fixture(scope="session")
def facts() -> Multitude:
    """Many facts, as they are stored in ``crowded``."""
    return multitude.imagine()


@pytest.fixture(scope="session")
def crowded_url(server: Server, template, facts: Multitude) -> Iterator[str]:
    """A database of many facts, which all tests share and none writes to."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE hegel_crowded TEMPLATE {template.template_dbname}")
        multitude.fill(server.url("hegel_crowded"), facts)
        yield server.url("hegel_crowded")
        admin.execute("DROP DATABASE hegel_crowded WITH (FORCE)")


@pytest.fixture
def crowded(crowded_url: str) -> Iterator[Store]:
    """A store on many facts."""
    with hegel_store.connect(crowded_url) as connected:
        yield connected


@pytest.fixture
def no_autovacuum(postgresql: psycopg.Connection) -> None:
    """It would come before the test looks."""
    tables = postgresql.execute(
        "SELECT relname FROM pg_class WHERE relname LIKE 'hegel%' AND relkind = 'r'"
    )
    for (name,) in tables.fetchall():
        postgresql.execute(f"ALTER TABLE {name} SET (autovacuum_enabled = off)")
    postgresql.commit()


@pytest.fixture
def by_hand(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
