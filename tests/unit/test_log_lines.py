"""Lines of a log are written whatever becomes of those before them."""

from __future__ import annotations

import io
import threading

import pytest

from hegel_store.observing import events, tell
from hegel_store.observing.happenings import FactsAdded
from hegel_store.observing.lines import Lines


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
    tell(FactsAdded(added=1, merged=0, refused=0, total_time_ms=1.0))
    stream.close()
    started.stop()
    assert len(complaints(caplog)) == 1
