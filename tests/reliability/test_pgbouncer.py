"""Behind a transaction pooler: a real PgBouncer in front of the test's server."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import text

import hegel_store
from hegel_store import migrate
from hegel_store.archive import archive_month, export_steps, import_steps
from hegel_store.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailable,
    InvalidInput,
    PermissionDenied,
)
from hegel_store.models import NewFact
from hegel_store.operations import vector_indexes
from hegel_store.operations.maintenance import maintain
from hegel_store.settings import Settings, resolve_address
from hegel_store.store import Store
from tests.diagnoses import diagnosed, findings
from tests.reliability.pgbouncer import needs_pgbouncer
from tests.samples import MAY, Steps
from tests.servers import wait_until

pytestmark = [needs_pgbouncer, pytest.mark.slow]

THREADS = 4
ROUNDS = 15


def _errors_of_many_calls(store: Store) -> list[DatabaseError]:
    """Every kind of call, often enough that a driver which prepares statements would do so."""

    def work(number: int) -> list[DatabaseError]:
        scope = (f"corpus {number}", "qa")
        errors = []
        for _ in range(ROUNDS):
            for call in (
                lambda: store.profiles.append(*scope, {"worker": {"n": number}}),
                lambda: store.profiles.latest(*scope),
                lambda: store.profiles.history(*scope, limit=3),
                lambda: store.facts.search("anything", mode="text", corpus_id=scope[0]),
                lambda: _in_a_block(store, scope),
            ):
                try:
                    call()
                except DatabaseError as error:
                    errors.append(error)
        return errors

    with ThreadPoolExecutor(THREADS) as threads:
        return [error for errors in threads.map(work, range(THREADS)) for error in errors]


def _in_a_block(store: Store, scope: tuple[str, str]) -> None:
    with store.begin() as work:
        latest = work.profiles.latest(*scope)
        work.profiles.append(*scope, {}, expected_version=latest.version if latest else 0)


def test_no_client_meets_the_corpus_of_another(pooled_url):
    """Although they share sessions of the server."""
    asked = text("SELECT coalesce(current_setting('hegel.corpus', true), '')")

    def work(number: int) -> set[str]:
        corpus = f"corpus {number}"
        options = {"pgbouncer": True, "pool": "light", "corpus": corpus}
        found = set()
        with hegel_store.connect(pooled_url, **options) as store:
            for n in range(ROUNDS):
                store.facts.add_many([NewFact(corpus_id=corpus, content=f"fact {n}")])
                assert len(store.facts.search(f"fact {n}", mode="text")) > 0
                with store.begin() as block:
                    block.profiles.append(corpus, "qa", {})
                    found |= {block.session.execute(asked).scalar_one()}
                found |= {store._database.autocommit.execute(asked).scalar_one()}
        return found

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(work, range(2))) == [{"corpus 0"}, {"corpus 1"}]
    with hegel_store.connect(pooled_url, pgbouncer=True) as unbound, unbound.begin() as block:
        assert block.session.execute(asked).scalar_one() == ""


def test_hundreds_of_calls_from_several_threads_meet_no_error(pooled_url):
    with hegel_store.connect(pooled_url, pgbouncer=True, pool="light") as store:
        assert store.check().revision
        assert _errors_of_many_calls(store) == []
        for number in range(THREADS):
            assert store.profiles.latest(f"corpus {number}", "qa").version == 2 * ROUNDS


def test_vector_indexes_are_looked_at_through_it_and_changed_elsewhere(pooled_url):
    with hegel_store.connect(pooled_url, pgbouncer=True) as store:
        assert len(vector_indexes.inventory(store.engine)) == 9
        for change in (
            vector_indexes.rebuild,
            vector_indexes.roll_back,
            vector_indexes.drop_kept,
        ):
            with pytest.raises(ConfigurationError, match="over a direct connection"):
                change(store.engine, "idx_hegel_facts_embedding_384")


def test_without_the_switch_prepared_statements_collide_and_the_error_names_it(pooled_url):
    with hegel_store.connect(pooled_url, pool="light") as store:
        collisions = [
            error for error in _errors_of_many_calls(store) if error.sqlstate in ("42P05", "26000")
        ]
        assert collisions, "else the test above would show nothing"
        for error in collisions:
            assert "pgbouncer=True" in str(error)


def test_statement_timeout_is_not_sent_and_that_is_said(pooled_url, caplog):
    with hegel_store.connect(pooled_url, pgbouncer=True, statement_timeout=0.05) as store:
        assert "statement_timeout cannot be sent through PgBouncer" in caplog.text
        with store.engine.connect() as connection:
            assert connection.scalar(text("SHOW statement_timeout")) == "0"


def test_startup_option_without_the_switch_is_refused_by_the_pooler(pooled_url, caplog):
    with (
        caplog.at_level(logging.CRITICAL),
        hegel_store.connect(pooled_url, statement_timeout=5) as store,
        pytest.raises(DatabaseUnavailable, match="unsupported startup parameter"),
    ):
        store.check()


@pytest.fixture
def pgvector_elsewhere(url):
    """pgvector in a schema that is not on the search_path."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA extensions")
        connection.execute("ALTER EXTENSION vector SET SCHEMA extensions")


@pytest.mark.parametrize("told", [True, False])
def test_nothing_of_a_session_is_changed_through_the_pooler(
    pooled_url, url, pgvector_elsewhere, told
):
    """It would stay on the server connection, which others are lent; also when nobody says that
    there is a pooler."""
    options = {"pgbouncer": True} if told else {}
    with hegel_store.connect(pooled_url, **options) as store:
        store.profiles.append("news", "qa", {})
        with pytest.raises(PermissionDenied, match="behind a pooler"):
            store.check()
    with psycopg.connect(url) as connection:
        as_the_server_has_it = connection.execute("SHOW jit").fetchone()
        assert as_the_server_has_it == ("on",)
    for _ in range(4):
        with psycopg.connect(pooled_url, prepare_threshold=None) as connection:
            shown = connection.execute("SHOW search_path").fetchone()
            assert shown == ('"$user", public',)
            assert connection.execute("SHOW jit").fetchone() == as_the_server_has_it


def test_a_schema_cannot_be_set_through_a_pooler_that_nobody_told_of(pooled_url, url):
    migrate.upgrade(resolve_address(Settings(database_schema="tenant"), url))
    with (
        hegel_store.connect(pooled_url, database_schema="tenant") as store,
        pytest.raises(InvalidInput, match="through a pooler"),
    ):
        store.profiles.append("news", "qa", {})


def test_migrating_through_the_pooler_is_refused_and_not_hindered_by_the_setting(
    pooled_url, url, monkeypatch
):
    with (
        hegel_store.connect(pooled_url, pgbouncer=True) as store,
        pytest.raises(ConfigurationError, match="direct connection"),
    ):
        store.upgrade()
    monkeypatch.setenv("HEGEL_PGBOUNCER", "1")
    migrate.upgrade(resolve_address(Settings(database_schema="tenant"), url))


@pytest.mark.parametrize(
    "migrating",
    [migrate.upgrade, lambda address: migrate.downgrade(address, "base")],
    ids=["upgrade", "downgrade"],
)
def test_migrating_through_a_pooler_that_nobody_told_of_is_refused(pooled_url, url, migrating):
    """The lock would stay on a server connection that is lent to the next client."""
    with pytest.raises(ConfigurationError, match="direct connection"):
        migrating(resolve_address(Settings(), pooled_url))
    with psycopg.connect(url) as connection:
        held = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert held.fetchone() == (0,)
    with hegel_store.connect(url) as store:
        assert store.check().revision


def test_months_are_not_archived_through_the_pooler(pooled_url, url, store, tmp_path):
    """The lock would belong to a session that is lent to others; exporting needs no session."""
    pytest.importorskip("pyarrow", reason="the `parquet` extra is not installed")
    step = Steps(store)(created_at=MAY)
    store.steps.log(step)
    with hegel_store.connect(pooled_url, pgbouncer=True) as pooled:
        with pytest.raises(ConfigurationError, match="not through PgBouncer"):
            archive_month(pooled, MAY, tmp_path)
        assert list(tmp_path.iterdir()) == []
        assert export_steps(pooled, tmp_path / "steps.jsonl") == 1
        assert import_steps(pooled, tmp_path / "steps.jsonl").stored == 0
    assert archive_month(store, MAY, tmp_path).steps == 1


def test_the_doctor_sees_a_pooler_and_whether_prepared_statements_are_safe_with_it(pooled_url, url):
    (finding,) = diagnosed(pooled_url)["pooler-unannounced"]
    assert finding.severity == "act"
    assert finding.remedy == "export HEGEL_PGBOUNCER=1"
    for address, told, code, severity in (
        (pooled_url, True, "pooler", "ok"),
        (url, True, "pooler-absent", "look"),
        (url, False, "pooler", "ok"),
    ):
        found = diagnosed(address, pgbouncer=told)
        assert [each.severity for each in found[code]] == [severity]
        assert not found["pooler-unannounced"]
    found = findings(pooled_url, pgbouncer=True, database_schema="tenant")
    assert "through a pooler" in found["address-unusable"][0].seen
    assert diagnosed(pooled_url, pgbouncer=True)["machine-unknown"], "the pooler's machine is known"


def test_maintenance_keeps_its_lock_through_the_pooler_and_leaves_no_settings(pooled_url, url):
    """Its transaction has one of the two server connections, its work the other."""
    with hegel_store.connect(pooled_url, pgbouncer=True) as store:
        store.facts.add_many(
            NewFact(corpus_id="c", content=f"fact {n}", expires_at=MAY) for n in range(1500)
        )
        reports = []
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE hegel_facts IN ACCESS EXCLUSIVE MODE")
            at_work = threading.Thread(target=lambda: reports.append(maintain(store)))
            at_work.start()
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            wait_until(lambda: other.execute(waiting).fetchone() != (0,))
            with hegel_store.connect(url) as direct:
                assert maintain(direct).is_busy
            other.rollback()
            at_work.join()
        assert not reports[0].failed
        tasks = {task.task: task for task in reports[0].tasks}
        assert tasks["expire"].did == ["1,500 deleted"]
        assert any("hegel_facts" in told for told in tasks["vacuum"].did)
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            with store.engine.connect() as connection:
                assert connection.execute(text(f"SHOW {name}")).scalar_one() == "0"
