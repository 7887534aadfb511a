"""The primary is away: known for a while, so that not each read waits for it anew."""

from __future__ import annotations

import logging
import random
import time

from hegel_store.replicas.standby import FIRST_PAUSE, LONGEST_PAUSE

logger = logging.getLogger("hegel_store")


class Absence:
    """Safe for threads: what two of them may both do, they may do twice."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0

    @property
    def is_known(self) -> bool:
        """Whether the primary was found away a moment ago, and is not due to be tried again."""
        if not self._failures:
            return False
        if time.monotonic() < self._until:
            return True
        self._pause()  # so that one thread tries, and the others do not wait for it
        return False

    def note(self, reason: str) -> None:
        """It could not be reached."""
        if not self._failures:
            logger.warning("the primary is away, and standbys answer without it: %s", reason)
        self._failures += 1
        self._pause()

    def end(self) -> None:
        """It was reached."""
        if self._failures:
            logger.warning("the primary is back")
        self._failures, self._until = 0, 0.0

    def _pause(self) -> None:
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures, 20))
        self._until = time.monotonic() + random.uniform(longest / 2, longest)
