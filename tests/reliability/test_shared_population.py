"""An optimiser in eight processes: one population, one budget of evaluations; two are killed."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import hegel_store
from hegel_store.operations.evaluating import SharedEvaluation
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.samples import rows
from tests.spending import require_balanced
from tests.victims import Victim
from tests.vocabulary import VALIDATION, WORDS, answer, f1

pytestmark = pytest.mark.any_server

SCOPE, RUN = ("news", "qa"), "r"
EXAMPLES = {example["question"]: example["answer"] for example in VALIDATION}
WORKERS, BUDGET, KILLED = 8, 800, (2, 5)
LEASE = 3.0
THRESHOLD = 0.97
TEXT = "profile #>> '{worker,system_prompt}'"
MEMBERS = f"""
    SELECT {TEXT}, fitness_score
    FROM hegel_profile_populations JOIN hegel_prompt_profiles ON id = profile_id
"""
UNSCORED = f"""
    SELECT profile_id, {TEXT}
    FROM hegel_profile_populations JOIN hegel_prompt_profiles ON id = profile_id
    WHERE fitness_score IS NULL
"""
SCORES = f"""
    SELECT {TEXT}, example_id, score
    FROM hegel_scores JOIN hegel_prompt_profiles USING (content_hash)
"""


def mutated(text: str, random: Random) -> str:
    """A word added, taken away or replaced."""
    words = text.split()
    if len(words) > 1 and random.random() < 0.5:
        words.remove(random.choice(words))
    if random.random() < 0.8:
        words.insert(random.randrange(len(words) + 1), random.choice(WORDS))
    return " ".join(words) or random.choice(WORDS)


def score(text: str, example: str) -> float:
    return f1(answer({"worker": text}, example), EXAMPLES[example])


class Worker:
    """Selects, mutates, asks whether that is new, evaluates and adds, until nothing is left."""

    def __init__(self, store: Store, folder: Path, number: int) -> None:
        self._store, self._random = store, Random(number)
        self._ledger = os.open(folder / f"{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        store.runs.start(
            *SCOPE,
            RUN,
            optimiser="words",
            objectives={"f1": "maximize"},
            budget=BUDGET,
            resume=True,
        )
        self._shared = SharedEvaluation(
            store.scores,
            SCOPE[0],
            self._evaluate,
            split="validation",
            run_id=RUN,
            worker=f"{number}",
            lease=LEASE,
            batch=len(EXAMPLES),
        )

    def work(self) -> None:
        left = True
        while left:
            parents = self._store.populations.tournament(*SCOPE, size=3, rng=self._random)
            text = self._child(parents[0].profile_id) if parents else self._random.choice(WORDS)
            candidate = {"worker": {"system_prompt": text}}
            proposal = self._store.populations.propose(*SCOPE, candidate, threshold=THRESHOLD)
            if proposal.is_new:
                # A member from now on, so that others know of it should this process die.
                with self._store.begin() as work:
                    profile = work.profiles.append(*SCOPE, candidate)
                    work.populations.add(*SCOPE, profile.id, proposal=proposal)
                left = self._score(profile.id, candidate)
            else:
                left = self._store.runs.get(SCOPE[0], RUN).evaluations_left != 0

    def finish(self) -> None:
        """Score the members that nobody has scored, because somebody died."""
        for identifier, text in rows(self._store, UNSCORED):
            self._score(identifier, {"worker": {"system_prompt": text}})

    def _child(self, parent: Any) -> str:
        profile = self._store.profiles.get(SCOPE[0], parent)
        return mutated(profile.profile["worker"]["system_prompt"], self._random)

    def _score(self, identifier: Any, candidate: Any) -> bool:
        """Whether there was budget for all of it."""
        done = self._shared([(candidate, example) for example in EXAMPLES], wait=3 * LEASE)
        if done.over_budget:
            return False
        scores = [found.scores["f1"] for found in done.evaluations if found is not None]
        assert len(scores) == len(EXAMPLES)
        self._store.populations.record_fitness(*SCOPE, identifier, sum(scores) / len(scores))
        return True

    def _evaluate(self, candidate: Any, example: str) -> dict[str, float]:
        text = candidate["worker"]["system_prompt"]
        self._write(f"start|{text}|{example}")
        time.sleep(self._random.uniform(0.001, 0.01))
        found = score(text, example)
        self._write(f"end|{text}|{example}")
        return {"f1": found}

    def _write(self, line: str) -> None:
        os.write(self._ledger, f"{line}\n".encode())


def take_part(url: str, folder: Path, number: int) -> None:
    with hegel_store.connect(url, embedder=HashingEmbedder()) as store:
        Worker(store, folder, number).work()


def read(folder: Path) -> dict[int, list[tuple[str, str, str]]]:
    """By worker, in its order: whether it began or ended, which text, which example."""
    return {
        int(path.name): [tuple(line.split("|")) for line in path.read_text().splitlines()]  # type: ignore[misc]
        for path in folder.iterdir()
    }


@pytest.mark.slow
def test_eight_processes_evolve_one_population_though_two_are_killed(
    store: Store, url: str, tmp_path: Path, report: Callable[[str], None]
) -> None:
    workers = [Victim(take_part, url, tmp_path, number) for number in range(WORKERS)]
    moments = Random(8)
    deadline = time.monotonic() + 60
    for victim, after in zip(KILLED, (BUDGET // 5, BUDGET // 2), strict=True):
        while rows(store, "SELECT count(*) FROM hegel_scores") < [(after,)]:
            assert time.monotonic() < deadline
            require_balanced(store)
        time.sleep(moments.uniform(0, 0.05))
        workers[victim].kill()
    outcomes = [worker.outcome() for n, worker in enumerate(workers) if n not in KILLED]
    assert outcomes == [0] * (WORKERS - len(KILLED)), "the run ends"
    # What the dead held is anybody's once its lease has run out.
    time.sleep(LEASE)
    with hegel_store.connect(url, embedder=HashingEmbedder()) as living:
        last = Worker(living, tmp_path, 99)
        last.finish()
        last.work()

    told = read(tmp_path)
    starts = Counter(
        (text, name) for said in told.values() for what, text, name in said if what == "start"
    )
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for text, name, value in rows(store, SCORES):
        scores[str(text)][str(name)] = float(value)  # type: ignore[arg-type]
    # Paid once, but for what the dead were at.
    again = {pair for pair, count in starts.items() if count > 1}
    assert again <= {told[number][-1][1:] for number in KILLED}
    # None lost, but for the last one of each of the dead.
    for number, said in told.items():
        ended = [(text, name) for what, text, name in said if what == "end"]
        lost = [pair for pair in ended if pair[1] not in scores[pair[0]]]
        assert lost in ([], ended[-1:] if number in KILLED else []), f"worker {number}"
    # The budget is spent to the last one, and what the dead had begun is counted once.
    run = store.runs.get(SCOPE[0], RUN)
    require_balanced(store)
    assert run.evaluations_spent == BUDGET == sum(map(len, scores.values()))
    assert sum(starts.values()) <= BUDGET + len(KILLED)
    # Every candidate that is scored is a member, with its mean; no two of them say the same.
    members = {str(text): fitness for text, fitness in rows(store, MEMBERS)}
    assert scores.keys() <= members.keys()
    for text, own in scores.items():
        assert own == {name: score(text, name) for name in own}
        mean = (
            sum(own[name] for name in EXAMPLES) / len(EXAMPLES)
            if len(own) == len(EXAMPLES)
            else None
        )
        assert members[text] == mean
    vectors = HashingEmbedder().embed(list(members))
    cosines = np.triu(vectors @ vectors.T, 1)
    assert cosines.max() < THRESHOLD + 1e-3
    best = max(float(fitness) for fitness in members.values() if fitness is not None)  # type: ignore[arg-type]
    report(
        f"8 processes, 2 killed: {len(members)} members, {sum(starts.values())} evaluations begun, "
        f"{run.evaluations_spent} of {BUDGET} counted, {len(again)} paid twice as their holders "
        f"died; best mean {best:.3f}"
    )
