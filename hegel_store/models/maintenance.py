"""What maintenance is allowed to do, and what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_integer, check_number

Status = Literal["done", "due", "nothing due", "stopped", "put off", "failed"]
LONGEST = timedelta(days=36_500)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceRules:
    """How long things are kept, and when an index counts as bloated.

    ``months_ahead`` months of steps are made before they begin (0 to 11). Deleted facts are removed
    for good ``purge_after`` they were deleted, and months of steps archived to the folder
    ``archive_to`` when they are older than ``archive_after`` months; None for never. Queries not
    asked, and cached vectors not used, for as long as ``queries_after`` and ``vectors_after`` are
    forgotten, and vectors beyond ``vectors``. Claims of evaluations are given back
    ``leases_after`` their lease ran out. An index of at least ``reindex_from`` bytes is rebuilt
    when it is ``reindex_ratio`` times as large as a fresh one would be. ``batch`` rows (1 to 1000)
    are changed in a transaction.

    Raises InvalidInput, naming the field.
    """

    months_ahead: int = 2
    purge_after: timedelta | None = None
    archive_after: int | None = None
    archive_to: Path | None = None
    queries_after: timedelta | None = timedelta(days=90)
    vectors_after: timedelta | None = timedelta(days=90)
    vectors: int | None = None
    leases_after: timedelta = timedelta(hours=1)
    reindex_ratio: float = 2.0
    reindex_from: int = 16 * 2**20
    batch: int = 1000

    def __post_init__(self) -> None:
        check_integer("months_ahead", self.months_ahead, maximum=11)
        for name in ("purge_after", "queries_after", "vectors_after", "leases_after"):
            span = getattr(self, name)
            if span is None and name != "leases_after":
                continue
            if not isinstance(span, timedelta):
                raise InvalidInput(name, f"must be a timedelta, not {type(span).__name__}")
            if not timedelta(0) <= span <= LONGEST:
                raise InvalidInput(name, f"must not be negative, and at most 100 years: {span}")
        if (self.archive_after is None) != (self.archive_to is None):
            raise InvalidInput("archive_to", "goes together with archive_after")
        if self.archive_after is not None:
            check_integer("archive_after", self.archive_after, maximum=12_000)
        if self.vectors is not None:
            check_integer("vectors", self.vectors)
        if check_number("reindex_ratio", self.reindex_ratio) < 1.1:
            raise InvalidInput("reindex_ratio", "must be at least 1.1: no index is built exactly")
        check_integer("reindex_from", self.reindex_from, maximum=2**60)
        check_integer("batch", self.batch, minimum=1, maximum=1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReport:
    """What became of a task: why it was done or not, and what it did, a sentence each.

    "due" is what a dry run says of it. "stopped": its time was up, and the next run goes on. "put
    off": the same, and its time went by while an evaluation ran.
    """

    task: str
    status: Status
    why: str
    did: Sequence[str]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceReport:
    """``is_busy`` says that another process was at it, so that nothing was looked at."""

    tasks: Sequence[TaskReport]
    is_busy: bool
    seconds: float

    @property
    def failed(self) -> bool:
        return any(task.status == "failed" for task in self.tasks)
