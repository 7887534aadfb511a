"""Whether a pooler stands in between, and whether it bears what this session does."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import pq

from hegel_store.operations.doctor.findings import Finding
from hegel_store.operations.doctor.patient import Patient

LIBPQ_FOR_POOLERS = 170_000
"""The first libpq with which psycopg can prepare through PgBouncer 1.22 and later."""


def check_pooler(patient: Patient) -> Iterator[Finding]:
    """Compares the process that the connection names with the one that answers.

    PgBouncer and its like name themselves, in whatever mode. Nothing is prepared to find out: it
    would stay on a connection that others are lent.
    """
    told = patient.settings.pgbouncer
    if patient.is_direct:
        yield Finding(
            code="pooler-absent" if told else "pooler",
            severity="look" if told else "ok",
            subject="the connection",
            seen="the server's own process answers: there is no pooler in between"
            + (", and HEGEL_PGBOUNCER says there is" if told else ""),
            why="Statements are planned anew each time, and no timeout is sent, for nothing."
            if told
            else "Prepared statements and settings of a session are safe.",
            remedy="unset HEGEL_PGBOUNCER" if told else "nothing to do",
        )
    elif told:
        yield Finding(
            code="pooler",
            severity="ok",
            subject="the connection",
            seen="a pooler answers, and nothing is prepared or set through it",
            why="Timeouts, search_path and jit come from ALTER ROLE here. Migrate over a direct "
            "connection.",
        )
    else:
        able = pq.version() >= LIBPQ_FOR_POOLERS
        yield Finding(
            code="pooler-unannounced",
            severity="act",
            subject="the connection",
            seen="a pooler answers, and HEGEL_PGBOUNCER is not set; libpq here is "
            f"{pq.version() // 10_000}.{pq.version() % 10_000}",
            why="psycopg prepares statements, which collide on connections that are shared "
            "(SQLSTATE 42P05, 26000), unless it pools by session, or it is PgBouncer 1.22 or later "
            "with max_prepared_statements and libpq 17 or later"
            + (". " if able else ", which this one is not. ")
            + "No timeout and no schema can be set for the session.",
            remedy="export HEGEL_PGBOUNCER=1",
        )
