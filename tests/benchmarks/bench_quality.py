"""How good the search ranks, beside the usual recipes in the same database: nDCG@10.

    python tests/benchmarks/bench_quality.py [--cranfield FOLDER] [--plot FILE.svg]

Every collection is stored alone, and every ranking answers the same questions with the same
vectors (all-MiniLM-L6-v2). The gain of a fact is its grade, discounted by log2(1 + rank) (Järvelin
& Kekäläinen 2002, as trec_eval has it). The interval of a ratio is that of a bootstrap over the
questions. With --url the database has to be empty: its facts are replaced.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import ir_measures
import numpy as np
from ir_measures import nDCG
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.embeddings.sentence_transformers import SentenceTransformerEmbedder
from hegel_store.store import Store
from tests.benchmarks import judged, rankings
from tests.benchmarks.judged import Collection
from tests.benchmarks.servers import database, options

MEASURE = nDCG @ 10
OURS = "ours, hybrid"

Scores = dict[str, dict[str, np.ndarray]]
"""By collection and ranking: the score of each question in 0..1, float64, shape (questions,)."""


def main() -> None:
    """Measure every ranking on every collection; print the means and the ratios."""
    parser = options(__doc__ or "")
    parser.add_argument("--cranfield", type=Path, metavar="FOLDER", help="see judged.cranfield()")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the first table")
    arguments = parser.parse_args()
    scores: Scores = {}
    with database(arguments) as url, hegel_store.connect(url) as store:
        store.upgrade()
        _require_empty(store)
        print(f"{_versions(store)}\n")
        for collection in _collections(arguments.cranfield):
            scores[collection.name] = measure(store, collection)
            _describe(collection)
    print()
    _print_means(scores)
    print()
    _print_ratios(scores)
    if arguments.plot is not None:
        _plot(scores, arguments.plot)


def measure(store: Store, collection: Collection) -> dict[str, np.ndarray]:
    """The score of each question, shape (questions,), by ranking. Replaces the store's facts."""
    ids = rankings.load(store, collection)
    grades = []
    for question in collection.questions:
        graded: dict[str, int] = {}
        for place, grade in question.grades.items():
            # Facts that say the same are one fact in the store: the better grade holds.
            graded[ids[place]] = max(grade, graded.get(ids[place], 0))
        grades.append(graded)
    with store.engine.connect() as connection:
        ways = rankings.ours(store) | rankings.recipes(connection)
        return {
            name: ndcg(grades, [rank(question) for question in collection.questions])
            for name, rank in ways.items()
        }


def ndcg(grades: Sequence[Mapping[str, int]], ranked: Sequence[Sequence[str]]) -> np.ndarray:
    """nDCG@10 of each question, float64, shape (questions,); 0 where nothing was found.

    ``grades`` of the facts that answer a question, ``ranked`` the facts found for it, best first.
    """
    judgements = {str(n): dict(graded) for n, graded in enumerate(grades)}
    # The library sorts by score, and equals by id: the rank itself is the score, so it all stays.
    found = {
        str(n): {fact_id: -float(place) for place, fact_id in enumerate(order)}
        for n, order in enumerate(ranked)
    }
    values = np.zeros(len(grades))
    for metric in ir_measures.iter_calc([MEASURE], judgements, found):
        values[int(metric.query_id)] = metric.value
    return values


def ratio(ours: np.ndarray, other: np.ndarray, draws: int = 5_000) -> tuple[float, float, float]:
    """mean(ours) / mean(other) of the same questions, and the ends of its 95 % interval."""
    random = np.random.default_rng(1)
    drawn = random.integers(len(ours), size=(draws, len(ours)))
    with np.errstate(divide="ignore"):  # infinite where a draw has no question that other answers
        ratios = ours[drawn].mean(1) / other[drawn].mean(1)
    # The nearest draw, as between two infinite ones there is no middle.
    low, high = np.percentile(ratios, [2.5, 97.5], method="nearest")
    return float(ours.mean() / other.mean()), float(low), float(high)


def _collections(folder: Path | None) -> Iterator[Collection]:
    embedder = SentenceTransformerEmbedder()
    if folder is None:
        print("- Cranfield and its first sentences: left out, as --cranfield FOLDER was not given")
    else:
        abstracts = judged.cranfield(folder)
        yield abstracts
        yield judged.first_sentences(abstracts, embedder)
    yield judged.docstrings(embedder)
    yield judged.seeds(embedder)


def _require_empty(store: Store) -> None:
    with store.engine.connect() as connection:
        if connection.execute(text("SELECT EXISTS (SELECT FROM hegel_facts)")).scalar_one():
            sys.exit("the database has facts, which would be lost: give an empty one")


def _versions(store: Store) -> str:
    health = store.check()
    return (
        f"PostgreSQL {health.server_version}, pgvector {health.pgvector_version}, "
        f"Python {platform.python_version()}"
    )


def _describe(collection: Collection) -> None:
    distinct = set(zip(collection.corpora, collection.facts, strict=True))
    of_facts = np.mean([len(fact.split()) for _, fact in distinct])
    of_questions = np.mean([len(question.text.split()) for question in collection.questions])
    print(
        f"- {collection.name}: {len(distinct)} facts of {of_facts:.0f} words, "
        f"{len(collection.questions)} questions of {of_questions:.0f} words",
        flush=True,
    )


def _print_means(scores: Scores) -> None:
    _print_head("nDCG@10", scores)
    for name in next(iter(scores.values())):
        cells = [f"{by_ranking[name].mean():.3f}" for by_ranking in scores.values()]
        print(f"| {name} | " + " | ".join(cells) + " |")


def _print_ratios(scores: Scores) -> None:
    _print_head(f"{OURS}, over", scores)
    for name in next(iter(scores.values())):
        if name == OURS:
            continue
        cells = []
        for by_ranking in scores.values():
            middle, low, high = ratio(by_ranking[OURS], by_ranking[name])
            cells.append(f"{middle:.2f} ({low:.2f} to {high:.2f})")
        print(f"| {name} | " + " | ".join(cells) + " |")


def _print_head(corner: str, scores: Scores) -> None:
    print(f"| {corner} | " + " | ".join(scores) + " |")
    print("| --- |" + " ---: |" * len(scores))


def _plot(scores: Scores, path: Path) -> None:
    """A group of bars for each collection, the same bytes for the same scores."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "hegel_store", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot

    names = list(next(iter(scores.values())))
    # In the order of rankings.ours() and recipes(): blue is ours.
    colours = [
        "#08519c",
        "#3182bd",
        "#6baed6",
        "#bdd7e7",
        "#fdd0a2",
        "#fd8d3c",
        "#d9d9d9",
        "#969696",
    ]
    figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
    width = 0.85 / len(names)
    for n, (name, colour) in enumerate(zip(names, colours, strict=True)):
        offset = (n - (len(names) - 1) / 2) * width
        means = [by_ranking[name].mean() for by_ranking in scores.values()]
        axes.bar(np.arange(len(scores)) + offset, means, width, label=name, color=colour)
    axes.set_xticks(range(len(scores)), [name.replace(", ", ",\n") for name in scores])
    axes.set_ylim(0, 1)
    axes.set_ylabel("nDCG@10")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
