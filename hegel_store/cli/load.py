"""``hegel-store load``: a training fleet's calls, measured beside their targets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from hegel_store.cli.options import Embedded, Url, load_embedder, named_embedder, plain_console
from hegel_store.cli.terminal import print_json
from hegel_store.embeddings import Embedder
from hegel_store.load import CALLS, LoadPlan, LoadReport, run_load, write_report
from hegel_store.load.plan import DEFAULT_RATE, default_processes
from hegel_store.load.report import (
    CALL_HEADINGS,
    call_cells,
    heading,
    resources,
    target_cells,
)
from hegel_store.load.summary import CallSummary, duration, summarise
from hegel_store.load.user import EMBED, Sample
from hegel_store.load.worker import MakeEmbedder
from hegel_store.store import connect

FRAMES = 2  # a second


def load(
    users: Annotated[int, typer.Option(help="How many call at the same time.", min=1)] = 50,
    seconds: Annotated[float, typer.Option(help="For how long.", min=0.5)] = 60.0,
    rate: Annotated[
        float, typer.Option(help="Calls per second, of all; 0 is as fast as they can.", min=0)
    ] = DEFAULT_RATE,
    processes: Annotated[
        int | None,
        typer.Option(help="Of the users; default: one for each core but one.", min=1),
    ] = None,
    facts: Annotated[int, typer.Option(help="Facts at the beginning.", min=16)] = 2000,
    steps: Annotated[int, typer.Option(help="Steps at the beginning.", min=0)] = 1000,
    corpus: Annotated[str | None, typer.Option(help="A corpus that holds nothing.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the corpus in place.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed draws the same calls.")] = 7,
    report: Annotated[Path | None, typer.Option(help="Write a report into this folder.")] = None,
    embeddings: Annotated[
        bool, typer.Option(help="Search by meaning too, where the extra is installed.")
    ] = True,
    embedder: Annotated[
        str | None, typer.Option(help="A model, or one of your own as module:attribute.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Put the database under the load of a training fleet, and hold what it takes against targets.

    Works in a corpus of its own, which is removed at the end: by a role that may delete.
    """
    plan = LoadPlan(
        corpus_id=corpus or f"load-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}",
        users=users,
        seconds=seconds,
        rate=rate,
        processes=min(processes or default_processes(), users),
        facts=facts,
        steps=steps,
        seed=seed,
    )
    console = plain_console()
    model, make, missing = _chosen(embeddings, embedder)
    if missing is not None and not as_json:
        console.print(f"Searching by words alone: {missing}", soft_wrap=True)
    with connect(url, embedded=embedded, embedder=model) as store:
        store.check()
        if as_json:
            measured = run_load(store, plan, make, model=model, keep=keep)
        else:
            with Live(console=console, refresh_per_second=FRAMES, transient=True) as live:
                measured = run_load(
                    store,
                    plan,
                    make,
                    model=model,
                    keep=keep,
                    progress=lambda what, samples: live.update(_so_far(plan, what, samples)),
                )
    written = write_report(measured, report) if report is not None else []
    if as_json:
        print_json(measured.to_json())
        return
    _show(measured)
    for path in written:
        console.print(f"wrote {path}", soft_wrap=True)
    if keep:
        console.print(f"kept the corpus {plan.corpus_id}", soft_wrap=True)


def no_embedder() -> Embedder | None:
    """What a process embeds with, when nothing is embedded."""
    return None


def loaded_embedder() -> Embedder | None:
    """The model of the ``embeddings`` extra."""
    return load_embedder()[0]


def _chosen(embeddings: bool, name: str | None) -> tuple[Embedder | None, MakeEmbedder, str | None]:
    """An embedder, how another process makes one like it, and why there is none."""
    if not embeddings:
        return None, no_embedder, "as asked"
    if name is not None:
        return named_embedder(name), partial(named_embedder, name), None
    model, missing = load_embedder()
    return model, (loaded_embedder if model is not None else no_embedder), missing


def _calls(summaries: Sequence[CallSummary]) -> Table:
    table = Table(padding=0)  # so that numbers of many digits fit 80 columns
    table.add_column(CALL_HEADINGS[0], no_wrap=True)
    for name in CALL_HEADINGS[1:]:
        table.add_column(name, justify="right")
    for each in summaries:
        table.add_row(*call_cells(each))
    return table


def _so_far(plan: LoadPlan, what: str, samples: Sequence[Sample]) -> Group | Text:
    if not samples:
        return Text(what)
    began = f"{what}: {duration(samples):.0f} of {plan.seconds:g} s"
    return Group(Text(began), _calls(summarise(samples, (*CALLS, EMBED))))


def _show(report: LoadReport) -> None:
    console = plain_console()
    console.print(heading(report), soft_wrap=True)
    console.print(resources(report), soft_wrap=True)
    console.print(_calls(report.calls))
    targets = Table("target", "", "measured", "")
    for each in report.targets:
        targets.add_row(*target_cells(each))
    console.print(targets)
