"""What was found when a new fact was compared with one that says nearly the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Verdict = Literal["same", "update", "distinct"]
"""*same*: the old fact is reinforced, no new one stored. *update*: the new one is stored, and the
old one's validity ends. *distinct*: both are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFact:
    """A new fact beside an old one, in the call that added it.

    ``position`` is the new fact's in the input. ``fact_id`` is its id, or when it was the *same*
    the one it would have had; ``other_id`` is that of the old fact. ``similarity`` is the cosine
    of their vectors (0..1).
    """

    position: int
    verdict: Verdict
    fact_id: UUID
    other_id: UUID
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FactVerdict:
    """A verdict as it was recorded. ``content`` is the text of a *same* fact, which is stored
    nowhere else; otherwise None."""

    corpus_id: str
    id: UUID
    old_fact_id: UUID
    new_fact_id: UUID
    verdict: Verdict
    similarity: float
    content: str | None
    judged_at: datetime
