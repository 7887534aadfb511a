"""What the calls of a training fleet are to take, and whether they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Unit = Literal["ms", "calls/s", "share", "refusals"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """``measure`` is a call and its percentile ("recall p95"), or the name of another number.

    The number has to be below ``limit``, or above it where ``is_least`` is set.
    """

    name: str
    measure: str
    limit: float
    unit: Unit = "ms"
    is_least: bool = False

    @property
    def shown(self) -> str:
        """ "< 5 ms", "> 40 %"."""
        sign = ">" if self.is_least else "<"
        if self.unit == "share":
            return f"{sign} {self.limit:.0%}"
        return "none" if self.unit == "refusals" else f"{sign} {self.limit:g} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A target beside what was measured: None where it was not, and ``reason`` says why."""

    target: Target
    measured: float | None
    reason: str | None = None

    @property
    def is_met(self) -> bool | None:
        """None where nothing was measured."""
        if self.measured is None:
            return None
        if self.target.unit == "refusals":
            return self.measured == 0
        if self.target.is_least:
            return self.measured > self.target.limit
        return self.measured < self.target.limit

    @property
    def shown(self) -> str:
        """What was measured, with its unit; or why it was not."""
        if self.measured is None:
            return f"not measured: {self.reason}"
        if self.target.unit == "share":
            return f"{self.measured:.0%}"
        digits = 2 if self.target.unit == "ms" else 0
        return f"{self.measured:,.{digits}f} {self.target.unit}"

    def to_json(self) -> dict[str, Any]:
        """The target's fields, measured, met and reason."""
        return asdict(self.target) | {
            "measured": self.measured,
            "met": self.is_met,
            "reason": self.reason,
        }


FEWEST_USERS = 10
RATE, HIT_RATE, REFUSALS = "rate", "hit rate", "pool refusals"

TARGETS: Sequence[Target] = (
    Target(name="latest profile, p95", measure="latest_profile p95", limit=5),
    Target(name="step insert, p95", measure="log_step p95", limit=10),
    Target(name="population read, p95", measure="fittest p95", limit=100),
    Target(name="analysis, p95", measure="analysis p95", limit=100),
    Target(name="content search, p95", measure="content_search p95", limit=50),
    Target(name="encode one fact, p50", measure="encode_fact p50", limit=100),
    Target(name="encode one fact, p95", measure="encode_fact p95", limit=500),
    Target(name="recall, p50", measure="recall p50", limit=50),
    Target(name="recall, p95", measure="recall p95", limit=200),
    Target(name="recall of 16, p95", measure="recall_16 p95", limit=200),
    Target(name="knowledge query, p95", measure="knowledge_query p95", limit=500),
    Target(name="embedding of a text, p95", measure="embed p95", limit=50),
    Target(
        name="embeddings from the cache",
        measure=HIT_RATE,
        limit=0.4,
        unit="share",
        is_least=True,
    ),
    Target(name="requests", measure=RATE, limit=100, unit="calls/s", is_least=True),
    Target(name="refused by the pool, 10 to 50 users", measure=REFUSALS, limit=0, unit="refusals"),
)

NEEDS_EMBEDDER = ("encode_fact", "recall", "embed", HIT_RATE)
"""What these measure is not what they are meant to, where nothing is embedded."""


def judge(measured: Mapping[str, float | None], *, users: int, embeds: bool) -> Sequence[Judged]:
    """Each of TARGETS beside its measurement, by ``measure``."""
    judged = []
    for target in TARGETS:
        value = measured.get(target.measure)
        reason = None
        if not embeds and target.measure.startswith(NEEDS_EMBEDDER):
            value, reason = None, "there is no embedder"
        elif target.measure == REFUSALS and users < FEWEST_USERS:
            value, reason = None, f"fewer than {FEWEST_USERS} users"
        elif value is None:
            reason = "no such call ended"
        judged.append(Judged(target=target, measured=value, reason=reason))
    return judged
