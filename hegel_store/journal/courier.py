"""The thread that takes steps from the writer to the database, or to the disk meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from hegel_store.database import Database
from hegel_store.errors import HegelStoreError, InvalidInput, SpoolFull
from hegel_store.journal.backlog import Backlog
from hegel_store.journal.dead_letters import DeadLetter, DeadLetters, letter_of, letter_of_record
from hegel_store.journal.delivery import Delivery, Refused
from hegel_store.journal.entries import Entry
from hegel_store.journal.intake import BATCH_BYTES, BATCH_STEPS, Intake
from hegel_store.journal.records import unpack
from hegel_store.journal.redaction import Redaction
from hegel_store.models import NewStep
from hegel_store.observing import tell
from hegel_store.observing.happenings import (
    DeliveryInterrupted,
    DeliveryResumed,
    StepsReplayed,
    StepsSetAside,
    StepsSpooled,
)

logger = logging.getLogger("hegel_store.journal")


REPLAYS = 4
"""Batches that are replayed for each one that comes in, so that a busy loop's spool empties."""


class Courier(threading.Thread):
    """Steps go to the database in the order in which they were logged, those in the spool first.

    ``set_aside`` counts those of this writer that no database takes, ``replayed`` those of earlier
    ones that were stored, ``unknown`` the batches that were sent without an answer.
    """

    def __init__(
        self,
        intake: Intake,
        backlog: Backlog,
        letters: DeadLetters,
        database: Callable[[], Database],
        deadline: float,
        redact: Redaction | None,
    ) -> None:
        super().__init__(name="hegel_store writer", daemon=True)
        self._intake = intake
        self._backlog = backlog
        self._letters = letters
        self._make_database = database
        self._deadline = deadline
        self._redact = redact
        self._held: list[Entry] = []
        self._taken = 0
        self._is_away = False
        self._has_tried_at_the_end = False
        self.has_adopted = threading.Event()
        self.set_aside = self.replayed = 0
        self.unknown = 0

    def run(self) -> None:
        database = self._make_database()
        self._delivery = Delivery(database, self._deadline)
        try:
            self._adopt()
            while not self._is_done():
                self._turn()
        finally:
            self._backlog.close()
            self._intake.over()
            self._delivery.close()
            database.close()

    def _adopt(self) -> None:
        try:
            self._backlog.adopt()
        except OSError as error:
            logger.error("what earlier writers left behind cannot be read: %s", error)
        self.has_adopted.set()

    def _is_done(self) -> bool:
        if not self._intake.is_ending:
            return False
        if self._held or not self._intake.is_empty:
            return self._intake.is_late
        return self._backlog.is_empty or self._has_tried_at_the_end or self._intake.is_late

    def _turn(self) -> None:
        """Take steps from where they are to where they can go next."""
        if self._held:
            self._intake.pause(self._backlog.pause)
        else:
            self._held = self._intake.take(None if self._backlog.is_empty else self._backlog.pause)
            self._taken = self._held[-1].number if self._held else self._taken
        try:
            self._held = self._sound(self._held)
            if self._held and self._backlog.is_empty and not self._backlog.pause:
                self._deliver()
            if self._held:
                self._spool()
            self._mark()
            for _ in range(REPLAYS):
                if self._backlog.is_empty or self._backlog.pause:
                    break
                self._replay()
                self._mark()
        except Exception as error:
            self._step_back("steps wait in memory", error)
        self._mark()

    def _mark(self) -> None:
        secured = self._held[0].number - 1 if self._held else self._taken
        spooled = self._backlog.first_own
        settled = secured if spooled is None else min(secured, spooled - 1)
        self._intake.mark(secured, settled)

    def _step_back(self, what: str, error: Exception) -> None:
        """Say it once, and let a while pass."""
        if not self._is_away:
            known = isinstance(error, HegelStoreError)
            logger.warning("%s: %s", what, error, exc_info=None if known else error)
            tell(DeliveryInterrupted(error=type(error).__name__))
        self._is_away = True
        self._has_tried_at_the_end = self._intake.is_ending
        if not self._backlog.pause:
            self._backlog.failed()

    def _deliver(self) -> None:
        entries = self._held
        refused = self._send([entry.step for entry in entries if entry.step is not None])
        if refused is not None:
            self._put_aside([(entries[place], error) for place, error in refused])
            self._held = []

    def _spool(self) -> None:
        try:
            self._backlog.append(self._held)
            tell(StepsSpooled(steps=len(self._held), spool_bytes=self._backlog.bytes))
            self._held = []
        except SpoolFull as error:
            if self._backlog.is_empty:
                raise
            # What is in it may be stored now, and make room.
            logger.debug("%s", error)

    def _replay(self) -> None:
        portion = self._backlog.first(BATCH_STEPS, BATCH_BYTES)
        steps: list[NewStep] = []
        letters: list[DeadLetter] = []
        for record in portion.records:
            try:
                steps.append(unpack(record))
            except (HegelStoreError, KeyError, TypeError, ValueError) as error:
                letters.append(letter_of_record(record, error))
        refused = self._send(steps) if steps else []
        if refused is None:
            return
        letters += [letter_of(steps[place], steps[place].id, why) for place, why in refused]
        self._write(letters)
        stored = len(portion.records) - len(letters)
        # Counted first: whoever sees that nothing is left asks for the numbers next.
        if self._backlog.is_at_own:
            self.set_aside += len(letters)
        else:
            self.replayed += stored
        self._backlog.done(portion)
        tell(StepsReplayed(steps=stored, spool_bytes=self._backlog.bytes))

    def _send(self, steps: Sequence[NewStep]) -> Sequence[Refused] | None:
        """What of them was refused; None when the database is away, or takes nothing."""
        try:
            refused = self._delivery.send(steps, lambda: self._intake.is_late)
        except Exception as error:
            self.unknown += self._delivery.was_reached
            self._step_back("the database does not take steps, which go to the spool", error)
            return None
        if self._is_away:
            logger.warning("the database takes steps again")
            tell(DeliveryResumed())
        self._is_away = False
        self._backlog.worked()
        return refused

    def _sound(self, entries: Sequence[Entry]) -> list[Entry]:
        """Redact them; what is no step, or cannot be redacted, is set aside."""
        sound: list[Entry] = []
        refused: list[tuple[Entry, Exception]] = []
        for entry in entries:
            if entry.step is not None and self._redact is not None and not entry.is_redacted:
                try:
                    entry.step = _redacted(self._redact, entry.step)
                    entry.is_redacted = True
                except Exception as error:
                    # Its texts must not leave the process as they are, and not in a file either.
                    entry.step, entry.error = None, error
            if entry.step is None:
                refused.append((entry, entry.error or InvalidInput("step", "is none")))
            else:
                sound.append(entry)
        self._put_aside(refused)
        return sound

    def _put_aside(self, refused: Sequence[tuple[Entry, Exception]]) -> None:
        self._write(
            [letter_of(entry.step or entry.raw, entry.id, error) for entry, error in refused]
        )
        self.set_aside += len(refused)
        for entry, error in refused:
            self._intake.refuse(entry.number, error)

    def _write(self, letters: Sequence[DeadLetter]) -> None:
        if not letters:
            return
        for letter in letters:
            logger.error("the step %s is set aside: %s", letter.id, letter.reason)
        try:
            self._letters.add(letters)
        except OSError as error:
            raise SpoolFull(f"what is set aside cannot be written down: {error}") from error
        reasons = sorted({letter.error for letter in letters})
        tell(StepsSetAside(steps=len(letters), reasons=reasons))


def _redacted(redact: Redaction, step: NewStep) -> NewStep:
    """Raises InvalidInput when it is another step then."""
    redacted = redact(step)
    if not isinstance(redacted, NewStep):
        raise InvalidInput("redact", f"returned {type(redacted).__name__}, and not a NewStep")
    if (redacted.id, redacted.created_at) != (step.id, step.created_at):
        raise InvalidInput("redact", "returned a step of another id or time")
    return redacted
