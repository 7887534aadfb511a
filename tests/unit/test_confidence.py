"""Confidence intervals of means against tables, closed forms and other ways to reckon them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegel_store.errors import InvalidInput
from hegel_store.models.confidence import (
    MOST_SUMMED,
    ConfidenceInterval,
    check_confidence,
    mean_interval,
    student_t,
)

# Two-sided, as printed in tables of the distribution.
TABLE = {
    0.80: {1: 3.078, 2: 1.886, 3: 1.638, 5: 1.476, 10: 1.372, 30: 1.310, 120: 1.289},
    0.90: {1: 6.314, 2: 2.920, 3: 2.353, 5: 2.015, 10: 1.812, 30: 1.697, 120: 1.658},
    0.95: {1: 12.706, 2: 4.303, 3: 3.182, 5: 2.571, 10: 2.228, 30: 2.042, 120: 1.980},
    0.99: {1: 63.657, 2: 9.925, 3: 5.841, 5: 4.032, 10: 3.169, 30: 2.750, 120: 2.617},
    0.999: {1: 636.619, 2: 31.599, 3: 12.924, 5: 6.869, 10: 4.587, 30: 3.646, 120: 3.373},
}
DEGREES = [*range(1, 60), MOST_SUMMED - 1, MOST_SUMMED, MOST_SUMMED + 1, 1000, 1_000_000]


@pytest.mark.parametrize("confidence", TABLE)
def test_quantiles_are_those_of_the_tables(confidence: float) -> None:
    for degrees, printed in TABLE[confidence].items():
        assert student_t(confidence, degrees) == pytest.approx(printed, abs=6e-4)


@pytest.mark.parametrize("confidence", [1e-6, 0.5, 0.95, 0.9999, 0.999999])
def test_one_and_two_degrees_have_closed_forms(confidence: float) -> None:
    one = math.tan(math.pi * confidence / 2)
    two = confidence * math.sqrt(2 / (1 - confidence**2))
    assert student_t(confidence, 1) == pytest.approx(one, rel=1e-9)
    assert student_t(confidence, 2) == pytest.approx(two, rel=1e-9)


def density(t: float, degrees: int) -> float:
    log_scale = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)
    log_power = -(degrees + 1) / 2 * math.log1p(t * t / degrees)
    return math.exp(log_scale + log_power) / math.sqrt(math.pi * degrees)


@pytest.mark.parametrize("degrees", [3, 4, 7, 50, MOST_SUMMED, MOST_SUMMED + 1, 400])
@pytest.mark.parametrize("confidence", [0.1, 0.5, 0.9, 0.95, 0.99, 0.9999])
def test_density_between_the_quantiles_adds_up_to_the_confidence(
    degrees: int, confidence: float
) -> None:
    """By Simpson's rule, which knows nothing of the sums that the quantiles come from."""
    t = student_t(confidence, degrees)
    parts = 4000
    heights = [density(t * n / parts, degrees) for n in range(parts + 1)]
    weighted = heights[0] + heights[-1] + 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2])
    assert 2 * weighted * t / parts / 3 == pytest.approx(confidence, abs=1e-9)


def test_quantiles_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats", reason="the `embeddings` extra is not installed")
    for confidence in (0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 0.999999):
        expected = stats.t.ppf((1 + confidence) / 2, DEGREES)
        found = [student_t(confidence, degrees) for degrees in DEGREES]
        assert found == pytest.approx(list(expected), rel=1e-11 if confidence <= 0.95 else 1e-8)


@given(st.floats(1e-6, 0.999999), st.integers(1, 500))
def test_more_confidence_reaches_farther_and_more_degrees_less_far(
    confidence: float, degrees: int
) -> None:
    t = student_t(confidence, degrees)
    assert 0 < student_t(confidence, degrees + 1) < t
    assert student_t(confidence * 0.99, degrees) < t


def test_interval_is_that_of_the_formula() -> None:
    """mean 5, s 2, n 16: t(0.95, 15) is 2.131 in the tables, times 2 / 4."""
    interval = mean_interval(5.0, 2.0, 16, 0.95)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((5 - 1.0655, 5 + 1.0655), abs=5e-4)
    assert interval.confidence == 0.95


def test_equal_values_leave_no_room_and_one_value_says_nothing() -> None:
    assert mean_interval(0.0, 0.0, 2, 0.9) == ConfidenceInterval(low=0.0, high=0.0, confidence=0.9)
    assert mean_interval(1.0, None, 1, 0.95) is None
    assert mean_interval(None, None, 0, 0.95) is None


@pytest.mark.parametrize("confidence", [0, 1, -0.1, 95, 0.9999999, math.nan, "0.95", None, True])
def test_confidence_is_a_share_that_leaves_a_tail(confidence: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_confidence("confidence", confidence)
    assert caught.value.field == "confidence"
