"""``hegel-store baseline``: the red line of a corpus's searches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hegel_store.cli.options import (
    Embedded,
    Url,
    load_embedder,
    named_embedder,
    plain_console,
)
from hegel_store.cli.terminal import print_json, visible
from hegel_store.embeddings import Embedder
from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.models.baselines import (
    METRICS,
    Baseline,
    Finding,
    GuardReport,
    RedLine,
    Verdict,
)
from hegel_store.operations.baselines import Baselines, queries_from_file, queries_from_log
from hegel_store.operations.baselines.recording import MOST_BLOCKS, RECORDED_BLOCKS
from hegel_store.search.fusion import Mode
from hegel_store.store import Store, connect

EXIT_STATUS: dict[Verdict, int] = {"well": 0, "breach": 3, "unsure": 4}
"""1 is an error and 2 a command that is not understood."""

app = typer.Typer(
    help="Record what searches of a corpus give, and check that they still do.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="The baseline.")]
Corpus = Annotated[str, typer.Option(help="The corpus.")]
Model = Annotated[
    str | None,
    typer.Option(
        help="A sentence-transformers model by name or folder, or an embedder of your own as "
        "module:attribute; else all-MiniLM-L6-v2."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Fall = Annotated[
    str,
    typer.Option(help="How far a metric may fall: 0.02, or 5% of what was recorded."),
]
MostBlocks = Annotated[int, typer.Option(help="When to give up telling latency from noise.")]
Rise = Annotated[float, typer.Option(help="By what share latency may rise.")]
Watch = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        help="Take it back when searches fall below this baseline, as CORPUS/NAME; exit status 3.",
    ),
]


@app.command()
def record(
    name: Name,
    corpus: Corpus,
    queries: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Labelled queries, JSON on each line."),
    ] = None,
    from_log: Annotated[
        bool, typer.Option("--from-log", help="Queries of logged steps, labelled by rewards.")
    ] = False,
    since: Annotated[
        datetime | None, typer.Option(help="Of the log only steps since then (UTC).")
    ] = None,
    rewarded: Annotated[
        float, typer.Option(help="The mean reward that makes a fact relevant.")
    ] = 0.5,
    k: Annotated[int, typer.Option("-k", "--k", help="How many facts are looked at.")] = 10,
    mode: Annotated[Mode, typer.Option(help="How to search.")] = "hybrid",
    blocks: Annotated[int, typer.Option(help="How often latency is measured.")] = RECORDED_BLOCKS,
    replace: Annotated[bool, typer.Option("--replace", help="Replace one of this name.")] = False,
    model: Model = None,
    as_json: AsJson = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Ask labelled queries, and store how well and how fast they are answered."""
    if (queries is not None) == from_log:
        raise InvalidInput("queries", "give --queries FILE or --from-log")
    with connect(url, embedded=embedded, embedder=embedder_for(model, mode)) as store:
        with store.engine.connect() as connection:
            given = (
                queries_from_file(connection, corpus, queries)
                if queries is not None
                else queries_from_log(connection, corpus, since=_utc(since), rewarded=rewarded)
            )
        done = store.baselines(corpus).record(
            name, given, k=k, mode=mode, blocks=blocks, replace=replace
        )
    _show(done, as_json)


@app.command()
def check(
    name: Name,
    corpus: Corpus,
    fall: Fall = "0.02",
    rise: Rise = 0.10,
    most_blocks: MostBlocks = MOST_BLOCKS,
    model: Model = None,
    as_json: AsJson = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Ask the queries again. Exit status 3 on a breach of the red line, 4 where noise hides it."""
    with connect(url, embedded=embedded) as store:
        mode = store.baselines(corpus).get(name).mode
    with connect(url, embedded=embedded, embedder=embedder_for(model, mode)) as store:
        report = store.baselines(corpus).check(
            name, red_line=red_line(fall, rise), most_blocks=most_blocks
        )
    if as_json:
        print_json({"verdict": report.verdict} | asdict(report))
    else:
        show_findings(report.findings)
        console = plain_console()
        if report.gone:
            console.print(f"{report.gone} of the relevant facts are no longer found.")
        if report.changed:
            console.print(f"Other than when it was recorded: {', '.join(report.changed)}")
        console.print(f"{report.verdict}, after {report.blocks} blocks")
    raise typer.Exit(EXIT_STATUS[report.verdict])


@app.command("list")
def list_(
    corpus: Corpus, as_json: AsJson = False, url: Url = None, embedded: Embedded = True
) -> None:
    """List the baselines of a corpus."""
    with connect(url, embedded=embedded) as store:
        found = store.baselines(corpus).all()
    if as_json:
        print_json([_summary(each) for each in found])
        return
    table = Table("name", "recorded", "queries", "mode", *METRICS, "median ms", "p95 ms")
    for each in found:
        table.add_row(
            visible(each.name),
            f"{each.recorded_at:%Y-%m-%d %H:%M}",
            str(len(each.queries)),
            each.mode,
            *(f"{getattr(each.quality, metric):.3f}" for metric in METRICS),
            f"{each.latency.median:.1f}",
            f"{each.latency.p95:.1f}",
        )
    plain_console().print(table)


@app.command()
def show(
    name: Name, corpus: Corpus, as_json: AsJson = False, url: Url = None, embedded: Embedded = True
) -> None:
    """Show a baseline; with --json all of it, queries included."""
    with connect(url, embedded=embedded) as store:
        _show(store.baselines(corpus).get(name), as_json)


@app.command()
def drop(
    name: Name, corpus: Corpus, as_json: AsJson = False, url: Url = None, embedded: Embedded = True
) -> None:
    """Drop a baseline; `show --json` first keeps it in a file."""
    with connect(url, embedded=embedded) as store:
        was_there = store.baselines(corpus).drop(name)
    if as_json:
        print_json({"dropped": was_there})
    else:
        print("dropped" if was_there else "there was none of this name")


def red_line(fall: str, rise: float) -> RedLine:
    """The red line of the options: a fall that ends with % is relative. Raises InvalidInput."""
    try:
        share = float(fall.removesuffix("%"))
    except ValueError:
        raise InvalidInput("fall", f"is no number: {fall:.80}") from None
    if fall.endswith("%"):
        return RedLine(fall=share / 100, relative=True, rise=rise)
    return RedLine(fall=share, rise=rise)


@dataclass(frozen=True, slots=True)
class Watched:
    """The baseline that a change is held against."""

    baselines: Baselines
    name: str


@contextmanager
def watching(
    baseline: str | None, model: str | None, url: str | None, embedded: bool
) -> Iterator[tuple[Store, Watched | None]]:
    """The store, and the baseline if one is given as CORPUS/NAME, which the store can ask.

    Raises InvalidInput and NotFound.
    """
    if baseline is None:
        with connect(url, embedded=embedded) as store:
            yield store, None
        return
    corpus, slash, name = baseline.rpartition("/")
    if not slash:
        raise InvalidInput("baseline", f"must be CORPUS/NAME, not {baseline!r:.80}")
    with connect(url, embedded=embedded) as store:
        mode = store.baselines(corpus).get(name).mode
    with connect(url, embedded=embedded, embedder=embedder_for(model, mode)) as store:
        yield store, Watched(store.baselines(corpus), name)


def told(report: GuardReport) -> dict[str, Any]:
    """A report for JSON."""
    return {"verdict": report.verdict} | asdict(report)


def show_findings(findings: Sequence[Finding]) -> None:
    table = Table("what", "before", "after", "change", "between", "red line", "verdict")
    for each in findings:
        table.add_row(
            each.what,
            f"{each.before:.3f}",
            f"{each.after:.3f}",
            f"{each.change:.3f}",
            f"{each.low:.3f} and {each.high:.3f}",
            f"{each.line:.3f}",
            each.verdict,
        )
    plain_console().print(table)


def embedder_for(model: str | None, mode: Mode) -> Embedder | None:
    """What a baseline of this mode embeds its queries by."""
    if mode == "text":
        return None
    if model is not None:
        return named_embedder(model)
    embedder, missing = load_embedder()
    if missing is not None:
        raise ConfigurationError(missing)
    return embedder


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC)


def _summary(baseline: Baseline) -> dict[str, Any]:
    return {
        "name": baseline.name,
        "corpus_id": baseline.corpus_id,
        "recorded_at": baseline.recorded_at,
        "recorded_by": baseline.recorded_by,
        "k": baseline.k,
        "mode": baseline.mode,
        "space": baseline.space,
        "queries": len(baseline.queries),
        "quality": asdict(baseline.quality),
        "latency": asdict(baseline.latency),
    }


def _show(baseline: Baseline, as_json: bool) -> None:
    summary = _summary(baseline) | {"conditions": baseline.conditions}
    if as_json:
        queries = [
            {
                "query": query.query,
                "relevant": {str(fact_id): gain for fact_id, gain in query.relevant.items()},
                **asdict(quality),
            }
            for query, quality in zip(baseline.queries, baseline.qualities, strict=True)
        ]
        print_json(summary | {"queries": queries})
        return
    console = plain_console()
    console.print(
        f"{visible(baseline.name)}: {len(baseline.queries)} queries in corpus "
        f"{visible(baseline.corpus_id)}, mode {baseline.mode}, k {baseline.k}",
        soft_wrap=True,
    )
    table = Table(*METRICS, "median ms", "p95 ms")
    table.add_row(
        *(f"{getattr(baseline.quality, metric):.3f}" for metric in METRICS),
        f"{baseline.latency.median:.1f}",
        f"{baseline.latency.p95:.1f}",
    )
    console.print(table)
    taken = baseline.conditions
    console.print(
        f"hegel_store {taken['code']}, revision {taken['revision']}, PostgreSQL {taken['server']}, "
        f"pgvector {taken['pgvector']}, {taken['facts']:,} facts",
        soft_wrap=True,
    )
