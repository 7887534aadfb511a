"""Which facts a step was shown, and how the steps went that were shown them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """A fact that a step was shown.

    ``profile_id`` is the profile that answered the step. ``rank`` counts from 1; ``score`` is the
    one that the search ordered by, and comparable within one search only.
    """

    corpus_id: str
    step_id: UUID
    step_created_at: datetime
    profile_id: UUID
    fact_id: UUID
    rank: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FactReward:
    """How the steps went that were shown a fact.

    ``shown`` counts the steps that were shown it, ``rewarded_steps`` those of them that have a
    reward. ``mean_reward`` is the mean over the latter, ``difference`` that minus the mean of the
    corpus over the same time; both are None when there are none.
    """

    corpus_id: str
    fact_id: UUID
    shown: int
    rewarded_steps: int
    mean_reward: float | None
    difference: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryReward:
    """How the steps went that were shown facts of a category.

    ``shown`` counts facts as often as they were shown. A step that was shown several facts of the
    category is one step in ``rewarded_steps`` and in ``mean_reward``. The rest is as in FactReward.
    """

    corpus_id: str
    category: str
    shown: int
    rewarded_steps: int
    mean_reward: float | None
    difference: float | None
