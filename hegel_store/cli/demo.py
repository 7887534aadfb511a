"""``hegel-store demo``: a real training loop, from nothing to a measured difference."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars

from hegel_store.cli.options import Embedded, Url
from hegel_store.demo.progress import Progress
from hegel_store.demo.report import next_commands, render
from hegel_store.demo.run import CORPUS, Scale, run_demo
from hegel_store.embeddings import SentenceTransformerEmbedder
from hegel_store.errors import ConfigurationError
from hegel_store.store import connect

SCALE = Scale()


class ShownProgress(Progress):
    """One bar per stretch of work; a finished one stays on the screen."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._current: TaskID | None = None

    def begin(self, what: str, total: int) -> None:
        self._current = self._bars.add_task(what, total=total)

    def advance(self, count: int) -> None:
        if self._current is not None:
            self._bars.advance(self._current, count)


def demo(
    url: Url = None,
    embedded: Embedded = True,
    seed: Annotated[int, typer.Option(help="The same seed gives the same result.")] = 7,
    corpus: Annotated[str, typer.Option(help="Where facts, profiles and steps go.")] = CORPUS,
    facts: Annotated[int, typer.Option(help="Facts to remember, at most.", min=1)] = SCALE.facts,
    questions: Annotated[
        int, typer.Option(help="Questions to ask, at most; half are the test.", min=1)
    ] = SCALE.questions,
    generations: Annotated[int, typer.Option(help="Rounds of proposals.", min=1)] = (
        SCALE.generations
    ),
    proposals: Annotated[int, typer.Option(help="Proposals in a round.", min=1)] = SCALE.proposals,
    embeddings: Annotated[
        bool, typer.Option(help="Search by meaning too, where the extra is installed.")
    ] = True,
) -> None:
    """Watch a training loop improve a profile, and measure by how much.

    Migrates the database, remembers the documentation of Python's standard library, and evolves
    how it is searched. The first run takes a minute or two, later ones find the facts in place.
    """
    console = Console()
    embedder = _embedder(console) if embeddings else None
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    scale = Scale(facts=facts, questions=questions, generations=generations, proposals=proposals)
    with connect(url, embedded=embedded, embedder=embedder) as store:
        store.upgrade()
        with bars:
            report = run_demo(
                store,
                embedder,
                corpus_id=corpus,
                seed=seed,
                scale=scale,
                progress=ShownProgress(bars),
            )
    console.print(render(report))
    console.print("Try next:")
    for command in next_commands(report):
        # Not wrapped: a line is there to be copied.
        console.print(f"  {command}", soft_wrap=True, markup=False, highlight=False)


def _embedder(console: Console) -> SentenceTransformerEmbedder | None:
    """The model, loaded, or None after saying what is missing."""
    try:
        embedder = SentenceTransformerEmbedder()
        console.print(f"Embedding with {embedder.name}, {embedder.dimensions} dimensions.")
    except ConfigurationError as error:
        console.print(f"Searching by words alone: {error}", markup=False)
        return None
    return embedder
