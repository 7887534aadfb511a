"""Trying again: how often, for how long, and after what pauses, which are random so that those who
met once do not meet again."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import TypeVar

import tenacity
from tenacity import RetryCallState, Retrying

from hegel_store.errors import HegelStoreError, OutcomeUnknown
from hegel_store.failures import lacks_lock

T = TypeVar("T")

FIRST_WAIT, LONGEST_WAIT = 0.05, 2.0
"""Seconds that the first pause of repeated() lasts at most, and that any does."""
SHORTEST_POLL, LONGEST_POLL = 0.05, 0.2


def repeated(
    call: Callable[[], T],
    *,
    attempts: int,
    seconds: float,
    after: type[HegelStoreError] = HegelStoreError,
    idempotent: bool = False,
) -> T:
    """What ``call`` returns, called again as long as it raises a retryable ``after``.

    At most ``attempts`` times, and none begins later than ``seconds`` after the first: a name that
    is wrong looks like a server that is starting, so that only the time ends it. The pauses are
    random, and their bound doubles. ``idempotent`` says that the call may be repeated where its
    outcome is unknown. Raises what the last attempt did.
    """

    def may_be_repeated(error: BaseException) -> bool:
        return isinstance(error, after) and (
            error.retryable or (idempotent and isinstance(error, OutcomeUnknown))
        )

    return Retrying(
        retry=tenacity.retry_if_exception(may_be_repeated),
        stop=tenacity.stop_after_attempt(attempts) | tenacity.stop_before_delay(seconds),
        wait=tenacity.wait_random_exponential(FIRST_WAIT, max=LONGEST_WAIT),
        reraise=True,
    )(call)


def until_locked(
    attempt: Callable[[], None],
    attempts: int,
    say: Callable[[BaseException, object, float], object],
    reached: Callable[[], object] = lambda: None,
) -> None:
    """Call ``attempt`` until it has got its locks, ``attempts`` times at most.

    Who does not get a lock within the lock timeout, or meets a deadlock, leaves the queue, so that
    nobody waits behind it, and tries again after a pause. ``reached`` says, where one attempt
    continues another, how far they have come: each place has ``attempts`` of its own. Before a
    pause ``say`` is given the error, the place and the seconds. Raises the error of the last one.
    """
    failures, place = 0, reached()

    def is_enough(state: RetryCallState) -> bool:
        nonlocal failures, place
        now_at = reached()
        failures, place = (failures + 1 if now_at == place else 1), now_at
        return failures >= attempts

    def before_sleep(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        if error is not None:
            say(error, place, state.upcoming_sleep)

    Retrying(
        retry=tenacity.retry_if_exception(lacks_lock),
        stop=is_enough,
        wait=lambda state: random.uniform(0.2, 0.5) * (failures + 1),
        before_sleep=before_sleep,
        reraise=True,
    )(attempt)


def becomes_true(condition: Callable[[], object], seconds: float) -> bool:
    """Whether it holds within the time, asked again and again."""
    return Retrying(
        retry=tenacity.retry_if_result(lambda holds: not holds),
        stop=tenacity.stop_after_delay(seconds),
        wait=tenacity.wait_random(SHORTEST_POLL, LONGEST_POLL),
        retry_error_callback=lambda state: False,
    )(lambda: bool(condition()))


def logged(logger: logging.Logger) -> Callable[[BaseException, object, float], object]:
    """A ``say`` for until_locked() that logs."""

    def say(error: BaseException, place: object, seconds: float) -> None:
        logger.info("%s; trying again in %.1f s", getattr(error, "orig", error), seconds)

    return say
