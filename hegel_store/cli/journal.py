"""Commands for what writers left on the disk: replay, dead-letters."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hegel_store.cli.options import Embedded, Limit, Url, plain_console
from hegel_store.errors import DatabaseUnavailable, HegelStoreError
from hegel_store.journal import DeadLetter, DeadLetters, spool_folder, step_of_letter
from hegel_store.store import Store, connect

SpoolDir = Annotated[
    Path | None,
    typer.Option(help="Where writers spool; else HEGEL_SPOOL_DIRECTORY, or the usual place."),
]


def replay(
    spool_dir: SpoolDir = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the database.")] = 60.0,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Store the steps that writers which are gone have left in their spools."""
    with (
        connect(url, embedded=embedded) as store,
        store.step_writer(spool_dir=spool_dir) as writer,
    ):
        stored = writer.replay(timeout)
        left = writer.statistics.spool_bytes
    print(f"{stored} steps stored")
    if left:
        raise DatabaseUnavailable(f"{left:,} bytes of steps are left, as the database takes none")


def dead_letters(
    retry: Annotated[bool, typer.Option("--retry", help="Try to store them once more.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All of each, a line each.")] = False,
    limit: Limit = 20,
    spool_dir: SpoolDir = None,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show the steps that no database took, the newest first, and why."""
    with connect(url, embedded=embedded) as store:
        root = spool_dir if spool_dir is not None else store.settings.spool_directory
        letters = DeadLetters(spool_folder(store.address, root))
        found = letters.read()
        if retry:
            stored = {letter.id for letter in found if _is_stored(store, letter)}
            letters.remove(stored)
            print(f"{len(stored)} of {len(found)} stored")
            return
    console = plain_console()
    for letter in found[: -limit - 1 : -1]:
        if as_json:
            print(json.dumps(asdict(letter)))
        else:
            query = str((letter.fields or {}).get("query", ""))
            console.print(f"{letter.at[:19]}  {letter.id}  {letter.reason}", soft_wrap=True)
            console.print(f"    {query:.100}", soft_wrap=True)


def _is_stored(store: Store, letter: DeadLetter) -> bool:
    try:
        store.steps.log(step_of_letter(letter))
    except HegelStoreError as error:
        print(f"{letter.id}: {error}")
        return False
    return True
