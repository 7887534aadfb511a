"""What is a breach, and what is noise.

A change is compared with its red line by an interval: when all of it lies beyond the line it is a
breach, when none of it does all is well, and else nothing can be said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hegel_store.models.baselines import METRICS, Finding, Quality, RedLine, Verdict
from hegel_store.models.confidence import student_t

RESAMPLES = 10_000
AT_ONCE = 1_000
FEWEST_BLOCKS = 3
"""Blocks on either side, below which their spread says nothing."""
LOOKS = 3
"""How often latency is looked at while blocks are added: each look gets its share of the errors."""


def compared(
    before: Sequence[Quality],
    after: Sequence[Quality],
    ratios_before: Sequence[float],
    ratios_after: Sequence[float],
    red_line: RedLine,
) -> Sequence[Finding]:
    """A finding for each metric, and one for latency. The qualities are of the same queries."""
    return [
        *(metric_finding(name, before, after, red_line) for name in METRICS),
        latency_finding(ratios_before, ratios_after, red_line),
    ]


def metric_finding(
    name: str, before: Sequence[Quality], after: Sequence[Quality], red_line: RedLine
) -> Finding:
    """The mean of the differences by query, with its percentile bootstrap (Efron and Tibshirani
    1993, chapter 13) over the queries: what differs between queries cancels out."""
    first = np.array([getattr(quality, name) for quality in before])
    second = np.array([getattr(quality, name) for quality in after])
    differences = second - first
    low, high = _resampled(differences, red_line.confidence)
    line = -red_line.fall * (float(first.mean()) if red_line.relative else 1.0)
    # Means of floats: a fall of exactly the tolerance is none too far.
    slack = 1e-12
    verdict: Verdict = "unsure"
    if high < line - slack:
        verdict = "breach"
    elif low >= line - slack:
        verdict = "well"
    return Finding(
        what=name,
        verdict=verdict,
        before=float(first.mean()),
        after=float(second.mean()),
        change=float(differences.mean()),
        low=low,
        high=high,
        line=line,
    )


def latency_finding(before: Sequence[float], after: Sequence[float], red_line: RedLine) -> Finding:
    """The ratio of geometric means over blocks, with the interval of Welch (1947) on their
    logarithms. Blocks and not searches are what is independent: a busy second slows many."""
    first, second = np.log(before), np.log(after)
    change = float(second.mean() - first.mean())
    reach = _welch(first, second, 1 - (1 - red_line.confidence) / LOOKS)
    line = math.log1p(red_line.rise)
    verdict: Verdict = "unsure"
    if change - reach > line:
        verdict = "breach"
    elif change + reach <= line:
        verdict = "well"
    return Finding(
        what="latency",
        verdict=verdict,
        before=math.exp(first.mean()),
        after=math.exp(second.mean()),
        change=math.exp(change),
        low=math.exp(max(change - reach, -700.0)),
        high=math.exp(min(change + reach, 700.0)),
        line=1 + red_line.rise,
    )


def changed_conditions(before: Mapping[str, Any], after: Mapping[str, Any]) -> Sequence[str]:
    """The names of what is different, as "settings.work_mem", in order."""
    first, second = dict(_flat(before)), dict(_flat(after))
    return sorted(
        name for name in first.keys() | second.keys() if first.get(name) != second.get(name)
    )


def _resampled(differences: np.ndarray, confidence: float) -> tuple[float, float]:
    if not differences.any():
        return 0.0, 0.0
    random = np.random.default_rng(0)  # the same numbers give the same verdict
    means = [
        differences[random.integers(len(differences), size=(AT_ONCE, len(differences)))].mean(1)
        for _ in range(RESAMPLES // AT_ONCE)
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)


def _welch(first: np.ndarray, second: np.ndarray, confidence: float) -> float:
    """Half the width of the interval of the difference; infinite for too few blocks."""
    if min(len(first), len(second)) < FEWEST_BLOCKS:
        return math.inf
    parts = [float(values.var(ddof=1)) / len(values) for values in (first, second)]
    squared = sum(parts)
    if squared == 0:
        return 0.0
    # Welch-Satterthwaite.
    degrees = squared**2 / sum(
        part**2 / (len(values) - 1) for part, values in zip(parts, (first, second), strict=True)
    )
    return student_t(confidence, max(1, math.floor(degrees))) * math.sqrt(squared)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
