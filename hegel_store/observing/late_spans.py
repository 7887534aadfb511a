"""A span that costs next to nothing as long as nobody looks at it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from opentelemetry.trace import Span, SpanContext

_making = threading.RLock()
"""Of all spans, and taken again by a span that makes the one around it."""


class LateSpan(Span):  # type: ignore[misc]
    """Stands for the span of a call until somebody asks for what only the tracer's own knows, as
    who begins a span inside of it does: then that is made, by ``make``, with the attributes set so
    far and what was ``around`` the call. Until then there is no decision on sampling."""

    __slots__ = ("_around", "_attributes", "_call", "_made", "_make", "token")

    def __init__(self, make: Callable[..., Span], call: object, around: object) -> None:
        self._make = make
        self._call = call
        self._around = around
        self._attributes: dict[str, Any] | None = None
        self._made: Span | None = None
        self.token: Any = None

    @property
    def is_made(self) -> bool:
        return self._made is not None

    def real(self) -> Span:
        """The tracer's."""
        if self._made is None:
            with _making:
                if self._made is None:
                    self._made = self._make(self._attributes or {}, self._call, self._around)
        return self._made

    def set_attributes(self, attributes: Any) -> None:
        # Set one by one on a span that is made, they take as long again as the span.
        if self._made is None:
            with _making:
                if self._made is None:
                    self._attributes = {**(self._attributes or {}), **attributes}
                    return
        self._made.set_attributes(attributes)

    def set_attribute(self, key: str, value: Any) -> None:
        self.set_attributes({key: value})

    def get_span_context(self) -> SpanContext:
        return self.real().get_span_context()

    def is_recording(self) -> bool:
        return bool(self.real().is_recording())

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        self.real().add_event(name, attributes, timestamp)

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:
        self.real().add_link(context, attributes)

    def update_name(self, name: str) -> None:
        self.real().update_name(name)

    def set_status(self, status: Any, description: str | None = None) -> None:
        self.real().set_status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        self.real().record_exception(exception, attributes, timestamp, escaped)

    def end(self, end_time: int | None = None) -> None:
        self.real().end(end_time)
