"""What is handed to a writer, as it was at that moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any
from uuid import UUID

from hegel_store.errors import InvalidInput
from hegel_store.models import NewStep
from hegel_store.models.identifiers import uuid7

OVERHEAD = 500
"""Bytes that a step takes beside its texts, about."""


@dataclass(slots=True)
class Entry:
    """A step on its way; or, where ``step`` is None, what was logged as one and why it is none.

    ``size`` is in bytes, about. ``number`` counts what was logged, from 1.
    """

    id: UUID
    step: NewStep | None
    size: int
    raw: Mapping[str, Any] | None = None
    error: Exception | None = None
    number: int = 0
    is_redacted: bool = False


def entry_of(given: NewStep | Mapping[str, Any]) -> Entry:
    """What was logged; the caller may change it afterwards.

    Raises InvalidInput for what is neither a step nor a mapping.
    """
    if isinstance(given, NewStep):
        return Entry(given.id, given, _size(given))
    if not isinstance(given, Mapping):
        raise InvalidInput("step", f"must be a NewStep or a mapping, not {type(given).__name__}")
    try:
        step = step_from(given)
    except InvalidInput as error:
        identifier = given.get("id")
        own = identifier if isinstance(identifier, UUID) else uuid7()
        return Entry(own, None, len(repr(given)) + OVERHEAD, dict(given), error)
    return Entry(step.id, step, _size(step))


def step_from(given: Mapping[str, Any]) -> NewStep:
    """The step of these fields. Raises InvalidInput."""
    known = {each.name: each for each in fields(NewStep) if each.init}
    for name in given:
        if name not in known:
            raise InvalidInput(f"step.{name}"[:100], "is no field of a step")
    for name, each in known.items():
        if each.default is MISSING and each.default_factory is MISSING and name not in given:
            raise InvalidInput(f"step.{name}", "is missing")
    return NewStep(**given)


def _size(step: NewStep) -> int:
    texts = len(step.query) + len(step.predicted_answer) + len(step.gold_answer or "")
    return texts + len(step.metrics_json) + len(step.debate_trace_json) + OVERHEAD
