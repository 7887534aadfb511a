"""Structured events: what a search, a batch, a retry, a spool and a migration say of themselves."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

import hegel_store
from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.errors import InvalidInput, NotFound, TransactionConflict
from hegel_store.models import FactFilter
from hegel_store.observing import correlated, events, is_watched, listen, stop
from hegel_store.operations.maintenance import maintain
from hegel_store.settings import event_format
from tests.embedders import HashingEmbedder
from tests.samples import fact
from tests.watching import logged

pytest.importorskip("structlog", reason="the `events` extra is not installed")

pytestmark = pytest.mark.any_server

ROOT = Path(__file__).parents[2]
FIELDS = {
    "total_time_ms",
    "embedding_time_ms",
    "db_search_time_ms",
    "rerank_time_ms",
    "cache_hit",
    "results_count",
    "match_types",
    "query_length",
    "mode",
    "filters",
    "candidates",
    "exact",
    "corpus",
}


class Backwards:
    """A reranker that turns the order around."""

    def score(self, query, texts):
        return list(range(len(texts)))


@pytest.fixture
def filled(memory):
    memory.facts.add_many(
        [fact("hedgehogs sleep in leaves", category="animals"), fact("invoices are sent monthly")]
    )
    return memory


def test_each_search_says_how_it_went(filled):
    with logged() as log:
        result = filled.facts.search(
            "hedgehogs",
            corpus_id="news",
            filters=FactFilter(categories=["animals"], min_confidence=0.1),
            reranker=Backwards(),
        )
    (said,) = log.named("search_complete")
    assert said.keys() >= FIELDS | {"level", "timestamp", "call"}
    assert said["filters"] == ["categories", "min_confidence"]
    assert "animals" not in str(said["filters"])
    assert said["results_count"] == len(result) == 1
    assert said["match_types"] == {"vector": 0, "text": 0, "both": 1}
    assert (said["mode"], said["corpus"], said["query_length"]) == ("hybrid", "news", 9)
    assert (said["candidates"], said["exact"], said["cache_hit"]) == (1, True, False)
    assert (said["level"], said["call"]) == ("info", "facts.search")
    parts = [said[f"{part}_time_ms"] for part in ("embedding", "db_search", "rerank")]
    assert min(parts) > 0
    assert sum(parts) <= said["total_time_ms"]


def test_every_way_to_search_is_told_of(filled):
    (stored,) = filled.facts.search("hedgehogs", corpus_id="news", limit=1)
    with logged() as log:
        filled.facts.search_many(["hedgehogs", "invoices"], corpus_id="news")
        list(filled.facts.search_iter("hedgehogs", corpus_id="news", mode="text"))
        filled.facts.similar_to("news", stored.fact.id)
    told = log.named("search_complete")
    assert [one["query"] for one in told] == ["hedgehogs", "invoices", "hedgehogs", ""]
    assert [one["streamed"] for one in told] == [False, False, True, False]
    assert [one["results_count"] for one in told] == [2, 2, 1, 1]
    assert told[2]["match_types"] == {"vector": 0, "text": 1, "both": 0}


def test_an_answer_from_the_cache_says_so(url):
    with hegel_store.connect(url, embedder=HashingEmbedder(), result_cache=True) as store:
        store.facts.add_many([fact("hedgehogs sleep")])
        with logged() as log:
            for _ in range(2):
                store.facts.search("hedgehogs", corpus_id="news")
    assert [one["cache_hit"] for one in log.named("search_complete")] == [False, True]


@pytest.mark.parametrize(("seconds", "level"), [(1e-9, "warning"), (100, "info")])
def test_a_slow_search_is_a_warning(filled, seconds, level):
    with logged(slow_seconds=seconds) as log:
        filled.facts.search("hedgehogs", corpus_id="news")
    assert [one["level"] for one in log.named("search_complete")] == [level]


def test_queries_are_shortened_or_left_out(filled):
    query = "hedgehog " * 50
    with logged() as log:
        filled.facts.search(query, corpus_id="news")
    (said,) = log.named("search_complete")
    assert said["query"] == query[:99] + "…"
    assert said["query_length"] == len(query)
    with logged(queries=False) as log:
        filled.facts.search(query, corpus_id="news")
    assert "hedgehog" not in log.stream.getvalue()
    assert log.named("search_complete")[0]["query_length"] == len(query)


def test_batches_are_told_of_and_single_steps_are_not(memory, new):
    with logged() as log:
        memory.steps.log(new())
        memory.steps.log_many([new() for _ in range(9)])
        memory.facts.add_many([fact("a"), fact("b"), fact("a")])
    assert [line["event"] for line in log.lines] == ["steps_logged", "facts_added"]
    steps, facts = log.lines
    assert (steps["steps"], steps["stored"]) == (9, 9)
    assert (facts["added"], facts["merged"], facts["refused"]) == (2, 1, 0)


def test_a_failed_call_names_its_error_and_none_of_its_values(store):
    with logged() as log, pytest.raises(NotFound):
        store.profiles.get("s3cret corpus", uuid4())
    (said,) = log.named("call_failed")
    assert (said["call"], said["error"], said["level"]) == ("profiles.get", "NotFound", "warning")
    assert "s3cret" not in log.stream.getvalue()


def test_a_transaction_that_is_repeated_is_told_of(store):
    attempts = []

    def block(work):
        attempts.append(1)
        if len(attempts) < 3:
            raise TransactionConflict("met another", "40001")

    with logged() as log:
        store.transact(block)
    told = log.named("retry")
    assert [one["attempt"] for one in told] == [1, 2]
    assert {(one["what"], one["error"]) for one in told} == {("transaction", "TransactionConflict")}


def test_what_goes_to_the_disk_and_back_is_told_of(url, server, postgresql, tmp_path, new):
    name = postgresql.info.dbname
    steps = [new() for _ in range(3)]
    with (
        psycopg.connect(server.url("postgres"), autocommit=True) as admin,
        hegel_store.connect(url) as store,
        logged() as log,
        store.step_writer(spool_dir=tmp_path) as writer,
    ):
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        for step in steps:
            writer.log(step, durable=True)
        assert writer.statistics.spooled == 3
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        writer.log({"corpus_id": ""})
        writer.flush(60)
    assert sum(one["steps"] for one in log.named("steps_spooled")) == 3
    assert sum(one["steps"] for one in log.named("steps_replayed")) == 3
    assert len(log.named("delivery_interrupted")) == len(log.named("delivery_resumed")) == 1
    (aside,) = log.named("steps_set_aside")
    assert (aside["steps"], aside["reasons"], aside["level"]) == (1, ["InvalidInput"], "error")


def test_migrations_say_from_where_to_where(url):
    address = parse_address(url, "the test")
    known = migrate.known_revisions()
    with logged() as log:
        migrate.downgrade(address, "-1")
        migrate.upgrade(address)
    down, up = log.named("migration_complete")
    assert (down["direction"], down["before"], down["after"]) == ("downgrade", *known[:-3:-1])
    assert (up["direction"], up["after"], up["error"]) == ("upgrade", known[-1], None)


MIGRATORS = {
    "alembic": [sys.executable, "-m", "alembic", "upgrade", "head"],
    "hegel-store": [sys.executable, "-c", "from hegel_store.cli import main; main()", "upgrade"],
}


@pytest.mark.parametrize("migrator", MIGRATORS)
def test_whoever_migrates_tells_the_same(url, migrator):
    """A bare `alembic upgrade head`, too, where the environment asks for events."""
    known = migrate.known_revisions()
    migrate.downgrade(parse_address(url, "the test"), "-2")
    environment = {**os.environ, "DATABASE_URL": url, "HEGEL_EVENTS": "json"}
    done = subprocess.run(
        MIGRATORS[migrator], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    (said,) = (json.loads(line) for line in done.stderr.splitlines() if line.startswith("{"))
    assert said.pop("total_time_ms") > 0
    assert said.keys() >= {"timestamp", "level"}
    assert {name: said[name] for name in ("event", "direction", "before", "after", "error")} == {
        "event": "migration_complete",
        "direction": "upgrade",
        "before": known[-3],
        "after": known[-1],
        "error": None,
    }


def test_alembic_tells_of_migrations_alone_and_of_those_that_fail(url):
    config = Config(ROOT / "alembic.ini")
    with (
        logged() as log,
        migrate.connection_to(parse_address(url, "the test")) as connection,
    ):
        config.attributes["connection"] = connection
        command.check(config)
        command.current(config)
        command.stamp(config, "head")
        assert log.lines == []
        command.downgrade(config, "-1")
        command.upgrade(config, "head")
        with pytest.raises(CommandError):
            command.upgrade(config, "no-such-revision")
    told = [(one["direction"], one["error"]) for one in log.named("migration_complete")]
    assert told == [("downgrade", None), ("upgrade", None), ("upgrade", "CommandError")]


def test_a_format_that_there_is_not_is_refused_by_name(url, monkeypatch):
    monkeypatch.setenv("HEGEL_EVENTS", "xml")
    with pytest.raises(InvalidInput, match="HEGEL_EVENTS"):
        event_format()
    monkeypatch.setenv("HEGEL_EVENTS", "")
    assert event_format() is None


def test_tasks_of_maintenance_are_told_of(store):
    with logged() as log:
        report = maintain(store, dry_run=True)
    told = [(one["task"], one["status"]) for one in log.named("maintenance_task")]
    assert told == [(one.task, one.status) for one in report.tasks]
    assert told


def test_a_unit_of_work_has_one_correlation(filled):
    with logged() as log:
        with filled.begin() as work:
            work.facts.add_many([fact("new")])
            work.facts.search("hedgehogs", corpus_id="news")
        with filled.begin() as work:
            work.facts.search("hedgehogs", corpus_id="news")
        with correlated("request-17"), filled.begin() as work:
            work.facts.search("hedgehogs", corpus_id="news")
        filled.facts.search("hedgehogs", corpus_id="news")
    ids = [line.get("correlation_id") for line in log.lines]
    assert ids[0] == ids[1] != ids[2]
    assert re.fullmatch("[0-9a-f]{16}", ids[0])
    assert ids[3:] == ["request-17", None]


@pytest.mark.parametrize("wrong", ["", "a b", "x" * 41, "é", "new\nline", 7])
def test_a_correlation_that_would_spoil_a_log_is_refused(wrong):
    with pytest.raises(InvalidInput, match="correlation"), correlated(wrong):
        pass


def test_events_for_a_terminal_are_no_json(filled):
    stream = io.StringIO()
    started = events.start("console", stream=stream)
    try:
        filled.facts.search("hedgehogs", corpus_id="news")
    finally:
        started.stop()
    assert "search_complete" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@pytest.mark.parametrize(
    ("name", "options"),
    [("format", {"format": "xml"}), ("slow_seconds", {"slow_seconds": 0})],
    ids=["format", "slow"],
)
def test_options_that_make_no_sense_are_refused(name, options):
    with pytest.raises(InvalidInput, match=name):
        events.start(**options)
    assert not is_watched()


def test_nobody_hears_anything_who_did_not_ask(filled, capfd, caplog):
    assert not is_watched()
    with caplog.at_level(logging.DEBUG, "hegel_store"):
        filled.facts.search("hedgehogs", corpus_id="news")
        with filled.begin() as work:
            work.facts.add_many([fact("silent")])
    assert capfd.readouterr() == ("", "")
    pool = "hegel_store.pooling.WatchedPool"  # SQLAlchemy's own debugging
    assert [record for record in caplog.records if record.name != pool] == []


class Broken:
    """A listener that fails at everything."""

    def enter(self, call):
        raise RuntimeError("enter")

    def leave(self, frame):
        raise RuntimeError("leave")

    def ended(self, call, frame, at):
        raise RuntimeError("ended")

    def happened(self, happening, at):
        raise RuntimeError("happened")


def test_a_listener_that_fails_keeps_nobody_from_working(filled, caplog):
    broken = Broken()
    listen(broken)
    try:
        with logged() as log:
            assert len(filled.facts.search("hedgehogs", corpus_id="news")) == 2
    finally:
        stop(broken)
    assert len(log.named("search_complete")) == 1
    assert [record.message for record in caplog.records] == ["Broken fails: RuntimeError('enter')"]


def test_times_are_those_of_a_calendar(filled):
    with logged() as log:
        filled.facts.search("hedgehogs", corpus_id="news")
    moment = datetime.fromisoformat(log.lines[0]["timestamp"])
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
