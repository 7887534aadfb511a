"""What an iteration of OpenEvolve costs with its programs in the store, beside its own folder.

    python tests/benchmarks/bench_openevolve.py [--url URL]

No model is asked and nothing is evaluated: an iteration is what the controller does with its
database, which is to sample a parent, add a child of 2 KB with its artifacts and its prompt, count
it, and migrate where that is due. Children and random numbers are the same in all ways, which take
turns; figures are medians of the iterations, and of the rounds.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from openevolve.config import DatabaseConfig
from openevolve.database import Program, ProgramDatabase

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.integrations.openevolve import StoreProgramDatabase
from hegel_store.store import Store
from tests.benchmarks.servers import database, options

SIZES, ITERATIONS, ROUNDS, ISLANDS = (100, 1000), 20, 3, 5
CODE = 2000


def main() -> None:
    given = options(__doc__ or "").parse_args()
    logging.disable(logging.WARNING)
    with database(given) as url, hegel_store.connect(url) as store:
        store.upgrade()
        print(f"PostgreSQL {store.check().server_version}, openevolve {version('openevolve')}")
        for size in SIZES:
            with tempfile.TemporaryDirectory() as folder:
                _compare(store, Path(folder), size)


def _compare(store: Store, folder: Path, size: int) -> None:
    memory, saving = ProgramDatabase(_configuration()), ProgramDatabase(_configuration())
    run = ("bench", "code", f"{size}")
    alone, second = (StoreProgramDatabase(_configuration(), store, *run) for _ in range(2))
    both = cycle([alone, second])
    ways: dict[str, Callable[[Random, int], None]] = {
        "in memory, nothing saved": lambda rng, step: _iterate(memory, rng, step),
        "a checkpoint each iteration": lambda rng, step: _saved(saving, rng, step, folder),
        "in the store": lambda rng, step: _iterate(alone, rng, step),
        "in the store, two in turns": lambda rng, step: _iterate(next(both), rng, step, "two"),
    }
    for way in (memory, saving, alone):
        rng = Random(size)
        for step in range(size):
            _iterate(way, rng, step)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS):
        for name, way in ways.items():
            rng, each = Random(turn), []
            for step in range(ITERATIONS):
                started = time.perf_counter()
                way(rng, size + turn * ITERATIONS + step)
                each.append(time.perf_counter() - started)
            taken[name].append(median(each) * 1e3)
    print(f"\n{len(memory.programs)} programs on {ISLANDS} islands, an iteration")
    figures = {name: median(each) for name, each in taken.items()}
    every, none = figures["a checkpoint each iteration"], figures["in memory, nothing saved"]
    # Each of the others is as if nothing were saved.
    figures["a checkpoint each 100, on average"] = none + (every - none) / 100
    for name, milliseconds in figures.items():
        print(f"  {name:<34} {milliseconds:9.2f} ms   {milliseconds / every:6.3f} x")
    print("to go on from there")
    resumed = ProgramDatabase(_configuration())
    times = {
        "from a checkpoint": _median(lambda: resumed.load(str(folder / "checkpoint"))),
        "from the store": _median(alone.load),
    }
    for name, milliseconds in times.items():
        ratio = milliseconds / times["from a checkpoint"]
        print(f"  {name:<34} {milliseconds:9.2f} ms   {ratio:6.3f} x")


def _configuration() -> DatabaseConfig:
    return DatabaseConfig(num_islands=ISLANDS, random_seed=1, population_size=2000)


def _iterate(way: ProgramDatabase, rng: Random, step: int, kind: str = "one") -> None:
    island, parent = step % ISLANDS, None
    if way.programs:
        parent, _ = way.sample_from_island(island, 3)
    child = Program(
        id=f"{kind} {step}",
        code="".join(rng.choices("abcdefgh \n", k=rng.randint(CODE // 2, CODE * 3 // 2))),
        parent_id=None if parent is None else parent.id,
        generation=step,
        metrics={"combined_score": rng.random(), "seconds": rng.random()},
    )
    way.add(child, iteration=step, target_island=island)
    way.store_artifacts(child.id, {"log": "x" * 500})
    asked: dict[str, Any] = {"system": "s" * 500, "user": child.code * 3}
    way.log_prompt(child.id, "full_rewrite_user", asked, [child.code])
    way.increment_island_generation(island)
    if way.should_migrate():
        way.migrate_programs()


def _saved(way: ProgramDatabase, rng: Random, step: int, folder: Path) -> None:
    _iterate(way, rng, step)
    way.save(str(folder / "checkpoint"), step)


def _median(call: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1e3)
    return median(times)


if __name__ == "__main__":
    main()
