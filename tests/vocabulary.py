"""A task for GEPA without a model: texts of words, answers made of them, scored by F1.

What a candidate answers follows from its words and the question, and what is proposed from the
candidate and its feedback; no state is kept between two calls.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

from sqlalchemy import Engine, event

WORDS = [first + rest for first in "bdfklmnprst" for rest in ("ale", "ine", "ote", "ure")]
SEED = {"planner": "bale dine", "writer": "fote"}


def examples(count: int, seed: int) -> list[dict[str, Any]]:
    random = Random(seed)
    return [
        {"question": f"{seed} {n}", "answer": sorted(random.sample(WORDS, 7))} for n in range(count)
    ]


TRAINING, VALIDATION = examples(12, 1), examples(10, 2)


def answer(candidate: Mapping[str, str], question: str) -> list[str]:
    """The words of the candidate that it uses for this question."""
    words = set(" ".join(candidate.values()).split())
    return sorted(word for word in words if crc32(f"{question} {word}".encode()) % 4)


def f1(given: Sequence[str], wanted: Sequence[str]) -> float:
    """The harmonic mean of precision and recall, van Rijsbergen 1979."""
    common = len(set(given) & set(wanted))
    return 2 * common / (len(given) + len(wanted))


class Vocabulary:
    """An adapter of GEPA. ``paid`` is called with the candidate and each question."""

    propose_new_texts = None

    def __init__(self, paid: Callable[[Mapping[str, str], str], object] | None = None) -> None:
        self._paid = paid or (lambda candidate, question: None)

    def evaluate(self, batch: Any, candidate: Any, capture_traces: bool = False) -> Any:
        from gepa.core.adapter import EvaluationBatch

        outputs = []
        for example in batch:
            self._paid(candidate, example["question"])
            outputs.append({"answer": answer(candidate, example["question"])})
        scores = [
            f1(output["answer"], example["answer"])
            for output, example in zip(outputs, batch, strict=True)
        ]
        traces = [
            {"question": example["question"], **output}
            for output, example in zip(outputs, batch, strict=True)
        ]
        return EvaluationBatch(
            outputs=outputs,
            scores=scores,
            trajectories=traces if capture_traces else None,
            objective_scores=[
                {"f1": score, "words": -float(len(output["answer"]))}
                for score, output in zip(scores, outputs, strict=True)
            ],
        )

    def make_reflective_dataset(self, candidate: Any, batch: Any, components: Any) -> Any:
        return {part: [dict(trace) for trace in batch.trajectories] for part in components}


def propose(candidate: Any, dataset: Any, components: Any) -> dict[str, str]:
    """Another text for each component: a word added, taken away or replaced."""
    told = repr((sorted(candidate.items()), sorted(dataset.items()), components))
    random = Random(crc32(told.encode()))
    proposed = {}
    for component in components:
        words = candidate[component].split()
        if len(words) > 1 and random.random() < 0.4:
            words.remove(random.choice(words))
        if random.random() < 0.8:
            words.append(random.choice(WORDS))
        proposed[component] = " ".join(words)
    return proposed


class Silence:
    def log(self, message: str) -> None:
        pass


def arguments(calls: int, **more: Any) -> dict[str, Any]:
    """For gepa.optimize(), of a run that makes about so many evaluations, with merges."""
    return {
        "seed_candidate": dict(SEED),
        "trainset": TRAINING,
        "valset": VALIDATION,
        "adapter": Vocabulary(),
        "custom_candidate_proposer": propose,
        "max_metric_calls": calls,
        "use_merge": True,
        "max_merge_invocations": 6,
        "seed": 5,
        "logger": Silence(),
    } | more


class Fate:
    """Kills this process (-9) at the ``moment``-th thing that it does: an evaluation, or before or
    after a statement or a COMMIT. Writes down what was paid for, in a file that outlives it."""

    def __init__(self, moment: int, ledger: Path) -> None:
        self._left = moment
        self._ledger = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(Engine, name, self.pass_by)

    def paid(self, candidate: Mapping[str, str], question: str) -> None:
        os.write(self._ledger, f"{sorted(candidate.items())} {question}\n".encode())
        self.pass_by()

    def pass_by(self, *given: object) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
