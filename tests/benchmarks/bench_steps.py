"""What logging steps of 10 KB costs, beside the raw driver in the same run.

    python tests/benchmarks/bench_steps.py [--steps 3000] [--url URL]

The traces are those of the seeds' debates, as many of them in a step as make 10 KB of JSON. All
ways write to the same table, with the same indexes, and take turns; figures are medians of rounds.

Then what the table's indexes and the storage of the trace cost: a COPY of the same rows into copies
of the table with other indexes, or another storage, and how large these are.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.journal import StepWriter
from hegel_store.models import NewStep
from hegel_store.models.identifiers import uuid7
from hegel_store.repositories.step_statements import FIELDS, NAMES
from hegel_store.seeding.data import load_seed_data
from hegel_store.seeding.steps import Calendar, StepGenerator
from hegel_store.store import Store
from tests.benchmarks.servers import database, options

BYTES = 10_000
ROUNDS = 7
SINGLE = 200
TABLE = "hegel_training_steps"
INSERT = (
    f"INSERT INTO {TABLE} ({NAMES})"
    f" VALUES ({', '.join(f'CAST(%s AS {kind})' for _, kind, _ in FIELDS)})"
)
INDEXES = f"""
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = '{TABLE}' AND indexname <> 'pk_{TABLE}' ORDER BY indexname"""
STORAGES = {
    "extended, pglz": "SET STORAGE EXTENDED",
    "external": "SET STORAGE EXTERNAL",
    "extended, lz4": "SET COMPRESSION lz4",
}


def main() -> None:
    """Measure, and print the tables."""
    parser = options(__doc__ or "")
    parser.add_argument("--steps", type=int, default=3000, metavar="COUNT")
    arguments = parser.parse_args()
    with database(arguments) as url, hegel_store.connect(url) as store:
        store.upgrade()
        profile = store.profiles.append("c", "qa", {})
        models = list(_models(profile.id, arguments.steps))
        size = statistics.median(len(step.debate_trace_json) for step in models)
        print(
            f"PostgreSQL {store.check().server_version}, {len(models)} steps of {size:,.0f} bytes"
        )
        with psycopg.connect(url, autocommit=True) as bare:
            bare.execute("SELECT hegel_ensure_step_month(now())")
            _single(store, bare, models)
            _many(store, bare, models)
            _for_the_caller(store, models)
            _indexes(bare, models)
            _storages(bare, models)


def _models(profile: UUID, count: int) -> Iterator[NewStep]:
    """Steps to make others of: as many debates in each as make BYTES."""
    data = load_seed_data()
    ids = {scope.key: [profile] * len(scope.versions) for scope in data.scopes}
    made = StepGenerator(data, ids, Calendar()).generate(10 * count)
    for _ in range(count):
        debates: list[Any] = []
        size = 0
        while size < BYTES:
            step = next(made)
            debates.append(step.debate_trace)
            size += len(step.debate_trace_json)
        yield NewStep(
            corpus_id="c",
            task_type="qa",
            old_profile_id=profile,
            query=step.query,
            predicted_answer=step.predicted_answer,
            gold_answer=step.gold_answer,
            reward=step.reward,
            metrics=step.metrics,
            debate_trace={"debates": debates},
        )


def _fresh(models: Sequence[NewStep]) -> list[NewStep]:
    """The same steps with ids and times of their own, as each round writes new ones."""
    return [replace(step, id=uuid7(), created_at=datetime.now(UTC)) for step in models]


def _values(step: NewStep) -> list[Any]:
    return [getattr(step, attribute) for _, _, attribute in FIELDS]


def _copy(bare: psycopg.Connection[Any], steps: Sequence[NewStep], table: str = TABLE) -> None:
    with bare.cursor() as cursor, cursor.copy(f"COPY {table} ({NAMES}) FROM STDIN") as copy:
        for step in steps:
            copy.write_row(_values(step))


def _rounds(
    models: Sequence[NewStep], ways: Mapping[str, Callable[[Sequence[NewStep]], object]]
) -> dict[str, float]:
    """Seconds that each way takes for all of them, the median; making them is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way(_fresh(models))
    for _ in range(ROUNDS):
        for name, way in ways.items():
            steps = _fresh(models)
            started = time.perf_counter()
            way(steps)
            taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def _single(store: Store, bare: psycopg.Connection[Any], models: Sequence[NewStep]) -> None:
    def inserted(steps: Sequence[NewStep]) -> None:
        for step in steps:
            bare.execute(INSERT, _values(step))

    def logged(steps: Sequence[NewStep]) -> None:
        for step in steps:
            store.steps.log(step)

    taken = _rounds(models[:SINGLE], {"bare psycopg, INSERT": inserted, "store.steps.log": logged})
    floor = next(iter(taken.values()))
    print("\none committed step at a time")
    for name, seconds in taken.items():
        print(f"  {name:<34} {seconds / SINGLE * 1e3:7.3f} ms   {seconds / floor:5.2f} x")


def _many(store: Store, bare: psycopg.Connection[Any], models: Sequence[NewStep]) -> None:
    def executed(steps: Sequence[NewStep]) -> None:
        with bare.cursor() as cursor, bare.transaction():
            cursor.executemany(INSERT, [_values(step) for step in steps])

    with tempfile.TemporaryDirectory() as folder:
        writer = store.step_writer(spool_dir=folder)

        def written(steps: Sequence[NewStep]) -> None:
            for step in steps:
                writer.log(step)
            writer.flush()

        taken = _rounds(
            models,
            {
                "bare psycopg, COPY": lambda steps: _copy(bare, steps),
                "bare psycopg, executemany": executed,
                "store.steps.log_many": store.steps.log_many,
                "StepWriter, until flushed": written,
            },
        )
        writer.close()
    floor = next(iter(taken.values()))
    print("\nmany steps")
    for name, seconds in taken.items():
        rate = len(models) / seconds
        print(f"  {name:<34} {rate:7,.0f} per second   {floor / seconds:5.2f} of the rate of COPY")


def _for_the_caller(store: Store, models: Sequence[NewStep]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writer: StepWriter = store.step_writer(spool_dir=folder)
        times = []
        for step in _fresh(models):
            started = time.perf_counter()
            writer.log(step)
            times.append(time.perf_counter() - started)
        writer.close(timeout=60)
    times.sort()
    p50, p99 = times[len(times) // 2] * 1e6, times[int(len(times) * 0.99)] * 1e6
    print(f"\nwriter.log, for its caller: p50 {p50:.1f} us, p99 {p99:.1f} us")


def _indexes(bare: psycopg.Connection[Any], models: Sequence[NewStep]) -> None:
    defined = bare.execute(INDEXES).fetchall()

    def made(name: str, without: str | None) -> None:
        bare.execute(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        bare.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (corpus_id, created_at, id)")
        for index, definition in defined:
            if without not in (index, "all"):
                shortened = definition.replace(index, f"{name}_{index}"[:60])
                bare.execute(shortened.replace(f"ONLY public.{TABLE}", name))

    ways = {"all indexes": None, "the key alone": "all"}
    ways |= {f"without {index.removeprefix(f'idx_{TABLE}_')}": index for index, _ in defined}
    tables = {name: f"bench_{number}" for number, name in enumerate(ways)}
    for name, without in ways.items():
        made(tables[name], without)
    taken = _rounds(
        models,
        {
            name: lambda steps, table=table: _copy(bare, steps, table)
            for name, table in tables.items()
        },
    )
    print("\nCOPY into a table with these indexes")
    _print_tables(bare, tables, taken, len(models))


def _storages(bare: psycopg.Connection[Any], models: Sequence[NewStep]) -> None:
    tables = {}
    for number, (name, change) in enumerate(STORAGES.items()):
        table = f"bench_storage_{number}"
        bare.execute(f"CREATE TABLE {table} (LIKE {TABLE} INCLUDING ALL)")
        try:
            bare.execute(f"ALTER TABLE {table} ALTER debate_trace {change}")
        except psycopg.errors.FeatureNotSupported:
            print(f"\nthis server has no {name.split()[-1]}")
            continue
        tables[name] = table
    taken = _rounds(
        models,
        {
            name: lambda steps, table=table: _copy(bare, steps, table)
            for name, table in tables.items()
        },
    )
    print("\nCOPY into a table with all indexes, by the storage of the trace")
    _print_tables(bare, tables, taken, len(models))


def _print_tables(
    bare: psycopg.Connection[Any],
    tables: Mapping[str, str],
    taken: Mapping[str, float],
    count: int,
) -> None:
    floor = next(iter(taken.values()))
    for name, seconds in taken.items():
        size, rows = bare.execute(
            f"SELECT pg_total_relation_size('{tables[name]}'), count(*) FROM {tables[name]}"
        ).fetchone() or (0, 1)
        print(
            f"  {name:<34} {count / seconds:7,.0f} per second   {floor / seconds:5.2f} x"
            f"   {size / rows / 1000:6.2f} KB a step"
        )


if __name__ == "__main__":
    main()
