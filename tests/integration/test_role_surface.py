"""What each role can do with the package, and what the server refuses it."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.errors import PermissionDenied
from hegel_store.models import NewFact
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.integration import surface
from tests.privileges import REFUSED

MODELS = {"fast": [HashingEmbedder(), HashingEmbedder("another")]}
"""As long as a space moves from one to the other."""

READ_ONLY = "25006"


def connected(url: str, role: str, **settings: object) -> Store:
    return hegel_store.connect(url, role=role, embedders=MODELS, pool="light", **settings)


def test_each_role_can_do_its_part_of_the_whole_package(granted, tmp_path):
    with connected(granted, "app") as store:
        assert store.engine.url.username == "hegel_app"
        surface.train(store, tmp_path)
        surface.evaluate(store)
        surface.read(store)
    with connected(granted, "eval", result_cache=True) as store:
        surface.evaluate(store)
        surface.read(store)
    with connected(granted, "readonly") as store:
        surface.read(store)


def test_an_evaluation_changes_nothing_that_training_goes_by(granted, tmp_path):
    with connected(granted, "app") as store:
        profile = surface.train(store, tmp_path)
    with connected(granted, "eval") as store:
        for change in (
            lambda: store.profiles.append("news", "qa", {}),
            lambda: store.profiles.annotate("news", profile.id, metadata={"a": 1}),
            lambda: store.profiles.set_alias("news", "qa", "champion", profile.id),
            lambda: store.populations.add("news", "qa", profile.id, fitness=1.0),
            lambda: store.facts.add_many([NewFact(corpus_id="news", content="New.")]),
            lambda: store.facts.forget("news", profile.id),
            lambda: store.labels.find_or_create("news", "new"),
            lambda: store.retrievals.refresh(),
            lambda: store.runs.save_state("news", "r", b""),
            lambda: store.steps.roll_up(),
        ):
            with pytest.raises(PermissionDenied):
                change()


def process(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.execute(text("SELECT pg_backend_pid()")).scalar_one()


def test_who_only_reads_is_refused_every_write(granted, tmp_path):
    with connected(granted, "app") as store:
        surface.train(store, tmp_path)
    with connected(granted, "readonly") as store:
        with pytest.raises(PermissionDenied, match="only reads") as refused:
            store.profiles.append("news", "qa", {})
        assert refused.value.sqlstate == READ_ONLY
        before = process(store)
        with pytest.raises(PermissionDenied):
            store.transact(lambda work: work.profiles.append("news", "qa", {}))
        assert process(store) == before, "it was connected anew, as if the primary were elsewhere"
        with pytest.raises(PermissionDenied):
            surface.evaluate(store)
    # It may switch its transactions to writing, which gives it no right to write.
    with psycopg.connect(granted.replace("postgres@", "hegel_readonly@")) as connection:
        connection.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO hegel_scopes (corpus_id, task_type) VALUES ('a', 'b')")


def test_training_and_evaluation_are_refused_what_is_not_theirs(granted):
    with psycopg.connect(granted, autocommit=True) as owner:
        owner.execute("SELECT hegel_ensure_step_month('2024-05-01')")
    for role in ("app", "eval", "readonly"):
        url = granted.replace("postgres@", f"hegel_{role}@")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            went_through = []
            for statement in REFUSED:
                try:
                    connection.execute(statement)
                except psycopg.errors.InsufficientPrivilege:
                    continue
                except psycopg.Error as error:
                    went_through.append((statement, error.sqlstate, str(error)))
                else:
                    went_through.append((statement, "done", ""))
            assert went_through == [], role


def test_a_planted_function_is_not_called_with_the_owners_rights(granted):
    """Who may make temporary objects cannot put one in the way of what runs as the owner."""
    with psycopg.connect(granted.replace("postgres@", "hegel_app@"), autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE plpgsql AS"
            " 'BEGIN RAISE EXCEPTION USING MESSAGE = current_user; END'"
        )
        connection.execute("SET search_path = pg_temp, public")
        connection.execute("SELECT hegel_ensure_step_month('2024-05-01')")
        connection.execute("SELECT hegel_count_words()")
        found = connection.execute("SELECT * FROM hegel_documents_with('{a}')").fetchall()
    assert [word for word, *_ in found] == ["a"]
