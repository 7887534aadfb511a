"""A lineage as text, for the terminal.

The line goes straight down as long as it can. Of several parents (or children) the one with the
most behind it goes on straight, and the others branch off before it, so that the text gets no
wider than the logarithm of the number of profiles. A profile is drawn where the shortest way leads
to it; wherever else it belongs, there is a reference to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from hegel_store.models import LineageGraph, LineageNode
from hegel_store.prompts.labels import reward_text, short_id, shown

Neighbours = Mapping[UUID, Sequence[UUID]]


def draw_tree(graph: LineageGraph) -> str:
    """The graph as lines, the profile that was asked about first.

    A line has version, the end of the id, mean reward with the number of rewards, and aliases.
    """
    nodes = {node.id: node for node in graph.nodes}
    neighbours = _neighbours(graph)
    owner = _owners(graph.profile_id, neighbours)
    weight = dict.fromkeys(nodes, 1)
    # Breadth first is owners first, so that backwards all that a node owns is weighed before it.
    for node_id in reversed(owner):
        above = owner[node_id]
        if above is not None:
            weight[above] += weight[node_id]
    lines: list[str] = []
    # What is still to be drawn, the next one last: a node, or a reference, and what stands before.
    waiting: list[tuple[UUID, bool, str, str]] = [(graph.profile_id, True, "", "")]
    while waiting:
        node_id, whole, before, here = waiting.pop()
        if not whole:
            lines.append(f"{before}{here}see v{nodes[node_id].version} {short_id(nodes[node_id])}")
            continue
        lines.append(f"{before}{here}● {_label(nodes[node_id])}")
        inner = before if not here else before + "│ "
        owned = [other for other in neighbours[node_id] if owner[other] == node_id]
        straight = max(owned, key=weight.__getitem__, default=None)
        branches = [
            (other, owner[other] == node_id, inner, "├─")
            for other in neighbours[node_id]
            if other != straight
        ]
        if straight is not None:
            waiting.append((straight, True, inner, ""))
        waiting += reversed(branches)
    return "\n".join(lines) + "\n"


def _neighbours(graph: LineageGraph) -> Neighbours:
    """Parents, or children, of each node, in the order of the edges."""
    neighbours: dict[UUID, list[UUID]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        if graph.direction == "ancestors":
            neighbours[edge.child_id].append(edge.parent_id)
        else:
            neighbours[edge.parent_id].append(edge.child_id)
    return neighbours


def _owners(root: UUID, neighbours: Neighbours) -> dict[UUID, UUID | None]:
    """The nodes breadth first, each with the one that it is drawn under."""
    owner: dict[UUID, UUID | None] = {root: None}
    found = [root]
    for node_id in found:
        for other in neighbours[node_id]:
            if other not in owner:
                owner[other] = node_id
                found.append(other)
    return owner


def _label(node: LineageNode) -> str:
    reward = reward_text(node)
    parts = [f"v{node.version}", short_id(node)]
    parts += [f"reward {reward}"] if reward else []
    parts += [f"[{', '.join(map(shown, node.aliases))}]"] if node.aliases else []
    return " ".join(parts)
