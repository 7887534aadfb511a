"""What facts and steps take on the disk, what their HNSW index needs to be built, and what that
comes to for many more of them.

    python tests/benchmarks/bench_sizes.py [--facts 20000 50000 100000] [--steps 200000]

Facts have 20 words and a vector of 384 dimensions, or of 1536 in the last row, made of 40
directions drawn by chance; steps have a query of 12 words and an answer of 40. Words follow Zipf's
law. The server of its own has shared_buffers of 1 GB, a build has a maintenance_work_mem of 1 GB
and one parallel worker.

The graph of an index is built in memory, and the server says after how many facts it did not fit
any more: 24 MB by that number is what a fact needs. Lines with "about" are not measured: bytes grow
with the number of rows from the largest measured one, and the time of a build with n log n, which
holds as long as the graph fits into memory.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.models import NewStep
from hegel_store.models.vectors import vector_text
from hegel_store.store import Store
from tests.benchmarks.servers import database, options

SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
SMALL_MEMORY = 24 * 2**20
BUILD = "SET maintenance_work_mem = '{}'"
WIDE = 20_000
VOCABULARY = 20_000
DIRECTIONS = 40
BLOCK = 10_000
GOALS = (1_000_000, 10_000_000, 100_000_000)
MOMENT = datetime(2024, 5, 17, tzinfo=UTC)


@dataclass(frozen=True)
class Point:
    """What so many rows take, in bytes and seconds; ``vectors`` is the HNSW index."""

    rows: int
    table: int
    vectors: int
    others: int
    seconds: float


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--facts", type=int, nargs="+", default=[20_000, 50_000, 100_000])
    parser.add_argument("--steps", type=int, default=200_000)
    arguments = parser.parse_args()
    with database(arguments, SETTINGS) as url, hegel_store.connect(url) as store:
        store.upgrade()
        with psycopg.connect(url, autocommit=True) as bare:
            health = store.check()
            print(
                f"PostgreSQL {health.server_version}, pgvector {health.pgvector_version}, "
                f"{os.cpu_count()} cores"
            )
            narrow = [_facts(bare, 384, count) for count in arguments.facts]
            memory = _graph_bytes(bare, 384)
            bare.execute("TRUNCATE hegel_facts CASCADE")
            wide = _facts(bare, 1536, WIDE)
            wide_memory = _graph_bytes(bare, 1536)
            steps = [_steps(store, bare, count) for count in (arguments.steps // 2,) * 2]
    print("\n| facts | dimensions | table | HNSW | other indexes | build | graph in memory |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for point in narrow:
        _print_facts(point, 384, point.rows * memory)
    _print_facts(wide, 1536, wide.rows * wide_memory)
    for dimensions, last, each in ((384, narrow[-1], memory), (1536, wide, wide_memory)):
        for goal in GOALS:
            _print_facts(_grown(last, goal), dimensions, goal * each, "about ")
    print("\n| steps | table | indexes | logged in |\n| --- | ---: | ---: | ---: |")
    for point in steps:
        _print_steps(point)
    for goal in GOALS:
        _print_steps(_grown(steps[-1], goal, linear=True), "about ")


def _grown(point: Point, rows: int, *, linear: bool = False) -> Point:
    by = rows / point.rows
    slower = 1.0 if linear else math.log(rows) / math.log(point.rows)
    sizes = (round(by * size) for size in (point.table, point.vectors, point.others))
    return Point(rows, *sizes, point.seconds * by * slower)


def _facts(bare: psycopg.Connection[Any], dimensions: int, count: int) -> Point:
    """Add facts up to ``count``, and build the index anew."""
    index = f"idx_hegel_facts_embedding_{dimensions}"
    (made,) = _one(bare, "SELECT pg_get_indexdef(CAST(%s AS regclass))", index)
    (there,) = _one(bare, "SELECT count(*) FROM hegel_facts")
    bare.execute(f"DROP INDEX {index}")
    random = np.random.default_rng(there)
    basis = np.random.default_rng(0).normal(size=(DIRECTIONS, dimensions))
    for begin in range(there, count, BLOCK):
        size = min(BLOCK, count - begin)
        vectors = random.normal(size=(size, DIRECTIONS)) @ basis
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        columns = f"corpus_id, content, category, embedding_{dimensions}"
        with bare.cursor().copy(f"COPY hegel_facts ({columns}) FROM STDIN") as copy:
            for n, vector in enumerate(vectors.astype(np.float32)):
                content = f"{_words(random, 20)} {begin + n}"
                copy.write_row(("c", content, "rest", vector_text(vector)))
    bare.execute(BUILD.format("1GB"))
    bare.execute("SET max_parallel_maintenance_workers = 1")
    started = time.perf_counter()
    bare.execute(made)
    seconds = time.perf_counter() - started
    bare.execute("VACUUM ANALYZE hegel_facts")
    table, all_indexes = _one(
        bare, "SELECT pg_table_size('hegel_facts'), pg_indexes_size('hegel_facts')"
    )
    (vectors_size,) = _one(bare, "SELECT pg_relation_size(CAST(%s AS regclass))", index)
    print(f"{count:,} facts of {dimensions} dimensions: built in {seconds:.1f} s", flush=True)
    return Point(count, table, vectors_size, all_indexes - vectors_size, seconds)


def _graph_bytes(bare: psycopg.Connection[Any], dimensions: int) -> float:
    """What a fact takes in the graph, by when the server says that there is no more room."""
    said: list[str] = []

    def hear(diagnostic: psycopg.errors.Diagnostic) -> None:
        said.append(diagnostic.message_primary or "")
        bare.cancel()

    bare.execute(BUILD.format(f"{SMALL_MEMORY // 1024}kB"))
    bare.add_notice_handler(hear)
    try:
        bare.execute(
            f"CREATE INDEX measured ON hegel_facts"
            f" USING hnsw (embedding_{dimensions} halfvec_cosine_ops)"
        )
        sys.exit("the graph of so few facts fits into the memory: give more of them")
    except psycopg.errors.QueryCanceled:
        (count,) = [int(word) for word in said[0].split() if word.isdigit()]
    finally:
        bare.remove_notice_handler(hear)
    print(f"{SMALL_MEMORY >> 20} MB hold the graph of {count:,} facts", flush=True)
    return SMALL_MEMORY / count


def _steps(store: Store, bare: psycopg.Connection[Any], count: int) -> Point:
    """Log ``count`` more steps."""
    random = np.random.default_rng(count)
    profile = store.profiles.latest("c", "qa") or store.profiles.append("c", "qa", {})
    steps = [
        NewStep(
            corpus_id="c",
            task_type="qa",
            old_profile_id=profile.id,
            query=_words(random, 12),
            predicted_answer=_words(random, 40),
            reward=float(random.random()),
            created_at=MOMENT,
        )
        for _ in range(count)
    ]
    started = time.perf_counter()
    store.steps.log_many(steps)
    seconds = time.perf_counter() - started
    month = "hegel_training_steps_2024_05"
    bare.execute(f"VACUUM ANALYZE {month}")
    table, indexes = _one(bare, "SELECT pg_table_size(%s), pg_indexes_size(%s)", month, month)
    (rows,) = _one(bare, f"SELECT count(*) FROM {month}")
    print(f"{count:,} steps logged in {seconds:.1f} s", flush=True)
    return Point(rows, table, 0, indexes, seconds * rows / count)


def _words(random: np.random.Generator, count: int) -> str:
    """The r-th word is as frequent as 1 / (r + 20)."""
    ranks = 20 * (1 + VOCABULARY / 20) ** random.random(count) - 20
    return " ".join(f"word{rank}" for rank in ranks.astype(int))


def _one(bare: psycopg.Connection[Any], statement: str, *values: Sequence[Any] | str) -> Any:
    return bare.execute(statement, values).fetchone()


def _print_facts(point: Point, dimensions: int, memory: float, about: str = "") -> None:
    print(
        f"| {about}{point.rows:,} | {dimensions} | {_size(point.table)} | {_size(point.vectors)} "
        f"| {_size(point.others)} | {_time(point.seconds)} | {_size(memory)} |"
    )


def _print_steps(point: Point, about: str = "") -> None:
    print(
        f"| {about}{point.rows:,} | {_size(point.table)} | {_size(point.others)} "
        f"| {_time(point.seconds)} |"
    )


def _size(count: float) -> str:
    return f"{count / 2**20:,.0f} MB" if count < 10 * 2**30 else f"{count / 2**30:,.0f} GB"


def _time(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 7200 else f"{seconds / 3600:,.1f} h"


if __name__ == "__main__":
    main()
