"""What a repository call costs over the same statement sent by the bare driver.

    python tests/benchmarks/bench_calls.py

Rounds are interleaved, so that all candidates see the same noise; the figures are medians over
rounds of the time per call, and ratios to the bare driver in the same run.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.models import NewStep
from tests.benchmarks.servers import database, parse_arguments

ROUNDS = 15
CALLS = 100
TRACE = {"rounds": [{"worker": "proposal " * 60, "reviewer": "objection " * 60}] * 8}

LATEST = """
    SELECT corpus_id, id, task_type, version, base_profile_id, source, content_hash,
           performance_stats, metadata, created_at, updated_at
    FROM hegel_prompt_profiles WHERE corpus_id = %s AND task_type = %s
    ORDER BY created_at DESC, version DESC LIMIT 1
"""
LOG = """
    INSERT INTO hegel_training_steps
        (corpus_id, created_at, id, task_type, old_profile_id, query, predicted_answer, reward,
         debate_trace)
    VALUES (%s, clock_timestamp(), %s, %s, %s, %s, %s, %s, %s)
"""
SPEND = """
    INSERT INTO hegel_embedding_usage AS usage (corpus_id, month, tokens)
    VALUES ('bare', date_trunc('month', now()), %s)
    ON CONFLICT (corpus_id, month) DO UPDATE SET tokens = usage.tokens + excluded.tokens
    RETURNING tokens
"""


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - started) / CALLS


def report(title: str, candidates: dict[str, Callable[[], object]]) -> None:
    """Measure the candidates in turn; the first one is what the others are compared with."""
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for call in candidates.values():
        seconds(call)
    for _ in range(ROUNDS):
        for name, call in candidates.items():
            taken[name].append(seconds(call))
    floor = statistics.median(next(iter(taken.values())))
    print(f"\n{title}")
    for name, values in taken.items():
        median = statistics.median(values)
        print(f"  {name:<34} {median * 1e3:7.3f} ms   {median / floor:5.2f} x")


def main() -> None:
    with database(parse_arguments(__doc__ or "")) as url, hegel_store.connect(url) as store:
        store.upgrade()
        profile = store.profiles.append("c", "qa", {"worker": {"system_prompt": "word " * 400}})
        bare = psycopg.connect(url, autocommit=True)

        def begun() -> None:
            with store.begin() as work:
                work.profiles.latest("c", "qa")

        report(
            "latest profile (2 KB)",
            {
                "bare psycopg, autocommit": lambda: bare.execute(LATEST, ("c", "qa")).fetchone(),
                "store.profiles.latest": lambda: store.profiles.latest("c", "qa"),
                "store.begin(): profiles.latest": begun,
            },
        )

        trace = json.dumps(TRACE)

        def log_bare() -> None:
            bare.execute(LOG, ("c", uuid4(), "qa", profile.id, "a query", "an answer", 0.5, trace))

        def step() -> NewStep:
            return NewStep(
                corpus_id="c",
                task_type="qa",
                old_profile_id=profile.id,
                query="a query",
                predicted_answer="an answer",
                reward=0.5,
                debate_trace=TRACE,
            )

        def log_begun() -> None:
            with store.begin() as work:
                work.steps.log(step())

        store.steps.log(step())
        report(
            f"one committed step ({len(trace) / 1000:.0f} KB trace)",
            {
                "bare psycopg, autocommit": log_bare,
                "store.steps.log": lambda: store.steps.log(step()),
                "store.begin(): steps.log": log_begun,
            },
        )

        budget = store.budget("c", tokens=2**60)
        report(
            "tokens counted before a call to an API",
            {
                "bare psycopg, autocommit": lambda: bare.execute(SPEND, (100,)).fetchone(),
                "budget.spend": lambda: budget.spend(100),
            },
        )


if __name__ == "__main__":
    main()
