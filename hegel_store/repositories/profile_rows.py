"""Rows of the profiles' table as profiles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from hegel_store.errors import NotFound
from hegel_store.models import PromptProfile
from hegel_store.repositories.profile_statements import COLUMNS

COLUMN_NAMES = [column.name for column in COLUMNS]


def profile_of(row: Row[Any] | Mapping[str, Any]) -> PromptProfile:
    """The profile, its document read from the text that was written."""
    mapping = row._mapping if isinstance(row, Row) else row
    values = {column: mapping[column] for column in COLUMN_NAMES}
    values["profile"] = json.loads(values.pop("source"))
    values["content_hash"] = bytes(values["content_hash"]).hex()
    return PromptProfile(**values)


def found_profile(row: Row[Any] | None, corpus_id: str, profile_id: UUID) -> PromptProfile:
    """The profile of this row. Raises NotFound where there is none."""
    if row is None:
        raise NotFound("profile", f"{profile_id} in corpus {corpus_id!r}", "profile_id")
    return profile_of(row)
