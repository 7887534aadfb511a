"""What training on the same server costs an evaluation's searches, and what each lever gives back.

    python tests/benchmarks/bench_isolation.py [--facts 20000] [--rounds 3] [--seconds 5]

Two processes train: one adds facts, which it embeds and the server indexes, the other one logs
steps of 10 KB and appends profiles, both as fast as they can. One evaluates: hybrid searches in a
row. Each round has every case, in an order that changes; a ratio is to the evaluation alone in the
same round, and the figures are medians over the rounds. Who waited, and who blocked whom, is
sampled from pg_stat_activity 20 times a second.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.models import NewFact, NewStep
from hegel_store.operations import roles
from hegel_store.store import Store
from tests.benchmarks.servers import database, options
from tests.embedders import HashingEmbedder

WORDS = [f"word{number}" for number in range(3000)]
CASES = {
    "alone": None,
    "no isolation": ("postgres", "go_on", "go_on"),
    "roles": ("role", "go_on", "go_on"),
    "roles, facts slow": ("role", "slow", "go_on"),
    "roles, facts stop": ("role", "stop", "go_on"),
    "roles, all slow": ("role", "slow", "slow"),
    "roles, all stop": ("role", "stop", "stop"),
}
"""Who the training processes are, and what that of the facts and that of the steps do meanwhile."""

SAMPLE = """
SELECT usename, coalesce(wait_event_type, 'running'),
       (SELECT min(usename) FROM pg_stat_activity AS by
        WHERE by.pid = ANY (pg_blocking_pids(own.pid)))
FROM pg_stat_activity AS own
WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()
"""


def sentence(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=12))


def train_facts(store: Store, rng: random.Random) -> None:
    """Embeds and adds facts, 50 at a time."""
    print("begun", flush=True)
    while True:
        store.facts.add_many(
            NewFact(corpus_id="training", content=sentence(rng)) for _ in range(50)
        )


def train_steps(store: Store, rng: random.Random) -> None:
    """Logs 20 steps and appends a profile, again and again, and gives way in between."""
    profile = store.profiles.append("training", "qa", {})
    trace = {"turns": [sentence(rng) for _ in range(100)]}
    print("begun", flush=True)
    while True:
        store.steps.log_many(
            NewStep(
                corpus_id="training",
                task_type="qa",
                old_profile_id=profile.id,
                query=sentence(rng),
                predicted_answer=sentence(rng),
                reward=rng.random(),
                debate_trace=trace,
            )
            for _ in range(20)
        )
        profile = store.profiles.append(
            "training", "qa", {"worker": {"system_prompt": sentence(rng)}}, base=profile
        )
        store.give_way()


LOADS = {"facts": train_facts, "steps": train_steps}


def connected(url: str, role: str | None, policy: str = "go_on") -> Store:
    return hegel_store.connect(
        url, role=role, embedder=HashingEmbedder(), while_evaluating=policy, pool="light"
    )


@contextmanager
def load(url: str, case: tuple[str, str, str] | None) -> Iterator[None]:
    if case is None:
        yield
        return
    who, *policies = case
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, "--load", name, who, policy, url], stdout=subprocess.PIPE
        )
        for name, policy in zip(LOADS, policies, strict=True)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
        yield
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def sampled(url: str, ended: threading.Event, seen: Counter[str]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        while not ended.wait(0.05):
            for user, wait, blocker in connection.execute(SAMPLE):
                seen[f"{user}: {wait}" + (f" on {blocker}" if blocker else "")] += 1


def evaluate(url: str, role: str | None, announce: bool, seconds: float) -> list[float]:
    """Seconds that each search took."""
    rng = random.Random(1)
    took = []
    with connected(url, role) as store:
        store.facts.search(sentence(rng), corpus_id="evaluation")
        with store.evaluating() if announce else nullcontext():
            time.sleep(1 if announce else 0)  # a batch that is under way ends first
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                began = time.perf_counter()
                store.facts.search(sentence(rng), corpus_id="evaluation")
                took.append(time.perf_counter() - began)
    return took


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--facts", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    arguments = parser.parse_args()
    found: dict[str, list[tuple[float, float, float]]] = {case: [] for case in CASES}
    waits: dict[str, Counter[str]] = {case: Counter() for case in CASES}
    with database(arguments) as url:
        prepare(url, arguments.facts)
        for number in range(arguments.rounds):
            alone = 0.0
            rest = random.Random(number).sample(list(CASES)[1:], len(CASES) - 1)
            for case in ["alone", *rest]:
                p50, p95 = measured(url, case, arguments.seconds, waits[case])
                alone = alone or p95
                found[case].append((p50, p95, p95 / alone))
    print(f"{arguments.facts:,} facts, {arguments.rounds} rounds of {arguments.seconds:g} s\n")
    print("| | p50, ms | p95, ms | p95 to alone |\n| --- | ---: | ---: | ---: |")
    for case, rounds in found.items():
        p50, p95, ratio = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"| {case} | {1000 * p50:.1f} | {1000 * p95:.1f} | {ratio:.2f} |")
    for case, seen in waits.items():
        print(f"\n{case}: " + ", ".join(f"{what} {count}" for what, count in seen.most_common(8)))


def prepare(url: str, facts: int) -> None:
    rng, vectors = random.Random(0), np.random.default_rng(0)
    with connected(url, None) as store:
        store.upgrade()
        roles.apply(store.engine)
        store.facts.add_many(
            NewFact(
                corpus_id="evaluation",
                content=f"{sentence(rng)} {number}",
                embedding=vectors.standard_normal(384).astype(np.float32),
            )
            for number in range(facts)
        )


def measured(url: str, case: str, seconds: float, seen: Counter[str]) -> tuple[float, float]:
    parts = CASES[case]
    has_roles = parts is not None and parts[0] == "role"
    announce = parts is not None and set(parts[1:]) != {"go_on"}
    ended = threading.Event()
    with load(url, parts):
        sampler = threading.Thread(target=sampled, args=(url, ended, seen))
        sampler.start()
        took = sorted(evaluate(url, "eval" if has_roles else None, announce, seconds))
        ended.set()
        sampler.join()
    return statistics.median(took), took[int(0.95 * len(took))]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--load"]:
        name, who, policy, url = sys.argv[2:]
        with connected(url, "app" if who == "role" else None, policy) as trained:
            LOADS[name](trained, random.Random())
    else:
        main()
