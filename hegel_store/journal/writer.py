"""The object that a loop holds to log its steps with."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypedDict
from uuid import UUID

from hegel_store.database import Database
from hegel_store.errors import FlushTimeout, InvalidInput, SpoolFull, WriterClosed
from hegel_store.journal import endings
from hegel_store.journal.backlog import Backlog
from hegel_store.journal.courier import Courier
from hegel_store.journal.dead_letters import DeadLetter, DeadLetters
from hegel_store.journal.entries import entry_of
from hegel_store.journal.intake import Intake, WhenFull
from hegel_store.journal.redaction import Redaction
from hegel_store.models import NewStep
from hegel_store.models.checks import check_choice, check_integer, check_number

logger = logging.getLogger("hegel_store.journal")


class WriterOptions(TypedDict, total=False):
    """The options of a StepWriter, where its defaults are not wanted."""

    redact: Redaction | None
    when_full: WhenFull
    pending: int
    pending_bytes: int
    spool_bytes: int
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterStatistics:
    """Counts since the writer was made. ``logged`` is the sum of ``stored``, ``set_aside`` and
    ``pending``; of these, ``spooled`` are on the disk, in ``spool_bytes`` with those that earlier
    writers left. ``unknown_outcomes`` counts batches that were sent, and nobody could say whether
    they were stored."""

    logged: int
    stored: int
    set_aside: int
    pending: int
    spooled: int
    spool_bytes: int
    unknown_outcomes: int


class StepWriter:
    """Logs steps in the background: exactly once, and whatever becomes of the database meanwhile.

    ``log()`` returns at once. A thread stores what was logged in batches; while the database is
    away, it goes to a spool in ``folder``, and is stored in order when the database returns, by
    this writer or the next one with the same folder. A step that the database refuses is set aside
    there, with the reason, in dead-letters.jsonl.

    Of steps that wait in memory (``pending``, ``pending_bytes``) and in the spool
    (``spool_bytes``) there is a limit. When it is reached, log() waits (``when_full="block"``) or
    raises SpoolFull ("refuse"). ``redact`` is called with each step in the background, before it
    is written anywhere. A batch that is not answered within ``deadline`` seconds counts as lost on
    the way, and is sent again.

    close(), the end of the interpreter and SIGTERM (unless the application handles that) store what
    is left, or spool it. A forked child has a writer of its own, with nothing in it. Safe for
    threads. Raises InvalidInput, naming the argument.
    """

    def __init__(
        self,
        database: Callable[[], Database],
        folder: Path,
        *,
        redact: Redaction | None = None,
        when_full: WhenFull = "block",
        pending: int = 10_000,
        pending_bytes: int = 64 * 2**20,
        spool_bytes: int = 2**30,
        deadline: float = 30.0,
    ) -> None:
        check_choice("when_full", when_full, ("block", "refuse"))
        if redact is not None and not callable(redact):
            raise InvalidInput("redact", f"must be callable, not {type(redact).__name__}")
        if check_number("deadline", deadline) <= 0:
            raise InvalidInput("deadline", f"must be more than 0, not {deadline:g}")
        self._make_database = database
        self._folder = folder
        self._redact = redact
        self._when_full = when_full
        self._pending = check_integer("pending", pending, minimum=1)
        self._pending_bytes = check_integer("pending_bytes", pending_bytes, minimum=1)
        self._spool_bytes = check_integer("spool_bytes", spool_bytes, minimum=1)
        self._deadline = deadline
        self._letters = DeadLetters(folder)
        self._begin()
        endings.look_after(self)
        if folder.is_dir() and any(folder.iterdir()):
            self._start()

    def _begin(self) -> None:
        self._intake = Intake(self._pending, self._pending_bytes, self._when_full)
        self._backlog = Backlog(self._folder, self._spool_bytes)
        self._starting = threading.Lock()
        self._courier: Courier | None = None

    def log(self, step: NewStep | Mapping[str, Any], *, durable: bool = False) -> UUID:
        """Log a step, and return its id. A mapping has the fields of a NewStep; one that makes no
        step is set aside, as is what the database refuses, and the loop goes on.

        With ``durable``, returns once the step is committed, or fsynced in the spool, and raises
        what it is set aside for. Raises SpoolFull, and WriterClosed.
        """
        entry = entry_of(step)
        if self._courier is None:
            self._start()
        self._intake.put(entry, durable=durable)
        return entry.id

    def flush(self, timeout: float | None = None) -> None:
        """Wait until all that was logged before is committed, or set aside.

        ``timeout`` is in seconds; without one it waits for as long as the database is away. Raises
        FlushTimeout, and WriterClosed when the writer is closed meanwhile.
        """
        if self._courier is None:
            return
        self._backlog.retry_now()
        left = self._intake.wait_settled(timeout)
        if left and self._intake.is_over:
            raise WriterClosed(f"the writer was closed before {left} steps were committed")
        if left:
            raise FlushTimeout(left, timeout or 0.0)

    def replay(self, timeout: float | None = None) -> int:
        """Wait, for ``timeout`` seconds at most, until what earlier writers left behind is stored;
        how many steps that were. ``statistics.spool_bytes`` tells what is left.

        It is stored without being asked for; this is for a script that does nothing else.
        """
        courier = self._start()
        if courier is None:
            raise WriterClosed("the writer is closed")
        ends_at = None if timeout is None else time.monotonic() + timeout
        self._backlog.retry_now()
        while not (courier.has_adopted.is_set() and self._backlog.is_empty):
            if ends_at is not None and time.monotonic() >= ends_at:
                break
            time.sleep(0.05)
        return courier.replayed

    def close(self, timeout: float = 10.0) -> None:
        """Store what is left, within ``timeout`` seconds, or spool it; then stop.

        What stays in the spool is stored by the next writer of this folder. Raises SpoolFull,
        saying how many steps are lost, when neither the database nor the spool takes them.
        """
        with self._starting:
            courier = self._courier
            self._backlog.retry_now()
            self._intake.end(timeout)
        if courier is None:
            return
        courier.join()
        lost = self._intake.logged - self._intake.secured
        if lost:
            raise SpoolFull(f"{lost} steps are lost: neither the database nor the spool took them")
        if self._intake.settled < self._intake.secured:
            logger.warning(
                "%d steps are in the spool %s, for the next writer",
                self._intake.secured - self._intake.settled,
                self._folder,
            )

    def _start(self) -> Courier | None:
        """The courier, begun when there is none yet and the writer is open."""
        with self._starting:
            if self._courier is None and not self._intake.is_ending:
                courier = Courier(
                    self._intake,
                    self._backlog,
                    self._letters,
                    self._make_database,
                    self._deadline,
                    self._redact,
                )
                courier.start()
                self._courier = courier
            return self._courier

    @property
    def statistics(self) -> WriterStatistics:
        """What became of the steps so far."""
        courier, intake = self._courier, self._intake
        set_aside = 0 if courier is None else courier.set_aside
        return WriterStatistics(
            logged=intake.logged,
            stored=max(0, intake.settled - set_aside),
            set_aside=set_aside,
            pending=intake.logged - intake.settled,
            spooled=self._backlog.own,
            spool_bytes=self._backlog.bytes,
            unknown_outcomes=0 if courier is None else courier.unknown,
        )

    def dead_letters(self) -> Sequence[DeadLetter]:
        """What was set aside in this folder, by any writer, the oldest first."""
        return self._letters.read()

    def __enter__(self) -> StepWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def begin_as_child(self) -> None:
        """After fork(): what waits here is the parent's, who stores it."""
        self._backlog.leave()
        self._begin()
