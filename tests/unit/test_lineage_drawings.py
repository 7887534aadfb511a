"""Lineages drawn: everything is there, nothing lies on anything, whatever the names are."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import UUID
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hegel_store.models import LineageEdge, LineageGraph, LineageNode
from hegel_store.prompts.svg import DARK_FROM, _shade, draw_svg
from hegel_store.prompts.tree import draw_tree
from tests.strategies import any_text

SVG = "{http://www.w3.org/2000/svg}"
MADE = datetime(2024, 5, 17, tzinfo=UTC)


def node(
    number: int, reward: float | None = None, aliases: tuple[str, ...] = (), distance: int = 0
) -> LineageNode:
    return LineageNode(
        id=UUID(int=number + 1),
        task_type="qa",
        version=number + 1,
        created_at=MADE + timedelta(minutes=number),
        distance=distance,
        content_hash="",
        aliases=aliases,
        steps=3,
        rewards=0 if reward is None else 2,
        average_reward=reward,
    )


def ancestry(
    parents: list[list[int]],
    rewards: dict[int, float] | None = None,
    aliases: dict[int, tuple[str, ...]] | None = None,
    corpus_id: str = "news",
) -> LineageGraph:
    """The graph of the last one, all of whose ancestors the others have to be, or strays."""
    numbers = range(len(parents))
    return LineageGraph(
        corpus_id=corpus_id,
        profile_id=UUID(int=len(parents)),
        direction="ancestors",
        nodes=[
            node(n, (rewards or {}).get(n), (aliases or {}).get(n, ())) for n in reversed(numbers)
        ],
        edges=[
            LineageEdge(parent_id=UUID(int=p + 1), child_id=UUID(int=n + 1), position=place)
            for n in reversed(numbers)
            for place, p in enumerate(parents[n])
        ],
    )


def parsed(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawn)  # noqa: S314  # drawn here


def boxes(root: ElementTree.Element) -> dict[UUID, tuple[float, float, float, float]]:
    found = {}
    for group in root.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        x, y, width, height = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        found[UUID(group.get("data-profile"))] = (x, y, x + width, y + height)
    return found


# Each has parents among those before it, and so leads to the first.
lineages = st.integers(1, 25).flatmap(
    lambda count: st.tuples(
        *(
            st.lists(st.integers(0, n - 1), unique=True, min_size=1, max_size=3)
            if n
            else st.just([])
            for n in range(count)
        )
    ).map(list)
)


@given(lineages, st.data())
@settings(deadline=None, max_examples=150)
def test_svg_has_every_box_and_edge_and_no_two_boxes_overlap(parents, data) -> None:
    numbers = st.integers(0, len(parents) - 1)
    rewards = data.draw(
        st.dictionaries(numbers, st.floats(allow_nan=False, allow_infinity=False), max_size=25)
    )
    graph = ancestry(parents, rewards)
    drawn = draw_svg(graph)
    assert drawn == draw_svg(graph)
    root = parsed(drawn)
    places = boxes(root)
    assert set(places) == {node.id for node in graph.nodes}
    for (left, top, right, bottom), (x, y, x2, y2) in combinations(places.values(), 2):
        assert right <= x or x2 <= left or bottom <= y or y2 <= top
    width, height = float(root.get("width")), float(root.get("height"))
    for left, top, right, bottom in places.values():
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    edges = [path for path in root.iter(f"{SVG}path") if "edge" in path.get("class")]
    assert sorted((UUID(e.get("data-parent")), UUID(e.get("data-child"))) for e in edges) == sorted(
        (edge.parent_id, edge.child_id) for edge in graph.edges
    )
    for edge in edges:
        x, y, *_, last_x, last_y = map(float, re.findall(r"-?[\d.]+", edge.get("d")))
        left, _, right, bottom = places[UUID(edge.get("data-parent"))]
        child_left, child_top, child_right, _ = places[UUID(edge.get("data-child"))]
        assert (left < x < right, y) == (True, bottom)
        assert (child_left < last_x < child_right, last_y) == (True, child_top)
        assert bottom < child_top, "time goes down"
        # Where it is straight it goes past boxes, and not through them.
        for along, begin, end in re.findall(r"([\d.]+) ([\d.]+)V([\d.]+)", edge.get("d")):
            for box_left, top, box_right, box_bottom in places.values():
                if (top, box_bottom) == (float(begin), float(end)):
                    assert not box_left <= float(along) <= box_right


def test_svg_says_whole_ids_rewards_and_which_one_was_asked_about() -> None:
    graph = ancestry([[], [0], [0, 1]], {0: 0.0, 1: 0.5}, {2: ("champion",)})
    root = parsed(draw_svg(graph))
    groups = {UUID(group.get("data-profile")): group for group in root.iter(f"{SVG}g")}
    said = [" | ".join(groups[UUID(int=n)].itertext()) for n in (1, 2, 3)]
    assert str(UUID(int=1)) in said[0]
    assert "0 (2)" in said[0]
    assert "0.5 (2)" in said[1]
    assert "no reward" in said[2]
    assert "champion" in said[2]
    classes = [groups[UUID(int=n)].find(f"{SVG}rect").get("class") for n in (1, 2, 3)]
    assert classes == ["box", "box", "box asked none"]
    kinds = [path.get("class") for path in root.iter(f"{SVG}path")]
    assert sorted(kinds) == ["edge", "edge", "edge other"]
    fills = [groups[UUID(int=n)].find(f"{SVG}rect").get("fill") for n in (1, 2)]
    assert fills == [_shade(0), _shade(1)]


@given(any_text, any_text)
def test_any_names_are_text_in_the_svg_and_one_line_in_the_tree(alias: str, corpus: str) -> None:
    alias, corpus = (name.encode(errors="replace").decode() for name in (alias, corpus))
    graph = ancestry(
        [[], [0]], aliases={0: (alias, "</text><script>alert(1)</script>")}, corpus_id=corpus
    )
    plain = parsed(draw_svg(ancestry([[], [0]], aliases={0: ("a", "b")})))
    root = parsed(draw_svg(graph))
    assert [element.tag for element in root.iter()] == [element.tag for element in plain.iter()]
    titles = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert sum("<script>alert(1)" in title for title in titles) == 1
    lines = draw_tree(graph).splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_shades_are_told_apart_without_colours_and_letters_on_them_are_readable() -> None:
    shares = [step / 20 for step in range(21)]
    bright = [luminance(_shade(share)) for share in shares]
    assert bright == sorted(bright, reverse=True)
    for share, light in zip(shares, bright, strict=True):
        letters = 1.0 if share >= DARK_FROM else 0.0
        high, low = max(light, letters), min(light, letters)
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_tree_shows_a_merge_once_and_refers_to_it_the_second_time() -> None:
    graph = ancestry([[], [0], [0], [1, 2]], {3: 0.25}, {1: ("best", "first")})
    assert draw_tree(graph).splitlines() == [
        "● v4 00000004 reward 0.25 (2)",
        "├─● v3 00000003",
        "│ ├─see v1 00000001",
        "● v2 00000002 [best, first]",
        "● v1 00000001",
    ]


@given(lineages)
@settings(deadline=None, max_examples=150)
def test_tree_has_every_profile_once_and_a_line_for_every_edge(parents) -> None:
    graph = ancestry(parents)
    reached, edges, waiting = set(), 0, [len(parents) - 1]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            edges += len(parents[here])
            waiting += parents[here]
    lines = draw_tree(graph).splitlines()
    drawn = [int(found) for line in lines for found in re.findall(r"● v(\d+)", line)]
    assert sorted(drawn) == sorted(number + 1 for number in reached)
    assert len(lines) == edges + 1
    assert sum("see v" in line for line in lines) == edges + 1 - len(drawn)
    widest = max(len(re.match("[│├─ ]*", line)[0]) for line in lines)
    assert widest <= 2 * (1 + len(parents).bit_length())


LADDER = [
    [],
    *([n - 1] if n % 3 == 1 else [n - 2] if n % 3 == 2 else [n - 2, n - 1] for n in range(1, 6001)),
]


@pytest.mark.parametrize(
    ("parents", "edges"),
    [([[n - 1] if n else [] for n in range(5001)], 5000), (LADDER, 8000)],
    ids=["a line of 5,000", "2,000 diamonds"],
)
def test_long_lineages_are_drawn(parents, edges) -> None:
    graph = ancestry(parents)
    lines = draw_tree(graph).splitlines()
    assert len(lines) == edges + 1
    assert max(map(len, lines)) < 40
    root = parsed(draw_svg(graph))
    assert len(boxes(root)) == len(parents)
    assert len(list(root.iter(f"{SVG}path"))) == edges
