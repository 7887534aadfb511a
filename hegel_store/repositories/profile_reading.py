"""Profiles read back, one or a scope's."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hegel_store.database import Executor, translated
from hegel_store.errors import NotFound
from hegel_store.models import PromptProfile
from hegel_store.models.checks import check_id, check_integer, check_name
from hegel_store.repositories import profile_statements as statements
from hegel_store.repositories.profile_rows import found_profile, profile_of


class ProfileReading:
    """What the other parts of ProfileRepository read with."""

    _session: Executor

    def latest(self, corpus_id: str, task_type: str) -> PromptProfile | None:
        """The scope's newest profile, None when it has none. One index probe."""
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "task_type": check_name("task_type", task_type),
        }
        with translated():
            row = self._session.execute(statements.LATEST, values).one_or_none()
        return None if row is None else profile_of(row)

    def get(self, corpus_id: str, profile_id: UUID) -> PromptProfile:
        """One profile. Raises NotFound."""
        key = check_id("profile_id", profile_id)
        with translated():
            row = self._session.execute(
                statements.get(check_name("corpus_id", corpus_id), key)
            ).one_or_none()
        return found_profile(row, corpus_id, key)

    def get_version(self, corpus_id: str, task_type: str, version: int) -> PromptProfile:
        """The profile of this number in its scope. Raises NotFound."""
        check_name("corpus_id", corpus_id)
        check_name("task_type", task_type)
        check_integer("version", version)
        with translated():
            row = self._session.execute(
                statements.get_version(corpus_id, task_type, version)
            ).one_or_none()
        if row is None:
            raise NotFound(
                "profile", f"version {version} in scope ({corpus_id!r}, {task_type!r})", "version"
            )
        return profile_of(row)

    def history(
        self, corpus_id: str, task_type: str, *, limit: int | None = None
    ) -> Sequence[PromptProfile]:
        """The scope's profiles, newest first; all of them when ``limit`` is None."""
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "task_type": check_name("task_type", task_type),
            "limit": None if limit is None else check_integer("limit", limit),
        }
        with translated():
            rows = self._session.execute(statements.HISTORY, values).all()
        return [profile_of(row) for row in rows]
