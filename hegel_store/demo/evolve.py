"""The loop: propose changed profiles, try them, keep the better ones, and remember everything.

A proposal is a mutation of one profile or a crossover of two, chosen from the fittest of the
population. It first answers a mini-batch of training questions; one that does no better there than
the profile it comes from is rejected. The others answer all training questions, and join the
population if they beat that profile there as well.

Every answer is logged as a step of the profile that gave it. So every proposal is stored, in a
scope of its own, where it is not mistaken for a version: the versions of the run's scope are the
proposals that were kept. A proposal's steps name the version that it became, if it became one.

The test has no say in any choice. Fitness is the mean reward over the training questions, and
chance favours whatever leads a long contest; so the leaders answer validation questions, by which
none of them was selected, and the first profile stays unless one of them beats it there.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any
from uuid import UUID

from hegel_store.demo.agent import Agent
from hegel_store.demo.genes import Profile, changes, crossed, fingerprint, genes, mutated
from hegel_store.demo.progress import Progress
from hegel_store.demo.questions import Question, QuestionSet
from hegel_store.demo.trials import Trial, attempt, steps_of
from hegel_store.models import PromptProfile
from hegel_store.models.steps import StepType
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork

CROSSOVER_SHARE = 0.35
REDRAWS = 50  # attempts to propose something that was not tried before


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long to search, and where the run's rows go. Equal plans give equal results."""

    corpus_id: str
    run_id: str  # marks the run's steps and names its population
    task_type: str = "qa"
    seed: int = 7
    generations: int = 6
    proposals: int = 6  # per generation
    parents: int = 4  # the fittest, which a generation comes from
    batch: int = 150  # training questions that decide whether a proposal is worth more
    finalists: int = 3  # leaders that answer the validation questions

    @property
    def proposals_scope(self) -> str:
        """The task type under which proposals are stored."""
        return f"{self.task_type}-proposals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run found. Rewards are per test question, in one order for both profiles."""

    plan: Plan
    first: PromptProfile
    best: PromptProfile  # the first itself when nothing better was found
    first_rewards: Sequence[float]
    best_rewards: Sequence[float]
    validation: Mapping[int, float]  # mean reward by version: the first and the finalists
    proposed: int
    accepted: int


@dataclass(frozen=True, slots=True)
class Member:
    """A profile of the population, with its reward on every training question by gold answer."""

    profile: PromptProfile
    rewards: Mapping[str, float]


class Evolution:
    """One run over one corpus, whose facts are stored already."""

    def __init__(
        self, store: Store, agent: Agent, plan: Plan, progress: Progress | None = None
    ) -> None:
        self._store = store
        self._agent = agent
        self._plan = plan
        self._progress = progress or Progress()
        self._random = random.Random(plan.seed)
        self._genes = genes(vectors=agent.has_vectors)
        self._members: dict[UUID, Member] = {}
        self._tried: set[str] = set()
        self._proposed = 0

    def run(self, first: Profile, questions: QuestionSet) -> Outcome:
        """Search from ``first`` on, choose by validation, and measure on the test questions."""
        plan = self._plan
        self._tried.add(fingerprint(first))
        self._progress.begin("first profile, training", len(questions.training))
        trial = self._attempt(first, questions.training)
        with self._store.begin() as work:
            root = work.profiles.append(
                plan.corpus_id, plan.task_type, first, metadata={"run": plan.run_id}
            )
            work.steps.log_many(steps_of(trial, root, run_id=plan.run_id, step_type="training"))
            self._join(work, root, trial, generation=1)
        self._members[root.id] = Member(root, trial.by_gold)
        training = list(questions.training)
        for generation in range(2, plan.generations + 2):
            # One order per generation: its proposals meet the same mini-batch, and the next
            # generation another, so that nothing is bred to fit one sample.
            self._random.shuffle(training)
            self._breed(generation, training)
        best, validation = self._choose(root, questions.validation)
        first_rewards = self._measure(root, questions.evaluation)
        return Outcome(
            plan=plan,
            first=root,
            best=best,
            first_rewards=first_rewards,
            best_rewards=(
                first_rewards if best is root else self._measure(best, questions.evaluation)
            ),
            validation=validation,
            proposed=self._proposed,
            accepted=len(self._members) - 1,
        )

    def _breed(self, generation: int, training: Sequence[Question]) -> None:
        """Try a generation of proposals made from the profiles that are fittest at its start."""
        parents = self._fittest(self._plan.parents)
        total = self._plan.proposals * len(training)
        self._progress.begin(f"generation {generation - 1}", total)
        for _ in range(self._plan.proposals):
            drawn = self._draw(parents)
            if drawn is None:
                self._progress.advance(len(training))
                continue
            self._proposed += 1
            profile, origins, strategy = drawn
            self._try(profile, origins, strategy, generation, training)

    def _draw(self, parents: Sequence[Member]) -> tuple[Profile, list[Member], str] | None:
        """A profile not tried before, its parents (the fitter one first) and how it was made."""
        for _ in range(REDRAWS):
            crossing = len(parents) > 1 and self._random.random() < CROSSOVER_SHARE
            if crossing:
                first, second = sorted(self._random.sample(range(len(parents)), 2))
                origins = [parents[first], parents[second]]
                profile = crossed(
                    origins[0].profile.profile,
                    origins[1].profile.profile,
                    self._genes,
                    self._random,
                )
            else:
                # The better of two draws: fitter parents have more children.
                origins = [parents[min(self._random.choices(range(len(parents)), k=2))]]
                profile = mutated(origins[0].profile.profile, self._genes, self._random)
            if fingerprint(profile) not in self._tried:
                self._tried.add(fingerprint(profile))
                return profile, origins, "crossover" if crossing else "mutation"
        return None

    def _try(
        self,
        profile: Profile,
        origins: Sequence[Member],
        strategy: str,
        generation: int,
        training: Sequence[Question],
    ) -> None:
        """Let a proposal answer, and keep or reject it. Its steps are logged either way.

        All of it is written in one transaction, after the answering: a run that is broken off
        leaves no version without its steps or its fitness.
        """
        plan = self._plan
        parent = origins[0]
        batch, rest = training[: plan.batch], training[plan.batch :]
        trial = self._attempt(profile, batch)
        if beats(trial, parent):
            trial = trial + self._attempt(profile, rest)
        else:
            self._progress.advance(len(rest))
        kept = len(trial.questions) == len(training) and beats(trial, parent)
        made: dict[str, Any] = {
            "base": parent.profile,
            "parents": [member.profile for member in origins[1:]],
            "metadata": {"run": plan.run_id, "strategy": strategy},
        }
        child = None
        with self._store.begin() as work:
            proposal = work.profiles.append(plan.corpus_id, plan.proposals_scope, profile, **made)
            if kept:
                child = work.profiles.append(plan.corpus_id, plan.task_type, profile, **made)
                self._join(work, child, trial, generation)
            work.steps.log_many(
                steps_of(
                    trial,
                    proposal,
                    run_id=plan.run_id,
                    step_type="training",
                    kept_as=child,
                    strategy=strategy,
                    metrics={"changes": changes(parent.profile.profile, profile)},
                )
            )
        if child is not None:
            self._members[child.id] = Member(child, trial.by_gold)

    def _join(
        self, work: UnitOfWork, profile: PromptProfile, trial: Trial, generation: int
    ) -> None:
        """Make a profile that answered every training question a member, with its fitness."""
        work.populations.add(
            self._plan.corpus_id,
            self._plan.task_type,
            profile.id,
            fitness=trial.mean,
            population=self._plan.run_id,
            generation=generation,
        )

    def _fittest(self, limit: int) -> list[Member]:
        plan = self._plan
        fittest = self._store.populations.fittest(
            plan.corpus_id, plan.task_type, limit=limit, population=plan.run_id
        )
        return [self._members[member.profile_id] for member in fittest]

    def _choose(
        self, root: PromptProfile, questions: Sequence[Question]
    ) -> tuple[PromptProfile, dict[int, float]]:
        """The finalist that does best on ``questions``; the first profile wins every tie."""
        leaders = [member.profile for member in self._fittest(self._plan.finalists)]
        contestants = [root, *(leader for leader in leaders if leader.id != root.id)]
        self._progress.begin("validation of the leaders", len(contestants) * len(questions))
        means = {}
        for contestant in contestants:
            trial = self._attempt(contestant.profile, questions)
            self._log(trial, contestant, "validation")
            means[contestant.version] = trial.mean
        return max(contestants, key=lambda profile: means[profile.version]), means

    def _measure(self, profile: PromptProfile, questions: Sequence[Question]) -> list[float]:
        self._progress.begin(f"test of version {profile.version}", len(questions))
        trial = self._attempt(profile.profile, questions)
        self._log(trial, profile, "evaluation")
        return trial.rewards

    def _log(self, trial: Trial, profile: PromptProfile, step_type: StepType) -> None:
        steps = steps_of(trial, profile, run_id=self._plan.run_id, step_type=step_type)
        self._store.steps.log_many(steps)

    def _attempt(self, profile: Profile, questions: Sequence[Question]) -> Trial:
        return attempt(self._agent, profile, questions, self._progress)


def beats(trial: Trial, parent: Member) -> bool:
    """Whether the trial's mean reward is above the parent's on the same questions."""
    return trial.mean > fmean(parent.rewards[question.gold] for question in trial.questions)
