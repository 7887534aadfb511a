"""What vector indexes find, and how fast: each by itself, on the live table, and nobody waits.

Everything happens in one transaction that is rolled back. In it the function that searches order by
(hegel_store.schema.vector_keys) is replaced, which nobody else sees, so that the planner finds one
index, then the other. Other ways than an index are made dear to it meanwhile, and EXPLAIN has to
name the index, or there is no measurement.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine

from hegel_store.database import translated
from hegel_store.embeddings.protocol import Embedder, embed_distinct, maker_of
from hegel_store.errors import DatabaseError, NotFound
from hegel_store.models.checks import check_integer
from hegel_store.models.vector_indexes import Measured, MeasuredIndex, VectorIndex
from hegel_store.models.vectors import stored_vector, vector_text
from hegel_store.operations.vector_indexes import statements
from hegel_store.operations.vector_indexes.catalog import Place, place_of
from hegel_store.repositories.query_log import MOST_FREQUENT
from hegel_store.schema.vector_keys import Form
from hegel_store.search import recall
from hegel_store.search.recall import Answer
from hegel_store.search.vector import EF_SEARCH, MOST_EF_SEARCH, PROBES

TABLE_KS = (10, 100)
"""For how many facts the recalls of a table are measured, beside the k that is asked for."""
TRIED = {"hnsw": (20, 40, 80, 100, 160, 320, 640), "ivfflat": (1, 2, 5, 10, 20, 40, 80)}
"""Which ef_search, or probes, a table has."""
MOVED = 0.3
"""How far a stored vector is moved to be asked for, of its own length: to a cosine of 0.96."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Vectors in pgvector's text form, and where they are from."""

    vectors: Sequence[str]
    source: str


def measure(
    engine: Engine,
    name: str,
    *,
    k: int = 10,
    sample: int = 50,
    seed: int | None = None,
    embedder: Embedder | None = None,
) -> Measured:
    """Compare what the index ``name`` (and the one beside it, if that is complete) finds of the
    ``k`` (1..1000) nearest facts with an exact search. Changes nothing.

    Asked are the ``sample`` (1..10,000) questions of the query log that were asked the most, where
    there are any and ``embedder`` is what made the vectors of the column. Otherwise stored vectors,
    drawn at random or by ``seed`` and moved by noise: that flatters an index, which has linked what
    lies around them when it stored them.

    Raises InvalidInput, NotFound (no such index, or fewer than two facts with a vector) and
    DatabaseError where no index is valid, or the planner cannot be brought to use it.
    """
    check_integer("k", k, minimum=1, maximum=MOST_EF_SEARCH)
    check_integer("sample", sample, minimum=1, maximum=10_000)
    seed = check_integer("seed", random.randrange(2**31) if seed is None else seed)
    with translated(), engine.connect() as connection:
        place = place_of(connection, name)
        questions = questions_of(connection, place, sample, embedder)
    # Embedded outside of the transaction, which would wait for the model with its snapshot.
    asked = _embedded(questions, embedder)
    with bench(engine, place) as made:
        asked = made.moved(sample, seed) if asked is None else asked
        there = [index for index in (place.serving, place.beside) if index and index.valid]
        if not there:
            raise DatabaseError(f"{name} is INVALID: what an interrupted build has left")
        return made.compare(asked, k, there)


def questions_of(
    connection: Connection, place: Place, most: int, embedder: Embedder | None
) -> Sequence[str]:
    """What the log says is asked the most, if the embedder made what is in the column."""
    if embedder is None:
        return []
    maker = maker_of(embedder)
    made = connection.execute(statements.SPACES_OF, {"slot": place.slot}).all()
    if [(row.model, row.dimensions) for row in made] != [(maker.model, maker.dimensions)]:
        return []
    return connection.execute(MOST_FREQUENT, {"limit": most}).scalars().all()


def _embedded(questions: Sequence[str], embedder: Embedder | None) -> Asked | None:
    if not questions or embedder is None:
        return None
    vectors = embed_distinct(embedder, questions)
    return Asked([vector_text(vectors[question]) for question in questions], "query log")


@contextmanager
def bench(engine: Engine, place: Place) -> Iterator[Bench]:
    """A transaction of one snapshot in which indexes can be measured; rolled back."""
    with translated(), engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ")
        yield Bench(connection, place)  # and no commit


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the indexes of one column are measured."""

    connection: Connection
    place: Place

    def moved(self, sample: int, seed: int) -> Asked:
        """Stored vectors, moved by MOVED of their length in a direction drawn by ``seed``."""
        statement, parameters = recall.sample_statement(self.place.slot, None)
        drawn = self.connection.execute(statement, parameters | {"seed": seed, "limit": sample})
        noise = np.random.default_rng(seed)
        vectors = []
        for row in drawn:
            vector = stored_vector(row.vector)
            away = noise.standard_normal(len(vector))
            there = vector + MOVED * away / np.linalg.norm(away)
            vectors.append(vector_text((there / np.linalg.norm(there)).astype(np.float32)))
        if len(vectors) < 2:
            raise NotFound("second fact", f"with a vector in {self.place.slot}", "name")
        return Asked(vectors, "stored vectors, moved")

    def compare(self, asked: Asked, k: int, indexes: Sequence[VectorIndex]) -> Measured:
        """Each index on all queries, in turn and twice; the second round's times count."""
        ks = sorted({k, *TABLE_KS})
        exact = [self._exact(vector, max(ks)) for vector in asked.vectors]
        rounds = [
            [self._round(index, asked, _effort(index, k), max(ks)) for index in indexes]
            for _ in range(2)
        ]
        return Measured(
            k=k,
            queries=len(asked.vectors),
            queries_from=asked.source,
            exact_p50=float(np.median([answer.milliseconds for answer in exact])),
            indexes=[
                self._measured(index, asked, answers, exact, k, ks)
                for index, answers in zip(indexes, rounds[1], strict=True)
            ],
        )

    def _measured(
        self,
        index: VectorIndex,
        asked: Asked,
        answers: Sequence[Answer],
        exact: Sequence[Answer],
        k: int,
        ks: Sequence[int],
    ) -> MeasuredIndex:
        table: dict[int, dict[int, float]] = {each: {} for each in ks}
        for effort in TRIED[index.method]:
            found = self._round(index, asked, effort, max(ks))
            for each in ks:
                if index.method == "ivfflat" or effort >= each:
                    table[each][effort] = _recall(found, exact, each)
        standing = recall.point(
            _effort(index, k),
            _cut(answers, k),
            _cut(exact, k),
            index=index.name,
            short=0,
        )
        return MeasuredIndex(
            name=index.name,
            effort=_effort(index, k),
            recall=standing.recall,
            worst=standing.worst,
            p50=standing.p50,
            p95=standing.p95,
            table={each: of for each, of in table.items() if of},
        )

    def _exact(self, vector: str, k: int) -> Answer:
        statement, parameters = recall.exact_statement(self.place.slot, None)
        return self._answer(statement, parameters | {"embedding": vector, "limit": k})

    def _round(self, index: VectorIndex, asked: Asked, effort: int, most: int) -> Sequence[Answer]:
        """All queries by this index, with this ef_search or these probes; up to ``most`` facts of
        an IVFFlat index, and as many as an HNSW scan looks at before it would go on."""
        self._only(index, effort)
        depth = effort if index.method == "hnsw" else most
        statement, parameters = recall.indexed_statement(self.place.slot, None)
        explain, _ = recall.indexed_statement(self.place.slot, None, explain=True)
        parameters |= {"depth": depth, "limit": depth, "embedding": asked.vectors[0]}
        (plan,) = self.connection.execute(explain, parameters).scalar_one()
        used = set(recall.indexes_in(plan["Plan"]))
        if used != {index.name}:
            raise DatabaseError(
                f"{index.name} cannot be measured: the planner uses {', '.join(used) or 'none'}"
            )
        return [
            self._answer(statement, parameters | {"embedding": vector}) for vector in asked.vectors
        ]

    def _only(self, index: VectorIndex, effort: int) -> None:
        """Let the planner find this index alone."""
        form: Form = "subvector" if index.form == "subvector" else "plain"
        hnsw = index.method == "hnsw"
        for statement in (
            statements.search_by(self.place.slot, form, self.place.function),
            *(
                statements.set_local(name, value)
                for name, value in (
                    ("hnsw.iterative_scan", "relaxed_order"),
                    ("hnsw.ef_search", str(effort if hnsw else EF_SEARCH)),
                    ("ivfflat.iterative_scan", "relaxed_order"),
                    ("ivfflat.probes", str(PROBES if hnsw else min(effort, _lists(index)))),
                    ("plan_cache_mode", "force_custom_plan"),
                    ("enable_seqscan", "off"),
                    ("enable_bitmapscan", "off"),
                    ("enable_sort", "off"),
                )
            ),
        ):
            self.connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def _answer(self, statement: Any, parameters: dict[str, Any]) -> Answer:
        started = time.perf_counter()
        rows = self.connection.execute(statement, parameters).all()
        milliseconds = 1000 * (time.perf_counter() - started)
        return Answer([((row.corpus_id, row.id), row.distance) for row in rows], milliseconds)


def _lists(index: VectorIndex) -> int:
    return index.parameters["lists"]


def _effort(index: VectorIndex, k: int) -> int:
    """What a search for k facts that is told nothing else takes."""
    return max(EF_SEARCH, k) if index.method == "hnsw" else min(PROBES, _lists(index))


def _cut(answers: Sequence[Answer], k: int) -> Sequence[Answer]:
    return [Answer(answer.facts[:k], answer.milliseconds) for answer in answers]


def _recall(found: Sequence[Answer], exact: Sequence[Answer], k: int) -> float:
    pairs = zip(_cut(found, k), _cut(exact, k), strict=True)
    return float(np.mean([recall.recall_of(answer.facts, right.facts) for answer, right in pairs]))
