"""The statements that look for what is new."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, desc, select

from hegel_store.repositories.profile_statements import COLUMNS
from hegel_store.schema import profile_aliases, prompt_profiles

POINTS_AT = (profile_aliases.c.corpus_id == prompt_profiles.c.corpus_id) & (
    profile_aliases.c.profile_id == prompt_profiles.c.id
)


def newest_version(corpus_id: str, task_type: str) -> Select[Any]:
    """The version of the scope's newest profile, without the profile."""
    return (
        select(prompt_profiles.c.version)
        .where(prompt_profiles.c.corpus_id == corpus_id, prompt_profiles.c.task_type == task_type)
        .order_by(desc(prompt_profiles.c.version))
        .limit(1)
    )


def aliased_version(corpus_id: str, task_type: str, alias: str) -> Select[Any]:
    """The version of the profile an alias points at, without the profile."""
    return (
        select(prompt_profiles.c.version)
        .join(profile_aliases, POINTS_AT)
        .where(
            profile_aliases.c.corpus_id == corpus_id,
            profile_aliases.c.task_type == task_type,
            profile_aliases.c.alias == alias,
        )
    )


def newer(corpus_id: str, task_type: str, version: int, limit: int) -> Select[Any]:
    """The profiles above a version, oldest first: a walk of the key (scope, version)."""
    return (
        select(*COLUMNS)
        .where(
            prompt_profiles.c.corpus_id == corpus_id,
            prompt_profiles.c.task_type == task_type,
            prompt_profiles.c.version > version,
        )
        .order_by(prompt_profiles.c.version)
        .limit(limit)
    )


def newest(corpus_id: str, task_type: str, version: int) -> Select[Any]:
    """The scope's newest profile, if it is above a version."""
    return (
        select(*COLUMNS)
        .where(
            prompt_profiles.c.corpus_id == corpus_id,
            prompt_profiles.c.task_type == task_type,
            prompt_profiles.c.version > version,
        )
        .order_by(desc(prompt_profiles.c.version))
        .limit(1)
    )


def aliased(corpus_id: str, task_type: str, alias: str, version: int) -> Select[Any]:
    """The profile an alias points at, unless it is of this version."""
    return (
        select(*COLUMNS)
        .join(profile_aliases, POINTS_AT)
        .where(
            profile_aliases.c.corpus_id == corpus_id,
            profile_aliases.c.task_type == task_type,
            profile_aliases.c.alias == alias,
            prompt_profiles.c.version != version,
        )
    )
