"""``hegel-store reembed``: moves a space of a corpus to another model."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from hegel_store.cli.baselines import EXIT_STATUS, show_findings, told
from hegel_store.cli.options import Embedded, Url, named_embedder
from hegel_store.errors import InvalidInput
from hegel_store.models.baselines import GuardReport
from hegel_store.operations.baselines import guarded
from hegel_store.operations.reembed import OnProgress, Reembedding
from hegel_store.operations.reembed_status import Progress
from hegel_store.store import Store, connect


def reembed(
    corpus: Annotated[str, typer.Option(help="The corpus.")],
    space: Annotated[str, typer.Option(help="Its space, such as fast or accurate.")],
    model: Annotated[
        str | None,
        typer.Option(
            help="A sentence-transformers model by name or folder, or an embedder of your own as "
            "module:attribute."
        ),
    ] = None,
    batch: Annotated[int, typer.Option(help="Facts that are stored at once.")] = 200,
    pause: Annotated[float, typer.Option(help="Seconds of rest after each batch.")] = 0.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be embedded.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say how far it is.")] = False,
    cut_over: Annotated[
        bool,
        typer.Option("--cut-over", help="Let the new vectors serve; with --model, fill up first."),
    ] = False,
    rollback: Annotated[
        bool,
        typer.Option("--rollback", help="Let the old vectors serve again; --model is the old one."),
    ] = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="Empty and free the slot that does not serve.")
    ] = False,
    baseline: Annotated[
        str | None,
        typer.Option(help="With --cut-over: roll back when searches fall below this baseline."),
    ] = None,
    old_model: Annotated[
        str | None,
        typer.Option(help="With --baseline: what serves now, as --model; else by its name."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, and progress as lines of it.")
    ] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Embed a corpus anew while it is in use, then let the new vectors serve.

    Without a step it embeds every fact that has no vector of the model yet. A run that was broken
    off is gone on with by running it again.
    """
    if sum([dry_run, status, cut_over, rollback, discard]) > 1:
        raise InvalidInput(
            "reembed", "takes one of --dry-run, --status, --cut-over, --rollback, --discard"
        )
    if baseline is not None and not (cut_over and model is not None):
        raise InvalidInput("baseline", "is for --cut-over with --model")
    embedder = None if model is None else named_embedder(model)
    show = _show_json if as_json else _show
    if baseline is not None and embedder is not None:
        with connect(url, embedded=embedded) as store:
            serving = store.reembed(corpus, space).status().slots[0].maker.model
        old = named_embedder(old_model or serving)
        with connect(url, embedded=embedded, embedders={space: [old, embedder]}) as store:
            moving = store.reembed(corpus, space, embedder, batch=batch, pause=pause)
            back = store.reembed(corpus, space)
            report = _guarded(store, baseline, moving, back, show)
            if as_json:
                print(json.dumps(told(report) | {"status": asdict(moving.status())}))
            else:
                show_findings(report.findings)
                _report(moving, {}, rolled_back=False)
        if report.reverted:
            raise typer.Exit(EXIT_STATUS["breach"])
        return
    with connect(url, embedded=embedded) as store:
        moving = store.reembed(corpus, space, embedder, batch=batch, pause=pause)
        done: dict[str, Any] = {}
        if dry_run:
            done = asdict(moving.plan())
        elif cut_over:
            moving.cut_over(show)
        elif rollback:
            done = {"missing": moving.rollback(show)}
        elif discard:
            done = {"emptied": moving.discard()}
        elif not status:
            done = {"embedded": moving.fill(show)}
        if as_json:
            print(json.dumps(done | {"status": asdict(moving.status())}))
        else:
            _report(moving, done, rolled_back=rollback)


def _guarded(
    store: Store, name: str, moving: Reembedding, back: Reembedding, show: OnProgress
) -> GuardReport:
    """Cut over, and roll back on a breach. What is to be embedded is embedded before anything is
    timed; ``back`` knows no model, and so embeds nothing."""

    def rollback() -> None:
        # A cut-over that was refused has nothing to roll back.
        if any(slot.state == "retired" for slot in back.status().slots):
            back.rollback()

    moving.fill(show)
    corpus = moving.status().corpus_id
    return guarded(store.baselines(corpus), name, lambda: moving.cut_over(show), rollback)


def _show(progress: Progress) -> None:
    print(
        f"{progress.done:,} embedded, {progress.left:,} left, {progress.per_second:,.0f} facts/s, "
        f"{progress.seconds_left:,.0f} s to go",
        file=sys.stderr,
    )


def _show_json(progress: Progress) -> None:
    print(json.dumps(asdict(progress)), file=sys.stderr)


def _report(moving: Reembedding, done: dict[str, Any], *, rolled_back: bool) -> None:
    if "slot" in done:
        print(
            f"{done['facts']:,} facts ({done['characters']:,} characters) would be embedded into "
            f"{done['slot']}"
        )
    if "embedded" in done:
        print(f"{done['embedded']:,} facts embedded")
    if "emptied" in done:
        print(f"{done['emptied']:,} vectors discarded")
    if rolled_back and done["missing"]:
        print(
            f"{done['missing']:,} facts were added since and have no old vector: only words find "
            "them, until this command is run with the old --model"
        )
    found = moving.status()
    print(f"{found.facts:,} facts of corpus {found.corpus_id!r}, space {found.space!r}:")
    for slot in found.slots:
        missing = found.missing[slot.name]
        lacking = f", {missing:,} facts without a vector" if missing else ""
        print(f"  {slot.name}: {slot.state}, {slot.maker.model}{lacking}")
