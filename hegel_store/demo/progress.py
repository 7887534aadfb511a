"""How the demo says what it is doing."""

from __future__ import annotations


class Progress:
    """Told what is done. This one ignores it; a command line shows it."""

    def begin(self, what: str, total: int) -> None:
        """A stretch of ``total`` units (answers, facts) starts, and the one before is over."""

    def advance(self, count: int) -> None:
        """``count`` more units are done."""
