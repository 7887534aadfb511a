"""Where the boxes of a lineage go: founders above, each profile below all of its parents.

A layered drawing (Sugiyama, Tagawa & Toda 1981): rows by the longest way from a founder, a place in
every row that an edge passes through, so that it goes around the boxes, and an order within the
rows by the mean place of the neighbours, over a few sweeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hegel_store.models import LineageGraph

SWEEPS = 4

Item = tuple[UUID, UUID | None]
"""A node with None, or the passage of an edge (parent, child)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """``rows`` from the top, each with its items from the left; ``row_of`` says where nodes are."""

    rows: Sequence[Sequence[Item]]
    row_of: dict[UUID, int]


def lay_out(graph: LineageGraph) -> Layout:
    """The rows of the graph, always the same for the same graph."""
    row_of = _generations(graph)
    count = 1 + max(row_of.values())
    rows: list[list[Item]] = [[] for _ in range(count)]
    for node in sorted(graph.nodes, key=lambda node: (node.created_at, node.id)):
        rows[row_of[node.id]].append((node.id, None))
    above: dict[tuple[int, Item], list[Item]] = {}
    below: dict[tuple[int, Item], list[Item]] = {}
    for edge in graph.edges:
        parent, child = edge.parent_id, edge.child_id
        last: Item = (parent, None)
        for row in range(row_of[parent] + 1, row_of[child] + 1):
            passes = row < row_of[child]
            item: Item = (parent, child) if passes else (child, None)
            if passes:
                rows[row].append(item)
            above.setdefault((row, item), []).append(last)
            below.setdefault((row - 1, last), []).append(item)
            last = item
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        order = range(1, count) if down else range(count - 2, -1, -1)
        for row in order:
            near = rows[row - 1] if down else rows[row + 1]
            _arrange(rows[row], near, row, above if down else below)
    return Layout(rows=rows, row_of=row_of)


def _generations(graph: LineageGraph) -> dict[UUID, int]:
    """The longest way to each node from one without parents in the graph."""
    children: dict[UUID, list[UUID]] = {node.id: [] for node in graph.nodes}
    missing = dict.fromkeys(children, 0)
    for edge in graph.edges:
        children[edge.parent_id].append(edge.child_id)
        missing[edge.child_id] += 1
    row_of = dict.fromkeys(children, 0)
    ready = [node_id for node_id in children if not missing[node_id]]
    for node_id in ready:
        for child in children[node_id]:
            row_of[child] = max(row_of[child], row_of[node_id] + 1)
            missing[child] -= 1
            if not missing[child]:
                ready.append(child)
    return row_of


def _arrange(
    row: list[Item], near: list[Item], number: int, neighbours: dict[tuple[int, Item], list[Item]]
) -> None:
    """Sort a row by the mean place of what its items lead to; what leads nowhere stays."""
    place = {item: (index + 0.5) / len(near) for index, item in enumerate(near)}
    wanted = {}
    for index, item in enumerate(row):
        others = [place[other] for other in neighbours.get((number, item), ())]
        wanted[item] = sum(others) / len(others) if others else (index + 0.5) / len(row)
    row.sort(key=wanted.__getitem__)
