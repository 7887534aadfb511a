"""Where profiles come from."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hegel_store.database import translated
from hegel_store.models import PromptProfile
from hegel_store.models.checks import check_id, check_name
from hegel_store.repositories import profile_lineage_statements as statements
from hegel_store.repositories.profile_reading import ProfileReading
from hegel_store.repositories.profile_rows import found_profile, profile_of


class ProfileLineage(ProfileReading):
    """The part of ProfileRepository that follows parents."""

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
            found_profile(None, corpus_id, key)
        return [profile_of(row) for row in rows]
