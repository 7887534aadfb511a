"""How long a server that was away is left alone before it is tried again."""

from __future__ import annotations

import random
import time

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
"""Seconds that a server is left alone after its first failure at most, and after any."""


def end_of_pause(failures: int) -> float:
    """When it may be tried again after so many failures in a row, by the monotonic clock: half of
    a pause that doubles with each, and a random part of the other half."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures, 20))
    return time.monotonic() + random.uniform(longest / 2, longest)
