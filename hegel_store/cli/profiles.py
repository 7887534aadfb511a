"""Commands that show profiles: history, lineage, descendants."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Limit, Url, plain_console
from hegel_store.errors import InvalidInput
from hegel_store.models import LineageGraph, PromptProfile
from hegel_store.prompts.labels import reward_text, shown
from hegel_store.prompts.svg import draw_svg
from hegel_store.prompts.tree import draw_tree
from hegel_store.store import connect


def history(
    corpus: Annotated[str, typer.Argument()],
    task_type: Annotated[str, typer.Argument()],
    limit: Limit = 10,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show a scope's profiles, newest first."""
    with connect(url, embedded=embedded) as store:
        _show(store.profiles.history(corpus, task_type, limit=limit))


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
        table = Table("distance", "version")
        table.add_column("id", min_width=36)
        for heading in ("made", "reward", "steps", "aliases"):
            table.add_column(heading, overflow="fold")
        for node in graph.nodes:
            table.add_row(
                str(node.distance),
                str(node.version),
                str(node.id),
                f"{node.created_at:%Y-%m-%d %H:%M:%S}",
                reward_text(node),
                str(node.steps),
                ", ".join(map(shown, node.aliases)),
            )
        plain_console().print(table)


def _show(profiles: Iterable[PromptProfile]) -> None:
    table = Table("version")
    # Whole, to be copied into another command, however narrow the terminal.
    table.add_column("id", min_width=36)
    for heading in ("base", "made", "profile"):
        table.add_column(heading, overflow="fold")
    for profile in profiles:
        table.add_row(
            str(profile.version),
            str(profile.id),
            "" if profile.base_profile_id is None else str(profile.base_profile_id),
            f"{profile.created_at:%Y-%m-%d %H:%M:%S}",
            json.dumps(profile.profile, ensure_ascii=False),
        )
    plain_console().print(table)
