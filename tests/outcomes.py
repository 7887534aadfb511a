"""Steps with rewards as loops give them, and what they add up to in plain Python."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from hegel_store.models import NewStep, RewardSummary
from hegel_store.models.confidence import mean_interval
from hegel_store.store import Store
from tests.samples import MAY

PROPERTY = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
FIRST, SECOND = 0, 1
"""Positions of the profiles that logged() makes."""

# Scores as loops give them, often the same ones, and floats as they come.
scores = st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5, 1.0, -1.0]) | st.floats(-1e6, 1e6)
outcomes = st.lists(
    st.fixed_dictionaries(
        {
            "profile": st.sampled_from([FIRST, FIRST, SECOND, SECOND, 2]),
            "query": st.sampled_from(["a", "A", "", "🦔"]),
            "task_type": st.sampled_from(["qa", "summarise"]),
            "step_type": st.sampled_from(["training", "evaluation"]),
            "reward": st.none() | scores,
            "created_at": st.integers(0, 8).map(lambda n: MAY + n * timedelta(hours=9)),
        }
    ),
    max_size=40,
)


def logged(store: Store, rows: Sequence[dict[str, Any]]) -> tuple[str, list[UUID], list[NewStep]]:
    """A corpus of its own with these steps, and its profiles."""
    corpus = f"corpus {uuid4()}"
    profiles = [store.profiles.append(corpus, "qa", {"n": n}).id for n in range(3)]
    steps = [
        NewStep(
            id=uuid4(),  # which says nothing of the time
            corpus_id=corpus,
            predicted_answer="",
            old_profile_id=profiles[row["profile"]],
            **{name: value for name, value in row.items() if name != "profile"},
        )
        for row in rows
    ]
    store.steps.log_many(steps)
    return corpus, profiles, steps


def near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-6)


def require_totals(summary: RewardSummary, steps: Sequence[NewStep], confidence: float) -> None:
    """The summary is that of these steps."""
    rewards = [step.reward for step in steps if step.reward is not None]
    mean = statistics.fmean(rewards) if rewards else None
    spread = statistics.stdev(rewards) if len(rewards) > 1 else None
    assert (summary.steps, summary.rewards) == (len(steps), len(rewards))
    assert summary.average_reward == near(mean)
    assert summary.standard_deviation == near(spread)
    interval = mean_interval(mean, spread, len(rewards), confidence)
    if interval is None:
        assert summary.interval is None
    else:
        found = summary.interval
        assert (found.low, found.high) == (near(interval.low), near(interval.high))
        assert found.confidence == confidence


def means(steps: Sequence[NewStep], profile: UUID) -> dict[tuple[str, str], Fraction]:
    """The mean reward of each query that a profile answered, exactly."""
    rewards = defaultdict(list)
    for step in steps:
        if step.old_profile_id == profile and step.reward is not None:
            rewards[step.task_type, step.query].append(Fraction(f"{step.reward:.15g}"))
    return {query: sum(given) / len(given) for query, given in rewards.items()}
