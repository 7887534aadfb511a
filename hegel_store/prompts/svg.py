"""A lineage as an SVG file, self-contained and always the same for the same graph.

Rewards are shades of one blue, from light to dark, so that they are told apart by who does not see
colours and in black and white; each box also has its reward as a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from hegel_store.models import LineageGraph, LineageNode
from hegel_store.prompts.labels import reward_text, short_id, shown
from hegel_store.prompts.layout import Item, lay_out

BOX_WIDTH, BOX_HEIGHT = 170, 52
PASSAGE_WIDTH = 14
COLUMN_GAP, ROW_GAP, MARGIN = 18, 40, 20
LEGEND_WIDTH, LEGEND_HEIGHT = 170, 34
LETTERS = 22
"""What fits into a box."""

LIGHT, DARK = (222, 235, 247), (8, 81, 156)
DARK_FROM = 0.75
"""From this share of the scale on, letters are white. Either way their contrast is at least 4.5 to
1, as WCAG 2.2 asks (1.4.3)."""

# XML 1.0, production 2: what no document may hold, not even escaped.
NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

STYLE = (
    "text{font:12px ui-monospace,Menlo,Consolas,monospace}"
    ".box{stroke:#08306b}.asked{stroke-width:3}.none{fill:#fff;stroke-dasharray:4 3}"
    ".edge{fill:none;stroke:#636363}.other{stroke-dasharray:5 4}"
)


@dataclass(frozen=True, slots=True)
class _Scale:
    """The rewards between which the shades are spread."""

    low: float
    high: float

    def share(self, reward: float) -> float:
        """0 for the lowest reward, 1 for the highest."""
        if self.high == self.low:
            return 1.0
        # Halved, as the distance of two rewards may be more than a float holds.
        span = self.high / 2 - self.low / 2
        return (reward / 2 - self.low / 2) / span if span else 1.0


def draw_svg(graph: LineageGraph) -> str:
    """The graph from the founders down, a row for each generation.

    A profile stands one row below the lowest of its parents in the graph. Its box has version, end
    of the id, mean reward with the number of rewards, and aliases; one without a reward is white
    with a dashed border, and the profile that was asked about has a thick one. The line to the base
    is drawn through, those to other parents are dashed. Boxes and lines have titles with whole ids,
    and ``data-`` attributes with the same.
    """
    layout = lay_out(graph)
    nodes = {node.id: node for node in graph.nodes}
    widths = [
        sum(map(_width, row)) + COLUMN_GAP * (len(row) - 1) if row else 0 for row in layout.rows
    ]
    width = max(LEGEND_WIDTH, *widths)
    centre: dict[tuple[int, Item], float] = {}
    for number, row in enumerate(layout.rows):
        left = MARGIN + (width - widths[number]) / 2
        for item in row:
            centre[number, item] = left + _width(item) / 2
            left += _width(item) + COLUMN_GAP
    height = len(layout.rows) * (BOX_HEIGHT + ROW_GAP) - ROW_GAP + LEGEND_HEIGHT + ROW_GAP
    rewards = [node.average_reward for node in graph.nodes if node.average_reward is not None]
    scale = _Scale(min(rewards), max(rewards)) if rewards else None
    box = f"{_number(width + 2 * MARGIN)} {_number(height + 2 * MARGIN)}"
    total_width, total_height = box.split()
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total_width}" height="{total_height}"'
        f' viewBox="0 0 {box}" role="img">',
        f"<title>{_text(f'{graph.direction} of {graph.profile_id} in {graph.corpus_id}')}</title>",
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for edge in graph.edges:
        first, last = layout.row_of[edge.parent_id], layout.row_of[edge.child_id]
        x, y = centre[first, (edge.parent_id, None)], _top(first) + BOX_HEIGHT
        path = f"M{_number(x)} {y}"
        for level in range(first + 1, last + 1):
            stop: Item = (edge.parent_id, edge.child_id) if level < last else (edge.child_id, None)
            next_x, next_y = centre[level, stop], _top(level)
            middle = (y + next_y) // 2
            path += f"C{_number(x)} {middle} {_number(next_x)} {middle} {_number(next_x)} {next_y}"
            x, y = next_x, next_y
            if level < last:
                y += BOX_HEIGHT
                path += f"V{y}"
        kind = "edge" if edge.position == 0 else "edge other"
        lines.append(
            f'<path class="{kind}" d="{path}" data-parent="{edge.parent_id}"'
            f' data-child="{edge.child_id}">'
            f"<title>{edge.parent_id} to {edge.child_id}</title></path>"
        )
    for number, row in enumerate(layout.rows):
        for item in row:
            if item[1] is None:
                left = centre[number, item] - BOX_WIDTH / 2
                lines += _box(nodes[item[0]], left, _top(number), scale, graph)
    lines += _legend(scale, _top(len(layout.rows)))
    return "\n".join([*lines, "</svg>", ""])


def _width(item: Item) -> int:
    return BOX_WIDTH if item[1] is None else PASSAGE_WIDTH


def _top(row: int) -> int:
    return MARGIN + row * (BOX_HEIGHT + ROW_GAP)


def _box(
    node: LineageNode, left: float, top: int, scale: _Scale | None, graph: LineageGraph
) -> Iterator[str]:
    classes = ["box"] + (["asked"] if node.id == graph.profile_id else [])
    fill, letters = "", "#000"
    if node.average_reward is None or scale is None:
        classes.append("none")
    else:
        share = scale.share(node.average_reward)
        fill, letters = f' fill="{_shade(share)}"', "#fff" if share >= DARK_FROM else "#000"
    x, middle = _number(left), _number(left + BOX_WIDTH / 2)
    aliases = ", ".join(map(shown, node.aliases))
    said = f"{node.id}, version {node.version} of {node.task_type}, {node.steps} steps"
    yield f'<g data-profile="{node.id}">'
    yield f"<title>{_text(f'{said}, {aliases}' if aliases else said)}</title>"
    yield (
        f'<rect class="{" ".join(classes)}" x="{x}" y="{top}" width="{BOX_WIDTH}"'
        f' height="{BOX_HEIGHT}" rx="4"{fill}/>'
    )
    for line, words in enumerate(
        (f"v{node.version} {short_id(node)}", reward_text(node) or "no reward", aliases)
    ):
        if words:
            yield (
                f'<text x="{middle}" y="{top + 16 + 15 * line}" text-anchor="middle"'
                f" fill={quoteattr(letters)}>{_text(_fitted(words))}</text>"
            )
    yield "</g>"


def _legend(scale: _Scale | None, top: int) -> Iterator[str]:
    if scale is None:
        return
    stops = "".join(
        f'<stop offset="{share}" stop-color="{_shade(share)}"/>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    yield f'<linearGradient id="rewards">{stops}</linearGradient>'
    yield (
        f'<rect x="{MARGIN}" y="{top}" width="{LEGEND_WIDTH}" height="12" fill="url(#rewards)"'
        ' stroke="#08306b"/>'
    )
    for x, anchor, reward in (
        (MARGIN, "start", scale.low),
        (MARGIN + LEGEND_WIDTH, "end", scale.high),
    ):
        yield f'<text x="{x}" y="{top + 28}" text-anchor="{anchor}">{reward:.4g}</text>'


def _shade(share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(LIGHT, DARK, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _fitted(words: str) -> str:
    return words if len(words) <= LETTERS else words[: LETTERS - 1] + "…"


def _text(words: str) -> str:
    return escape(NO_XML.sub("\ufffd", words))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
