"""Runs of optimisers: how they stand, what they may spend, what they keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

Direction = Literal["maximize", "minimize"]
RunStatus = Literal["created", "running", "stopped", "finished", "failed"]

MAX_STATE_BYTES = 256 * 1024 * 1024
"""One saved state, as it is given: it goes to the server in one piece, and is compressed there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of an optimiser.

    ``objectives`` maps the name of each to "maximize" or "minimize". ``evaluations_allowed`` is its
    budget, None for one without. ``evaluations_spent`` are the evaluations that are stored, those
    that are claimed, and ``evaluations_unstored``: failures, and what spend() counted.
    ``heartbeat_age`` is how long ago the run was last heard of when this was read, by the server's
    clock. ``state_version`` is 0 while no state was saved. ``reason`` is why it ended.
    """

    corpus_id: str
    run_id: str
    task_type: str
    optimiser: str
    configuration: Mapping[str, Any]
    objectives: Mapping[str, Direction]
    status: RunStatus
    reason: str | None
    evaluations_allowed: int | None
    evaluations_spent: int
    evaluations_unstored: int
    heartbeat_at: datetime
    heartbeat_age: timedelta
    state_version: int
    created_at: datetime
    updated_at: datetime

    @property
    def evaluations_left(self) -> int | None:
        """How many evaluations may still be claimed, None without a budget."""
        if self.evaluations_allowed is None:
            return None
        return self.evaluations_allowed - self.evaluations_spent


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """What an optimiser saved last: its own bytes, counted 1, 2, 3 ... by ``version``."""

    version: int
    state: bytes
    saved_at: datetime
