"""Running labelled queries: how well they are answered, and how long that takes.

Times are taken in blocks. Each has a connection of its own, so that settings of the database or the
server hold in it as they are now, and a fixed statement between any two searches: a busy machine
slows both, and their ratio says what the busyness does not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, Engine

from hegel_store.database import translated
from hegel_store.embeddings.protocol import Embedder, embed_distinct
from hegel_store.errors import EmbedderMissing
from hegel_store.models.baselines import LabelledQuery, Latency, Quality
from hegel_store.models.vectors import Vector
from hegel_store.operations.baselines.metrics import quality_of
from hegel_store.operations.baselines.statements import REFERENCE
from hegel_store.repositories import FactRepository
from hegel_store.repositories.spaces import Spaces
from hegel_store.search.fusion import Mode

SEARCHES = 60
"""That a block has at least: fewer queries are asked more often."""
MOST_TIMED = 50
"""Of more queries, these many are timed, evenly spread; all are answered and judged."""
FEWEST_PASSES = 4
"""How often each is timed, so that one of the times is hardly disturbed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """``qualities`` are those of the queries; the others have one number for each search, in
    milliseconds, or one for each block."""

    qualities: Sequence[Quality]
    searches: Sequence[float] = field(default_factory=list)
    references: Sequence[float] = field(default_factory=list)
    ratios: Sequence[float] = field(default_factory=list)

    def __add__(self, later: Measurement) -> Measurement:
        """Both; of the qualities the later ones."""
        return Measurement(
            qualities=later.qualities,
            searches=[*self.searches, *later.searches],
            references=[*self.references, *later.references],
            ratios=[*self.ratios, *later.ratios],
        )

    @property
    def latency(self) -> Latency:
        return Latency(
            median=float(np.median(self.searches)),
            p95=float(np.percentile(self.searches, 95)),
            reference=float(np.median(self.references)),
            ratios=list(self.ratios),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """Asks the ``queries`` for the ``k`` best facts of a corpus, as a store with these spaces does.

    Each text is embedded once by each model, before anything is timed.
    """

    engine: Engine
    spaces: Spaces
    corpus_id: str
    queries: Sequence[LabelledQuery]
    k: int
    mode: Mode
    space: str | None

    def blocks(self, count: int) -> Measurement:
        """Measure ``count`` blocks, each over all queries.

        Raises what a search does, and EmbedderMissing where a query was answered from text alone.
        """
        measured = self._block()
        for _ in range(count - 1):
            measured += self._block()
        return measured

    def _block(self) -> Measurement:
        timed = self.queries[:: math.ceil(len(self.queries) / MOST_TIMED)]
        passes = max(FEWEST_PASSES, math.ceil(SEARCHES / len(timed)))
        searches = np.empty((passes, len(timed)))
        references = np.empty((passes, len(timed)))
        with translated(), _fresh(self.engine) as connection:
            facts = FactRepository(connection, spaces=self.spaces)
            # Not timed: the session learns its tables, and the cache and the vectors get warm.
            qualities = [
                quality_of(self._ask(facts, query), query.relevant, self.k)
                for query in self.queries
            ]
            for turn in range(passes):
                for place, query in enumerate(timed):
                    started = time.perf_counter()
                    connection.execute(REFERENCE).all()
                    middle = time.perf_counter()
                    self._ask(facts, query)
                    searches[turn, place] = 1000 * (time.perf_counter() - middle)
                    references[turn, place] = 1000 * (middle - started)
        return Measurement(
            qualities=qualities,
            searches=searches.ravel().tolist(),
            references=references.ravel().tolist(),
            ratios=[block_ratio(searches, references)],
        )

    def _ask(self, facts: FactRepository, query: LabelledQuery) -> Sequence[UUID]:
        result = facts.search(
            query.query, corpus_id=self.corpus_id, limit=self.k, mode=self.mode, space=self.space
        )
        if result.degraded is not None:
            raise EmbedderMissing("a query was answered from text alone: its embedder is missing")
        return [hit.fact.id for hit in result]


def block_ratio(searches: np.ndarray, references: np.ndarray) -> float:
    """The geometric mean over the queries of the fastest search over the fastest reference.

    Both of shape (passes, queries). The fastest, as whatever else the machine does can only add to
    a time (Chen and Revels 2016, "Robust benchmarking in noisy environments").
    """
    return float(np.exp(np.mean(np.log(searches.min(axis=0)) - np.log(references.min(axis=0)))))


class Remembering:
    """An embedder that embeds each text once: what a model takes is not what is measured."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, Vector] = {}
        self.name = embedder.name
        self.dimensions = embedder.dimensions
        self.normalised = getattr(embedder, "normalised", True)
        self.prefix = getattr(embedder, "prefix", "")

    def embed(self, texts: Sequence[str]) -> Vector:
        """Vectors of unit length, float32, shape (len(texts), dimensions)."""
        new = [given for given in texts if given not in self._vectors]
        self._vectors |= embed_distinct(self._embedder, new)
        return np.stack([self._vectors[given] for given in texts])


def remembering(spaces: Spaces) -> Spaces:
    """The same spaces, of embedders that remember."""
    if spaces.is_empty:
        return spaces
    return Spaces(
        embedders={
            name: [Remembering(embedder) for embedder in makers.values()]
            for name, makers in spaces.by_name.items()
        }
    )


@contextmanager
def _fresh(engine: Engine) -> Iterator[Connection]:
    """A connection that has just been made, in which each statement is a transaction, and closed
    afterwards. The pool's idle ones are closed too: they have the settings of before."""
    engine.dispose()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()
        yield connection
