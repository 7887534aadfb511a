"""Search inside prompts."""

from __future__ import annotations

from collections.abc import Sequence

from hegel_store.database import translated
from hegel_store.models import PromptProfile
from hegel_store.models.checks import MAX_SEARCH_BYTES, check_integer, check_name, check_text
from hegel_store.repositories import profile_search_statements as statements
from hegel_store.repositories.profile_reading import ProfileReading
from hegel_store.repositories.profile_rows import profile_of


class ProfileSearch(ProfileReading):
    """The part of ProfileRepository that looks inside prompts."""

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
        return [profile_of(row) for row in rows]
