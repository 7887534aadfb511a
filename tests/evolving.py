"""A task for OpenEvolve without a model: texts of words, scored by F1 as in tests.vocabulary.

    python -m tests.evolving FOLDER SEED ITERATIONS [URL]

runs the real controller, on the store at URL or, without one, with OpenEvolve's own database and
checkpoints. It keeps books in FOLDER: a line for each evaluation, and one for each program whose
addition has returned.

The stand-in for a model proposes a word more or less, by a rule that its prompt seeds; it knows no
answers.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any
from zlib import crc32

from openevolve.config import Config, LLMModelConfig
from openevolve.controller import OpenEvolve
from openevolve.database import ProgramDatabase
from openevolve.evaluation_result import EvaluationResult

import hegel_store
from hegel_store.integrations.openevolve import attach
from tests.vocabulary import SEED, VALIDATION, WORDS, answer, f1

BOOKS = "HEGEL_TEST_BOOKS"
BEGINNING = SEED["planner"]
CURRENT = re.compile(r"# Current Program\n```text\n(.*?)```", re.DOTALL)
RUN = ("news", "code", "evolving")


def evaluate(program_path: str) -> EvaluationResult:
    """What OpenEvolve calls in its worker processes, for each program."""
    text = Path(program_path).read_text()
    given = [answer({"writer": text}, example["question"]) for example in VALIDATION]
    scores = [
        f1(words, example["answer"]) for words, example in zip(given, VALIDATION, strict=True)
    ]
    write_down("evaluated", text.replace("\n", " "))
    return EvaluationResult(
        metrics={"combined_score": fmean(scores), "words": len(set(text.split()))},
        artifacts={"first answer": " ".join(given[0])},
    )


class StandIn:
    """In the place of a model, for ``init_client``."""

    def __init__(self, config: Any) -> None:
        self.model = config.name

    async def generate_with_context(
        self, system_message: str, messages: list[dict[str, str]], **rest: Any
    ) -> str:
        asked = messages[-1]["content"]
        (current,) = CURRENT.findall(asked)
        words, random = current.split(), Random(crc32(asked.encode()))
        if len(words) > 1 and random.random() < 0.4:
            words.remove(random.choice(words))
        proposed = current
        while proposed == current:  # which OpenEvolve would not evaluate
            words.insert(random.randint(0, len(words)), random.choice(WORDS))
            proposed = " ".join(words)
        return f"```text\n{proposed}\n```"


def configuration(seed: int) -> Config:
    config = Config(
        random_seed=seed,
        diff_based_evolution=False,
        language="text",
        checkpoint_interval=10,
        log_level="ERROR",
    )
    config.llm.models = [LLMModelConfig(name="stand-in", init_client=StandIn)]
    config.llm.evaluator_models = list(config.llm.models)
    config.evaluator.cascade_evaluation = False
    config.evaluator.parallel_evaluations = 1
    config.database.num_islands = 2
    config.database.population_size = 30
    config.database.archive_size = 10
    config.database.feature_dimensions = ["complexity", "words"]
    config.database.feature_bins = 5
    config.database.migration_interval = 8
    return config


def controller(folder: Path, seed: int) -> OpenEvolve:
    """One that works in ``folder``, on the program that it finds or makes there."""
    beginning = folder / "beginning.txt"
    beginning.write_text(BEGINNING)
    output = folder / f"output{seed}"
    made = OpenEvolve(str(beginning), __file__, configuration(seed), output_dir=str(output))
    made.config.language = "text"
    return made


def write_down(book: str, line: str) -> None:
    """One write to a file that outlives the process, where books are kept."""
    if BOOKS in os.environ:
        with Path(os.environ[BOOKS], book).open("ab", buffering=0) as file:
            file.write(f"{line}\n".encode())


@contextmanager
def noting(database: ProgramDatabase, book: str) -> Iterator[None]:
    """Write down what was added."""
    add = database.add

    def noted(program: Any, *given: Any, **more: Any) -> Any:
        added = add(program, *given, **more)
        if not program.metadata.get("migrant"):  # is added in the middle of a migration
            write_down(book, str(added))
        return added

    database.add = noted
    yield
    del database.add


def evolve(folder: Path, seed: int, iterations: int, url: str | None) -> None:
    made = controller(folder, seed)
    if url is None:
        asyncio.run(made.run(iterations=iterations))
        return
    with hegel_store.connect(url) as store:
        database = attach(made, store, *RUN)
        with noting(database, f"added{seed}"):
            asyncio.run(made.run(iterations=iterations))
        database.close()


if __name__ == "__main__":
    place, number, count, *address = sys.argv[1:]
    os.environ[BOOKS] = place
    evolve(Path(place), int(number), int(count), *(address or [None]))
