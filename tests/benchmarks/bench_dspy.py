"""What a trial of MIPROv2 and an iteration of DSPy's GEPA cost with their runs in the store.

    python tests/benchmarks/bench_dspy.py [--url URL]

Beside them: both in memory, GEPA with its log_dir, and MIPROv2 with Optuna's own storage on the
same server. The stand-in for a model takes microseconds, so that nearly all of the time is DSPy's
own and that of what is saved. All ways try the same, and take turns; figures are the medians of the
runs.

Then MIPROv2 is cut off half-way, and begun again: what is evaluated anew, and whether it ends with
the trials of a run that was not.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ["DSPY_CACHEDIR"] = str(Path(__file__).parents[2] / ".pytest_cache" / "dspy")

import dspy
import optuna
import psycopg

import hegel_store
from hegel_store.integrations.dspy import compile_gepa, compile_mipro
from hegel_store.store import Store
from tests.benchmarks.servers import database, options
from tests.programs import course, gepa, metric, mipro, model, program

ROUNDS, TRIALS, CALLS = 3, 60, 600


class CutOff(BaseException):
    pass


class Counting:
    """The metric, which is cut off at the ``last`` call."""

    def __init__(self, last: int = 10**9) -> None:
        self.calls, self._last = 0, last

    def __call__(self, *given: Any) -> float:
        self.calls += 1
        if self.calls >= self._last:
            raise CutOff
        return metric(*given)


def main() -> None:
    given = options(__doc__ or "").parse_args()
    logging.getLogger("dspy").setLevel(logging.CRITICAL)
    with database(given) as url, hegel_store.connect(url) as store, dspy.context(lm=model()):
        store.upgrade()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA optuna")
        print(
            f"PostgreSQL {store.check().server_version}, dspy {version('dspy')},"
            f" optuna {version('optuna')}"
        )
        _trials(store, url)
        _iterations(store)
        _cut_off(store, url)


def _trials(store: Store, url: str) -> None:
    ways: dict[str, Callable[[str], Any]] = {
        "MIPROv2 in memory": lambda run: _plain(TRIALS),
        "with Optuna's RDBStorage": lambda run: _with_optuna(url, run, TRIALS),
        "compile_mipro()": lambda run: _kept(store, run, TRIALS),
        "the same, all of it served": lambda run: _kept(
            store, f"compile_mipro() {run.split()[-1]}", TRIALS
        ),
    }
    with _quiet():
        best = _plain(TRIALS)
    _print("trial", len(course(best)), _measured(ways))


def _iterations(store: Store) -> None:
    def plain(**more: Any) -> Any:
        optimizer, arguments = gepa(CALLS, **more)
        return optimizer.compile(program(), **arguments)

    def in_a_folder() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            return plain(log_dir=folder)

    def kept(run: str) -> Any:
        optimizer, arguments = gepa(CALLS)
        return compile_gepa(store, "bench", "qa", run, optimizer, program(), **arguments)

    iterations = Iterations()
    with _quiet():
        plain(gepa_kwargs={"callbacks": [iterations]})
    ways: dict[str, Callable[[str], Any]] = {
        "GEPA in memory": lambda run: plain(),
        "GEPA with its log_dir": lambda run: in_a_folder(),
        "compile_gepa()": kept,
    }
    _print("iteration", iterations.count, _measured(ways))


class Iterations:
    count = 0

    def on_iteration_start(self, event: Any) -> None:
        self.count += 1


def _cut_off(store: Store, url: str) -> None:
    whole, counting = _counted(lambda score: _plain(TRIALS, score=score))
    print(f"\n{TRIALS} trials cut off half-way, and begun again ({counting} calls of the metric)")
    ways: dict[str, Callable[[Any], Any]] = {
        "MIPROv2 in memory": lambda score: _plain(TRIALS, score=score),
        "with Optuna's RDBStorage": lambda score: _with_optuna(url, "cut", TRIALS, score=score),
        "compile_mipro()": lambda score: _kept(store, "cut", TRIALS, score=score),
    }
    for name, way in ways.items():
        first = Counting(counting // 2)
        with _quiet(), suppress(CutOff):
            way(first)
        best, again = _counted(way)
        same = sum(one == other for one, other in zip(course(best), course(whole), strict=False))
        print(
            f"  {name:<28} {again:5} calls more, {len(course(best)):3} trials,"
            f" {same:3} of {len(course(whole))} the same"
        )


def _counted(way: Callable[[Any], Any]) -> tuple[Any, int]:
    counting = Counting()
    with _quiet():
        return way(counting), counting.calls


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the progress of DSPy."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def _plain(trials: int, score: Any = metric) -> Any:
    optimizer, arguments = mipro(trials, score=score)
    return optimizer.compile(program(), **arguments)


def _kept(store: Store, run: str, trials: int, score: Any = metric) -> Any:
    optimizer, arguments = mipro(trials, score=score)
    # An evaluator of its own, or another run's evaluations would be served.
    return compile_mipro(
        store, "bench", "qa", run, optimizer, program(), evaluator=run, **arguments
    )


def _with_optuna(url: str, run: str, trials: int, score: Any = metric) -> Any:
    with _optuna_storage(url, run):
        return _plain(trials, score=score)


@contextmanager
def _optuna_storage(url: str, name: str) -> Iterator[None]:
    """Studies are made in a schema of their own, and found there again."""
    storage = optuna.storages.RDBStorage(
        url.replace("postgresql://", "postgresql+psycopg://"),
        engine_kwargs={"connect_args": {"options": "-c search_path=optuna"}},
    )
    create = optuna.create_study

    def stored(**arguments: Any) -> Any:
        return create(**arguments, storage=storage, study_name=name, load_if_exists=True)

    # Optuna is the real one: MIPROv2 has no argument by which its study could be given a storage.
    with patch.object(optuna, "create_study", stored):
        yield
    storage.engine.dispose()


def _measured(ways: dict[str, Callable[[str], Any]]) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS):
        for name, way in ways.items():
            with _quiet():
                started = time.perf_counter()
                way(f"{name} {turn}")
                taken[name].append(time.perf_counter() - started)
    return taken


def _print(what: str, count: int, taken: dict[str, list[float]]) -> None:
    print(f"\n{count} {what}s")
    floor = median(next(iter(taken.values())))
    for name, seconds in taken.items():
        each, ratio = median(seconds) / count * 1e3, median(seconds) / floor
        more = (median(seconds) - floor) / count * 1e3
        print(f"  {name:<28} {each:7.2f} ms a {what} {ratio:6.2f} x {more:7.2f} ms for saving")


if __name__ == "__main__":
    main()
