"""What is known of a standby."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ReplicaState = Literal["fresh", "behind", "away"]
"""It has what the last unit of work needed; it has not, and nobody waits for it; it is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaHealth:
    """A standby, as it was found just now.

    ``position`` is how far it has replayed (an LSN, "16/B374D848") and ``missing_bytes`` what the
    primary had written beyond; None where that is not known. ``reason`` says why it is not fresh.
    """

    address: str
    state: ReplicaState
    position: str | None = None
    missing_bytes: int | None = None
    reason: str | None = None
