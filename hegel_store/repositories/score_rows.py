"""Keys of evaluations as parameters, and rows as evaluations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from hegel_store.database import Executor, translated
from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models import PromptProfile
from hegel_store.models.checks import check_id, check_name
from hegel_store.models.evaluations import Claim, Evaluation, EvaluationKey
from hegel_store.models.profiles import content_hash
from hegel_store.repositories import score_statements as statements
from hegel_store.repositories.claim_statements import KEY

Candidate = PromptProfile | Mapping[str, Any] | UUID
"""A profile, by itself or its id, or the content of one that need not be stored."""


def columns(given: Sequence[Claim | EvaluationKey]) -> dict[str, Any]:
    """The parameters that GIVEN reads."""
    keys = [item.key if isinstance(item, Claim) else item for item in given]
    values: dict[str, Any] = {name: [getattr(key, name) for key in keys] for name in KEY}
    values["content_hash"] = [bytes.fromhex(key.content_hash) for key in keys]
    values["claim"] = [item.token if isinstance(item, Claim) else None for item in given]
    return values


def hashes(
    session: Executor, corpus_id: str, field: str, candidates: Sequence[Candidate]
) -> list[str]:
    """The content hash of each candidate, in their order; one statement if any is given by id.

    Raises InvalidInput, and NotFound for an id that the corpus does not have.
    """
    ids = {check_id(field, given) for given in candidates if isinstance(given, str | UUID)}
    stored: dict[UUID, str] = {}
    if ids:
        values = {"corpus_id": check_name("corpus_id", corpus_id), "profile_ids": [*ids]}
        with translated():
            rows = session.execute(statements.HASHES, values).all()
        stored = {row.id: bytes(row.content_hash).hex() for row in rows}
        for missing in sorted(ids - stored.keys()):
            raise NotFound("profile", f"{missing} in corpus {corpus_id!r}", field)
    # A batch has few candidates and many examples: each document is written out once.
    written: dict[int, str] = {}
    found = []
    for given in candidates:
        if isinstance(given, str | UUID):
            found.append(stored[check_id(field, given)])
            continue
        if id(given) not in written:
            if isinstance(given, PromptProfile):
                if given.corpus_id != corpus_id:
                    raise InvalidInput(field, f"is a profile of corpus {given.corpus_id!r}")
                written[id(given)] = given.content_hash
            else:
                written[id(given)] = content_hash(given, field)
        found.append(written[id(given)])
    return found


def evaluation_of(key: EvaluationKey, row: Row[Any]) -> Evaluation:
    """What LOOK found for a scored one."""
    return Evaluation(
        key=key,
        scores=dict(zip(row.objectives or (), row.scores or (), strict=True)),
        output=row.output,
        run_id=row.run_id,
        seconds=row.seconds,
        cost=row.cost,
        evaluated_at=row.evaluated_at,
    )
