"""A self-test: does the HNSW index find what an exact search finds, on the facts that are there?"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, RowMapping, TextClause

from hegel_store.database import one_snapshot, translated
from hegel_store.embeddings.protocol import Embedder, embed_distinct, maker_of
from hegel_store.errors import EmbedderMissing, InvalidInput, NotFound
from hegel_store.models.checks import check_integer, check_name, check_text
from hegel_store.models.vectors import all_dimensions, size_of, slot_for, slots_for, vector_text
from hegel_store.repositories.spaces import mismatch
from hegel_store.search import recall
from hegel_store.search.recall import Answer, FactKey, RecallPoint, RecallReport
from hegel_store.search.spaces import place_of
from hegel_store.search.vector import EF_SEARCH, MOST_EF_SEARCH

EF_TRIED = (20, 40, 80, 100, 160, 320, 640)


def measure_recall(
    engine: Engine,
    *,
    embedder: Embedder | None = None,
    queries: Sequence[str] | None = None,
    corpus_id: str | None = None,
    dimensions: int | None = None,
    k: int = 10,
    ef_search: Sequence[int] | None = None,
    sample: int = 100,
    seed: int | None = None,
) -> RecallReport:
    """Compare what the HNSW index finds with an exact search for the ``k`` (1..1000) nearest facts.

    Each ``ef_search`` (k..1000; by default EF_TRIED and what a search uses) is tried as a search
    that is called with so many ``candidates`` runs it: an iterative scan for that many facts, the
    best k of which count. Every query is run twice, and the second time is taken, at the client.
    A fact that was found is right when it is as near as the last of the exact
    list, so that equals may stand for each other.

    The queries are the vectors of ``sample`` (1..10,000) live facts, drawn at random, or by
    ``seed`` (0..2**31 - 1); each is left out of its own lists. That flatters the index a little:
    it was linked to its neighbours when it was stored, and a question never was. Moving the
    vectors by noise does not help, as the scan then passes by the fact and its links all the same.
    For the last word give ``queries``: real questions, which ``embedder`` turns into vectors.

    ``corpus_id`` and ``dimensions`` say which facts; by default those of all corpora, and the
    embedder's size or the only one that there are vectors of.

    Everything is read in one transaction, which is read-only and sees one snapshot. On a large
    table it takes long, mostly for the exact searches, each of which reads all vectors; as long as
    it lasts, VACUUM keeps what is deleted.

    Raises InvalidInput, NotFound (fewer than two facts with vectors), EmbedderMissing (texts, and
    no embedder) and EmbeddingSpaceMismatch (vectors of several models, or of another one than the
    embedder's).
    """
    tried = _tried(ef_search, k)
    check_integer("sample", sample, minimum=1, maximum=10_000)
    seed = check_integer("seed", random.randrange(2**31) if seed is None else seed)
    if corpus_id is not None:
        check_name("corpus_id", corpus_id)
    if dimensions is not None:
        slot_for("dimensions", check_integer("dimensions", dimensions))
    if embedder is not None:
        slot_for("embedder", embedder.dimensions)
        if dimensions not in (None, embedder.dimensions):
            raise InvalidInput(
                "dimensions", f"is {dimensions}, but the embedder's are {embedder.dimensions}"
            )
        dimensions = embedder.dimensions
    # Embedded before the transaction, which would wait for the model with its snapshot.
    asked = None if queries is None else _embedded(queries, embedder)
    with _snapshot(engine) as connection:
        spaces = connection.execute(recall.SPACES, {"corpus_id": corpus_id}).mappings().all()
        slot, facts = _counted(connection, corpus_id, dimensions, spaces)
        _require_one_model(slot, spaces, embedder)
        run = _Run(connection, corpus_id, slot, k)
        if asked is None:
            asked = run.sampled(sample, seed)
        exact = [run.exact(query) for query in asked]
        indexes = run.indexes()
        return RecallReport(
            slot=run.slot,
            corpus_id=corpus_id,
            facts=facts,
            queries=len(asked),
            seed=seed if queries is None else None,
            k=k,
            default=max(EF_SEARCH, k),
            indexes=indexes,
            exact_p50=float(np.median([answer.milliseconds for answer in exact])),
            points=[run.point(ef, asked, exact, tuple(indexes)) for ef in tried],
        )


@dataclass(frozen=True, slots=True)
class _Query:
    """A vector in pgvector's text form, and the fact that it is the vector of, if any."""

    embedding: str
    fact: FactKey | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """The statements of one measurement, in its transaction."""

    connection: Connection
    corpus_id: str | None
    slot: str
    k: int

    def indexes(self) -> dict[str, str]:
        rows = self.connection.execute(recall.INDEXES, {"slot": self.slot})
        return {row.name: row.parameters or "" for row in rows}

    def sampled(self, sample: int, seed: int) -> list[_Query]:
        statement, parameters = recall.sample_statement(self.slot, self.corpus_id)
        parameters |= {"seed": seed, "limit": sample}
        return [
            _Query(row.vector, (row.corpus_id, row.id))
            for row in self.connection.execute(statement, parameters)
        ]

    def exact(self, query: _Query) -> Answer:
        statement, parameters = recall.exact_statement(self.slot, self.corpus_id)
        parameters |= {"embedding": query.embedding, "limit": self.k + 1}
        return self._answer(query, statement, parameters)[0]

    def point(
        self,
        ef_search: int,
        queries: Sequence[_Query],
        exact: Sequence[Answer],
        indexes: Sequence[str],
    ) -> RecallPoint:
        """What this ef_search finds of the exact answers."""
        self.connection.execute(recall.SETTINGS, {"ef_search": ef_search})
        depth = max(ef_search, self.k + 1)
        statement, parameters = recall.indexed_statement(self.slot, self.corpus_id)
        explain, _ = recall.indexed_statement(self.slot, self.corpus_id, explain=True)
        parameters |= {"depth": depth, "limit": self.k + 1}
        answers, short = [], 0
        for query in queries:
            parameters["embedding"] = query.embedding
            # Twice, so that every ef_search finds the cache equally warm.
            self._answer(query, statement, parameters)
            answer, rows = self._answer(query, statement, parameters)
            answers.append(answer)
            short += not rows or rows[0].found < depth
        (plan,) = self.connection.execute(explain, parameters).scalar_one()
        used = [name for name in recall.indexes_in(plan["Plan"]) if name in indexes]
        return recall.point(
            ef_search, answers, exact, index=used[0] if used else None, short=short / len(queries)
        )

    def _answer(
        self, query: _Query, statement: TextClause, parameters: dict[str, Any]
    ) -> tuple[Answer, Sequence[Any]]:
        started = time.perf_counter()
        rows = self.connection.execute(statement, parameters).all()
        milliseconds = 1000 * (time.perf_counter() - started)
        found = [((row.corpus_id, row.id), row.distance) for row in rows]
        return Answer(recall.without(query.fact, found, self.k), milliseconds), rows


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """A fact that is added between two statements would look like one that the index had missed."""
    with translated(), one_snapshot(engine) as connection:
        yield connection


def _tried(ef_search: Sequence[int] | None, k: int) -> Sequence[int]:
    check_integer("k", k, minimum=1, maximum=MOST_EF_SEARCH)
    if ef_search is None:
        ef_search = [ef for ef in EF_TRIED if ef >= k]
    if not isinstance(ef_search, Sequence):
        raise InvalidInput("ef_search", f"must be a list, not {type(ef_search).__name__}")
    for ef in ef_search:
        check_integer("ef_search", ef, minimum=k, maximum=MOST_EF_SEARCH)
    return sorted({*ef_search, max(EF_SEARCH, k)})


def _embedded(queries: Sequence[str], embedder: Embedder | None) -> list[_Query]:
    if not isinstance(queries, Sequence) or isinstance(queries, str) or not queries:
        raise InvalidInput("queries", "must be one text or more, in a list")
    if embedder is None:
        raise EmbedderMissing("queries that are texts need an embedder")
    vectors = embed_distinct(embedder, [check_text("queries", query) for query in queries])
    return [_Query(vector_text(vectors[query])) for query in queries]


def _counted(
    connection: Connection,
    corpus_id: str | None,
    dimensions: int | None,
    spaces: Sequence[RowMapping],
) -> tuple[str, int]:
    """The slot of the vectors, and how many facts have one. Raises InvalidInput and NotFound.

    A slot that serves nobody, as it is being filled or was retired, does not count.
    """
    sizes = all_dimensions() if dimensions is None else (dimensions,)
    idle = {row["slot"] for row in spaces if row["state"] != "serving"}
    idle -= {row["slot"] for row in spaces if row["state"] == "serving"}
    slots = [slot for size in sizes for slot in slots_for("dimensions", size) if slot not in idle]
    statement, parameters = recall.count_statement(slots, corpus_id)
    counts = zip(slots, connection.execute(statement, parameters).one(), strict=True)
    filled = [(slot, count) for slot, count in counts if count]
    if len(filled) > 1:
        named = ", ".join(str(size_of(slot)) for slot, _ in filled)
        raise InvalidInput("dimensions", f"say which: there are vectors of {named}")
    if not filled or filled[0][1] < 2:
        what = "fact" if not filled else "second fact"
        size = "" if dimensions is None else f" of {dimensions} dimensions"
        where = "" if corpus_id is None else f" in corpus {corpus_id!r}"
        raise NotFound(what, f"with a vector{size}{where}", "corpus_id")
    return filled[0]


def _require_one_model(slot: str, spaces: Sequence[RowMapping], embedder: Embedder | None) -> None:
    """A search would compare no vectors of two models, so that there is nothing to measure."""
    own = [row for row in spaces if row["slot"] == slot]
    places = [(row["corpus_id"], place_of(row)) for row in own]
    if not places:
        return
    _, first = places[0]
    given = first if embedder is None else replace(first, maker=maker_of(embedder))
    strangers = [(corpus, place) for corpus, place in places if place.maker != given.maker]
    if strangers:
        raise mismatch(strangers[0][1], given, [corpus for corpus, _ in strangers])
