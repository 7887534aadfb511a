"""A unit of work: all of it or nothing, and never silently nothing."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from threading import Event, Thread
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

import hegel_store
from hegel_store.errors import (
    DatabaseError,
    DatabaseUnavailable,
    NotFound,
    OutcomeUnknown,
    TransactionOpen,
)
from hegel_store.models import NewFact, NewStep
from hegel_store.repositories import FactRepository
from tests.embedders import HashingEmbedder


def step(profile_id, corpus_id="c", **rest) -> NewStep:
    return NewStep(
        corpus_id=corpus_id,
        task_type="qa",
        old_profile_id=profile_id,
        query="q",
        predicted_answer="a",
        **rest,
    )


def test_everything_is_stored_together(store):
    with store.begin() as work:
        profile = work.profiles.append("c", "qa", {"n": 1})
        work.steps.log(step(profile.id))
        work.populations.add("c", "qa", profile.id, fitness=0.0)
        work.facts.add_many([NewFact(corpus_id="c", content="a fact")])
        assert store.profiles.latest("c", "qa") is None
    assert store.profiles.latest("c", "qa").id == profile.id
    assert len(store.steps.recent("c", "qa")) == 1
    assert store.populations.fittest("c", "qa")[0].fitness == 0.0
    assert len(store.facts.search("fact", mode="text")) == 1


def test_an_error_of_the_caller_rolls_everything_back(store):
    with pytest.raises(ZeroDivisionError), store.begin() as work:  # noqa: PT012
        work.profiles.append("c", "qa", {"n": 1})
        raise ZeroDivisionError
    assert store.profiles.latest("c", "qa") is None
    assert store.profiles.append("c", "qa", {}).version == 1


@pytest.mark.parametrize(
    "mistake",
    [
        lambda work: work.steps.log(step(uuid4())),
        lambda work: work.profiles.append("c", "qa", {}, base=uuid4()),
        lambda work: work.populations.add("c", "qa", uuid4()),
    ],
    ids=["steps.log", "profiles.append", "populations.add"],
)
def test_a_block_that_catches_a_database_error_is_told_that_nothing_is_stored(store, mistake):
    """The server would answer its COMMIT with ROLLBACK and no error."""
    with (  # noqa: PT012
        pytest.raises(DatabaseError, match="nothing of it is stored"),
        store.begin() as work,
    ):
        work.profiles.append("c", "qa", {"n": 1})
        with pytest.raises(NotFound):
            mistake(work)
    assert store.profiles.latest("c", "qa") is None


def test_a_unit_that_has_ended_refuses_to_go_on(store):
    with store.begin() as work:
        work.profiles.append("c", "qa", {})
    with pytest.raises(DatabaseError):
        work.profiles.append("c", "qa", {"late": True})
    assert store.engine.pool.checkedout() == 0
    assert store.profiles.latest("c", "qa").version == 1


def test_errors_of_another_database_inside_the_block_stay_what_they_are(store, server):
    with (
        pytest.raises(psycopg.errors.UndefinedTable),
        store.begin(),
        psycopg.connect(server.url("postgres")) as other,
    ):
        other.execute("SELECT FROM there_is_no_such_table")


def test_a_month_made_in_a_unit_holds_up_no_append_elsewhere(store):
    profile = store.profiles.append("c", "qa", {})
    logged, leave = Event(), Event()

    def unit() -> None:
        with store.begin() as work:
            work.steps.log(step(profile.id))
            logged.set()
            leave.wait(20)

    running = Thread(target=unit)
    running.start()
    assert logged.wait(20)
    started = time.monotonic()
    store.profiles.append("elsewhere", "qa", {})
    took = time.monotonic() - started
    still_open = running.is_alive()
    leave.set()
    running.join()
    assert still_open
    assert took < 15, "the append waited for the unit that made a month"
    assert len(store.steps.recent("c", "qa")) == 1


def test_a_unit_in_its_own_way_makes_its_month_itself(store):
    """Having appended, it holds the lock for which the month would wait."""
    with store.begin() as work:
        profile = work.profiles.append("c", "qa", {})
        work.steps.log(step(profile.id))
    assert len(store.steps.recent("c", "qa")) == 1


def test_a_session_of_the_callers_embeds_before_its_first_statement_only(store):
    facts = [NewFact(corpus_id="c", content="a ship at sea")]
    with Session(store.engine) as session, session.begin():
        assert FactRepository(session, HashingEmbedder()).add_many(facts).added == 1
    with Session(store.engine) as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(TransactionOpen):
            FactRepository(session, HashingEmbedder()).add_many(
                [NewFact(corpus_id="c", content="another")]
            )


def test_a_vector_search_says_that_some_facts_have_no_vector(url):
    with hegel_store.connect(url) as plain:
        plain.facts.add_many([NewFact(corpus_id="c", content=f"plain {n}") for n in range(5)])
    with hegel_store.connect(url, embedder=HashingEmbedder()) as store:
        store.facts.add_many([NewFact(corpus_id="c", content="with a vector")])
        found = store.facts.search("vector", mode="vector", limit=10)
        assert (len(found), found.exact, found.complete) == (1, True, False)
        assert store.facts.search("vector", mode="vector", limit=1).complete
        store.facts.add_many([NewFact(corpus_id="c", content=f"plain {n}") for n in range(5)])
        found = store.facts.search("vector", mode="vector", limit=10)
        assert (len(found), found.complete) == (6, True)
        nothing = store.facts.search("vector", mode="vector", corpus_id="empty")
        assert (len(nothing), nothing.exact, nothing.complete) == (0, True, True)


def test_steps_of_many_months_go_into_one_transaction(store):
    profile = store.profiles.append("c", "qa", {})
    moments = [datetime(2024, month, 3, tzinfo=UTC) for month in range(1, 13)]
    with store.begin() as work:
        for moment in moments[:6]:
            work.steps.log(step(profile.id, created_at=moment))
        work.steps.log_many([step(profile.id, created_at=moment) for moment in moments[6:8]])
        work.steps.log(step(profile.id, created_at=moments[8]))
    many = [step(profile.id, created_at=moments[9 + n // 500]) for n in range(1500)]
    assert store.steps.log_many(many) == 1500
    assert len(store.steps.recent("c", "qa", limit=2000)) == 1509


def kill(store, work) -> None:
    """End the unit's session at the server."""
    backend = work.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with store.engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})


def test_a_connection_that_breaks_during_commit_leaves_the_outcome_unknown(store):
    with pytest.raises(OutcomeUnknown) as broken, store.begin() as work:  # noqa: PT012
        work.profiles.append("c", "qa", {})
        kill(store, work)
    assert not broken.value.retryable
    assert store.profiles.append("c", "qa", {}, expected_version=0).version == 1


def test_a_connection_that_breaks_before_commit_may_be_tried_again(store):
    with pytest.raises(DatabaseUnavailable) as broken, store.begin() as work:  # noqa: PT012
        work.profiles.append("c", "qa", {})
        kill(store, work)
        work.profiles.append("c", "qa", {})
    assert broken.value.retryable
    assert store.profiles.latest("c", "qa") is None
