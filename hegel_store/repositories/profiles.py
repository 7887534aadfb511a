"""Prompt profiles: written once, then read (see profile_reading, and the parts built on it)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from hegel_store.database import Executor, translated
from hegel_store.errors import HegelStoreError, InvalidInput, NotFound, ProfileConflict
from hegel_store.models import PromptProfile
from hegel_store.models.checks import (
    check_id,
    check_integer,
    check_json,
    check_name,
    check_optional_json,
)
from hegel_store.models.identifiers import uuid7
from hegel_store.observing import observed
from hegel_store.repositories import profile_statements as statements
from hegel_store.repositories.profile_aliases import ProfileAliases
from hegel_store.repositories.profile_blame import ProfileBlame
from hegel_store.repositories.profile_lineage import ProfileLineage
from hegel_store.repositories.profile_rollback import ProfileRollback
from hegel_store.repositories.profile_rows import found_profile, profile_of
from hegel_store.repositories.profile_search import ProfileSearch


@observed("profiles")
class ProfileRepository(
    ProfileLineage, ProfileSearch, ProfileAliases, ProfileRollback, ProfileBlame
):
    """The versioned, immutable prompt profiles of every scope (corpus, task type).

    ``session`` is any SQLAlchemy Session or Connection; nothing is committed here.
    """

    def __init__(self, session: Executor) -> None:
        self._session = session

    def append(
        self,
        corpus_id: str,
        task_type: str,
        profile: Mapping[str, Any],
        *,
        base: UUID | PromptProfile | None = None,
        parents: Iterable[UUID | PromptProfile] = (),
        expected_version: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> PromptProfile:
        """Store ``profile`` as the scope's next version and return it.

        ``base`` is the first parent, ``parents`` any further ones (of this corpus; without a base
        the first of them is the base). ``expected_version`` makes the append conditional on the
        scope's current version, 0 meaning that it has none yet. Writers to one scope queue.

        Raises InvalidInput, NotFound for an unknown parent, and ProfileConflict, carrying the
        current version, for a stale ``expected_version``. Nothing is stored then.
        """
        ancestors = _ancestors(base, parents)
        if expected_version is not None:
            check_integer("expected_version", expected_version)
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "task_type": check_name("task_type", task_type),
            "id": uuid7(),
            "base_profile_id": ancestors[0] if ancestors else None,
            "source": check_json("profile", profile),
            "metadata": check_optional_json("metadata", metadata),
            "parents": ancestors,
        }
        if expected_version:
            values["expected_version"] = expected_version
        where = f"in corpus {corpus_id!r}"
        others = ", ".join(map(str, ancestors[1:]))
        missing: dict[str, HegelStoreError] = {}
        if ancestors:
            missing = {
                "fk_hegel_prompt_profiles_corpus_id_base_profile_id": NotFound(
                    "profile", f"{ancestors[0]} {where}", "parents" if base is None else "base"
                ),
                "fk_hegel_profile_parents_corpus_id_parent_id": NotFound(
                    "profile", f"{others} {where}", "parents"
                ),
            }
        with translated(missing):
            row = self._session.execute(statements.append(expected_version), values).one_or_none()
        if row is None:
            current = self.latest(corpus_id, task_type)
            raise ProfileConflict(
                f"scope ({corpus_id!r}, {task_type!r})",
                expected_version,
                0 if current is None else current.version,
            )
        return profile_of(row)

    def annotate(
        self,
        corpus_id: str,
        profile_id: UUID,
        *,
        performance_stats: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> PromptProfile:
        """Merge keys into a profile's statistics and metadata, the two things that may change.

        Raises InvalidInput and NotFound.
        """
        key = check_id("profile_id", profile_id)
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "profile_id": key,
            "performance_stats": check_optional_json("performance_stats", performance_stats),
            "metadata": check_optional_json("metadata", metadata),
        }
        with translated():
            row = self._session.execute(statements.ANNOTATE, values).one_or_none()
        return found_profile(row, corpus_id, key)


def _ancestors(
    base: UUID | PromptProfile | None, parents: Iterable[UUID | PromptProfile]
) -> list[UUID]:
    if isinstance(parents, (str, UUID, PromptProfile)) or not isinstance(parents, Iterable):
        raise InvalidInput("parents", f"must be a list, not {type(parents).__name__}")
    given = [("base", base)] if base is not None else []
    given += [("parents", parent) for parent in parents]
    ids = [
        parent.id if isinstance(parent, PromptProfile) else check_id(field, parent)
        for field, parent in given
    ]
    return list(dict.fromkeys(ids))
