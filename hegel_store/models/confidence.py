"""Confidence intervals of means, by Student's t distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_number

MAX_CONFIDENCE = 0.999999
"""Nearer to 1, the tail that is left would have few digits of a 64-bit float."""

MOST_SUMMED = 200
"""Degrees of freedom up to which the distribution is summed up; the expansion serves above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceInterval:
    """The bounds of a mean: intervals made like this hold it in ``confidence`` (0..1) of cases."""

    low: float
    high: float
    confidence: float


def check_confidence(field: str, value: object) -> float:
    """Return ``value`` as a float above 0 and at most MAX_CONFIDENCE."""
    confidence = check_number(field, value)
    if not 0 < confidence <= MAX_CONFIDENCE:
        raise InvalidInput(field, f"must be above 0 and at most {MAX_CONFIDENCE}, not {confidence}")
    return confidence


def mean_interval(
    mean: float | None, standard_deviation: float | None, n: int, confidence: float
) -> ConfidenceInterval | None:
    """mean +- t * s / sqrt(n), of a sample of ``n`` with the standard deviation s.

    None for fewer than two values, which say nothing about their spread. The formula is that of
    the NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.5.2; it is exact for values of
    a normal distribution, and good for many values of others.
    """
    if mean is None or standard_deviation is None or n < 2:
        return None
    reach = student_t(confidence, n - 1) * standard_deviation / math.sqrt(n)
    return ConfidenceInterval(low=mean - reach, high=mean + reach, confidence=confidence)


@lru_cache(maxsize=4096)
def student_t(confidence: float, degrees: int) -> float:
    """The t with P(|T| <= t) = ``confidence`` for ``degrees`` (1 or more) degrees of freedom.

    The quantile of order (1 + confidence) / 2. Up to MOST_SUMMED degrees the probability is the
    finite sum of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4,
    inverted by Newton's method; above, the expansion 26.7.5 about the normal quantile, whose first
    term left out is of the order degrees**-5.
    """
    if degrees > MOST_SUMMED:
        return _expanded(NormalDist().inv_cdf((1 + confidence) / 2), degrees)
    # In the angle atan(t / sqrt(degrees)) the probability is concave: from 0, each of Newton's
    # steps falls short of the root, and the next one comes nearer.
    peak = 2 * math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2))
    peak /= math.sqrt(math.pi)
    angle = 0.0
    while True:
        slope = peak * math.cos(angle) ** (degrees - 1)
        step = (confidence - _probability(angle, degrees)) / slope
        angle += step
        if step <= 1e-15 * angle:
            return math.sqrt(degrees) * math.tan(angle)


def _probability(angle: float, degrees: int) -> float:
    """P(|T| <= sqrt(degrees) * tan(angle)): 26.7.3 for odd, 26.7.4 for even degrees."""
    odd = degrees % 2
    square = math.cos(angle) ** 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for factor in range(1 + odd, degrees, 2):
        total += term
        term *= square * factor / (factor + 1)
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


def _expanded(x: float, degrees: int) -> float:
    """26.7.5 to the fourth order; ``x`` is the quantile of the normal distribution."""
    orders = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + sum(order / float(degrees) ** n for n, order in enumerate(orders, start=1))
