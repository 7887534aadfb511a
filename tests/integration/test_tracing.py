"""OpenTelemetry spans: names, nesting, attributes and errors."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest

import hegel_store
from hegel_store.errors import NotFound
from hegel_store.models import FactFilter
from hegel_store.observing import flush, tracing
from hegel_store.operations.maintenance import maintain
from tests.embedders import HashingEmbedder
from tests.samples import fact

sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")
export = pytest.importorskip("opentelemetry.sdk.trace.export")
in_memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
trace = pytest.importorskip("opentelemetry.trace")

pytestmark = pytest.mark.any_server


@pytest.fixture
def provider():
    return sdk.TracerProvider()


@pytest.fixture
def spans(provider):
    """Those that ended, in this order."""
    exporter = in_memory.InMemorySpanExporter()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    started = tracing.start(provider)

    def finished():
        flush()
        return exporter.get_finished_spans()

    yield finished
    started.stop()


def test_a_search_is_a_span_with_its_embedding_in_it(memory, spans, monkeypatch):
    monkeypatch.setattr(tracing, "QUICK", 0)  # a hash has no span otherwise
    memory.facts.search(
        "s3cret", corpus_id="news", filters=FactFilter(categories=["s3cret category"])
    )
    embedding, search = spans()
    assert (embedding.name, search.name) == (f"embeddings {memory_model(memory)}", "facts.search")
    assert embedding.parent.span_id == search.context.span_id
    assert embedding.attributes["gen_ai.operation.name"] == "embeddings"
    assert embedding.attributes["gen_ai.provider.name"] == "HashingEmbedder"
    assert embedding.attributes["gen_ai.request.model"] == memory_model(memory)
    assert embedding.attributes["gen_ai.embeddings.dimension.count"] == 384
    assert search.kind is trace.SpanKind.CLIENT
    assert search.attributes["db.system.name"] == "postgresql"
    assert search.attributes["db.query.summary"] == "facts.search"
    parameters = memory.address.parameters
    assert search.attributes["db.namespace"] == parameters["dbname"]
    assert search.attributes["server.address"] == parameters["host"]
    assert search.attributes["hegel_store.server"] == "primary"
    assert search.attributes["db.response.returned_rows"] == 0
    assert search.attributes["hegel_store.search.filters"] == ("categories",)
    assert search.attributes["hegel_store.corpus"] == "news"
    assert "s3cret" not in str([span.to_json() for span in spans()])


class Moody(HashingEmbedder):
    """Takes as long as it is told."""

    pause = 0.0

    def embed(self, texts):
        time.sleep(self.pause)
        return super().embed(texts)


def test_an_embedding_that_is_quick_has_no_span(url, spans, monkeypatch):
    monkeypatch.setattr(tracing, "QUICK", 0.5)  # which a busy machine does not need for a hash
    embedder = Moody()
    with hegel_store.connect(url, embedder=embedder) as store:
        store.facts.search("quick")
        assert [span.name for span in spans()] == ["facts.search"]
        embedder.pause = 0.6
        store.facts.search("slow")
    _, inside, around = spans()
    assert inside.name == f"embeddings {embedder.name}"
    assert inside.parent.span_id == around.context.span_id
    assert around.start_time < inside.start_time < inside.end_time < around.end_time
    assert inside.end_time - inside.start_time > 0.5 * 1e9


class Traced(HashingEmbedder):
    """Makes a span of its own, as an instrumented client of HTTP does."""

    def __init__(self, provider):
        super().__init__()
        self._tracer = provider.get_tracer("client")

    def embed(self, texts):
        around = trace.get_current_span()
        around.set_attribute("asked", "by the client")
        around.add_event("asking")
        around.update_name("renamed")
        with self._tracer.start_as_current_span("POST"):
            return super().embed(texts)


def test_what_an_embedder_does_is_inside_of_its_span(url, provider, spans):
    """However quick it is, and though spans are made later where nobody asks for them."""
    with hegel_store.connect(url, embedder=Traced(provider)) as store:
        store.facts.search("nested")
    request, embedding, search = spans()
    assert (request.name, embedding.name, search.name) == ("POST", "renamed", "facts.search")
    assert request.parent.span_id == embedding.context.span_id
    assert embedding.parent.span_id == search.context.span_id
    assert {one.context.trace_id for one in spans()} == {search.context.trace_id}
    assert embedding.attributes["asked"] == "by the client"
    assert embedding.attributes["gen_ai.operation.name"] == "embeddings"
    assert [event.name for event in embedding.events] == ["asking"]
    assert search.start_time < embedding.start_time < request.start_time
    assert request.end_time < embedding.end_time < search.end_time
    assert search.attributes["db.response.returned_rows"] == 0


def test_what_is_not_sampled_has_no_spans_inside_either(url):
    """The application's decision, which what the call asks of others follows."""
    sampling = pytest.importorskip("opentelemetry.sdk.trace.sampling")
    exporter = in_memory.InMemorySpanExporter()
    silent = sdk.TracerProvider(sampler=sampling.ParentBased(sampling.ALWAYS_OFF))
    silent.add_span_processor(export.SimpleSpanProcessor(exporter))
    started = tracing.start(silent)
    try:
        with hegel_store.connect(url, embedder=Traced(silent)) as store:
            store.facts.search("unseen")
    finally:
        started.stop()
    assert exporter.get_finished_spans() == ()


def test_a_span_has_its_attributes_when_it_begins_and_the_time_of_its_call(memory, provider, spans):
    """A sampler decides by them."""
    begun = []

    class Look(sdk.SpanProcessor):
        def on_start(self, span, parent_context=None):
            begun.append(dict(span.attributes))

    provider.add_span_processor(Look())
    before = time.time_ns()
    memory.facts.search("hedgehogs", corpus_id="news")
    after = time.time_ns()
    time.sleep(0.05)
    search = spans()[-1]
    assert before <= search.start_time < search.end_time <= after
    assert begun[-1]["db.query.summary"] == "facts.search"
    assert begun[-1]["hegel_store.corpus"] == "news"


def test_an_event_outside_of_any_call_is_in_the_span_of_the_application(memory, provider, spans):
    with provider.get_tracer("test").start_as_current_span("mine"):
        maintain(memory, dry_run=True)
    (mine,) = [span for span in spans() if span.name == "mine"]
    assert {event.name for event in mine.events} == {"maintenance_task"}


def memory_model(memory):
    return memory._spaces.preferred.name


def test_a_unit_of_work_holds_its_calls_and_its_correlation(memory, spans):
    with memory.begin() as work:
        work.profiles.append("news", "qa", {})
        work.profiles.latest("news", "qa")
    append, latest, transaction = spans()
    assert transaction.name == "transaction"
    assert {append.parent.span_id, latest.parent.span_id} == {transaction.context.span_id}
    ids = {span.attributes["hegel_store.correlation_id"] for span in spans()}
    assert len(ids) == 1


def test_an_error_is_a_failed_span_without_its_text(memory, spans):
    with pytest.raises(NotFound):
        memory.facts.get("s3cret", uuid4())
    (span,) = spans()
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.attributes["error.type"] == "NotFound"
    assert "s3cret" not in span.to_json()


def test_batches_are_events_of_the_span_that_they_are_stored_in(memory, spans):
    memory.facts.add_many([fact("a")])
    added = spans()[-1]
    assert (added.name, [event.name for event in added.events]) == (
        "facts.add_many",
        ["facts_added"],
    )


def test_a_single_step_begins_no_trace_and_is_in_the_one_that_there_is(store, new, provider, spans):
    store.steps.log(new())
    assert [span.name for span in spans()] == []
    with provider.get_tracer("test").start_as_current_span("mine") as mine:
        store.steps.log(new())
    (logged,) = [span for span in spans() if span.name != "mine"]
    assert (logged.name, logged.parent.span_id) == ("steps.log", mine.context.span_id)


def test_without_a_provider_spans_go_nowhere(store):
    started = tracing.start()
    try:
        assert store.profiles.latest("news", "qa") is None
    finally:
        started.stop()
    assert not trace.get_current_span().get_span_context().is_valid
