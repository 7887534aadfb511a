"""``hegel-store erase``: removes everything of a corpus, for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Url, plain_console
from hegel_store.cli.terminal import print_json, visible
from hegel_store.embeddings import RedisCache
from hegel_store.errors import InvalidInput
from hegel_store.models.erasures import Erased, ErasurePlan
from hegel_store.store import connect


def erase(
    corpus: Annotated[str, typer.Argument(help="The corpus.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    redis: Annotated[
        list[str] | None,
        typer.Option(help="A Redis that caches vectors, as redis://...; repeatable."),
    ] = None,
    archives: Annotated[
        Path | None, typer.Option(help="A folder of archived steps: name the files that hold some.")
    ] = None,
    rewrite_archives: Annotated[
        bool, typer.Option("--rewrite-archives", help="Write those files anew without them.")
    ] = False,
    spool_dir: Annotated[
        Path | None,
        typer.Option(help="Where writers spool; else HEGEL_SPOOL_DIRECTORY, or the usual place."),
    ] = None,
    batch: Annotated[int, typer.Option(help="Rows that are deleted at once.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Remove everything of a corpus: there is no undo. Broken off, it is run again.

    Exit status 1 where something of this machine could not be reached, as a writer that is alive.
    """
    if rewrite_archives and archives is None:
        raise InvalidInput("rewrite-archives", "needs --archives, the folder")
    if as_json and not (yes or dry_run):
        raise InvalidInput("yes", "is needed with --json, which cannot ask")
    with connect(url, embedded=embedded) as store:
        erasure = store.erasure(
            corpus,
            caches=[RedisCache(server) for server in redis or []],
            spool_dir=spool_dir,
            archives=archives,
            rewrite_archives=rewrite_archives,
            batch=batch,
        )
        plan = erasure.plan()
        if not as_json:
            _show_plan(plan, corpus)
        if dry_run:
            if as_json:
                print_json(asdict(plan))
            return
        if not yes:
            typer.confirm("Erase it for good?", abort=True)
        done = erasure.run()
    if as_json:
        print_json(asdict(done))
    else:
        _show_done(done)
    if done.spool.busy:
        raise typer.Exit(1)


def _show_plan(plan: ErasurePlan, corpus: str) -> None:
    console = plain_console()
    console.print(_table(plan.counts))
    console.print(
        f"and {plan.spool.steps:,} steps and {plan.spool.dead_letters:,} dead letters in the spool"
    )
    for path, steps in plan.archives.items():
        console.print(f"{steps:,} steps in {visible(path)}", soft_wrap=True)
    if plan.counts:
        name = visible(corpus)
        console.print("This cannot be undone. To keep a copy, before:")
        console.print(f"    hegel-store export steps.jsonl.gz --corpus {name!r}", soft_wrap=True)
        for number, task_type in enumerate(plan.scopes, start=1):
            console.print(
                f"    hegel-store export-scope {name!r} {visible(task_type)!r} "
                f"scope-{number}.jsonl.gz",
                soft_wrap=True,
            )
        console.print("Facts and labels are in neither.")


def _show_done(done: Erased) -> None:
    console = plain_console()
    receipt = done.receipt
    console.print(_table(receipt.counts))
    console.print(
        f"erased by {receipt.erased_by}, {receipt.begun_at:%Y-%m-%d %H:%M:%S} to "
        f"{receipt.finished_at:%H:%M:%S}; receipt {receipt.id}",
        soft_wrap=True,
    )
    console.print(f"{done.spool.steps:,} steps and {done.spool.dead_letters:,} dead letters")
    for path, steps in done.archives.items():
        what = "without its" if done.archives_rewritten else "still with"
        console.print(f"{visible(path)}: {what} {steps:,} steps", soft_wrap=True)
    for path in done.spool.busy:
        console.print(
            f"{visible(path)} is of a writer that is alive: end it, and run this again",
            soft_wrap=True,
        )


def _table(counts: Mapping[str, int]) -> Table:
    table = Table("table")
    table.add_column("rows", justify="right")
    for name, rows in sorted(counts.items()):
        table.add_row(name, f"{rows:,}")
    return table
