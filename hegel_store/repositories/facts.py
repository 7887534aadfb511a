"""Facts: remember, find, forget."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import Row, text

from hegel_store.database import Autocommit, Executor, translated
from hegel_store.embeddings.protocol import Embedder, embed_distinct
from hegel_store.errors import (
    EmbedderMissing,
    EmbeddingSpaceMismatch,
    HegelStoreError,
    InvalidInput,
    NotFound,
    TransactionOpen,
)
from hegel_store.models import (
    AddResult,
    Fact,
    FactFilter,
    NewFact,
    RefusedFact,
    SearchHit,
    SearchResult,
)
from hegel_store.models.checks import check_id, check_integer, check_name, check_number, check_text
from hegel_store.models.facts import LANGUAGES, check_choice
from hegel_store.models.vectors import DIMENSIONS, Vector, slot_for, unit_vector
from hegel_store.repositories import fact_writing
from hegel_store.repositories.fact_writing import Content, Written, content_key
from hegel_store.search.fusion import Fusion, Mode
from hegel_store.search.statement import FACT_COLUMNS, FACT_TABLES, Search, build

logger = logging.getLogger("hegel_store.facts")

UNNAMED_MODEL = "unnamed"
"""What vectors count as that are given to a repository without an embedder."""

BATCH = 500

GET = text(
    f"SELECT {FACT_COLUMNS} FROM {FACT_TABLES} "
    "WHERE fact.corpus_id = :corpus_id AND fact.id = :fact_id"
)
FORGET = text(
    """
    UPDATE hegel_facts SET deleted_at = clock_timestamp()
    WHERE corpus_id = :corpus_id AND id = ANY(CAST(:fact_ids AS uuid[])) AND deleted_at IS NULL
    """
)
ESTIMATED_FACTS = text("SELECT reltuples FROM pg_class WHERE oid = 'hegel_facts'::regclass")
ANALYZE = text(
    "ANALYZE hegel_facts (corpus_id, category, intent, freshness, confidence, created_at, "
    "content_tsv)"
)


class FactRepository:
    """The memory of a loop.

    ``session`` is any SQLAlchemy Session or Connection; nothing is committed there. On the store
    itself each batch of add_many is committed by itself. ``embedder`` makes the vectors; without
    one, only given ``embedding=`` values are stored and compared.
    """

    def __init__(self, session: Executor, embedder: Embedder | None = None) -> None:
        self._session = session
        self._embedder = embedder

    def add_many(
        self, facts: Iterable[NewFact], *, on_error: Literal["raise", "report"] = "raise"
    ) -> AddResult:
        """Store facts; equal contents in one corpus merge, in the input and with what is stored.

        A merged fact is seen once more, keeps the higher confidence and the later expiry, and
        comes back if it had expired. Each distinct new text is embedded once. Texts are embedded
        outside of transactions: on a unit of work, before its first statement, or not at all when
        the facts carry their embeddings.

        A fact that cannot be stored raises, with nothing of its batch stored; with
        ``on_error="report"`` it is set aside in ``refused`` and the others are stored.

        Raises InvalidInput (an embedding of another size than the embedder's), NotFound (unknown
        profile), EmbeddingSpaceMismatch (another model filled the corpus's vectors) and
        TransactionOpen (texts to embed in a transaction that is under way).
        """
        check_choice("on_error", on_error, ("raise", "report"))
        ids: list[UUID | None] = []
        refused: list[RefusedFact] = []
        added = 0
        for batch in _batches(facts):
            start = len(ids)
            ids += [None] * len(batch)
            for positions, outcome in self._add(batch, range(len(batch)), on_error):
                if isinstance(outcome, HegelStoreError):
                    refused.append(RefusedFact(position=start + positions[0], error=outcome))
                    continue
                added += outcome.added
                for position in positions:
                    ids[start + position] = outcome.ids[content_key(batch[position])]
        if isinstance(self._session, Autocommit):
            self._refresh_statistics(self._session, added)
        merged = len(ids) - added - len(refused)
        return AddResult(ids=ids, added=added, merged=merged, refused=refused)

    def search(
        self,
        query: str,
        *,
        corpus_id: str | None = None,
        limit: int = 10,
        mode: Mode = "hybrid",
        filters: FactFilter | None = None,
        embedding: Any = None,
        vector_weight: float = 0.4,
        length_normalisation: float = 0.1,
        candidates: int = 100,
        fusion: Fusion = "convex",
        language: str = "english",
    ) -> SearchResult:
        """The facts that answer ``query`` best. One statement.

        ``mode`` is 'hybrid', 'vector' or 'text'. ``embedding`` is the query's vector, made by the
        embedder when not given; when that fails, hybrid answers from text and says so in
        ``degraded``. Each channel offers its best ``candidates``; ``vector_weight`` (0..1) is the
        share of the vector score in the fused one, the rest is the text score's.
        ``length_normalisation`` (0..1) is BM25's b: how much long facts are held back.
        ``language`` is the text search configuration of the query's words. Any text is a query:
        one without words matches nothing in the text channel.

        Raises InvalidInput, EmbedderMissing (vector mode without a vector) and
        EmbeddingSpaceMismatch.
        """
        check_text("query", query)
        if corpus_id is not None:
            check_name("corpus_id", corpus_id)
        check_choice("mode", mode, get_args(Mode))
        check_choice("fusion", fusion, get_args(Fusion))
        check_choice("language", language, LANGUAGES)
        for name, share in (
            ("vector_weight", vector_weight),
            ("length_normalisation", length_normalisation),
        ):
            if not 0 <= check_number(name, share) <= 1:
                raise InvalidInput(name, f"must lie between 0 and 1, not {share}")
        check_integer("limit", limit, minimum=1, maximum=10_000)
        check_integer("candidates", candidates, minimum=1, maximum=10_000)
        if filters is not None and not isinstance(filters, FactFilter):
            raise InvalidInput("filters", f"must be a FactFilter, not {type(filters).__name__}")
        degraded = None
        vector = None
        if mode != "text":
            vector, degraded = self._query_vector(query, embedding, required=mode == "vector")
        model = UNNAMED_MODEL if self._embedder is None else self._embedder.name
        statement, parameters = build(
            Search(
                mode=mode if vector is not None else "text",
                query=query,
                embedding=vector,
                model=model,
                corpus_id=corpus_id,
                filters=filters or FactFilter(),
                limit=limit,
                candidates=candidates,
                vector_weight=vector_weight,
                length_normalisation=length_normalisation,
                fusion=fusion,
                language=language,
            )
        )
        with translated():
            rows = self._session.execute(statement, parameters).all()
        found = rows[0]
        if found.stranger is not None and vector is not None:
            slot = slot_for("embedding", len(vector))
            raise EmbeddingSpaceMismatch(slot, found.stranger, model, found.stranger_corpus)
        hits = [_hit(row) for row in rows if row.score is not None]
        return SearchResult(
            hits=hits,
            exact=vector is None or found.exact,
            complete=len(hits) == limit or not found.words_cut,
            scan_limit_hit=found.scan_limit_hit,
            candidates=found.candidates,
            degraded=degraded,
        )

    def get(self, corpus_id: str, fact_id: UUID) -> Fact:
        """One fact, deleted or not (see ``deleted_at``). Raises NotFound."""
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "fact_id": check_id("fact_id", fact_id),
        }
        with translated():
            row = self._session.execute(GET, values).one_or_none()
        if row is None:
            raise NotFound("fact", f"{fact_id} in corpus {corpus_id!r}", "fact_id")
        return _fact(row)

    def forget(self, corpus_id: str, fact_ids: UUID | Iterable[UUID]) -> int:
        """Delete facts, and return how many there were to delete.

        They are kept for ``as_of`` searches, and their contents may be added anew.
        """
        given = [fact_ids] if isinstance(fact_ids, (UUID, str)) else list(fact_ids)
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "fact_ids": [check_id("fact_ids", item) for item in given],
        }
        with translated():
            result = self._session.execute(FORGET, values)
        return int(result.rowcount)  # type: ignore[attr-defined]

    def _add(
        self, batch: Sequence[NewFact], positions: Sequence[int], on_error: str
    ) -> Iterator[tuple[Sequence[int], Written | HegelStoreError]]:
        """Store the facts at ``positions``; halve what fails until the culprits stand alone."""
        try:
            yield positions, self._write([batch[position] for position in positions])
        except HegelStoreError as error:
            if on_error == "raise" or error.retryable:
                raise
            if len(positions) == 1:
                yield positions, error
                return
            middle = len(positions) // 2
            yield from self._add(batch, positions[:middle], on_error)
            yield from self._add(batch, positions[middle:], on_error)

    def _write(self, facts: Sequence[NewFact]) -> Written:
        for fact in facts:
            if not isinstance(fact, NewFact):
                raise InvalidInput("facts", f"must be NewFact, not {type(fact).__name__}")
        given = {content_key(fact): fact.embedding for fact in facts if fact.embedding is not None}
        dimensions = self._dimensions(list(given.values()))
        vectors = given | self._embed([fact for fact in facts if content_key(fact) not in given])
        model = UNNAMED_MODEL if self._embedder is None else self._embedder.name
        with self._atomic() as session:
            return fact_writing.write(session, facts, vectors, model, dimensions)

    def _dimensions(self, given: Sequence[Vector]) -> int:
        """The size of this batch's vectors; given ones count as the embedder's own."""
        sizes = {len(vector) for vector in given}
        if self._embedder is not None:
            own = self._embedder.dimensions
            slot_for("embedder", own)
            if sizes - {own}:
                raise InvalidInput(
                    "embedding", f"has {(sizes - {own}).pop()} dimensions, the embedder {own}"
                )
            return own
        if len(sizes) > 1:
            raise InvalidInput("embedding", f"has different sizes in one batch: {sorted(sizes)}")
        return sizes.pop() if sizes else DIMENSIONS[0]

    def _embed(self, facts: Sequence[NewFact]) -> dict[Content, Vector]:
        if self._embedder is None or not facts:
            return {}
        if isinstance(self._session, Autocommit):
            known = fact_writing.known_contents(self._session, [content_key(f) for f in facts])
            facts = [fact for fact in facts if content_key(fact) not in known]
        elif self._session.info.get("hegel_under_way"):
            raise TransactionOpen(
                "texts would be embedded inside a transaction that is under way: add the facts "
                "first in the unit of work, or give each its embedding"
            )
        vectors = embed_distinct(self._embedder, [fact.content for fact in facts])
        return {content_key(fact): vectors[fact.content] for fact in facts}

    def _atomic(self) -> AbstractContextManager[Any]:
        """A batch is stored whole or not at all, whatever the caller does with the error."""
        if isinstance(self._session, Autocommit):
            return self._session.transaction()
        return _savepoint(self._session)

    def _query_vector(
        self, query: str, given: Any, *, required: bool
    ) -> tuple[Vector | None, str | None]:
        """The query's vector, or None and what was missing."""
        if given is not None:
            vector = unit_vector("embedding", given)
            if self._embedder is not None and len(vector) != self._embedder.dimensions:
                raise InvalidInput(
                    "embedding",
                    f"has {len(vector)} dimensions, the embedder {self._embedder.dimensions}",
                )
            return vector, None
        if self._embedder is None:
            if required:
                raise EmbedderMissing("vector search needs an embedder or an embedding")
            return None, "embedder"
        try:
            return embed_distinct(self._embedder, [query])[query], None
        except Exception as error:
            if required:
                raise
            logger.warning("answering from text alone, as the embedder failed: %s", error)
            return None, "embedder"

    def _refresh_statistics(self, session: Autocommit, added: int) -> None:
        """After a load that changes the word frequencies, ANALYZE now: autovacuum takes a minute,
        and ranks would rest on the old ones until then."""
        if added < 50:
            return
        with translated():
            estimate = session.execute(ESTIMATED_FACTS).scalar_one()
            if added >= 0.1 * estimate:
                session.execute(ANALYZE)


class _savepoint(AbstractContextManager[Any]):  # noqa: N801  used like a function
    """A savepoint on the caller's transaction, yielding the caller's own session."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __enter__(self) -> Any:
        self._nested = self._session.begin_nested()
        return self._session

    def __exit__(self, *problem: Any) -> None:
        if problem[0] is None:
            self._nested.commit()
        elif self._nested.is_active:
            self._nested.rollback()


def _batches(facts: Iterable[NewFact]) -> Iterator[list[NewFact]]:
    batch: list[NewFact] = []
    for fact in facts:
        batch.append(fact)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


FACT_FIELDS = tuple(field.name for field in fields(Fact))


def _fact(row: Row[Any]) -> Fact:
    return Fact(**{name: getattr(row, name) for name in FACT_FIELDS})


def _hit(row: Row[Any]) -> SearchHit:
    return SearchHit(
        fact=_fact(row),
        score=row.score,
        vector_score=row.vector_score,
        text_score=row.text_score,
        vector_rank=row.vector_rank,
        text_rank=row.text_rank,
    )
