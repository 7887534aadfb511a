"""The log of what steps were shown, and what their rewards say about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from hegel_store.database import Autocommit, Executor, translated
from hegel_store.errors import InvalidInput
from hegel_store.giving_way import Pace
from hegel_store.models import (
    CategoryReward,
    FactReward,
    NewStep,
    Retrieval,
    SearchHit,
    TrainingStep,
)
from hegel_store.models.checks import (
    check_id,
    check_integer,
    check_moment,
    check_name,
    check_number,
)
from hegel_store.observing import is_watched, observed, tell
from hegel_store.observing.happenings import RetrievalsLogged
from hegel_store.repositories import retrieval_statements as statements
from hegel_store.repositories.retrieval_statements import FIELDS
from hegel_store.repositories.transactions import atomic
from hegel_store.repositories.usefulness_statements import PRIOR_STEPS, REFRESH

BATCH_ROWS = 5_000

Step = NewStep | TrainingStep


@observed("retrievals")
class RetrievalRepository:
    """Which facts a step was shown, in what rank and with what score.

    Written once and never changed. The step need not be stored yet, as one that a StepWriter logs
    is stored later than the facts it was shown. ``session`` is any SQLAlchemy Session or
    Connection; nothing is committed here.
    """

    def __init__(self, session: Executor) -> None:
        self._session = session

    def log(self, step: Step, hits: Sequence[SearchHit]) -> int:
        """Store what a step was shown, best first, and return how many of the facts were new to it.

        ``hits`` is a SearchResult, or as much of one as was shown. A fact's rank is its place in
        it. What is stored of a step stays: logging the same again stores nothing, and of a second
        search for the step only the facts that the first did not show.

        Raises InvalidInput for a fact of another corpus than the step's.
        """
        values = _columns(_rows("step", "hits", step, hits))
        with translated():
            result = self._session.execute(statements.INSERT, values)
        return int(result.rowcount)  # type: ignore[attr-defined]

    def log_many(self, shown: Iterable[tuple[Step, Sequence[SearchHit]]]) -> int:
        """Store what each step was shown, all or nothing, and return how many facts were new.

        Each as log() does; on the store itself the whole call is one transaction.
        """
        began, steps, new = perf_counter(), 0, 0

        def counted() -> Iterator[tuple[Step, Sequence[SearchHit]]]:
            nonlocal steps
            for pair in shown:
                steps += 1
                yield pair

        with atomic(self._session) as session:
            for batch in _batches(counted()):
                with translated():
                    result = session.execute(statements.INSERT, _columns(batch))
                new += int(result.rowcount)  # type: ignore[attr-defined]
        if is_watched():
            milliseconds = (perf_counter() - began) * 1000
            tell(RetrievalsLogged(steps=steps, facts=new, total_time_ms=milliseconds))
        return new

    def of_step(self, corpus_id: str, step_id: UUID) -> Sequence[Retrieval]:
        """What a step was shown, by rank; empty for a step that nothing was logged of."""
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "step_id": check_id("step_id", step_id),
        }
        with translated():
            rows = self._session.execute(statements.OF_STEP, values).all()
        return [Retrieval(**row._mapping) for row in rows]

    def of_fact(self, corpus_id: str, fact_id: UUID, *, limit: int = 50) -> Sequence[Retrieval]:
        """The steps that were shown a fact, the newest first."""
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "fact_id": check_id("fact_id", fact_id),
            "limit": check_integer("limit", limit),
        }
        with translated():
            rows = self._session.execute(statements.OF_FACT, values).all()
        return [Retrieval(**row._mapping) for row in rows]

    def reward_by_fact(
        self, corpus_id: str, *, since: datetime | None = None, limit: int = 100
    ) -> Sequence[FactReward]:
        """How the steps went that were shown each fact, the facts shown most often first.

        Of the steps at or after ``since``, by default from the first one that was shown anything.
        The corpus's mean, which a fact's is compared with, is that of all its steps with a reward
        in the same time. A step without a reward, or that is not stored (yet, or any more), counts
        as shown and not in the mean.
        """
        values = _span(corpus_id, since, limit)
        with translated():
            rows = self._session.execute(statements.REWARD_BY_FACT, values).all()
        return [FactReward(**row._mapping) for row in rows]

    def reward_by_category(
        self, corpus_id: str, *, since: datetime | None = None, limit: int = 100
    ) -> Sequence[CategoryReward]:
        """As reward_by_fact(), for the categories that the facts have now."""
        values = _span(corpus_id, since, limit)
        with translated():
            rows = self._session.execute(statements.REWARD_BY_CATEGORY, values).all()
        return [CategoryReward(**row._mapping) for row in rows]

    def refresh(self, *, corpus_id: str | None = None) -> int:
        """Count anew how useful each fact has been, in a corpus or in all; how many changed.

        For maintenance, now and then: searches with a ``usefulness_weight`` know what the last
        call knew, however long ago that was, and before the first one nothing. One statement,
        which reads the whole log and its steps. What it counts, and by which formula, is said in
        hegel_store.repositories.usefulness_statements.
        """
        values = {
            "corpus_id": None if corpus_id is None else check_name("corpus_id", corpus_id),
            "prior": PRIOR_STEPS,
        }
        if isinstance(self._session, Autocommit):
            Pace(self._session).begin()
        with translated():
            result = self._session.execute(REFRESH, values)
        return int(result.rowcount)  # type: ignore[attr-defined]


def _span(corpus_id: str, since: datetime | None, limit: int) -> dict[str, Any]:
    return {
        "corpus_id": check_name("corpus_id", corpus_id),
        "since": None if since is None else check_moment("since", since),
        "limit": check_integer("limit", limit),
    }


def _rows(step_field: str, hits_field: str, step: Step, hits: Any) -> list[tuple[Any, ...]]:
    """The rows of one step, in the order of FIELDS."""
    if not isinstance(step, NewStep | TrainingStep):
        raise InvalidInput(
            step_field, f"must be a NewStep or a TrainingStep, not {type(step).__name__}"
        )
    if isinstance(hits, str | bytes) or not isinstance(hits, Sequence):
        raise InvalidInput(
            hits_field, f"must be a SearchResult or its hits, not {type(hits).__name__}"
        )
    rows = []
    for place, hit in enumerate(hits):
        field = f"{hits_field}[{place}]"
        if not isinstance(hit, SearchHit):
            raise InvalidInput(field, f"must be a SearchHit, not {type(hit).__name__}")
        if hit.fact.corpus_id != step.corpus_id:
            raise InvalidInput(
                field,
                f"is a fact of corpus {hit.fact.corpus_id!r}, the step is one of "
                f"{step.corpus_id!r}",
            )
        score = check_number(f"{field}.score", hit.score)
        identity = (step.corpus_id, step.id, step.created_at, step.old_profile_id)
        rows.append((*identity, hit.fact.id, place + 1, score))
    return rows


def _batches(
    shown: Iterable[tuple[Step, Sequence[SearchHit]]],
) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    for position, pair in enumerate(shown):
        field = f"shown[{position}]"
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise InvalidInput(field, "must be a step and its hits")
        batch += _rows(field, field, *pair)
        if len(batch) >= BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _columns(rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, (name, _) in enumerate(FIELDS)}
