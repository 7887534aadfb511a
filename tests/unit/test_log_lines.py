"""Lines of a log are written whatever becomes of those before them."""

from __future__ import annotations

import io
import threading
from typing import NoReturn

import pytest

from hegel_store.observing import events, tell
from hegel_store.observing.happenings import FactsAdded
from hegel_store.observing.lines import Lines

ADDED = FactsAdded(added=1, merged=0, refused=0, total_time_ms=1.0)


def fail() -> None:
    raise KeyError("a processor's own")


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records]


def test_a_line_that_fails_in_the_background_is_lost_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines, written, is_written = Lines(), [], threading.Event()
    for number in range(2):  # the thread goes on after the first
        is_written.clear()
        lines.add(fail)
        lines.add(lambda number=number: written.append(number))
        lines.add(is_written.set)
        assert is_written.wait(10)
    lines.close()
    assert written == [0, 1]
    assert complaints(caplog) == [
        """a line of the log was not written: KeyError("a processor's own")"""
    ]


def test_a_line_that_fails_at_once_or_at_the_end_raises_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines, written = Lines(), []
    lines.add(fail, at_once=True)
    lines.add(fail)
    lines.add(lambda: written.append("kept"))
    lines.close()
    lines.add(fail)
    assert written == ["kept"]
    assert len(complaints(caplog)) == 1


def test_events_end_after_their_stream(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("structlog", reason="the `events` extra is not installed")
    stream = io.StringIO()
    started = events.start(stream=stream)
    tell(ADDED)
    stream.close()
    started.stop()
    assert len(complaints(caplog)) == 1


def test_a_logger_of_ones_own_finds_what_is_bound_where_the_call_was_made() -> None:
    structlog = pytest.importorskip("structlog", reason="the `events` extra is not installed")
    written: list[dict[str, object]] = []

    def keep(logger: object, name: str, values: dict[str, object]) -> NoReturn:
        written.append(values)
        raise structlog.DropEvent

    own = structlog.wrap_logger(None, processors=[structlog.contextvars.merge_contextvars, keep])
    started = events.start(logger=own)
    for request in ("r1", "r2"):
        with structlog.contextvars.bound_contextvars(request=request):
            tell(ADDED)
    started.stop()
    assert [values.get("request") for values in written] == ["r1", "r2"]
