"""Profiles that are in no database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hegel_store.models import PromptProfile

NOON = datetime(2024, 5, 17, 12, tzinfo=UTC)


def profile(document: dict[str, Any], version: int = 1) -> PromptProfile:
    """A profile of this content."""
    return PromptProfile(
        corpus_id="news",
        id=UUID(int=version),
        task_type="qa",
        version=version,
        base_profile_id=None,
        profile=document,
        content_hash="",
        performance_stats={},
        metadata={},
        created_at=NOON,
        updated_at=NOON,
    )
