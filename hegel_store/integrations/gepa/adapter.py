"""Evaluations of GEPA, shared by all machines."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from hegel_store.errors import BudgetExceeded, DatabaseUnavailable, HegelStoreError, OutcomeUnknown
from hegel_store.importers.gepa_runs import document_of
from hegel_store.integrations.gepa.results import (
    Coding,
    Result,
    batch_of,
    example_name,
    read_result,
    results_of,
)
from hegel_store.models.checks import check_name, check_number
from hegel_store.models.evaluations import Claim, EvaluationKey, FailedEvaluation, NewEvaluation
from hegel_store.store import Store

logger = logging.getLogger("hegel_store")

POLL = 0.25
"""Seconds until what other workers are at is asked for again."""
AWAY = (DatabaseUnavailable, OutcomeUnknown)

Item = tuple[Mapping[str, str], Sequence[Any]]
"""A candidate and the examples that it is tried on, as GEPA has them."""
Wanted = dict[EvaluationKey, tuple[Mapping[str, Any], Mapping[str, str], Any]]
"""What is evaluated: the candidate as a profile and as GEPA has it, and the example."""


class StoreAdapter:
    """An adapter of GEPA that evaluates with ``adapter``, each candidate on each example once.

    What any machine has evaluated comes from the store, what another one is at is waited for, and
    the rest is evaluated here, by one call for all of it. ``evaluator`` names what makes the
    scores: metric, model and settings; evaluations of one name are shared in the corpus, whatever
    run they are from. With ``run_id``, a run that is there, they count in its budget.

    An example is known by ``example_id`` of it, by default a hash of its JSON. Outputs and
    trajectories are stored, as GEPA reflects on them; where they are not JSON, ``encode`` makes
    JSON of one and ``decode`` makes it of that again. Trajectories are asked for always, so that
    what is stored serves whoever wants them. Other objectives are stored beside ``objective``.

    GEPA wants a score for whatever failed, mostly 0.0. ``is_failure`` tells this by the output and
    the score: GEPA gets them, and the store counts a failure, which nobody is served. An exception
    is one of all that was to be evaluated by this call, and is raised.

    ``lease``, in seconds, should be longer than one call of the adapter takes. While the database
    is away it evaluates without it, and records later what it had claimed. All else is the
    adapter's.
    """

    def __init__(
        self,
        adapter: Any,
        store: Store,
        corpus_id: str,
        *,
        evaluator: str,
        split: str = "gepa",
        run_id: str | None = None,
        roles: Mapping[str, str] | None = None,
        objective: str = "score",
        example_id: Callable[[Any], str] = example_name,
        is_failure: Callable[[Any, float], bool] | None = None,
        encode: Coding = lambda value: value,
        decode: Coding = lambda value: value,
        lease: float = 600.0,
    ) -> None:
        self.run_id = None if run_id is None else check_name("run_id", run_id)
        self._adapter = adapter
        self._scores = store.scores
        self._corpus_id = check_name("corpus_id", corpus_id)
        self._of = {
            "split": check_name("split", split),
            "evaluator": check_name("evaluator", evaluator),
        }
        self._roles = dict(roles or {})
        self._objective = check_name("objective", objective)
        self._example_id = example_id
        self._is_failure = is_failure or (lambda output, score: False)
        self._encode, self._decode = encode, decode
        self._lease = check_number("lease", lease)
        self._late: list[NewEvaluation | FailedEvaluation] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_adapter":  # as when it is copied
            raise AttributeError(name)
        return getattr(self._adapter, name)

    @property
    def propose_new_texts(self) -> Any:
        return getattr(self._adapter, "propose_new_texts", None)

    def evaluate(
        self, batch: Sequence[Any], candidate: Mapping[str, str], capture_traces: bool = False
    ) -> Any:
        """What GEPAAdapter.evaluate() returns.

        Raises what the adapter and ScoreRepository.claim() do, BudgetExceeded, and InvalidInput
        for outputs that cannot be stored.
        """
        (evaluated,) = self.batch_evaluate([(candidate, batch)])
        if not capture_traces:
            evaluated.trajectories = None
        return evaluated

    def batch_evaluate(self, items: Sequence[Item]) -> list[Any]:
        """One result as of evaluate() for each candidate with its examples."""
        keys: list[list[EvaluationKey]] = []
        wanted: Wanted = {}
        for candidate, batch in items:
            document = document_of(candidate, self._roles)
            pairs = [(document, self._example_id(example)) for example in batch]
            keys.append(list(self._scores.keys(self._corpus_id, pairs, **self._of)))
            for key, example in zip(keys[-1], batch, strict=True):
                wanted[key] = (document, candidate, example)
        found: dict[EvaluationKey, Result] = {}
        try:
            self._record([])
            self._share(wanted, found)
        except AWAY as error:
            logger.warning("evaluating without the store: %s", error)
            found |= self._pay({key: wanted[key] for key in wanted if key not in found})
        return [batch_of([found[key] for key in asked]) for asked in keys]

    def _share(self, wanted: Wanted, found: dict[EvaluationKey, Result]) -> None:
        pending = list(wanted)
        while pending:
            claims = self._scores.claim(
                self._corpus_id,
                [(wanted[key][0], key.example_id) for key in pending],
                run_id=self.run_id,
                lease=self._lease,
                **self._of,
            )
            if claims.over_budget:
                self._scores.release(claims.granted)
                raise BudgetExceeded(
                    f"run {self.run_id!r} has no budget for {len(claims.over_budget)} evaluations"
                )
            for evaluation in claims.scored:
                found[evaluation.key] = read_result(evaluation, self._objective, self._decode)
            if claims.granted:
                self._work(claims.granted, wanted, found)
            pending = [other.key for other in claims.busy]
            if pending:
                time.sleep(POLL)

    def _work(
        self, granted: Sequence[Claim], wanted: Wanted, found: dict[EvaluationKey, Result]
    ) -> None:
        try:
            paid = self._pay({claim.key: wanted[claim.key] for claim in granted})
            outcomes = [self._outcome(claim, paid[claim.key]) for claim in granted]
        except BaseException as error:
            # Where the database is away, the leases run out by themselves.
            with suppress(HegelStoreError):
                if isinstance(error, Exception):
                    reason = _written(f"{type(error).__name__}: {error}")
                    self._record([FailedEvaluation(of=claim, reason=reason) for claim in granted])
                else:
                    self._scores.release(granted)
            raise
        found |= paid
        self._record(outcomes)

    def _pay(self, wanted: Wanted) -> dict[EvaluationKey, Result]:
        """Evaluate here, all examples of a candidate at once."""
        of_candidate: dict[str, list[EvaluationKey]] = {}
        for key in wanted:
            of_candidate.setdefault(key.content_hash, []).append(key)
        items = [
            (wanted[keys[0]][1], [wanted[key][2] for key in keys]) for keys in of_candidate.values()
        ]
        together = getattr(self._adapter, "batch_evaluate", None)
        batches = (
            [self._adapter.evaluate(batch, candidate, True) for candidate, batch in items]
            if together is None
            else together(items)
        )
        return {
            key: result
            for keys, batch in zip(of_candidate.values(), batches, strict=True)
            for key, result in zip(keys, results_of(batch), strict=True)
        }

    def _outcome(self, claim: Claim, result: Result) -> NewEvaluation | FailedEvaluation:
        if self._is_failure(result.output, result.score):
            reason = _written(f"score {result.score}, output {result.output!r}")
            return FailedEvaluation(of=claim, reason=reason)
        scores = result.scores(self._objective)
        return NewEvaluation(of=claim, scores=scores, output=result.stored(self._encode))

    def _record(self, outcomes: Sequence[NewEvaluation | FailedEvaluation]) -> None:
        self._late += outcomes
        if self._late:
            # Nothing of it is claimed twice, or the later one has taken over the lease.
            latest = {outcome.key: outcome for outcome in self._late}
            self._scores.record_many(latest.values())
            self._late.clear()


def _written(reason: str) -> str:
    """Without what PostgreSQL does not store."""
    return reason.encode(errors="replace").decode().replace("\x00", "\ufffd")[:10_000]
