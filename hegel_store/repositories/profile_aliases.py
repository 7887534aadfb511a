"""Names that point at a profile of their scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from hegel_store.database import translated
from hegel_store.errors import InvalidInput, NotFound, ProfileConflict
from hegel_store.models import AliasMove, ProfileAlias, ProfileComparison, PromptProfile
from hegel_store.models.aliases import check_evidence
from hegel_store.models.checks import check_id, check_integer, check_name, check_text
from hegel_store.models.identifiers import uuid7
from hegel_store.repositories import profile_alias_statements as statements
from hegel_store.repositories.profile_reading import ProfileReading
from hegel_store.repositories.profile_rows import profile_of


class _Unset:
    """The default of ``expected``: do not compare."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()

Evidence = Mapping[str, Any] | ProfileComparison


class ProfileAliases(ProfileReading):
    """The part of ProfileRepository that moves aliases, and says how they moved."""

    def set_alias(
        self,
        corpus_id: str,
        task_type: str,
        alias: str,
        profile_id: UUID,
        *,
        expected: UUID | _Unset | None = UNSET,
        reason: str | None = None,
        evidence: Evidence | None = None,
        moved_by: str | None = None,
    ) -> AliasMove:
        """Point ``alias`` at a profile of this scope, and write the move down.

        ``expected`` makes it conditional: the profile the alias points at now, None meaning that
        it points nowhere. ``evidence`` is what the move was decided by: any JSON object, or what
        ``store.steps.compare()`` returned. ``moved_by`` is the database user unless it is given.
        A move to where the alias points already is written down like any other one: it was decided
        anew. Movers of one alias queue.

        Raises InvalidInput (for the reserved alias 'latest', too), NotFound for a profile that is
        not of this scope, ProfileConflict when ``expected`` is stale. Nothing is stored then.
        """
        key = check_id("profile_id", profile_id)
        values = _move(corpus_id, task_type, alias, expected, reason, evidence, moved_by)
        with translated():
            outcome = self._session.execute(
                statements.SET_ALIAS, {**values, "profile_id": key}
            ).one()
        if not outcome.known:
            raise NotFound(
                "profile", f"{key} in scope ({corpus_id!r}, {task_type!r})", "profile_id"
            )
        if outcome.id is None:
            raise self._conflict(values)
        return self._made(outcome)

    def drop_alias(
        self,
        corpus_id: str,
        task_type: str,
        alias: str,
        *,
        expected: UUID | _Unset | None = UNSET,
        reason: str | None = None,
        evidence: Evidence | None = None,
        moved_by: str | None = None,
    ) -> AliasMove:
        """Let ``alias`` point nowhere, and write that down as a move to None.

        The arguments are those of set_alias(). Raises InvalidInput, NotFound for an alias that
        points nowhere, ProfileConflict when ``expected`` is stale. Nothing is stored then.
        """
        values = _move(corpus_id, task_type, alias, expected, reason, evidence, moved_by)
        with translated():
            row = self._session.execute(statements.DROP_ALIAS, values).one_or_none()
        if row is not None:
            return self._made(row)
        conflict = self._conflict(values)
        if not values["compare"] or conflict.current == conflict.expected:
            raise NotFound("alias", f"{alias!r} in scope ({corpus_id!r}, {task_type!r})", "alias")
        raise conflict

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

    def aliases(self, corpus_id: str, task_type: str) -> Sequence[ProfileAlias]:
        """The scope's aliases that point somewhere, by name; 'latest', which always does, not."""
        scope = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "task_type": check_name("task_type", task_type),
        }
        with translated():
            rows = self._session.execute(statements.ALIASES, scope).all()
        return [ProfileAlias(**row._mapping) for row in rows]

    def alias_history(
        self, corpus_id: str, task_type: str, alias: str, *, limit: int | None = None
    ) -> Sequence[AliasMove]:
        """The moves of an alias, newest first; all of them when ``limit`` is None."""
        values = {**_alias(corpus_id, task_type, alias), "limit": limit}
        if limit is not None:
            check_integer("limit", limit)
        with translated():
            rows = self._session.execute(statements.ALIAS_HISTORY, values).all()
        return [AliasMove(**row._mapping) for row in rows]

    def _made(self, row: Row[Any]) -> AliasMove:
        """The move of this row."""
        if row.from_profile_id is not None and row.from_version is None:
            # Whom it waited for has made that profile, too, since this statement began.
            key = {"corpus_id": row.corpus_id, "move_id": row.id}
            with translated():
                row = self._session.execute(statements.ALIAS_MOVE, key).one()
        values = dict(row._mapping)
        values.pop("known", None)
        return AliasMove(**values)

    def _conflict(self, values: Mapping[str, Any]) -> ProfileConflict:
        now = self.by_alias(values["corpus_id"], values["task_type"], values["alias"])
        current = None if now is None else now.id
        return ProfileConflict(f"alias {values['alias']!r}", values["expected"], current)


def _alias(corpus_id: str, task_type: str, alias: str) -> dict[str, Any]:
    """The arguments that name an alias with moves, or InvalidInput naming one."""
    if check_name("alias", alias) == "latest":
        raise InvalidInput("alias", "'latest' is reserved: it is always the newest version")
    return {
        "corpus_id": check_name("corpus_id", corpus_id),
        "task_type": check_name("task_type", task_type),
        "alias": alias,
    }


def _move(
    corpus_id: str,
    task_type: str,
    alias: str,
    expected: UUID | _Unset | None,
    reason: str | None,
    evidence: Evidence | None,
    moved_by: str | None,
) -> dict[str, Any]:
    """The arguments of a move, or InvalidInput naming one."""
    values = _alias(corpus_id, task_type, alias)
    if reason is not None:
        check_text("reason", reason)
    if moved_by is not None:
        check_name("moved_by", moved_by)
    compare = not isinstance(expected, _Unset)
    return {
        **values,
        "compare": compare,
        "expected": check_id("expected", expected) if compare and expected is not None else None,
        "reason": reason,
        "evidence": check_evidence("evidence", evidence),
        "moved_by": moved_by,
        "move_id": uuid7(),
    }
