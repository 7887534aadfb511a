"""A search from its arguments to its result: the query's vector, the statement, the hits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Unpack
from uuid import UUID

from sqlalchemy import RowMapping

from hegel_store.database import Autocommit, bound_to, translated
from hegel_store.embeddings.reranking import Reranker
from hegel_store.errors import EmbeddingSpaceMismatch, InvalidInput, NotFound
from hegel_store.models import FactFilter, SearchHit, SearchResult
from hegel_store.models.checks import check_id, check_integer, check_name
from hegel_store.models.spaces import Maker
from hegel_store.models.vectors import stored_vector
from hegel_store.repositories.fact_answering import Answering
from hegel_store.repositories.fact_models import Asked
from hegel_store.repositories.fact_rows import (
    own_vector,
    streamed,
)
from hegel_store.repositories.search_telling import (
    Watch,
    match_type,
    match_types,
    tell_search,
    tell_stream,
)
from hegel_store.repositories.spaces import mismatch
from hegel_store.search.fusion import Mode
from hegel_store.search.spaces import place_of
from hegel_store.search.statement import (
    MOST_FACTS,
    MOST_STREAMED,
    Search,
    SearchOptions,
    known,
)


class FactSearch(Answering):
    """The reading half of FactRepository: every way to search.

    The ``options`` are those of hegel_store.search.statement.Search: text_mode, language,
    vector_weight, length_normalisation, candidates, fusion, freshness_weight, usefulness_weight,
    diversity, pool, quantised and recall.
    """

    def search(
        self,
        query: str,
        *,
        corpus_id: str | None = None,
        limit: int = 10,
        mode: Mode = "hybrid",
        filters: FactFilter | None = None,
        space: str | None = None,
        embedding: Any = None,
        reranker: Reranker | None = None,
        explain: bool = False,
        **options: Unpack[SearchOptions],
    ) -> SearchResult:
        """The facts that answer ``query`` best. One statement; two after a move to another model.

        ``mode`` is 'hybrid', 'vector' or 'text'. ``space`` is one that the store has an embedder
        for, by default its first. ``embedding`` is the query's vector, by the space's first
        embedder; made when not given, and when that fails, hybrid answers from text and says so in
        ``degraded``. Any text is a query: one without words matches nothing in the text channel.
        ``reranker`` reads the best ``pool`` facts (``limit``, if that is more) once more and its
        scores decide; when it fails, their order stays and ``degraded`` says so. ``explain`` runs
        the search once more for its plan, and gives each hit the parts of its score.

        Raises InvalidInput (also for a query of tens of thousands of words in any text mode but
        'any'), EmbedderMissing (vector mode without a vector) and EmbeddingSpaceMismatch (the space
        was filled by another model, or in all corpora by several).
        """
        own = bound_to(self._session)
        wanted = Search(
            query=query,
            corpus_id=own if corpus_id is None else corpus_id,
            limit=limit,
            mode=mode,
            filters=FactFilter() if filters is None else filters,
            reranked=reranker is not None,
            explained=explain,
            bound=own is not None,
            **known(options),
        )
        (result,) = self._answers([wanted], space, embedding, reranker)
        return result

    def search_iter(
        self,
        query: str,
        *,
        corpus_id: str | None = None,
        limit: int | None = None,
        mode: Mode = "hybrid",
        filters: FactFilter | None = None,
        space: str | None = None,
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

        Raises as search() does: what is wrong with the arguments or the embedder at once, what the
        server says when the first fact is asked for.
        """
        for name in ("diversity", "pool"):
            if name in options:
                raise InvalidInput(name, "is not for search_iter(), which keeps no pool of facts")
        own = bound_to(self._session)
        corpus_id = own if corpus_id is None else corpus_id
        wanted = Search(
            query=query,
            corpus_id=corpus_id,
            limit=MOST_STREAMED if limit is None else limit,
            mode=mode,
            filters=FactFilter() if filters is None else filters,
            streamed=True,
            bound=own is not None,
            **known(options),
        )
        check_integer("batch", batch, minimum=1, maximum=MOST_FACTS)
        self._note([wanted], embedding)
        asked = Asked(self._spaces, [query], corpus_id, mode, space, embedding)
        return self._stream(wanted, asked, batch)

    def search_many(
        self,
        queries: Iterable[str],
        *,
        corpus_id: str | None = None,
        limit: int = 10,
        mode: Mode = "hybrid",
        filters: FactFilter | None = None,
        space: str | None = None,
        reranker: Reranker | None = None,
        **options: Unpack[SearchOptions],
    ) -> Sequence[SearchResult]:
        """A result for each query, in order, as search() would give it.

        The queries are embedded together, each distinct one once, and before the first statement.
        Raises as search() does.
        """
        if isinstance(queries, str) or not isinstance(queries, Iterable):
            raise InvalidInput("queries", f"must be texts, not {type(queries).__name__}")
        queries = list(queries)
        filters = FactFilter() if filters is None else filters
        own = bound_to(self._session)
        wanted = [
            Search(
                query=query,
                corpus_id=own if corpus_id is None else corpus_id,
                limit=limit,
                mode=mode,
                filters=filters,
                reranked=reranker is not None,
                bound=own is not None,
                **known(options),
            )
            for query in queries
        ]
        if not wanted:
            return []
        return self._answers(wanted, space, None, reranker)

    def similar_to(
        self,
        corpus_id: str,
        fact_id: UUID,
        *,
        limit: int = 10,
        filters: FactFilter | None = None,
        space: str | None = None,
        other_corpora: bool = False,
    ) -> SearchResult:
        """The facts nearest to a stored one by its own vector, without that one itself.

        In its corpus, or with ``other_corpora`` in all of them. The vector is the one in ``space``,
        by default the store's first, or without an embedder the smallest. Raises NotFound,
        InvalidInput (the fact has no such vector) and EmbeddingSpaceMismatch.
        """
        check_integer("limit", limit, minimum=1, maximum=MOST_FACTS - 1)
        makers = None
        if not self._spaces.is_empty:
            space, makers = self._spaces.named(space)
        wanted = Search(
            query="",
            corpus_id=None if other_corpora else check_name("corpus_id", corpus_id),
            limit=limit + 1,
            mode="vector",
            filters=FactFilter() if filters is None else filters,
        )
        watch = Watch()
        own = self._own_vector(corpus_id, fact_id, space)
        try:
            found = self._nearest_to(own, wanted, makers, watch)
        except EmbeddingSpaceMismatch:
            again = self._own_vector(corpus_id, fact_id, space)
            if again["slot"] == own["slot"]:
                raise
            found = self._nearest_to(again, wanted, makers, watch)
        others = [hit for hit in found if hit.fact.id != fact_id][:limit]
        found = replace(found, hits=others, complete=found.complete or len(others) == limit)
        tell_search(wanted, found, watch)
        return found

    def _stream(self, search: Search, asked: Asked, batch: int) -> Iterator[SearchHit]:
        watch, found = Watch(asked.seconds), match_types([])
        try:
            try:
                for hit in self._streamed(asked.located(search), batch):
                    found[match_type(hit)] += 1
                    yield hit
            except EmbeddingSpaceMismatch as error:  # which comes before the first hit
                asked.moved(self._session, error)
                for hit in self._streamed(asked.located(search), batch):
                    found[match_type(hit)] += 1
                    yield hit
        finally:
            tell_stream(search, watch, asked.degraded, found)

    def _streamed(self, search: Search, batch: int) -> Iterator[SearchHit]:
        # In a caller's transaction no savepoint: an iterator that is closed early would roll back
        # to it, and take with it what the caller wrote meanwhile.
        if isinstance(self._session, Autocommit):
            with self._session.transaction() as connection:
                yield from streamed(connection, search, batch)
        else:
            yield from streamed(self._session, search, batch)

    def _nearest_to(
        self,
        own: RowMapping,
        search: Search,
        makers: Collection[Maker] | None,
        watch: Watch,
    ) -> SearchResult:
        place = place_of(own)
        if makers is not None and place.maker not in makers:
            raise mismatch(place, replace(place, maker=next(iter(makers))), [own["corpus_id"]])
        vector = stored_vector(own["vector"])
        return self._answer(replace(search, embedding=vector, place=place), watch)

    def _own_vector(self, corpus_id: str, fact_id: UUID, space: str | None) -> RowMapping:
        values = {"corpus_id": corpus_id, "fact_id": check_id("fact_id", fact_id), "space": space}
        with translated():
            row = self._session.execute(own_vector(), values).mappings().one_or_none()
        if row is None:
            raise NotFound("fact", f"{fact_id} in corpus {corpus_id!r}", "fact_id")
        if row["vector"] is None:
            raise InvalidInput("fact_id", f"fact {fact_id} has no vector to compare with")
        return row
