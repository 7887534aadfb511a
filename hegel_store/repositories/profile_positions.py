"""What a reader who has one version has not seen yet."""

from __future__ import annotations

from collections.abc import Sequence

from hegel_store.database import Executor, translated
from hegel_store.models import PromptProfile
from hegel_store.repositories import profile_position_statements as statements
from hegel_store.repositories.profile_rows import profile_of

BATCH = 20
"""Profiles that are read at once: each may have megabytes."""


class ProfilePositions:
    """Looks for profiles beyond a position, which is the version that the reader has.

    ``alias`` is None for every version, one after the other; 'latest' for the newest one alone;
    and else for the target of that alias.
    """

    def __init__(
        self, session: Executor, corpus_id: str, task_type: str, alias: str | None
    ) -> None:
        self._session = session
        self._scope = (corpus_id, task_type)
        self._alias = alias

    def now(self) -> int:
        """The version that is there now, 0 when there is none."""
        if self._alias in (None, "latest"):
            statement = statements.newest_version(*self._scope)
        else:
            statement = statements.aliased_version(*self._scope, self._alias)
        with translated():
            return self._session.execute(statement).scalar() or 0

    def beyond(self, version: int) -> Sequence[PromptProfile]:
        """What a reader of ``version`` has to be given next, in order: some of it, if anything.

        Versions are taken under a lock that is held until the commit, so that none appears below
        one that was seen.
        """
        if self._alias is None:
            statement = statements.newer(*self._scope, version, BATCH)
        elif self._alias == "latest":
            statement = statements.newest(*self._scope, version)
        else:
            statement = statements.aliased(*self._scope, self._alias, version)
        with translated():
            rows = self._session.execute(statement).all()
        return [profile_of(row) for row in rows]
