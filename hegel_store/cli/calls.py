"""Commands that look into one call: explain, profile."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from hegel_store.cli.options import Embedded, Url, load_embedder, plain_console
from hegel_store.cli.terminal import print_json, visible
from hegel_store.errors import DatabaseError, InvalidInput
from hegel_store.failures import Failure, failure_of
from hegel_store.operations.watching import Call, Copied, Explained, explain, profile, resolve
from hegel_store.operations.watching.calling import Repositories, repositories_of
from hegel_store.repositories import StepRepository
from hegel_store.store import Store, connect
from hegel_store.unit_of_work import UnitOfWork

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
    with _store(call, embeddings, url, embedded) as store, _undone(store) as work:
        explanation = explain(work.session, resolve(_repositories(work), call, arguments or ()))
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
    commit: Annotated[
        bool,
        typer.Option("--commit", help="Make a call that writes as it is: what it writes stays."),
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write the profile as a page.")] = None,
    embeddings: Embeddings = True,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Repeat a call, and show where its time goes in this process.

    A call that reads is made as a worker makes it. One that writes has a transaction of its own
    each time, which is rolled back; with --commit it is made as it is, and what it writes stays.
    """
    with _store(call, embeddings, url, embedded) as store:
        words = arguments or ()
        if commit or not _writes(store, call, words):
            seen = profile(resolve(repositories_of(store), call, words), seconds=seconds)
            how = "as they are" + (", and what they wrote stays" if commit else "")
        else:
            with _undone(store) as work:
                seen = profile(
                    _rolled_back(work.session, resolve(_repositories(work), call, words)),
                    seconds=seconds,
                )
            how = "each in a transaction that was rolled back"
    if html is not None:
        try:
            html.write_text(seen.html, encoding="utf-8")
        except OSError as error:
            raise InvalidInput("html", f"cannot be written: {error}") from error
    if as_json:
        counted = {"call": call, "calls": seen.calls, "seconds": seen.seconds, "made": how}
        print_json({**counted, "samples": seen.samples, "profile": json.loads(seen.json)})
        return
    each = 1e3 * seen.seconds / max(seen.calls, 1)
    print(f"{seen.calls:,} calls of {call} in {seen.seconds:.2f} s, {each:.3f} ms each, made {how}")
    plain_console().print(seen.text, soft_wrap=True)


@contextmanager
def _store(name: str, embeddings: bool, url: str | None, embedded: bool) -> Iterator[Store]:
    """The store, with a model where the call may need one."""
    wants_model = embeddings and name.startswith(("facts.", "labels."))
    embedder = load_embedder()[0] if wants_model else None
    # Queries of somebody who looks are none that the log should count.
    with connect(url, embedded=embedded, embedder=embedder, query_log=False) as store:
        yield store


@contextmanager
def _undone(store: Store) -> Iterator[UnitOfWork]:
    """A unit of work that is rolled back at its end."""
    with store.begin() as work:
        yield work
        work.session.rollback()


def _repositories(work: UnitOfWork) -> Repositories:
    """Those of a unit of work that is to leave nothing: months are otherwise made apart from the
    transaction, and would stay."""
    return repositories_of(dataclasses.replace(work, steps=StepRepository(work.session)))


def _writes(store: Store, name: str, words: Sequence[str]) -> bool:
    """Whether the call is refused in a transaction that only reads."""
    try:
        with store.begin(read_only=True) as work:
            resolve(repositories_of(work), name, words)()
    except DatabaseError as error:
        if failure_of(error) is not Failure.READ_ONLY:
            raise
        return True
    return False


def _rolled_back(session: Session, call: Call) -> Callable[[], object]:
    def once() -> object:
        try:
            return call()
        finally:
            session.rollback()

    return once


def _show(number: int, explained: Explained) -> None:
    console = plain_console()
    statement = visible(" ".join(explained.statement.split()))
    console.print(f"{number}. {statement}", soft_wrap=True)
    if explained.copied is not None:
        console.print(f"   {_copied(explained.copied)}", soft_wrap=True)
    elif explained.milliseconds is None:
        console.print("   (EXPLAIN does not take it)")
    if explained.milliseconds is None:
        return
    for line in explained.lines:
        console.print(f"   {visible(line)}", soft_wrap=True)
    console.print(f"   {explained.milliseconds:.3f} ms planning and execution")
    for found in explained.warnings:
        console.print(f"   {found.code}: {visible(found.subject)}", soft_wrap=True)
        console.print(f"       {visible(found.seen)}. {visible(found.why)}", soft_wrap=True)
        console.print(f"       {visible(found.remedy)}", soft_wrap=True)


def _copied(copied: Copied) -> str:
    took = f"{copied.rows:,} rows in {copied.milliseconds:.3f} ms"
    if copied.error is not None:
        return f"(EXPLAIN does not take COPY; it was refused after {took}: {copied.error})"
    return f"(EXPLAIN does not take COPY; it ran once: {took}, with what checks them)"
