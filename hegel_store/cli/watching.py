"""Commands that watch a server at work: top, usage-views, locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from hegel_store.cli.options import Embedded, Limit, Url, plain_console
from hegel_store.cli.terminal import print_json, visible
from hegel_store.operations.doctor.findings import shown_seconds
from hegel_store.operations.watching import (
    LockTree,
    Order,
    Waiter,
    add_usage_views,
    drop_usage_views,
    locks,
    top,
    usage_views,
)
from hegel_store.schema.usage_views import USAGE_VIEWS
from hegel_store.store import connect

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
SHOWN_STATEMENT = 200
"""Characters of a statement in a table."""


def top_(
    by: Annotated[
        Order, typer.Option(help="All its time, how often it was called, or the time of a call.")
    ] = "time",
    role: Annotated[str | None, typer.Option(help="Only what this role called.")] = None,
    limit: Limit = 10,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show the slowest or most frequent statements by role, where pg_stat_statements counts."""
    with connect(url, embedded=embedded) as store, store.engine.connect() as connection:
        usage = top(connection, order=by, role=role, limit=limit)
    if as_json:
        print_json(asdict(usage))
        return
    table = Table("role", title=f"statements by {by}")
    table.add_column("call")
    for heading in ("calls", "all ms", "mean ms", "worst ms", "rows", "pages read"):
        table.add_column(heading, justify="right")
    table.add_column("statement", overflow="fold", ratio=1)
    for one in usage.statements:
        numbers = (one.total_ms, one.mean_ms, one.worst_ms)
        table.add_row(
            visible(one.role),
            visible(one.call or ""),
            f"{one.calls:,}",
            *(f"{number:,.2f}" for number in numbers),
            f"{one.rows:,}",
            f"{one.pages_read:,}",
            _shown(one.statement),
        )
    roles = Table("role", title="roles")
    for heading in ("statements", "calls", "all ms"):
        roles.add_column(heading, justify="right")
    for each in usage.roles:
        roles.add_row(
            visible(each.role), f"{each.statements:,}", f"{each.calls:,}", f"{each.total_ms:,.2f}"
        )
    console = plain_console()
    console.print(table)
    console.print(roles)


def usage_views_(
    action: Annotated[
        Literal["status", "add", "drop"], typer.Argument(help="status, add or drop.")
    ] = "status",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the statements, and run none.")
    ] = False,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Make or drop views of what the server counts by statement, or say whether they are there."""
    done: Sequence[str] | None = None
    with connect(url, embedded=embedded) as store:
        if action == "add":
            done = add_usage_views(store.engine, dry_run=dry_run)
        elif action == "drop":
            done = drop_usage_views(store.engine, dry_run=dry_run)
        status = usage_views(store.engine)
    if as_json:
        shown = asdict(status)
        print_json(shown if done is None else shown | {"statements": list(done)})
        return
    for statement in done or ():
        print(f"{visible(statement)};")
    table = Table("view", "state")
    for name in USAGE_VIEWS:
        table.add_row(name, "there" if name in status.present else "absent")
    console = plain_console()
    console.print(table)
    if status.reason is not None:
        console.print(f"not available: {status.reason}", soft_wrap=True)


def locks_(as_json: Json = False, url: Url = None, embedded: Embedded = True) -> None:
    """Show who waits for whom, since when and with which statement, as a tree."""
    with connect(url, embedded=embedded) as store, store.engine.connect() as connection:
        trees = locks(connection)
    if as_json:
        print_json([asdict(tree) for tree in trees])
        return
    console = plain_console()
    if not trees:
        console.print("Nobody waits for a lock.")
    for tree in trees:
        shown = Tree(Text(_described(tree.session)))
        _grow(shown, tree.waiting)
        console.print(shown)


def _grow(shown: Tree, waiting: Sequence[LockTree]) -> None:
    for tree in waiting:
        _grow(shown.add(Text(_described(tree.session))), tree.waiting)


def _described(session: Waiter) -> str:
    who = f"process {session.pid}" if session.pid else "a prepared transaction"
    parts = [f"{who}: {session.role or 'a role that is not shown'} ({session.application or '-'})"]
    if session.waiting_since is not None:
        parts.append(
            f"waits {_since(session.waiting_since)} for {session.lock_mode} on {session.locked}"
        )
    elif session.state is not None:
        parts.append(session.state)
    if session.transaction_since is not None:
        parts.append(f"transaction {_since(session.transaction_since)} old")
    return visible(f"{', '.join(parts)}\n{_shown(session.statement or '')}")


def _since(moment: datetime) -> str:
    return shown_seconds(max((datetime.now(UTC) - moment).total_seconds(), 0.0))


def _shown(statement: str) -> str:
    line = " ".join(statement.split())
    return visible(line if len(line) <= SHOWN_STATEMENT else f"{line[:SHOWN_STATEMENT]}…")
