"""Evaluations of candidates on examples: to be done, at work, done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import numpy as np
import numpy.typing as npt

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_json, check_name, check_number, check_text

Outcome = Literal["stored", "known", "differs", "late"]
"""What recording did: it is stored; the same was there; another one was there and stays; a failure
of an evaluation that was no longer this worker's, and counts for nothing."""


SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationKey:
    """What is evaluated: a candidate on an example of a split, by an evaluator.

    ``content_hash`` is that of the candidate's content, as of a profile. ``evaluator`` names what
    makes the scores: the metric, and the model and settings that the candidate is tried with.
    Scores of two evaluators are never taken for each other. Raises InvalidInput, naming the field.
    """

    corpus_id: str
    evaluator: str
    content_hash: str
    split: str
    example_id: str

    def __post_init__(self) -> None:
        for name in ("corpus_id", "evaluator", "split", "example_id"):
            check_name(name, getattr(self, name))
        if not isinstance(self.content_hash, str) or not SHA256.fullmatch(self.content_hash):
            raise InvalidInput("content_hash", "must be 64 hexadecimal digits, in small letters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An evaluation that is this worker's to do until ``leased_until``.

    ``failures`` is how often it has failed before.
    """

    key: EvaluationKey
    token: UUID
    run_id: str | None
    leased_until: datetime
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """An evaluation that was done: its scores by objective, and what the candidate put out.

    ``run_id`` is the run that paid for it. ``seconds`` and ``cost`` (in the caller's currency) are
    what it took, where that was told.
    """

    key: EvaluationKey
    scores: Mapping[str, float]
    output: Mapping[str, Any] | None
    run_id: str | None
    seconds: float | None
    cost: float | None
    evaluated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyEvaluation:
    """An evaluation that ``worker`` is at. ``leased_until`` is None for one that somebody took, or
    let go, at this very moment: it is to be asked for again."""

    key: EvaluationKey
    worker: str | None
    leased_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What became of a batch: every evaluation is in one of these.

    ``over_budget`` are those that nobody has done or is at, and that the run may not pay for.
    """

    granted: Sequence[Claim] = ()
    scored: Sequence[Evaluation] = ()
    busy: Sequence[BusyEvaluation] = ()
    over_budget: Sequence[EvaluationKey] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvaluation:
    """An evaluation to be recorded, of a claim or of a key that nobody claimed.

    ``scores`` has a finite number for each objective, 0.0 included. ``run_id`` says whose it was,
    where there is no claim that says so. Raises InvalidInput, naming the field.
    """

    of: Claim | EvaluationKey
    scores: Mapping[str, float]
    output: Mapping[str, Any] | None = None
    run_id: str | None = None
    seconds: float | None = None
    cost: float | None = None
    output_json: str | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.of, Claim | EvaluationKey):
            raise InvalidInput("of", f"must be a Claim or a key, not {type(self.of).__name__}")
        if not isinstance(self.scores, Mapping) or not self.scores:
            raise InvalidInput("scores", "must map at least one objective to a number")
        numbers = {
            check_name("scores (an objective)", name): check_number(f"scores.{name:.80}", score)
            for name, score in self.scores.items()
        }
        object.__setattr__(self, "scores", numbers)
        output = None if self.output is None else check_json("output", self.output)
        object.__setattr__(self, "output_json", output)
        if self.run_id is not None:
            check_name("run_id", self.run_id)
        _check_expense(self)

    @property
    def key(self) -> EvaluationKey:
        return self.of.key if isinstance(self.of, Claim) else self.of


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedEvaluation:
    """An evaluation that gave no score: a time-out, a service that is away, an answer cut off.

    It is counted, as it was paid for, and never served in place of a score: whoever asks next may
    try again. What a candidate is to blame for is no failure but a score, maybe of 0.0.
    """

    of: Claim
    reason: str
    seconds: float | None = None
    cost: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.of, Claim):
            raise InvalidInput("of", f"must be a Claim, not {type(self.of).__name__}")
        check_text("reason", self.reason)
        _check_expense(self)

    @property
    def key(self) -> EvaluationKey:
        return self.of.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One score of a candidate, which may be several profiles of equal content."""

    content_hash: str
    split: str
    example_id: str
    objective: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSummary:
    """The mean score of a profile over the examples that it was evaluated on."""

    profile_id: UUID
    objective: str
    examples: int
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreMatrix:
    """Scores of profiles (rows) on examples (columns): ``values`` is a float64 array of the shape
    (profiles, examples), NaN where there is no score."""

    profile_ids: Sequence[UUID]
    example_ids: Sequence[str]
    values: npt.NDArray[np.float64]


def _check_expense(result: NewEvaluation | FailedEvaluation) -> None:
    for name in ("seconds", "cost"):
        value = getattr(result, name)
        if value is not None:
            object.__setattr__(result, name, check_number(name, value))
