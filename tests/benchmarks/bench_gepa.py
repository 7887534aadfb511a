"""What an iteration of GEPA costs with its state in the store, beside a folder, and beside none.

    python tests/benchmarks/bench_gepa.py [--url URL]

The task has no model: an evaluation takes some microseconds, so that nearly all of the time is
GEPA's own and that of what it saves. Evaluations, candidates and random numbers are the same in all
ways, which take turns; figures are the medians of the runs.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import gepa

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.integrations.gepa import StoreAdapter, StoreCallback, optimize
from hegel_store.store import Store
from tests.benchmarks.servers import database, options
from tests.vocabulary import Vocabulary, arguments

CALLS, ROUNDS = (500, 3000), 3


def main() -> None:
    given = options(__doc__ or "").parse_args()
    with database(given) as url, hegel_store.connect(url) as store:
        store.upgrade()
        print(f"PostgreSQL {store.check().server_version}, gepa {version('gepa')}")
        for calls in CALLS:
            _compare(store, calls)


def _compare(store: Store, calls: int) -> None:
    ways: dict[str, Callable[[str], Any]] = {
        "GEPA in memory": lambda run: gepa.optimize(**arguments(calls)),
        "GEPA with its run_dir": lambda run: _in_a_folder(calls),
        "with StoreCallback": lambda run: _recorded(store, run, calls),
        "optimize(), state in the store": lambda run: optimize(
            store, "bench", "qa", run, **arguments(calls)
        ),
        "the same with StoreAdapter": lambda run: _shared(store, run, calls),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    iterations = Iterations()
    gepa.optimize(**arguments(calls, callbacks=[iterations]))
    for turn in range(ROUNDS):
        for name, way in ways.items():
            started = time.perf_counter()
            result = way(f"{calls} {name} {turn}")
            taken[name].append(time.perf_counter() - started)
    print(
        f"\n{iterations.count} iterations, {result.total_metric_calls} evaluations,"
        f" {len(result.candidates)} candidates"
    )
    floor = median(taken["GEPA in memory"])
    for name, seconds in taken.items():
        each = median(seconds) / iterations.count * 1e3
        more = (median(seconds) - floor) / iterations.count * 1e3
        print(f"  {name:<32} {each:7.2f} ms an iteration, {more:7.2f} ms of it for saving")


class Iterations:
    count = 0

    def on_iteration_start(self, event: Any) -> None:
        self.count += 1


def _in_a_folder(calls: int) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return gepa.optimize(**arguments(calls, run_dir=folder))


def _recorded(store: Store, run: str, calls: int) -> Any:
    callback = StoreCallback(store, "bench", "qa", run=run)
    result = gepa.optimize(**arguments(calls, callbacks=[callback], stop_callbacks=[callback]))
    callback.close()
    return result


def _shared(store: Store, run: str, calls: int) -> Any:
    adapter = StoreAdapter(Vocabulary(), store, "bench", evaluator=run, run_id=run)
    return optimize(store, "bench", "qa", run, **arguments(calls, adapter=adapter))


if __name__ == "__main__":
    main()
