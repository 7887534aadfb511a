"""When a fact that nobody has seen for a while ages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_name

LONGEST = timedelta(days=36_500)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingRule:
    """A fresh fact turns ageing ``ageing_after`` it was last seen, and stale ``stale_after``.

    For facts of ``category``; with None for those of every category without a rule of its own.

    Raises InvalidInput, naming the field: the times must be longer than nothing, at most a century,
    and ``ageing_after`` no longer than ``stale_after``.
    """

    ageing_after: timedelta
    stale_after: timedelta
    category: str | None = None

    def __post_init__(self) -> None:
        for name in ("ageing_after", "stale_after"):
            span = getattr(self, name)
            if not isinstance(span, timedelta):
                raise InvalidInput(name, f"must be a timedelta, not {type(span).__name__}")
            if not timedelta(0) < span <= LONGEST:
                raise InvalidInput(name, f"must be more than nothing and at most 100 years: {span}")
        if self.ageing_after > self.stale_after:
            raise InvalidInput("ageing_after", "must not be longer than stale_after")
        if self.category is not None:
            check_name("category", self.category)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """How many facts turned ageing and stale, or would have."""

    ageing: int
    stale: int
