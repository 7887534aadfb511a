"""From searches to their results: kept ones, and the statement for the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hegel_store.database import Executor
from hegel_store.embeddings.protocol import Embedder
from hegel_store.embeddings.reranking import Reranker
from hegel_store.errors import EmbeddingSpaceMismatch
from hegel_store.models import SearchResult
from hegel_store.models.vectors import stored_vector
from hegel_store.repositories.fact_models import Asked, reranked
from hegel_store.repositories.fact_rows import answered, hit_of, require_no_stranger
from hegel_store.repositories.query_log import QueryLog
from hegel_store.repositories.result_cache import ResultCache
from hegel_store.repositories.spaces import Spaces
from hegel_store.search.diversity import choose
from hegel_store.search.statement import Search, analysed, build


class Answering:
    """What every search of FactRepository comes down to."""

    def __init__(
        self,
        session: Executor,
        embedder: Embedder | None = None,
        *,
        spaces: Spaces | None = None,
        log: QueryLog | None = None,
        results: ResultCache | None = None,
    ) -> None:
        self._session = session
        self._spaces = Spaces(embedder) if spaces is None else spaces
        self._log = log
        self._results = results

    def _answers(
        self,
        searches: Sequence[Search],
        space: str | None,
        embedding: Any,
        reranker: Reranker | None,
    ) -> Sequence[SearchResult]:
        """The results of searches that differ in their queries alone."""

        def ask(searches: Sequence[Search]) -> Sequence[SearchResult]:
            queries = [one.query for one in searches]
            first = searches[0]
            asked = Asked(self._spaces, queries, first.corpus_id, first.mode, space, embedding)
            return [self._run(one, asked, reranker) for one in searches]

        self._note(searches, embedding)
        if self._results is None or reranker is not None or searches[0].explained:
            return ask(searches)
        return self._results.answers(searches, space, embedding, ask)

    def _note(self, searches: Sequence[Search], embedding: Any) -> None:
        """Count what is asked by meaning, and will be asked of the embedder again."""
        first = searches[0]
        if self._log is not None and first.mode != "text" and embedding is None:
            self._log.note(first.corpus_id, [one.query for one in searches])

    def _run(self, search: Search, asked: Asked, reranker: Reranker | None = None) -> SearchResult:
        """Run the search as one statement; again where the space has been moved meanwhile."""
        try:
            found = self._answer(asked.located(search), reranker)
        except EmbeddingSpaceMismatch as error:
            asked.moved(self._session, error)
            found = self._answer(asked.located(search), reranker)
        return replace(found, degraded=asked.degraded or found.degraded)

    def _answer(self, search: Search, reranker: Reranker | None = None) -> SearchResult:
        statement, parameters = build(search)
        plan, degraded = None, None
        with answered(search):
            rows = self._session.execute(statement, parameters).all()
            if search.explained:
                plan = "\n".join(self._session.execute(analysed(statement), parameters).scalars())
        found = rows[0]
        require_no_stranger(search, found)
        rows = [row for row in rows if row.score is not None]
        hits = [hit_of(row, search.explained) for row in rows]
        order = list(range(len(hits)))
        if reranker is not None and hits:
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
