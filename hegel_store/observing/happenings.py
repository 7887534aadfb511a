"""What is told: each kind with its fields, by which events are named and metrics counted.

Times are in milliseconds where the name says so, and in seconds otherwise. No field holds what a
user wrote, but for the query of a search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

Level = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """``name`` is the event's, ``level`` the least at which it is logged."""

    name: ClassVar[str]
    level: ClassVar[Level] = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchComplete(Happening):
    """A search of facts was answered.

    ``embedding_time_ms`` is this query's share where several were embedded together.
    ``cache_hit``: the result cache had the answer. ``match_types`` counts the hits by the channels
    that found them: vector, text, or both. ``filters`` are the names of those that were given.
    ``candidates`` are the facts that the channels offered; ``exact``: every vector that matches was
    compared, and not those alone that a scan of the index came by. ``corpus`` is None where all
    were searched. Of a streamed search, the times are those that its iterator was open for, and
    ``candidates`` and ``exact`` are None.
    """

    name: ClassVar[str] = "search_complete"

    query: str
    query_length: int
    corpus: str | None
    mode: str
    filters: Sequence[str]
    total_time_ms: float
    embedding_time_ms: float
    db_search_time_ms: float
    rerank_time_ms: float
    cache_hit: bool
    results_count: int
    match_types: Mapping[str, int]
    candidates: int | None
    exact: bool | None
    degraded: str | None
    streamed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsAdded(Happening):
    """A batch of facts was stored. ``refused`` were set aside, ``merged`` were known."""

    name: ClassVar[str] = "facts_added"

    added: int
    merged: int
    refused: int
    total_time_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsLogged(Happening):
    """A call with many steps was stored, ``stored`` of them for the first time."""

    name: ClassVar[str] = "steps_logged"

    steps: int
    stored: int
    total_time_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalsLogged(Happening):
    """What many steps were shown was stored: ``facts`` of them that were new to their steps."""

    name: ClassVar[str] = "retrievals_logged"

    steps: int
    facts: int
    total_time_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoresRecorded(Happening):
    """What came of many evaluations was recorded, by what that did (see record_many())."""

    name: ClassVar[str] = "scores_recorded"

    evaluations: int
    outcomes: Mapping[str, int]
    total_time_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsSpooled(Happening):
    """Steps went to the disk, where ``spool_bytes`` are now."""

    name: ClassVar[str] = "steps_spooled"
    level: ClassVar[Level] = "warning"

    steps: int
    spool_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsReplayed(Happening):
    """Steps came from the disk into the database; ``spool_bytes`` are left."""

    name: ClassVar[str] = "steps_replayed"

    steps: int
    spool_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsSetAside(Happening):
    """No database takes these steps: they are dead letters. ``reasons`` are kinds of errors."""

    name: ClassVar[str] = "steps_set_aside"
    level: ClassVar[Level] = "error"

    steps: int
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryInterrupted(Happening):
    """The database takes no steps any more."""

    name: ClassVar[str] = "delivery_interrupted"
    level: ClassVar[Level] = "warning"

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResumed(Happening):
    """The database takes steps again."""

    name: ClassVar[str] = "delivery_resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried(Happening):
    """Something will be tried again after a pause: a transaction, a lock, an embedding."""

    name: ClassVar[str] = "retry"
    level: ClassVar[Level] = "warning"

    what: Literal["transaction", "lock", "embedding"]
    attempt: int
    error: str
    pause_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationComplete(Happening):
    """Revisions were applied or taken back, or ``error`` kept them from it."""

    name: ClassVar[str] = "migration_complete"

    direction: Literal["upgrade", "downgrade"]
    before: str | None
    after: str | None
    total_time_ms: float
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceTask(Happening):
    """A task of maintenance ended, as ``status`` and ``why`` say."""

    name: ClassVar[str] = "maintenance_task"

    task: str
    status: str
    why: str
    total_time_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbyLeftOut(Happening):
    """Nothing is read on this standby any more. ``standby`` is its address, without a password,
    ``reason`` what the server or the driver said."""

    name: ClassVar[str] = "standby_left_out"
    level: ClassVar[Level] = "warning"

    standby: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbyBack(Happening):
    """This standby is read from again."""

    name: ClassVar[str] = "standby_back"

    standby: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWaited(Happening):
    """A thread had to wait for a connection, in vain if ``timed_out``; ``server`` is the role of
    the one that it leads to."""

    name: ClassVar[str] = "pool_waited"
    level: ClassVar[Level] = "debug"

    seconds: float
    timed_out: bool
    server: Literal["primary", "standby"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheAsked(Happening):
    """A cache was asked for so many things that it had, and so many that it had not."""

    name: ClassVar[str] = "cache_asked"
    level: ClassVar[Level] = "debug"

    cache: str
    hits: int
    misses: int
