"""Summaries of rewards over 30 days of many steps, beside the same sums over the steps themselves.

    python tests/benchmarks/bench_rollup.py [--steps 1000000] [--url URL]

The steps are narrow, of 40 days, 3 corpora and 150 profiles, and are logged in statements of 500.
The time begins and ends in the middle of a day, so that parts of two days are read step by step.
Figures are medians of interleaved rounds.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.store import Store
from tests.benchmarks.servers import database, options
from tests.benchmarks.timing import medians

ROUNDS = 7
BATCH = 500
FIRST = datetime(2024, 5, 1, tzinfo=UTC)
DAYS = 40
SINCE, UNTIL = FIRST + timedelta(days=5, hours=7), FIRST + timedelta(days=35, hours=7)

FILL = """
    INSERT INTO hegel_training_steps
        (corpus_id, created_at, old_profile_id, query, predicted_answer, reward)
    SELECT
        profile.corpus_id,
        %(first)s + (n + random()) * %(step)s * interval '1 second',
        profile.id, 'query ' || n, 'answer', round(random()::numeric, 3)
    FROM generate_series(%(begin)s::bigint, %(begin)s::bigint + %(count)s - 1) AS n
    JOIN (
        SELECT corpus_id, id, row_number() OVER (ORDER BY id) - 1 AS place
        FROM hegel_prompt_profiles
    ) AS profile ON profile.place = n * 7919 %% %(profiles)s"""
SUMS = """
    SELECT {groups}, count(*), count(reward), avg(reward), stddev_samp(reward)
    FROM hegel_training_steps WHERE created_at >= %s AND created_at < %s
    GROUP BY {groups} ORDER BY {groups}"""
WAYS = {
    "corpus and task type": (["corpus", "task_type"], "corpus_id, task_type"),
    "day": (["day"], "(created_at AT TIME ZONE 'UTC')::date"),
    "profile": (["profile"], "corpus_id, old_profile_id"),
}


def main() -> None:
    """Fill, measure before and after folding, print; exit with 1 where the sums differ."""
    parser = options(__doc__ or "")
    parser.add_argument("--steps", type=int, default=1_000_000, metavar="COUNT")
    arguments = parser.parse_args()
    with database(arguments) as url, hegel_store.connect(url) as store:
        store.upgrade()
        with psycopg.connect(url, autocommit=True) as bare:
            _fill(store, bare, arguments.steps)
            (rows,) = bare.execute("SELECT count(*) FROM hegel_step_rollup").fetchone() or (0,)
            print(f"PostgreSQL {store.check().server_version}, {arguments.steps:,} steps")
            _compare(store, bare, f"{rows:,} rows of sums, as they were logged")
            started = time.perf_counter()
            folded = store.steps.roll_up().folded
            seconds = time.perf_counter() - started
            bare.execute("VACUUM ANALYZE hegel_step_rollup")
            (rows,) = bare.execute("SELECT count(*) FROM hegel_step_rollup").fetchone() or (0,)
            _compare(store, bare, f"{rows:,} rows, {folded:,} folded in {seconds:.1f} s")


def _fill(store: Store, bare: psycopg.Connection[Any], count: int) -> None:
    profiles = [store.profiles.append(f"c{n % 3}", "qa", {"n": n}) for n in range(150)]
    for month in (FIRST, FIRST + timedelta(days=32)):
        bare.execute("SELECT hegel_ensure_step_month(%s)", [month])
    values = {
        "first": FIRST,
        "step": DAYS * 86_400 / count,
        "count": BATCH,
        "profiles": len(profiles),
    }
    for begin in range(0, count, BATCH):
        bare.execute(FILL, values | {"begin": begin})
    bare.execute("VACUUM ANALYZE hegel_training_steps")


def _compare(store: Store, bare: psycopg.Connection[Any], title: str) -> None:
    print(f"\n{title}")
    for name, (by, groups) in WAYS.items():

        def ours(by: Any = by) -> list[Any]:
            return list(store.steps.reward_summary(since=SINCE, until=UNTIL, by=by))

        def full(groups: str = groups) -> list[Any]:
            return bare.execute(SUMS.format(groups=groups), [SINCE, UNTIL]).fetchall()

        if [row.steps for row in ours()] != [row[-4] for row in full()]:
            sys.exit(f"the sums by {name} differ")
        taken = medians({"steps, bare psycopg": full, "reward_summary": ours}, ROUNDS)
        floor = taken["steps, bare psycopg"]
        print(
            f"  by {name:<22} the steps themselves {floor * 1e3:8.1f} ms"
            f"   reward_summary {taken['reward_summary'] * 1e3:8.1f} ms"
            f"   {floor / taken['reward_summary']:6.1f} x faster"
        )


if __name__ == "__main__":
    main()
