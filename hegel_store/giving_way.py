"""Background work that rests between its batches, and gives way to evaluations."""

from __future__ import annotations

import time

from sqlalchemy import text

from hegel_store.database import Autocommit, translated
from hegel_store.evaluation_flag import KEY

POLL = 0.25
"""Seconds until the flag is looked at again."""
SHARE = 9.0
"""How much longer than it worked slow work rests: it takes a tenth of the time."""
LONGEST_REST = 60.0

# Looking takes no lock, so that two who look do not take each other for an evaluation.
IS_EVALUATED = text(
    f"""
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
          AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
          AND (CAST(classid AS bigint) << 32) | CAST(objid AS bigint) = {KEY}
    )
    """
)


def is_evaluated(session: Autocommit) -> bool:
    """Whether somebody evaluates in this installation."""
    with translated():
        return bool(session.execute(IS_EVALUATED).scalar_one())


class Pace:
    """Rests between two batches: for ``pause`` seconds, and longer while somebody evaluates.

    What the session's ``while_evaluating`` says is done: "go_on" does not look; "slow" rests nine
    times as long as the work since the last rest took, a minute at most; "stop" until nobody
    evaluates.
    """

    def __init__(self, session: Autocommit, pause: float = 0.0) -> None:
        self._session = session
        self._pause = pause
        self._worked_since = time.monotonic()

    def begin(self) -> None:
        """Wait before the first batch, where the work is to stop."""
        if self._session.while_evaluating == "stop":
            self._until_over(float("inf"))
        self._worked_since = time.monotonic()

    def rest(self) -> float:
        """Rest after a batch; returns for how many seconds."""
        began = time.monotonic()
        policy, worked = self._session.while_evaluating, began - self._worked_since
        if self._pause:
            time.sleep(self._pause)
        if policy == "stop":
            self._until_over(float("inf"))
        elif policy == "slow":
            self._until_over(min(SHARE * worked, LONGEST_REST) - self._pause)
        self._worked_since = time.monotonic()
        return self._worked_since - began

    def _until_over(self, seconds: float) -> None:
        """Wait for at most so long, or until nobody evaluates."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and is_evaluated(self._session):
            time.sleep(min(POLL, left))
