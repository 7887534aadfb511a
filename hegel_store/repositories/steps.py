"""Training steps: log once, read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, desc, exc, func, literal_column, or_, select, text

from hegel_store.database import Autocommit, Executor, constraint_name, translated
from hegel_store.errors import (
    HegelStoreError,
    InvalidInput,
    NotFound,
    StepConflict,
    TransactionConflict,
)
from hegel_store.models import NewStep, RewardSummary, TrainingStep
from hegel_store.models.checks import check_integer, check_moment, check_name, check_text
from hegel_store.models.steps import StepType
from hegel_store.schema import training_steps
from hegel_store.schema.steps import ANSWERS_TSVECTOR, QUERY_TSVECTOR

COLUMNS = tuple(training_steps.columns)

# Column, PostgreSQL type of its array, and the NewStep attribute that fills it.
FIELDS = (
    ("corpus_id", "text", "corpus_id"),
    ("created_at", "timestamptz", "created_at"),
    ("id", "uuid", "id"),
    ("task_type", "text", "task_type"),
    ("old_profile_id", "uuid", "old_profile_id"),
    ("new_profile_id", "uuid", "new_profile_id"),
    ("step_type", "text", "step_type"),
    ("query", "text", "query"),
    ("predicted_answer", "text", "predicted_answer"),
    ("gold_answer", "text", "gold_answer"),
    ("reward", "float8", "reward"),
    ("metrics", "jsonb", "metrics_json"),
    ("debate_trace", "jsonb", "debate_trace_json"),
    ("optimization_strategy", "text", "optimization_strategy"),
    ("processing_time_ms", "int4", "processing_time_ms"),
    ("run_id", "text", "run_id"),
)
NAMES = ", ".join(name for name, _, _ in FIELDS)

INSERT_ONE = text(
    f"""
    INSERT INTO hegel_training_steps ({NAMES})
    VALUES ({", ".join(f"CAST(:{name} AS {kind})" for name, kind, _ in FIELDS)})
    ON CONFLICT (corpus_id, created_at, id) DO NOTHING
    """
)
INSERT_MANY = text(
    f"""
    INSERT INTO hegel_training_steps ({NAMES})
    SELECT {NAMES}
    FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind, _ in FIELDS)})
        AS step ({NAMES})
    ON CONFLICT (corpus_id, created_at, id) DO NOTHING
    """
)
ENSURE_MONTH = text("SELECT hegel_ensure_step_month(CAST(:moment AS timestamptz))")

BATCH_STEPS = 500
BATCH_BYTES = 32 * 1024 * 1024

FOREIGN_KEYS = ("old_profile_id", "new_profile_id")


def recent_statement(corpus_id: str, task_type: str, limit: int) -> Select[Any]:
    """The scope's steps, newest first; stops in the newest months."""
    return (
        select(*COLUMNS)
        .where(training_steps.c.corpus_id == corpus_id, training_steps.c.task_type == task_type)
        .order_by(desc(training_steps.c.created_at), desc(training_steps.c.id))
        .limit(limit)
    )


def search_statement(
    words: str, corpus_id: str | None, task_type: str | None, limit: int
) -> Select[Any]:
    """Steps whose query or answers match ``words`` (web search syntax), newest first."""
    wanted = func.websearch_to_tsquery(literal_column("'english'::regconfig"), words)
    statement = select(*COLUMNS).where(
        or_(
            literal_column(QUERY_TSVECTOR).op("@@")(wanted),
            literal_column(ANSWERS_TSVECTOR).op("@@")(wanted),
        )
    )
    if corpus_id is not None:
        statement = statement.where(training_steps.c.corpus_id == corpus_id)
    if task_type is not None:
        statement = statement.where(training_steps.c.task_type == task_type)
    return statement.order_by(desc(training_steps.c.created_at), desc(training_steps.c.id)).limit(
        limit
    )


class StepRepository:
    """The log of what was asked, answered and learned.

    ``session`` is any SQLAlchemy Session or Connection; nothing is committed here.
    """

    def __init__(self, session: Executor) -> None:
        self._session = session

    def log(self, step: NewStep) -> TrainingStep:
        """Store one step and return it. Logging the same step again stores nothing new.

        Raises NotFound for a profile that its corpus does not have, and StepConflict when its
        (created_at, id) already belongs to a step with other content.
        """
        self._ensure_months([step])
        result = self._insert(INSERT_ONE, _values(step), [step])
        logged = TrainingStep(
            **{name: getattr(step, name) for name, _, _ in FIELDS},
        )
        if result == 0:
            self._require_same(step)
        return logged

    def log_many(self, steps: Iterable[NewStep]) -> int:
        """Store steps, all or none, and return how many were new (the others were stored before).

        Raises NotFound for a profile that a corpus does not have. On the store itself the whole
        call is one transaction.
        """
        stored = 0
        scope = (
            self._session.transaction()
            if isinstance(self._session, Autocommit)
            else nullcontext(self._session)
        )
        with translated(), scope as session:
            inside = StepRepository(session)
            for batch in _batches(steps):
                inside._ensure_months(batch)
                columns = {
                    name: [getattr(step, attribute) for step in batch]
                    for name, _, attribute in FIELDS
                }
                stored += inside._insert(INSERT_MANY, columns, batch)
        return stored

    def recent(self, corpus_id: str, task_type: str, *, limit: int = 50) -> Sequence[TrainingStep]:
        """The scope's newest steps, newest first."""
        check_name("corpus_id", corpus_id)
        check_name("task_type", task_type)
        check_integer("limit", limit)
        return self._read(recent_statement(corpus_id, task_type, limit))

    def search(
        self,
        text: str,
        *,
        corpus_id: str | None = None,
        task_type: str | None = None,
        limit: int = 20,
    ) -> Sequence[TrainingStep]:
        """Steps whose query or answers mention ``text`` (web search syntax), newest first.

        Of long texts the beginning is searchable: 100,000 characters of a query, 50,000 of each
        answer.
        """
        check_text("text", text)
        if corpus_id is not None:
            check_name("corpus_id", corpus_id)
        if task_type is not None:
            check_name("task_type", task_type)
        check_integer("limit", limit)
        return self._read(search_statement(text, corpus_id, task_type, limit))

    def reward_summary(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        corpus_id: str | None = None,
        task_type: str | None = None,
        step_type: StepType | None = None,
    ) -> Sequence[RewardSummary]:
        """Average reward and number of steps per scope; ``since`` inclusive, ``until`` exclusive.

        A step without a reward counts as a step and not in the average.
        """
        steps = training_steps.c
        statement = (
            select(
                steps.corpus_id,
                steps.task_type,
                func.avg(steps.reward).label("average_reward"),
                func.count().label("steps"),
            )
            .group_by(steps.corpus_id, steps.task_type)
            .order_by(steps.corpus_id, steps.task_type)
        )
        if since is not None:
            statement = statement.where(steps.created_at >= check_moment("since", since))
        if until is not None:
            statement = statement.where(steps.created_at < check_moment("until", until))
        if corpus_id is not None:
            statement = statement.where(steps.corpus_id == check_name("corpus_id", corpus_id))
        if task_type is not None:
            statement = statement.where(steps.task_type == check_name("task_type", task_type))
        if step_type is not None:
            statement = statement.where(steps.step_type == step_type)
        with translated():
            rows = self._session.execute(statement).all()
        return [RewardSummary(**row._mapping) for row in rows]

    def _read(self, statement: Select[Any]) -> Sequence[TrainingStep]:
        with translated():
            rows: Sequence[Row[Any]] = self._session.execute(statement).all()
        return [TrainingStep(**row._mapping) for row in rows]

    def _insert(self, statement: Any, values: dict[str, Any], steps: Sequence[NewStep]) -> int:
        missing: dict[str, HegelStoreError] = {
            f"fk_hegel_training_steps_corpus_id_{field}": _unknown_profile(field, steps)
            for field in FOREIGN_KEYS
        }
        with translated(missing):
            try:
                result = self._session.execute(statement, values)
            except exc.IntegrityError as error:
                if not _lacks_month(error):
                    raise
                # The month was there when it was last seen: it has been dropped since, or the
                # transaction that made it was rolled back.
                self._known_months().clear()
                if not isinstance(self._session, Autocommit):
                    raise TransactionConflict(
                        "the month of a step was dropped meanwhile"
                    ) from error
                self._ensure_months(steps)
                result = self._session.execute(statement, values)
        return int(result.rowcount)  # type: ignore[attr-defined]

    def _require_same(self, step: NewStep) -> None:
        statement = select(*COLUMNS).where(
            training_steps.c.corpus_id == step.corpus_id,
            training_steps.c.created_at == step.created_at,
            training_steps.c.id == step.id,
        )
        given = {name: getattr(step, attribute) for name, _, attribute in FIELDS}
        given["metrics"] = json.loads(step.metrics_json)
        given["debate_trace"] = json.loads(step.debate_trace_json)
        if self._read(statement) != [TrainingStep(**given)]:
            raise StepConflict(
                f"another step of corpus {step.corpus_id!r} has the id {step.id} "
                f"and the time {step.created_at.isoformat()}"
            )

    def _known_months(self) -> set[datetime]:
        months: set[datetime] = self._session.info.setdefault("hegel_step_months", set())
        return months

    def _ensure_months(self, steps: Sequence[NewStep]) -> None:
        """Make the partitions these steps go to; costs a round trip per month not yet seen.

        Before the insert and not after its failure, which inside a transaction could not be
        undone. With the current month the next one is made, ahead of its first step.
        """
        known = self._known_months()
        wanted = {_month(step.created_at) for step in steps} - known
        this_month = _month(datetime.now(UTC))
        if this_month in wanted:
            wanted.add(_month(this_month + timedelta(days=32)))
        for month in sorted(wanted):
            with translated():
                self._session.execute(ENSURE_MONTH, {"moment": month})
            known.add(month)


def _month(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _lacks_month(error: exc.IntegrityError) -> bool:
    """A row that finds no partition violates a check that has no name."""
    return getattr(error.orig, "sqlstate", None) == "23514" and constraint_name(error) is None


def _unknown_profile(field: str, steps: Sequence[NewStep]) -> NotFound:
    ids: list[UUID] = list(dict.fromkeys(i for s in steps if (i := getattr(s, field)) is not None))
    shown = ", ".join(map(str, ids[:3])) + (f" or another of {len(ids)}" if len(ids) > 3 else "")
    corpora = ", ".join(sorted({repr(step.corpus_id) for step in steps}))
    return NotFound("profile", f"{shown} in corpus {corpora}", field)


def _values(step: NewStep) -> dict[str, Any]:
    return {name: getattr(step, attribute) for name, _, attribute in FIELDS}


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
