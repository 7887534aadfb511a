"""Scores of candidates on examples: a cache of evaluations that machines share, and its reading."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import TextClause

from hegel_store.database import Executor, translated
from hegel_store.models.checks import check_id, check_name, check_number
from hegel_store.models.evaluations import (
    Evaluation,
    EvaluationKey,
    Score,
    ScoreMatrix,
    ScoreSummary,
)
from hegel_store.observing import observed
from hegel_store.repositories import score_statements as statements
from hegel_store.repositories.score_recording import ScoreRecording
from hegel_store.repositories.score_rows import Candidate, evaluation_of, hashes


@observed("scores")
class ScoreRepository(ScoreRecording):
    """What candidates scored on examples, by objective; who evaluates what (see claim()).

    A candidate is known by its content: profiles of equal content share their scores, in all runs
    and scopes of a corpus. ``session`` is any SQLAlchemy Session or Connection; nothing is
    committed here.
    """

    def __init__(self, session: Executor) -> None:
        self._session = session

    def get_many(self, keys: Sequence[EvaluationKey]) -> Mapping[EvaluationKey, Evaluation]:
        """Those of these evaluations that are scored."""
        return {
            key: evaluation_of(key, row)
            for key, row in self._look(keys).items()
            if row.state == "scored"
        }

    def wait_for(
        self, keys: Sequence[EvaluationKey], *, timeout: float, poll: float = 0.25
    ) -> Mapping[EvaluationKey, Evaluation]:
        """As get_many(), once no worker is at any of them any more, or after ``timeout`` seconds.

        Asks every ``poll`` seconds. What is missing then is to be claimed.
        """
        deadline = time.monotonic() + check_number("timeout", timeout)
        while True:
            rows = self._look(keys)
            waiting = any(row.state == "claimed" and not row.is_free for row in rows.values())
            left = deadline - time.monotonic()
            if not waiting or left <= 0:
                return {
                    key: evaluation_of(key, row)
                    for key, row in rows.items()
                    if row.state == "scored"
                }
            time.sleep(min(poll, left))

    def of_profile(
        self,
        corpus_id: str,
        profile: Candidate,
        *,
        split: str | None = None,
        objective: str | None = None,
        evaluator: str = "default",
    ) -> Sequence[Score]:
        """A candidate's scores, by split, example and objective. Raises NotFound."""
        (content,) = hashes(self._session, corpus_id, "profile", [profile])
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "evaluator": check_name("evaluator", evaluator),
            "content_hash": bytes.fromhex(content),
            "split": None if split is None else check_name("split", split),
            "objective": None if objective is None else check_name("objective", objective),
        }
        with translated():
            rows = self._session.execute(statements.OF_PROFILE, values).all()
        return [Score(content_hash=content, **row._mapping) for row in rows]

    def matrix(
        self,
        corpus_id: str,
        profile_ids: Sequence[UUID],
        *,
        split: str,
        objective: str,
        evaluator: str = "default",
    ) -> ScoreMatrix:
        """Scores of profiles, in their order, on every example that any of them was scored on.

        Examples are in the order of their ids. Raises NotFound for an unknown profile.
        """
        check_name("objective", objective)
        ids = [check_id("profile_ids", given) for given in profile_ids]
        contents, rows = self._of_profiles(
            statements.MATRIX, corpus_id, ids, evaluator, split, objective=objective
        )
        examples = sorted({example for row in rows for example in row.example_ids})
        column = {example: place for place, example in enumerate(examples)}
        distinct = list(dict.fromkeys(contents))
        line = {content: place for place, content in enumerate(distinct)}
        scores = np.full((len(distinct), len(examples)), np.nan)
        for row in rows:
            lines = [line[bytes(content).hex()] for content in row.content_hashes]
            columns = [column[example] for example in row.example_ids]
            given = np.frombuffer(row.scores, dtype=">f8").reshape(len(lines), len(columns))
            scores[np.ix_(lines, columns)] = given
        values = scores[[line[content] for content in contents]]
        return ScoreMatrix(profile_ids=ids, example_ids=examples, values=values)

    def summary(
        self,
        corpus_id: str,
        profile_ids: Sequence[UUID],
        *,
        split: str,
        evaluator: str = "default",
    ) -> Sequence[ScoreSummary]:
        """The mean of each profile's scores, by objective; profiles in their order.

        Over the examples that it was scored on, which may be others than another profile's.
        Raises NotFound for an unknown profile.
        """
        ids = [check_id("profile_ids", given) for given in profile_ids]
        contents, rows = self._of_profiles(statements.SUMMARY, corpus_id, ids, evaluator, split)
        means: dict[str, list[Any]] = {}
        for row in rows:
            means.setdefault(bytes(row.content_hash).hex(), []).append(row)
        return [
            ScoreSummary(
                profile_id=profile_id,
                objective=row.objective,
                examples=row.examples,
                mean=row.mean,
            )
            for profile_id, content in zip(ids, contents, strict=True)
            for row in means.get(content, ())
        ]

    def _of_profiles(
        self,
        statement: TextClause,
        corpus_id: str,
        profile_ids: Sequence[UUID],
        evaluator: str,
        split: str,
        **more: str,
    ) -> tuple[list[str], Sequence[Any]]:
        contents = hashes(self._session, corpus_id, "profile_ids", profile_ids)
        values = more | {
            "corpus_id": check_name("corpus_id", corpus_id),
            "evaluator": check_name("evaluator", evaluator),
            "content_hashes": [bytes.fromhex(content) for content in dict.fromkeys(contents)],
            "split": check_name("split", split),
        }
        with translated():
            return contents, self._session.execute(statement, values).all()
