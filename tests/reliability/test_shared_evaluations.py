"""Processes that share evaluations and a budget, some of which are killed."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import product
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import pytest

import hegel_store
from hegel_store.models import NewEvaluation
from hegel_store.operations.evaluating import SharedEvaluation
from hegel_store.store import Store
from tests.samples import rows
from tests.spending import require_balanced
from tests.victims import Victim, die_at

CANDIDATES, EXAMPLES, BUDGET = 24, 50, 1_000
LEASE = 2.0
PAIRS = [({"n": n}, f"{m}") for n, m in product(range(CANDIDATES), range(EXAMPLES))]


def score(candidate: dict[str, int], example: str) -> float:
    return crc32(f"{candidate['n']} {example}".encode()) / 2**32


class Ledger:
    """What a process pays for, line by line, in a file that outlives it."""

    def __init__(self, folder: Path, worker: int) -> None:
        self._file = os.open(folder / f"{worker}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(self, what: str, candidate: dict[str, int], example: str) -> None:
        os.write(self._file, f"{what} {candidate['n']} {example}\n".encode())


def evaluate_all(url: str, folder: Path, worker: int, budget: int) -> None:
    """Evaluate whatever is left, in an order of one's own, until the budget is spent."""
    ledger, random = Ledger(folder, worker), Random(worker)

    def evaluate(candidate: dict[str, int], example: str) -> dict[str, float]:
        ledger.write("start", candidate, example)
        time.sleep(random.uniform(0.001, 0.02))
        if random.random() < 0.02:
            ledger.write("fail", candidate, example)
            raise TimeoutError("no answer")
        ledger.write("end", candidate, example)
        return {"accuracy": score(candidate, example)}

    with hegel_store.connect(url) as store:
        store.runs.start(
            "news",
            "qa",
            "r",
            optimiser="x",
            objectives={"accuracy": "maximize"},
            budget=budget,
            resume=True,
        )
        shared = SharedEvaluation(
            store.scores,
            "news",
            evaluate,
            split="train",
            run_id="r",
            worker=f"{worker}",
            lease=LEASE,
        )
        while True:
            done = shared(random.sample(PAIRS, 100))
            if done.over_budget:
                break


def read(folder: Path) -> dict[int, list[tuple[str, str]]]:
    """By worker, what it did to which pair, in its order."""
    lines = {int(path.name): path.read_text().splitlines() for path in folder.iterdir()}
    return {
        worker: [tuple(line.split(" ", 1)) for line in said]  # type: ignore[misc]
        for worker, said in lines.items()
    }


@pytest.mark.slow
def test_eight_processes_pay_for_each_evaluation_once_though_two_are_killed(
    store: Store, url: str, tmp_path: Path, report: Callable[[str], None]
) -> None:
    workers = [Victim(evaluate_all, url, tmp_path, n, BUDGET) for n in range(8)]
    killed: set[int] = set()
    deadline = time.monotonic() + 100
    for victim, after in ((2, 200), (5, 450)):
        while rows(store, "SELECT count(*) FROM hegel_scores") < [(after,)]:
            assert time.monotonic() < deadline
            require_balanced(store)
        workers[victim].kill()
        killed.add(victim)
    assert [worker.outcome() for n, worker in enumerate(workers) if n not in killed] == [0] * 6
    # Once the leases of the dead have run out, what they held is done by whoever comes.
    time.sleep(LEASE)
    evaluate_all(url, tmp_path, 99, BUDGET)

    ledger = read(tmp_path)
    told = Counter((what, pair) for said in ledger.values() for what, pair in said)
    starts = {pair: count for (what, pair), count in told.items() if what == "start"}
    interrupted = {
        worker: [pair for what, pair in ledger[worker] if what == "start"][-1] for worker in killed
    }
    stored = {f"{n} {example}": value for (n, example), value in _stored(store).items()}
    # Paid once, but for those that failed, and at most the last one of each of the dead.
    again = {pair for pair, count in starts.items() if count > 1 + told["fail", pair]}
    assert again <= set(interrupted.values())
    # None lost: whatever a living worker ended, and all that the dead had recorded.
    ended = defaultdict(set)
    for worker, said in ledger.items():
        ended[worker] = {pair for what, pair in said if what == "end"}
    for worker in ledger:
        lost = ended[worker] - stored.keys()
        assert len(lost) <= (worker in killed), f"worker {worker} lost {lost}"
    assert all(
        value == score({"n": int(pair.split()[0])}, pair.split()[1])
        for pair, value in stored.items()
    )
    failures = sum(count for (what, _), count in told.items() if what == "fail")
    run = store.runs.get("news", "r")
    require_balanced(store)
    assert run.evaluations_spent == BUDGET
    assert run.evaluations_unstored <= failures
    assert len(stored) + run.evaluations_unstored == BUDGET
    assert sum(starts.values()) <= BUDGET + len(killed)
    report(
        f"8 processes, 2 killed: {sum(starts.values())} evaluations begun, {len(stored)} stored, "
        f"{run.evaluations_unstored} failed, {len(again)} paid twice as their holders died"
    )


def _stored(store: Store) -> dict[tuple[int, str], float]:
    names = {
        key.content_hash: n
        for n, key in enumerate(
            store.scores.keys("news", [({"n": n}, "0") for n in range(CANDIDATES)], split="train")
        )
    }
    return {
        (names[bytes(content).hex()], example): value
        for content, example, value in rows(
            store, "SELECT content_hash, example_id, score FROM hegel_scores"
        )
    }


def claim_record_and_die(url: str, number: int, moment: str) -> None:
    with hegel_store.connect(url) as store:
        # Pools and prepared statements are there before, as in a worker that lives long.
        die_at(number, moment, words="hegel_evaluations")
        pairs: Any = [({"n": 1}, f"{n}") for n in range(6)]
        claims = store.scores.claim("news", pairs, split="train", run_id="r", lease=0.2)
        for begin in (0, 2, 4):
            store.scores.record_many(
                NewEvaluation(of=claim, scores={"accuracy": 0.5, "length": 1.0})
                for claim in claims.granted[begin : begin + 2]
            )


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before_cursor_execute", "after_cursor_execute"])
def test_killed_at_any_statement_it_leaves_whole_evaluations_and_a_budget_that_adds_up(
    store: Store, url: str, moment: str, report: Callable[[str], None]
) -> None:
    objectives: Any = {"accuracy": "maximize"}
    store.runs.start("news", "qa", "r", optimiser="x", objectives=objectives, budget=6)
    left = []
    for number in range(1, 20):
        outcome = Victim(claim_record_and_die, url, number, moment).outcome()
        require_balanced(store)
        ((scored, scores),) = rows(
            store,
            "SELECT (SELECT count(*) FROM hegel_evaluations WHERE state = 'scored'),"
            " (SELECT count(*) FROM hegel_scores)",
        )
        assert scores == 2 * scored  # type: ignore[operator]
        left.append(scored)
        if outcome == 0:
            break
        assert outcome == -signal.SIGKILL
        time.sleep(0.25)
    report(f"killed {moment} at {len(left) - 1} statements, with {left} evaluations stored by then")
    assert len(left) > 3
    assert left[-1] == 6
    assert store.runs.get("news", "r").evaluations_spent == 6
