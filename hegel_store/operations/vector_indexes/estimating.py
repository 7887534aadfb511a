"""Estimates, each with what it is from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hegel_store.models.vector_indexes import Method
from hegel_store.models.vectors import DIMENSIONS, size_of

ROWS_PER_SECOND = 5000.0
"""Vectors of 384 numbers that an HNSW index with m = 16 and ef_construction = 64 took in a second,
with the graph in memory, on two cores."""
FROM_ELSEWHERE = (
    "an estimate, from 300,000 vectors of 384 numbers in 60 s with m = 16 and ef_construction = 64 "
    "on two cores"
)
FROM_ITS_LAST_BUILD = "an estimate, from how long its last rebuild took"
IVFFLAT_FASTER = 5.0
"""How many times as fast IVFFlat is taken to be built: it draws no graph."""

LISTS = ((1_000, 10, 5), (10_000, 50, 10), (100_000, 100, 20))
"""Up to how many rows: lists and probes of an IVFFlat index."""
MOST_PROBES = 40
FEWEST_LISTS = 200
MOST_LISTS = 32_768
"""pgvector takes no more."""


def build_seconds(
    method: Method,
    slot: str,
    parameters: Mapping[str, int],
    rows: int | None,
    note: Mapping[str, Any],
) -> tuple[float | None, str]:
    """How long a build with these parameters may take, and what that is from.

    By the rate of the last rebuild that the note tells of; else by ROWS_PER_SECOND, in proportion
    to the numbers in a vector and to ef_construction.
    """
    if not rows:
        return None, "no estimate: how many rows there are is not known before an ANALYZE"
    built = note.get("built")
    if built and built.get("rows") and built.get("seconds"):
        return rows * built["seconds"] / built["rows"], FROM_ITS_LAST_BUILD
    seconds = rows / ROWS_PER_SECOND * _numbers(slot) / 384
    if method == "ivfflat":
        return seconds / IVFFLAT_FASTER, FROM_ELSEWHERE
    return seconds * parameters["ef_construction"] / 64, FROM_ELSEWHERE


def lists_for(rows: int) -> tuple[int, int]:
    """Lists and probes of an IVFFlat index of so many rows: the advice of LISTS, and above it 200
    and 40, then a list for each thousand rows."""
    for most, lists, probes in LISTS:
        if rows <= most:
            return lists, probes
    return min(max(FEWEST_LISTS, rows // 1000), MOST_LISTS), MOST_PROBES


def _numbers(column: str) -> int:
    """In a vector of this column; those of labels are of the smallest size."""
    return DIMENSIONS[0] if column == "embedding" else size_of(column)
