"""The command for cron: maintain."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Url, plain_console
from hegel_store.cli.terminal import print_json
from hegel_store.errors import InvalidInput
from hegel_store.models.maintenance import MaintenanceReport, MaintenanceRules
from hegel_store.operations.maintenance import maintain as run
from hegel_store.store import connect

Days = float | None


def maintain(
    seconds: Annotated[float, typer.Option(help="How long at most, about.")] = 600.0,
    months_ahead: Annotated[int, typer.Option(help="Months of steps to make ahead.")] = 2,
    purge_after: Annotated[
        Days, typer.Option(help="Days after which deleted facts are removed for good; else never.")
    ] = None,
    archive_after: Annotated[
        int | None, typer.Option(help="Whole months of steps to keep; else all.")
    ] = None,
    archive_to: Annotated[Path | None, typer.Option(help="The folder for the others.")] = None,
    queries_after: Annotated[
        float, typer.Option(help="Days after which a query that nobody asks is forgotten.")
    ] = 90.0,
    vectors_after: Annotated[
        float, typer.Option(help="Days after which a cached vector that nobody uses is forgotten.")
    ] = 90.0,
    vectors: Annotated[int | None, typer.Option(help="Cached vectors to keep; else all.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is due.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Do what is due: months ahead, expired facts, retention, caches, VACUUM, bloated indexes.

    While another process is at it, this one says so and leaves. Exits with status 1 when a task
    failed.
    """
    rules = MaintenanceRules(
        months_ahead=months_ahead,
        purge_after=_days("purge_after", purge_after),
        archive_after=archive_after,
        archive_to=archive_to,
        queries_after=_days("queries_after", queries_after),
        vectors_after=_days("vectors_after", vectors_after),
        vectors=vectors,
    )
    with connect(url, embedded=embedded) as store:
        report = run(store, rules, seconds=seconds, dry_run=dry_run)
    if as_json:
        print_json(asdict(report) | {"dry_run": dry_run})
    else:
        _show(report)
    if report.failed:
        raise typer.Exit(1)


def _days(name: str, days: float | None) -> timedelta | None:
    try:
        return None if days is None else timedelta(days=days)
    except (OverflowError, ValueError):
        raise InvalidInput(name, "is no number of days that there are") from None


def _show(report: MaintenanceReport) -> None:
    if report.is_busy:
        print("another process is at it")
        return
    table = Table("task", "status", "why, and what was done", "seconds")
    for task in report.tasks:
        told = "\n".join([task.why, *(f"- {line}" for line in task.did)])
        table.add_row(task.task, task.status, told, f"{task.seconds:.1f}")
    plain_console().print(table)
