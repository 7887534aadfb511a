"""Runs of optimisers: begun once, resumed from anywhere, within their budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args

from sqlalchemy import TextClause

from hegel_store.database import Executor, translated
from hegel_store.errors import BudgetExceeded, InvalidInput, NotFound, RunConflict
from hegel_store.models.checks import (
    check_choice,
    check_integer,
    check_json,
    check_name,
    check_optional_json,
    check_text,
)
from hegel_store.models.runs import Direction, Run, RunStatus
from hegel_store.observing import observed
from hegel_store.repositories import run_statements as statements
from hegel_store.repositories.run_states import RunStates

LIVE: tuple[RunStatus, ...] = ("created", "running")
ENDED: tuple[RunStatus, ...] = ("stopped", "finished", "failed")


@observed("runs")
class RunRepository(RunStates):
    """The runs of a corpus. A ``run_id`` is any name that the corpus has not used before.

    ``session`` is any SQLAlchemy Session or Connection; nothing is committed here.
    """

    def __init__(self, session: Executor) -> None:
        self._session = session

    def start(
        self,
        corpus_id: str,
        task_type: str,
        run_id: str,
        *,
        optimiser: str,
        objectives: Mapping[str, Direction],
        configuration: Mapping[str, Any] | None = None,
        budget: int | None = None,
        resume: bool = False,
    ) -> Run:
        """Write down a new run; with ``resume``, find the one that was started with the same.

        ``objectives`` maps the name of each score to "maximize" or "minimize", ``budget`` is how
        many evaluations the run may spend. Resuming reads only: the run goes on as it stands, with
        the budget that it has, whichever process asks; one that has ended is begun again by
        reopen().

        Raises InvalidInput, and RunConflict for a ``run_id`` that is there already: when not
        resuming, and when anything else than its budget is given differently, or another budget.
        """
        values = _key(corpus_id, run_id) | {
            "task_type": check_name("task_type", task_type),
            "optimiser": check_name("optimiser", optimiser),
            "configuration": check_optional_json("configuration", configuration),
            "objectives": _objectives(objectives),
            "allowed": None if budget is None else check_integer("budget", budget),
        }
        with translated():
            row = self._session.execute(statements.START, values).one_or_none()
        if row is not None:
            return Run(**row._mapping)
        if not resume:
            raise RunConflict(f"run {run_id!r} of corpus {corpus_id!r}", "a new one", "there")
        with translated():
            compared = self._session.execute(statements.DIFFERENCES, values).one()
        different = [name for name, differs in compared._mapping.items() if differs]
        if different:
            raise RunConflict(
                f"run {run_id!r} of corpus {corpus_id!r}",
                "one that was started with the same",
                f"one with another {', '.join(different)}",
            )
        return self.get(corpus_id, run_id)

    def get(self, corpus_id: str, run_id: str) -> Run:
        """One run, without its state. Raises NotFound."""
        values = _key(corpus_id, run_id)
        with translated():
            row = self._session.execute(statements.GET, values).one_or_none()
        if row is None:
            raise NotFound("run", f"{run_id!r} in corpus {corpus_id!r}", "run_id")
        return Run(**row._mapping)

    def list(
        self,
        corpus_id: str | None = None,
        *,
        task_type: str | None = None,
        status: RunStatus | None = None,
        limit: int = 50,
    ) -> Sequence[Run]:
        """Runs, the newest first, of a corpus or of all."""
        if status is not None:
            check_choice("status", status, get_args(RunStatus))
        values = {
            "corpus_id": None if corpus_id is None else check_name("corpus_id", corpus_id),
            "task_type": None if task_type is None else check_name("task_type", task_type),
            "status": status,
            "limit": check_integer("limit", limit),
        }
        with translated():
            return [Run(**row._mapping) for row in self._session.execute(statements.LIST, values)]

    def stalled(self, older_than: timedelta, *, corpus_id: str | None = None) -> Sequence[Run]:
        """Runs that have not ended, and of which nothing was heard for so long; longest first.

        By the server's clock. Claims, spend() and heartbeat() are heard.
        """
        if not isinstance(older_than, timedelta) or older_than < timedelta():
            raise InvalidInput("older_than", f"must be a timedelta from 0 on, not {older_than!r}")
        values = {
            "corpus_id": None if corpus_id is None else check_name("corpus_id", corpus_id),
            "older_than": older_than,
        }
        with translated():
            rows = self._session.execute(statements.STALLED, values).all()
        return [Run(**row._mapping) for row in rows]

    def heartbeat(self, corpus_id: str, run_id: str) -> Run:
        """Say that the run goes on, and read how it stands.

        Raises NotFound, and RunConflict for a run that has ended: somebody else may have stopped
        it, and a worker that hears of it should end as well.
        """
        return self._set_status(corpus_id, run_id, "running", LIVE)

    def finish(self, corpus_id: str, run_id: str) -> Run:
        """The run has done what it should. Any of its workers may say so, also after another.

        Nothing can be claimed for a run that has ended; what was claimed before may be recorded.
        Raises NotFound, and RunConflict for a run that was stopped or has failed.
        """
        return self._set_status(corpus_id, run_id, "finished", (*LIVE, "finished"))

    def stop(self, corpus_id: str, run_id: str, reason: str | None = None) -> Run:
        """End the run before it is finished. Raises as finish() does."""
        return self._set_status(corpus_id, run_id, "stopped", (*LIVE, "stopped"), reason)

    def fail(self, corpus_id: str, run_id: str, reason: str) -> Run:
        """End the run, which cannot go on. Raises as finish() does."""
        return self._set_status(corpus_id, run_id, "failed", (*LIVE, "failed"), reason)

    def reopen(self, corpus_id: str, run_id: str) -> Run:
        """Let a run that has ended go on. Raises NotFound, and RunConflict for one that does."""
        return self._set_status(corpus_id, run_id, "running", ENDED)

    def allow(self, corpus_id: str, run_id: str, budget: int | None) -> Run:
        """Give the run another budget, None for no bounds.

        Raises NotFound, and BudgetExceeded when more than that is spent already.
        """
        values = _key(corpus_id, run_id)
        values["allowed"] = None if budget is None else check_integer("budget", budget)
        return self._spending(statements.ALLOW, values, f"a budget of {budget}")

    def spend(self, corpus_id: str, run_id: str, evaluations: int = 1) -> Run:
        """Count evaluations that are not claimed here, all or none of them.

        Raises NotFound, and BudgetExceeded where fewer are left; nothing is counted then.
        """
        values: dict[str, Any] = _key(corpus_id, run_id)
        values["evaluations"] = check_integer("evaluations", evaluations)
        return self._spending(statements.SPEND, values, f"{evaluations} more")

    def _spending(self, statement: TextClause, values: Mapping[str, Any], wanted: str) -> Run:
        with translated():
            row = self._session.execute(statement, values).one_or_none()
        if row is None:
            run = self.get(values["corpus_id"], values["run_id"])
            raise BudgetExceeded(
                f"run {run.run_id!r} has spent {run.evaluations_spent} of "
                f"{run.evaluations_allowed} evaluations, and {wanted} would exceed that"
            )
        return Run(**row._mapping)

    def _set_status(
        self,
        corpus_id: str,
        run_id: str,
        status: RunStatus,
        before: Sequence[RunStatus],
        reason: str | None = None,
    ) -> Run:
        values = _key(corpus_id, run_id) | {
            "status": status,
            "before": [*before],
            "reason": None if reason is None else check_text("reason", reason),
        }
        with translated():
            row = self._session.execute(statements.SET_STATUS, values).one_or_none()
        if row is None:
            run = self.get(corpus_id, run_id)
            raise RunConflict(
                f"run {run_id!r} of corpus {corpus_id!r}", " or ".join(before), run.status
            )
        return Run(**row._mapping)


def _key(corpus_id: str, run_id: str) -> dict[str, Any]:
    return {
        "corpus_id": check_name("corpus_id", corpus_id),
        "run_id": check_name("run_id", run_id),
    }


def _objectives(objectives: object) -> str:
    if not isinstance(objectives, Mapping) or not objectives:
        raise InvalidInput("objectives", "must map at least one name to its direction")
    for name, direction in objectives.items():
        check_name("objectives (a name)", name)
        check_choice(f"objectives.{name:.80}", direction, get_args(Direction))
    return check_json("objectives", objectives)
