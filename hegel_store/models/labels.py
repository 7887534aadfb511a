"""Labels: named things that facts are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A name of a kind, once in a corpus."""

    corpus_id: str
    id: UUID
    name: str
    kind: str
    category: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelHit:
    """A label that a search found, with the cosine similarity of its name to the query."""

    label: Label
    similarity: float
