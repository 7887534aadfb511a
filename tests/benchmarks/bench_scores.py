"""Claiming and recording evaluations, and reading many scores, beside the same rows by psycopg.

    python tests/benchmarks/bench_scores.py [--batches 400] [--url URL]

A batch is one candidate on 20 examples with one objective. The bare way inserts the same 20
evaluations and 20 scores, without claims, in one transaction of two statements. Workers are threads
with a connection each. The matrix is of 2,000 profiles on 500 examples. Ways take turns; figures
are medians.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.models import NewEvaluation
from hegel_store.models.profiles import content_hash
from hegel_store.store import Store
from tests.benchmarks.servers import database, options
from tests.benchmarks.timing import measure

BATCH, PROFILES, EXAMPLES, ROUNDS = 20, 2_000, 500, 7
NAMES = [f"example {n}" for n in range(BATCH)]
SCORES = [n / BATCH for n in range(BATCH)]
INSERT_EVALUATIONS = """
    INSERT INTO hegel_evaluations
        (corpus_id, evaluator, content_hash, split, example_id, state, evaluated_at)
    SELECT 'bare', 'default', %s, 'train', example_id, 'scored', clock_timestamp()
    FROM unnest(%s::text[]) AS example_id"""
INSERT_SCORES = """
    INSERT INTO hegel_scores
    SELECT 'bare', 'default', %s, 'train', example_id, 'accuracy', score
    FROM unnest(%s::text[], %s::float8[]) AS score (example_id, score)"""
LOOK = """
    SELECT example_id, score FROM hegel_scores
    WHERE corpus_id = 'bare' AND evaluator = 'default' AND content_hash = %s AND split = 'train'
      AND example_id = ANY (%s::text[]) AND objective = 'accuracy'"""
FILL = """
    INSERT INTO hegel_scores
    SELECT 'matrix', 'default', content_hash, 'train', 'example ' || m, 'accuracy',
        (hashint4(version * 1000 + m) & 1023) / 1023.0
    FROM hegel_prompt_profiles, generate_series(1, %s) AS m
    WHERE corpus_id = 'matrix' ORDER BY content_hash"""
MATRIX = """
    SELECT content_hash, example_id, score FROM hegel_scores
    WHERE corpus_id = 'matrix' AND evaluator = 'default' AND split = 'train'
      AND objective = 'accuracy'"""


class Bare:
    """A connection for each thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._own = threading.local()

    @property
    def connection(self) -> psycopg.Connection[Any]:
        if not hasattr(self._own, "connection"):
            self._own.connection = psycopg.connect(self._url, prepare_threshold=1)
        return self._own.connection

    def insert(self, content: bytes) -> None:
        with self.connection.transaction():
            self.connection.execute(INSERT_EVALUATIONS, [content, NAMES])
            self.connection.execute(INSERT_SCORES, [content, NAMES, SCORES])

    def look(self, content: bytes) -> list[Any]:
        with self.connection.transaction():
            return self.connection.execute(LOOK, [content, NAMES]).fetchall()


def main() -> None:
    """Measure and print; exit with 1 where what comes back is not what was stored."""
    parser = options(__doc__ or "")
    parser.add_argument("--batches", type=int, default=400, metavar="COUNT")
    arguments = parser.parse_args()
    with database(arguments) as url, hegel_store.connect(url, pool="heavy") as store:
        store.upgrade()
        print(f"PostgreSQL {store.check().server_version}, batches of {BATCH} evaluations")
        for workers in (1, 8):
            _batches(store, url, arguments.batches, workers)
        _matrix(store, url)


def _batches(store: Store, url: str, count: int, workers: int) -> None:
    bare, number = Bare(url), itertools.count(workers * 1_000_000)
    objectives: Any = {"accuracy": "maximize"}
    run_id = f"{workers} workers"
    store.runs.start("ours", "qa", run_id, optimiser="x", objectives=objectives, budget=10**9)

    def ours(run_id: str | None) -> None:
        candidate = {"n": next(number)}
        wanted = [(candidate, name) for name in NAMES]
        claims = store.scores.claim("ours", wanted, split="train", run_id=run_id)
        outcomes = store.scores.record_many(
            NewEvaluation(of=claim, scores={"accuracy": score})
            for claim, score in zip(claims.granted, SCORES, strict=True)
        )
        if outcomes != ["stored"] * BATCH:
            sys.exit("an evaluation was not stored")

    def inserted(_: object) -> None:
        bare.insert(bytes.fromhex(content_hash({"n": next(number)})))

    known = {"n": -workers}
    bare.insert(bytes.fromhex(content_hash(known)))
    served = store.scores.claim("ours", [(known, name) for name in NAMES], split="train")
    store.scores.record_many(
        NewEvaluation(of=claim, scores={"accuracy": 0.5}) for claim in served.granted
    )

    def served_by_us(_: object) -> None:
        claims = store.scores.claim("ours", [(known, name) for name in NAMES], split="train")
        if len(claims.scored) != BATCH:
            sys.exit("an evaluation was not served")

    _show(
        f"to store, {workers} workers" if workers > 1 else "to store, 1 worker",
        {
            "bare psycopg, INSERT": inserted,
            "claim and record_many": lambda _: ours(None),
            "the same, with the budget of a run": lambda _: ours(run_id),
        },
        count,
        workers,
    )
    _show(
        f"to find scored, {workers} workers" if workers > 1 else "to find scored, 1 worker",
        {
            "bare psycopg, SELECT": lambda _: bare.look(bytes.fromhex(content_hash(known))),
            "claim, all of it served": served_by_us,
        },
        count,
        workers,
    )


def _show(title: str, ways: dict[str, Callable[[Any], object]], count: int, workers: int) -> None:
    times = measure(ways, range(count), workers)
    floor = next(iter(times.values()))
    print(f"\na batch {title}")
    for name, taken in times.items():
        print(
            f"  {name:<36} {taken.p50:7.2f} ms {taken.p50 / floor.p50:6.2f} x"
            f" {taken.per_second * BATCH:9,.0f} evaluations a second"
        )


def _matrix(store: Store, url: str) -> None:
    ids = [store.profiles.append("matrix", "qa", {"n": n}).id for n in range(PROFILES)]
    with psycopg.connect(url, autocommit=True) as bare:
        bare.execute(FILL, [EXAMPLES])
        bare.execute("VACUUM ANALYZE hegel_scores")
        taken: dict[str, list[float]] = {"bare psycopg, SELECT": [], "store.scores.matrix": []}
        for _ in range(ROUNDS):
            started = time.perf_counter()
            rows = bare.execute(MATRIX).fetchall()
            between = time.perf_counter()
            found = store.scores.matrix("matrix", ids, split="train", objective="accuracy")
            done = time.perf_counter()
            taken["bare psycopg, SELECT"].append(between - started)
            taken["store.scores.matrix"].append(done - between)
        total = sum(row[2] for row in rows)
        if len(rows) != found.values.size or abs(total - found.values.sum()) > 1e-6:
            sys.exit("the matrix is another one")
    floor = median(taken["bare psycopg, SELECT"])
    print(f"\n{PROFILES:,} profiles on {EXAMPLES} examples")
    for name, seconds in taken.items():
        print(f"  {name:<36} {median(seconds):7.2f} s  {median(seconds) / floor:6.2f} x")


if __name__ == "__main__":
    main()
