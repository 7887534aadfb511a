"""Commands that look into one call: explain, profile."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hegel_store.cli.options import Embedded, Url, load_embedder, plain_console
from hegel_store.cli.terminal import print_json, visible
from hegel_store.errors import InvalidInput
from hegel_store.operations.watching import Call, Explained, explain, profile, resolve
from hegel_store.operations.watching.calling import repositories_of
from hegel_store.repositories import StepRepository
from hegel_store.store import connect

Name = Annotated[str, typer.Argument(metavar="CALL", help="For example profiles.latest.")]
Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ARGUMENT]...", help="By position or name=value; JSON or text."),
]
Embeddings = Annotated[
    bool, typer.Option(help="Embed with all-MiniLM-L6-v2, where the extra is installed.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def explain_(
    call: Name,
    arguments: Words = None,
    embeddings: Embeddings = True,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Make a call, and show the plan of each statement that it sends, with warnings. What it
    writes is rolled back."""
    with _resolved(call, arguments, embeddings, url, embedded) as (session, resolved):
        explanation = explain(session, resolved)
    if as_json:
        print_json(
            {
                "call": call,
                "statements": [
                    asdict(each) | {"milliseconds": each.milliseconds}
                    for each in explanation.statements
                ],
            }
        )
        return
    for number, each in enumerate(explanation.statements, start=1):
        _show(number, each)
    if not explanation.statements:
        print(f"{call} asked the server nothing")


def profile_(
    call: Name,
    arguments: Words = None,
    seconds: Annotated[float, typer.Option(help="How long to repeat the call.", min=0.1)] = 2.0,
    html: Annotated[Path | None, typer.Option(help="Write the profile as a page.")] = None,
    embeddings: Embeddings = True,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Repeat a call, and show where its time goes in this process. What it writes is rolled
    back."""
    with _resolved(call, arguments, embeddings, url, embedded) as (session, resolved):
        try:
            seen = profile(resolved, seconds=seconds)
        finally:
            session.rollback()
    if html is not None:
        try:
            html.write_text(seen.html, encoding="utf-8")
        except OSError as error:
            raise InvalidInput("html", f"cannot be written: {error}") from error
    if as_json:
        counted = {"call": call, "calls": seen.calls, "seconds": seen.seconds}
        print_json({**counted, "samples": seen.samples, "profile": json.loads(seen.json)})
        return
    each = 1e3 * seen.seconds / max(seen.calls, 1)
    print(f"{seen.calls:,} calls of {call} in {seen.seconds:.2f} s, {each:.3f} ms each")
    plain_console().print(seen.text, soft_wrap=True)


@contextmanager
def _resolved(
    name: str, words: Sequence[str] | None, embeddings: bool, url: str | None, embedded: bool
) -> Iterator[tuple[Any, Call]]:
    """A session, rolled back at the end, and the call on it."""
    wants_model = embeddings and name.startswith(("facts.", "labels."))
    embedder = load_embedder()[0] if wants_model else None
    # Queries of somebody who looks are none that the log should count.
    with (
        connect(url, embedded=embedded, embedder=embedder, query_log=False) as store,
        store.begin() as work,
    ):
        # Months are otherwise made apart from the transaction, and would stay.
        steps = StepRepository(work.session)
        repositories = repositories_of(dataclasses.replace(work, steps=steps))
        yield work.session, resolve(repositories, name, words or ())
        work.session.rollback()


def _show(number: int, explained: Explained) -> None:
    console = plain_console()
    statement = visible(" ".join(explained.statement.split()))
    console.print(f"{number}. {statement}", soft_wrap=True)
    if explained.milliseconds is None:
        console.print("   (EXPLAIN does not take it)")
        return
    for line in explained.lines:
        console.print(f"   {visible(line)}", soft_wrap=True)
    console.print(f"   {explained.milliseconds:.3f} ms planning and execution")
    for found in explained.warnings:
        console.print(f"   {found.code}: {visible(found.subject)}", soft_wrap=True)
        console.print(f"       {visible(found.seen)}. {visible(found.why)}", soft_wrap=True)
        console.print(f"       {visible(found.remedy)}", soft_wrap=True)
