"""Which steps are meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hegel_store.models.checks import check_moment, check_name


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFilter:
    """Steps of a corpus, a task type and a run, in ``since`` <= created_at < ``until``.

    None means all of them. Raises InvalidInput, naming the field.
    """

    corpus_id: str | None = None
    task_type: str | None = None
    run_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("corpus_id", "task_type", "run_id"):
            if getattr(self, name) is not None:
                check_name(name, getattr(self, name))
        for name in ("since", "until"):
            if getattr(self, name) is not None:
                check_moment(name, getattr(self, name))
