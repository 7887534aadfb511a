"""What a baseline is made of: labelled queries, how well they were answered, and how fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_id, check_number, check_text
from hegel_store.models.confidence import check_confidence

MAX_QUERY_BYTES = 16 * 1024
"""A query as somebody asks it; a set of a thousand such still fits into one document."""

Verdict = Literal["well", "breach", "unsure"]
"""'unsure' where what was measured can tell neither."""

METRICS = ("precision", "recall", "f1", "ndcg")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledQuery:
    """A query, and the facts that answer it with their gains (above 0; more is better).

    Raises InvalidInput, naming the field.
    """

    query: str
    relevant: Mapping[UUID, float]

    def __post_init__(self) -> None:
        check_text("query", self.query, max_bytes=MAX_QUERY_BYTES)
        if not isinstance(self.relevant, Mapping) or not self.relevant:
            raise InvalidInput("relevant", "must map one fact or more to their gains")
        for fact_id, gain in self.relevant.items():
            check_id("relevant", fact_id)
            if check_number("gains", gain) <= 0:
                raise InvalidInput("gains", f"must be above 0, not {gain}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedLine:
    """What may not be passed: how far a metric may ``fall`` (0..1; of the recorded mean where
    ``relative``), and by what share latency may ``rise``.

    A verdict is wrong in 1 - ``confidence`` of cases at most. Raises InvalidInput.
    """

    fall: float = 0.02
    relative: bool = False
    rise: float = 0.10
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for name in ("fall", "rise"):
            if check_number(name, getattr(self, name)) < 0:
                raise InvalidInput(name, "must not be negative")
        check_confidence("confidence", self.confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How well one query was answered, or the means over several: each from 0 to 1."""

    precision: float
    recall: float
    f1: float
    ndcg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long searches took, in milliseconds at the client, without the embedding.

    ``ratios`` has one number for each block: how long its searches took in units of the reference
    statement that ran between them. ``reference`` is that statement's own median.
    """

    median: float
    p95: float
    reference: float
    ratios: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What searches for the ``k`` best facts of a corpus gave when it was recorded.

    ``qualities`` are those of the ``queries``, in their order, and ``quality`` their means.
    ``conditions`` say what it was taken under: versions, settings, indexes, facts and the model.
    """

    corpus_id: str
    name: str
    k: int
    mode: Literal["hybrid", "vector", "text"]
    space: str | None
    queries: Sequence[LabelledQuery]
    qualities: Sequence[Quality]
    latency: Latency
    conditions: Mapping[str, Any]
    recorded_by: str
    recorded_at: datetime

    @property
    def quality(self) -> Quality:
        return mean_quality(self.qualities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One comparison: a metric, or 'latency'.

    ``before`` and ``after`` are the means of a metric; of latency the searches' time in units of
    the reference statement's. ``change`` is after - before for a metric, and after / before for
    latency, between ``low`` and ``high`` with the confidence of the red line. ``line`` is the
    change that may not be passed.
    """

    what: str
    verdict: Verdict
    before: float
    after: float
    change: float
    low: float
    high: float
    line: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What became of a baseline. ``gone`` is how many of its relevant facts are no longer found,
    as they were deleted or have ended; ``changed`` names conditions that are others now."""

    name: str
    findings: Sequence[Finding]
    blocks: int
    gone: int
    changed: Sequence[str]

    @property
    def verdict(self) -> Verdict:
        return worst(self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardReport:
    """What a change did. ``reverted`` says whether it was taken back, ``blocks`` how many were
    measured on either side."""

    name: str
    findings: Sequence[Finding]
    reverted: bool
    blocks: int

    @property
    def verdict(self) -> Verdict:
        return worst(self.findings)


def mean_quality(qualities: Sequence[Quality]) -> Quality:
    """The mean of each metric, over one query or more."""
    means = {
        name: sum(getattr(quality, name) for quality in qualities) / len(qualities)
        for name in METRICS
    }
    return Quality(**means)


def worst(findings: Sequence[Finding]) -> Verdict:
    """A breach where there is one, 'unsure' where anything is, and else 'well'."""
    verdicts = {finding.verdict for finding in findings}
    for verdict in ("breach", "unsure"):
        if verdict in verdicts:
            return verdict
    return "well"
