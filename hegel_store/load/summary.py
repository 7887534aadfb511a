"""What a load test measured."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hegel_store.load.plan import LoadPlan
from hegel_store.load.targets import Judged
from hegel_store.load.user import EMBED, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSummary:
    """The calls of one kind: how many, errors among them, and milliseconds of those without.

    Percentiles are None where no call succeeded. ``per_second`` counts calls without an error.
    """

    name: str
    calls: int
    errors: int
    per_second: float
    p50: float | None
    p95: float | None
    p99: float | None
    worst: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """``processor`` and ``machine`` are shares of one core and of all cores that the load's
    processes and the whole machine were busy (None where /proc does not say); ``memory_bytes`` is
    the sum of the largest memory of each process."""

    processor: float
    machine: float | None
    memory_bytes: int
    cores: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """The result of a load test.

    ``seconds`` are those from the first to the last call's end. ``calls`` has the embedder's own
    calls last, where there is one. ``timeline`` is the calls without an error that ended in each
    whole second, ``errors`` how often which class was raised, ``hit_rate`` the share of texts that
    were in the cache of embeddings (None without an embedder).
    """

    plan: LoadPlan
    embedder: str | None
    seconds: float
    per_second: float
    calls: Sequence[CallSummary]
    errors: Mapping[str, int]
    hit_rate: float | None
    resources: Resources
    timeline: Sequence[int]
    targets: Sequence[Judged]

    def to_json(self) -> dict[str, Any]:
        """For programs: all fields, and whether each target was met."""
        return asdict(self) | {"targets": [one.to_json() for one in self.targets]}


def summarise(samples: Sequence[Sample], names: Sequence[str]) -> Sequence[CallSummary]:
    """A summary for each name that occurs, in the order of ``names``."""
    seconds = duration(samples)
    taken: dict[str, list[float]] = defaultdict(list)
    errors: Counter[str] = Counter()
    for sample in samples:
        if sample.error is None:
            taken[sample.call].append(sample.milliseconds)
        else:
            errors[sample.call] += 1
    return [
        _summary(name, taken[name], errors[name], seconds)
        for name in names
        if taken[name] or errors[name]
    ]


def _summary(name: str, taken: Sequence[float], errors: int, seconds: float) -> CallSummary:
    points = [float(each) for each in np.percentile(taken, (50, 95, 99, 100))] if taken else []
    p50, p95, p99, worst = points or (None, None, None, None)
    return CallSummary(
        name=name,
        calls=len(taken) + errors,
        errors=errors,
        per_second=len(taken) / seconds,
        p50=p50,
        p95=p95,
        p99=p99,
        worst=worst,
    )


def duration(samples: Sequence[Sample]) -> float:
    """Seconds from the beginning to the last end; a thousandth at least."""
    return max((sample.ended for sample in samples), default=0.001)


def timeline(samples: Sequence[Sample]) -> Sequence[int]:
    """Calls without an error by the whole second in which they ended."""
    ended = Counter(int(each.ended) for each in _calls(samples) if each.error is None)
    return [ended[second] for second in range(max(ended, default=-1) + 1)]


def errors(samples: Sequence[Sample]) -> Mapping[str, int]:
    """How often each class was raised, the most frequent first."""
    return dict(Counter(each.error for each in samples if each.error is not None).most_common())


def _calls(samples: Sequence[Sample]) -> Sequence[Sample]:
    return [sample for sample in samples if sample.call != EMBED]
