"""Structured events, as JSON lines or for a terminal (structlog, the ``events`` extra)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any, Literal, TextIO

from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.failures import sqlstate_of
from hegel_store.observing import seam
from hegel_store.observing.correlation import correlation_id
from hegel_store.observing.happenings import Happening, SearchComplete
from hegel_store.observing.seam import Call, Embedding

Format = Literal["json", "console"]

QUERY_CHARACTERS = 100
"""So much of a query is shown."""

ENCODE = json.JSONEncoder(ensure_ascii=False, default=str).encode
"""Made once: json.dumps() makes an encoder for each call that wants anything but its defaults."""


class Events:
    """Logs what happens. Made by start(); stop() ends it."""

    def __init__(self, logger: Any, slow_seconds: float, queries: bool) -> None:
        self._logger = logger
        self._slow = slow_seconds * 1000
        self._queries = queries

    def ended(self, call: Call, frame: None, at: int) -> None:
        """Say of a call that failed how: the kind of the error, as its text may quote values."""
        if call.error is None or isinstance(call, Embedding):
            return
        self._write(
            "warning",
            "call_failed",
            {
                "call": call.name,
                "error": type(call.error).__name__,
                "sqlstate": sqlstate_of(call.error),
                "total_time_ms": round(call.seconds * 1000, 3),
            },
            at,
        )

    def happened(self, happening: Happening, at: int) -> None:
        if happening.level == "debug":
            return
        values = _values(happening)
        level: str = happening.level
        if isinstance(happening, SearchComplete):
            query = values.pop("query")
            if self._queries:
                values["query"] = shortened(query)
            if happening.total_time_ms > self._slow:
                level = "warning"
        elif values.get("error") is not None:
            level = "warning"
        self._write(level, happening.name, values, at)

    def stop(self) -> None:
        """Log nothing any more."""
        seam.stop(self)
        seam.flush()

    def _write(self, level: str, name: str, values: dict[str, Any], at: int) -> None:
        correlation = correlation_id()
        if correlation is not None:
            values["correlation_id"] = correlation
        call = seam.current_name()
        if call is not None:
            values.setdefault("call", call)
        values["timestamp"] = datetime.fromtimestamp(at / 1e9, UTC)
        getattr(self._logger, level)(name, **values)


def start(
    format: Format = "json",
    *,
    slow_seconds: float = 1.0,
    queries: bool = True,
    stream: TextIO | None = None,
    logger: Any = None,
) -> Events:
    """Log events from now on, a line each, to ``stream`` (by default standard error).

    Searches and batches are written in the background, within half a second, and failures at once;
    so those may be lost of a process that is killed, and not these.

    A search that takes longer than ``slow_seconds`` is logged as a warning. Its query is shortened
    to 100 characters; with ``queries=False`` it is left out, and its length stays. ``logger`` is a
    structlog logger of your own, whose processors then decide on format and stream; they are called
    with the context variables of the call that is told of, in any thread.

    Raises InvalidInput, and ConfigurationError where structlog is not installed.
    """
    if format not in ("json", "console"):
        raise InvalidInput("format", f"must be 'json' or 'console', not {format!r:.80}")
    if isinstance(slow_seconds, bool) or not isinstance(slow_seconds, int | float):
        raise InvalidInput("slow_seconds", "must be a number")
    if not slow_seconds > 0:
        raise InvalidInput("slow_seconds", "must be more than 0")
    if find_spec("structlog") is None:
        raise ConfigurationError("structlog is not installed: pip install 'hegel_store[events]'")
    events = Events(logger or _logger(format, stream), slow_seconds, queries)
    seam.listen(events)
    return events


@contextmanager
def logged(format: Format | None) -> Iterator[None]:
    """Log the events of the block, as start() does; with None, none. For a command."""
    events = None if format is None else start(format)
    try:
        yield
    finally:
        if events is not None:
            events.stop()


def shortened(query: str) -> str:
    """The first 100 characters, the last of them an ellipsis where there are more."""
    return query if len(query) <= QUERY_CHARACTERS else f"{query[: QUERY_CHARACTERS - 1]}…"


_fields: dict[type, tuple[str, ...]] = {}


def _values(happening: Happening) -> dict[str, Any]:
    kind = type(happening)
    if kind not in _fields:
        _fields[kind] = tuple(field.name for field in fields(happening))
    return {
        name: round(value, 3) if isinstance(value, float) else value
        for name in _fields[kind]
        for value in [getattr(happening, name)]
    }


def _logger(format: Format, stream: TextIO | None) -> Any:
    """A logger apart from structlog's configuration, which is the application's."""
    import structlog

    target = stream or sys.stderr
    shown: Any = (
        structlog.processors.JSONRenderer(lambda values, **_: ENCODE(values))
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=target.isatty())
    )
    return structlog.wrap_logger(
        structlog.WriteLogger(target),
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        processors=[
            structlog.processors.add_log_level,
            shown,
        ],
    ).bind()  # once, and not for every event
