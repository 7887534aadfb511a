"""Where the sentences of a prompt come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BlamedSentence:
    """A sentence of a role's prompt, and the profile that first had it there.

    ``text`` has the blanks that follow it, so that the texts of a role give back its prompt.
    """

    role: str
    text: str
    profile_id: UUID
    task_type: str
    version: int
    created_at: datetime
