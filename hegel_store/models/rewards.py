"""What rewards add up to: summaries, comparisons of two profiles, moving averages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from hegel_store.models.confidence import ConfidenceInterval

Grouping = Literal["corpus", "task_type", "day", "profile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardSummary:
    """Average reward of a group of steps; ``average_reward`` is None when none has a reward.

    ``steps`` counts all of them, ``rewards`` those with a reward. ``standard_deviation`` is that of
    a sample (n - 1), and it and ``interval``, of the average, are None for fewer than two rewards.
    ``day`` is one of UTC, ``profile_id`` the profile that answered. What the steps were not grouped
    by is None; so is what comes after ``steps`` in a summary that was asked for without groups.
    """

    corpus_id: str | None
    task_type: str | None
    average_reward: float | None
    steps: int
    rewards: int | None = None
    standard_deviation: float | None = None
    interval: ConfidenceInterval | None = None
    day: date | None = None
    profile_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileComparison:
    """Two profiles on the queries that both answered, and each on all that it answered.

    ``pairs`` are the queries with a reward of both. Of a pair counts the mean reward of each
    profile. ``mean_difference`` is that of the second less the first, so above 0 the second is
    better; None without pairs. ``standard_deviation`` and ``interval`` are those of the
    differences, None for fewer than two pairs. ``wins`` are pairs that the second did better in,
    ``losses`` those it did worse in, ``ties`` the rest.
    """

    first: RewardSummary
    second: RewardSummary
    pairs: int
    wins: int
    ties: int
    losses: int
    mean_difference: float | None
    standard_deviation: float | None
    interval: ConfidenceInterval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardPoint:
    """One step's reward, and the mean of the last ones up to it.

    ``averaged`` is of how many rewards ``average`` is the mean: fewer than the window at the
    beginning, and 0, with an ``average`` of None, before the first one.
    """

    created_at: datetime
    step_id: UUID
    reward: float | None
    average: float | None
    averaged: int
