"""One side of the regression gate: calls of the code that PYTHONPATH names, when it is told to.

    PYTHONPATH=a/checkout python tests/benchmarks/regression_worker.py URL

Migrates the database with that code and fills it, unless that was done before. Then it prints a
line of JSON, {"calls": [...], "missing": {name: why}}, and answers each line "name count" of its
input by a line with the median time of so many calls, in seconds. It takes nothing from the tests:
the other side may be older than they are.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import hegel_store
from hegel_store.errors import HegelStoreError
from hegel_store.models import NewFact, NewStep

CORPUS = "regression"
FACTS, VERSIONS, QUESTIONS = 1000, 10, 40
WORDS = [
    first + last
    for first in ("bar", "fen", "lum", "kor", "vis", "tam", "pel", "sur", "dol", "gri")
    for last in ("a", "eth", "ik", "on", "ust", "il", "orn", "aby", "ent", "os")
]


def vectors(count: int, seed: int) -> Any:
    """Unit vectors, float32 (count, 384)."""
    drawn = np.random.default_rng(seed).standard_normal((count, 384))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def sentence(random: np.random.Generator, count: int) -> str:
    return " ".join(random.choice(WORDS, size=count))


class Nothing:
    """Makes no vector: all of them are given."""

    name = "given"
    dimensions = 384

    def embed(self, texts: Any) -> Any:
        raise AssertionError("every vector is given")


def fill(store: Any) -> Any:
    """The newest profile of the scope, stored with members and facts where there is none."""
    found = store.profiles.latest(CORPUS, "qa")
    if found is not None:
        return found
    random = np.random.default_rng(1)
    for version in range(VERSIONS):
        found = store.profiles.append(
            CORPUS, "qa", {"worker": {"system_prompt": f"Version {version}. " * 100}}, base=found
        )
        store.populations.add(CORPUS, "qa", found.id, fitness=float(random.random()))
    store.facts.add_many(
        NewFact(corpus_id=CORPUS, content=f"{sentence(random, 12)} {number}", embedding=vector)
        for number, vector in enumerate(vectors(FACTS, 2))
    )
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    return found


def calls_of(store: Any, profile: Any) -> dict[str, Callable[[], object]]:
    random = np.random.default_rng(3)
    questions = [sentence(random, 3) for _ in range(QUESTIONS)]
    asked = itertools.cycle(zip(questions, vectors(QUESTIONS, 4), strict=True))

    def log() -> object:
        return store.steps.log(
            NewStep(
                corpus_id=CORPUS,
                task_type="qa",
                old_profile_id=profile.id,
                query="a query",
                predicted_answer="an answer",
                reward=0.5,
                debate_trace={"rounds": [{"worker": "proposal " * 60}] * 4},
            )
        )

    def search() -> object:
        question, vector = next(asked)
        return store.facts.search(question, corpus_id=CORPUS, embedding=vector)

    return {
        "latest": lambda: store.profiles.latest(CORPUS, "qa"),
        "log": log,
        "search": search,
        "fittest": lambda: store.populations.fittest(CORPUS, "qa", limit=5),
    }


def main() -> None:
    with hegel_store.connect(sys.argv[1], embedder=Nothing()) as store:
        store.upgrade()
        calls = calls_of(store, fill(store))
        missing = {}
        for name, call in list(calls.items()):
            try:
                for _ in range(20):
                    call()
            except (AttributeError, TypeError, HegelStoreError) as error:
                missing[name] = f"{type(error).__name__}: {error}"
                del calls[name]
        code = hegel_store.__file__
        print(json.dumps({"code": code, "calls": list(calls), "missing": missing}), flush=True)
        for line in sys.stdin:
            name, count = line.split()
            taken = []
            for _ in range(int(count)):
                started = time.perf_counter()
                calls[name]()
                taken.append(time.perf_counter() - started)
            print(statistics.median(taken), flush=True)


if __name__ == "__main__":
    main()
