"""Steps that no database takes, set aside with the reason."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from hegel_store.disk import sync_folder
from hegel_store.errors import HegelStoreError, InvalidInput
from hegel_store.journal.entries import step_from
from hegel_store.journal.records import DOCUMENTS, IDS, fields_of, step_of
from hegel_store.models import NewStep
from hegel_store.models.identifiers import uuid7

FILE = "dead-letters.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A step that was set aside ``at`` this moment. ``error`` is the name of an error class.

    ``fields`` are what was logged, as far as JSON can say it; None when it could not be redacted.
    """

    id: str
    at: str
    error: str
    reason: str
    fields: Mapping[str, Any] | None


def letter_of(
    step: NewStep | Mapping[str, Any] | None, identifier: UUID, error: Exception
) -> DeadLetter:
    fields = fields_of(step) if isinstance(step, NewStep) else step
    return DeadLetter(
        id=str(identifier),
        at=datetime.now(UTC).isoformat(),
        error=type(error).__name__,
        reason=str(error) if isinstance(error, HegelStoreError) else repr(error),
        fields=fields,
    )


def letter_of_record(record: bytes, error: Exception) -> DeadLetter:
    """For a record of the spool that is no step to this release."""
    try:
        fields = json.loads(record)
    except ValueError:
        fields = None
    fields = fields if isinstance(fields, dict) else {"record": record.decode(errors="replace")}
    own = fields.get("id")
    return letter_of(fields, UUID(own) if isinstance(own, str) else uuid7(), error)


def step_of_letter(letter: DeadLetter) -> NewStep:
    """The step that was set aside. Raises InvalidInput where it is none."""
    fields = dict(letter.fields or {})
    if all(isinstance(fields.get(name), str) for name in DOCUMENTS):
        try:
            return step_of(fields)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput("step", f"cannot be read: {error!r}") from None
    for name in IDS:
        if isinstance(fields.get(name), str):
            fields[name] = _id_of(name, fields[name])
    moment = fields.get("created_at")
    if isinstance(moment, str):
        try:
            fields["created_at"] = datetime.fromisoformat(moment)
        except ValueError:
            raise InvalidInput("created_at", f"is no time: {moment:.80}") from None
    return step_from(fields)


def _id_of(name: str, given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise InvalidInput(name, f"is no UUID: {given:.80}") from None


class DeadLetters:
    """The file of them in a folder, which several processes may write to."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def add(self, letters: Sequence[DeadLetter]) -> None:
        """Append, durably. Raises OSError."""
        lines = [json.dumps(asdict(letter), default=str) + "\n" for letter in letters]
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._locked() as descriptor:
            view = memoryview("".join(lines).encode())
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        sync_folder(self.path.parent)

    def read(self) -> list[DeadLetter]:
        """All of them, the oldest first; a line that was torn off is passed over."""
        return list(self._letters())

    def remove(self, identifiers: set[str]) -> None:
        """Those that were dealt with. Raises OSError."""
        if not self.path.exists():
            return
        with self._locked():
            kept = [letter for letter in self._letters() if letter.id not in identifiers]
            fresh = self.path.with_suffix(".new")
            fresh.write_text("".join(json.dumps(asdict(letter)) + "\n" for letter in kept))
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            fresh.replace(self.path)
        sync_folder(self.path.parent)

    def _letters(self) -> Iterator[DeadLetter]:
        if not self.path.exists():
            return
        for line in self.path.read_text().splitlines():
            try:
                yield DeadLetter(**json.loads(line))
            except (ValueError, TypeError):
                continue

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, to append to: the one of this name, as another process may replace it."""
        while True:
            descriptor = os.open(
                self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
            )
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if self.path.exists() and os.fstat(descriptor).st_ino == self.path.stat().st_ino:
                    yield descriptor
                    return
            finally:
                os.close(descriptor)
