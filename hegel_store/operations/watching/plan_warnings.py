"""What in a plan deserves a look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hegel_store.operations.doctor.findings import Finding, shown_bytes
from hegel_store.operations.watching.plans import Node, nodes

LARGE_ROWS = 10_000
"""Rows read one by one, from which an index would have been worth it."""
WRONG_BY, WRONG_ROWS = 10.0, 100
"""An estimate that is wrong by this factor, of at least so many rows: of few, any plan is good."""
VAIN_SHARE, VAIN_ROWS = 0.9, 1000
"""Rows thrown away by a filter, of those that were read."""
PAGE = 8192


def warnings(plan: Mapping[str, Any]) -> Sequence[Finding]:
    """The findings of a plan, in the order of its nodes; those never executed are passed over."""
    return [
        finding
        for node in nodes(plan)
        if node.loops
        for finding in (*_scan(node), *_estimate(node), *_spill(node), *_vain(node))
    ]


def _scan(node: Node) -> Iterator[Finding]:
    read = (node.rows + node.removed) * node.loops
    if node.fields["Node Type"] == "Seq Scan" and read >= LARGE_ROWS:
        yield Finding(
            code="plan-sequential-scan",
            severity="look",
            subject=node.name,
            seen=f"{read:,.0f} rows were read one by one, and {node.rows * node.loops:,.0f} kept",
            why="It takes longer with every row that is added.",
            remedy="an index on what it filters by, or ANALYZE where there is one",
        )


def _estimate(node: Node) -> Iterator[Finding]:
    # Ended early by a LIMIT above, it had more rows to give than were asked for.
    if node.stopped and node.rows < node.planned:
        return
    fewer, more = sorted((max(node.rows, 1.0), max(node.planned, 1.0)))
    if more >= WRONG_ROWS and more / fewer >= WRONG_BY:
        yield Finding(
            code="plan-wrong-estimate",
            severity="look",
            subject=node.name,
            seen=f"{node.rows:,.0f} rows came where {node.planned:,.0f} were expected, "
            f"{more / fewer:,.0f} times {'more' if node.rows > node.planned else 'fewer'}",
            why="The plan was chosen for another number of rows; another may be better.",
            remedy="ANALYZE the tables; where that does not help, CREATE STATISTICS on columns "
            "that depend on each other",
        )


def _spill(node: Node) -> Iterator[Finding]:
    fields = node.fields
    sorted_on_disk = fields.get("Sort Space Type") == "Disk"
    hashed_in_parts = max(fields.get("Hash Batches", 1), fields.get("HashAgg Batches", 1)) > 1
    if sorted_on_disk:
        size = fields.get("Sort Space Used", 0) * 1024
    elif hashed_in_parts:
        size = max(fields.get("Disk Usage", 0) * 1024, fields.get("Temp Written Blocks", 0) * PAGE)
    else:
        return
    yield Finding(
        code="plan-spilled",
        severity="look",
        subject=node.name,
        seen=f"{shown_bytes(size)} were {'sorted' if sorted_on_disk else 'hashed'} in temporary "
        "files",
        why="It did not fit into work_mem, and the disk is slower.",
        remedy="ask for fewer rows, or SET work_mem for the role that asks",
    )


def _vain(node: Node) -> Iterator[Finding]:
    removed, kept = node.removed * node.loops, node.rows * node.loops
    if removed >= VAIN_ROWS and removed >= VAIN_SHARE * (removed + kept):
        yield Finding(
            code="plan-filter",
            severity="look",
            subject=node.name,
            seen=f"{removed:,.0f} of {removed + kept:,.0f} rows were read and thrown away",
            why="The filter works on rows that were read already.",
            remedy="an index that has the filter's column, or a partial one",
        )
