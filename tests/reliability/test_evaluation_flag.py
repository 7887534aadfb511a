"""Evaluations announce themselves, and background work gives way to them."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

import hegel_store
from hegel_store import evaluation_flag
from hegel_store.addresses import parse_address
from hegel_store.archive import archive_month, months_older_than
from hegel_store.connector import Connector
from hegel_store.errors import DatabaseUnavailable, InvalidInput
from hegel_store.evaluation_flag import EvaluationFlag
from hegel_store.giving_way import Pace
from hegel_store.models import AgeingRule, NewFact
from hegel_store.operations import vector_indexes
from hegel_store.settings import Settings
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.evaluating import holder, while_evaluated
from tests.samples import MAY, Steps
from tests.servers import wait_until

INDEX = "idx_hegel_facts_embedding_384"
LOOSE = {"recall": 0.0, "latency_ratio": 1000.0, "sample": 2, "m": 8}


def flag(url: str, lease: float) -> EvaluationFlag:
    return EvaluationFlag(Connector(parse_address(url, "the test"), Settings()), lease=lease)


def test_the_flag_is_up_while_any_evaluation_runs(url, other_url, store):
    with hegel_store.connect(url) as another, hegel_store.connect(other_url) as elsewhere:
        assert not store.is_evaluated
        with store.evaluating():
            with another.evaluating():
                assert store.is_evaluated
            assert another.is_evaluated
            assert not elsewhere.is_evaluated, "another database"
        assert not another.is_evaluated
        with pytest.raises(ZeroDivisionError), store.evaluating():
            _ = 1 / 0
        assert not store.is_evaluated


@pytest.mark.slow
def test_the_flag_of_a_process_that_is_killed_falls(url, store):
    with holder(url) as process:
        assert store.is_evaluated
        process.kill()
        wait_until(lambda: not store.is_evaluated)


@pytest.mark.slow
def test_the_flag_of_a_process_that_hangs_runs_out(url, store):
    with holder(url, lease=1.0) as process:
        time.sleep(2.5)
        assert store.is_evaluated, "renewed"
        os.kill(process.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: not store.is_evaluated)
        finally:
            os.kill(process.pid, signal.SIGCONT)
        wait_until(lambda: store.is_evaluated)


def test_a_flag_that_was_lost_with_its_connection_is_raised_again(url, store, caplog):
    with flag(url, lease=0.6).raised():
        with psycopg.connect(url, autocommit=True) as administrator:
            ended = administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            ).fetchall()
        assert ended == [(True,)]
        wait_until(lambda: not store.is_evaluated)
        wait_until(lambda: store.is_evaluated)
    assert "nobody knows of the evaluation meanwhile" in caplog.text
    assert not store.is_evaluated


@pytest.mark.slow
def test_an_evaluation_ends_though_the_server_does_not_answer(url, store, monkeypatch):
    monkeypatch.setattr(evaluation_flag, "ANSWER_SECONDS", 0.5)
    with psycopg.connect(url, autocommit=True) as administrator:
        try:
            with store.evaluating():
                ((pid,),) = administrator.execute(
                    "SELECT pid FROM pg_locks WHERE locktype = 'advisory'"
                ).fetchall()
                os.kill(pid, signal.SIGSTOP)
                began = time.monotonic()
            assert time.monotonic() - began < 20, "it would have waited for ever"
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_until(lambda: not store.is_evaluated)


def test_an_evaluation_holds_up_no_vacuum(url, store):
    with store.evaluating(), psycopg.connect(url, autocommit=True) as administrator:
        (held,) = administrator.execute(
            "SELECT backend_xmin, backend_xid FROM pg_stat_activity"
            " JOIN pg_locks USING (pid) WHERE locktype = 'advisory'"
        ).fetchall()
    assert held == (None, None)


def test_whatever_the_role_allows_a_transaction_the_flag_stays_up(url, store):
    """The role's timeouts are for statements and for blocks that were forgotten."""
    with psycopg.connect(url, autocommit=True) as administrator:
        late = administrator.info.server_version >= 170000
        for name in ("idle_in_transaction_session_timeout", *(["transaction_timeout"] * late)):
            administrator.execute(f"ALTER ROLE postgres SET {name} = '300ms'")
    try:
        with store.evaluating():
            time.sleep(1.0)
            assert store.is_evaluated
    finally:
        with psycopg.connect(url, autocommit=True) as administrator:
            administrator.execute("ALTER ROLE postgres RESET ALL")


def test_who_cannot_announce_an_evaluation_is_told(url):
    nowhere = make_url(url).set(database="no_such_database")
    with (
        hegel_store.connect(nowhere) as store,
        pytest.raises(DatabaseUnavailable, match="no_such_database"),
        store.evaluating(),
    ):
        pytest.fail("nobody was told")


def facts(count: int) -> list[NewFact]:
    return [NewFact(corpus_id="news", content=f"fact {number}") for number in range(count)]


def background(store: Store, moved: Store, folder: Path) -> dict[str, object]:
    """The work that is done in batches, and what looks once before it begins."""
    rule = AgeingRule(ageing_after=timedelta(days=1), stale_after=timedelta(days=2))
    return {
        "adding": lambda: store.facts.add_many(facts(10)),
        "ageing": lambda: store.facts.age([rule]),
        "rolling up": lambda: store.steps.roll_up(),
        "usefulness": lambda: store.retrievals.refresh(),
        "re-embedding": lambda: moved.reembed("news", "fast", HashingEmbedder("b")).fill(),
        "discarding": lambda: moved.reembed("news", "fast").discard(),
        "embedding in advance": lambda: store.prewarm(["a"], most_frequent=0).wait(20),
        "archiving": lambda: archive_month(store, MAY, folder),
        "rebuilding an index": lambda: vector_indexes.rebuild(store.engine, INDEX, **LOOSE),
        "of one's own": lambda: store.give_way(),
    }


def test_work_that_is_to_stop_waits_for_the_end_of_the_evaluation(url, tmp_path):
    pytest.importorskip("pyarrow", reason="the `parquet` extra is not installed")
    embedders = {"fast": [HashingEmbedder("a"), HashingEmbedder("b")]}
    with hegel_store.connect(url, embedders=embedders, while_evaluating="stop") as store:
        store.facts.add_many(facts(3))
        store.steps.log(Steps(store)(created_at=MAY))
        for name, work in background(store, store, tmp_path).items():
            assert while_evaluated(url, work, 0.4) == (False, True), name
        assert months_older_than(store, 0) == [], "archived in the end"
        assert vector_indexes.roll_back(store.engine, INDEX), "swapped in the end"


def test_work_that_is_to_go_on_does(url, tmp_path):
    pytest.importorskip("pyarrow", reason="the `parquet` extra is not installed")
    embedders = {"fast": [HashingEmbedder("a"), HashingEmbedder("b")]}
    with hegel_store.connect(url, embedders=embedders) as store:
        store.facts.add_many(facts(3))
        store.steps.log(Steps(store)(created_at=MAY))
        for name, work in background(store, store, tmp_path).items():
            assert while_evaluated(url, work, 20) == (True, True), name


def test_slow_work_rests_nine_times_as_long_as_it_works(url):
    with hegel_store.connect(url, while_evaluating="slow") as store:
        autocommit = store.facts._session
        pace = Pace(autocommit)
        assert pace.rest() < 0.1, "nobody evaluates"
        with store.evaluating():
            pace.begin()
            time.sleep(0.1)
            assert 0.9 <= pace.rest() < 5
        time.sleep(0.1)
        assert pace.rest() < 0.1


def test_a_rest_ends_with_the_evaluation(url):
    with hegel_store.connect(url, while_evaluating="slow") as store:

        def work() -> None:
            pace = Pace(store.facts._session)
            time.sleep(3.0)  # so that it would rest for 27 seconds
            pace.rest()

        assert while_evaluated(url, work, 4.0) == (False, True)


def test_the_setting_is_checked():
    with pytest.raises(InvalidInput) as refused:
        hegel_store.connect("postgresql://nowhere/x", while_evaluating="sometimes")
    assert refused.value.field == "while_evaluating"
