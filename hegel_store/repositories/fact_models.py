"""What models do for a search, and what becomes of it when one fails."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from hegel_store.database import Executor
from hegel_store.embeddings.protocol import Embedder, embed_distinct
from hegel_store.embeddings.reranking import Reranker, checked_scores
from hegel_store.errors import EmbedderMissing, EmbeddingSpaceMismatch, InvalidInput
from hegel_store.models import SearchHit
from hegel_store.models.checks import check_name
from hegel_store.models.spaces import Maker, Place, default_space
from hegel_store.models.vectors import Vector, slot_for, unit_vector
from hegel_store.repositories.spaces import Spaces, mismatch, places_of
from hegel_store.search.fusion import Mode
from hegel_store.search.statement import Search

logger = logging.getLogger("hegel_store.facts")


UNNAMED_MODEL = "unnamed"
"""What vectors count as that are given to a repository without an embedder."""


class Asked:
    """The queries of one call with their vectors, and the place where these are compared.

    The place is where the space was last seen. Whether it still is there the search's statement
    finds out; moved() then takes the queries to where it is now. ``degraded`` says what was missing
    for a vector, ``seconds`` how long embedding took. A given ``embedding`` counts as the work of
    the space's first embedder.

    Raises InvalidInput, EmbedderMissing (vector mode without a vector), and in vector mode whatever
    the embedder does.
    """

    def __init__(
        self,
        spaces: Spaces,
        queries: Sequence[str],
        corpus_id: str | None,
        mode: Mode,
        space: str | None,
        embedding: Any = None,
    ) -> None:
        self._spaces, self._queries, self._corpus_id, self._mode = spaces, queries, corpus_id, mode
        self._given: Vector | None = None
        self._makers: Mapping[Maker, Embedder | None] = {}
        self._vectors: Mapping[str, Vector] = {}
        self._place: Place | None = None
        self.degraded: str | None = None
        self.seconds = 0.0
        if mode == "text":
            return
        if space is not None:
            check_name("space", space)
        if embedding is not None:
            self._given = unit_vector("embedding", embedding)
            space = self._require_fitting(len(self._given), space)
        elif spaces.is_empty:
            if mode == "vector":
                raise EmbedderMissing("vector search needs an embedder or an embedding")
            self.degraded = "embedder"
            return
        else:
            try:
                space, self._makers = spaces.named(space)
            except InvalidInput:
                raise
            except Exception as error:  # a model that cannot be loaded
                self._do_without(error)
                return
        place = spaces.remembered(corpus_id, space)
        if place is None or place.maker not in self._makers:
            first = next(iter(self._makers))
            place = Place(space, slot_for("embedder", first.dimensions), first)
        self._embed(place)

    def located(self, search: Search) -> Search:
        """The same search by its query's vector in the place; without one, by text alone."""
        vector = self._vectors.get(search.query) if self._given is None else self._given
        if vector is None:
            return replace(search, mode="text")
        return replace(search, embedding=vector, place=self._place)

    def moved(self, session: Executor, error: EmbeddingSpaceMismatch) -> None:
        """Go where the space is now, after a statement that found it not to be in the place.

        Raises ``error`` where that is nowhere else, in several places, or by another model.
        """
        before = self._place
        if before is None:
            raise error
        corpora = None if self._corpus_id is None else [self._corpus_id]
        found = places_of(session, [before.space], corpora, "serving")
        now, *others = {place for _, place in found} or {before}
        if others or now.maker not in self._makers:
            elsewhere = [(corpus, place) for corpus, place in found if place != before]
            raise mismatch(elsewhere[0][1], before, [corpus for corpus, _ in elsewhere])
        if now == before:
            raise error
        self._spaces.remember(self._corpus_id, now)
        self._embed(now)

    def _require_fitting(self, size: int, space: str | None) -> str:
        """The space that a given vector of this size belongs to."""
        if self._spaces.is_empty:
            self._makers = {Maker(UNNAMED_MODEL, size): None}
            return default_space(size) if space is None else space
        space, makers = self._spaces.named(space)
        first = next(iter(makers))
        if size != first.dimensions:
            raise InvalidInput(
                "embedding", f"has {size} dimensions, the embedder {first.dimensions}"
            )
        self._makers = {first: None}
        return space

    def _embed(self, place: Place) -> None:
        self._place = place
        embedder = self._makers[place.maker]
        if embedder is None:
            return
        started = perf_counter()
        try:
            self._vectors = embed_distinct(embedder, self._queries)
        except Exception as error:
            self._do_without(error)
        finally:
            self.seconds += perf_counter() - started

    def _do_without(self, error: Exception) -> None:
        if self._mode == "vector":
            raise error
        logger.warning("answering from text alone, as the embedder failed: %s", error)
        self.degraded = "embedder"
        self._vectors = {}


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
