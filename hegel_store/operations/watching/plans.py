"""A plan of EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON): its nodes, and how it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CONDITIONS = (
    "Index Cond",
    "Recheck Cond",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Filter",
    "Order By",
    "Sort Key",
    "Group Key",
)
REMOVED = (
    "Rows Removed by Filter",
    "Rows Removed by Join Filter",
    "Rows Removed by Index Recheck",
)
STOPPED_BY = ("Limit",)
"""Who asks for rows as long as it wants some: what is below may end early."""
READ_TO_THE_END = ("Sort", "Hash", "Aggregate", "Incremental Sort", "Materialize", "WindowAgg")
"""Who reads all of what is below before, or while, it gives anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of a plan. ``stopped`` says that it may have been ended before it had all its rows.

    Rows are those of one loop, as the server tells them; ``planned`` is what it expected.
    """

    fields: Mapping[str, Any]
    depth: int
    stopped: bool

    @property
    def planned(self) -> float:
        return float(self.fields.get("Plan Rows", 0))

    @property
    def rows(self) -> float:
        return float(self.fields.get("Actual Rows", 0))

    @property
    def loops(self) -> float:
        return float(self.fields.get("Actual Loops", 0))

    @property
    def removed(self) -> float:
        """Rows of a loop that were read in vain."""
        return float(sum(self.fields.get(name, 0) for name in REMOVED))

    @property
    def name(self) -> str:
        """ "Index Scan using pk_x on x", as EXPLAIN's text says it."""
        kind = str(self.fields["Node Type"])
        if kind == "ModifyTable":
            kind = str(self.fields.get("Operation", kind))
        parts = [kind]
        if "Index Name" in self.fields:
            parts.append(f"using {self.fields['Index Name']}")
        target = next(
            (
                str(self.fields[key])
                for key in ("Relation Name", "CTE Name", "Function Name")
                if key in self.fields
            ),
            None,
        )
        if target is not None:
            alias = self.fields.get("Alias", target)
            parts.append(f"on {target}" + (f" {alias}" if alias != target else ""))
        return " ".join(parts)


def nodes(plan: Mapping[str, Any]) -> Iterator[Node]:
    """The nodes of a plan (the object below "Plan"), each before those below it."""
    yield from _walk(plan, 0, stopped=False)


def _walk(fields: Mapping[str, Any], depth: int, *, stopped: bool) -> Iterator[Node]:
    yield Node(fields=fields, depth=depth, stopped=stopped)
    kind = fields["Node Type"]
    below = kind in STOPPED_BY or (stopped and kind not in READ_TO_THE_END)
    for child in fields.get("Plans", ()):
        yield from _walk(child, depth + 1, stopped=below)


def lines(plan: Mapping[str, Any]) -> Sequence[str]:
    """The plan as a tree of lines: what was done, rows, time and pages, and by which condition."""
    shown = []
    for node in nodes(plan):
        indent = "  " * node.depth
        shown.append(f"{indent}{node.name}  ({_measured(node)})")
        shown += [
            f"{indent}    {name}: {_condition(node.fields[name])}"
            for name in CONDITIONS
            if name in node.fields
        ]
        if node.removed and node.loops:
            shown.append(f"{indent}    rows read in vain: {node.removed * node.loops:,.0f}")
    return shown


def _measured(node: Node) -> str:
    if not node.loops:
        return f"never executed, planned {node.planned:,.0f} rows"
    seconds = float(node.fields.get("Actual Total Time", 0.0)) * node.loops
    parts = [f"{node.rows * node.loops:,.0f} rows, planned {node.planned * node.loops:,.0f}"]
    if node.loops > 1:
        parts.append(f"{node.loops:,.0f} loops")
    parts.append(f"{seconds:,.3f} ms")
    pages = {
        "hit": node.fields.get("Shared Hit Blocks", 0),
        "read": node.fields.get("Shared Read Blocks", 0),
        "spilled": node.fields.get("Temp Written Blocks", 0),
    }
    counted = [f"{count:,} {what}" for what, count in pages.items() if count]
    return ", ".join([*parts, *([f"pages: {', '.join(counted)}"] if counted else [])])


def _condition(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
