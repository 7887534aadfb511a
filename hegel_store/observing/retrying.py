"""Tells of what is tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tenacity import RetryCallState

from hegel_store.observing.happenings import Retried
from hegel_store.observing.seam import is_watched, tell


def told(what: Literal["transaction", "lock", "embedding"]) -> Callable[[RetryCallState], None]:
    """A ``before_sleep`` of tenacity's that tells of each pause."""

    def before_sleep(state: RetryCallState) -> None:
        error = None if state.outcome is None else state.outcome.exception()
        if error is None or not is_watched():
            return
        # SQLAlchemy's errors are all of one kind: the driver's tells more.
        cause = getattr(error, "orig", None) or error
        tell(
            Retried(
                what=what,
                attempt=state.attempt_number,
                error=type(cause).__name__,
                pause_seconds=state.upcoming_sleep,
            )
        )

    return before_sleep
