"""What the rewards of training steps add up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from hegel_store.database import Executor, translated
from hegel_store.errors import InvalidInput
from hegel_store.models import ProfileComparison, RewardPoint, RewardSummary
from hegel_store.models.checks import (
    check_choice,
    check_id,
    check_integer,
    check_moment,
    check_name,
)
from hegel_store.models.confidence import check_confidence, mean_interval
from hegel_store.models.rewards import Grouping
from hegel_store.models.steps import StepType
from hegel_store.repositories import step_analysis_statements as statements
from hegel_store.repositories.step_rollup_statements import reward_summary

LONGEST_WINDOW = 1_000_000

TOTALS = ("average_reward", "steps", "rewards", "standard_deviation")


class StepAnalysis:
    """The reckoning half of StepRepository.

    A step without a reward counts as a step, and in no average. Times are ``since`` inclusive and
    ``until`` exclusive. Each call is one statement, that is one state of the log. Rewards are added
    up as decimals, of their first 15 digits; in a comparison, squares that do not fit a 64-bit
    float (of rewards beyond some 1e150) are a DatabaseError.
    """

    _session: Executor

    def reward_summary(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        corpus_id: str | None = None,
        task_type: str | None = None,
        step_type: StepType | None = None,
        by: Sequence[Grouping] | None = None,
        confidence: float = 0.95,
    ) -> Sequence[RewardSummary]:
        """Average reward and number of steps per scope, or per group.

        ``by`` names what to group and sort by, in this order: "corpus", "task_type", "day" (of UTC,
        by created_at) and "profile" (that answered; being one of its corpus, it brings the corpus
        along). With none of them, ``by=()``, there is one row for all steps. Grouped rows have the
        number of rewards, their standard deviation and a confidence interval of their mean, by
        Student's t distribution (hegel_store.models.confidence.mean_interval); without ``by``
        these fields are None.
        """
        groups = ("corpus", "task_type") if by is None else _groups(by)
        scope = _checked(since, until, corpus_id, task_type, step_type)
        check_confidence("confidence", confidence)
        with translated():
            rows = self._session.execute(reward_summary(groups), scope).all()
        if by is not None:
            return [_summary(row._asdict(), confidence) for row in rows]
        return [
            RewardSummary(
                corpus_id=row.corpus_id,
                task_type=row.task_type,
                average_reward=row.average_reward,
                steps=row.steps,
            )
            for row in rows
        ]

    def compare(
        self,
        corpus_id: str,
        first_profile_id: UUID,
        second_profile_id: UUID,
        *,
        task_type: str | None = None,
        step_type: StepType | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        confidence: float = 0.95,
    ) -> ProfileComparison:
        """Two profiles by what they were rewarded with, query by query.

        A query (of the same text and task type) that both answered with a reward is a pair, of the
        mean reward of each. The interval of the mean difference is that of the paired t test (NIST/
        SEMATECH e-Handbook of Statistical Methods, section 7.3.1.1): with queries that differ in
        how hard they are, it is far narrower than what the unpaired means tell, which are there
        also when nothing is paired. Rewards are compared to their first 15 digits. Means are equal
        (a tie) when they are so as decimal fractions.
        """
        first = check_id("first_profile_id", first_profile_id)
        second = check_id("second_profile_id", second_profile_id)
        if first == second:
            raise InvalidInput("second_profile_id", "must be another one than first_profile_id")
        check_name("corpus_id", corpus_id)
        scope = _checked(since, until, corpus_id, task_type, step_type)
        check_confidence("confidence", confidence)
        with translated():
            row = self._session.execute(statements.compare(first, second, **scope)).one()
        values = row._asdict()

        def totals(name: str, profile_id: UUID) -> RewardSummary:
            group = {"corpus_id": corpus_id, "task_type": task_type, "profile_id": profile_id}
            own = {total: values[f"{name}_{total}"] for total in TOTALS}
            return _summary(group | own, confidence)

        return ProfileComparison(
            first=totals("first", first),
            second=totals("second", second),
            pairs=row.pairs,
            wins=row.wins,
            ties=row.ties,
            losses=row.losses,
            mean_difference=row.mean_difference,
            standard_deviation=row.standard_deviation,
            interval=mean_interval(
                row.mean_difference, row.standard_deviation, row.pairs, confidence
            ),
        )

    def moving_average(
        self,
        corpus_id: str,
        task_type: str,
        *,
        window: int = 50,
        step_type: StepType | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[RewardPoint]:
        """The scope's steps in order of time, each with the mean of the last ``window`` rewards.

        The step's own reward is the last of them. A step without a reward has the mean of those
        before it. Only the steps between the times are looked at: the window begins to fill at
        ``since``. Equal times are ordered by id. Means are of the first 15 digits of each reward.
        """
        check_name("corpus_id", corpus_id)
        check_name("task_type", task_type)
        check_integer("window", window, minimum=1, maximum=LONGEST_WINDOW)
        scope = _checked(since, until, corpus_id, task_type, step_type)
        with translated():
            rows = self._session.execute(statements.moving_average(window=window, **scope)).all()
        return [RewardPoint(**row._mapping) for row in rows]


def _checked(
    since: datetime | None,
    until: datetime | None,
    corpus_id: str | None,
    task_type: str | None,
    step_type: StepType | None,
) -> dict[str, Any]:
    """The arguments that say which steps count, or InvalidInput naming one."""
    if since is not None:
        check_moment("since", since)
    if until is not None:
        check_moment("until", until)
    if corpus_id is not None:
        check_name("corpus_id", corpus_id)
    if task_type is not None:
        check_name("task_type", task_type)
    if step_type is not None:
        check_choice("step_type", step_type, get_args(StepType))
    return {
        "since": since,
        "until": until,
        "corpus_id": corpus_id,
        "task_type": task_type,
        "step_type": step_type,
    }


def _groups(by: Sequence[Grouping]) -> tuple[Grouping, ...]:
    if isinstance(by, str) or not isinstance(by, Sequence):
        raise InvalidInput("by", f"must be a list of names, not {by!r:.80}")
    for position, name in enumerate(by):
        check_choice(f"by[{position}]", name, get_args(Grouping))
    return tuple(by)


def _summary(row: dict[str, Any], confidence: float) -> RewardSummary:
    """A row of reward_summary(), whichever of the groups it has."""
    return RewardSummary(
        corpus_id=row.get("corpus_id"),
        task_type=row.get("task_type"),
        day=row.get("day"),
        profile_id=row.get("profile_id"),
        average_reward=row["average_reward"],
        steps=row["steps"],
        rewards=row["rewards"],
        standard_deviation=row["standard_deviation"],
        interval=mean_interval(
            row["average_reward"], row["standard_deviation"], row["rewards"], confidence
        ),
    )
