"""Commands about prompts: search-prompts, prompt-index."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer
from rich.table import Table
from rich.text import Text

from hegel_store.cli.options import Embedded, Limit, Url, plain_console
from hegel_store.errors import InvalidInput
from hegel_store.models import ProfileHit
from hegel_store.store import connect

MARK, END = "\x01", "\x02"


def search_prompts(
    words: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="Words, or with --substring a text.")
    ] = None,
    corpus: Annotated[str | None, typer.Option(help="The corpus; else all.")] = None,
    task_type: Annotated[str | None, typer.Option(help="The task type; else all.")] = None,
    role: Annotated[str | None, typer.Option(help="The role; else all.")] = None,
    substring: Annotated[
        bool, typer.Option("--substring", help="Find the text as it stands.")
    ] = False,
    match_case: Annotated[
        bool, typer.Option("--match-case", help="With --substring: as it is written.")
    ] = False,
    containing: Annotated[
        str | None, typer.Option(help="A part of the document, as a JSON object.")
    ] = None,
    latest: Annotated[
        bool, typer.Option("--latest", help="Only the newest profile of each scope.")
    ] = False,
    limit: Limit = 20,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Find profiles by what their prompts say."""
    part = None
    if containing is not None:
        try:
            part = json.loads(containing)
        except ValueError as error:
            raise InvalidInput("containing", f"is no JSON: {error}") from None
    with connect(url, embedded=embedded) as store:
        hits = store.profiles.find(
            words,
            mode="substring" if substring else "words",
            match_case=match_case,
            containing=part,
            corpus_id=corpus,
            task_type=task_type,
            role=role,
            latest_only=latest,
            limit=limit,
            start="" if as_json else MARK,
            stop="" if as_json else END,
            escape=str,
        )
    if as_json:
        print(json.dumps([_plain(hit) for hit in hits], ensure_ascii=False))
        return
    table = Table()
    for heading in ("corpus", "task type", "version"):
        table.add_column(heading, overflow="fold")
    # Whole, to be copied into another command, however narrow the terminal.
    table.add_column("id", min_width=36)
    table.add_column("found", overflow="fold")
    for hit in hits:
        profile = hit.profile
        table.add_row(
            profile.corpus_id,
            profile.task_type,
            str(profile.version),
            str(profile.id),
            Text("\n").join(_marked(f"{name}: {at}") for name, at in hit.highlights.items()),
        )
    plain_console().print(table)


def prompt_index(
    action: Annotated[Literal["status", "add", "drop"], typer.Argument()] = "status",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be executed, and do not.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Make or drop the index for substrings of prompts, or say whether it is there."""
    with connect(url, embedded=embedded) as store:
        index = store.prompt_index()
        statements = None
        if action == "add":
            statements = index.add(dry_run=dry_run)
        elif action == "drop":
            statements = index.drop(dry_run=dry_run)
        status = index.status()
    if as_json:
        shown = asdict(status)
        print(json.dumps(shown if statements is None else shown | {"statements": statements}))
        return
    for statement in statements or ():
        print(statement)
    if status.state == "absent" and not status.installed:
        there = "could be installed" if status.available else "is not installed on this server"
        print(f"absent; pg_trgm {there}. Searches for substrings are right without, and slower")
    else:
        size = "" if status.bytes is None else f", {status.bytes / 2**20:.1f} MiB"
        print(f"{status.state}{size}")


def _plain(hit: ProfileHit) -> dict[str, Any]:
    profile = hit.profile
    return {
        "corpus_id": profile.corpus_id,
        "task_type": profile.task_type,
        "version": profile.version,
        "id": str(profile.id),
        "created_at": profile.created_at.isoformat(),
        "score": hit.score,
        "highlights": hit.highlights,
        "profile": profile.profile,
    }


def _marked(snippet: str) -> Text:
    shown = Text()
    before, *found = snippet.split(MARK)
    shown.append(before)
    for piece in found:
        word, _, after = piece.partition(END)
        shown.append(word, "bold")
        shown.append(after)
    return shown
