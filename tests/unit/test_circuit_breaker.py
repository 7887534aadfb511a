"""The circuit breaker, on a clock that the test moves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from hegel_store.embeddings import CircuitBreaker
from hegel_store.errors import CircuitOpen, EmbedderUnavailable, InvalidInput
from tests.clocks import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(failures=3, retry_after=60.0, clock=clock)


def succeed(breaker: CircuitBreaker) -> None:
    with breaker.attempt("api", (OSError,)):
        pass


def fail(breaker: CircuitBreaker, error: Exception | None = None, times: int = 1) -> None:
    error = error or ConnectionError("refused")
    for _ in range(times):
        with pytest.raises(type(error)), breaker.attempt("api", (OSError,)):
            raise error


def test_only_failures_in_a_row_open_it(breaker: CircuitBreaker) -> None:
    fail(breaker, times=2)
    succeed(breaker)
    fail(breaker, times=2)
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"


def test_while_open_it_says_when_it_is_asked_again(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, times=3)
    clock.now += 20.0
    with pytest.raises(CircuitOpen, match=r"'api'.*40\.0 s") as caught:
        succeed(breaker)
    assert (caught.value.embedder, caught.value.seconds) == ("api", 40.0)
    assert isinstance(caught.value, EmbedderUnavailable)


def test_a_probe_that_succeeds_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, times=3)
    clock.now += 60.0
    assert breaker.state == "half-open"
    succeed(breaker)
    assert breaker.state == "closed"
    fail(breaker, times=2)
    assert breaker.state == "closed"  # the failures of before are forgotten


def test_a_probe_that_fails_opens_it_for_as_long_again(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker, times=3)
    clock.now += 60.0
    fail(breaker)
    clock.now += 59.0
    assert breaker.state == "open"
    clock.now += 1.0
    assert breaker.state == "half-open"


def test_of_many_calls_one_is_the_probe(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, times=3)
    clock.now += 60.0
    together = Barrier(8)
    finish = Barrier(8)

    def call(_: int) -> bool:
        together.wait()
        try:
            with breaker.attempt("api"):
                finish.wait()
        except CircuitOpen:
            finish.wait()
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(call, range(8))) == [False] * 7 + [True]
    assert breaker.state == "closed"


def test_a_probe_that_never_comes_back_does_not_keep_it_open(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker, times=3)
    clock.now += 60.0
    with breaker.attempt("api"):
        clock.now += 60.0
        with pytest.raises(OSError, match="still down"), breaker.attempt("api"):
            raise OSError("still down")
    assert breaker.state == "open", "the first probe's success came too late to be news"


def test_a_call_from_before_it_opened_changes_nothing(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    with breaker.attempt("api"):
        fail(breaker, times=3)
    assert breaker.state == "open"
    clock.now += 59.0
    assert breaker.state == "open"


@pytest.mark.parametrize("error", [ValueError("no such model"), KeyError("data")])
def test_what_is_no_failure_of_the_service_does_not_count(
    breaker: CircuitBreaker, clock: Clock, error: Exception
) -> None:
    fail(breaker, error, times=10)
    assert breaker.state == "closed"
    fail(breaker, times=3)
    clock.now += 60.0
    fail(breaker, error)
    assert breaker.state == "half-open"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"failures": 0}, "failures"),
        ({"failures": 1.5}, "failures"),
        ({"retry_after": 0}, "retry_after"),
        ({"retry_after": float("nan")}, "retry_after"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, float], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        CircuitBreaker(**options)
    assert caught.value.field == field
