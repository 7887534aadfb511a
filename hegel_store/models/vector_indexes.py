"""What there is to say of vector indexes: what there is, what was measured, what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Method = Literal["hnsw", "ivfflat"]

Role = Literal["serving", "kept", "beside", "hidden", "other"]
"""serving: searches use it. kept: the former one, for going back. beside: what a rebuild has built,
or begun to. hidden: it has the name of the one that serves, and searches order by the other form.
other: no index of a rebuild."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorIndex:
    """An index of vectors of this installation.

    ``column`` is the one it is of, ``parameters`` are m and ef_construction, or lists, with
    pgvector's defaults where the index names none. ``predicate`` is that of a partial index.
    ``form`` is the expression it is of: "plain", the column itself, "subvector" (see
    hegel_store.schema.vector_keys), or "other", such as the signs. ``rows`` is an estimate of the
    planner's, None where there is none yet; ``scans`` are counted since the statistics were reset.
    ``build_seconds`` is an estimate for building it anew with the same parameters, on the basis
    that ``estimated_from`` says. ``recall`` is what was measured when: by number of facts k, by
    ef_search (of IVFFlat: probes) the mean recall@k (0..1); empty where nothing was.
    """

    name: str
    table: str
    column: str
    method: Method
    parameters: Mapping[str, int]
    opclass: str
    predicate: str | None
    form: Literal["plain", "subvector", "other"]
    role: Role
    valid: bool
    bytes: int
    rows: int | None
    scans: int
    build_seconds: float | None
    estimated_from: str
    recall: Mapping[int, Mapping[int, float]]
    measured_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredIndex:
    """What one index found of the exact answers, and how fast.

    ``effort`` is the ef_search, or the probes of an IVFFlat index. ``recall`` (0..1) is the mean of
    recall@k, ``worst`` that of the worst tenth of the queries; ``p50`` and ``p95`` are milliseconds
    of the vector statement, at the client, with a warm cache. ``table`` has, by k and by effort,
    the mean recalls that were measured beside.
    """

    name: str
    effort: int
    recall: float
    worst: float
    p50: float
    p95: float
    table: Mapping[int, Mapping[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Indexes of one column on the same queries, in one snapshot.

    ``queries_from`` says what was asked: "query log" (the questions asked the most often) or
    "stored vectors, moved". ``exact_p50`` is the median of an exact search in milliseconds.
    """

    k: int
    queries: int
    queries_from: str
    exact_p50: float
    indexes: Sequence[MeasuredIndex]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do with the index ``name``. ``method`` None is: none is needed, an exact search is
    faster. ``parameters`` are those to build with, ``effort`` the ef_search or probes to search
    with. ``ivfflat`` are lists and probes for so many rows, whatever is advised. ``why`` is the
    reason in a sentence; ``measured`` is None where nothing could be, which ``why`` then explains.
    """

    name: str
    column: str
    rows: int
    method: Method | None
    parameters: Mapping[str, int]
    effort: int | None
    ivfflat: Mapping[str, int]
    change: bool
    why: str
    measured: Measured | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildProgress:
    """How far CREATE INDEX is, as pg_stat_progress_create_index has it. ``done`` of ``total`` are
    tuples while these are loaded, else blocks; both 0 where the phase counts nothing."""

    phase: str
    done: int
    total: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild came to. ``swapped`` is whether the new index serves; where not, ``refused``
    says why, and the new one is gone. ``kept`` is the name of the old one. ``statements`` are those
    that were executed, or would be in a dry run. ``measured`` has the old index first; None in a
    dry run, or where there is too little to measure."""

    name: str
    swapped: bool
    refused: str | None
    kept: str | None
    statements: Sequence[str]
    build_seconds: float | None
    warnings: Sequence[str]
    measured: Measured | None
