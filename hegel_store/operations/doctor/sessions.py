"""Connections and transactions: how many, how old, and who only holds one open."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from hegel_store.operations.doctor.findings import Finding, Severity, shown_seconds
from hegel_store.operations.doctor.patient import Patient

LOOK_SHARE, ACT_SHARE = 0.7, 0.9
"""Of the connections that roles without privileges may have."""
LONG_SECONDS, VERY_LONG_SECONDS = 300.0, 3600.0
"""A transaction of five minutes has seen autovacuum come by five times, in vain."""
IDLE_SECONDS = 60.0
"""In a transaction, without a statement: no call of this package takes that long in between."""
SHOWN = 5

CONNECTIONS = text(
    """
    SELECT
        (SELECT count(*) FROM pg_catalog.pg_stat_activity
         WHERE backend_type = 'client backend') AS used,
        CAST(current_setting('max_connections') AS int)
            - CAST(current_setting('superuser_reserved_connections') AS int)
            - coalesce(CAST(current_setting('reserved_connections', true) AS int), 0) AS most,
        (SELECT string_agg(concat(held, ' of ', holder), ', ' ORDER BY held DESC, holder)
         FROM (
            SELECT count(*) AS held, coalesce(nullif(application_name, ''), 'no name') AS holder
            FROM pg_catalog.pg_stat_activity
            WHERE backend_type = 'client backend'
            GROUP BY 2 ORDER BY 1 DESC, 2 LIMIT :shown
         ) AS holders) AS holders
    """
)
TRANSACTIONS = text(
    """
    SELECT pid, usename AS role, application_name AS application, state,
           CAST(extract(epoch FROM clock_timestamp() - xact_start) AS float8) AS seconds,
           CAST(extract(epoch FROM clock_timestamp() - state_change) AS float8) AS since,
           (SELECT count(*) FROM pg_catalog.pg_stat_activity AS waiting
            WHERE session.pid = ANY (pg_blocking_pids(waiting.pid))) AS waiting
    FROM pg_catalog.pg_stat_activity AS session
    WHERE datname = current_database() AND backend_type = 'client backend'
      AND pid <> pg_backend_pid()
      AND (xact_start < clock_timestamp() - make_interval(secs => :long)
           OR (starts_with(state, 'idle in transaction')
               AND state_change < clock_timestamp() - make_interval(secs => :idle)))
    ORDER BY xact_start
    LIMIT :shown
    """
)
HIDDEN = text(
    """
    SELECT count(*) FROM pg_catalog.pg_stat_activity
    WHERE datname = current_database() AND backend_type IS NULL
    """
)


def check_connections(patient: Patient) -> Iterator[Finding]:
    """How many of the server's connections are taken, by all databases."""
    row = patient.connection.execute(CONNECTIONS, {"shown": SHOWN}).one()
    share = row.used / max(row.most, 1)
    severity: Severity = "ok"
    if share >= LOOK_SHARE:
        severity = "act" if share >= ACT_SHARE else "look"
    yield Finding(
        code="connections" if severity == "ok" else "connections-scarce",
        severity=severity,
        subject="max_connections",
        seen=f"{row.used} of {row.most} connections ({share:.0%}) are taken: {row.holders}",
        why="When none is left, new sessions are refused; idle ones cost memory all the same.",
        remedy="nothing to do"
        if severity == "ok"
        else "export HEGEL_POOL=light    # for each process, or a pooler in front of the server",
    )
    hidden = patient.connection.scalar(HIDDEN)
    if hidden:
        yield Finding(
            code="sessions-hidden",
            severity="look",
            subject="pg_stat_activity",
            seen=f"{hidden} sessions of other roles show neither state nor age",
            why="Connections are counted too low, and long transactions of others are not seen.",
            remedy=f"GRANT pg_read_all_stats TO {patient.role};",
        )


def check_transactions(patient: Patient) -> Iterator[Finding]:
    """Transactions of this database that have been open for long, or wait for their client."""
    rows = patient.connection.execute(
        TRANSACTIONS, {"long": LONG_SECONDS, "idle": IDLE_SECONDS, "shown": SHOWN}
    ).all()
    for row in rows:
        idle = str(row.state).startswith("idle in transaction")
        very_long = row.seconds >= VERY_LONG_SECONDS or row.waiting
        waited_for = f"; {row.waiting} sessions wait for it" if row.waiting else ""
        yield Finding(
            code="transaction-idle" if idle else "transaction-long",
            severity="act" if very_long else "look",
            subject=f"process {row.pid}",
            seen=f"open for {shown_seconds(row.seconds)} by {row.role} ({row.application}), "
            f"{row.state} for {shown_seconds(row.since)}{waited_for}",
            why="VACUUM cannot remove rows that have died since it began, CREATE INDEX "
            "CONCURRENTLY waits for it, and it keeps the locks that it has.",
            remedy=f"SELECT pg_terminate_backend({row.pid});"
            if idle
            else f"SELECT pg_cancel_backend({row.pid});",
        )
    if not rows:
        yield Finding(
            code="transactions",
            severity="ok",
            subject="transactions",
            seen=f"none is older than {shown_seconds(LONG_SECONDS)} or idle for "
            f"{shown_seconds(IDLE_SECONDS)}",
            why="Old ones keep VACUUM from removing rows.",
        )
