"""The plots of a load test's report, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from hegel_store.load.summary import CallSummary

WIDTH, LEFT, RIGHT = 760, 150, 40
ROW, TOP, BOTTOM = 30, 34, 40
COLOURS = {"p50": "#1b6ca8", "p95": "#e08a1e", "p99": "#b3261e"}
STYLE = "font-family: sans-serif; font-size: 12px; fill: #222"


def draw_latencies(calls: Sequence[CallSummary]) -> str:
    """A row for each call with its p50, p95 and p99, over milliseconds on a logarithmic scale."""
    shown = [(each.name, points) for each in calls if (points := _points(each))]
    values = [value for _, points in shown for value in points.values()] or [1.0]
    low = math.floor(math.log10(max(min(values), 0.01)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    height = TOP + ROW * len(shown) + BOTTOM

    def across(milliseconds: float) -> float:
        share = (math.log10(max(milliseconds, 0.01)) - low) / (high - low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    parts = []
    for power in range(low, high + 1):
        x = across(10.0**power)
        parts.append(_line(x, TOP - 8, x, height - BOTTOM, "#ddd"))
        parts.append(_text(x, height - BOTTOM + 16, f"{10.0**power:g} ms", "middle"))
    for row, (name, points) in enumerate(shown):
        y = TOP + ROW * row + ROW / 2
        parts.append(_text(LEFT - 10, y + 4, name, "end"))
        parts.append(_line(across(points["p50"]), y, across(points["p99"]), y, "#999"))
        parts += [
            f'<circle cx="{across(value):.1f}" cy="{y:.1f}" r="5" fill="{COLOURS[point]}">'
            f"<title>{escape(name)} {point}: {value:.2f} ms</title></circle>"
            for point, value in points.items()
        ]
    for place, (point, colour) in enumerate(COLOURS.items()):
        x = LEFT + 60 * place
        parts.append(f'<circle cx="{x}" cy="12" r="5" fill="{colour}"/>')
        parts.append(_text(x + 10, 16, point, "start"))
    return _drawing(height, parts)


def draw_throughput(timeline: Sequence[int]) -> str:
    """Calls that ended in each second, as a line from the first second to the last."""
    height, floor = 220, 180
    most = max([*timeline, 1])
    reach = max(len(timeline) - 1, 1)
    points = " ".join(
        f"{LEFT + (WIDTH - LEFT - RIGHT) * second / reach:.1f},"
        f"{floor - (floor - TOP) * count / most:.1f}"
        for second, count in enumerate(timeline)
    )
    return _drawing(
        height,
        [
            _line(LEFT, floor, WIDTH - RIGHT, floor, "#999"),
            _line(LEFT, TOP, WIDTH - RIGHT, TOP, "#ddd"),
            _text(LEFT - 10, TOP + 4, f"{most:,} calls/s", "end"),
            _text(LEFT - 10, floor + 4, "0", "end"),
            _text(LEFT, floor + 18, "0 s", "middle"),
            _text(WIDTH - RIGHT, floor + 18, f"{len(timeline)} s", "middle"),
            f'<polyline points="{points}" fill="none" stroke="{COLOURS["p50"]}" stroke-width="2"/>',
        ],
    )


def _points(call: CallSummary) -> dict[str, float]:
    found = {"p50": call.p50, "p95": call.p95, "p99": call.p99}
    return {name: value for name, value in found.items() if value is not None}


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" style="{STYLE}">'
        f"{escape(words)}</text>"
    )


def _drawing(height: int, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )
