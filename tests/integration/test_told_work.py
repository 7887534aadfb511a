"""What goes on beside searches: batches, retries, the spool, migrations, maintenance, each as an
event and as a number."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import text

from hegel_store import migrate
from hegel_store.embeddings import RemoteEmbedder
from hegel_store.models import EvaluationKey, NewEvaluation
from hegel_store.observing import correlated, metrics
from hegel_store.operations.maintenance import maintain
from hegel_store.retries import until_locked
from tests.samples import fact
from tests.services import embedding_service
from tests.watching import logged

pytest.importorskip("structlog", reason="the `events` extra is not installed")
prometheus = pytest.importorskip("prometheus_client", reason="the `metrics` extra is not installed")


@contextmanager
def counted():
    """Gives a function that says what a metric with these labels is."""
    registry = prometheus.CollectorRegistry()
    counting = metrics.start(registry)
    try:
        yield lambda name, **labels: registry.get_sample_value(name, labels)
    finally:
        counting.stop()


def test_batches_of_retrievals_and_of_scores_are_told_of_and_single_ones_are_not(memory, new):
    memory.facts.add_many([fact("hedgehogs sleep"), fact("hedgehogs wake")])
    found = memory.facts.search("hedgehogs", corpus_id="news", mode="text")

    def result(example: str, score: float = 1.0) -> NewEvaluation:
        of = EvaluationKey(
            corpus_id="news",
            evaluator="default",
            content_hash=new.profile.content_hash,
            split="train",
            example_id=example,
        )
        return NewEvaluation(of=of, scores={"accuracy": score})

    with logged() as log:
        memory.retrievals.log(new(), found)
        memory.retrievals.log_many([(new(), found), (new(), found[:1])])
        memory.scores.record(result("a"))
        memory.scores.record_many([result("a"), result("a2"), result("a3")])
    retrievals, scores = log.lines
    assert (retrievals["event"], retrievals["steps"], retrievals["facts"]) == (
        "retrievals_logged",
        2,
        3,
    )
    assert (scores["event"], scores["evaluations"]) == ("scores_recorded", 3)
    assert scores["outcomes"] == {"stored": 2, "known": 1}
    assert min(retrievals["total_time_ms"], scores["total_time_ms"]) > 0


def test_a_lock_that_is_not_to_be_had_is_told_of_as_a_retry(store, url):
    """Held by another session until the first attempt has failed."""
    with psycopg.connect(url) as holder, logged() as log, counted() as value:
        holder.execute("LOCK TABLE hegel_labels")

        def attempt() -> None:
            with store.engine.begin() as connection:
                connection.execute(text("SET LOCAL lock_timeout = '20ms'"))
                connection.execute(text("LOCK TABLE hegel_labels"))

        def say(error: BaseException, place: object, pause: float) -> None:
            holder.rollback()

        until_locked(attempt, 5, say)
        assert value("hegel_retries_total", what="lock") == 1
    (said,) = log.named("retry")
    assert (said["what"], said["error"], said["attempt"]) == ("lock", "LockNotAvailable", 1)
    assert said["pause_seconds"] > 0
    assert said["level"] == "warning"


def test_an_embedding_that_is_tried_again_says_so_with_the_correlation_of_its_caller():
    """Its batches are sent by threads of its own."""
    failed: set[str] = set()
    lock = threading.Lock()
    with embedding_service() as service, logged() as log, counted() as value:

        def once(texts: list[str]) -> object:
            with lock:
                first = texts[0] not in failed
                failed.add(texts[0])
            return service.down(texts) if first else service.vectors(texts)

        service.answer = once
        embedder = RemoteEmbedder(
            service.request, name="api", dimensions=8, longest_wait=0.01, batch_size=1
        )
        with correlated("request-5"):
            embedder.embed(["a", "b", "c"])
        assert value("hegel_retries_total", what="embedding") == 3
    told = log.named("retry")
    assert len(told) == 3
    assert {one["what"] for one in told} == {"embedding"}
    assert {one["correlation_id"] for one in told} == {"request-5"}


def test_what_goes_to_the_disk_and_back_is_counted(store, server, postgresql, tmp_path, new):
    name = postgresql.info.dbname
    steps = [new() for _ in range(3)]
    with (
        psycopg.connect(server.url("postgres"), autocommit=True) as admin,
        counted() as value,
        store.step_writer(spool_dir=tmp_path) as writer,
    ):
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        for step in steps:
            writer.log(step, durable=True)
        assert value("hegel_steps_total", outcome="spooled") == 3
        assert value("hegel_delivery_interrupted") == 1
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        writer.log({"corpus_id": ""})
        writer.flush(60)
        assert value("hegel_steps_total", outcome="replayed") == 3
        assert value("hegel_steps_total", outcome="dead") == 1
        assert value("hegel_delivery_interrupted") == 0


def test_migrations_and_tasks_of_maintenance_are_counted_by_how_they_ended(store):
    with counted() as value:
        migrate.downgrade(store.address, "-1")
        migrate.upgrade(store.address)
        report = maintain(store, dry_run=True)
        for direction in ("downgrade", "upgrade"):
            assert value("hegel_migrations_total", direction=direction, outcome="ok") == 1
        for one in report.tasks:
            labels = {"task": one.task, "status": one.status}
            assert value("hegel_maintenance_tasks_total", **labels) == 1
    assert report.tasks
