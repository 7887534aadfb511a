"""Prompt profiles: append, read, lineage, search and aliases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from hegel_store.database import Executor, translated
from hegel_store.errors import HegelStoreError, InvalidInput, NotFound, ProfileConflict
from hegel_store.models import PromptProfile
from hegel_store.models.checks import (
    MAX_SEARCH_BYTES,
    check_id,
    check_integer,
    check_json,
    check_name,
    check_optional_json,
    check_text,
)
from hegel_store.models.identifiers import uuid7
from hegel_store.repositories import profile_statements as statements


class _Unset:
    """The default of ``expected``: do not compare."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()


class ProfileRepository:
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
        return _profile(row)

    def latest(self, corpus_id: str, task_type: str) -> PromptProfile | None:
        """The scope's newest profile, None when it has none. One index probe."""
        newest = self.history(corpus_id, task_type, limit=1)
        return newest[0] if newest else None

    def get(self, corpus_id: str, profile_id: UUID) -> PromptProfile:
        """One profile. Raises NotFound."""
        key = check_id("profile_id", profile_id)
        with translated():
            row = self._session.execute(
                statements.get(check_name("corpus_id", corpus_id), key)
            ).one_or_none()
        return _found(row, corpus_id, key)

    def history(
        self, corpus_id: str, task_type: str, *, limit: int | None = None
    ) -> Sequence[PromptProfile]:
        """The scope's profiles, newest first; all of them when ``limit`` is None."""
        check_name("corpus_id", corpus_id)
        check_name("task_type", task_type)
        if limit is not None:
            check_integer("limit", limit)
        with translated():
            rows = self._session.execute(statements.history(corpus_id, task_type, limit)).all()
        return [_profile(row) for row in rows]

    def lineage(self, corpus_id: str, profile_id: UUID) -> Sequence[PromptProfile]:
        """The profile itself, then its ancestors over all parents by distance, newer first.

        Each profile appears once, at its shortest distance. One statement. Raises NotFound.
        """
        check_name("corpus_id", corpus_id)
        key = check_id("profile_id", profile_id)
        with translated():
            rows = self._session.execute(
                statements.LINEAGE, {"corpus_id": corpus_id, "profile_id": key}
            ).all()
        if not rows:
            _found(None, corpus_id, key)
        return [_profile(row) for row in rows]

    def search(
        self,
        text: str,
        *,
        corpus_id: str | None = None,
        role: str | None = None,
        limit: int = 20,
    ) -> Sequence[PromptProfile]:
        """Profiles that mention ``text``, best first.

        ``text`` is in web search syntax (words, "phrases", or, -not), stemmed as English.
        ``role`` restricts it to that role's ``system_prompt``; None looks at the whole document.
        """
        check_text("text", text, max_bytes=MAX_SEARCH_BYTES)
        if corpus_id is not None:
            check_name("corpus_id", corpus_id)
        if role is not None:
            check_name("role", role)
        check_integer("limit", limit)
        with translated():
            rows = self._session.execute(statements.search(text, corpus_id, role, limit)).all()
        return [_profile(row) for row in rows]

    def set_alias(
        self,
        corpus_id: str,
        task_type: str,
        alias: str,
        profile_id: UUID,
        *,
        expected: UUID | _Unset | None = UNSET,
        reason: str | None = None,
    ) -> None:
        """Point ``alias`` at a profile of this scope, and write the move down.

        ``expected`` makes it conditional: the profile the alias points at now, None meaning that
        it points nowhere yet. Raises InvalidInput for the reserved alias 'latest', NotFound for a
        profile that is not of this scope, ProfileConflict when ``expected`` is stale.
        """
        if check_name("alias", alias) == "latest":
            raise InvalidInput("alias", "'latest' is reserved: it is always the newest version")
        if reason is not None:
            check_text("reason", reason)
        compare = not isinstance(expected, _Unset)
        before = check_id("expected", expected) if compare and expected is not None else None
        key = check_id("profile_id", profile_id)
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "task_type": check_name("task_type", task_type),
            "alias": alias,
            "profile_id": key,
            "compare": compare,
            "expected": before,
            "reason": reason,
            "move_id": uuid7(),
        }
        with translated():
            outcome = self._session.execute(statements.SET_ALIAS, values).one()
        if not outcome.known:
            raise NotFound(
                "profile", f"{key} in scope ({corpus_id!r}, {task_type!r})", "profile_id"
            )
        if not outcome.moved:
            now = self.by_alias(corpus_id, task_type, alias)
            raise ProfileConflict(f"alias {alias!r}", before, now.id if now is not None else None)

    def by_alias(self, corpus_id: str, task_type: str, alias: str) -> PromptProfile | None:
        """The profile ``alias`` points at, None when it points nowhere; 'latest' is computed."""
        if check_name("alias", alias) == "latest":
            return self.latest(corpus_id, task_type)
        check_name("corpus_id", corpus_id)
        check_name("task_type", task_type)
        with translated():
            row = self._session.execute(
                statements.by_alias(corpus_id, task_type, alias)
            ).one_or_none()
        return None if row is None else _profile(row)

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
        return _found(row, corpus_id, key)


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


def _found(row: Row[Any] | None, corpus_id: str, profile_id: UUID) -> PromptProfile:
    if row is None:
        raise NotFound("profile", f"{profile_id} in corpus {corpus_id!r}", "profile_id")
    return _profile(row)


def _profile(row: Row[Any]) -> PromptProfile:
    values = dict(row._mapping)
    values["profile"] = json.loads(values.pop("source"))
    values["content_hash"] = bytes(values["content_hash"]).hex()
    return PromptProfile(**values)
