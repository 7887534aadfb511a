"""Facts with clustered vectors, questions near them, and HNSW indexes of any quality."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from sqlalchemy import text

from hegel_store.models.identifiers import uuid7
from hegel_store.models.vectors import Vector, vector_text
from hegel_store.store import Store

INDEX = "idx_hegel_facts_embedding_384"
FACTS = 9000
QUERIES = [f"question {n}" for n in range(30)]


def clustered(count: int, seed: int) -> Vector:
    """Unit vectors around forty centres, float32 (count, 384)."""
    centres = np.random.default_rng(0).standard_normal((40, 384))
    random = np.random.default_rng(seed)
    made = centres[random.integers(40, size=count)] + 0.7 * random.standard_normal((count, 384))
    unit: Vector = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
    return unit


class Clustered:
    """The questions' vectors: of the facts' clusters, and none of them stored."""

    name = "clusters"
    dimensions = 384

    def embed(self, texts: Sequence[str]) -> Vector:
        made = clustered(len(QUERIES), seed=2)
        return made[[QUERIES.index(text) for text in texts]]


embedder = Clustered()


def load(
    store: Store, vectors: Vector, corpus_id: str = "c", model: str = "clusters"
) -> list[UUID]:
    """Store facts with these vectors past the library, which is faster; their ids, in order."""
    ids = [uuid7() for _ in vectors]
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO hegel_embedding_spaces (corpus_id, slot, model, dimensions)"
                " VALUES (:corpus_id, 'embedding_384', :model, 384)"
            ),
            {"corpus_id": corpus_id, "model": model},
        )
        cursor = connection.connection.cursor()
        columns = "corpus_id, id, content, embedding_384"
        with cursor.copy(f"COPY hegel_facts ({columns}) FROM STDIN") as copy:
            for id_, vector in zip(ids, vectors, strict=True):
                copy.write_row((corpus_id, id_, str(id_), vector_text(vector)))
    return ids


def index(store: Store, m: int | None, ef_construction: int = 0) -> None:
    """Build the index anew; with None, leave it away."""
    with store.engine.begin() as connection:
        connection.execute(text(f"DROP INDEX IF EXISTS {INDEX}"))
        if m is not None:
            connection.execute(
                text(
                    f"CREATE INDEX {INDEX} ON hegel_facts"
                    " USING hnsw (embedding_384 halfvec_cosine_ops)"
                    f" WITH (m = {m}, ef_construction = {ef_construction})"
                    " WHERE deleted_at IS NULL"
                )
            )
        connection.execute(text("ANALYZE hegel_facts"))


def fill(store: Store) -> None:
    """Store FACTS facts in the corpus "c", and leave their index away."""
    index(store, None)
    load(store, clustered(FACTS, seed=1))
