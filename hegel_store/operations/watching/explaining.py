"""What a call really asks of the server, each of its statements with its plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event, exc
from sqlalchemy.orm import Session

from hegel_store.copying import COPY_WATCHER
from hegel_store.database import translated
from hegel_store.operations.doctor.findings import Finding
from hegel_store.operations.watching.plan_warnings import warnings
from hegel_store.operations.watching.plans import lines

EXPLAINABLE = re.compile(
    r"\s*(?:--[^\n]*\n\s*)*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES)\b", re.I
)
EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "
SAVEPOINT = "hegel_explain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """How many rows a COPY sent, and in how many milliseconds the server had stored them, its
    triggers and checks included. ``error`` is the class of the one that refused them all, None
    where they were stored."""

    rows: int
    milliseconds: float
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A statement as it was sent, with %(name)s for its values, which are not kept.

    ``plan`` is the server's, as of FORMAT JSON ("Plan", "Execution Time" and so on, milliseconds);
    None for what EXPLAIN does not take: SET, COPY, SAVEPOINT. ``copied`` says of a COPY what can be
    said of it.
    """

    statement: str
    plan: Mapping[str, Any] | None
    warnings: Sequence[Finding]
    copied: Copied | None = None

    @property
    def lines(self) -> Sequence[str]:
        """The plan to read, a line for each node and condition; empty without one."""
        return [] if self.plan is None else lines(self.plan["Plan"])

    @property
    def milliseconds(self) -> float | None:
        """Planning and execution, at the server, with the clocks that ANALYZE adds."""
        if self.plan is None:
            return None
        return float(self.plan["Planning Time"]) + float(self.plan["Execution Time"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The statements of a call in their order, and what the call returned."""

    statements: Sequence[Explained]
    answer: object


@dataclass(slots=True)
class _Recorder:
    explained: list[Explained] = field(default_factory=list)
    is_busy: bool = False

    def before(
        self,
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        executemany: bool,
    ) -> None:
        """Explain the statement where and when it is about to run, and undo that."""
        if self.is_busy:
            return
        self.is_busy = True
        try:
            plan = None
            if EXPLAINABLE.match(statement) and not executemany:
                plan = _plan(connection, statement, parameters)
            found = [] if plan is None else warnings(plan["Plan"])
            self.explained.append(Explained(statement=statement, plan=plan, warnings=found))
        finally:
            self.is_busy = False

    def copied(
        self, statement: str, rows: int, seconds: float, error: exc.DBAPIError | None
    ) -> None:
        """Note a COPY that has run."""
        name = None if error is None else type(error.orig).__name__
        copied = Copied(rows=rows, milliseconds=1000 * seconds, error=name)
        self.explained.append(Explained(statement=statement, plan=None, warnings=[], copied=copied))


def explain(session: Session, call: Callable[[], object]) -> Explanation:
    """Make ``call``, which works on ``session``, and explain each statement that it sends.

    Every statement runs twice: once by EXPLAIN ANALYZE in a savepoint that is rolled back, so that
    its plan is that of the rows which it really meets, and once for the call. The session is rolled
    back at the end, so nothing that the call writes stays; what a sequence gave out is not given
    back. Statements that repeat are told each time. A COPY, as of log_many() for eight steps and
    more, runs once: its rows and its time are told, and what follows it is explained as it meets
    them.

    Raises what the call raises.
    """
    recorder = _Recorder()
    with translated():
        connection = session.connection()
    try:
        with _recorded(connection, recorder):
            answer = call()
    finally:
        session.rollback()
    return Explanation(statements=recorder.explained, answer=answer)


@contextmanager
def _recorded(connection: Connection, recorder: _Recorder) -> Iterator[None]:
    event.listen(connection, "before_cursor_execute", recorder.before)
    connection.info[COPY_WATCHER] = recorder.copied
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", recorder.before)
        connection.info.pop(COPY_WATCHER, None)


def _plan(connection: Connection, statement: str, parameters: Any) -> Mapping[str, Any]:
    driver: Any = connection.connection.driver_connection
    # A cursor of its own: the one of the call belongs to the statement that follows.
    with driver.cursor() as cursor:
        cursor.execute(f"SAVEPOINT {SAVEPOINT}")
        try:
            cursor.execute(EXPLAIN + statement, parameters, prepare=False)
            ((answer,),) = cursor.fetchone()
        finally:
            cursor.execute(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
            cursor.execute(f"RELEASE SAVEPOINT {SAVEPOINT}")
    plan: Mapping[str, Any] = answer
    return plan
