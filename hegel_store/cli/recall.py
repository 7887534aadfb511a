"""The recall command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Url, load_embedder, plain_console
from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.repositories.recall import measure_recall
from hegel_store.search.recall import RecallReport
from hegel_store.store import connect


def recall(
    corpus: Annotated[str | None, typer.Option(help="Only this corpus.")] = None,
    query: Annotated[
        list[str] | None, typer.Option(help="A question instead of stored facts; repeatable.")
    ] = None,
    queries: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file of questions, one on each line."),
    ] = None,
    k: Annotated[int, typer.Option("-k", "--k", help="How many neighbours are to be found.")] = 10,
    ef_search: Annotated[
        list[int] | None, typer.Option(help="Try this ef_search; repeatable.")
    ] = None,
    target: Annotated[
        float, typer.Option(help="The recall that is good enough.", min=0, max=1)
    ] = 0.95,
    dimensions: Annotated[
        int | None, typer.Option(help="The size of the vectors, where there are several.")
    ] = None,
    sample: Annotated[int, typer.Option(help="How many stored facts are queries.")] = 100,
    seed: Annotated[
        int | None, typer.Option(help="The same seed draws the same facts; else at random.")
    ] = None,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Say how much of the exact answer the vector index finds, on the facts that are there.

    Changes nothing. Every exact search reads all vectors, so a large table takes a while.
    """
    texts = [*(query or []), *(_lines(queries) if queries is not None else [])]
    embedder = None
    if query or queries is not None:
        embedder, missing = load_embedder()
        if missing is not None:
            raise ConfigurationError(missing)
    with connect(url, embedded=embedded) as store:
        report = measure_recall(
            store.engine,
            embedder=embedder,
            queries=None if embedder is None else texts,
            corpus_id=corpus,
            dimensions=dimensions,
            k=k,
            ef_search=ef_search or None,
            sample=sample,
            seed=seed,
        )
    console = plain_console()
    console.print(_heading(report))
    console.print(_table(report))
    for sentence in _verdict(report, target):
        console.print(sentence, soft_wrap=True)


def _lines(path: Path) -> Sequence[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InvalidInput("queries", f"{path} is not UTF-8: {error.reason}") from None
    return [line for line in lines if line.strip()]


def _heading(report: RecallReport) -> str:
    where = "all corpora" if report.corpus_id is None else f"corpus {report.corpus_id!r}"
    asked = (
        f"{report.queries} questions"
        if report.seed is None
        else f"{report.queries} of them as queries (--seed {report.seed})"
    )
    return f"{report.facts:,} facts of {where} with a vector in {report.slot}, {asked}"


def _table(report: RecallReport) -> Table:
    table = Table("ef_search", "index")
    for name in (f"recall@{report.k}", "worst tenth", "p50 ms", "p95 ms"):
        table.add_column(name, justify="right")
    for point in report.points:
        default = " (default)" if point.ef_search == report.default else ""
        table.add_row(
            f"{point.ef_search}{default}",
            "used" if point.index is not None else "not used",
            f"{point.recall:.3f}",
            f"{point.worst:.3f}",
            f"{point.p50:.1f}",
            f"{point.p95:.1f}",
        )
    table.add_row("exact search", "not used", "1.000", "1.000", f"{report.exact_p50:.1f}", "")
    return table


def _verdict(report: RecallReport, target: float) -> Sequence[str]:
    """What the table means, and what to do."""
    if not report.indexes:
        return [f"There is no HNSW index on {report.slot}: every search is exact."]
    indexes = ", ".join(
        name + (f" ({parameters})" if parameters else "")
        for name, parameters in report.indexes.items()
    )
    unused = [str(point.ef_search) for point in report.points if point.index is None]
    if len(unused) == len(report.points):
        return [
            f"EXPLAIN shows that the planner does not use {indexes}: with so few facts another way "
            "is cheaper. So the recall is 1 by construction, and says nothing about the index."
        ]
    sentences = [f"EXPLAIN shows that the planner uses {indexes}."]
    if unused:
        sentences = [
            f"EXPLAIN shows that the planner uses {indexes}, but not for ef_search "
            f"{', '.join(unused)}, where the recall is 1 by construction."
        ]
    enough = report.smallest(target)
    if enough is None:
        sentences.append(
            f"No ef_search that was tried reaches {target:g}. Build the index again with a larger "
            "m and ef_construction: op.rebuild_hnsw_index, in a revision of yours."
        )
    elif enough.ef_search <= report.default:
        sentences.append(
            f"ef_search {enough.ef_search} is the smallest tried that reaches {target:g}; a search "
            f"uses {report.default} unless told otherwise."
        )
    else:
        sentences.append(
            f"ef_search {enough.ef_search} is the smallest tried that reaches {target:g}. A search "
            f"uses {report.default}, and this one when it is called with "
            f"candidates={enough.ef_search}; or build the index again with a larger m and "
            "ef_construction: op.rebuild_hnsw_index, in a revision of yours."
        )
    (default,) = (point for point in report.points if point.ef_search == report.default)
    if default.index is not None and default.short > 0 and default.recall < 1:
        sentences.append(
            f"With {report.default}, scans come up short for {default.short:.0%} of the queries: "
            "a search makes an exact pass there, and finds more than this table says."
        )
    return sentences
