"""What a corpus may spend in a month, and has spent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

ALERTS = (0.5, 0.8, 0.9)
"""The shares of an allowance at whose crossing an alert is given."""
EARLY_DAYS = 7
"""With more days than these left of the month, the last of the alerts is urgent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a corpus has spent in a calendar month (of UTC, by its first day).

    ``cost`` is in the currency of the price, ``share`` (0..1) of the allowance that is nearer to
    its end.
    """

    corpus_id: str
    month: date
    tokens: int
    cost: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAlert:
    """The ``threshold`` (0..1) was crossed by this spending, with so many days of the month left.

    ``urgent``: 90 % are gone and more than a week is left.
    """

    spending: Spending
    threshold: float
    days_left: int

    @property
    def urgent(self) -> bool:
        return self.threshold >= ALERTS[-1] and self.days_left > EARLY_DAYS
