"""Listeners for tests, and what they heard."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hegel_store.observing import events


class Log:
    """The events of a block, as they were written."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == name]


@contextmanager
def logged(**options: Any) -> Iterator[Log]:
    """Log what happens in the block as JSON."""
    log = Log()
    started = events.start("json", stream=log.stream, **options)
    try:
        yield log
    finally:
        started.stop()  # writes what waits
