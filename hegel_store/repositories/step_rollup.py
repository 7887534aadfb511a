"""Keeping the sums of rewards small and whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hegel_store.database import Autocommit, Executor, translated
from hegel_store.errors import TransactionOpen
from hegel_store.giving_way import Pace
from hegel_store.models.checks import check_integer, check_number
from hegel_store.repositories import step_rollup_statements as statements


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledUp:
    """What maintenance has done: the months whose steps it has counted, and how many rows of sums
    it has folded into fewer."""

    months: Sequence[date]
    folded: int


class StepRollup:
    """The maintenance of StepRepository."""

    _session: Executor

    def roll_up(self, *, batch: int = 1000, pause: float = 0.0) -> RolledUp:
        """Fold the rows that logging has added to the sums, and count the months that are not
        counted yet: those from before the release that brought the sums.

        Summaries are right without it, and slower. A month is one statement, which reads all of
        its steps; ``batch`` sums are folded in a transaction, with ``pause`` seconds between two.
        Nobody who logs or reads waits. Run it now and then; several at once take turns.

        Raises InvalidInput, and TransactionOpen in a unit of work.
        """
        check_integer("batch", batch, minimum=1)
        check_number("pause", pause)
        session = self._session
        if not isinstance(session, Autocommit):
            raise TransactionOpen("roll_up() commits each batch: call it on the store")
        pace = Pace(session, pause)
        with translated():
            pace.begin()
            months = list(session.execute(statements.UNCOUNTED).scalars())
            for month in months:
                with session.transaction() as connection:
                    connection.execute(statements.TAKE_TURNS)
                    connection.execute(statements.COUNT_MONTH, {"month": month})
                pace.rest()
            folded = 0
            while True:
                with session.transaction() as connection:
                    connection.execute(statements.TAKE_TURNS)
                    rows = connection.execute(statements.FOLD, {"batch": batch}).scalar_one()
                if not rows:
                    return RolledUp(months=months, folded=folded)
                folded += rows
                pace.rest()
