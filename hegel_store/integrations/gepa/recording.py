"""Candidates of GEPA as rows: profiles with their parents, scores, members of a population."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hegel_store.database import translated
from hegel_store.importers.gepa_runs import document_of, imported
from hegel_store.models import PromptProfile
from hegel_store.models.evaluations import EvaluationKey, NewEvaluation
from hegel_store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A candidate with the texts of its components, the numbers of its parents, its scores by the
    ids of the validation set, and the means of its other objectives."""

    texts: Mapping[str, str]
    parents: Sequence[int]
    scores: Mapping[Any, float]
    objectives: Mapping[str, float]

    @property
    def fitness(self) -> float | None:
        """The mean score, None where that is no finite number."""
        if not self.scores:
            return None
        mean = sum(self.scores.values()) / len(self.scores)
        return mean if math.isfinite(mean) else None


def candidates_of(state: Any, begin: int = 0) -> Sequence[Candidate]:
    """Those of a state of GEPA, from the number ``begin`` on."""
    together = zip(
        state.program_candidates[begin:],
        state.parent_program_for_candidate[begin:],
        state.prog_candidate_val_subscores[begin:],
        state.prog_candidate_objective_scores[begin:],
        strict=True,
    )
    return [
        Candidate(
            texts=dict(texts),
            parents=list(dict.fromkeys(parent for parent in parents if parent is not None)),
            scores=dict(scores),
            objectives=dict(objectives),
        )
        for texts, parents, scores, objectives in together
    ]


class Recording:
    """Where the candidates of a run go, and those that are there, by their numbers."""

    def __init__(
        self,
        corpus_id: str,
        task_type: str,
        run_id: str,
        *,
        roles: Mapping[str, str],
        population: str,
        split: str,
        evaluator: str,
        objective: str,
    ) -> None:
        self.corpus_id = corpus_id
        self.task_type = task_type
        self.run_id = run_id
        self._roles = roles
        self._population = population
        self._split = split
        self._evaluator = evaluator
        self.objective = objective

    def known(self, work: UnitOfWork) -> dict[int, UUID]:
        """The profiles of the candidates that are stored."""
        with translated():
            rows = work.session.execute(imported(self.corpus_id, self.task_type, self.run_id)).all()
        return {number: identifier for identifier, number in rows if number is not None}

    def write(
        self,
        work: UnitOfWork,
        number: int,
        candidate: Candidate,
        known: Mapping[int, UUID],
        generation: int,
    ) -> UUID:
        """Store a candidate whose parents are ``known``, unless it is there; return its profile.

        A stored one of this number and other content is from an iteration that a killed process
        had not saved, and that took another course now: it leaves the population, and its number.
        """
        document = document_of(candidate.texts, self._roles)
        if number in known:
            stored = work.profiles.get(self.corpus_id, known[number])
            if stored.profile == document:
                return stored.id
            self._disown(work, stored, number)
        profile = work.profiles.append(
            self.corpus_id,
            self.task_type,
            document,
            parents=[known[parent] for parent in candidate.parents],
            metadata={"gepa": {"run": self.run_id, "candidate": number}},
        )
        work.populations.add(
            self.corpus_id,
            self.task_type,
            profile.id,
            fitness=candidate.fitness,
            population=self._population,
            generation=generation,
            objectives=candidate.objectives or None,
            metadata={"gepa": {"run": self.run_id, "candidate": number}},
        )
        work.scores.record_many(self._scores(profile, candidate))
        return profile.id

    def _disown(self, work: UnitOfWork, profile: PromptProfile, number: int) -> None:
        work.profiles.annotate(
            self.corpus_id,
            profile.id,
            metadata={"gepa": {"run": self.run_id, "candidate": None, "instead_of": number}},
        )
        work.populations.evict(
            self.corpus_id, self.task_type, profile.id, population=self._population
        )

    def _scores(self, profile: PromptProfile, candidate: Candidate) -> list[NewEvaluation]:
        return [
            NewEvaluation(
                of=EvaluationKey(
                    corpus_id=self.corpus_id,
                    evaluator=self._evaluator,
                    content_hash=profile.content_hash,
                    split=self._split,
                    example_id=str(example),
                ),
                scores={self.objective: float(score)},
                run_id=self.run_id,
            )
            for example, score in candidate.scores.items()
            if math.isfinite(score)
        ]
