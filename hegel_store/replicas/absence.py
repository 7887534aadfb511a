"""The primary is away: known for a while, so that not each read waits for it anew."""

from __future__ import annotations

import logging
import time

from hegel_store.replicas.pauses import end_of_pause

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
        # So that one thread tries, and the others do not wait for it.
        self._until = end_of_pause(self._failures)
        return False

    def note(self, reason: str) -> None:
        """It could not be reached."""
        if not self._failures:
            logger.warning("the primary is away, and standbys answer without it: %s", reason)
        self._failures += 1
        self._until = end_of_pause(self._failures)

    def end(self) -> None:
        """It was reached."""
        if self._failures:
            logger.warning("the primary is back")
        self._failures, self._until = 0, 0.0
