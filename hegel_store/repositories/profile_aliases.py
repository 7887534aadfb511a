"""Names that point at a profile of their scope."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from hegel_store.database import translated
from hegel_store.errors import InvalidInput, NotFound, ProfileConflict
from hegel_store.models import PromptProfile
from hegel_store.models.checks import check_id, check_name, check_text
from hegel_store.models.identifiers import uuid7
from hegel_store.repositories import profile_alias_statements as statements
from hegel_store.repositories.profile_reading import ProfileReading
from hegel_store.repositories.profile_rows import profile_of


class _Unset:
    """The default of ``expected``: do not compare."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()


class ProfileAliases(ProfileReading):
    """The part of ProfileRepository that moves aliases."""

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
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "task_type": check_name("task_type", task_type),
            "alias": alias,
        }
        with translated():
            row = self._session.execute(statements.BY_ALIAS, values).one_or_none()
        return None if row is None else profile_of(row)
