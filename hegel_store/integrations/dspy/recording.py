"""Programs that an optimiser has tried, as rows: profiles, scores, members of a population."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from hegel_store.database import translated
from hegel_store.models.checks import check_name
from hegel_store.models.evaluations import EvaluationKey, NewEvaluation
from hegel_store.models.profiles import content_hash
from hegel_store.models.runs import Run
from hegel_store.schema import prompt_profiles
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A program on some examples. ``scores`` are those to be stored, by the ids of the examples;
    ``mean`` is over all of them, None without any; ``full`` tells whether these are all examples
    of the set. ``paid`` is how many were evaluated now."""

    document: Mapping[str, Any]
    scores: Mapping[str, float] = field(default_factory=dict)
    mean: float | None = None
    full: bool = True
    paid: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)


def programs_of(corpus_id: str, task_type: str, run_id: str, after: int) -> Select[Any]:
    """The profiles of a run, from the one after this version on, the oldest first."""
    return (
        select(prompt_profiles.c.id, prompt_profiles.c.version, prompt_profiles.c.content_hash)
        .where(
            prompt_profiles.c.corpus_id == corpus_id,
            prompt_profiles.c.task_type == task_type,
            prompt_profiles.c.version > after,
            prompt_profiles.c.metadata.contains({"dspy": {"run": run_id}}),
        )
        .order_by(prompt_profiles.c.version)
    )


class Recording:
    """Where the programs of a run go, and those that are there."""

    def __init__(
        self,
        store: Store,
        corpus_id: str,
        task_type: str,
        run_id: str,
        *,
        population: str | None = None,
        split: str = "validation",
        evaluator: str = "default",
        objective: str = "score",
    ) -> None:
        self.store = store
        self.corpus_id = check_name("corpus_id", corpus_id)
        self.task_type = check_name("task_type", task_type)
        self.run_id = check_name("run_id", run_id)
        self.population = check_name("population", run_id if population is None else population)
        self.split = check_name("split", split)
        self.evaluator = check_name("evaluator", evaluator)
        self.objective = check_name("objective", objective)
        self._known: dict[str, UUID] = {}
        self._seen = 0
        self._seed: UUID | None = None

    def start(self, optimiser: str, **more: Any) -> Run:
        """The run, begun unless it is there. Raises what RunRepository.start() does."""
        return self.store.runs.start(
            self.corpus_id,
            self.task_type,
            self.run_id,
            optimiser=optimiser,
            objectives={self.objective: "maximize"},
            resume=True,
            **more,
        )

    def key(self, content: str, example_id: str) -> EvaluationKey:
        return EvaluationKey(
            corpus_id=self.corpus_id,
            evaluator=self.evaluator,
            content_hash=content,
            split=self.split,
            example_id=example_id,
        )

    def write(self, tried: Tried) -> UUID:
        """Store it, all or nothing, and return the program's profile.

        The first program of a run is the parent of the others. Evaluations on part of the set
        leave the fitness alone, and are the objective ``minibatch``. Raises RunConflict for a run
        that has ended, NotFound without one.
        """
        content = content_hash(tried.document, "program")
        with self.store.begin() as work:
            # Locks the run's row, so that two processes do not store the same program.
            run = work.runs.heartbeat(self.corpus_id, self.run_id)
            if tried.paid:
                left = run.evaluations_left
                paid = tried.paid if left is None else min(tried.paid, left)
                work.runs.spend(self.corpus_id, self.run_id, paid)
            known, seen = self._look(work) if content not in self._known else ({}, self._seen)
            known = self._known | known
            seed = self._seed or next(iter(known.values()), None)
            if content not in known:
                known[content] = self._append(work, tried, seed)
            seed = seed or known[content]
            self._add(work, known[content], tried, generation=int(known[content] != seed))
            work.scores.record_many(self._evaluations(content, tried))
        self._known, self._seen, self._seed = known, seen, seed
        return known[content]

    def _look(self, work: UnitOfWork) -> tuple[dict[str, UUID], int]:
        statement = programs_of(self.corpus_id, self.task_type, self.run_id, self._seen)
        with translated():
            rows = work.session.execute(statement).all()
        known: dict[str, UUID] = {}
        for row in rows:
            known.setdefault(bytes(row.content_hash).hex(), row.id)
        return known, max((row.version for row in rows), default=self._seen)

    def _append(self, work: UnitOfWork, tried: Tried, seed: UUID | None) -> UUID:
        return work.profiles.append(
            self.corpus_id,
            self.task_type,
            tried.document,
            base=seed,
            metadata={"dspy": {"run": self.run_id, **tried.details}},
        ).id

    def _add(self, work: UnitOfWork, profile_id: UUID, tried: Tried, generation: int) -> None:
        if tried.mean is None or not math.isfinite(tried.mean):
            return
        work.populations.add(
            self.corpus_id,
            self.task_type,
            profile_id,
            fitness=tried.mean if tried.full else None,
            population=self.population,
            generation=generation,
            objectives=None if tried.full else {"minibatch": tried.mean},
            metadata={"dspy": {"run": self.run_id, **tried.details}} if tried.details else None,
        )

    def _evaluations(self, content: str, tried: Tried) -> list[NewEvaluation]:
        return [
            NewEvaluation(
                of=self.key(content, example_id),
                scores={self.objective: score},
                run_id=self.run_id,
            )
            for example_id, score in tried.scores.items()
            if math.isfinite(score)
        ]
