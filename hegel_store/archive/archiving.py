"""Months that leave the database for a file, and leave it only once the file is known to hold them.

::

    attached --DETACH CONCURRENTLY--> detaching --(same or FINALIZE)--> detached --DROP--> gone
       |                                                                  |
       export, read the file back                          compare again, export anew if different

Where it is stands in the catalog and in the folder, so that a run that was killed is gone on with
by running it again.
"""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Executable, TableClause

from hegel_store.archive import parquet, statements
from hegel_store.archive.exporting import EVERYTHING, stream
from hegel_store.archive.files import written
from hegel_store.archive.rows import Checksum, checksum_of
from hegel_store.archive.source import Source, only_archiver, snapshot, transaction
from hegel_store.database import translated
from hegel_store.errors import DatabaseError, InvalidInput, NotFound, PermissionDenied
from hegel_store.failures import NO_RIGHT
from hegel_store.giving_way import Pace
from hegel_store.models.checks import check_integer
from hegel_store.repositories.step_rollup_statements import FORGET_MONTH, TAKE_TURNS
from hegel_store.retries import logged, until_locked

logger = logging.getLogger("hegel_store.archive")

ATTEMPTS = 10
"""How often a statement that does not get its locks is tried."""

MonthState = Literal["attached", "detaching", "detached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month's table. Steps of one that is not ``attached`` are not found by queries any more, and
    a run that was interrupted has yet to drop it."""

    schema: str
    name: str
    first_day: date
    state: MonthState
    is_owner: bool
    columns: Sequence[str]
    this_month: date

    @property
    def table(self) -> TableClause:
        return statements.month_table(self.schema, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedMonth:
    """A month that is in ``path`` now, with that many steps, and no more in the database."""

    month: date
    path: Path
    steps: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file that holds these steps."""

    path: Path
    held: Checksum
    is_own: bool


def months_older_than(source: Source, months: int) -> Sequence[Month]:
    """The months of which every step is older than so many calendar months, oldest first.

    With 3 in November these are July and before. Detached ones are among them, also such as
    somebody else has detached. Raises InvalidInput for a negative number.
    """
    check_integer("months", months, maximum=12_000)
    return [m for m in _months(source) if _count(m.first_day) < _count(m.this_month) - months]


def archive_month(
    source: Source, month: date, folder: str | os.PathLike[str], *, give_way: bool = True
) -> ArchivedMonth:
    """Write a month of steps to a Parquet file in ``folder``, and drop it from the database.

    ``month`` is any day of it. The file is read back and compared with the table, in number of
    steps and checksum, before the month is detached, and once more after that, when nobody can
    write to it: steps that came meanwhile are exported anew. Writers wait for a lock for a second
    at most. Killed at any point it may be called again; a file that is there is never replaced by
    another call, so that a month that was made anew after it was dropped gets a file of its own.

    It waits before it begins until no evaluation runs, where the store is to "stop" for one, unless
    ``give_way`` is off. A month that was begun is finished.

    The steps of other transactions that are still open are waited for. From the beginning of the
    detachment until the drop, steps of this month can neither be read nor logged
    (TransactionConflict, or a DatabaseError that says it is detached); afterwards logging one makes
    the month anew.

    Raises InvalidInput for the current month, one to come and a folder that is not there; NotFound;
    PermissionDenied for who does not own the tables, or does not see all rows; ConfigurationError
    without pyarrow or through PgBouncer; TransactionConflict where the locks were not to be had in
    ATTEMPTS attempts, or another process archives; DatabaseError where the month has columns that
    the file would not hold.
    """
    parquet.load_pyarrow()
    home = Path(folder)
    if not home.is_dir():
        raise InvalidInput("folder", f"there is no folder {home}")
    if give_way:
        with translated():
            _require(source, month)  # so that nobody waits for a refusal
        Pace.on(source.engine).begin()
    with translated(), only_archiver(source) as session:
        found = _require(source, month)
        with snapshot(source) as connection:
            kept = _kept(connection, found.table, home)
        _detach(source, session, found)
        with transaction(source) as connection:
            _patiently(connection, statements.lock(found.table))
            kept = _kept(connection, found.table, home, kept)
            # Its rewards go with it: they would be counted twice if it were imported again.
            _patiently(connection, TAKE_TURNS)
            connection.execute(FORGET_MONTH, {"month": found.first_day})
            _patiently(connection, statements.drop(found.table))
    logger.info("%s: %d steps archived in %s", found.name, kept.held.steps, kept.path)
    return ArchivedMonth(month=found.first_day, path=kept.path, steps=kept.held.steps)


def _months(source: Source) -> Sequence[Month]:
    with translated(), source.engine.connect() as connection:
        return [Month(**row._mapping) for row in connection.execute(statements.MONTHS)]


def _count(day: date) -> int:
    return day.year * 12 + day.month


def _find(source: Source, month: date) -> Month | None:
    return next((m for m in _months(source) if _count(m.first_day) == _count(month)), None)


def _require(source: Source, month: date) -> Month:
    if not isinstance(month, date):
        raise InvalidInput("month", f"must be a date, not {type(month).__name__}")
    found = _find(source, month)
    if found is None:
        raise NotFound("month of steps", f"{month:%Y-%m}", "month")
    if _count(month) >= _count(found.this_month):
        raise InvalidInput("month", f"{month:%Y-%m} is not over: steps are still logged into it")
    if not found.is_owner:
        raise PermissionDenied(f"only the owner of {found.name} may archive it", NO_RIGHT)
    others = set(found.columns) - set(statements.NAMES)
    if others:
        raise DatabaseError(
            f"{found.name} has columns that its file would not hold: {', '.join(sorted(others))}"
        )
    return found


def _kept(
    connection: Connection, table: TableClause, folder: Path, before: _Kept | None = None
) -> _Kept:
    """The file that holds exactly the table's steps: one that is there, or a new one.

    ``before`` is what this run has found before. Only a file that this run itself has written is
    replaced: any other may be all that is left of steps that were dropped.
    """
    connection.execute(statements.EVERY_ROW)
    held = _checksum(connection, table)
    if before is not None and before.held == held:
        return before
    if before is not None and before.is_own:
        logger.info("%s: steps came meanwhile, exporting it anew", table.name)
        _write(connection, table, before.path, held, replace=True)
        return _Kept(before.path, held, is_own=True)
    for number in itertools.count(1):
        path = folder / f"{table.name}{'' if number == 1 else f'-{number}'}.parquet"
        if not path.exists():
            break
        if _checksum_of_file(path) == held:
            return _Kept(path, held, is_own=False)
    _write(connection, table, path, held, replace=False)
    return _Kept(path, held, is_own=True)


def _write(
    connection: Connection, table: TableClause, path: Path, held: Checksum, *, replace: bool
) -> None:
    """Export the table, and compare what is in the file before it gets its name."""
    with written(path, replace=replace) as file:
        with stream(connection, table, EVERYTHING) as rows:
            parquet.write(file, rows)
        file.flush()
        found = _checksum_of_file(Path(file.name))
        if found != held:
            raise DatabaseError(f"{path} would hold {found} and the table holds {held}")


def _checksum(connection: Connection, table: TableClause) -> Checksum:
    found = connection.execute(statements.checksum(table)).one()
    return Checksum(found.steps, int(found.first), int(found.second))


def _checksum_of_file(path: Path) -> Checksum:
    return checksum_of(parquet.read(path))


def _detach(source: Source, session: Connection, month: Month) -> None:
    """Take the month out of the log, from wherever an earlier attempt was interrupted."""

    def attempt() -> None:
        found = _find(source, month.first_day)
        if found is None:
            raise DatabaseError(f"{month.name} was dropped by somebody else")
        if found.state != "detached":
            session.execute(statements.detach(month.table, finish=found.state == "detaching"))

    until_locked(attempt, ATTEMPTS, logged(logger))


def _patiently(connection: Connection, statement: Executable) -> None:
    """Run what needs locks inside a transaction; what it has got is given back at each failure."""

    def attempt() -> None:
        with connection.begin_nested():
            connection.execute(statement)

    until_locked(attempt, ATTEMPTS, logged(logger))
