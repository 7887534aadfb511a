"""Prompt profiles as they come out of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from hegel_store.models.checks import check_json


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptProfile:
    """One immutable version of a scope's prompts and hyperparameters.

    ``version`` counts 1, 2, 3 ... within (corpus_id, task_type). ``profile`` keeps the key order
    it was written in. ``base_profile_id`` is the first parent. ``content_hash`` is the SHA-256 of
    the stored text in hexadecimal.
    """

    corpus_id: str
    id: UUID
    task_type: str
    version: int
    base_profile_id: UUID | None
    profile: dict[str, Any]
    content_hash: str
    performance_stats: Mapping[str, Any]
    metadata: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


def content_hash(profile: Mapping[str, Any], field: str = "profile") -> str:
    """The ``content_hash`` that a stored profile with this content has, in the same key order.

    Raises InvalidInput, naming ``field``, for what no profile can hold.
    """
    return sha256(check_json(field, profile).encode()).hexdigest()
