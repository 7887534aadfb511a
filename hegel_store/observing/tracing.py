"""OpenTelemetry spans (opentelemetry-api, the ``tracing`` extra).

Names of attributes are those of the semantic conventions for database clients and for generative
AI, where these have one, and begin with ``hegel_store.`` otherwise.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from time import perf_counter, time_ns
from typing import Any

from hegel_store.errors import ConfigurationError
from hegel_store.failures import sqlstate_of
from hegel_store.observing import seam
from hegel_store.observing.correlation import correlation_id
from hegel_store.observing.happenings import Happening, SearchComplete
from hegel_store.observing.seam import Call, Embedding, Server

DEFAULT_PORT = 5432
"""Which the conventions leave out."""

SINGLE = frozenset({"steps.log"})
"""Calls that begin no trace of their own: there are thousands of them, and each is one row. Inside
a trace they have their span."""

QUICK = 0.001
"""Seconds: an embedding that takes less, as one that hashes does, has no span."""


class Tracing:
    """Makes a span of each call, when that is over, unless somebody asks for it before, as who
    begins a span inside of it does. Made by start(); stop() ends it."""

    def __init__(self, provider: Any) -> None:
        from opentelemetry import context, trace

        from hegel_store.observing.late_spans import LateSpan

        self._late_span = LateSpan
        self._trace = trace
        self._context = context
        self._tracer = trace.get_tracer("hegel_store", tracer_provider=provider)
        self._failed = trace.Status(trace.StatusCode.ERROR)

    def enter(self, call: Call) -> object:
        around = self._context.get_current()
        if call.name in SINGLE and not (around and self._is_in_trace(around)):
            return None
        span = self._late_span(self._made, call, around)
        span.token = self._context.attach(self._trace.set_span_in_context(span, around))
        return span

    def leave(self, span: Any) -> None:
        self._context.detach(span.token)

    def ended(self, call: Call, span: Any, at: int) -> None:
        if span is None:
            return
        is_quick = isinstance(call, Embedding) and call.seconds < QUICK and call.error is None
        if is_quick and not span.is_made:
            return
        if call.error is not None:
            span.set_attribute("error.type", type(call.error).__name__)
            state = sqlstate_of(call.error)
            if state is not None:
                span.set_attribute("db.response.status_code", state)
            span.set_status(self._failed)
        span.end(at)

    def _is_in_trace(self, around: Any) -> bool:
        span = self._trace.get_current_span(around)
        return isinstance(span, self._late_span) or span.get_span_context().is_valid

    def _made(self, attributes: dict[str, Any], call: Call, around: Any) -> Any:
        name, kind = call.name, self._trace.SpanKind.CLIENT
        if isinstance(call, Embedding):
            name, kind = f"{call.name} {call.model}", self._trace.SpanKind.INTERNAL
        return self._tracer.start_span(
            name,
            around,
            kind=kind,
            attributes=_attributes(call) | attributes,
            start_time=time_ns() - round((perf_counter() - call.began) * 1e9),
        )

    def happened(self, happening: Happening, at: int) -> None:
        """What a search found out goes into its span; everything else is an event of the span that
        it happens in."""
        if happening.level == "debug":
            return
        span = self._trace.get_current_span()
        if isinstance(happening, SearchComplete):
            values = {
                attribute: value
                for attribute, name in SEARCH.items()
                if (value := getattr(happening, name)) not in (None, False, [])
            }
            if happening.corpus is not None:
                values["hegel_store.corpus"] = happening.corpus
            values["db.response.returned_rows"] = happening.results_count
            span.set_attributes(values)
        elif span.is_recording():
            span.add_event(happening.name, timestamp=at)

    def stop(self) -> None:
        """Make no more spans."""
        seam.stop(self)
        seam.flush()


SEARCH = {f"hegel_store.search.{name}": name for name in ("mode", "filters", "cache_hit", "exact")}
"""Each attribute costs: one that is missing says False, or none, and the times of the parts are
those of the spans inside."""


def start(provider: Any = None) -> Tracing:
    """Make spans from now on, by ``provider`` (by default the application's global one; where it
    has none, they go nowhere).

    Raises ConfigurationError where opentelemetry-api is not installed.
    """
    if find_spec("opentelemetry") is None:
        raise ConfigurationError(
            "opentelemetry-api is not installed: pip install 'hegel_store[tracing]'"
        )
    tracing = Tracing(provider)
    seam.listen(tracing)
    return tracing


def _attributes(call: Call) -> dict[str, Any]:
    correlation = correlation_id()
    own = {} if correlation is None else {"hegel_store.correlation_id": correlation}
    if isinstance(call, Embedding):
        return own | {
            "gen_ai.operation.name": "embeddings",
            "gen_ai.provider.name": call.provider,
            "gen_ai.request.model": call.model,
            "gen_ai.embeddings.dimension.count": call.dimensions,
            "hegel_store.embedder": call.embedder,
            "hegel_store.texts": call.texts,
        }
    return (
        own
        | _located(call.server)
        | {"db.operation.name": call.name, "db.query.summary": call.name}
    )


@cache
def _located(server: Server) -> dict[str, Any]:
    known = {
        "db.system.name": "postgresql",
        "db.namespace": server.database,
        "server.address": server.address,
        "server.port": None if server.port == DEFAULT_PORT else server.port,
        "hegel_store.server": server.role,
    }
    return {name: value for name, value in known.items() if value is not None}
