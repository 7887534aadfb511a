"""Who waits for whom: the sessions of a database as trees, those that hold everybody up first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, text

from hegel_store.database import translated

PREPARED = 0
"""The process that pg_blocking_pids() names for a prepared transaction, which has none."""

FORGET_SEEN = text("SELECT pg_stat_clear_snapshot()")
"""What a transaction has once seen of the sessions, the server shows it until its end."""
SESSIONS = text(
    """
    WITH waiting AS (
        SELECT pid, array_agg(DISTINCT blocker) AS blocked_by
        FROM pg_catalog.pg_stat_activity
        CROSS JOIN LATERAL unnest(pg_blocking_pids(pid)) AS blocker
        WHERE wait_event_type = 'Lock'
        GROUP BY pid
    )
    SELECT session.pid, usename AS role, application_name AS application, datname AS database,
           state, query AS statement, xact_start AS transaction_since, blocked_by,
           lock.waitstart AS waiting_since, lock.mode AS lock_mode,
           CASE WHEN lock.relation IS NOT NULL AND session.datname = current_database()
                THEN CAST(CAST(lock.relation AS regclass) AS text)
                ELSE lock.locktype END AS locked
    FROM pg_catalog.pg_stat_activity AS session
    LEFT JOIN waiting ON waiting.pid = session.pid
    LEFT JOIN LATERAL (
        SELECT * FROM pg_catalog.pg_locks
        WHERE pg_locks.pid = session.pid AND NOT granted
        ORDER BY waitstart LIMIT 1
    ) AS lock ON true
    WHERE waiting.pid IS NOT NULL
       OR session.pid IN (SELECT unnest(waiting.blocked_by) FROM waiting)
    ORDER BY session.pid
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """A session that waits for a lock, or for which others wait.

    ``statement`` is the one that runs, or ran last where ``state`` says that it is idle: the lock
    may be an earlier one's. ``locked`` is the table, or what else ``lock_mode`` is asked for: a
    transactionid is the end of the transaction that holds a row. What another role does is told
    with pg_read_all_stats alone. ``waiting_since`` and ``lock_mode`` are None for who does not
    wait; ``pid`` is 0 for a prepared transaction.
    """

    pid: int
    role: str | None
    application: str | None
    database: str | None
    state: str | None
    statement: str | None
    transaction_since: datetime | None
    blocked_by: Sequence[int]
    waiting_since: datetime | None
    lock_mode: str | None
    locked: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockTree:
    """A session, and those that wait for it, as trees of their own."""

    session: Waiter
    waiting: Sequence[LockTree]


def locks(connection: Connection) -> Sequence[LockTree]:
    """Whom all others wait for, each with who waits for it, by process; empty when nobody waits.

    A session that waits for several stands below each of them. One that belongs to a circle, which
    the server breaks after deadlock_timeout, is shown once on each way down.
    """
    with translated():
        connection.execute(FORGET_SEEN)
        rows = connection.execute(SESSIONS).mappings().all()
    sessions = {
        row["pid"]: Waiter(**{**row, "blocked_by": tuple(row["blocked_by"] or ())}) for row in rows
    }
    return trees(sessions)


def trees(sessions: Mapping[int, Waiter]) -> Sequence[LockTree]:
    """The sessions, by process, as trees. Who has gone while they were read blocks nobody."""
    known = dict(sessions)
    if any(PREPARED in one.blocked_by for one in known.values()):
        known[PREPARED] = _prepared()
    known = {
        pid: replace(one, blocked_by=tuple(by for by in one.blocked_by if by in known))
        for pid, one in known.items()
    }
    made = [_below(one, known, ()) for one in known.values() if not one.blocked_by]
    # Whoever is left waits, by some way, for a circle: it begins at its lowest process.
    while left := sorted(set(known) - {pid for tree in made for pid in _pids(tree)}):
        made.append(_below(known[left[0]], known, ()))
    return [tree for tree in made if tree.waiting]


def _below(session: Waiter, known: Mapping[int, Waiter], way: tuple[int, ...]) -> LockTree:
    way = (*way, session.pid)
    return LockTree(
        session=session,
        waiting=[
            _below(other, known, way)
            for other in known.values()
            if session.pid in other.blocked_by and other.pid not in way
        ],
    )


def _pids(tree: LockTree) -> set[int]:
    return {tree.session.pid}.union(*map(_pids, tree.waiting))


def _prepared() -> Waiter:
    return Waiter(
        pid=PREPARED,
        role=None,
        application=None,
        database=None,
        state="a prepared transaction: see pg_prepared_xacts",
        statement=None,
        transaction_since=None,
        blocked_by=(),
        waiting_since=None,
        lock_mode=None,
        locked=None,
    )
