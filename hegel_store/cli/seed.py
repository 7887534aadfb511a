"""``hegel-store seed``: fills a development database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from hegel_store.cli.options import Embedded, Url, load_embedder, plain_console
from hegel_store.row_counts import count_rows
from hegel_store.seeding import DEFAULT_UNTIL, seed_store
from hegel_store.store import connect


class StepRateColumn(ProgressColumn):
    """Steps per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} steps/s" if speed else "")


def seed(
    steps: Annotated[int, typer.Option(help="Training steps to generate.", min=0)] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same steps.")] = 7,
    until: Annotated[
        datetime,
        typer.Option(
            help="The steps lie in the 92 days before this day.",
            formats=["%Y-%m-%d"],
            show_default=f"{DEFAULT_UNTIL}",
        ),
    ] = datetime.combine(DEFAULT_UNTIL, time()),  # noqa: B008  a constant
    embeddings: Annotated[
        bool, typer.Option(help="Store facts with vectors, where the extra is installed.")
    ] = True,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Fill a development database with profiles, populations, facts and training steps.

    Repeatable: a second run adds nothing, and one that was broken off is finished.
    """
    console = plain_console()
    embedder, missing = load_embedder() if embeddings else (None, "as asked")
    if missing is not None:
        console.print(f"New facts are stored without vectors: {missing}.")
    with connect(url, embedded=embedded, embedder=embedder) as store:
        store.check()
        before = count_rows(store)
        with _progress(console) as progress:
            task = progress.add_task("profiles and facts", total=steps)
            after = seed_store(
                store,
                steps=steps,
                seed=seed,
                until=until.date(),
                embedder=embedder,
                on_steps=lambda done: progress.update(task, description="steps", completed=done),
            )
    console.print(_rows(before, after))


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        StepRateColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _rows(before: Mapping[str, int], after: Mapping[str, int]) -> Table:
    table = Table("table", title="Rows")
    table.add_column("added", justify="right")
    table.add_column("now", justify="right")
    for name, rows in after.items():
        table.add_row(name, f"{rows - before[name]:,}", f"{rows:,}")
    return table
