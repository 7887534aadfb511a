"""Evaluations shared out among workers: each is one worker's at a time."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Row

from hegel_store.database import Executor, translated
from hegel_store.errors import InvalidInput, NotFound, RunConflict
from hegel_store.models.checks import check_name, check_number
from hegel_store.models.evaluations import (
    BusyEvaluation,
    Claim,
    Claims,
    Evaluation,
    EvaluationKey,
)
from hegel_store.repositories import claim_statements, score_statements
from hegel_store.repositories.score_rows import Candidate, columns, evaluation_of, hashes

LONGEST_LEASE = 7 * 86_400


class ScoreClaims:
    """The part of ScoreRepository that shares evaluations out."""

    _session: Executor

    def keys(
        self,
        corpus_id: str,
        wanted: Iterable[tuple[Candidate, str]],
        *,
        split: str,
        evaluator: str = "default",
    ) -> Sequence[EvaluationKey]:
        """The key of each pair of a candidate and the id of an example, in their order.

        Raises InvalidInput, and NotFound for the id of a profile that the corpus does not have.
        """
        check_name("corpus_id", corpus_id)
        check_name("evaluator", evaluator)
        check_name("split", split)
        pairs = []
        for place, pair in enumerate(wanted):
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise InvalidInput(f"wanted[{place}]", "must be a candidate and an example")
            pairs.append((pair[0], check_name(f"wanted[{place}] (the example)", pair[1])))
        found = hashes(
            self._session, corpus_id, "wanted (a candidate)", [candidate for candidate, _ in pairs]
        )
        return [
            EvaluationKey(
                corpus_id=corpus_id,
                evaluator=evaluator,
                content_hash=content,
                split=split,
                example_id=example,
            )
            for content, (_, example) in zip(found, pairs, strict=True)
        ]

    def claim(
        self,
        corpus_id: str,
        wanted: Iterable[tuple[Candidate, str]],
        *,
        split: str,
        evaluator: str = "default",
        run_id: str | None = None,
        worker: str | None = None,
        lease: float = 60.0,
    ) -> Claims:
        """Ask to evaluate candidates on examples: pairs, of which equal ones count once.

        What is scored already comes back with its scores, whichever run or scope of the corpus
        it was evaluated for. The rest is this worker's for ``lease`` seconds of the server's clock,
        but for what another worker is at, and what is over the budget of ``run_id``: that pays for
        what is granted, and for nothing else. Of racing workers one gets an evaluation. One whose
        holder let the lease run out, as one that died does, is granted anew, at no cost to the
        same run; and what the run's dead workers hold elsewhere is given back to it.

        Claims are granted by one statement. ``worker`` is a name for others to read, by default the
        host and the process. Raises InvalidInput, NotFound for an unknown run or profile, and
        RunConflict for a run that has ended.
        """
        given = wanted if isinstance(wanted, Sequence) else list(wanted)
        keys = list(dict.fromkeys(self.keys(corpus_id, given, split=split, evaluator=evaluator)))
        token = uuid4()
        values = {
            "corpus_id": corpus_id,
            "evaluator": evaluator,
            "split": split,
            "content_hash": [bytes.fromhex(key.content_hash) for key in keys],
            "example_id": [key.example_id for key in keys],
            "run_id": None if run_id is None else check_name("run_id", run_id),
            "claim": token,
            "worker": _this_worker() if worker is None else check_name("worker", worker),
            "lease": _lease(lease),
        }
        if not keys:
            return Claims()
        with translated():
            rows = self._session.execute(claim_statements.CLAIM, values).all()
        if run_id is not None:
            _require_live(corpus_id, run_id, rows[0].status)
        by_row = {(bytes(row[0]).hex(), row.example_id): row for row in rows if row[0] is not None}
        granted, rest = [], []
        for key in keys:
            row = by_row.get((key.content_hash, key.example_id))
            if row is None:
                rest.append(key)
            else:
                granted.append(
                    Claim(
                        key=key,
                        token=token,
                        run_id=run_id,
                        leased_until=row.leased_until,
                        failures=row.failures,
                    )
                )
        return self._others(granted, rest, rows[0].over_budget > 0)

    def renew(self, claims: Iterable[Claim], *, lease: float = 60.0) -> Sequence[Claim]:
        """Hold them for ``lease`` seconds from now, and return those that still were this worker's:
        not taken over by another one, nor recorded."""
        held = list(claims)
        values = columns(held) | {"lease": _lease(lease)}
        with translated():
            rows = self._session.execute(claim_statements.RENEW, values).all()
        until = {row.place: row.leased_until for row in rows}
        return [
            replace(claim, leased_until=until[place])
            for place, claim in enumerate(held, start=1)
            if place in until
        ]

    def release(self, claims: Iterable[Claim]) -> int:
        """Let go of evaluations that were not begun, and return how many were still this worker's.

        Others may claim them at once, and the run gets back what they took from its budget.
        """
        with translated():
            result = self._session.execute(claim_statements.RELEASE, columns(list(claims)))
        return int(result.rowcount)  # type: ignore[attr-defined]

    def _others(
        self, granted: Sequence[Claim], rest: Sequence[EvaluationKey], over_budget: bool
    ) -> Claims:
        """Why the rest was not granted, as it is now: this statement sees what they waited for."""
        scored: list[Evaluation] = []
        busy: list[BusyEvaluation] = []
        refused: list[EvaluationKey] = []
        known = self._look(rest)
        for key in rest:
            row = known.get(key)
            if row is not None and row.state == "scored":
                scored.append(evaluation_of(key, row))
            elif row is not None and not row.is_free:
                busy.append(
                    BusyEvaluation(key=key, worker=row.worker, leased_until=row.leased_until)
                )
            elif over_budget:
                refused.append(key)
            else:
                busy.append(BusyEvaluation(key=key, worker=None, leased_until=None))
        return Claims(granted=granted, scored=scored, busy=busy, over_budget=refused)

    def _look(self, keys: Sequence[EvaluationKey]) -> dict[EvaluationKey, Row[Any]]:
        if not keys:
            return {}
        with translated():
            rows = self._session.execute(score_statements.LOOK, columns(keys)).all()
        return {keys[row.place - 1]: row for row in rows}


def _lease(lease: float) -> timedelta:
    seconds = check_number("lease", lease)
    if not 0 < seconds <= LONGEST_LEASE:
        raise InvalidInput("lease", f"must be above 0 s, and at most {LONGEST_LEASE} s: {seconds}")
    return timedelta(seconds=seconds)


def _this_worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:200]


def _require_live(corpus_id: str, run_id: str, status: str | None) -> None:
    if status is None:
        raise NotFound("run", f"{run_id!r} in corpus {corpus_id!r}", "run_id")
    if status not in ("created", "running"):
        raise RunConflict(f"run {run_id!r} of corpus {corpus_id!r}", "created or running", status)
