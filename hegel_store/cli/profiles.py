"""Commands that show profiles: history, lineage, descendants."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.text import Text

from hegel_store.cli.options import Embedded, Limit, Url, plain_console
from hegel_store.cli.terminal import print_json, visible
from hegel_store.errors import InvalidInput
from hegel_store.models import LineageGraph, LineageNode, PromptProfile
from hegel_store.prompts.labels import reward_text, shown
from hegel_store.prompts.svg import draw_svg
from hegel_store.prompts.tree import draw_tree
from hegel_store.store import connect

INDENT = "    "
LINES = 3
"""Of a document, which may be of any length; `--json` and `hegel-store diff` show all of it."""


def history(
    corpus: Annotated[str, typer.Argument()],
    task_type: Annotated[str, typer.Argument()],
    limit: Limit = 10,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: whole profiles.")] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show a scope's profiles, newest first, each with the beginning of its document."""
    with connect(url, embedded=embedded) as store:
        profiles = store.profiles.history(corpus, task_type, limit=limit)
    if as_json:
        print_json([asdict(profile) for profile in profiles])
    else:
        _show(profiles)


Depth = Annotated[int | None, typer.Option(help="How many generations; else all.", min=0)]
AsTree = Annotated[bool, typer.Option("--tree", help="Draw a tree, with rewards and aliases.")]
AsSvg = Annotated[
    Path | None, typer.Option("--svg", help="Draw into this file, in shades of the rewards.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: nodes and edges.")]


def lineage(
    corpus: Annotated[str, typer.Argument()],
    profile_id: Annotated[UUID, typer.Argument()],
    depth: Depth = None,
    tree: AsTree = False,
    svg: AsSvg = None,
    as_json: AsJson = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show where a profile comes from: itself, then its ancestors by distance."""
    with connect(url, embedded=embedded) as store:
        if depth is None and not (tree or svg or as_json):
            _show(store.profiles.lineage(corpus, profile_id))
        else:
            _draw(store.profiles.ancestry(corpus, profile_id, depth=depth), tree, svg, as_json)


def descendants(
    corpus: Annotated[str, typer.Argument()],
    profile_id: Annotated[UUID, typer.Argument()],
    depth: Depth = None,
    tree: AsTree = False,
    svg: AsSvg = None,
    as_json: AsJson = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show what was made from a profile: itself, then its descendants by distance."""
    with connect(url, embedded=embedded) as store:
        _draw(store.profiles.descendants(corpus, profile_id, depth=depth), tree, svg, as_json)


def _draw(graph: LineageGraph, tree: bool, svg: Path | None, as_json: bool) -> None:
    if tree and as_json:
        raise InvalidInput("tree", "is not for programs: give it or --json")
    if svg is not None:
        try:
            svg.write_text(draw_svg(graph), encoding="utf-8")
        except OSError as error:
            raise InvalidInput("svg", f"cannot be written: {error}") from error
    if as_json:
        print(json.dumps(asdict(graph), default=str, ensure_ascii=False))
    elif tree:
        plain_console().print(draw_tree(graph), end="", soft_wrap=True)
    elif svg is None:
        console = plain_console()
        for node in graph.nodes:
            _print_head(console, node)
            said = [f"distance {node.distance}", f"steps {node.steps}"]
            if node.average_reward is not None:
                said.append(f"reward {reward_text(node)}")
            if node.aliases:
                said.append(f"[{', '.join(map(shown, node.aliases))}]")
            _print_below(console, ", ".join(said))


def _show(profiles: Iterable[PromptProfile]) -> None:
    console = plain_console()
    for profile in profiles:
        _print_head(console, profile)
        if profile.base_profile_id is not None:
            _print_below(console, f"from {profile.base_profile_id}")
        _print_below(console, json.dumps(profile.profile, ensure_ascii=False))


def _print_head(console: Console, profile: PromptProfile | LineageNode) -> None:
    """The id whole, to be copied into another command, however narrow the terminal."""
    line = f"v{profile.version}  {profile.id}  {profile.created_at:%Y-%m-%d %H:%M:%S}"
    console.print(line, soft_wrap=True)


def _print_below(console: Console, text: str) -> None:
    """What is said of a profile, below its line: LINES of it."""
    lines = Text(visible(text)).wrap(console, max(console.width - len(INDENT), 2), overflow="fold")
    for line in lines[:LINES]:
        line.rstrip()
    if len(lines) > LINES:
        lines[LINES - 1].append("…")
        lines[LINES - 1].truncate(max(console.width - len(INDENT), 2), overflow="ellipsis")
    for line in lines[:LINES]:
        console.print(Text(INDENT) + line, soft_wrap=True)
