"""Steps as bytes, for the spool and for dead letters."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from hegel_store.models import NewStep

PLAIN = (
    "corpus_id",
    "task_type",
    "query",
    "predicted_answer",
    "gold_answer",
    "reward",
    "step_type",
    "optimization_strategy",
    "processing_time_ms",
    "run_id",
)
IDS = ("id", "old_profile_id", "new_profile_id")
DOCUMENTS = ("metrics", "debate_trace")


def fields_of(step: NewStep) -> dict[str, Any]:
    """The step in the types of JSON; its documents as the texts that they were serialised to."""
    fields: dict[str, Any] = {name: getattr(step, name) for name in PLAIN}
    for name in IDS:
        value = getattr(step, name)
        fields[name] = None if value is None else str(value)
    fields["created_at"] = step.created_at.isoformat()
    for name in DOCUMENTS:
        fields[name] = getattr(step, f"{name}_json")
    return fields


def step_of(fields: dict[str, Any]) -> NewStep:
    """The step again, id and time as they were. Raises InvalidInput, and KeyError or ValueError
    for what is no step of ours."""
    values = {name: fields[name] for name in PLAIN}
    for name in IDS:
        values[name] = None if fields[name] is None else UUID(fields[name])
    values["created_at"] = datetime.fromisoformat(fields["created_at"])
    for name in DOCUMENTS:
        values[name] = json.loads(fields[name])
    return NewStep(**values)


def pack(step: NewStep) -> bytes:
    return json.dumps(fields_of(step), ensure_ascii=False, separators=(",", ":")).encode()


def unpack(record: bytes) -> NewStep:
    """Raises what step_of() does."""
    return step_of(json.loads(record))
