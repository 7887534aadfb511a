"""Switching row-level security on and off, table by table, each in a short transaction.

A switch that was interrupted is finished by running it again. On the way on, what tells of all
corpora is closed first; on the way off it is opened last.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, Row, exc, text

from hegel_store.database import translated
from hegel_store.errors import MigrationRequired, PermissionDenied
from hegel_store.failures import Failure, failure_of, sqlstate_of
from hegel_store.models.roles import role_name, variables_of_migrator
from hegel_store.operations.row_security import statements
from hegel_store.retries import logged, until_locked

logger = logging.getLogger("hegel_store.isolation")

ATTEMPTS = 30
"""To get the lock on a table, a second each."""

ROUNDS = 5
"""Tables that are made on the way are switched in another round. After the first one a new month is
as the log is, so that the second has the last of them."""

Step = Sequence[str]
"""Statements of one transaction."""


def switch_on(engine: Engine, *, dry_run: bool = False) -> Sequence[str]:
    """Let every role but the owner, superusers and BYPASSRLS see the corpus that its transaction is
    bound to, and nothing without one. Returns the statements, which ``dry_run`` does not run; none
    where it is on.

    Also counts the words of each corpus, for its searches. Waits a second for the lock on a table,
    and then tries again, so that nobody else waits for longer. Raises PermissionDenied (only the
    owner of the tables may), MigrationRequired, and DatabaseError where a lock was never free.
    """
    return _run(engine, _steps_on, count_words=True, dry_run=dry_run)


def switch_off(engine: Engine, *, dry_run: bool = False) -> Sequence[str]:
    """Let every role see what it is granted again. As switch_on().

    Grants that single roles had on the frequencies of words in all corpora are not given back; that
    everybody may call the functions is.
    """
    return _run(engine, _steps_off, count_words=False, dry_run=dry_run)


def _steps_on(connection: Connection) -> list[Step]:
    counts = connection.execute(statements.OPEN_COUNTS, {"counts": [*statements.COUNTS]}).all()
    closing = [statements.close_counts(row.quoted, row.grantee) for row in counts]
    if any(row.public for row in counts):
        trusted = connection.execute(statements.TRUSTED).scalars().all()
        functions = dict.fromkeys(row.quoted for row in counts if row.public)
        closing += [statements.open_counts(f, role) for f in functions for role in trusted]
    views = connection.execute(statements.OPEN_VIEW).scalars()
    closing += [statements.close_view(grantee) for grantee in views]
    steps: list[Step] = [closing] if closing else []
    for table in _tables(connection):
        step = []
        if not table.policy and not table.partition:
            step.append(statements.policy(table.name, table.quoted))
        if not table.enabled:
            step.append(statements.enable(table.quoted))
        if step:
            steps.append(step)
    return steps


def _steps_off(connection: Connection) -> list[Step]:
    steps: list[Step] = []
    # The log last, behind its months: one that is made meanwhile is as the log is.
    for table in reversed(_tables(connection)):
        step = []
        if table.enabled:
            step.append(statements.disable(table.quoted))
        if table.policy:
            step.append(statements.no_policy(table.quoted))
        if step:
            steps.append(step)
    counts = connection.execute(statements.OPEN_COUNTS, {"counts": [*statements.COUNTS]}).all()
    called = {row.quoted for row in counts}
    # Where all tables are open, only what is left of an interrupted switch: functions that nobody
    # may call. Those that roles may call were closed to the others for the sake of the roles.
    opening = [name for name in statements.COUNTS if steps or name not in called]
    if opening:
        steps.append([statements.open_counts(name, "PUBLIC") for name in opening])
    return steps


def _tables(connection: Connection) -> Sequence[Row[Any]]:
    tables = connection.execute(statements.TABLES, {"others": [*statements.OTHERWISE]}).all()
    if not any(table.name == "hegel_corpus_words" for table in tables):
        raise MigrationRequired("run `hegel-store upgrade` first")
    return tables


def _run(
    engine: Engine,
    left: Callable[[Connection], list[Step]],
    *,
    count_words: bool,
    dry_run: bool,
) -> Sequence[str]:
    """Run the steps that are ``left``, until none are, or the same again: what another role has
    granted the owner cannot take."""
    done: list[str] = []
    before: list[Step] = []
    with translated(), _told_the_owner(engine):
        for _ in range(ROUNDS):
            with engine.connect() as connection:
                steps = left(connection)
            if steps == before:
                break
            done += [statement for step in steps for statement in step]
            if dry_run:
                return done
            before = steps
            for step in steps:
                until_locked(partial(_apply, engine, step), ATTEMPTS, logged(logger))
        if count_words:
            _count_words(engine)
    return done


@contextmanager
def _told_the_owner(engine: Engine) -> Iterator[None]:
    """Say, of a refusal for lack of rights, who may."""
    try:
        yield
    except exc.DBAPIError as error:
        if failure_of(error) is not Failure.RIGHTS:
            raise
        with engine.connect() as connection:
            owner = connection.execute(statements.OWNER).scalar_one()
        told = f"run it as the owner of the tables, {owner}"
        if owner.endswith(role_name("", "migrate")):
            told += f": set {variables_of_migrator(owner)}"
        raise PermissionDenied(f"{str(error.orig).strip()}: {told}", sqlstate_of(error)) from error


def _apply(engine: Engine, step: Step) -> None:
    with engine.begin() as connection:
        connection.execute(statements.LOCK_TIMEOUT)
        for statement in step:
            connection.execute(text(statement))


def _count_words(engine: Engine) -> None:
    """Of every corpus, each in a transaction of its own."""
    with engine.connect() as connection:
        corpora = connection.execute(statements.CORPORA).scalars().all()
    for corpus in corpora:
        with engine.begin() as connection:
            connection.execute(statements.BIND, {"corpus_id": corpus})
            connection.execute(statements.COUNT)
