"""Training steps in any number, each a function of the seed and of its own number.

So a run can be broken off and repeated, and a longer run holds every step of a shorter one. The
first steps (as many as there are versions with a parent) are those that a new version came from;
the others change no profile, as most steps of a real loop do not.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from hegel_store.models.checks import check_integer
from hegel_store.models.identifiers import uuid7
from hegel_store.models.steps import NewStep, StepType
from hegel_store.seeding.data import Scope, SeedData, SeedFact, SeedQuestion, SeedScope, SeedVersion
from hegel_store.seeding.debates import Answered, Outcome, answer_text, debate_trace
from hegel_store.seeding.timeline import Calendar, spread

MAXIMUM_STEPS = 100_000_000
STRATEGIES = ("reflection", "reflection", "mutation", "merge")
STEP_TYPES: Sequence[StepType] = ("training", "evaluation", "validation")
STEP_TYPE_WEIGHTS = (80, 12, 8)
QUOTABLE = 9
"""How many facts a worker has before it, of which it quotes a few."""
UNSCORED = 0.06
"""Share of steps without a reward: no gold answer, or a grader that failed."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step before it is written out: which, when (a share of the window), with what change."""

    share: float
    number: int
    scope: SeedScope | None = None
    created: SeedVersion | None = None


class StepGenerator:
    """Makes the steps of one calendar and its seed.

    ``profile_ids`` holds the stored profiles of each scope, by version, oldest first.
    """

    def __init__(
        self,
        data: SeedData,
        profile_ids: Mapping[Scope, Sequence[UUID]],
        calendar: Calendar,
    ) -> None:
        self._data = data
        self._profile_ids = profile_ids
        self._calendar = calendar
        self._seed = calendar.seed
        self._changes = [
            (first_share(scope, version), scope, version)
            for scope in data.scopes
            for version in scope.versions
            if version.parents
        ]
        self._answers = {
            (corpus_id, task_type): [
                (question, fitting_facts(question, data.facts[corpus_id]))
                for question in questions.pairs
            ]
            for (corpus_id, task_type), questions in data.questions.items()
        }

    def generate(self, count: int) -> Iterator[NewStep]:
        """``count`` steps, nearly ordered by time, one at a time: memory does not grow.

        Raises InvalidInput for a count that is negative or above MAXIMUM_STEPS.
        """
        check_integer("steps", count, maximum=MAXIMUM_STEPS)
        changes = sorted(
            (
                PlannedStep(share, number, scope, version)
                for number, (share, scope, version) in enumerate(self._changes[:count])
            ),
            key=_share,
        )
        first = len(self._changes)
        others = (
            PlannedStep(share, first + number) for share, number in spread(max(count - first, 0))
        )
        return map(self._step, heapq.merge(changes, others, key=_share))

    def _step(self, planned: PlannedStep) -> NewStep:
        random = Random(f"{self._seed}/step/{planned.number}")
        created = planned.created
        scope = planned.scope or random.choice(self._data.scopes)
        step_type: StepType = "training"
        if created is None:
            step_type = random.choices(STEP_TYPES, STEP_TYPE_WEIGHTS)[0]
            version = self._version(scope, planned.share, step_type, random)
        else:
            version = scope.versions[created.parents[0] - 1]
        moment = self._moment(planned.share, random)
        questions = self._data.questions[scope.key]
        answered = Answered(
            *random.choice(self._answers[scope.key]),
            _outcome(version.fitness, random),
            min(1 + int(random.expovariate(0.9)), 4),
        )
        slots = {"number": random.randint(1_000, 99_999)}
        query = (
            random.choice(questions.openings).format(**slots)
            + answered.question.query
            + random.choice(questions.closings).format(**slots)
        )
        change = created.change if created else None
        trace = debate_trace(answered, version, self._data.debates, random, change)
        # Only a training question may lack its gold answer: the other sets were made to be graded.
        has_gold = step_type != "training" or random.random() >= UNSCORED / 2
        scored = has_gold and random.random() >= UNSCORED / 2
        reward = _reward(answered.outcome, random)
        ids = self._profile_ids[scope.key]
        return NewStep(
            corpus_id=scope.corpus_id,
            task_type=scope.task_type,
            old_profile_id=ids[version.version - 1],
            new_profile_id=ids[created.version - 1] if created else None,
            query=query,
            predicted_answer=answer_text(answered.question, answered.outcome),
            gold_answer=answered.question.gold if has_gold else None,
            reward=reward if scored else None,
            metrics=_metrics(answered, version, trace, random),
            debate_trace=trace,
            step_type=step_type,
            optimization_strategy=_strategy(step_type, created, random),
            processing_time_ms=round(random.lognormvariate(7.4, 0.5) * answered.rounds),
            run_id=_run(scope, step_type, moment),
            id=_identifier(moment, random),
            created_at=moment,
        )

    def _version(
        self, scope: SeedScope, share: float, step_type: StepType, random: Random
    ) -> SeedVersion:
        """The version that answered: mostly the best there was, in training also others."""
        there = [each for each in scope.versions if first_share(scope, each) <= share]
        if step_type == "training" and random.random() < 0.3:
            return random.choice(there)
        return max(there, key=lambda each: each.fitness)

    def _moment(self, share: float, random: Random) -> datetime:
        # The places of a short run are a regular grid; up to four seconds hide it.
        moment = self._calendar.moment(share) + timedelta(microseconds=random.randrange(4_000_000))
        return min(moment, self._calendar.end - timedelta(microseconds=1))


def first_share(scope: SeedScope, version: SeedVersion) -> float:
    """The share of the window at which a version appears: evenly, the first at the start."""
    return (version.version - 1) / len(scope.versions)


def fitting_facts(question: SeedQuestion, facts: Sequence[SeedFact]) -> Sequence[SeedFact]:
    """The facts that share most words with a question and its gold answer, best first."""
    words = _words(f"{question.query} {question.gold}")
    # Long facts share more words with anything: divide by the root of their number of words.
    ranked = sorted(
        facts,
        key=lambda fact: len(words & _words(fact.content)) / len(_words(fact.content)) ** 0.5,
        reverse=True,
    )
    return ranked[:QUOTABLE]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{4,}|\d+", text.casefold()))


def _share(planned: PlannedStep) -> float:
    return planned.share


def _outcome(fitness: float, random: Random) -> Outcome:
    draw = random.random()
    if draw < fitness - 0.1:
        return "right"
    return "partial" if draw < fitness + 0.15 else "wrong"


def _reward(outcome: Outcome, random: Random) -> float:
    """1.0 and 0.0 are common, as with graders that compare texts; the rest lies between."""
    if outcome == "right":
        return 1.0 if random.random() < 0.7 else round(random.uniform(0.8, 1.0), 3)
    if outcome == "partial":
        return round(random.uniform(0.25, 0.7), 3)
    return 0.0 if random.random() < 0.8 else round(random.uniform(0.0, 0.2), 3)


def _metrics(
    answered: Answered, version: SeedVersion, trace: Mapping[str, Any], random: Random
) -> dict[str, Any]:
    evidence = sum(len(each["worker"]["evidence"]) for each in trace["rounds"])
    prompt_tokens = answered.rounds * random.randint(350, 700) + 30 * evidence
    completion_tokens = answered.rounds * random.randint(60, 240)
    return {
        "outcome": answered.outcome,
        "agreed": trace["agreed"],
        "rounds": answered.rounds,
        "evidence": evidence,
        "profile_version": version.version,
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "cost_usd": round(prompt_tokens * 4e-7 + completion_tokens * 1.6e-6, 6),
    }


def _strategy(step_type: StepType, created: SeedVersion | None, random: Random) -> str | None:
    if created is not None:
        return created.strategy
    return random.choice(STRATEGIES) if step_type == "training" else None


def _run(scope: SeedScope, step_type: StepType, moment: datetime) -> str:
    """Training runs last a week, the others are made anew each day."""
    year, week, _ = moment.isocalendar()
    period = f"{year}-W{week:02}" if step_type == "training" else f"{moment:%Y-%m-%d}"
    return f"{scope.corpus_id}/{scope.task_type}/{step_type}/{period}"


def _identifier(moment: datetime, random: Random) -> UUID:
    """A UUIDv7 of ``moment`` whose random bits come from ``random``."""
    return UUID(int=uuid7(moment).int >> 62 << 62 | random.getrandbits(62))
