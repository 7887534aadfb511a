"""Steps of other logs: lines of JSON whose fields have other names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from hegel_store.archive.rows import EPOCH
from hegel_store.errors import InvalidInput
from hegel_store.models import NewStep

OURS = {field.name: field for field in fields(NewStep) if field.init}
REQUIRED = tuple(
    name
    for name, field in OURS.items()
    if field.default is MISSING and field.default_factory is MISSING
)
DOCUMENTS = ("metrics", "debate_trace")

LINES = UUID("6f0d3a52-3f43-5c0b-9c7e-2b1d0a6c8e11")
"""The namespace of the ids that are made of lines."""


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """How a line of another log becomes a step.

    ``names`` has ours by theirs: ``{"question": "query", "scores.f1": "metrics.f1"}``. With dots
    theirs is looked for inside of objects, and ours is a value inside of ``metrics`` or
    ``debate_trace``. ``values`` are those that every step gets, unless its line has another.

    Raises InvalidInput for a name of ours that there is not.
    """

    names: Mapping[str, str]
    values: Mapping[str, Any]

    def __post_init__(self) -> None:
        for argument, given in (("fields", self.names.values()), ("values", self.values)):
            for name in given:
                document, _, key = name.partition(".")
                is_ours = name in OURS or (argument == "fields" and document in DOCUMENTS and key)
                if not is_ours:
                    raise InvalidInput(argument, f"a step has no {name!r:.80}: {', '.join(OURS)}")

    def step(self, line: Mapping[str, Any]) -> NewStep:
        """The step of a line.

        A line without an id gets one made of all that it holds: the same line is the same step,
        however often it is imported. Raises InvalidInput, naming the field of ours.
        """
        ours = dict(self.values)
        for theirs, name in self.names.items():
            value = _found(line, theirs)
            if value is not None:
                _put(ours, name, value)
        for name in REQUIRED:
            if name not in ours:
                raise InvalidInput(name, "is in no mapped field of the line, and no value is given")
        if "created_at" in ours:
            ours["created_at"] = _moment(ours["created_at"])
            ours.setdefault("id", uuid5(LINES, json.dumps(line, sort_keys=True)))
        elif "id" not in ours:
            raise InvalidInput("created_at", "is needed, or the next import would store it again")
        return NewStep(**ours)


def _found(line: Mapping[str, Any], name: str) -> Any:
    """The value of a field; of one inside of objects by the names on the way to it."""
    if name in line:
        return line[name]
    value: Any = line
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _put(ours: dict[str, Any], name: str, value: object) -> None:
    document, _, key = name.partition(".")
    if not key:
        ours[name] = value
        return
    held = ours.get(document, {})
    if not isinstance(held, Mapping):
        raise InvalidInput(document, f"must be a JSON object, not {type(held).__name__}")
    ours[document] = {**held, key: value}


def _moment(value: object) -> datetime:
    """A time given as ISO 8601 with its zone, or as seconds since 1970 (UTC)."""
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return EPOCH + timedelta(seconds=value)
    except (ValueError, OverflowError) as error:
        raise InvalidInput("created_at", str(error)) from None
    raise InvalidInput("created_at", f"must be ISO 8601 or seconds, not {value!r:.80}")
