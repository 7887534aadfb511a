"""Commands that show runs of optimisers: runs, run show."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Limit, Url, plain_console
from hegel_store.models import Run
from hegel_store.store import connect

run = typer.Typer(help="One run of an optimiser.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


def runs(
    corpus: Annotated[str | None, typer.Argument(help="Of this corpus; else of all.")] = None,
    status: Annotated[str | None, typer.Option(help="Only those with this status.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show runs of optimisers, the newest first: status, last heartbeat, budget."""
    with connect(url, embedded=embedded) as store:
        found = store.runs.list(corpus, status=status, limit=limit)  # type: ignore[arg-type]
    if as_json:
        print(json.dumps([_plain(each) for each in found]))
        return
    table = Table("corpus", "run", "optimiser", "status", "heard of", "spent", "allowed")
    for each in found:
        table.add_row(
            each.corpus_id,
            each.run_id,
            each.optimiser,
            each.status,
            f"{_whole(each.heartbeat_age)} ago",
            str(each.evaluations_spent),
            "" if each.evaluations_allowed is None else str(each.evaluations_allowed),
        )
    plain_console().print(table)


@run.command()
def show(
    corpus: Annotated[str, typer.Argument()],
    run_id: Annotated[str, typer.Argument()],
    as_json: AsJson = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show all that is known of a run, but for its optimiser's own state."""
    with connect(url, embedded=embedded) as store:
        found = _plain(store.runs.get(corpus, run_id))
    if as_json:
        print(json.dumps(found))
        return
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in found.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        table.add_row(name, "" if value is None else text)
    plain_console().print(table)


def _plain(found: Run) -> dict[str, Any]:
    """Moments in ISO 8601, the age of the heartbeat in seconds."""
    return {
        name: value.isoformat()
        if isinstance(value, datetime)
        else value.total_seconds()
        if isinstance(value, timedelta)
        else value
        for name, value in asdict(found).items()
    }


def _whole(age: timedelta) -> timedelta:
    return timedelta(seconds=round(max(age, timedelta()).total_seconds()))
