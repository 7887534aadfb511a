"""A search from its arguments to its result: the query's vector, the statement, the hits."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Unpack
from uuid import UUID

from sqlalchemy import Row, text

from hegel_store.database import Executor, translated
from hegel_store.embeddings.protocol import Embedder
from hegel_store.embeddings.reranking import Reranker
from hegel_store.errors import EmbeddingSpaceMismatch, InvalidInput, NotFound
from hegel_store.models import Fact, FactFilter, ScoreParts, SearchHit, SearchResult
from hegel_store.models.checks import check_id, check_integer, check_name
from hegel_store.models.vectors import Vector, all_dimensions, slot_for, stored_vector
from hegel_store.repositories.fact_models import model_name, query_vector, query_vectors, reranked
from hegel_store.repositories.query_log import QueryLog
from hegel_store.repositories.transactions import atomic
from hegel_store.search.diversity import choose
from hegel_store.search.fusion import Mode
from hegel_store.search.statement import (
    MOST_FACTS,
    MOST_STREAMED,
    Search,
    SearchOptions,
    build,
)

logger = logging.getLogger("hegel_store.facts")

FACT_FIELDS = tuple(field.name for field in fields(Fact))


class FactSearch:
    """The reading half of FactRepository: every way to search.

    The ``options`` are those of hegel_store.search.Search: text_mode, language, vector_weight,
    length_normalisation, candidates, fusion, diversity, pool and quantised.
    """

    def __init__(
        self, session: Executor, embedder: Embedder | None = None, log: QueryLog | None = None
    ) -> None:
        self._session = session
        self._embedder = embedder
        self._log = log

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
        explain: bool = False,
        **options: Unpack[SearchOptions],
    ) -> SearchResult:
        """The facts that answer ``query`` best. One statement.

        ``mode`` is 'hybrid', 'vector' or 'text'. ``embedding`` is the query's vector, made by the
        embedder when not given; when that fails, hybrid answers from text and says so in
        ``degraded``. Any text is a query: one without words matches nothing in the text channel.
        ``reranker`` reads the best ``pool`` facts once more and its scores decide; when it fails,
        their order stays and ``degraded`` says so. ``explain`` runs the search once more for its
        plan, and gives each hit the parts of its score.

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
            explained=explain,
            **options,
        )
        vector, degraded = None, None
        if mode != "text":
            vector, degraded = query_vector(self._embedder, wanted, embedding, self._log)
        return self._run(wanted, vector, degraded, reranker)

    def search_iter(
        self,
        query: str,
        *,
        corpus_id: str | None = None,
        limit: int | None = None,
        mode: Mode = "hybrid",
        filters: FactFilter | None = None,
        embedding: Any = None,
        batch: int = 500,
        **options: Unpack[SearchOptions],
    ) -> Iterator[SearchHit]:
        """The facts that answer ``query``, best first, all of them or ``limit``.

        They come through a cursor of the server, ``batch`` rows at a time, so that memory does not
        grow with them here; the server orders all of them first, in temporary files if need be.
        Both channels offer as many facts as are wanted, so scores are scaled over more facts than
        in a search for the best ten. A transaction is open, and a connection taken, until the last
        one is read or the iterator closed. Reranking and diversity are for search().

        Raises as search() does, when the first fact is asked for.
        """
        for name in ("diversity", "pool"):
            if name in options:
                raise InvalidInput(name, "is not for search_iter(), which keeps no pool of facts")
        wanted = Search(
            query=query,
            corpus_id=corpus_id,
            limit=MOST_STREAMED if limit is None else limit,
            mode=mode,
            filters=FactFilter() if filters is None else filters,
            streamed=True,
            **options,
        )
        check_integer("batch", batch, minimum=1, maximum=MOST_FACTS)
        vector = None
        if mode != "text":
            vector, _ = query_vector(self._embedder, wanted, embedding, self._log)
        return self._stream(self._with_vector(wanted, vector), batch)

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
            if self._log is not None:
                self._log.note(corpus_id, queries)
            vectors, degraded = query_vectors(self._embedder, queries, mode)
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

    def _with_vector(self, search: Search, vector: Vector | None) -> Search:
        """The same search by this vector; without one, by text alone."""
        if vector is None:
            return replace(search, mode="text")
        return replace(search, embedding=vector, model=model_name(self._embedder))

    def _stream(self, search: Search, batch: int) -> Iterator[SearchHit]:
        statement, parameters = build(search)
        with atomic(self._session) as connection:
            rows = connection.execute(
                statement,
                parameters,
                execution_options={"stream_results": True, "max_row_buffer": batch},
            )
            for place, row in enumerate(rows):
                if place == 0:
                    self._require_no_stranger(search, row)
                if row.score is not None:
                    yield _hit(row)

    def _require_no_stranger(self, search: Search, row: Row[Any]) -> None:
        if row.stranger is not None and search.embedding is not None:
            slot = slot_for("embedding", len(search.embedding))
            raise EmbeddingSpaceMismatch(
                slot, row.stranger, model_name(self._embedder), row.stranger_corpus
            )

    def _run(
        self,
        search: Search,
        vector: Vector | None,
        degraded: str | None,
        reranker: Reranker | None = None,
    ) -> SearchResult:
        """Run the search as one statement; without a vector, by text alone."""
        search = self._with_vector(search, vector)
        statement, parameters = build(search)
        plan = None
        with translated():
            rows = self._session.execute(statement, parameters).all()
            if search.explained:
                explain = text(f"EXPLAIN (ANALYZE) {statement.text}")
                plan = "\n".join(self._session.execute(explain, parameters).scalars())
        found = rows[0]
        self._require_no_stranger(search, found)
        rows = [row for row in rows if row.score is not None]
        hits = [_hit(row, search.explained) for row in rows]
        order = list(range(len(hits)))
        if reranker is not None:
            hits, order, degraded = reranked(reranker, search.query, hits, degraded)
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
            plan=plan,
        )


def fact_of(row: Row[Any]) -> Fact:
    """The fact in a row that has the columns of FACT_COLUMNS."""
    return Fact(**{name: getattr(row, name) for name in FACT_FIELDS})


def _hit(row: Row[Any], explained: bool = False) -> SearchHit:
    parts = None
    if explained:
        words = getattr(row, "words", None) or {}
        parts = ScoreParts(vector=row.vector_part, text=row.text_part, words=words)
    return SearchHit(
        fact=fact_of(row),
        score=row.score,
        vector_score=row.vector_score,
        text_score=row.text_score,
        vector_rank=row.vector_rank,
        text_rank=row.text_rank,
        parts=parts,
    )
