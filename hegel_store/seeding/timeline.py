"""When the generated steps happened: three months of uneven working days, the same every time.

Moments are *shares*, numbers in 0..1 of the window's working time. A share becomes a moment
through a calendar of hours with random weights: busy afternoons, quiet nights and weekends.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random

from hegel_store.errors import InvalidInput

WINDOW = timedelta(days=92)
"""July to September; also the longest run of three months."""

DEFAULT_UNTIL = date(2026, 10, 1)
"""Fixed, and not today: a second run on another day must store the same steps."""

EARLIEST_UNTIL = date(2001, 1, 1)
LATEST_UNTIL_AHEAD = timedelta(days=366)
WEEKEND_WEIGHT = 0.2
NIGHT_WEIGHT = 0.1
DAY_STARTS, DAY_ENDS = 7, 20


class Calendar:
    """Turns shares of the window's working time into moments (UTC), in the same order."""

    def __init__(self, seed: int = 7, until: date = DEFAULT_UNTIL) -> None:
        """The window ends at midnight UTC before ``until``, and is 92 days long.

        Raises InvalidInput where steps of that time cannot be stored.
        """
        latest = datetime.now(UTC).date() + LATEST_UNTIL_AHEAD
        if not EARLIEST_UNTIL <= until <= latest:
            raise InvalidInput("until", f"must be from {EARLIEST_UNTIL} to {latest}, not {until}")
        self.seed = seed
        self.end = datetime.combine(until, time(), UTC)
        self.start = self.end - WINDOW
        random = Random(f"{seed}/calendar")
        hours = int(WINDOW / timedelta(hours=1))
        weights = (self._weight(self.start + timedelta(hours=n), random) for n in range(hours))
        self._worked = [0.0, *accumulate(weights)]

    @staticmethod
    def _weight(hour: datetime, random: Random) -> float:
        weight = random.expovariate(1.0) + 0.05
        if hour.weekday() >= 5:
            weight *= WEEKEND_WEIGHT
        if not DAY_STARTS <= hour.hour < DAY_ENDS:
            weight *= NIGHT_WEIGHT
        return weight

    def moment(self, share: float) -> datetime:
        """The moment at which ``share`` (0 <= share < 1) of all the work was done."""
        worked = share * self._worked[-1]
        hour = min(bisect_right(self._worked, worked), len(self._worked) - 1) - 1
        before, after = self._worked[hour], self._worked[hour + 1]
        return self.start + timedelta(hours=hour + (worked - before) / (after - before))


def spread(count: int) -> Iterator[tuple[float, int]]:
    """(share, number) of ``count`` numbers spread evenly over 0 <= share < 1, by share.

    A number keeps its share whatever the count, so that a longer run holds the shorter one: it is
    the van der Corput sequence, whose first ``count`` members are always evenly spread. Walking
    it in order of shares needs no list: the number at each place is the place's bits reversed.
    """
    bits = max(count - 1, 0).bit_length()
    for place in range(1 << bits if count else 0):
        number = int(f"{place:0{bits}b}"[::-1], 2) if bits else 0
        if number < count:
            yield place / (1 << bits), number
