"""A change that is taken back by itself when it makes searches worse.

::

    report = guarded(baselines, "production", change, revert)

``change`` and ``revert`` are called without arguments: a setting and the one before, an index and
the former one, a cut-over and its rollback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from hegel_store.models.baselines import Finding, GuardReport, RedLine, worst
from hegel_store.models.checks import check_choice, check_integer
from hegel_store.operations.baselines.comparing import compared
from hegel_store.operations.baselines.measuring import Measurement
from hegel_store.operations.baselines.recording import (
    FIRST_BLOCKS,
    MOST_BLOCKS,
    RECORDED_BLOCKS,
    Baselines,
    is_told,
)


def guarded(
    baselines: Baselines,
    name: str,
    change: Callable[[], object],
    revert: Callable[[], object],
    *,
    red_line: RedLine | None = None,
    when_unsure: Literal["keep", "revert"] = "keep",
    turns: int = 1,
    most_blocks: int = MOST_BLOCKS,
) -> GuardReport:
    """Measure the queries of a baseline, make the change, measure again, and revert on a breach.

    What is compared is before and after, and not the day of the record: a change is not blamed for
    what was so already. ``turns`` above 1 are for a change that is quickly made and taken back, as
    a setting is: before and after are measured in turns then, so that a machine which slows down
    meanwhile slows both. ``when_unsure`` says what becomes of a change that cannot be told from
    noise after ``most_blocks`` (3..100) on either side.

    An exception of ``change`` or of the measuring is raised again after ``revert``, which therefore
    has to bear being called after half a change. Raises NotFound for the baseline, before anything
    is changed. A process that is killed leaves the change as it is: check() tells then.
    """
    line = RedLine() if red_line is None else red_line
    check_choice("when_unsure", when_unsure, ("keep", "revert"))
    check_integer("turns", turns, minimum=1, maximum=10)
    check_integer("most_blocks", most_blocks, minimum=3, maximum=100)
    measuring = baselines.measuring(baselines.get(name))
    first = min(FIRST_BLOCKS, most_blocks)
    # More of these, as none can be added once the change is made.
    before = measuring.blocks(min(RECORDED_BLOCKS, most_blocks))
    try:
        change()
        after = measuring.blocks(first)
        for _ in range(turns - 1):
            revert()
            before += measuring.blocks(first)
            change()
            after += measuring.blocks(first)
        findings = _compared(before, after, line)
        while not is_told(findings) and len(after.ratios) < most_blocks * turns:
            left = most_blocks * turns - len(after.ratios)
            after += measuring.blocks(min(len(after.ratios), left))
            findings = _compared(before, after, line)
        verdict = worst(findings)
        reverted = verdict == "breach" or (verdict == "unsure" and when_unsure == "revert")
    except BaseException:
        revert()
        raise
    if reverted:
        revert()
    return GuardReport(name=name, findings=findings, reverted=reverted, blocks=len(after.ratios))


def _compared(before: Measurement, after: Measurement, line: RedLine) -> Sequence[Finding]:
    return compared(before.qualities, after.qualities, before.ratios, after.ratios, line)
