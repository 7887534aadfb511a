"""Commands for row-level security by corpus: isolation on, off, status."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Url, plain_console
from hegel_store.operations import row_security
from hegel_store.store import connect

isolation = typer.Typer(help="Row-level security: a corpus to a worker.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
ON = "connect workers with corpus=... or HEGEL_CORPUS; without, they see nothing"
OFF = "where `hegel-store roles` made roles, run `hegel-store roles apply` again"
"""Row-level security closes to all roles what tells of all corpora."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the statements, and run none.")]


@isolation.command()
def on(
    dry_run: DryRun = False, as_json: AsJson = False, url: Url = None, embedded: Embedded = True
) -> None:
    """Show every role but the owner only the corpus that it is bound to."""
    _switch(row_security.switch_on, dry_run, as_json, url, embedded, ON)


@isolation.command()
def off(
    dry_run: DryRun = False, as_json: AsJson = False, url: Url = None, embedded: Embedded = True
) -> None:
    """Show every role again what it is granted."""
    _switch(row_security.switch_off, dry_run, as_json, url, embedded, OFF)


@isolation.command()
def status(as_json: AsJson = False, url: Url = None, embedded: Embedded = True) -> None:
    """Show whether it is on, what is open, and which roles it does not hold for."""
    with connect(url, embedded=embedded) as store:
        found = row_security.examine(store.engine)
    if as_json:
        print(json.dumps({"state": found.state, **asdict(found)}))
        return
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("isolation", found.state)
    table.add_row("tables covered", str(len(found.covered)))
    all_are = found.state == "off"  # as it is by default, and no table is worth a name
    table.add_row("tables open", str(len(found.open)) if all_are else ", ".join(found.open))
    for problem in found.problems:
        table.add_row("problem", problem)
    table.add_row("holds not for", ", ".join(found.passing))
    plain_console().print(table)


def _switch(
    switch: Callable[..., Sequence[str]],
    dry_run: bool,
    as_json: bool,
    url: str | None,
    embedded: bool,
    advice: str,
) -> None:
    with connect(url, embedded=embedded) as store:
        statements = switch(store.engine, dry_run=dry_run)
        state = row_security.examine(store.engine).state
    if as_json:
        print(json.dumps({"statements": list(statements), "dry_run": dry_run}))
        return
    table = Table("would be run" if dry_run else "was run")
    table.columns[0].overflow = "fold"
    for statement in statements:
        table.add_row(statement)
    console = plain_console()
    console.print(table if statements else "nothing to do")
    if not dry_run:
        console.print(f"isolation is {state}: {advice}", soft_wrap=True)
