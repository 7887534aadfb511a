"""Aliases of prompt profiles, the moves they have made, and what a move was decided by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hegel_store.models.checks import check_json
from hegel_store.models.rewards import ProfileComparison


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileAlias:
    """Where an alias of a scope points, and since when."""

    corpus_id: str
    task_type: str
    alias: str
    profile_id: UUID
    version: int
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasMove:
    """One move of an alias, from one profile of its scope to another.

    ``from_profile_id`` and ``from_version`` are None where it pointed nowhere before,
    ``to_profile_id`` and ``to_version`` where it was taken away. ``moved_by`` is the database user
    unless the mover said who it was. ``evidence`` is empty where none was given. Of two moves of
    an alias the later one has the later ``moved_at``.
    """

    corpus_id: str
    id: UUID
    task_type: str
    alias: str
    from_profile_id: UUID | None
    from_version: int | None
    to_profile_id: UUID | None
    to_version: int | None
    moved_by: str
    reason: str | None
    evidence: Mapping[str, Any]
    moved_at: datetime


def comparison_json(comparison: ProfileComparison) -> dict[str, Any]:
    """The comparison as JSON: its fields by name, ids and days as text."""
    plain = asdict(comparison)
    for side in ("first", "second"):
        plain[side] = {
            name: str(value) if isinstance(value, (UUID, date)) else value
            for name, value in plain[side].items()
        }
    return plain


def check_evidence(field: str, value: Mapping[str, Any] | ProfileComparison | None) -> str:
    """The evidence as the text that is stored; None is the empty object."""
    if isinstance(value, ProfileComparison):
        value = comparison_json(value)
    return check_json(field, {} if value is None else value)
