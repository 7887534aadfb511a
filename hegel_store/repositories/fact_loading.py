"""Loading facts: batches that are embedded, judged if asked for, and stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from time import perf_counter
from typing import Literal

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from hegel_store.database import Autocommit, Executor
from hegel_store.errors import (
    EmbeddingSpaceMismatch,
    InvalidInput,
    NotFound,
    TransactionConflict,
    TransactionOpen,
)
from hegel_store.giving_way import Pace
from hegel_store.models import AddResult, NewFact
from hegel_store.models.checks import check_choice
from hegel_store.models.vectors import DIMENSIONS
from hegel_store.observing import tell
from hegel_store.observing.happenings import FactsAdded
from hegel_store.repositories import fact_judging, fact_writing, word_counts
from hegel_store.repositories.fact_batches import (
    BATCH,
    OnError,
    Outcome,
    Prepared,
    Tally,
    batches,
)
from hegel_store.repositories.fact_judging import Judging
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
from hegel_store.repositories.spaces import Spaces
from hegel_store.repositories.transactions import atomic

REFUSALS = (InvalidInput, NotFound, EmbeddingSpaceMismatch)
"""Errors that are about a fact; any other one would meet the rest of the batch as well."""


class FactLoading:
    """The writing half of FactRepository."""

    _session: Executor
    _spaces: Spaces

    def add_many(
        self,
        facts: Iterable[NewFact],
        *,
        near_duplicates: Literal["keep", "judge"] = "keep",
        similarity: float = 0.95,
        judge: Judge | None = None,
        on_error: OnError = "raise",
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
        tally = Tally()
        if isinstance(self._session, Autocommit):
            self._load(facts, judging, on_error, tally)
            word_counts.refresh(self._session, tally.added)
        else:
            # In a transaction all texts must be embedded before the first of them is stored.
            prepared = self._prepared(0, list(facts), on_error)
            if judging is not None:
                # All at once, as they are kept until the caller's transaction ends.
                judging.lock(self._session, [prepared.batch[p] for p in prepared.accepted])
            self._take(prepared, judging, on_error, tally)
            word_counts.remember(self._session, tally.added)
        return tally.result

    def _load(
        self, facts: Iterable[NewFact], judging: Judging | None, on_error: OnError, tally: Tally
    ) -> None:
        """Write each batch, committed by itself, while the next one is read and embedded."""

        def write(prepared: Prepared) -> None:
            self._take(prepared, judging, on_error, tally)

        session = self._session
        pace = Pace(session) if isinstance(session, Autocommit) else None
        if pace is not None:
            pace.begin()
        prepared: Prepared | None = None
        writing: Future[None] | None = None
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="hegel_store add_many") as writer:
            try:
                for start, batch in batches(facts):
                    if pace is not None and start:
                        pace.rest()
                    made = None if prepared is None else prepared.made
                    prepared = self._prepared(start, batch, on_error, made)
                    if writing is not None:
                        done, writing = writing, None
                        done.result()
                    if len(batch) < BATCH:  # the last one
                        write(prepared)
                    else:
                        writing = writer.submit(copy_context().run, write, prepared)
            finally:
                # Also when the next batch could not be read or embedded: this one comes before it.
                if writing is not None:
                    writing.result()

    def _prepared(
        self,
        start: int,
        batch: Sequence[NewFact],
        on_error: OnError,
        before: Embedded | None = None,
    ) -> Prepared:
        """The batch with its vectors; ``before`` are those of the one that is being written."""
        dimensions = self._dimensions(batch)
        accepted: list[int] = []
        refused: list[Outcome] = []
        for position, fact in enumerate(batch):
            problem = fact_writing.problem(start + position, fact, dimensions)
            if problem is None:
                accepted.append(position)
            elif on_error == "raise":
                raise problem
            else:
                refused.append(([position], problem))
        made = self._embedded([batch[position] for position in accepted], dimensions, before)
        return Prepared(start, batch, accepted, refused, made, dimensions)

    def _take(
        self, prepared: Prepared, judging: Judging | None, on_error: OnError, tally: Tally
    ) -> None:
        """Store a batch, and tell of it."""
        began, added, refused = perf_counter(), tally.added, len(tally.refused)
        tally.take(prepared, self._outcomes(prepared, judging, on_error))
        added, refused = tally.added - added, len(tally.refused) - refused
        tell(
            FactsAdded(
                added=added,
                merged=len(prepared.batch) - added - refused,
                refused=refused,
                total_time_ms=(perf_counter() - began) * 1000,
            )
        )

    def _outcomes(
        self, prepared: Prepared, judging: Judging | None, on_error: OnError
    ) -> Iterator[Outcome]:
        """Store what was accepted."""
        yield from prepared.refused
        for first in range(0, len(prepared.accepted), BATCH):
            chunk = prepared.accepted[first : first + BATCH]
            yield from self._store(prepared, chunk, judging, on_error)

    def _store(
        self,
        prepared: Prepared,
        positions: Sequence[int],
        judging: Judging | None,
        on_error: OnError,
    ) -> Iterator[Outcome]:
        """Store the facts at ``positions``; halve what is refused until the culprit is alone."""
        facts = [prepared.batch[position] for position in positions]
        try:
            written = self._written(facts, prepared.made.of(facts), prepared.dimensions, judging)
        except REFUSALS as error:
            if on_error == "raise":
                raise
            if len(positions) == 1:
                yield positions, error
                return
            middle = len(positions) // 2
            for half in (positions[:middle], positions[middle:]):
                yield from self._store(prepared, half, judging, on_error)
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

    def _embedded(
        self, facts: Sequence[NewFact], dimensions: int, before: Embedded | None = None
    ) -> Embedded:
        if (
            not isinstance(self._session, Autocommit)
            and needs_embedding(self._spaces, facts)
            and _under_way(self._session)
        ):
            raise TransactionOpen(
                "texts would be embedded inside a transaction that is under way: add the facts "
                "first in the unit of work, or give each its embedding"
            )
        return embedded(self._session, self._spaces, facts, dimensions, before)


def _under_way(session: Session | Connection) -> bool:
    """Whether a statement was sent already in the caller's transaction."""
    if isinstance(session, Connection):
        return session.in_transaction()
    # A session is "in a transaction" from its begin() on, but has a connection, and with it locks
    # and a snapshot, only from its first statement on; nothing public tells the two apart.
    return bool(getattr(session.get_transaction(), "_connections", ()))
