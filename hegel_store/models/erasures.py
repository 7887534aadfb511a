"""What says that a corpus was erased, and holds nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReceipt:
    """``counts`` are rows by table, and vectors in other caches as "caches"; of a run that was
    broken off and gone on with, of all of it. ``finished_at`` is None until it is."""

    id: UUID
    begun_at: datetime
    finished_at: datetime | None
    erased_by: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolSweep:
    """What of a corpus was in the spool of this machine. ``busy`` are folders of writers that are
    alive, which nobody else can empty."""

    steps: int
    dead_letters: int
    busy: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasurePlan:
    """What an erasure would remove: rows by table, what lies in the spool, and steps by archive.

    ``scopes`` are the task types that export_scope() could keep before.
    """

    counts: Mapping[str, int]
    spool: SpoolSweep
    archives: Mapping[str, int]
    scopes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure has removed. ``archives`` are files with steps of the corpus and how many:
    rewritten without them where ``archives_rewritten``, and else as they were."""

    receipt: ErasureReceipt
    spool: SpoolSweep
    archives: Mapping[str, int]
    archives_rewritten: bool
