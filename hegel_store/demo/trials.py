"""Trials: one profile's answers to some questions, and their way into the step log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from hegel_store.demo.agent import Agent, Answer
from hegel_store.demo.genes import Profile
from hegel_store.demo.progress import Progress
from hegel_store.demo.questions import Question
from hegel_store.models import NewStep, PromptProfile
from hegel_store.models.steps import StepType


@dataclass(frozen=True, slots=True)
class Trial:
    """One profile's answers, in the order of the questions."""

    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]

    def __add__(self, other: Trial) -> Trial:
        return Trial(self.questions + other.questions, self.answers + other.answers)

    @property
    def rewards(self) -> list[float]:
        """Reciprocal rank of each gold answer within the first ten, else 0.0."""
        return [
            answer.reward(question.gold)
            for question, answer in zip(self.questions, self.answers, strict=True)
        ]

    @property
    def mean(self) -> float:
        """Mean reciprocal rank, 0.0 for no questions."""
        return fmean(self.rewards) if self.questions else 0.0

    @property
    def by_gold(self) -> dict[str, float]:
        """Rewards by gold answer; an object is asked about once."""
        golds = (question.gold for question in self.questions)
        return dict(zip(golds, self.rewards, strict=True))


def attempt(
    agent: Agent, profile: Profile, questions: Sequence[Question], progress: Progress
) -> Trial:
    """Let the agent answer every question under ``profile``."""
    answers = []
    for answer in agent.answer(profile, [question.text for question in questions]):
        answers.append(answer)
        progress.advance(1)
    return Trial(tuple(questions), tuple(answers))


def steps_of(
    trial: Trial,
    answering: PromptProfile,
    *,
    run_id: str,
    step_type: StepType,
    kept_as: PromptProfile | None = None,
    strategy: str | None = None,
    metrics: Mapping[str, Any] | None = None,
) -> Iterator[NewStep]:
    """One step per question, in the scope of the profile that answered.

    ``kept_as`` is the version that an answering proposal became, None when it was rejected or
    was no proposal.
    """
    for question, answer in zip(trial.questions, trial.answers, strict=True):
        yield NewStep(
            corpus_id=answering.corpus_id,
            task_type=answering.task_type,
            old_profile_id=answering.id,
            new_profile_id=None if kept_as is None else kept_as.id,
            query=question.text,
            predicted_answer=answer.ranking[0] if answer.ranking else "",
            gold_answer=question.gold,
            reward=answer.reward(question.gold),
            metrics=metrics or {},
            debate_trace=answer.trace,
            step_type=step_type,
            optimization_strategy=strategy,
            processing_time_ms=answer.milliseconds,
            run_id=run_id,
        )
