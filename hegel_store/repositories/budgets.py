"""Counts what embedding costs a corpus in a calendar month, for all workers together."""

from __future__ import annotations

import logging
from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import Row, text

from hegel_store.database import Autocommit, translated
from hegel_store.errors import BudgetExceeded, InvalidInput
from hegel_store.models.budgets import ALERTS, BudgetAlert, Spending
from hegel_store.models.checks import check_integer, check_name, check_number

logger = logging.getLogger("hegel_store.budget")

MOST_TOKENS = 2**62
"""Two of these are the most that the database can add up."""
PRICED_TOKENS = 1_000_000
BILLION = 1_000_000_000
"""Cost is counted in billionths, whole ones, which add up to what they are."""

# Not waiting for the disk: what a crash of the server forgets is less than a second's spending.
SPEND = text(
    """
    WITH hurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO hegel_embedding_usage AS usage (corpus_id, month, tokens, cost_billionths)
    SELECT
        :corpus_id,
        CAST(date_trunc('month', now() AT TIME ZONE 'UTC') AS date),
        CAST(:tokens AS bigint),
        CAST(:cost AS bigint)
    FROM hurried
    WHERE CAST(:tokens AS bigint) <= :most_tokens AND CAST(:cost AS bigint) <= :most_cost
    ON CONFLICT (corpus_id, month) DO UPDATE SET
        tokens = usage.tokens + excluded.tokens,
        cost_billionths = usage.cost_billionths + excluded.cost_billionths,
        updated_at = clock_timestamp()
    WHERE usage.tokens + excluded.tokens <= :most_tokens
      AND usage.cost_billionths + excluded.cost_billionths <= :most_cost
    RETURNING month, tokens, cost_billionths AS cost,
        CAST(now() AT TIME ZONE 'UTC' AS date) AS today
    """
)
REFUND = text(
    """
    UPDATE hegel_embedding_usage SET
        tokens = greatest(tokens - CAST(:tokens AS bigint), 0),
        cost_billionths = greatest(cost_billionths - CAST(:cost AS bigint), 0),
        updated_at = clock_timestamp()
    WHERE corpus_id = :corpus_id AND month = :month
    """
)
SPENT = text(
    """
    SELECT calendar.month, coalesce(tokens, 0) AS tokens, coalesce(cost_billionths, 0) AS cost
    FROM (SELECT CAST(date_trunc('month', now() AT TIME ZONE 'UTC') AS date) AS month) AS calendar
    LEFT JOIN hegel_embedding_usage AS usage
      ON usage.month = calendar.month AND usage.corpus_id = :corpus_id
    """
)


class Budget:
    """What a corpus may spend on embedding in each calendar month (UTC). Safe for threads.

    At most ``tokens``, at most ``cost``, or both; ``price`` is the cost of a million tokens. When
    half, 80 % or 90 % are crossed, that is logged and ``on_alert`` called, once among all workers:
    as an error when 90 % are gone and more than a week is left, else as a warning. What several
    processes give as the allowance need not be the same; each stops at its own.

    Raises InvalidInput, naming the argument.
    """

    def __init__(
        self,
        session: Autocommit,
        corpus_id: str,
        *,
        tokens: int | None = None,
        cost: float | None = None,
        price: float = 0.0,
        on_alert: Callable[[BudgetAlert], object] | None = None,
    ) -> None:
        self._session = session
        self.corpus_id = check_name("corpus_id", corpus_id)
        if tokens is None and cost is None:
            raise InvalidInput("tokens", "give an allowance of tokens, of cost, or both")
        self._most_tokens = MOST_TOKENS
        if tokens is not None:
            self._most_tokens = check_integer("tokens", tokens, minimum=1, maximum=MOST_TOKENS)
        self._price = _billionths("price", price)
        self._most_cost = MOST_TOKENS
        if cost is not None:
            self._most_cost = _billionths("cost", cost)
            if not (self._most_cost > 0 and self._price > 0):
                raise InvalidInput("cost", "must be more than nothing, and needs a price")
        self._on_alert = on_alert

    def spend(self, tokens: int) -> Spending:
        """Count tokens that are about to be used; what the month has come to.

        Raises BudgetExceeded, with nothing counted, when that is more than is left.
        """
        check_integer("tokens", tokens, maximum=MOST_TOKENS)
        values = self._values(tokens) | {
            "most_tokens": self._most_tokens,
            "most_cost": self._most_cost,
        }
        with translated():
            row = self._session.execute(SPEND, values).one_or_none()
        if row is None:
            spent = self.spent()
            raise BudgetExceeded(
                f"corpus {self.corpus_id!r} has {spent.tokens} tokens ({spent.cost:.2f}) on its "
                f"account of {spent.month:%Y-%m}: there is no room for {tokens} more"
            )
        now = self._spending(row)
        before = self._share(row.tokens - tokens, row.cost - values["cost"])
        self._alert(before, now, row.today)
        return now

    def refund(self, spending: Spending, tokens: int) -> None:
        """Give back tokens of a spend() that were not used after all, to its month."""
        with translated():
            self._session.execute(REFUND, self._values(tokens) | {"month": spending.month})

    def spent(self) -> Spending:
        """What this month has come to."""
        with translated():
            row = self._session.execute(SPENT, {"corpus_id": self.corpus_id}).one()
        return self._spending(row)

    def _values(self, tokens: int) -> dict[str, Any]:
        cost = min(-(-self._price * tokens // PRICED_TOKENS), 2 * MOST_TOKENS - 1)
        return {"corpus_id": self.corpus_id, "tokens": tokens, "cost": cost}

    def _spending(self, row: Row[Any]) -> Spending:
        return Spending(
            corpus_id=self.corpus_id,
            month=row.month,
            tokens=row.tokens,
            cost=row.cost / BILLION,
            share=self._share(row.tokens, row.cost),
        )

    def _share(self, tokens: int, cost: int) -> float:
        return max(tokens / self._most_tokens, cost / self._most_cost)

    def _alert(self, before: float, now: Spending, today: date) -> None:
        crossed = [threshold for threshold in ALERTS if before < threshold <= now.share]
        if not crossed:
            return
        days_left = monthrange(today.year, today.month)[1] - today.day
        alert = BudgetAlert(spending=now, threshold=crossed[-1], days_left=days_left)
        logger.log(
            logging.ERROR if alert.urgent else logging.WARNING,
            "corpus %r has spent %.0f %% of what it may in %s, and %d days are left",
            self.corpus_id,
            100 * now.share,
            f"{now.month:%Y-%m}",
            days_left,
        )
        if self._on_alert is not None:
            self._on_alert(alert)


def _billionths(field: str, value: object) -> int:
    number = check_number(field, value)
    if not 0 <= number <= MOST_TOKENS / BILLION:
        raise InvalidInput(field, f"must not be negative, nor more than four billion: {number}")
    return round(number * BILLION)
