"""Labels: found or made, searched by meaning, and their facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from hegel_store.database import Autocommit, Executor, translated
from hegel_store.embeddings.protocol import Embedder, embed_distinct
from hegel_store.errors import EmbedderMissing, InvalidInput, NotFound
from hegel_store.models import Fact, Label, LabelHit
from hegel_store.models.checks import check_id, check_integer, check_name, check_text
from hegel_store.models.vectors import vector_text
from hegel_store.observing import observed
from hegel_store.repositories.fact_rows import fact_of
from hegel_store.repositories.label_writing import COLUMNS, find_or_make, label_of
from hegel_store.search.filters import LIVE
from hegel_store.search.statement import FACT_COLUMNS, FACT_TABLES, MOST_FACTS
from hegel_store.search.vector import EF_SEARCH, MOST_EF_SEARCH, SETTINGS

DIMENSIONS = 384
"""The size of the vectors in hegel_labels."""
BATCH = 500

GET = text(
    f"SELECT {COLUMNS} FROM hegel_labels AS label WHERE corpus_id = :corpus_id AND id = :label_id"
)
ALL = text(
    f"""
    SELECT {COLUMNS} FROM hegel_labels AS label
    WHERE corpus_id = :corpus_id AND deleted_at IS NULL
      AND (CAST(:kind AS text) IS NULL OR kind = :kind)
    ORDER BY name, kind
    LIMIT :limit
    """
)
WITHOUT_VECTOR = text(
    """
    SELECT corpus_id, id, name FROM hegel_labels
    WHERE deleted_at IS NULL AND embedding_model IS DISTINCT FROM :model
      AND (CAST(:corpus_id AS text) IS NULL OR corpus_id = :corpus_id)
      AND has_column_privilege(tableoid, 'embedding', 'UPDATE')
      AND current_setting('transaction_read_only') = 'off'
    LIMIT :limit
    """
)
"""None for who could not store the vectors: an evaluation and a dashboard search what is there."""

EMBED = text(
    f"""
    UPDATE hegel_labels AS label
    SET embedding = CAST(made.embedding AS halfvec({DIMENSIONS})), embedding_model = :model
    FROM unnest(CAST(:corpora AS text[]), CAST(:ids AS uuid[]), CAST(:embeddings AS text[]))
        AS made (corpus_id, id, embedding)
    WHERE label.corpus_id = made.corpus_id AND label.id = made.id
    """
)
# The relaxed order of the scan is put right outside of it.
SEARCH = text(
    f"""
    WITH {SETTINGS}
    SELECT near.* FROM settings, LATERAL (
        SELECT
            {COLUMNS},
            embedding <=> CAST(:embedding AS halfvec({DIMENSIONS})) AS distance
        FROM hegel_labels AS label
        WHERE deleted_at IS NULL AND embedding_model = :model AND settings.scan IS NOT NULL
          AND (CAST(:corpus_id AS text) IS NULL OR corpus_id = :corpus_id)
          AND (CAST(:kind AS text) IS NULL OR kind = :kind)
        ORDER BY embedding <=> CAST(:embedding AS halfvec({DIMENSIONS}))
        LIMIT :limit
    ) AS near
    ORDER BY near.distance + 0, near.corpus_id, near.id
    """
)
FACTS = text(
    f"""
    SELECT {FACT_COLUMNS} FROM {FACT_TABLES}
    WHERE fact.corpus_id = :corpus_id AND fact.label_id = :label_id AND {" AND ".join(LIVE)}
    ORDER BY fact.created_at DESC, fact.id DESC
    LIMIT :limit
    """
)


@observed("labels")
class LabelRepository:
    """The labels of corpora. ``embedder`` makes the vectors that a search compares."""

    def __init__(self, session: Executor, embedder: Embedder | None = None) -> None:
        self._session = session
        self._embedder = embedder

    def find_or_create(
        self, corpus_id: str, name: str, *, kind: str = "general", category: str | None = None
    ) -> Label:
        """The label of this name and kind, made when there is none; ``category`` is for a new one.

        However many ask at the same time, they get the same one. Raises InvalidInput.
        """
        key = (
            check_name("corpus_id", corpus_id),
            check_name("name", name),
            check_name("kind", kind),
        )
        if category is not None:
            check_name("category", category)
        return find_or_make(self._session, {key: category})[key]

    def get(self, corpus_id: str, label_id: UUID) -> Label:
        """One label, deleted or not. Raises NotFound."""
        with translated():
            row = self._session.execute(GET, _key(corpus_id, label_id)).one_or_none()
        if row is None:
            raise NotFound("label", f"{label_id} in corpus {corpus_id!r}", "label_id")
        return label_of(row)

    def all(self, corpus_id: str, *, kind: str | None = None, limit: int = 1000) -> Sequence[Label]:
        """The labels of a corpus, by name."""
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "kind": None if kind is None else check_name("kind", kind),
            "limit": check_integer("limit", limit, minimum=1),
        }
        with translated():
            return [label_of(row) for row in self._session.execute(ALL, values)]

    def search(
        self, query: str, *, corpus_id: str | None = None, kind: str | None = None, limit: int = 10
    ) -> Sequence[LabelHit]:
        """The labels whose names are nearest to ``query`` in meaning, the nearest first.

        On the store, names that this embedder's model has not embedded yet are embedded first; in
        a transaction, and by a role that only reads labels, they are not found. Raises InvalidInput
        (also for a model of another size than 384) and EmbedderMissing.
        """
        check_text("query", query)
        values: dict[str, Any] = {
            "corpus_id": None if corpus_id is None else check_name("corpus_id", corpus_id),
            "kind": None if kind is None else check_name("kind", kind),
            "limit": check_integer("limit", limit, minimum=1, maximum=MOST_FACTS),
            "ef_search": max(EF_SEARCH, min(limit, MOST_EF_SEARCH)),
        }
        embedder = self._embedder
        if embedder is None:
            raise EmbedderMissing("a search for labels needs an embedder")
        if embedder.dimensions != DIMENSIONS:
            raise InvalidInput(
                "embedder",
                f"makes vectors of {embedder.dimensions} dimensions; those of labels "
                f"have {DIMENSIONS}",
            )
        vector = embed_distinct(embedder, [query])[query]
        if isinstance(self._session, Autocommit):
            self._embed(self._session, embedder, values["corpus_id"])
        values |= {"embedding": vector_text(vector), "model": embedder.name}
        with translated():
            rows = self._session.execute(SEARCH, values).all()
        return [LabelHit(label=label_of(row), similarity=1 - row.distance) for row in rows]

    def facts(self, corpus_id: str, label_id: UUID, *, limit: int = 100) -> Sequence[Fact]:
        """The live facts about a label, the newest first."""
        values = _key(corpus_id, label_id) | {"limit": check_integer("limit", limit, minimum=1)}
        with translated():
            return [fact_of(row) for row in self._session.execute(FACTS, values)]

    def _embed(self, session: Autocommit, embedder: Embedder, corpus_id: str | None) -> None:
        """Embed what this model has not, outside of transactions."""
        wanted = {"model": embedder.name, "corpus_id": corpus_id, "limit": BATCH}
        with translated():
            while rows := session.execute(WITHOUT_VECTOR, wanted).all():
                vectors = embed_distinct(embedder, [row.name for row in rows])
                made = {
                    "model": embedder.name,
                    "corpora": [row.corpus_id for row in rows],
                    "ids": [row.id for row in rows],
                    "embeddings": [vector_text(vectors[row.name]) for row in rows],
                }
                session.execute(EMBED, made)


def _key(corpus_id: str, label_id: UUID) -> dict[str, Any]:
    return {
        "corpus_id": check_name("corpus_id", corpus_id),
        "label_id": check_id("label_id", label_id),
    }
