"""What is told is given to listeners later: all of it, in order, whatever becomes of one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, NoReturn

import pytest

from hegel_store.observing import Call, events, flush, listen, stop, tell
from hegel_store.observing import later as module
from hegel_store.observing.happenings import FactsAdded, PoolWaited, StepsSpooled
from hegel_store.observing.later import Later
from tests.servers import wait_until

ADDED = FactsAdded(added=1, merged=0, refused=0, total_time_ms=1.0)
WAITED = PoolWaited(seconds=0.1, timed_out=False, server="primary")
SPOOLED = StepsSpooled(steps=1, spool_bytes=100)

number: ContextVar[int] = ContextVar("number")


class Heard:
    """What a listener was told, and in which thread."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.threads: set[str] = set()

    def ended(self, call: Call, frame: Any, at: int) -> None:
        self.told.append(call.name)
        self.threads.add(threading.current_thread().name)

    def happened(self, happening: Any, at: int) -> None:
        self.told.append(happening.name)


@pytest.fixture
def heard():
    listener = Heard()
    listen(listener)
    yield listener
    stop(listener)
    flush()


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The background does nothing while a test runs."""
    monkeypatch.setattr(module, "SECONDS", 60.0)


def test_calls_are_made_in_the_background_in_order_and_with_their_context() -> None:
    later, made = Later(), []
    for given in range(100):
        number.set(given)
        later.add(lambda given: made.append((given, number.get())), given)
    wait_until(lambda: len(made) == 100)
    assert made == [(given, given) for given in range(100)]


def test_who_adds_too_much_works_it_off(monkeypatch: pytest.MonkeyPatch, by_hand: None) -> None:
    monkeypatch.setattr(module, "MOST", 10)
    later, made = Later(), []
    for given in range(10):
        later.add(made.append, given)
    assert made == []
    later.add(made.append, 10)
    assert made == list(range(11))


def test_a_call_may_add_and_flush(by_hand: None) -> None:
    later, made = Later(), []

    def call() -> None:
        made.append("outer")
        later.add(made.append, "inner")
        later.flush()

    later.add(call)
    later.add(made.append, "next")
    later.flush()
    assert made == ["outer", "next", "inner"]


def test_threads_lose_nothing() -> None:
    later, made = Later(), []

    def work() -> None:
        for given in range(2000):
            later.add(made.append, given)
            if given % 500 == 0:
                later.flush()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    later.flush()
    assert sorted(made) == sorted(list(range(2000)) * 4)


def test_a_fork_waits_for_what_is_being_done_and_begins_with_nothing(by_hand: None) -> None:
    """Or the child would find a lock held for ever, as that of a metric."""
    later, lock, begun = Later(), threading.Lock(), threading.Event()

    def slow() -> None:
        with lock:
            begun.set()
            time.sleep(0.3)

    later.add(slow)
    worker = threading.Thread(target=later.flush)
    worker.start()
    begun.wait(10)
    later.add(os._exit, 7)  # which a child that had it to do would die of
    child = os.fork()
    if not child:
        free = lock.acquire(timeout=5)
        later.flush()
        os._exit(0 if free else 1)
    later._waiting.clear()
    assert os.waitpid(child, 0) == (child, 0)
    worker.join()


LATE = """
import os, sys
from hegel_store.observing.later import Later
later = Later()
{}
"""


def said(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", LATE.format(code)], check=True, capture_output=True, text=True
    ).stdout


def test_what_waits_is_done_before_the_interpreter_ends() -> None:
    """And before what was registered until then, as a tracer provider's end is."""
    code = "import atexit; atexit.register(print, 'provider'); later.add(print, 'span')"
    assert said(code).split() == ["span", "provider"]


def test_what_waits_is_done_before_a_process_of_multiprocessing_ends() -> None:
    code = """
import multiprocessing
def work():
    later.add(os.write, 1, b"child ")
worker = multiprocessing.get_context("fork").Process(target=work)
worker.start()
worker.join()
"""
    assert said(code).split() == ["child"]


def test_what_is_well_waits_and_what_is_not_does_not(heard: Heard, by_hand: None) -> None:
    with Call("transaction"):
        tell(WAITED)
    assert heard.told == []
    tell(SPOOLED)
    assert heard.told == ["pool_waited", "transaction", "steps_spooled"]
    with pytest.raises(KeyError), Call("transaction"):
        raise KeyError
    assert heard.told[3:] == ["transaction"]


def test_what_is_made_in_the_background_is_made_once(heard: Heard, by_hand: None) -> None:
    other, made = Heard(), []

    def make() -> FactsAdded:
        made.append(threading.get_ident())
        return ADDED

    listen(other)
    tell(make)
    stop(other)
    flush()
    assert heard.told == other.told == ["facts_added"]
    assert len(made) == 1


def test_what_cannot_be_made_is_said_and_keeps_nothing_back(
    heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    def make() -> NoReturn:
        raise KeyError("gone")

    with Call("transaction"):
        tell(make)
    tell(ADDED)
    assert heard.told == ["transaction", "facts_added"]
    assert len(complaints(caplog)) == 1


def test_a_fork_that_waited_in_vain_takes_nobodys_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FORK_SECONDS", 0.05)
    later, made = Later(), []
    with ThreadPoolExecutor(1) as other:
        other.submit(later._working.acquire).result(10)
        later._pause()
        later._go_on()
        other.submit(later._working.release).result(10)
        later.add(made.append, "kept")
        other.submit(later.flush).result(10)
    assert made == ["kept"]


def test_who_stopped_to_listen_is_told_what_happened_before(heard: Heard, by_hand: None) -> None:
    with Call("before"):
        pass
    stop(heard)
    with Call("after"):
        pass
    flush()
    assert heard.told == ["before"]


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records]


def test_events_end_after_their_stream(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("structlog", reason="the `events` extra is not installed")
    stream = io.StringIO()
    started = events.start(stream=stream)
    tell(ADDED)
    stream.close()
    tell(ADDED)
    tell(ADDED)
    started.stop()
    assert len(complaints(caplog)) == 1


def test_a_line_that_fails_is_lost_alone(caplog: pytest.LogCaptureFixture) -> None:
    structlog = pytest.importorskip("structlog", reason="the `events` extra is not installed")
    written: list[str] = []

    def keep(logger: object, name: str, values: dict[str, Any]) -> NoReturn:
        if values["added"] == 2:
            raise KeyError("a processor's own")
        written.append(values["event"])
        raise structlog.DropEvent

    started = events.start(logger=structlog.wrap_logger(None, processors=[keep]))
    for added in (1, 2, 3):
        tell(FactsAdded(added=added, merged=0, refused=0, total_time_ms=1.0))
    started.stop()
    assert written == ["facts_added", "facts_added"]
    assert complaints(caplog) == ["""Events fails: KeyError("a processor's own")"""]


def test_a_logger_of_ones_own_finds_what_is_bound_where_the_call_was_made(by_hand: None) -> None:
    structlog = pytest.importorskip("structlog", reason="the `events` extra is not installed")
    written: list[dict[str, object]] = []

    def keep(logger: object, name: str, values: dict[str, object]) -> NoReturn:
        written.append(values)
        raise structlog.DropEvent

    own = structlog.wrap_logger(None, processors=[structlog.contextvars.merge_contextvars, keep])
    started = events.start(logger=own)
    for request in ("r1", "r2"):
        with structlog.contextvars.bound_contextvars(request=request):
            tell(lambda: ADDED)
    started.stop()
    assert [values.get("request") for values in written] == ["r1", "r2"]
