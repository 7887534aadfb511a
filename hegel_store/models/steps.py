"""Training steps: what a loop logs, and what it reads back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import (
    check_choice,
    check_id,
    check_integer,
    check_json,
    check_moment,
    check_name,
    check_number,
    check_text,
)
from hegel_store.models.identifiers import uuid7, uuid7_time

StepType = Literal["training", "evaluation", "validation"]

EARLIEST_STEP = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_STEP_AHEAD = timedelta(days=366)
"""Steps are stored in monthly partitions; hegel_ensure_step_month() has the same bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """One query answered, and perhaps learned from.

    ``old_profile_id`` answered the query; ``new_profile_id`` is what was learned, None when the
    proposal was rejected or nothing was proposed. ``reward`` is any finite number (0.0 is 0.0, not
    missing). ``processing_time_ms`` counts milliseconds.

    ``id`` and ``created_at`` identify the step: logging the same pair again stores nothing new.
    They are made here when not given. An ``id`` without ``created_at`` must be a UUIDv7, whose
    time is taken; with a time made afresh a retry would be stored twice.

    Raises InvalidInput, naming the field.
    """

    corpus_id: str
    task_type: str
    old_profile_id: UUID
    query: str
    predicted_answer: str
    new_profile_id: UUID | None = None
    gold_answer: str | None = None
    reward: float | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    debate_trace: Mapping[str, Any] = field(default_factory=dict)
    step_type: StepType = "training"
    optimization_strategy: str | None = None
    processing_time_ms: int | None = None
    run_id: str | None = None
    id: UUID = None  # type: ignore[assignment]  # always a UUID once constructed
    created_at: datetime = None  # type: ignore[assignment]  # likewise
    metrics_json: str = field(init=False, repr=False, compare=False)
    debate_trace_json: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        def keep(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        check_name("corpus_id", self.corpus_id)
        check_name("task_type", self.task_type)
        keep("old_profile_id", check_id("old_profile_id", self.old_profile_id))
        if self.new_profile_id is not None:
            keep("new_profile_id", check_id("new_profile_id", self.new_profile_id))
        check_text("query", self.query)
        check_text("predicted_answer", self.predicted_answer)
        if self.gold_answer is not None:
            check_text("gold_answer", self.gold_answer)
        if self.reward is not None:
            keep("reward", check_number("reward", self.reward))
        check_choice("step_type", self.step_type, get_args(StepType))
        if self.optimization_strategy is not None:
            check_name("optimization_strategy", self.optimization_strategy)
        if self.processing_time_ms is not None:
            check_integer("processing_time_ms", self.processing_time_ms)
        if self.run_id is not None:
            check_name("run_id", self.run_id)
        # Serialised once, here: what is logged is what the caller saw, whatever becomes of the
        # dictionaries afterwards.
        keep("metrics_json", check_json("metrics", self.metrics))
        keep("debate_trace_json", check_json("debate_trace", self.debate_trace))
        self._identify(keep)

    def _identify(self, keep: Any) -> None:
        if self.id is not None:
            keep("id", check_id("id", self.id))
        source = "created_at"
        if self.created_at is not None:
            keep("created_at", check_moment("created_at", self.created_at))
        elif self.id is None:
            keep("created_at", datetime.now(UTC))
        else:
            source = "id"
            try:
                keep("created_at", uuid7_time(self.id))
            except ValueError as error:
                raise InvalidInput(
                    "id",
                    "must be a UUIDv7 when created_at is not given, or a retry would double "
                    f"({error})",
                ) from None
        if not EARLIEST_STEP <= self.created_at <= datetime.now(UTC) + LATEST_STEP_AHEAD:
            raise InvalidInput(
                source,
                "its time must be after 1999 and at most a year ahead, "
                f"not {self.created_at.isoformat()}",
            )
        if self.id is None:
            keep("id", uuid7(self.created_at))


class _Undecoded:
    """Decodes the documents of a step that was just logged when they are first looked at, which
    most callers never do."""

    __slots__ = ("_logged",)

    _logged: NewStep

    def __getattr__(self, name: str) -> Any:
        # Asked for slots alone that are empty.
        if name not in ("metrics", "debate_trace"):
            raise AttributeError(name)
        value = json.loads(getattr(self._logged, f"{name}_json"))
        object.__setattr__(self, name, value)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingStep(_Undecoded):
    """A stored step; the fields mean what they mean in NewStep."""

    corpus_id: str
    created_at: datetime
    id: UUID
    task_type: str
    old_profile_id: UUID
    new_profile_id: UUID | None
    step_type: StepType
    query: str
    predicted_answer: str
    gold_answer: str | None
    reward: float | None
    metrics: Mapping[str, Any]
    debate_trace: Mapping[str, Any]
    optimization_strategy: str | None
    processing_time_ms: int | None
    run_id: str | None

    @classmethod
    def logged(cls, step: NewStep) -> TrainingStep:
        """What reading the step back gives, whatever became of the caller's dictionaries since."""
        stored = cls.__new__(cls)
        keep = object.__setattr__
        keep(stored, "_logged", step)
        for name in PLAIN_FIELDS:
            keep(stored, name, getattr(step, name))
        return stored


PLAIN_FIELDS = tuple(
    field.name for field in fields(TrainingStep) if field.name not in ("metrics", "debate_trace")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepHit:
    """A step that a search found, and where.

    The texts are snippets of those of the step, with the words that were found between markers;
    None where there are none.
    """

    step: TrainingStep
    query: str | None
    predicted_answer: str | None
    gold_answer: str | None
