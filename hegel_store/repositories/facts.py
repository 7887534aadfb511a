"""Facts: remember, find, forget."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text

from hegel_store.database import translated
from hegel_store.errors import NotFound
from hegel_store.models import Fact, FactVerdict
from hegel_store.models.checks import check_id, check_integer, check_name
from hegel_store.observing import observed
from hegel_store.repositories import fact_judging
from hegel_store.repositories.fact_ageing import FactAgeing
from hegel_store.repositories.fact_loading import FactLoading
from hegel_store.repositories.fact_rows import fact_of
from hegel_store.repositories.fact_search import FactSearch
from hegel_store.search.statement import FACT_COLUMNS, FACT_TABLES

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


@observed("facts")
class FactRepository(FactSearch, FactLoading, FactAgeing):
    """The memory of a loop.

    ``session`` is any SQLAlchemy Session or Connection; nothing is committed there. On the store
    itself each batch of add_many is committed by itself. ``embedder`` makes the vectors, or several
    do, each for a space (``spaces``); without one, only given ``embedding=`` values are stored and
    compared. ``log`` counts the queries that are embedded, ``results`` keeps answers.
    """

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
