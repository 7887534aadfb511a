"""``hegel-store demo``: a real training loop, from nothing to a measured difference."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars

from hegel_store.addresses import parse_address
from hegel_store.cli.options import Embedded, Url, load_embedder, plain_console
from hegel_store.demo.progress import Progress
from hegel_store.demo.report import next_commands, render
from hegel_store.demo.run import CORPUS, Scale, run_demo
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
    console = plain_console()
    embedder, missing = load_embedder() if embeddings else (None, None)
    if embedder is not None:
        console.print(f"Embedding with {embedder.name}, {embedder.dimensions} dimensions.")
    elif missing is not None:
        console.print(f"Searching by words alone: {missing}")
    bars = Bars(
        TextColumn("{task.description}", markup=False),
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
    options, complete = _address_options(url)
    left_out = "" if complete else " (with the same --url: its secrets are not shown here)"
    console.print(f"Try next{left_out}:", soft_wrap=True)
    for command in next_commands(report, called_as(sys.argv[0]), options):
        # Not wrapped: a line is there to be copied.
        console.print(f"  {shlex.join(command)}", soft_wrap=True)


def called_as(called: str) -> str:
    """The shortest way to call the tool from here again, given how it was called (argv[0])."""
    path = Path(called).absolute()
    found = shutil.which(path.name)
    if path.name == called or (found is not None and Path(found).absolute() == path):
        return path.name
    if path.is_relative_to(Path.cwd()):
        # A shell looks for a bare name on the PATH alone.
        relative = path.relative_to(Path.cwd())
        return str(relative) if len(relative.parts) > 1 else f"./{relative}"
    return str(path)


def _address_options(url: str | None) -> tuple[tuple[str, ...], bool]:
    """The option that names the database again, and whether that is all: secrets are left out.

    What the environment names needs no option.
    """
    if url is None:
        return (), True
    given = parse_address(url, "--url")
    shown = str(given)
    return ("--url", shown), parse_address(shown, "--url").parameters == given.parameters
