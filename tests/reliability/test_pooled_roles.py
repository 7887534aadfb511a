"""Roles, and the flag of evaluations, through a real PgBouncer in transaction mode."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.errors import DatabaseError, PermissionDenied
from hegel_store.models import NewFact
from hegel_store.models.roles import ROLES
from hegel_store.operations import roles
from hegel_store.store import Store
from tests.conftest import Server
from tests.embedders import HashingEmbedder
from tests.evaluating import holder, while_evaluated
from tests.integration import surface
from tests.privileges import REFUSED
from tests.reliability.pgbouncer import needs_pgbouncer, pooler
from tests.servers import wait_until

pytestmark = [needs_pgbouncer, pytest.mark.slow]

NAMES = [f"hegel_{role}" for role in ROLES]
READ_ONLY = "25006"
MODELS = {"fast": [HashingEmbedder(), HashingEmbedder("another")]}


@pytest.fixture
def pooled(server: Server, granted: str) -> Iterator[str]:
    """The URL of a database with the roles, of which each has its own server connections."""
    with pooler(server, granted, NAMES) as address:
        yield address


def connected(pooled: str, role: str, **settings: object) -> Store:
    return hegel_store.connect(pooled, role=role, pgbouncer=True, embedders=MODELS, **settings)


@pytest.mark.parametrize("role", ["app", "eval", "readonly"])
def test_the_settings_of_a_role_hold_through_the_pooler(pooled, role):
    wanted = roles.settings_with([])[role].values
    asked = text(
        "SELECT ARRAY(SELECT current_setting(name) FROM unnest(CAST(:names AS text[])) AS name)"
    )
    with connected(pooled, role) as store, store.engine.connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == f"hegel_{role}"
        connection.execute(text("SELECT CAST('[1]' AS vector)"))  # for the settings of pgvector
        shown = connection.scalar(asked, {"names": list(wanted)})
    assert shown == ["1min" if value == "60s" else value for value in wanted.values()]


def test_each_role_can_do_its_part_through_the_pooler(pooled, tmp_path):
    with connected(pooled, "app") as store:
        surface.train(store, tmp_path)
        surface.evaluate(store)
        surface.read(store)
    with connected(pooled, "eval") as store:
        surface.evaluate(store)
        surface.read(store)
        with pytest.raises(PermissionDenied):
            store.profiles.append("news", "qa", {})
    with connected(pooled, "readonly") as store:
        surface.read(store)
        with pytest.raises(DatabaseError) as refused:
            store.profiles.append("news", "qa", {})
        assert refused.value.sqlstate == READ_ONLY


@pytest.mark.parametrize("role", ["app", "eval", "readonly"])
def test_what_a_role_is_refused_stays_refused_through_the_pooler(pooled, granted, role):
    with psycopg.connect(granted, autocommit=True) as owner:
        owner.execute("SELECT hegel_ensure_step_month('2024-05-01')")
    url = pooled.replace("postgres@", f"hegel_{role}@")
    refusals = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        went_through = []
        for statement in REFUSED:
            try:
                connection.execute(statement)
            except refusals:
                continue
            except psycopg.Error as error:
                went_through.append((statement, error.sqlstate, str(error)))
            else:
                went_through.append((statement, "done", ""))
        assert went_through == []
        assert connection.execute("SELECT current_user").fetchone() == (f"hegel_{role}",)


def test_no_role_is_lent_the_session_of_another(pooled):
    asked = text("SELECT session_user, current_user, current_setting('work_mem')")

    def ask(role: str) -> set[tuple[str, ...]]:
        with connected(pooled, role) as store:
            return {tuple(store._database.autocommit.execute(asked).one()) for _ in range(40)}

    asking = ["app", "eval", "app", "eval"]
    with ThreadPoolExecutor(len(asking)) as threads:
        found = list(threads.map(ask, asking))
    memory = {"app": "16MB", "eval": "32MB"}
    assert found == [{(f"hegel_{role}", f"hegel_{role}", memory[role])} for role in asking]


def test_work_rests_while_another_client_of_the_pooler_evaluates(pooled_url, url, monkeypatch):
    monkeypatch.setenv("HEGEL_PGBOUNCER", "1")
    facts = [NewFact(corpus_id="news", content=f"fact {number}") for number in range(3)]
    with hegel_store.connect(pooled_url, while_evaluating="stop") as store:

        def work() -> None:
            store.facts.add_many(facts)

        assert while_evaluated(pooled_url, work, 0.5) == (False, True)
        assert while_evaluated(url, work, 0.5) == (False, True), "one that is connected directly"
    with hegel_store.connect(url, pgbouncer=False, while_evaluating="stop") as direct:
        assert while_evaluated(pooled_url, direct.give_way, 0.5) == (False, True)


def test_the_flag_is_up_through_the_pooler_for_as_long_as_it_is_raised(pooled_url, url, store):
    with (
        hegel_store.connect(pooled_url, pgbouncer=True) as one,
        hegel_store.connect(pooled_url, pgbouncer=True) as other,
    ):
        with one.evaluating():
            assert [each.is_evaluated for each in (one, other, store)] == [True] * 3
        assert [each.is_evaluated for each in (one, other, store)] == [False] * 3


def test_the_flag_of_a_client_that_is_killed_falls_with_the_pooler_still_there(
    pooled_url, store, monkeypatch
):
    """A session's lock would stay, as the pooler keeps the session."""
    monkeypatch.setenv("HEGEL_PGBOUNCER", "1")
    with holder(pooled_url) as process:
        assert store.is_evaluated
        with psycopg.connect(pooled_url, prepare_threshold=None) as another:
            another.execute("SELECT 1")
        assert store.is_evaluated, "the other server connection was lent"
        process.kill()
        wait_until(lambda: not store.is_evaluated)
