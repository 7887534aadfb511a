"""How a command is told which profile is meant."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models import PromptProfile
from hegel_store.store import Store

AnyProfile = Annotated[str, typer.Argument(help="An id, TASK@VERSION or TASK@ALIAS, as qa@latest.")]
"""A profile of the corpus."""

ScopeProfile = Annotated[str, typer.Argument(help="A version, an alias ('latest', too) or an id.")]
"""A profile of a scope that the command names already."""

LONGEST_VERSION = 10
"""Digits of the largest version."""


def named_profile(
    store: Store, corpus_id: str, reference: str, task_type: str | None = None
) -> PromptProfile:
    """The profile that ``reference`` names: an id, else TASK@VERSION or TASK@ALIAS.

    With ``task_type``, the scope is known, and VERSION or ALIAS stand alone. What looks like an id
    or like a version is none of an alias. Raises InvalidInput and NotFound.
    """
    try:
        profile_id = UUID(reference)
    except ValueError:
        pass
    else:
        return store.profiles.get(corpus_id, profile_id)
    name = reference
    if task_type is None:
        task_type, at, name = reference.rpartition("@")
        if not at:
            raise InvalidInput(
                "profile", f"must be an id, TASK@VERSION or TASK@ALIAS, not {reference!r:.80}"
            )
    if name.isascii() and name.isdecimal() and len(name) <= LONGEST_VERSION:
        return store.profiles.get_version(corpus_id, task_type, int(name))
    profile = store.profiles.by_alias(corpus_id, task_type, name)
    if profile is None:
        raise NotFound("alias", f"{name!r} in scope ({corpus_id!r}, {task_type!r})", "profile")
    return profile
