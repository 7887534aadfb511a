"""Proposals: candidates that a population is asked about before anybody pays for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """What a candidate is too near to.

    ``profile_id`` and ``island`` are a member's; both are None for a candidate that another worker
    proposed and is still at. ``similarity`` is the cosine of the two, 1.0 for equal contents.
    """

    profile_id: UUID | None
    island: int | None
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The answer to a candidate: new, and claimed until ``leased_until``, or near a ``neighbour``.

    ``content_hash`` is the candidate's, in hexadecimal digits, as profiles have it. ``claim``,
    ``leased_until`` and ``neighbour`` are None where they do not apply.
    """

    corpus_id: str
    task_type: str
    population: str
    content_hash: str
    claim: UUID | None
    leased_until: datetime | None
    neighbour: Neighbour | None

    @property
    def is_new(self) -> bool:
        return self.claim is not None
