"""Facts: remember, find, forget."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from hegel_store.database import Autocommit, translated
from hegel_store.errors import (
    EmbeddingSpaceMismatch,
    HegelStoreError,
    InvalidInput,
    NotFound,
    TransactionConflict,
    TransactionOpen,
)
from hegel_store.models import AddResult, Fact, FactVerdict, JudgedFact, NewFact, RefusedFact
from hegel_store.models.checks import check_choice, check_id, check_integer, check_name
from hegel_store.models.vectors import DIMENSIONS
from hegel_store.repositories import fact_judging, fact_writing
from hegel_store.repositories.fact_ageing import FactAgeing
from hegel_store.repositories.fact_judging import Judging
from hegel_store.repositories.fact_rows import fact_of
from hegel_store.repositories.fact_search import FactSearch
from hegel_store.repositories.fact_spaces import (
    ATTEMPTS,
    Embedded,
    SpaceMoved,
    claimed,
    default_of,
    embedded,
    needs_embedding,
)
from hegel_store.repositories.fact_verdicts import Judge
from hegel_store.repositories.fact_writing import Written
from hegel_store.repositories.transactions import atomic
from hegel_store.search.statement import FACT_COLUMNS, FACT_TABLES

logger = logging.getLogger("hegel_store.facts")

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
COUNT_WORDS = text("SELECT hegel_count_words()")


REFUSALS = (InvalidInput, NotFound, EmbeddingSpaceMismatch)
"""Errors that are about a fact; any other one would meet the rest of the batch as well."""


class FactRepository(FactSearch, FactAgeing):
    """The memory of a loop.

    ``session`` is any SQLAlchemy Session or Connection; nothing is committed there. On the store
    itself each batch of add_many is committed by itself. ``embedder`` makes the vectors, or several
    do, each for a space (``spaces``); without one, only given ``embedding=`` values are stored and
    compared. ``log`` counts the queries that are embedded.
    """

    def add_many(
        self,
        facts: Iterable[NewFact],
        *,
        near_duplicates: Literal["keep", "judge"] = "keep",
        similarity: float = 0.95,
        judge: Judge | None = None,
        on_error: Literal["raise", "report"] = "raise",
    ) -> AddResult:
        """Store facts; equal contents in one corpus merge, in the input and with what is stored.

        A merged fact is seen once more, keeps the higher confidence and the later expiry, and
        comes back if it had expired or ended. Each distinct new text is embedded once for each
        space of the store; an ``embedding`` that comes with a fact belongs to the first. Texts are
        embedded outside of transactions: on a unit of work, before its first statement, or not at
        all when the facts carry their embeddings.

        Contents that are only alike are kept apart. With ``near_duplicates="judge"`` a new fact is
        compared with the nearest few live ones of its corpus and label whose cosine similarity is
        at least ``similarity`` (0..1), stored or earlier in the input, one writer of a label at a
        time: what says the *same* reinforces the old fact, an *update* takes its place (its
        ``valid_to`` is now, or the ``valid_from`` of the new fact if that is earlier), and what is
        *distinct* stands beside it. ``judge`` is called with the old content and the new fact, in
        the transaction, and answers with one of these; by default
        hegel_store.models.near_duplicates does. What it raises is raised. A fact without a vector
        is not judged.

        A fact that cannot be stored raises, with nothing of its batch stored; with
        ``on_error="report"`` it is set aside in ``refused`` and the others are stored.

        Raises InvalidInput (an embedding of another size than the embedder's, an answer that is no
        verdict), NotFound (unknown profile), EmbeddingSpaceMismatch (another model filled the
        corpus's vectors), TransactionOpen (texts to embed in a transaction that is under way) and
        TransactionConflict (another model of the store's serves since they were embedded; the store
        itself embeds them anew).
        """
        check_choice("near_duplicates", near_duplicates, ("keep", "judge"))
        check_choice("on_error", on_error, ("raise", "report"))
        judging = fact_judging.judging(near_duplicates == "judge", similarity, judge)
        ids: list[UUID | None] = []
        judged: list[JudgedFact] = []
        refused: list[RefusedFact] = []
        added = 0
        # In a transaction all texts must be embedded before the first of them is stored.
        size = BATCH if isinstance(self._session, Autocommit) else None
        for start, batch in _batches(facts, size):
            ids += [None] * len(batch)
            for positions, outcome in self._add(start, batch, judging, on_error):
                if isinstance(outcome, HegelStoreError):
                    refused += [RefusedFact(position=start + p, error=outcome) for p in positions]
                    continue
                added += outcome.added
                for position, identifier in zip(positions, outcome.ids, strict=True):
                    ids[start + position] = identifier
                judged += [
                    replace(one, position=start + positions[one.position]) for one in outcome.judged
                ]
        if isinstance(self._session, Autocommit):
            self._refresh_statistics(self._session, added)
        merged = len(ids) - added - len(refused)
        return AddResult(
            ids=ids, added=added, merged=merged, refused=refused, near_duplicates=judged
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
        return fact_of(row)

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

    def verdicts(
        self, corpus_id: str, *, fact_id: UUID | None = None, limit: int = 100
    ) -> list[FactVerdict]:
        """What was decided about near duplicates, the newest first: in a corpus, or about one fact,
        be it the old one or the new one."""
        check_name("corpus_id", corpus_id)
        if fact_id is not None:
            fact_id = check_id("fact_id", fact_id)
        check_integer("limit", limit, minimum=1)
        return fact_judging.recorded(self._session, corpus_id, fact_id, limit)

    def _add(
        self, start: int, batch: Sequence[NewFact], judging: Judging | None, on_error: str
    ) -> Iterator[tuple[Sequence[int], Written | HegelStoreError]]:
        """What became of the facts of a batch: positions in it, and their outcome."""
        dimensions = self._dimensions(batch)
        accepted = []
        for position, fact in enumerate(batch):
            problem = fact_writing.problem(start + position, fact, dimensions)
            if problem is None:
                accepted.append(position)
            elif on_error == "raise":
                raise problem
            else:
                yield [position], problem
        made = self._embedded([batch[position] for position in accepted], dimensions)
        if judging is not None and not isinstance(self._session, Autocommit):
            # All at once, as they are kept until the caller's transaction ends.
            judging.lock(self._session, [batch[position] for position in accepted])
        for first in range(0, len(accepted), BATCH):
            chunk = accepted[first : first + BATCH]
            yield from self._store(batch, chunk, made, dimensions, judging, on_error)

    def _store(
        self,
        batch: Sequence[NewFact],
        positions: Sequence[int],
        made: Embedded,
        dimensions: int,
        judging: Judging | None,
        on_error: str,
    ) -> Iterator[tuple[Sequence[int], Written | HegelStoreError]]:
        """Store the facts at ``positions``; halve what is refused until the culprit is alone."""
        facts = [batch[position] for position in positions]
        try:
            written = self._written(facts, made.of(facts), dimensions, judging)
        except REFUSALS as error:
            if on_error == "raise":
                raise
            if len(positions) == 1:
                yield positions, error
                return
            middle = len(positions) // 2
            for half in (positions[:middle], positions[middle:]):
                yield from self._store(batch, half, made, dimensions, judging, on_error)
        else:
            yield positions, written

    def _written(
        self,
        facts: Sequence[NewFact],
        made: Embedded,
        dimensions: int,
        judging: Judging | None,
    ) -> Written:
        """Store them, in the slots that serve now; embed them anew where those are others by now.

        Raises TransactionConflict where that cannot be done within the caller's transaction.
        """
        for _ in range(ATTEMPTS):
            try:
                with atomic(self._session) as session:
                    if judging is None:
                        vectors, _ = claimed(session, self._spaces, made)
                        return fact_writing.write(session, facts, vectors)
                    judging.lock(session, facts)
                    vectors, slots = claimed(session, self._spaces, made)
                    space, _ = default_of(self._spaces, dimensions)
                    homes = {corpus: slot for (corpus, own), slot in slots.items() if own == space}
                    return judging.write(session, facts, vectors, homes)
            except SpaceMoved:
                if not isinstance(self._session, Autocommit):
                    break
                made = self._embedded(facts, dimensions)
        raise TransactionConflict("the corpus was moved to another model meanwhile")

    def _dimensions(self, batch: Sequence[NewFact]) -> int:
        """The size of the vectors that a batch may bring: those of the default space's preferred
        model, or that of the first one given."""
        if not self._spaces.is_empty:
            return next(iter(self._spaces.named(None)[1])).dimensions
        given = (getattr(fact, "embedding", None) for fact in batch)
        return next((len(vector) for vector in given if vector is not None), DIMENSIONS[0])

    def _embedded(self, facts: Sequence[NewFact], dimensions: int) -> Embedded:
        if (
            not isinstance(self._session, Autocommit)
            and needs_embedding(self._spaces, facts)
            and _under_way(self._session)
        ):
            raise TransactionOpen(
                "texts would be embedded inside a transaction that is under way: add the facts "
                "first in the unit of work, or give each its embedding"
            )
        return embedded(self._session, self._spaces, facts, dimensions)

    def _refresh_statistics(self, session: Autocommit, added: int) -> None:
        """After a load that changes the word frequencies, count them now: autovacuum takes a
        minute, and ranks would rest on the old ones until then."""
        if added < 50:
            return
        try:
            with translated():
                estimate = session.execute(ESTIMATED_FACTS).scalar_one()
                if added >= 0.1 * estimate:
                    session.execute(COUNT_WORDS)
        except HegelStoreError as error:  # the facts are stored, whatever this says
            logger.warning("word counts stay as they are: %s", error)


def _under_way(session: Session | Connection) -> bool:
    """Whether a statement was sent already in the caller's transaction."""
    if isinstance(session, Connection):
        return session.in_transaction()
    # A session is "in a transaction" from its begin() on, but has a connection, and with it locks
    # and a snapshot, only from its first statement on; nothing public tells the two apart.
    return bool(getattr(session.get_transaction(), "_connections", ()))


def _batches(facts: Iterable[NewFact], size: int | None) -> Iterator[tuple[int, list[NewFact]]]:
    """Batches (one of all when ``size`` is None), each with the position of its first fact."""
    rest = iter(facts)
    start = 0
    while batch := list(islice(rest, size)):
        yield start, batch
        start += len(batch)
