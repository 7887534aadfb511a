"""Roles and row-level security on standbys: what is closed on the primary is closed there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.errors import DatabaseError, PermissionDenied
from hegel_store.operations import roles, row_security
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork
from tests.embedders import HashingEmbedder
from tests.reliability.pgbouncer import needs_pgbouncer, pooler_before
from tests.reliability.standbys import DATABASE, Cluster
from tests.tenants import OURS, SECRET, THEIRS, fill, tables

pytestmark = pytest.mark.slow

LONG = 30.0
BOTH = {OURS, THEIRS}
WHO = text("SELECT current_user")
ELSEWHERE = ("hegel_embedding_cache", "hegel_erasures")
"""Tables whose rows are of a corpus, and name none."""


@pytest.fixture(scope="module")
def owner(servers: Cluster) -> Iterator[Store]:
    """Two corpora, roles, and policies; the owner's store."""
    fill(servers.url, OURS, "badger")
    fill(servers.url, THEIRS, SECRET)
    with hegel_store.connect(servers.url) as store:
        roles.apply(store.engine)
        row_security.switch_on(store.engine)
        servers.catch_up()
        yield store


def is_on_a_standby(work: UnitOfWork) -> bool:
    return bool(work.session.scalar(text("SELECT pg_is_in_recovery()")))


def corpora(work: UnitOfWork, table: str) -> set[str]:
    return set(work.session.scalars(text(f"SELECT DISTINCT corpus_id FROM {table}")))


def count(work: UnitOfWork, table: str) -> int:
    return int(work.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def named(owner: Store) -> list[str]:
    return [
        table
        for table in tables(owner)
        if "hegel_training_steps_" not in table and table not in ELSEWHERE
    ]


@pytest.mark.parametrize("role", ["app", "eval", "readonly"])
def test_a_bound_role_sees_its_corpus_on_a_standby_and_no_other(owner, connect, role):
    store = connect(role=role, corpus=OURS, replica_wait=LONG, embedder=HashingEmbedder())
    with store.begin(read_only=True) as work:
        assert is_on_a_standby(work)
        assert work.session.scalar(WHO) == f"hegel_{role}", "not whom the URLs of standbys name"
        for table in named(owner):
            assert corpora(work, table) == {OURS}, table
        for table in ELSEWHERE:
            with owner.begin(read_only=True) as everything:
                assert 0 < count(work, table) < count(everything, table), table
        for mode in ("text", "vector", "hybrid"):
            found = work.facts.search("badger 7", mode=mode).hits
            assert found[0].fact.content == "badger 7"
            assert {hit.fact.corpus_id for hit in found} == {OURS}
        assert len(work.facts.search(SECRET, mode="text")) == 0
        assert work.profiles.latest(THEIRS, "qa") is None
        assert work.profiles.latest(OURS, "qa") is not None
    for closed in ("hegel_word_counts", f"hegel_documents_with('{{{SECRET}}}')"):
        with pytest.raises(PermissionDenied):
            store.transact(partial(count, table=closed), read_only=True)


def test_who_is_bound_to_nothing_sees_nothing_on_a_standby(owner, connect):
    store = connect(role="app", replica_wait=LONG)
    with store.begin(read_only=True) as work:
        assert is_on_a_standby(work)
        assert [table for table in named(owner) if count(work, table)] == []
    unprotected = connect(replica_wait=LONG)
    with unprotected.begin(read_only=True) as work:
        assert is_on_a_standby(work)
        for table in named(owner):
            assert corpora(work, table) >= BOTH, "else the test above would show nothing"


def test_nothing_is_written_on_a_standby_whatever_the_role(owner, connect):
    store = connect(role="app", corpus=OURS, replica_wait=LONG)
    with pytest.raises(DatabaseError, match="read-only unit of work"):
        store.transact(lambda work: work.profiles.append(OURS, "qa", {}), read_only=True)


@needs_pgbouncer
def test_no_unit_of_work_finds_the_corpus_of_another_behind_one_pooler(owner, servers):
    """Bound stores share sessions of both standbys."""
    hosts = [one.host for one in servers.standbys]
    settings = {"pgbouncer": True, "replica_wait": LONG}
    with pooler_before(hosts, DATABASE, "hegel_app") as pooled:
        stores = {
            corpus: hegel_store.connect(
                servers.url, role="app", corpus=corpus, replicas=[pooled], **settings
            )
            for corpus in (OURS, THEIRS, None)
        }
        for _ in range(10):
            for corpus, store in stores.items():
                with store.begin(read_only=True) as work:
                    assert is_on_a_standby(work)
                    assert work.session.scalar(WHO) == "hegel_app"
                    assert corpora(work, "hegel_facts") == ({corpus} if corpus else set())
        for store in stores.values():
            store.close()
