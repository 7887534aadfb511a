"""Storing steps from files, each of them once."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args
from uuid import UUID

from hegel_store.archive import jsonl, tables
from hegel_store.archive.mapping import OURS, FieldMapping
from hegel_store.archive.reading import numbered_rows, readable, step_of
from hegel_store.archive.source import Source
from hegel_store.archive.statements import KNOWN_PROFILES
from hegel_store.database import translated
from hegel_store.errors import InvalidInput, NotFound, StepConflict
from hegel_store.models import NewStep
from hegel_store.models.checks import check_choice

OnError = Literal["raise", "report"]
Profile = tuple[str, UUID]

TABLE = ".json"
BATCH = 500
"""Steps to a transaction."""
NAMED = 20
"""Missing profiles that an error names; the others it counts."""


@dataclass(frozen=True, slots=True)
class RefusedStep:
    """A step that was not stored: its line, or its row in a Parquet file, from 1 on, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """How many steps the file has, how many of them are stored now that were not before, and those
    that were set aside. The others were there already."""

    steps: int
    stored: int
    refused: Sequence[RefusedStep]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What stands at a line: a step, or why it is none."""

    number: int
    step: NewStep | InvalidInput


def import_steps(
    source: Source,
    path: str | os.PathLike[str],
    *,
    fields: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    on_error: OnError = "raise",
) -> ImportResult:
    """Store the steps of a file that export_steps() or archive_month() wrote, from any database.

    A step that is stored already is not stored again, so that an import which was broken off may be
    started again. Months are made as they are needed. The profiles that steps name must be there.
    ``fields`` and ``values`` are for a log of somebody else, in lines of JSON, or in a table that
    MLflow logged (.json): see FieldMapping. Only 500 steps are in memory at a time; a table is read
    as a whole.

    The file is read twice, and nothing is stored where it holds a step that cannot be: raises
    InvalidInput, or NotFound naming the missing profiles. With ``on_error="report"`` such steps are
    set aside and the others stored. A step whose id and time belong to another one raises
    StepConflict when it comes to it, the steps before it being stored, or is set aside as well.
    """
    check_choice("on_error", on_error, get_args(OnError))
    mapping = None
    if fields is not None or values is not None:
        mapping = FieldMapping(fields or {}, values or {})
        if os.fspath(path).endswith(".parquet"):
            raise InvalidInput("fields", "are for JSON, not for Parquet")
    file = readable(path, more=() if mapping is None else (TABLE,))
    missing = _missing_profiles(source, file, mapping, on_error)
    if missing and on_error == "raise":
        raise NotFound("profile", _listed(missing), "old_profile_id")
    return _store(source, _candidates(file, mapping), missing, on_error)


def _candidates(path: Path, mapping: FieldMapping | None) -> Iterator[_Candidate]:
    if mapping is None:
        for number, row in numbered_rows(path):
            yield _Candidate(number, _own_step(path, number, row))
        return
    read = tables.read if path.name.endswith(TABLE) else jsonl.read
    for number, line in read(path):
        try:
            yield _Candidate(number, mapping.step(line))
        except InvalidInput as error:
            yield _Candidate(number, error)


def _own_step(path: Path, number: int, row: Mapping[str, Any]) -> NewStep | InvalidInput:
    try:
        step = step_of(row, f"{path.name}:{number}")
        return NewStep(**{name: getattr(step, name) for name in OURS})
    except InvalidInput as error:
        return error


def _missing_profiles(
    source: Source, path: Path, mapping: FieldMapping | None, on_error: OnError
) -> set[Profile]:
    """The profiles that steps of the file name and the database does not have."""
    asked: set[Profile] = set()
    missing: set[Profile] = set()
    waiting: set[Profile] = set()
    for candidate in _candidates(path, mapping):
        if isinstance(candidate.step, InvalidInput):
            if on_error == "raise":
                raise _at(candidate.number, candidate.step)
            continue
        waiting |= _profiles(candidate.step) - asked
        if len(waiting) >= BATCH:
            missing |= waiting - _known(source, waiting)
            asked |= waiting
            waiting = set()
    return missing | (waiting - _known(source, waiting))


def _at(number: int, error: InvalidInput) -> InvalidInput:
    return InvalidInput(error.field, f"{error.reason} (step {number} of the file)")


def _profiles(step: NewStep) -> set[Profile]:
    ids = {step.old_profile_id, step.new_profile_id} - {None}
    return {(step.corpus_id, identifier) for identifier in ids if identifier is not None}


def _known(source: Source, profiles: Iterable[Profile]) -> set[Profile]:
    wanted = sorted(profiles)
    given = {"corpus_id": [c for c, _ in wanted], "id": [identifier for _, identifier in wanted]}
    with translated(), source.engine.connect() as connection:
        return {(c, identifier) for c, identifier in connection.execute(KNOWN_PROFILES, given)}


def _listed(missing: set[Profile]) -> str:
    named = [f"{identifier} in corpus {corpus!r}" for corpus, identifier in sorted(missing)]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return ", ".join(named[:NAMED]) + more


def _store(
    source: Source, candidates: Iterator[_Candidate], missing: set[Profile], on_error: OnError
) -> ImportResult:
    steps = stored = 0
    refused: list[RefusedStep] = []
    while batch := list(itertools.islice(candidates, BATCH)):
        steps += len(batch)
        good: dict[int, NewStep] = {}
        for candidate in batch:
            if isinstance(candidate.step, InvalidInput):
                refused.append(RefusedStep(candidate.number, str(candidate.step)))
            elif lacking := _profiles(candidate.step) & missing:
                reason = str(NotFound("profile", _listed(lacking), "old_profile_id"))
                refused.append(RefusedStep(candidate.number, reason))
            else:
                good[candidate.number] = candidate.step
        try:
            stored += source.steps.log_many(good.values())
        except StepConflict:
            if on_error == "raise":
                raise
            stored += _store_singly(source, good, refused)
    return ImportResult(steps=steps, stored=stored, refused=refused)


def _store_singly(source: Source, steps: Mapping[int, NewStep], refused: list[RefusedStep]) -> int:
    """Store what can be of a batch that was refused as a whole."""
    stored = 0
    for number, step in steps.items():
        try:
            stored += source.steps.log_many([step])
        except StepConflict as error:
            refused.append(RefusedStep(number, str(error)))
    return stored
