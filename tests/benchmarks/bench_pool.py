"""What getting a checked connection and running a statement costs over a bare connection.

    python tests/benchmarks/bench_pool.py [--url postgresql://...]

All candidates run in every round, in an order that changes, so that they see the same noise. The
figures are medians over the rounds of the time per call, and the ratios are to one bare psycopg
connection per thread in the same round.
"""

from __future__ import annotations

import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, local
from typing import Any

import psycopg
import sqlalchemy
from psycopg_pool import ConnectionPool
from sqlalchemy import NullPool, QueuePool, create_engine, text

sys.path.insert(0, str(Path(__file__).parents[2]))

from hegel_store.addresses import parse_address
from hegel_store.pooling import POOL_PRESETS, Database
from hegel_store.settings import Settings
from tests.benchmarks.servers import database, parse_arguments

ROUNDS = 41
CALLS = 150
SIZE = POOL_PRESETS["medium"]
ONE = "SELECT 1"
BUSY = "SELECT pg_sleep(0.002)"
"""Long enough that all threads hold a connection at the same time."""

WORKLOADS = {"1 thread": (1, ONE), "5 threads": (5, ONE), "5 threads, statement of 2 ms": (5, BUSY)}
STATEMENTS = {sql: text(sql) for sql in (ONE, BUSY)}

Call = Callable[[str], object]


def main() -> None:
    """Measure every candidate and print one table."""
    arguments = parse_arguments(__doc__ or "")
    with database(arguments) as url:
        candidates, closers = _candidates(url)
        version = psycopg.connect(url).info.server_version // 10000
        print(
            f"PostgreSQL {version}, Python {platform.python_version()}, "
            f"psycopg {psycopg.__version__} ({psycopg.pq.__impl__}), "
            f"SQLAlchemy {sqlalchemy.__version__}; {ROUNDS} rounds of {CALLS} calls per thread"
        )
        print()
        _print_table({name: _measure(candidates, *load) for name, load in WORKLOADS.items()})
        for close in closers:
            close()


def _candidates(url: str) -> tuple[dict[str, Call], list[Callable[[], None]]]:
    thread = local()

    def bare(sql: str) -> object:
        if not hasattr(thread, "connection"):
            thread.connection = psycopg.connect(url, autocommit=True)
        return thread.connection.execute(sql).fetchall()

    def through(engine: sqlalchemy.Engine) -> Call:
        autocommitting = engine.execution_options(isolation_level="AUTOCOMMIT")

        def call(sql: str) -> object:
            with autocommitting.connect() as connection:
                return connection.execute(STATEMENTS[sql]).all()

        return call

    def queue(size: int, overflow: int, ping: bool) -> sqlalchemy.Engine:
        return create_engine(
            "postgresql+psycopg://",
            creator=lambda: psycopg.connect(url),
            poolclass=QueuePool,
            pool_size=size,
            max_overflow=overflow,
            pool_pre_ping=ping,
            skip_autocommit_rollback=True,
        )

    def null(pool: ConnectionPool[Any]) -> sqlalchemy.Engine:
        # The recipe of psycopg's documentation: SQLAlchemy closes, which returns to the pool.
        return create_engine(
            "postgresql+psycopg://",
            creator=pool.getconn,
            poolclass=NullPool,
            skip_autocommit_rollback=True,
        )

    def psycopg_pool(check: Any) -> ConnectionPool[Any]:
        return ConnectionPool(
            url,
            min_size=SIZE.minimum,
            max_size=SIZE.maximum,
            max_idle=SIZE.idle,
            max_lifetime=3600,
            check=check,
            close_returns=True,
            open=True,
        )

    ours = Database(parse_address(url, "the benchmark"), Settings(), lambda _: None)
    ours.warm()
    pinging = queue(SIZE.maximum, 0, True)
    overflowing = queue(SIZE.minimum, SIZE.maximum - SIZE.minimum, True)
    unchecked = psycopg_pool(None)
    checked = psycopg_pool(ConnectionPool.check_connection)
    candidates: dict[str, Call] = {
        "bare psycopg connection": bare,
        "**Database.autocommit**": lambda sql: ours.autocommit.execute(STATEMENTS[sql]).all(),
        "QueuePool, unchecked": through(queue(SIZE.maximum, 0, False)),
        "QueuePool, pool_pre_ping": through(pinging),
        "QueuePool, pool_size=min, max_overflow=max-min, pool_pre_ping": through(overflowing),
        "psycopg_pool under NullPool, unchecked": through(null(unchecked)),
        "psycopg_pool under NullPool, check_connection": through(null(checked)),
    }
    return candidates, [ours.close, unchecked.close, checked.close]


def _measure(candidates: dict[str, Call], threads: int, sql: str) -> dict[str, list[float]]:
    """Microseconds per call, by candidate and round."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    with ThreadPoolExecutor(threads) as pool:
        for candidate in candidates.values():
            _round(pool, candidate, threads, sql)
        for _ in range(ROUNDS):
            for name in random.sample(list(candidates), len(candidates)):
                times[name].append(_round(pool, candidates[name], threads, sql))
    return times


def _round(pool: ThreadPoolExecutor, call: Call, threads: int, sql: str) -> float:
    together = Barrier(threads)

    def work(_: int) -> None:
        together.wait()
        for _ in range(CALLS):
            call(sql)

    started = time.perf_counter()
    list(pool.map(work, range(threads)))
    return (time.perf_counter() - started) / (CALLS * threads) * 1e6


def _print_table(results: dict[str, dict[str, list[float]]]) -> None:
    print("| | " + " | ".join(f"{column}: µs per call | ratio" for column in results) + " |")
    print("| --- |" + " ---: | ---: |" * len(results))
    for name in next(iter(results.values())):
        cells = []
        for times in results.values():
            ratios = map(float.__truediv__, times[name], times["bare psycopg connection"])
            cells += [f"{statistics.median(times[name]):.0f}", f"{statistics.median(ratios):.2f}"]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
