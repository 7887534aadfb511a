"""A search from its arguments to its result: the query's vector, the statement, the hits."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Unpack
from uuid import UUID

from sqlalchemy import Row, text

from hegel_store.database import Executor, translated
from hegel_store.embeddings.protocol import Embedder, embed_distinct
from hegel_store.embeddings.reranking import Reranker, checked_scores
from hegel_store.errors import EmbedderMissing, EmbeddingSpaceMismatch, InvalidInput, NotFound
from hegel_store.models import Fact, FactFilter, SearchHit, SearchResult
from hegel_store.models.checks import check_id, check_integer, check_name
from hegel_store.models.vectors import (
    Vector,
    all_dimensions,
    slot_for,
    stored_vector,
    unit_vector,
)
from hegel_store.search.diversity import choose
from hegel_store.search.fusion import Mode
from hegel_store.search.statement import MOST_FACTS, Search, SearchOptions, build

logger = logging.getLogger("hegel_store.facts")

UNNAMED_MODEL = "unnamed"
"""What vectors count as that are given to a repository without an embedder."""

FACT_FIELDS = tuple(field.name for field in fields(Fact))


def model_name(embedder: Embedder | None) -> str:
    """The model that vectors of this repository belong to."""
    return UNNAMED_MODEL if embedder is None else embedder.name


class FactSearch:
    """The reading half of FactRepository: every way to search.

    The ``options`` are those of hegel_store.search.Search: text_mode, language, vector_weight,
    length_normalisation, candidates, fusion, diversity and pool.
    """

    def __init__(self, session: Executor, embedder: Embedder | None = None) -> None:
        self._session = session
        self._embedder = embedder

    def search(
        self,
        query: str,
        *,
        corpus_id: str | None = None,
        limit: int = 10,
        mode: Mode = "hybrid",
        filters: FactFilter | None = None,
        embedding: Any = None,
        reranker: Reranker | None = None,
        **options: Unpack[SearchOptions],
    ) -> SearchResult:
        """The facts that answer ``query`` best. One statement.

        ``mode`` is 'hybrid', 'vector' or 'text'. ``embedding`` is the query's vector, made by the
        embedder when not given; when that fails, hybrid answers from text and says so in
        ``degraded``. Any text is a query: one without words matches nothing in the text channel.
        ``reranker`` reads the best ``pool`` facts once more and its scores decide; when it fails,
        their order stays and ``degraded`` says so.

        Raises InvalidInput, EmbedderMissing (vector mode without a vector) and
        EmbeddingSpaceMismatch.
        """
        wanted = Search(
            query=query,
            corpus_id=corpus_id,
            limit=limit,
            mode=mode,
            filters=FactFilter() if filters is None else filters,
            reranked=reranker is not None,
            **options,
        )
        vector, degraded = None, None
        if mode != "text":
            vector, degraded = _query_vector(self._embedder, wanted, embedding)
        return self._run(wanted, vector, degraded, reranker)

    def search_many(
        self,
        queries: Sequence[str],
        *,
        corpus_id: str | None = None,
        limit: int = 10,
        mode: Mode = "hybrid",
        filters: FactFilter | None = None,
        reranker: Reranker | None = None,
        **options: Unpack[SearchOptions],
    ) -> Sequence[SearchResult]:
        """A result for each query, in order, as search() would give it.

        The queries are embedded together, each distinct one once, and before the first statement.
        Raises as search() does.
        """
        filters = FactFilter() if filters is None else filters
        wanted = [
            Search(
                query=query,
                corpus_id=corpus_id,
                limit=limit,
                mode=mode,
                filters=filters,
                reranked=reranker is not None,
                **options,
            )
            for query in queries
        ]
        vectors: Mapping[str, Vector | None] = {}
        degraded = None
        if mode != "text" and wanted:
            vectors, degraded = _query_vectors(self._embedder, queries, mode)
        return [self._run(one, vectors.get(one.query), degraded, reranker) for one in wanted]

    def similar_to(
        self,
        corpus_id: str,
        fact_id: UUID,
        *,
        limit: int = 10,
        filters: FactFilter | None = None,
        other_corpora: bool = False,
    ) -> SearchResult:
        """The facts nearest to a stored one by its own vector, without that one itself.

        In its corpus, or with ``other_corpora`` in all of them. Raises NotFound, InvalidInput (the
        fact has no vector of this repository's size) and EmbeddingSpaceMismatch.
        """
        sizes = all_dimensions() if self._embedder is None else (self._embedder.dimensions,)
        slots = ", ".join(f"fact.{slot_for('embedder', size)}::text" for size in sizes)
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "fact_id": check_id("fact_id", fact_id),
        }
        with translated():
            row = self._session.execute(
                text(
                    f"SELECT coalesce({slots}) AS vector FROM hegel_facts AS fact "
                    "WHERE corpus_id = :corpus_id AND id = :fact_id"
                ),
                values,
            ).one_or_none()
        if row is None:
            raise NotFound("fact", f"{fact_id} in corpus {corpus_id!r}", "fact_id")
        if row.vector is None:
            raise InvalidInput("fact_id", f"fact {fact_id} has no vector to compare with")
        check_integer("limit", limit, minimum=1, maximum=MOST_FACTS - 1)
        wanted = Search(
            query="",
            corpus_id=None if other_corpora else corpus_id,
            limit=limit + 1,
            mode="vector",
            filters=FactFilter() if filters is None else filters,
        )
        found = self._run(wanted, stored_vector(row.vector), None)
        others = [hit for hit in found if hit.fact.id != values["fact_id"]]
        return replace(found, hits=others[:limit])

    def _run(
        self,
        search: Search,
        vector: Vector | None,
        degraded: str | None,
        reranker: Reranker | None = None,
    ) -> SearchResult:
        """Run the search as one statement; without a vector, by text alone."""
        if vector is None:
            search = replace(search, mode="text")
        else:
            search = replace(search, embedding=vector, model=model_name(self._embedder))
        statement, parameters = build(search)
        with translated():
            rows = self._session.execute(statement, parameters).all()
        found = rows[0]
        if found.stranger is not None and search.embedding is not None:
            slot = slot_for("embedding", len(search.embedding))
            raise EmbeddingSpaceMismatch(
                slot, found.stranger, model_name(self._embedder), found.stranger_corpus
            )
        rows = [row for row in rows if row.score is not None]
        hits = [_hit(row) for row in rows]
        order = list(range(len(hits)))
        if reranker is not None:
            hits, order, degraded = _reranked(reranker, search.query, hits, degraded)
        if search.diversity > 0:
            vectors = [
                None if rows[place].vector is None else stored_vector(rows[place].vector)
                for place in order
            ]
            scores = [hit.score for hit in hits]
            chosen = choose(scores, vectors, search.limit, search.diversity)
            hits = [hits[place] for place in chosen]
        hits = hits[: search.limit]
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
    vectors, degraded = _query_vectors(embedder, [search.query], search.mode)
    return vectors.get(search.query), degraded


def _query_vectors(
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


def _reranked(
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
