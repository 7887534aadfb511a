"""Results of evaluations, each stored once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from time import perf_counter
from typing import Any

from hegel_store.database import translated
from hegel_store.errors import InvalidInput
from hegel_store.models.evaluations import (
    Claim,
    EvaluationKey,
    FailedEvaluation,
    NewEvaluation,
    Outcome,
)
from hegel_store.observing import is_watched, tell
from hegel_store.observing.happenings import ScoresRecorded
from hegel_store.repositories import claim_statements, score_statements
from hegel_store.repositories.score_claims import ScoreClaims
from hegel_store.repositories.score_rows import columns

BATCH_ROWS = 5_000

Result = NewEvaluation | FailedEvaluation
Numbered = list[tuple[int, Any]]


class ScoreRecording(ScoreClaims):
    """The part of ScoreRepository that records what came of evaluations."""

    def record(self, result: Result, *, overwrite: bool = False) -> Outcome:
        """Store an evaluation's scores, or that it failed; see record_many()."""
        return self.record_many([result], overwrite=overwrite)[0]

    def record_many(
        self, results: Iterable[Result], *, overwrite: bool = False
    ) -> Sequence[Outcome]:
        """Store what came of evaluations, and say of each what that did.

        - "stored": these are the scores now, or the failure is counted.
        - "known": equal scores were there, as when it is recorded a second time.
        - "differs": other scores were there, which stay; with ``overwrite`` these take their place.
        - "late": a failure of an evaluation that another worker has taken over or done.

        The scores of an evaluation are stored together or not at all. Those of a worker whose lease
        has run out are welcome as long as there are none: they are charged once, to the run that
        holds the claim by then. A failure is charged as well, and is not served to anybody.

        In batches of 5,000, on the store each committed by itself, scores and failures apart; what
        was interrupted is recorded again at no risk. Raises InvalidInput for what is no result, and
        for two results of one evaluation.
        """
        began = perf_counter()
        outcomes: dict[int, Outcome] = {}
        for batch in _batches(results):
            scored = [(n, result) for n, result in batch if isinstance(result, NewEvaluation)]
            failed = [(n, result) for n, result in batch if isinstance(result, FailedEvaluation)]
            if failed:
                stored = self._fail(failed)
                outcomes |= {n: "stored" if n in stored else "late" for n, _ in failed}
            if scored:
                stored = self._record(scored, overwrite)
                outcomes |= dict.fromkeys(stored, "stored")
                outcomes |= self._compared([pair for pair in scored if pair[0] not in stored])
        if len(outcomes) > 1 and is_watched():  # a single one says nothing
            tell(
                ScoresRecorded(
                    evaluations=len(outcomes),
                    outcomes=Counter(outcomes.values()),
                    total_time_ms=(perf_counter() - began) * 1000,
                )
            )
        return [outcomes[place] for place in range(len(outcomes))]

    def _record(self, scored: Numbered, overwrite: bool) -> set[int]:
        scores = [
            (place, objective, score)
            for place, (_, result) in enumerate(scored, start=1)
            for objective, score in result.scores.items()
        ]
        given: list[Claim | EvaluationKey] = [result.of for _, result in scored]
        values = columns(given) | {
            "run_id": [_run_of(result) for _, result in scored],
            "output": [result.output_json for _, result in scored],
            "seconds": [result.seconds for _, result in scored],
            "cost": [result.cost for _, result in scored],
            "score_place": [place for place, _, _ in scores],
            "objective": [objective for _, objective, _ in scores],
            "score": [score for _, _, score in scores],
            "overwrite": bool(overwrite),
        }
        with translated():
            rows = self._session.execute(score_statements.RECORD, values).all()
        return {scored[row.place - 1][0] for row in rows}

    def _fail(self, failed: Numbered) -> set[int]:
        values = columns([result.of for _, result in failed]) | {
            "failure": [result.reason for _, result in failed],
            "seconds": [result.seconds for _, result in failed],
            "cost": [result.cost for _, result in failed],
        }
        with translated():
            rows = self._session.execute(claim_statements.FAIL, values).all()
        return {failed[row.place - 1][0] for row in rows}

    def _compared(self, others: Numbered) -> dict[int, Outcome]:
        known = self._look([result.key for _, result in others])
        outcomes: dict[int, Outcome] = {}
        for n, result in others:
            row = known[result.key]
            same = dict(zip(row.objectives or (), row.scores or (), strict=True)) == result.scores
            outcomes[n] = "known" if same else "differs"
        return outcomes


def _run_of(result: NewEvaluation) -> str | None:
    return result.of.run_id if isinstance(result.of, Claim) else result.run_id


def _batches(results: Iterable[Result]) -> Iterator[Numbered]:
    batch: Numbered = []
    seen: dict[EvaluationKey, int] = {}
    for place, result in enumerate(results):
        if not isinstance(result, NewEvaluation | FailedEvaluation):
            raise InvalidInput(
                f"results[{place}]",
                f"must be a NewEvaluation or a FailedEvaluation, not {type(result).__name__}",
            )
        first = seen.setdefault(result.key, place)
        if first != place:
            raise InvalidInput(f"results[{place}]", f"is of the same evaluation as [{first}]")
        batch.append((place, result))
        if len(batch) >= BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch
