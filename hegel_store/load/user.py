"""A user of a load test: draws the next call, waits for its moment, makes it, notes the time."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hegel_store.embeddings.protocol import Embedder
from hegel_store.errors import HegelStoreError
from hegel_store.load.corpus import CATEGORIES, TASK_TYPES, Corpus, sentence, step, zipf
from hegel_store.load.plan import CALLS, SHARES, CallName
from hegel_store.models import FactFilter, NewFact
from hegel_store.models.vectors import Vector
from hegel_store.store import Store

EMBED = "embed"


@dataclass(frozen=True, slots=True)
class Sample:
    """One call: when it ended, in seconds since the beginning, and what it took, in milliseconds.

    ``milliseconds`` count from the moment for which the call was planned, so that waiting behind
    slow calls before it counts as well. ``error`` is the name of the class that was raised.
    """

    call: str
    ended: float
    milliseconds: float
    error: str | None = None


class TimedEmbedder:
    """An embedder that notes what each of its texts took."""

    def __init__(self, embedder: Embedder, samples: deque[Sample]) -> None:
        self.name = embedder.name
        self.dimensions = embedder.dimensions
        self.prefix = getattr(embedder, "prefix", "")
        self._embedder = embedder
        self._samples = samples

    def embed(self, texts: Sequence[str]) -> Vector:
        started = time.perf_counter()
        vectors = self._embedder.embed(texts)
        ended = time.perf_counter()
        each = (ended - started) * 1e3 / max(len(texts), 1)
        self._samples.extend([Sample(EMBED, ended, each)] * len(texts))
        return vectors


class User:
    """One user on a store that many share. ``mode`` is what a search can do: "hybrid" or "text"."""

    def __init__(self, store: Store, corpus: Corpus, seed: str, *, has_vectors: bool) -> None:
        self._store = store
        self._corpus = corpus
        self._drawn = random.Random(seed)
        self._has_vectors = has_vectors
        self._calls: dict[CallName, Callable[[], object]] = {
            name: getattr(self, name) for name in CALLS
        }

    def work(
        self, samples: deque[Sample], began: float, until: float, gap: float, stop: threading.Event
    ) -> None:
        """Make calls from ``began`` to ``until`` (of time.perf_counter), ``gap`` seconds apart in
        the mean, the gaps drawn from an exponential distribution; 0 is without any."""
        due = began
        while not stop.is_set():
            now = time.perf_counter()
            due = due + self._drawn.expovariate(1 / gap) if gap else now
            if due >= until or now >= until:
                return
            if due > now:
                stop.wait(due - now)
            name = self._drawn.choices(CALLS, [SHARES[call] for call in CALLS])[0]
            samples.append(self._measured(name, due, began))

    def _measured(self, name: CallName, due: float, began: float) -> Sample:
        error = None
        try:
            self._calls[name]()
        except HegelStoreError as problem:
            error = type(problem).__name__
        ended = time.perf_counter()
        return Sample(name, ended - began, (ended - due) * 1e3, error)

    def latest_profile(self) -> object:
        return self._store.profiles.latest(self._corpus.corpus_id, self._task_type())

    def log_step(self) -> object:
        return self._store.steps.log(step(self._corpus, self._drawn))

    def fittest(self) -> object:
        return self._store.populations.fittest(self._corpus.corpus_id, self._task_type(), limit=5)

    def content_search(self) -> object:
        """By words alone, as content is looked up."""
        return self._search(10, mode_text=True)

    def recall(self) -> object:
        """Five facts for a prompt, by meaning and by words, the question's embedding included."""
        return self._search(5)

    def recall_16(self) -> object:
        return self._search(16)

    def knowledge_query(self) -> object:
        """Fifty facts of one category that are likely to be true."""
        filters = FactFilter(categories=[self._drawn.choice(CATEGORIES)], min_confidence=0.2)
        return self._search(50, filters)

    def encode_fact(self) -> object:
        """One new fact, its embedding included."""
        content = f"{sentence(self._drawn, self._corpus.words)} ({self._drawn.random()})"
        fact = NewFact(corpus_id=self._corpus.corpus_id, content=content, category="learned")
        return self._store.facts.add_many([fact])

    def analysis(self) -> object:
        return self._store.steps.reward_summary(
            corpus_id=self._corpus.corpus_id, by=["task_type", "profile"]
        )

    def _search(
        self, limit: int, filters: FactFilter | None = None, *, mode_text: bool = False
    ) -> object:
        questions = self._corpus.questions
        return self._store.facts.search(
            questions[zipf(self._drawn, len(questions))],
            corpus_id=self._corpus.corpus_id,
            limit=limit,
            mode="hybrid" if self._has_vectors and not mode_text else "text",
            filters=filters,
        )

    def _task_type(self) -> str:
        return self._drawn.choice(TASK_TYPES)
