"""Trials: one profile's answers to some questions, and their way into the step log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from hegel_store.demo.agent import Agent, Answer
from hegel_store.demo.genes import Profile
from hegel_store.demo.progress import Progress
from hegel_store.demo.questions import Question
from hegel_store.models import NewStep, PromptProfile
from hegel_store.models.steps import StepType
from hegel_store.store import Store


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


class Logbook:
    """Writes trials of one run as steps, each trial in one transaction."""

    def __init__(self, store: Store, corpus_id: str, task_type: str, run_id: str) -> None:
        self._store = store
        self._corpus_id = corpus_id
        self._task_type = task_type
        self._run_id = run_id

    def write(
        self,
        trial: Trial,
        old: PromptProfile,
        new: PromptProfile | None = None,
        *,
        step_type: StepType,
        strategy: str | None = None,
        metrics: Mapping[str, Any] | None = None,
    ) -> None:
        """Log one step per question.

        ``old`` answered, or is what the answering proposal was made from; ``new`` is the proposal
        when it was kept. A rejected proposal has no id: ``metrics`` says what it changed.
        """
        self._store.steps.log_many(
            NewStep(
                corpus_id=self._corpus_id,
                task_type=self._task_type,
                old_profile_id=old.id,
                new_profile_id=None if new is None else new.id,
                query=question.text,
                predicted_answer=answer.ranking[0] if answer.ranking else "",
                gold_answer=question.gold,
                reward=answer.reward(question.gold),
                metrics=metrics or {},
                debate_trace=answer.trace,
                step_type=step_type,
                optimization_strategy=strategy,
                processing_time_ms=answer.milliseconds,
                run_id=self._run_id,
            )
            for question, answer in zip(trial.questions, trial.answers, strict=True)
        )
