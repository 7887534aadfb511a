"""With row-level security on, a role learns nothing of the corpora that it is not bound to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.embeddings import CachedEmbedder
from hegel_store.embeddings.vector_cache import CacheKey, Space
from hegel_store.errors import NotFound, PermissionDenied
from hegel_store.models import NewFact
from hegel_store.operations import row_security
from hegel_store.repositories import PostgresCache
from hegel_store.repositories.query_log import most_frequent_queries
from hegel_store.schema import metadata
from hegel_store.store import Store
from tests.commands import run
from tests.conftest import Server
from tests.embedders import HashingEmbedder
from tests.samples import Steps, fact, rows
from tests.tenants import OURS, ROLE, SECRET, THEIRS, address, isolated, tables

VIEWS = (
    "hegel_latest_profiles",
    "hegel_profile_performance_summary",
    "hegel_population_rankings",
)


@pytest.fixture(scope="module")
def role_url(server: Server, template) -> Iterator[str]:
    """The role's address of a database that the tests of this file share."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE hegel_isolated TEMPLATE {template.template_dbname}")
        try:
            with isolated(server.url("hegel_isolated")) as address:
                yield address
        finally:
            admin.execute("DROP DATABASE hegel_isolated WITH (FORCE)")


@pytest.fixture
def store(role_url: str) -> Iterator[Store]:
    """The owner's store, bound to nothing."""
    with hegel_store.connect(address(role_url, "postgres", of=ROLE)) as owner:
        yield owner


@pytest.fixture
def ours(role_url: str) -> Iterator[Store]:
    """The role's store, bound to our corpus."""
    with hegel_store.connect(role_url, corpus=OURS, embedder=HashingEmbedder()) as bound:
        yield bound


@pytest.fixture
def role(role_url: str) -> Iterator[psycopg.Connection]:
    """The role, past the library and bound to nothing."""
    with psycopg.connect(role_url, autocommit=True) as connection:
        yield connection


def count(store: Store, table: str) -> int:
    ((found,),) = rows(store, f"SELECT count(*) FROM {table}")
    return int(str(found))


def test_no_table_is_left_out(store: Store, role_url: str) -> None:
    known = {*metadata.tables} - {"hegel_step_months_counted"}
    assert known <= {*row_security.examine(store.engine).covered}
    assert row_security.examine(store.engine).state == "on"


def test_every_table_shows_its_corpus_and_no_other(ours: Store, store: Store) -> None:
    for table in tables(store):
        if table in ("hegel_embedding_cache", "hegel_erasures"):  # which name no corpus
            assert 0 < count(ours, table) < count(store, table)
            continue
        if "hegel_training_steps_" in table:
            assert count(ours, table) == 0
        else:
            assert ("theirs",) in rows(store, f"SELECT DISTINCT corpus_id FROM {table}"), table
            assert rows(ours, f"SELECT DISTINCT corpus_id FROM {table}") == [(OURS,)], table


def test_who_is_bound_to_nothing_sees_nothing(
    role: psycopg.Connection, store: Store, role_url: str
) -> None:
    with store.engine.begin() as owner:  # as a search of all corpora is counted
        owner.execute(
            text("INSERT INTO hegel_query_counts (corpus_id, query, asked) VALUES ('', 'q', 1)")
        )
    for corpus in (None, ""):
        if corpus is not None:
            role.execute("SELECT set_config('hegel.corpus', %s, false)", [corpus])
        for table in [*tables(store), *VIEWS]:
            assert role.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
        for function in ("hegel_facts_matching('badger')", "hegel_documents_in_corpus('{badger}')"):
            assert role.execute(f"SELECT * FROM {function}").fetchall() == []
    with hegel_store.connect(role_url) as unbound:
        assert unbound.profiles.latest(OURS, "qa") is None
        with pytest.raises(PermissionDenied):
            unbound.facts.search("badger", corpus_id=OURS, mode="text")


@pytest.mark.parametrize("view", VIEWS)
def test_views_show_one_corpus(ours: Store, store: Store, view: str) -> None:
    assert sorted(rows(store, f"SELECT DISTINCT corpus_id FROM {view}")) == [(OURS,), (THEIRS,)]
    assert rows(ours, f"SELECT DISTINCT corpus_id FROM {view}") == [(OURS,)]


def test_counts_of_words_tell_nothing_of_other_corpora(
    ours: Store, store: Store, role: psycopg.Connection
) -> None:
    for closed in (
        "SELECT * FROM hegel_documents_with('{wolverin}')",
        "SELECT * FROM hegel_documents_in_statistics('{wolverin}')",
        "SELECT * FROM hegel_word_counts",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            role.execute(closed)
    assert rows(ours, "SELECT * FROM pg_stats WHERE tablename = 'hegel_facts'") == []
    asked = "SELECT * FROM hegel_documents_in_corpus('{badger,wolverin}')"
    before = rows(ours, asked)
    found = ours.facts.search(f"badger 7 {SECRET}", mode="text")
    store.facts.add_many(fact(f"badger {SECRET} 7 {n}", THEIRS) for n in range(200))
    assert rows(ours, asked) == before
    again = ours.facts.search(f"badger 7 {SECRET}", mode="text")
    assert [(h.fact.id, h.score) for h in again] == [(h.fact.id, h.score) for h in found]
    assert len(found) > 0


def test_conditions_that_fail_are_not_tried_on_hidden_rows(ours: Store, store: Store) -> None:
    """A cast would quote what it cannot read."""
    cast = "SELECT count(*) FROM hegel_profile_populations WHERE CAST(task_type AS int) = 7"
    with ours.begin() as work, store.begin() as owner:
        work.session.execute(text("DELETE FROM hegel_profile_populations"))
        assert work.session.execute(text(cast)).scalar_one() == 0
        with pytest.raises(Exception, match='"qa"'):
            owner.session.execute(text(cast))
        owner.session.rollback()


def test_a_write_to_another_corpus_says_the_same_whether_the_row_is_there_or_not(
    ours: Store, store: Store
) -> None:
    said, stored = [], count(store, "hegel_facts")
    for content in (f"{SECRET} 7", "never stored"):
        with pytest.raises(PermissionDenied) as caught:
            ours.facts.add_many([NewFact(corpus_id=THEIRS, content=content, embedding=[0.5] * 384)])
        said.append(re.sub(r"\(.*", "", str(caught.value)))
    assert said[0] == said[1]
    theirs = store.profiles.latest(THEIRS, "qa")
    assert theirs is not None
    for unknown in (theirs.id, uuid4()):
        with pytest.raises(NotFound):
            ours.profiles.get(THEIRS, unknown)
        with pytest.raises(NotFound):
            ours.profiles.append(OURS, "qa", {}, base=unknown)
    with pytest.raises((PermissionDenied, NotFound)):
        ours.profiles.append(THEIRS, "qa", {})
    assert count(store, "hegel_facts") == stored


def test_keys_do_not_collide_with_hidden_rows(ours: Store) -> None:
    added = ours.facts.add_many([fact(f"{SECRET} {n}", OURS) for n in range(5)])
    assert (added.added, added.merged) == (5, 0)
    ours.profiles.append(OURS, "theirs only", {})
    latest = ours.profiles.latest(OURS, "theirs only")
    assert latest is not None
    assert latest.version == 1


def test_a_month_shows_nothing_when_it_is_asked_itself(
    ours: Store, store: Store, role: psycopg.Connection
) -> None:
    """Not even one that was made since, and that the role was granted."""
    new = Steps(ours, OURS)
    moment = datetime.now(UTC) - timedelta(days=800)
    ours.steps.log(new(created_at=moment, query="long ago"))
    month = f"hegel_training_steps_{moment:%Y_%m}"
    assert count(store, month) == 1
    role.execute("SELECT set_config('hegel.corpus', %s, false)", [OURS])
    assert role.execute(f"SELECT count(*) FROM {month}").fetchone() == (0,)
    seen = role.execute("SELECT query FROM hegel_training_steps WHERE query = 'long ago'")
    assert seen.fetchall() == [("long ago",)]


def test_cached_vectors_do_not_tell_what_others_embedded(ours: Store, role_url: str) -> None:
    asked_there = f"where is the {SECRET}"
    with hegel_store.connect(role_url, corpus=THEIRS) as theirs:
        idle = HashingEmbedder()
        CachedEmbedder(idle, PostgresCache(theirs.engine)).embed([asked_there])
        assert idle.embedded == []
    cache = PostgresCache(ours.engine)
    entries = cache.statistics.entries
    for known in (False, True):
        embedder = HashingEmbedder()
        CachedEmbedder(embedder, PostgresCache(ours.engine)).embed([asked_there])
        assert embedder.embedded == ([] if known else [asked_there])
    assert cache.statistics.entries == entries + 1
    made = {CacheKey(Space("hashing", 384, ""), bytes(32)): np.ones(384, dtype=np.float32)}
    with hegel_store.connect(role_url) as unbound, pytest.raises(PermissionDenied):
        PostgresCache(unbound.engine).put_many(made)


def test_answers_in_memory_and_the_log_of_queries_are_of_one_corpus(role_url: str) -> None:
    options = {"embedder": HashingEmbedder(), "result_cache": True, "query_log": True}
    with (
        hegel_store.connect(role_url, corpus=OURS, **options) as ours,
        hegel_store.connect(role_url, corpus=THEIRS, **options) as theirs,
    ):
        for _ in range(2):
            assert {hit.fact.corpus_id for hit in ours.facts.search("animal")} == {OURS}
            assert {hit.fact.corpus_id for hit in theirs.facts.search("animal")} == {THEIRS}
        assert ours.result_cache.statistics.hits == theirs.result_cache.statistics.hits == 1
        assert ours.facts.search("animal", corpus_id=THEIRS).hits == []
        ours._log.write()
        theirs._log.write()
        asked = most_frequent_queries(ours._database.autocommit, 100)
        assert sorted(asked) == ["animal", "where is the badger"]


def test_caches_and_followers_of_profiles_serve_one_corpus(ours: Store, store: Store) -> None:
    cache = ours.profile_cache()
    for _ in range(2):
        assert cache.latest(THEIRS, "qa") is None
        assert cache.latest(OURS, "qa") is not None
    store.profiles.append(THEIRS, "qa", {"worker": {"system_prompt": "hidden"}})
    assert cache.latest(THEIRS, "qa") is None
    assert list(ours.follow(THEIRS, "qa", timeout=0.2)) == []


def test_a_notification_names_no_corpus_and_no_content(
    store: Store, role: psycopg.Connection
) -> None:
    role.execute("LISTEN hegel_profiles")
    made = store.profiles.append(THEIRS, "qa", {"worker": {"system_prompt": SECRET}})
    store.profiles.set_alias(THEIRS, "qa", "secret", made.id)
    heard = list(role.notifies(timeout=5, stop_after=2))
    assert len(heard) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", notice.payload) for notice in heard)


def test_no_transaction_finds_the_corpus_that_another_one_left(ours: Store) -> None:
    everything = text("SELECT DISTINCT corpus_id FROM hegel_facts")
    leave = text("SELECT set_config('hegel.corpus', 'theirs', false)")
    held = [ours.engine.connect() for _ in range(3)]
    for connection in held:
        connection.execute(leave)
        connection.commit()
        connection.close()
    for _ in range(4):
        with ours.begin() as work:
            assert work.session.execute(everything).scalars().all() == [OURS]
            work.session.execute(leave)
        assert ours._database.autocommit.execute(everything).scalars().all() == [OURS]
        ours._database.autocommit.execute(leave)
        assert {hit.fact.corpus_id for hit in ours.facts.search_iter("animals")} == {OURS}
        with ours.engine.connect() as connection:
            assert connection.execute(everything).scalars().all() == [OURS]


def test_what_runs_in_no_transaction_runs_on_a_bound_store_of_the_owner(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hegel_store.connect(url, corpus=OURS) as owner:
        for statement in ("VACUUM hegel_facts", "REINDEX INDEX CONCURRENTLY pk_hegel_facts"):
            with owner.engine.connect() as connection:
                alone = connection.execution_options(isolation_level="AUTOCOMMIT")
                alone.execute(text(statement))
    monkeypatch.setenv("HEGEL_CORPUS", OURS)
    run("downgrade", "0040.0", "--url", url, "--yes")  # drops indexes CONCURRENTLY
    run("upgrade", "--url", url)
