"""Whether a log of 20 million steps takes steps and answers questions as fast as one of 200,000.

    python tests/benchmarks/bench_forever.py [--steps 20000000]

Two databases on one server of its own, with narrow steps of 24 months that are over; months are
filled by the server and indexed afterwards, and their rewards counted by maintenance. Then both are
logged to, in turns, and asked. Figures are medians over rounds; the ratio is large : small.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.models import NewStep, PromptProfile
from hegel_store.store import Store
from tests.benchmarks.servers import beside, database, options

MONTHS = 24
SMALL = 200_000
PROFILES = 100
ROUNDS = 15
BATCH = 500
SETTINGS = {
    "shared_buffers": "2GB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "16GB",
    "random_page_cost": "1.1",
}
TABLE = "hegel_training_steps"
MAKE = f"CREATE TABLE {{month}} (LIKE {TABLE} INCLUDING ALL EXCLUDING INDEXES)"
FILL = """
    INSERT INTO {month}
        (corpus_id, created_at, task_type, old_profile_id, query, predicted_answer, reward, run_id)
    SELECT
        'c', %(first)s + n * %(seconds)s * interval '1 second', 'qa', profile.id,
        'query ' || n, 'answer ' || n %% 1000, round(random()::numeric, 3), 'run ' || n / 1000
    FROM generate_series(0, %(count)s - 1) AS n
    JOIN (
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM hegel_prompt_profiles
    ) AS profile ON profile.place = n %% %(profiles)s"""
ATTACH = (
    f"ALTER TABLE {TABLE} ATTACH PARTITION {{month}} FOR VALUES FROM ('{{first}}') TO ('{{end}}')"
)


def main() -> None:
    """Fill both, measure, print."""
    parser = options(__doc__ or "")
    parser.add_argument("--steps", type=int, default=20_000_000, metavar="COUNT")
    arguments = parser.parse_args()
    with database(arguments, SETTINGS) as url:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("CREATE DATABASE large")
        with (
            hegel_store.connect(url) as small,
            hegel_store.connect(beside(url, "large")) as large,
        ):
            stores = {"small": (small, SMALL), "large": (large, arguments.steps)}
            print(f"PostgreSQL {_server(small)}", flush=True)
            profiles = {}
            for name, (store, count) in stores.items():
                started = time.perf_counter()
                profiles[name] = _fill(store, count)
                seconds = time.perf_counter() - started
                print(f"{count:>12,} steps in {seconds:6.0f} s, {_size(store)}", flush=True)
            _measure(stores["small"][0], stores["large"][0], profiles)


def _server(store: Store) -> str:
    store.upgrade()
    return store.check().server_version


def _month(moment: datetime, back: int) -> datetime:
    """The beginning of the month, so many months before."""
    months = moment.year * 12 + moment.month - 1 - back
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _fill(store: Store, count: int) -> PromptProfile:
    store.upgrade()
    profiles = [store.profiles.append("c", "qa", {"n": n}) for n in range(PROFILES)]
    now = datetime.now(UTC)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for back in range(MONTHS, 0, -1):
            first, end = _month(now, back), _month(now, back - 1)
            month = f"{TABLE}_{first:%Y_%m}"
            rows = count // MONTHS
            connection.exec_driver_sql(MAKE.format(month=month))
            connection.exec_driver_sql(
                FILL.format(month=month),
                {
                    "first": first,
                    "seconds": (end - first).total_seconds() / rows,
                    "count": rows,
                    "profiles": PROFILES,
                },
            )
            connection.exec_driver_sql(
                ATTACH.format(month=month, first=first.isoformat(), end=end.isoformat())
            )
        connection.exec_driver_sql(f"VACUUM ANALYZE {TABLE}")
    store.steps.roll_up()
    return profiles[0]


def _size(store: Store) -> str:
    with store.engine.connect() as connection:
        return str(
            connection.exec_driver_sql(
                "SELECT pg_size_pretty(pg_database_size(current_database()))"
            ).scalar_one()
        )


def _measure(small: Store, large: Store, profiles: Mapping[str, PromptProfile]) -> None:
    now = datetime.now(UTC)
    midnight = _month(now, 0)
    since = midnight - timedelta(days=30)

    def step(store: Store) -> NewStep:
        profile = profiles["small" if store is small else "large"]
        return NewStep(
            corpus_id="c",
            task_type="qa",
            old_profile_id=profile.id,
            query="a new query",
            predicted_answer="an answer",
            reward=0.5,
            run_id="run new",
        )

    known = {store: store.steps.recent("c", "qa", limit=1)[0] for store in (small, large)}
    ways: dict[str, Callable[[Store], Any]] = {
        "log_many, 500 steps": lambda store: store.steps.log_many(
            [step(store) for _ in range(BATCH)]
        ),
        "log, 50 steps": lambda store: [store.steps.log(step(store)) for _ in range(50)],
        "recent": lambda store: store.steps.recent("c", "qa"),
        "get": lambda store: store.steps.get("c", known[store].id, known[store].created_at),
        "summary of 30 days, by day": lambda store: store.steps.reward_summary(
            since=since, until=midnight, by=["day"]
        ),
        "summary of 24 months, by profile": lambda store: store.steps.reward_summary(
            until=midnight, by=["profile"]
        ),
    }
    print(f"\n{'':<34} {'200,000':>12} {'many':>12}   many : 200,000")
    for name, way in ways.items():
        taken: dict[Store, list[float]] = {small: [], large: []}
        for _ in range(ROUNDS + 1):
            for store, times in taken.items():
                started = time.perf_counter()
                way(store)
                times.append(time.perf_counter() - started)
        first, second = (statistics.median(times[1:]) for times in taken.values())
        print(
            f"{name:<34} {first * 1e3:9.2f} ms {second * 1e3:9.2f} ms   {second / first:6.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
