"""Bringing batches of steps into the database, within a time."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import event

from hegel_store.connector import hang_up
from hegel_store.database import Database
from hegel_store.errors import (
    DatabaseError,
    DatabaseUnavailable,
    HegelStoreError,
    InvalidInput,
    NotFound,
    StepConflict,
)
from hegel_store.failures import is_refusal
from hegel_store.models import NewStep
from hegel_store.repositories.steps import StepRepository

logger = logging.getLogger("hegel_store.journal")

GLANCE = 0.2
"""Seconds between two looks at whether it is time to break off."""
GRACE = 5.0
"""Seconds after which a thread that was broken off is left behind."""

Refused = tuple[int, HegelStoreError]
"""The place of a step in the batch, and why the database does not take it."""
Job = tuple[Sequence[NewStep], "queue.SimpleQueue[Sequence[Refused] | Exception]"]


class Delivery:
    """Stores batches over a connection of its own, one batch at a time.

    A thread does the work, so that one who waits can break off: a server that is stopped, and not
    gone, answers nothing, and no timeout of its own fires. ``was_reached`` says whether the last
    batch came as far as a connection.
    """

    def __init__(self, database: Database, deadline: float) -> None:
        self._deadline = deadline
        self._steps = StepRepository(database.autocommit)
        self._connection: Any = None
        self.was_reached = False
        # First of all, as the pool asks a connection that lay idle whether it is alive.
        event.listen(database.engine, "checkout", self._note, insert=True)
        event.listen(database.engine, "connect", self._note)
        self._start()

    def send(
        self, steps: Sequence[NewStep], is_late: Callable[[], bool] = lambda: False
    ) -> Sequence[Refused]:
        """Store them, each once, whether they were sent before or not; those that are refused.

        Raises the error that kept the others out: nobody knows then which of them were stored. It
        is DatabaseUnavailable when ``deadline`` seconds have passed, or ``is_late``.
        """
        outcomes: queue.SimpleQueue[Sequence[Refused] | Exception] = queue.SimpleQueue()
        self.was_reached = False
        self._jobs.put((steps, outcomes))
        ends_at = time.monotonic() + self._deadline
        broken_off = None
        while True:
            try:
                outcome = outcomes.get(timeout=GLANCE)
            except queue.Empty:
                now = time.monotonic()
                if broken_off is None and (now >= ends_at or is_late()):
                    self._break_off()
                    broken_off = now
                elif broken_off is not None and now - broken_off > GRACE:
                    self._start()
                    raise DatabaseUnavailable("the server does not answer") from None
                continue
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

    def close(self) -> None:
        """End the thread."""
        self._jobs.put(None)

    def _start(self) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        threading.Thread(
            target=self._work, args=[self._jobs], name="hegel_store delivery", daemon=True
        ).start()

    def _note(self, connection: Any, *_: object) -> None:
        self._connection = connection
        self.was_reached = True

    def _break_off(self) -> None:
        if self._connection is not None:
            hang_up(self._connection)

    def _work(self, jobs: queue.SimpleQueue[Job | None]) -> None:
        while (job := jobs.get()) is not None:
            steps, outcomes = job
            try:
                outcomes.put(self._stored(steps, 0))
            except Exception as error:
                outcomes.put(error)

    def _stored(self, steps: Sequence[NewStep], first: int) -> Sequence[Refused]:
        """Halve what is refused until the culprit is alone."""
        try:
            self._steps.log_many(steps)
        except HegelStoreError as error:
            if not _is_about_a_step(error):
                raise
            if len(steps) == 1:
                return [(first, error)]
            middle = len(steps) // 2
            return [
                *self._stored(steps[:middle], first),
                *self._stored(steps[middle:], first + middle),
            ]
        return []


def _is_about_a_step(error: HegelStoreError) -> bool:
    """Whether the database refuses what is in a step, and would whenever it is asked."""
    if isinstance(error, InvalidInput | NotFound | StepConflict):
        return True
    return type(error) is DatabaseError and is_refusal(error)
