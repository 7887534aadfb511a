"""The commands for the log outside of the database: export, import and archive."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hegel_store.archive import (
    StepFilter,
    archive_month,
    export_steps,
    import_steps,
    months_older_than,
)
from hegel_store.cli.options import Embedded, Url
from hegel_store.errors import InvalidInput
from hegel_store.store import connect

SHOWN = 20
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def export(
    path: Annotated[Path, typer.Argument(help="Ends with .parquet, .jsonl or .jsonl.gz.")],
    corpus: Annotated[str | None, typer.Option(help="Only this corpus.")] = None,
    task_type: Annotated[str | None, typer.Option(help="Only this task type.")] = None,
    run: Annotated[str | None, typer.Option(help="Only this run.")] = None,
    since: Annotated[str | None, typer.Option(help="A day or time; UTC if it says none.")] = None,
    until: Annotated[str | None, typer.Option(help="The first one that is left out.")] = None,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Write steps to a file."""
    wanted = StepFilter(
        corpus_id=corpus,
        task_type=task_type,
        run_id=run,
        since=_moment("since", since),
        until=_moment("until", until),
    )
    with connect(url, embedded=embedded) as store:
        steps = export_steps(store, path, wanted)
    print(json.dumps({"steps": steps}) if as_json else f"{steps:,} steps written to {path}")


def import_(
    path: Annotated[
        Path, typer.Argument(help="A file of export or archive, a log in JSONL, a table of MLflow.")
    ],
    field: Annotated[
        list[str] | None,
        typer.Option(help="THEIRS=OURS, for a log of somebody else; repeatable."),
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(help="OURS=VALUE, for every step of such a log; repeatable."),
    ] = None,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Leave out what cannot be stored, and say so.")
    ] = False,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Store the steps of a file, each of them once."""
    with connect(url, embedded=embedded) as store:
        done = import_steps(
            store,
            path,
            fields=_pairs("field", field),
            values=_pairs("value", value),
            on_error="report" if set_aside else "raise",
        )
    if as_json:
        print(json.dumps(asdict(done)))
        return
    present = done.steps - done.stored - len(done.refused)
    print(f"{done.stored:,} steps stored, {present:,} were there, {len(done.refused):,} set aside")
    for refused in done.refused[:SHOWN]:
        print(f"  {refused.number}: {refused.reason}")
    if len(done.refused) > SHOWN:
        print(f"  and {len(done.refused) - SHOWN:,} more")


def archive(
    older_than: Annotated[
        int, typer.Option(help="Months: those of which every step is older.", min=0)
    ],
    to: Annotated[Path, typer.Option(help="The folder for their files.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which they are.")] = False,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Write old months of steps to Parquet files, and drop them from the database.

    A run that was broken off is gone on with by running it again.
    """
    with connect(url, embedded=embedded) as store:
        for month in months_older_than(store, older_than):
            name = f"{month.first_day:%Y-%m}"
            if dry_run:
                told: dict[str, object] = {"month": name, "state": month.state}
                line = f"{name} would be archived ({month.state})"
            else:
                done = archive_month(store, month.first_day, to)
                told = {"month": name, "path": str(done.path), "steps": done.steps}
                line = f"{name}: {done.steps:,} steps in {done.path}"
            print(json.dumps(told) if as_json else line, flush=True)


def _moment(name: str, given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise InvalidInput(name, str(error)) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _pairs(name: str, given: list[str] | None) -> dict[str, str] | None:
    if given is None:
        return None
    pairs = [each.partition("=") for each in given]
    wrong = [each for each, (_, sign, _) in zip(given, pairs, strict=True) if not sign]
    if wrong:
        raise InvalidInput(name, f"must have a =, unlike {wrong[0]!r:.80}")
    return {left: right for left, _, right in pairs}
