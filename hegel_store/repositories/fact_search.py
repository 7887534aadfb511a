"""A search from its arguments to its result: the query's vector, the statement, the hits."""

from __future__ import annotations

import logging
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Row

from hegel_store.database import Executor, translated
from hegel_store.embeddings.protocol import Embedder, embed_distinct
from hegel_store.errors import EmbedderMissing, EmbeddingSpaceMismatch, InvalidInput
from hegel_store.models import Fact, SearchHit, SearchResult
from hegel_store.models.vectors import Vector, slot_for, unit_vector
from hegel_store.search.statement import Search, build

logger = logging.getLogger("hegel_store.facts")

UNNAMED_MODEL = "unnamed"
"""What vectors count as that are given to a repository without an embedder."""

FACT_FIELDS = tuple(field.name for field in fields(Fact))


def model_name(embedder: Embedder | None) -> str:
    """The model that vectors of this repository belong to."""
    return UNNAMED_MODEL if embedder is None else embedder.name


def run(
    session: Executor, embedder: Embedder | None, search: Search, embedding: Any
) -> SearchResult:
    """Make the query's vector if there is none, and run the search as one statement."""
    degraded = None
    if search.mode != "text":
        vector, degraded = _query_vector(embedder, search, embedding)
        if vector is None:
            search = replace(search, mode="text")
        else:
            search = replace(search, embedding=vector, model=model_name(embedder))
    statement, parameters = build(search)
    with translated():
        rows = session.execute(statement, parameters).all()
    found = rows[0]
    if found.stranger is not None and search.embedding is not None:
        slot = slot_for("embedding", len(search.embedding))
        raise EmbeddingSpaceMismatch(
            slot, found.stranger, model_name(embedder), found.stranger_corpus
        )
    hits = [_hit(row) for row in rows if row.score is not None]
    return SearchResult(
        hits=hits,
        exact=search.embedding is None or found.exact,
        complete=len(hits) == search.limit or not (found.words_cut or found.unembedded),
        scan_limit_hit=found.scan_limit_hit,
        candidates=found.candidates,
        degraded=degraded,
    )


def _query_vector(
    embedder: Embedder | None, search: Search, given: Any
) -> tuple[Vector | None, str | None]:
    """The query's vector, or None and what was missing (which vector mode cannot do without)."""
    if given is not None:
        vector = unit_vector("embedding", given)
        if embedder is not None and len(vector) != embedder.dimensions:
            raise InvalidInput(
                "embedding", f"has {len(vector)} dimensions, the embedder {embedder.dimensions}"
            )
        return vector, None
    required = search.mode == "vector"
    if embedder is None:
        if required:
            raise EmbedderMissing("vector search needs an embedder or an embedding")
        return None, "embedder"
    try:
        return embed_distinct(embedder, [search.query])[search.query], None
    except Exception as error:
        if required:
            raise
        logger.warning("answering from text alone, as the embedder failed: %s", error)
        return None, "embedder"


def fact_of(row: Row[Any]) -> Fact:
    """The fact in a row that has the columns of FACT_COLUMNS."""
    return Fact(**{name: getattr(row, name) for name in FACT_FIELDS})


def _hit(row: Row[Any]) -> SearchHit:
    return SearchHit(
        fact=fact_of(row),
        score=row.score,
        vector_score=row.vector_score,
        text_score=row.text_score,
        vector_rank=row.vector_rank,
        text_rank=row.text_rank,
    )
