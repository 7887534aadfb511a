"""What filters of all selectivities do to a search: time, recall, rows; tables, checks, a plot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hegel_store.models import SearchResult
from hegel_store.search.recall import Neighbour, recall_of
from hegel_store.store import Store
from tests.benchmarks.crowd import CORPUS, Query
from tests.benchmarks.crowd_searches import (
    Filter,
    Kind,
    kinds,
    nearest,
    ours,
    plan_of_nearest,
    plan_of_ours,
)
from tests.benchmarks.timing import Bare, Times, measure

HNSW = "idx_hegel_facts_embedding_384"
LEAST_RECALL = 0.95

Asked = tuple[Query, Filter]


@dataclass(frozen=True)
class Found:
    """What one way found. ``recalls`` (0..1, against the exact answer) and ``rows`` (how many
    facts) are of each question, shape (questions,); ``index`` is what EXPLAIN named."""

    times: Times
    recalls: np.ndarray
    rows: np.ndarray
    index: str


@dataclass(frozen=True)
class Row:
    """A kind of filter. ``expected`` is min(10, matching facts) of each question, shape
    (questions,), and ``exact`` (0..1) the share of answers that came from the exact pass, as
    the scan had too few. ``beside`` has the times of many threads, by mode."""

    kind: Kind
    expected: np.ndarray
    exact: float
    vector: Found
    text: Times
    hybrid: Times
    hybrid_rows: np.ndarray
    beside: Mapping[str, Times]
    plain: Found
    afterwards: Found


def rows(url: str, store: Store, questions: Sequence[Query], threads: int) -> list[Row]:
    """A row for each kind of filter; ``threads`` many of them for ``beside``."""
    plain = Bare(url, {"hnsw.iterative_scan": "off"})
    # With no other way to sort, HNSW it is: what happens where the filter's column has no index.
    afterwards = Bare(url, {"hnsw.iterative_scan": "off", "enable_sort": "off"})
    try:
        return [_row(store, kind, questions, threads, plain, afterwards) for kind in kinds()]
    finally:
        plain.close()
        afterwards.close()


def problems(measured: Sequence[Row]) -> list[str]:
    """What is not as the documentation says it is, a line each."""
    found = []
    for row in measured:
        name = f"filter {row.kind.name}"
        recall = row.vector.recalls.mean()
        if recall < LEAST_RECALL:
            found.append(f"{name}: recall@10 of {recall:.3f}, less than {LEAST_RECALL}")
        for mode, count in (("vector", row.vector.rows), ("hybrid", row.hybrid_rows)):
            if short := int((count < row.expected).sum()):
                found.append(f"{name}: {short} {mode} searches found less than there is")
        if row.kind.share == 1 and row.vector.index != HNSW:
            found.append(f"void: {name} scans {row.vector.index or 'the table'}, not {HNSW}")
    return found


def print_tables(measured: Sequence[Row], threads: int) -> None:
    """Ours, also by many threads, and the bare driver's query, a line for each kind of filter.

    Times are in ms; ``perfect`` is the share of the questions with a recall of 1.
    """
    head = f"{'filter':<16} {'share':>7}"
    print(
        f"\n{head} {'vector p50':>10} {'p95':>7} {'hybrid p50':>10} {'p95':>7}"
        f" {'recall@10':>9} {'worst':>6} {'perfect':>7} {'rows':>5} {'of':>5} {'exact pass':>10}"
        "  index of the scan"
    )
    for row in measured:
        vector, hybrid = row.vector, row.hybrid
        print(
            f"{row.kind.name:<16} {row.kind.share:>7.2%} {vector.times.p50:>10.1f}"
            f" {vector.times.p95:>7.1f} {hybrid.p50:>10.1f} {hybrid.p95:>7.1f}"
            f" {vector.recalls.mean():>9.3f} {vector.recalls.min():>6.2f}"
            f" {(vector.recalls == 1).mean():>7.0%} {vector.rows.mean():>5.1f}"
            f" {row.expected.mean():>5.1f} {row.exact:>10.0%}"
            f"  {vector.index or 'none'}"
        )
    modes = ("text", *measured[0].beside)
    columns = "   ".join(f"{f'{mode} p50':>10} {'p95':>7}" for mode in modes)
    print(f"\n{'':<24} {'1 thread':>18}   {f'{threads} threads':>18}\n{head} {columns}")
    for row in measured:
        cells = [
            f"{taken.p50:>10.1f} {taken.p95:>7.1f}" for taken in (row.text, *row.beside.values())
        ]
        print(f"{row.kind.name:<16} {row.kind.share:>7.2%} {'   '.join(cells)}")
    print(
        f"\n{'':<24} {'HNSW, filtered afterwards':>34}   the planner's choice\n"
        f"{head} {'p50':>10} {'p95':>7} {'recall@10':>9} {'rows':>5}  "
        f" {'p50':>10} {'p95':>7} {'recall@10':>9} {'rows':>5}  index"
    )
    for row in measured:
        cells = [
            f"{found.times.p50:>10.1f} {found.times.p95:>7.1f} {found.recalls.mean():>9.3f}"
            f" {found.rows.mean():>5.1f}"
            for found in (row.afterwards, row.plain)
        ]
        print(
            f"{row.kind.name:<16} {row.kind.share:>7.2%} {cells[0]}   {cells[1]}"
            f"  {row.plain.index or 'none'}"
        )


def plot(measured: Sequence[Row], path: Path) -> None:
    """Recall and time against the share of the facts that match, ours beside the recipe."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "hegel_store", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot

    drawn = [row for row in measured if row.kind.plotted]
    shares = [row.kind.share * 100 for row in drawn]
    lines: dict[str, tuple[str, Callable[[Row], Found]]] = {
        "ours, vector": ("#08519c", lambda row: row.vector),
        "HNSW, filtered afterwards": ("#fd8d3c", lambda row: row.afterwards),
    }
    figure, (recall, latency) = pyplot.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    for name, (colour, found) in lines.items():
        style = {"color": colour, "marker": "o", "markersize": 4}
        recalls = [found(row).recalls.mean() for row in drawn]
        recall.plot(shares, recalls, label=name, **style)
        latency.plot(shares, [found(row).times.p50 for row in drawn], **style)
    latency.plot(
        shares,
        [row.hybrid.p50 for row in drawn],
        label="ours, hybrid",
        color="#6baed6",
        marker="o",
        markersize=4,
    )
    recall.set_ylabel("recall@10")
    recall.set_ylim(-0.03, 1.03)
    latency.set_ylabel("p50 in ms")
    latency.set_ylim(bottom=0)
    for axes in (recall, latency):
        axes.set_xscale("log")
        axes.invert_xaxis()
        axes.set_xticks(shares, [f"{share:g}" for share in shares])
        axes.minorticks_off()
        axes.set_xlabel("facts that match, %")
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, metadata={"Date": None})


def _row(
    store: Store,
    kind: Kind,
    questions: Sequence[Query],
    threads: int,
    plain: Bare,
    afterwards: Bare,
) -> Row:
    asked: list[Asked] = [(query, kind.of(query)) for query in questions]
    exact = [nearest(plain, query, filters.sql, exact=True) for query, filters in asked]
    modes: dict[str, Callable[[Asked], object]] = {
        "vector": lambda one: ours(store, one[0], "vector", one[1].ours),
        "text": lambda one: ours(store, one[0], "text", one[1].ours),
        "hybrid": lambda one: ours(store, one[0], "hybrid", one[1].ours),
    }
    times = measure(
        {
            **modes,
            "plain": lambda one: nearest(plain, one[0], one[1].sql),
            "afterwards": lambda one: nearest(afterwards, one[0], one[1].sql),
        },
        asked,
    )

    def found(name: str, answers: Sequence[Sequence[Neighbour]], index: str) -> Found:
        recalls = [
            recall_of(answer, truth) if truth else 1.0
            for answer, truth in zip(answers, exact, strict=True)
        ]
        counts = np.array([len(answer) for answer in answers])
        return Found(times[name], np.array(recalls), counts, index)

    query, filters = asked[0]
    results: list[SearchResult] = times["vector"].answers
    return Row(
        kind,
        np.array([len(truth) for truth in exact]),
        float(np.mean([result.exact for result in results])),
        found(
            "vector",
            [_neighbours(result) for result in results],
            plan_of_ours(store, query, filters.ours),
        ),
        times["text"],
        times["hybrid"],
        np.array([len(result) for result in times["hybrid"].answers]),
        measure(modes, asked, threads),
        found("plain", times["plain"].answers, plan_of_nearest(plain, query, filters.sql)),
        found(
            "afterwards",
            times["afterwards"].answers,
            plan_of_nearest(afterwards, query, filters.sql),
        ),
    )


def _neighbours(result: SearchResult) -> list[Neighbour]:
    return [((CORPUS, hit.fact.id), 1 - (hit.vector_score or 0.0)) for hit in result]
