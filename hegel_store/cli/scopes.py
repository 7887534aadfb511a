"""The commands that move scopes between databases."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Url, plain_console
from hegel_store.store import connect
from hegel_store.transfer import export_scope, import_scope

Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def export_(
    corpus: Annotated[str, typer.Argument()],
    task_type: Annotated[str, typer.Argument()],
    path: Annotated[Path, typer.Argument(help="Ends with .jsonl or .jsonl.gz.")],
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Write a scope to a file: profiles, parents, aliases with their history, populations."""
    with connect(url, embedded=embedded) as store:
        done = export_scope(store, corpus, task_type, path)
    if as_json:
        print(json.dumps(asdict(done)))
        return
    table = Table("in the file", "rows")
    for name, rows in done.rows.items():
        table.add_row(name, f"{rows:,}")
    console = plain_console()
    console.print(table)
    console.print(f"{', '.join(done.task_types)} of {corpus}, written to {path}", soft_wrap=True)


def import_(
    path: Annotated[Path, typer.Argument(help="A file of export-scope.")],
    corpus: Annotated[str | None, typer.Option(help="Another corpus to store it in.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and store nothing.")
    ] = False,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Store a scope from a file, all of it or nothing; what is there already stays."""
    with connect(url, embedded=embedded) as store:
        done = import_scope(store, path, corpus_id=corpus, dry_run=dry_run)
    if as_json:
        print(json.dumps(asdict(done) | {"dry_run": dry_run}))
        return
    would = "would be " if dry_run else ""
    table = Table("in the file", "rows", f"{would}added", f"{would}updated")
    for name, rows in done.rows.items():
        table.add_row(name, f"{rows:,}", f"{done.added[name]:,}", f"{done.updated[name]:,}")
    console = plain_console()
    console.print(table)
    console.print(f"{', '.join(done.task_types)} in {done.corpus_id}", soft_wrap=True)
