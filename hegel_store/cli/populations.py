"""The command that shows a population: population."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Limit, Url, plain_console
from hegel_store.models import PopulationMember
from hegel_store.store import connect


def population(
    corpus: Annotated[str, typer.Argument()],
    task_type: Annotated[str, typer.Argument()],
    name: Annotated[str, typer.Option("--population", help="Its name.")] = "default",
    island: Annotated[int | None, typer.Option(help="One island alone.", min=0)] = None,
    limit: Limit = 20,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show the fittest members of a population, the fittest first."""
    with connect(url, embedded=embedded) as store:
        found = store.populations.fittest(
            corpus, task_type, limit=limit, population=name, island=island
        )
    if as_json:
        print(json.dumps([_plain(member) for member in found]))
        return
    table = Table("fitness")
    # Whole, to be copied into another command, however narrow the terminal.
    table.add_column("profile", min_width=36)
    for heading in ("island", "generation", "selected", "children", "cell", "objectives"):
        table.add_column(heading, overflow="fold")
    for member in found:
        table.add_row(
            f"{member.fitness:g}",
            str(member.profile_id),
            str(member.island),
            str(member.generation),
            str(member.selection_count),
            str(member.children_count),
            member.cell_key or "",
            json.dumps(member.objectives, ensure_ascii=False) if member.objectives else "",
        )
    plain_console().print(table)


def _plain(member: PopulationMember) -> dict[str, Any]:
    return {
        name: value.isoformat()
        if isinstance(value, datetime)
        else str(value)
        if name == "profile_id"
        else value
        for name, value in asdict(member).items()
    }
