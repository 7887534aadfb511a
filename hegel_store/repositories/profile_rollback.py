"""Going back to what a scope had before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hegel_store.database import translated
from hegel_store.errors import InvalidInput, NotFound, ProfileConflict
from hegel_store.models import PromptProfile
from hegel_store.models.checks import (
    check_id,
    check_integer,
    check_name,
    check_optional_json,
    check_text,
)
from hegel_store.models.identifiers import uuid7
from hegel_store.repositories import profile_rollback_statements as statements
from hegel_store.repositories.profile_reading import ProfileReading
from hegel_store.repositories.profile_rows import profile_of


class ProfileRollback(ProfileReading):
    """The part of ProfileRepository that restores a version."""

    def rollback(
        self,
        corpus_id: str,
        task_type: str,
        to: UUID | int,
        *,
        expected_version: int | None = None,
        reason: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> PromptProfile:
        """Append a version whose content is that of an earlier one, and return it.

        ``to`` is the id or the version of a profile of this scope. Its text is taken over byte for
        byte, with the order of keys and the ``content_hash``. It is the new one's base, and
        ``metadata["restores"]`` has its ``profile_id`` and ``version``, and the ``reason`` if there
        is one. Nothing that came after it is lost, and aliases stay where they are.
        ``expected_version`` and the queue of writers are those of append().

        Raises InvalidInput (for ``metadata`` with a key "restores", too), NotFound for a profile
        that is not of this scope, ProfileConflict, with the current version, for a stale
        ``expected_version``. Nothing is stored then.
        """
        by_version = isinstance(to, int)
        if by_version:
            check_integer("to", to, minimum=1)
        if expected_version is not None:
            check_integer("expected_version", expected_version)
        if reason is not None:
            check_text("reason", reason)
        given = check_optional_json("metadata", metadata)
        if metadata is not None and "restores" in metadata:
            raise InvalidInput("metadata", "'restores' is where it is said what was restored")
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "task_type": check_name("task_type", task_type),
            "id": uuid7(),
            "restored_id": None if by_version else check_id("to", to),
            "restored_version": to if by_version else None,
            "expected_version": expected_version,
            "reason": reason,
            "metadata": given,
        }
        with translated():
            row = self._session.execute(statements.ROLLBACK, values).one()
        scope = f"scope ({corpus_id!r}, {task_type!r})"
        if not row.known:
            raise NotFound("profile", f"{'version ' * by_version}{to} in {scope}", "to")
        if row.id is None:
            newest = self.latest(corpus_id, task_type)
            raise ProfileConflict(
                scope, expected_version, None if newest is None else newest.version
            )
        return profile_of(row)
