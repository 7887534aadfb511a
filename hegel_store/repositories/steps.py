"""Training steps: log once, read back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, exc

from hegel_store.copying import copy_rows
from hegel_store.database import Autocommit, Executor, translated
from hegel_store.errors import (
    DatabaseError,
    InvalidInput,
    NotFound,
    PoolExhausted,
    StepConflict,
    TransactionConflict,
)
from hegel_store.failures import UNIQUE, UNSUPPORTED, Failure, constraint_of, failure_of
from hegel_store.models import NewStep, TrainingStep
from hegel_store.observing import is_watched, note_repeat, observed, tell
from hegel_store.observing.happenings import StepsLogged
from hegel_store.repositories import step_statements as statements
from hegel_store.repositories.step_analysis import StepAnalysis
from hegel_store.repositories.step_reading import StepReading
from hegel_store.repositories.step_rollup import StepRollup
from hegel_store.repositories.step_statements import FIELDS
from hegel_store.repositories.transactions import atomic
from hegel_store.retries import repeated

BATCH_STEPS = 500
BATCH_BYTES = 32 * 1024 * 1024
COPIED = 8
"""So many steps are copied, for which a savepoint is worth its two round trips; fewer are inserted
by one statement."""

COPY_REFUSED = "hegel_copy_refused"

ATTEMPTS, INSIST_SECONDS = 5, 30.0
"""How often, and how long, a step on the store is tried. At the turn of a month all writers come
for the new one at once, and the server lets each of them wait a second for its locks."""

FOREIGN_KEYS = ("old_profile_id", "new_profile_id")


@observed("steps")
class StepRepository(StepReading, StepAnalysis, StepRollup):
    """The log of what was asked, answered and learned.

    ``session`` is any SQLAlchemy Session or Connection; nothing is committed here. ``months``
    makes a missing month outside of the session's transaction, which would otherwise hold the
    locks of it until its end.
    """

    def __init__(self, session: Executor, *, months: Autocommit | None = None) -> None:
        self._session = session
        self._months_apart = session if isinstance(session, Autocommit) else months
        self._months: tuple[object, set[datetime]] = (None, set())
        self._has_inserted = False

    def log(self, step: NewStep) -> TrainingStep:
        """Store one step and return it. Logging the same step again stores nothing new.

        Raises NotFound for a profile that its corpus does not have, and StepConflict when its
        (created_at, id) already belongs to a step with other content.
        """
        if not isinstance(step, NewStep):
            raise InvalidInput("step", f"must be a NewStep, not {type(step).__name__}")
        values = {name: getattr(step, attribute) for name, _, attribute in FIELDS}
        if self._insert(statements.INSERT_ONE, values, [step]) == 0:
            self._require_same([step])
            note_repeat()
        return TrainingStep.logged(step)

    def log_many(self, steps: Iterable[NewStep]) -> int:
        """Store steps, all or none, and return how many were new (the others were stored before).

        Raises NotFound for a profile that a corpus does not have, and StepConflict as log() does.
        On the store itself the whole call is one transaction.
        """
        began, given, stored = perf_counter(), 0, 0
        if isinstance(self._session, Autocommit):
            # A month that was dropped since would end the transaction: ask for each one again.
            self._forget_months()
        with atomic(self._session) as session:
            inside = (
                self
                if session is self._session
                else StepRepository(session, months=self._months_apart)
            )
            for batch in _batches(steps):
                new = inside._insert_many(batch)
                if new < len(batch):
                    inside._require_same(batch)
                given += len(batch)
                stored += new
        if is_watched():
            milliseconds = (perf_counter() - began) * 1000
            tell(StepsLogged(steps=given, stored=stored, total_time_ms=milliseconds))
        return stored

    def _insert_many(self, batch: Sequence[NewStep]) -> int:
        """COPY them, or, where some are stored already, insert the others; how many were new."""
        if len(batch) >= COPIED and COPY_REFUSED not in self._known:
            try:
                return self._copy(batch)
            except DatabaseError as error:
                if error.sqlstate not in (UNIQUE, UNSUPPORTED):
                    raise
                if error.sqlstate == UNSUPPORTED:  # under a policy of row-level security
                    self._known[COPY_REFUSED] = True
        columns = {
            name: [getattr(step, attribute) for step in batch] for name, _, attribute in FIELDS
        }
        return self._insert(statements.INSERT_MANY, columns, batch)

    @property
    def _known(self) -> dict[Any, Any]:
        """What is remembered for as long as the store, or else the session, is there."""
        return (self._months_apart or self._session).info

    def _copy(self, steps: Sequence[NewStep]) -> int:
        self._ensure_months(steps)
        rows = ([getattr(step, attribute) for _, _, attribute in FIELDS] for step in steps)
        with atomic(self._session) as session:
            try:
                copy_rows(session, statements.COPY, rows)
            except exc.IntegrityError as error:
                _require_profiles(error, steps)
                if failure_of(error) is not Failure.MONTH:
                    raise
                self._forget_months()
                raise TransactionConflict("the month of a step was dropped meanwhile") from error
        self._has_inserted = True
        return len(steps)

    def _insert(
        self, statement: Executable, values: dict[str, Any], steps: Sequence[NewStep]
    ) -> int:
        """Insert the steps and return how many were new."""
        if isinstance(self._session, Autocommit):
            return repeated(
                lambda: self._attempt(statement, values, steps),
                attempts=ATTEMPTS,
                seconds=INSIST_SECONDS,
                after=TransactionConflict,
            )
        stored = self._attempt(statement, values, steps)
        self._has_inserted = True
        return stored

    def _attempt(
        self, statement: Executable, values: dict[str, Any], steps: Sequence[NewStep]
    ) -> int:
        self._ensure_months(steps)
        with translated():
            try:
                result = self._session.execute(statement, values)
            except exc.IntegrityError as error:
                _require_profiles(error, steps)
                if failure_of(error) is not Failure.MONTH:
                    raise
                # It was there when it was last seen and has been dropped since. Or it is so new
                # that this server process has not been told: others see it a moment earlier.
                self._forget_months()
                raise TransactionConflict(
                    "the month of a step is being archived, or was dropped"
                ) from error
        return int(result.rowcount)  # type: ignore[attr-defined]

    def _require_same(self, steps: Sequence[NewStep]) -> None:
        """Raise StepConflict unless each of these identities is stored with this very content."""
        times = [step.created_at for step in steps]
        values = {
            "corpus_id": [step.corpus_id for step in steps],
            "created_at": times,
            "id": [step.id for step in steps],
            "earliest": min(times),
            "latest": max(times),
        }
        stored = {
            (step.corpus_id, step.created_at, step.id): step
            for step in self._read(statements.STORED, values)
        }
        for step in steps:
            if stored.get((step.corpus_id, step.created_at, step.id)) != TrainingStep.logged(step):
                raise StepConflict(
                    f"another step of corpus {step.corpus_id!r} has the id {step.id} "
                    f"and the time {step.created_at.isoformat()}"
                )

    def _ensure_months(self, steps: Sequence[NewStep]) -> None:
        """Make the partitions these steps go to; costs a round trip per month not yet seen.

        Before the insert and not after its failure, which inside a transaction could not be
        undone. The next month is made together with the current one, ahead of its first step.

        A transaction that has inserted steps would not see a month that is made apart from it, as
        the server reads a table's partitions when it first locks the table: it makes its own.
        """
        wanted = {_month(step.created_at) for step in steps} - self._seen_months()
        if self._months_apart is not None and wanted and not self._has_inserted:
            wanted -= self._make_apart(self._months_apart, wanted)
        for month in sorted(wanted):
            with translated():
                self._session.execute(statements.ENSURE_MONTH, {"moment": month})
            # Asked for anew: the statement may have begun the transaction.
            self._own_months().add(month)

    def _make_apart(self, months: Autocommit, wanted: set[datetime]) -> set[datetime]:
        """Make months in transactions of their own, and return those that are there now."""
        this_month = _month(datetime.now(UTC))
        ahead = {_month(this_month + timedelta(days=32))} if this_month in wanted else set()
        made = set()
        for month in sorted(wanted | ahead):
            try:
                _make(months, month)
            except (TransactionConflict, PoolExhausted):
                if months is self._session:
                    raise
                # Perhaps it is this very transaction that is in the way: it makes its own month.
                continue
            made.add(month)
        months.info.setdefault("hegel_step_months", set()).update(made)
        return made

    def _seen_months(self) -> set[datetime]:
        """Months that need not be asked for."""
        if self._months_apart is None:
            return self._own_months()
        seen: set[datetime] = self._months_apart.info.setdefault("hegel_step_months", set())
        return seen if self._months_apart is self._session else seen | self._own_months()

    def _own_months(self) -> set[datetime]:
        """Months seen in the present transaction, remembered as long as it or its savepoint lasts:
        being rolled back, they take a month that they made with them."""
        if isinstance(self._session, Autocommit):
            return set()
        lifetime = (self._session.get_transaction(), self._session.get_nested_transaction())
        if self._months[0] != lifetime:
            self._months = (lifetime, set())
        return self._months[1]

    def _forget_months(self) -> None:
        self._own_months().clear()
        if self._months_apart is not None:
            self._months_apart.info.pop("hegel_step_months", None)


def _make(months: Autocommit, month: datetime) -> None:
    with translated():
        months.execute(statements.ENSURE_MONTH, {"moment": month})


def _month(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _require_profiles(error: exc.IntegrityError, steps: Sequence[NewStep]) -> None:
    """Raise NotFound where a foreign key to the profiles was violated."""
    for field in FOREIGN_KEYS:
        if constraint_of(error) == f"fk_hegel_training_steps_corpus_id_{field}":
            raise _unknown_profile(field, steps) from error


def _unknown_profile(field: str, steps: Sequence[NewStep]) -> NotFound:
    ids: list[UUID] = list(dict.fromkeys(i for s in steps if (i := getattr(s, field)) is not None))
    shown = ", ".join(map(str, ids[:3])) + (f" or another of {len(ids)}" if len(ids) > 3 else "")
    corpora = ", ".join(sorted({repr(step.corpus_id) for step in steps}))
    return NotFound("profile", f"{shown} in corpus {corpora}", field)


def _batches(steps: Iterable[NewStep]) -> Iterator[list[NewStep]]:
    """Batches bounded in rows and in bytes, as a step may hold 16 MB and a parameter 1 GB."""
    batch: list[NewStep] = []
    size = 0
    for position, step in enumerate(steps):
        if not isinstance(step, NewStep):
            raise InvalidInput(
                f"steps[{position}]", f"must be a NewStep, not {type(step).__name__}"
            )
        batch.append(step)
        size += len(step.query) + len(step.predicted_answer) + len(step.gold_answer or "")
        size += len(step.metrics_json) + len(step.debate_trace_json)
        if len(batch) >= BATCH_STEPS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
