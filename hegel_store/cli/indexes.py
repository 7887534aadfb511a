"""``hegel-store index``: vector indexes, and what becomes of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer

from hegel_store.cli.baselines import EXIT_STATUS, Watch, show_findings, told, watching
from hegel_store.cli.index_tables import (
    show_advice,
    show_inventory,
    show_measured,
    show_rebuilt,
    show_statements,
    shown_progress,
)
from hegel_store.cli.options import Embedded, Url, named_embedder
from hegel_store.operations import vector_indexes
from hegel_store.operations.guarded_changes import guarded_rebuild
from hegel_store.store import connect

index = typer.Typer(
    help="Look at vector indexes, build them anew, and go back.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="As `hegel-store index inventory` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be executed, and do not.")]
K = Annotated[int, typer.Option("-k", "--k", help="How many neighbours are to be found.")]
Sample = Annotated[int, typer.Option(help="How many queries are asked.")]
Seed = Annotated[int | None, typer.Option(help="Draws the same queries; else at random.")]
Model = Annotated[
    str | None,
    typer.Option(
        help="The model of the vectors, or an embedder of your own as module:attribute: the "
        "queries are then those of the query log, where there are any."
    ),
]


@index.command()
def inventory(as_json: AsJson = False, url: Url = None, embedded: Embedded = True) -> None:
    """Show the vector indexes: parameters, size, use, and an estimate for building them anew."""
    with connect(url, embedded=embedded) as store:
        found = vector_indexes.inventory(store.engine)
    if as_json:
        print(json.dumps([asdict(each) for each in found]))
        return
    show_inventory(found)


@index.command()
def plan(
    method: Annotated[
        Literal["hnsw", "ivfflat"], typer.Option(help="What to advise, where one is needed.")
    ] = "hnsw",
    target: Annotated[
        float, typer.Option(help="The recall that is good enough.", min=0, max=1)
    ] = 0.95,
    k: K = 10,
    sample: Sample = 50,
    seed: Seed = None,
    model: Model = None,
    as_json: AsJson = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Say which indexes should be built anew, by what is measured on the table. Changes nothing."""
    embedder = None if model is None else named_embedder(model)
    with connect(url, embedded=embedded) as store:
        advised = vector_indexes.plan(
            store.engine,
            method=method,
            target=target,
            k=k,
            sample=sample,
            seed=seed,
            embedder=embedder,
        )
    if as_json:
        print(json.dumps([asdict(each) for each in advised]))
        return
    show_advice(advised)


@index.command()
def measure(
    name: Name,
    note: Annotated[
        bool, typer.Option("--note", help="Keep it, for searches that ask for a recall.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Forget what was kept, and measure nothing.")
    ] = False,
    k: K = 10,
    sample: Sample = 50,
    seed: Seed = None,
    model: Model = None,
    as_json: AsJson = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Compare an index with exact searches, by ef_search or probes."""
    embedder = None if model is None else named_embedder(model)
    with connect(url, embedded=embedded) as store:
        if forget:
            forgotten = vector_indexes.forget_measured(store.engine, name)
            said = "forgotten" if forgotten else "nothing was kept"
            print(json.dumps({"forgotten": forgotten}) if as_json else said)
            return
        measured = vector_indexes.measure(
            store.engine, name, k=k, sample=sample, seed=seed, embedder=embedder
        )
        if note:
            vector_indexes.note_measured(store.engine, name, measured)
    if as_json:
        print(json.dumps(asdict(measured)))
    else:
        show_measured(measured)


@index.command()
def rebuild(
    name: Name,
    method: Annotated[
        Literal["hnsw", "ivfflat"] | None, typer.Option(help="Else the one that it has.")
    ] = None,
    m: Annotated[int | None, typer.Option("-m", "--m", help="Of HNSW.")] = None,
    ef_construction: Annotated[int | None, typer.Option(help="Of HNSW.")] = None,
    lists: Annotated[int | None, typer.Option(help="Of IVFFlat.")] = None,
    recall: Annotated[
        float, typer.Option(help="Refuse a new index that finds less.", min=0, max=1)
    ] = 0.95,
    latency_ratio: Annotated[
        float, typer.Option(help="Refuse one that takes more than so many times as long.")
    ] = 3.0,
    k: K = 10,
    sample: Sample = 50,
    seed: Seed = None,
    model: Model = None,
    maintenance_work_mem: Annotated[
        str | None, typer.Option(help="Memory for the build, such as 2GB.")
    ] = None,
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Drop what an earlier rebuild has kept.")
    ] = False,
    baseline: Watch = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Build an index anew beside the old one, measure both, and swap them or not.

    Exits with status 1 where the new one is refused. The old one is kept for going back.
    """
    embedder = None if model is None else named_embedder(model)
    with (
        watching(baseline, model, url, embedded) as (store, watched),
        shown_progress(as_json) as show,
    ):
        options: dict[str, Any] = {
            "method": method,
            "m": m,
            "ef_construction": ef_construction,
            "lists": lists,
            "k": k,
            "recall": recall,
            "latency_ratio": latency_ratio,
            "sample": sample,
            "seed": seed,
            "embedder": embedder,
            "maintenance_work_mem": maintenance_work_mem,
            "drop_old": drop_old,
            "on_progress": show,
        }
        report = None
        if watched is None or dry_run:
            done = vector_indexes.rebuild(store.engine, name, dry_run=dry_run, **options)
        else:
            done, report = guarded_rebuild(
                watched.baselines, watched.name, store.engine, name, **options
            )
    if as_json:
        print(json.dumps(asdict(done) | ({} if report is None else {"guard": told(report)})))
    else:
        show_rebuilt(done, dry_run)
        if report is not None:
            show_findings(report.findings)
    if report is not None and report.reverted:
        if not as_json:
            print("rolled back: searches fell below the red line")
        raise typer.Exit(EXIT_STATUS["breach"])
    if done.refused is not None:
        raise typer.Exit(1)


@index.command()
def rollback(
    name: Name,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Let searches use the index that the last rebuild has kept; called again, undo that."""
    with connect(url, embedded=embedded) as store:
        show_statements(vector_indexes.roll_back(store.engine, name, dry_run=dry_run), as_json)


@index.command("drop-old")
def drop_old(
    name: Name,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Drop what a rebuild has kept, or left when it was killed. Only a rebuild brings it back."""
    with connect(url, embedded=embedded) as store:
        show_statements(vector_indexes.drop_kept(store.engine, name, dry_run=dry_run), as_json)
