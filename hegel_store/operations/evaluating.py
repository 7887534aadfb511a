"""Evaluating a batch together with other workers: claim, evaluate, record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hegel_store.errors import HegelStoreError
from hegel_store.models.checks import check_integer, check_number
from hegel_store.models.evaluations import (
    BusyEvaluation,
    Claim,
    Evaluation,
    EvaluationKey,
    FailedEvaluation,
    NewEvaluation,
)
from hegel_store.repositories.score_rows import Candidate
from hegel_store.repositories.scores import ScoreRepository

Scores = Mapping[str, float]
Evaluate = Callable[[Any, str], Scores | tuple[Scores, Mapping[str, Any]]]
"""Takes a candidate as it was given and the id of an example; returns the scores by objective, or
these and what the candidate put out."""

POLL = 0.25
"""Seconds until what others are at is asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What came of a batch. ``evaluations`` is in the order it was asked for, None where there is
    no score; then the others say why."""

    evaluations: Sequence[Evaluation | None]
    failures: Mapping[EvaluationKey, Exception]
    busy: Sequence[BusyEvaluation]
    over_budget: Sequence[EvaluationKey]


class SharedEvaluation:
    """Evaluates what nobody has evaluated, and nobody else is at.

    ``lease`` should be longer than one evaluation takes: it is renewed between them. ``batch``
    evaluations are claimed at once, so that other workers find some left. An exception among
    ``failures`` is recorded as the failure of its evaluation, and the batch goes on; any other one
    lets go of what was claimed, and is raised.
    """

    def __init__(
        self,
        scores: ScoreRepository,
        corpus_id: str,
        evaluate: Evaluate,
        *,
        split: str,
        evaluator: str = "default",
        run_id: str | None = None,
        worker: str | None = None,
        lease: float = 60.0,
        batch: int = 20,
        failures: tuple[type[Exception], ...] = (Exception,),
    ) -> None:
        self._scores = scores
        self._evaluate = evaluate
        self._corpus_id = corpus_id
        self._of: dict[str, Any] = {"split": split, "evaluator": evaluator}
        self._claiming: dict[str, Any] = self._of | {"run_id": run_id, "worker": worker}
        self._lease = check_number("lease", lease)
        self._batch = check_integer("batch", batch, minimum=1)
        self._failures = failures

    def __call__(self, wanted: Iterable[tuple[Candidate, str]], *, wait: float = 0.0) -> Evaluated:
        """Evaluate pairs of a candidate and the id of an example.

        For what other workers are at, it waits up to ``wait`` seconds after its own are done.
        Raises what ScoreRepository.claim() does.
        """
        pairs = list(wanted)
        keys = self._scores.keys(self._corpus_id, pairs, **self._of)
        of_key = dict(zip(keys, pairs, strict=True))
        failed: dict[EvaluationKey, Exception] = {}
        over_budget: list[EvaluationKey] = []
        pending = list(of_key)
        deadline: float | None = None
        while True:
            busy: list[BusyEvaluation] = []
            for begin in range(0, len(pending), self._batch):
                claims = self._scores.claim(
                    self._corpus_id,
                    [of_key[key] for key in pending[begin : begin + self._batch]],
                    lease=self._lease,
                    **self._claiming,
                )
                failed |= self._work(claims.granted, of_key)
                over_budget += claims.over_budget
                busy += claims.busy
            now = time.monotonic()
            deadline = now + wait if deadline is None else deadline
            if not busy or now >= deadline:
                break
            time.sleep(min(POLL, deadline - now))
            pending = [other.key for other in busy]
        found = self._scores.get_many(list(of_key))
        return Evaluated(
            evaluations=[found.get(key) for key in keys],
            failures=failed,
            busy=[other for other in busy if other.key not in found],
            over_budget=over_budget,
        )

    def _work(
        self, granted: Sequence[Claim], of_key: Mapping[EvaluationKey, tuple[Candidate, str]]
    ) -> dict[EvaluationKey, Exception]:
        failed: dict[EvaluationKey, Exception] = {}
        left = list(granted)
        leased = time.monotonic()
        try:
            while left:
                if time.monotonic() - leased > self._lease / 2:
                    leased = time.monotonic()
                    left = list(self._scores.renew(left, lease=self._lease))
                    continue
                claim = left[0]
                result = self._result(claim, of_key[claim.key], failed)
                self._scores.record(result)
                left.remove(claim)
        except BaseException:
            # Where the database is away, the leases run out by themselves.
            with suppress(HegelStoreError):
                self._scores.release(left)
            raise
        return failed

    def _result(
        self,
        claim: Claim,
        pair: tuple[Candidate, str],
        failed: dict[EvaluationKey, Exception],
    ) -> NewEvaluation | FailedEvaluation:
        started = time.perf_counter()
        try:
            returned = self._evaluate(*pair)
            scores, output = returned if isinstance(returned, tuple) else (returned, None)
            return NewEvaluation(
                of=claim, scores=scores, output=output, seconds=time.perf_counter() - started
            )
        except self._failures as error:
            failed[claim.key] = error
            reason = f"{type(error).__name__}: {error}".encode(errors="replace").decode()
            return FailedEvaluation(
                of=claim,
                reason=reason.replace("\x00", "\ufffd")[:10_000],
                seconds=time.perf_counter() - started,
            )
