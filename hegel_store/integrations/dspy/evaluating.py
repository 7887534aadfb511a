"""Evaluations of programs, paid for once: what a run has evaluated comes from the store."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hegel_store.errors import (
    BudgetExceeded,
    DatabaseUnavailable,
    HegelStoreError,
    OutcomeUnknown,
)
from hegel_store.integrations.dspy.programs import document_of
from hegel_store.integrations.dspy.recording import Recording, Tried
from hegel_store.integrations.gepa.results import example_name
from hegel_store.models.checks import check_name
from hegel_store.models.profiles import content_hash

logger = logging.getLogger("hegel_store")

AWAY = (DatabaseUnavailable, OutcomeUnknown)


class Halt(BaseException):
    """Carries an error through an optimiser that would take any Exception for a score of 0."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def name_of(example: Any) -> str:
    """The id of an example: the SHA-256 of its fields as JSON. Raises InvalidInput for others."""
    return example_name(example.toDict())


class StoredEvaluate:
    """In place of a dspy.Evaluate: a program that was evaluated on an example is not again.

    Scores come from the store where it has them; the other examples are evaluated by ``evaluate``
    at once, and stored in one transaction with the program's profile and its fitness. An example
    whose evaluation failed gets the score that ``evaluate`` gives it, which is not stored, so that
    it is tried again by whoever asks next. While the database is away nothing is stopped: what
    could not be written is kept, and written with the next evaluation or by close().

    Other errors of the store are raised as a Halt.
    """

    def __init__(
        self,
        evaluate: Any,
        recording: Recording,
        *,
        example_id: Callable[[Any], str] = name_of,
    ) -> None:
        self._evaluate = evaluate
        self._recording = recording
        self._example_id = example_id
        self._late: list[Tried] = []
        self.details: Mapping[str, Any] = {}

    def __call__(self, program: Any, devset: Sequence[Any] | None = None, **options: Any) -> Any:
        """What dspy.Evaluate returns, without the predictions of what was not evaluated now."""
        details, self.details = self.details, {}
        examples = self._evaluate.devset if devset is None else devset
        try:
            return self._result(program, examples, options, details)
        except HegelStoreError as error:
            raise Halt(error) from error

    def close(self) -> None:
        """Write what is not yet written. Raises what keeps it from that."""
        while self._late:
            self._recording.write(self._late[0])
            del self._late[0]

    def _result(
        self,
        program: Any,
        examples: Sequence[Any],
        options: Mapping[str, Any],
        details: Mapping[str, Any],
    ) -> Any:
        from dspy.evaluate.evaluate import EvaluationResult

        document = document_of(program)
        names = [check_name("example_id", self._example_id(example)) for example in examples]
        found = self._find(document, names)
        missing = {
            name: example
            for name, example in zip(names, examples, strict=True)
            if name not in found
        }
        scored: dict[str, float] = {}
        try:
            given = self._pay(program, missing, options, scored)
        except Exception:  # too many have failed
            self._keep(Tried(document=document, scores=scored, paid=len(scored), details=details))
            raise
        results = [
            (example, *(given[name] if name in given else (_nothing(), found[name])))
            for name, example in zip(names, examples, strict=True)
        ]
        total = sum(score for *_, score in results)
        mean = total / len(results)
        failed = len(scored) < len(missing)
        self._keep(
            Tried(
                document=document,
                scores=scored,
                mean=None if failed or not math.isfinite(mean) else mean,
                full=len(examples) >= len(self._evaluate.devset),
                paid=len(missing),
                details=details,
            )
        )
        # As dspy.Evaluate rounds it.
        return EvaluationResult(score=round(100 * total / len(results), 2), results=results)

    def _find(self, document: Mapping[str, Any], names: Sequence[str]) -> dict[str, float]:
        """The scores that are stored. Raises BudgetExceeded where the others are too many."""
        recording = self._recording
        content = content_hash(document, "program")
        keys = {recording.key(content, name): name for name in names}
        try:
            known = recording.store.scores.get_many(list(keys))
            found = {
                keys[key]: evaluation.scores[recording.objective]
                for key, evaluation in known.items()
                if recording.objective in evaluation.scores
            }
            run = recording.store.runs.heartbeat(recording.corpus_id, recording.run_id)
        except AWAY as error:
            logger.warning("evaluating without the store: %s", error)
            return self._unwritten(document, names)
        left, wanted = run.evaluations_left, len(keys) - len(found)
        if left is not None and wanted > left:
            raise BudgetExceeded(
                f"run {run.run_id!r} has no budget for {wanted} evaluations, but for {left}"
            )
        return self._unwritten(document, names) | found

    def _unwritten(self, document: Mapping[str, Any], names: Sequence[str]) -> dict[str, float]:
        return {
            name: tried.scores[name]
            for tried in self._late
            if tried.document == document
            for name in names
            if name in tried.scores
        }

    def _pay(
        self,
        program: Any,
        missing: Mapping[str, Any],
        options: Mapping[str, Any],
        scored: dict[str, float],
    ) -> dict[str, tuple[Any, Any]]:
        """What dspy.Evaluate has of each; the scores of those that did not fail are ``scored``."""
        if not missing:
            return {}
        by_identity = {id(example): name for name, example in missing.items()}
        metric = options.get("metric") or self._evaluate.metric

        def noting(example: Any, prediction: Any) -> Any:
            score = metric(example, prediction)
            scored[by_identity[id(example)]] = float(score)
            return score

        more = {**options, "metric": noting, "devset": list(missing.values())}
        evaluated = self._evaluate(program, **more)
        return {
            name: (prediction, score)
            for name, (_, prediction, score) in zip(missing, evaluated.results, strict=True)
        }

    def _keep(self, tried: Tried) -> None:
        self._late.append(tried)
        try:
            self.close()
        except AWAY as error:
            logger.warning("a program of run %r waits: %s", self._recording.run_id, error)


def _nothing() -> Any:
    from dspy import Prediction

    return Prediction()
