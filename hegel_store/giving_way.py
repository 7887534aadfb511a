"""Background work that rests between its batches, and gives way to evaluations."""

from __future__ import annotations

import time
from math import inf

from sqlalchemy import Engine, text

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


class PutOff(Exception):
    """An evaluation runs, for longer than the work can wait."""


class Pace:
    """Rests between two batches: for ``pause`` seconds, and longer while somebody evaluates.

    What the session's ``while_evaluating`` says is done: "go_on" does not look; "slow" rests nine
    times as long as the work since the last rest took, a minute at most; "stop" until nobody
    evaluates. ``within`` are the seconds that may be spent on that: PutOff is raised after them
    where it would have taken longer.
    """

    def __init__(self, session: Autocommit, pause: float = 0.0) -> None:
        self._session = session
        self._pause = pause
        self._worked_since = time.monotonic()

    @classmethod
    def on(cls, engine: Engine) -> Pace:
        """Of work that was given a store's engine."""
        return cls(Autocommit(engine, diagnose=lambda engine: None))

    def begin(self) -> None:
        """Wait before the first batch, where the work is to stop."""
        if self._session.while_evaluating == "stop":
            self._until_over(inf, inf)
        self._worked_since = time.monotonic()

    def rest(self, within: float = inf) -> float:
        """Rest after a batch; returns for how many seconds."""
        began = time.monotonic()
        policy, worked = self._session.while_evaluating, began - self._worked_since
        try:
            if self._pause:
                time.sleep(self._pause)
            if policy == "stop":
                self._until_over(inf, within)
            elif policy == "slow":
                self._until_over(min(SHARE * worked, LONGEST_REST) - self._pause, within)
        finally:
            self._worked_since = time.monotonic()
        return self._worked_since - began

    def _until_over(self, seconds: float, within: float) -> None:
        """Wait for at most so long, or until nobody evaluates."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds and is_evaluated(self._session):
            if passed >= within:
                raise PutOff
            time.sleep(min(POLL, seconds - passed, within - passed))
