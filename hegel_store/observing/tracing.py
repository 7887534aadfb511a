"""OpenTelemetry spans (opentelemetry-api, the ``tracing`` extra).

Names of attributes are those of the semantic conventions for database clients and for generative
AI, where these have one, and begin with ``hegel_store.`` otherwise.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from time import time_ns
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
"""Seconds: a span around what takes less costs more than it tells."""


class Tracing:
    """Makes a span of each call. Made by start(); stop() ends it.

    An embedder that was quick the last time, as one that hashes, gets a span only after it was not:
    then nothing that it calls is inside.
    """

    def __init__(self, provider: Any) -> None:
        from opentelemetry import context, trace

        self._quick: set[tuple[str, str]] = set()
        self._trace, self._context = trace, context
        self._tracer = trace.get_tracer("hegel_store", tracer_provider=provider)
        self._failed = trace.Status(trace.StatusCode.ERROR)

    def began(self, call: Call) -> object:
        if call.name in SINGLE:
            around = self._trace.get_current_span()
            if not around.get_span_context().is_valid:
                return None
        if isinstance(call, Embedding) and _kind(call) in self._quick:
            return None
        span = self._span(call)
        return span, self._context.attach(self._trace.set_span_in_context(span))

    def ended(self, call: Call, kept: Any) -> None:
        span = None
        if kept is not None:
            span, token = kept
            self._context.detach(token)
        if isinstance(call, Embedding):
            if call.seconds < QUICK and call.error is None:
                self._quick.add(_kind(call))
            else:
                self._quick.discard(_kind(call))
                if span is None:
                    span = self._span(call, time_ns() - round(call.seconds * 1e9))
        if span is None:
            return
        if call.error is not None:
            span.set_attribute("error.type", type(call.error).__name__)
            state = sqlstate_of(call.error)
            if state is not None:
                span.set_attribute("db.response.status_code", state)
            span.set_status(self._failed)
        span.end()

    def _span(self, call: Call, began: int | None = None) -> Any:
        name, kind = call.name, self._trace.SpanKind.CLIENT
        if isinstance(call, Embedding):
            name, kind = f"{call.name} {call.model}", self._trace.SpanKind.INTERNAL
        return self._tracer.start_span(
            name, kind=kind, attributes=_attributes(call), start_time=began
        )

    def happened(self, happening: Happening) -> None:
        """What a search found out goes into its span; everything else is an event of the span that
        it happens in."""
        span = self._trace.get_current_span()
        if not span.is_recording() or happening.level == "debug":
            return
        if isinstance(happening, SearchComplete):
            values = {
                attribute: value
                for attribute, name in SEARCH.items()
                if (value := getattr(happening, name)) is not None
            }
            if happening.corpus is not None:
                values["hegel_store.corpus"] = happening.corpus
            values["db.response.returned_rows"] = happening.results_count
            span.set_attributes(values)
        else:
            span.add_event(happening.name)

    def stop(self) -> None:
        """Make no more spans."""
        seam.stop(self)


SEARCH = {f"hegel_store.search.{name}": name for name in ("mode", "filters", "cache_hit", "exact")}
"""Each attribute costs, and the times of the parts are those of the spans inside."""


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


def _kind(call: Embedding) -> tuple[str, str]:
    return call.embedder, call.model


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
