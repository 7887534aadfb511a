"""What models do for a search, and what becomes of it when one fails."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hegel_store.embeddings.protocol import Embedder, embed_distinct
from hegel_store.embeddings.reranking import Reranker, checked_scores
from hegel_store.errors import EmbedderMissing, InvalidInput
from hegel_store.models import SearchHit
from hegel_store.models.vectors import Vector, unit_vector
from hegel_store.repositories.query_log import QueryLog
from hegel_store.search.fusion import Mode
from hegel_store.search.statement import Search

logger = logging.getLogger("hegel_store.facts")


UNNAMED_MODEL = "unnamed"
"""What vectors count as that are given to a repository without an embedder."""


def model_name(embedder: Embedder | None) -> str:
    """The model that vectors of this repository belong to."""
    return UNNAMED_MODEL if embedder is None else embedder.name


def query_vector(
    embedder: Embedder | None, search: Search, given: Any, log: QueryLog | None
) -> tuple[Vector | None, str | None]:
    """The query's vector, or None and what was missing (which vector mode cannot do without)."""
    if given is not None:
        vector = unit_vector("embedding", given)
        if embedder is not None and len(vector) != embedder.dimensions:
            raise InvalidInput(
                "embedding", f"has {len(vector)} dimensions, the embedder {embedder.dimensions}"
            )
        return vector, None
    if log is not None:
        log.note(search.corpus_id, [search.query])
    vectors, degraded = query_vectors(embedder, [search.query], search.mode)
    return vectors.get(search.query), degraded


def query_vectors(
    embedder: Embedder | None, queries: Sequence[str], mode: Mode
) -> tuple[Mapping[str, Vector], str | None]:
    """A vector for each distinct query; or none of them, and what was missing."""
    if embedder is None:
        if mode == "vector":
            raise EmbedderMissing("vector search needs an embedder or an embedding")
        return {}, "embedder"
    try:
        return embed_distinct(embedder, queries), None
    except Exception as error:
        if mode == "vector":
            raise
        logger.warning("answering from text alone, as the embedder failed: %s", error)
        return {}, "embedder"


def reranked(
    reranker: Reranker, query: str, hits: list[SearchHit], degraded: str | None
) -> tuple[list[SearchHit], list[int], str | None]:
    """The hits by the reranker's scores, from where each of them comes, and what was missing."""
    order = list(range(len(hits)))
    try:
        scores = checked_scores(reranker, query, [hit.fact.content for hit in hits])
    except Exception as error:
        logger.warning("the order of the search stays, as the reranker failed: %s", error)
        return hits, order, degraded or "reranker"
    order.sort(key=lambda place: -scores[place])  # stable: equals stay in the search's order
    return [replace(hits[place], score=float(scores[place])) for place in order], order, degraded
