"""Looks at a database with every check, changing nothing and waiting for nothing long.

Each check is a read-only transaction of its own, with a timeout for its statements and a deadline
after which its connection is cut, as a server that was stopped answers nothing at all. A check that
is refused, or too slow, is a finding; the others go on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, NullPool, create_engine, exc, text

from hegel_store.addresses import DatabaseAddress
from hegel_store.connector import Connector, hang_up
from hegel_store.errors import (
    ConfigurationError,
    DatabaseError,
    HegelStoreError,
    InvalidInput,
    MigrationRequired,
    PermissionDenied,
    StatementTimeout,
)
from hegel_store.failures import error_of
from hegel_store.operations.doctor.address import address_unusable, describe_address
from hegel_store.operations.doctor.bloat import check_bloat
from hegel_store.operations.doctor.findings import Finding, Report
from hegel_store.operations.doctor.index_fitness import check_operator_classes
from hegel_store.operations.doctor.indexes import check_indexes
from hegel_store.operations.doctor.machine import check_machine
from hegel_store.operations.doctor.migration import check_migration
from hegel_store.operations.doctor.patient import Check, Patient, quoted
from hegel_store.operations.doctor.pooler import check_pooler
from hegel_store.operations.doctor.sessions import check_connections, check_transactions
from hegel_store.operations.doctor.spool import check_spool
from hegel_store.operations.doctor.statistics import check_statistics
from hegel_store.operations.doctor.usage import check_cache, check_growth, check_scans
from hegel_store.operations.doctor.versions import check_extensions, check_server
from hegel_store.schema import VERSION_TABLE
from hegel_store.settings import Settings, resolve_address

CHECKS: Sequence[Check] = (
    check_server,
    check_extensions,
    check_migration,
    check_pooler,
    check_connections,
    check_transactions,
    check_machine,
    check_indexes,
    check_operator_classes,
    check_statistics,
    check_bloat,
    check_scans,
    check_cache,
    check_growth,
)

CHECK_SECONDS = 5.0
"""How long a statement may take."""
DEADLINE = 4
"""How many times as long a whole check may take, before its connection is cut."""

LIMITS = text(
    """
    SELECT set_config('statement_timeout', CAST(:milliseconds AS text), true),
           set_config('lock_timeout', CAST(:milliseconds AS text), true)
    """
)
HOME = text("SELECT current_schema()")


def diagnose(
    settings: Settings,
    url: str | URL | None = None,
    *,
    seconds: float = CHECK_SECONDS,
    checks: Sequence[Check] = CHECKS,
) -> Report:
    """Examine the database that ``url`` or the settings name.

    Raises nothing of ours: what is wrong is among the findings. A statement takes ``seconds`` at
    most. The embedded server is started where nothing is named and ``settings.embedded`` is on.
    """
    try:
        address = resolve_address(settings, url)
    except HegelStoreError as error:
        return Report(findings=[address_unusable(error)])
    found = [*describe_address(address, settings), *check_spool(address, settings)]
    try:
        connection, problem = _connected(address, settings)
    except (ConfigurationError, InvalidInput) as error:
        return Report(findings=[*found, address_unusable(error)])
    except HegelStoreError as error:
        return Report(findings=[*found, _unreachable(str(error), str(address))])
    found += [] if problem is None else [problem]
    with connection:
        found += _examined(connection, address, settings, problem is None, seconds, checks)
    return Report(findings=found)


def _examined(
    connection: Connection,
    address: DatabaseAddress,
    settings: Settings,
    has_home: bool,
    seconds: float,
    checks: Sequence[Check],
) -> Iterator[Finding]:
    home: list[str | None] = []

    def look_for_home(patient: Patient) -> Sequence[Finding]:
        home.append(patient.connection.scalar(HOME) if has_home else None)
        return ()

    for check in (look_for_home, *checks):
        patient = Patient(
            connection=connection,
            address=address,
            settings=settings,
            home=home[0] if home else None,
        )
        yield from _findings_of(check, patient, seconds)
        if connection.invalidated or connection.closed:
            return


def _findings_of(check: Check, patient: Patient, seconds: float) -> Sequence[Finding]:
    name = check.__name__.removeprefix("check_").replace("_", "-")
    connection = patient.connection
    try:
        with _watched(connection, seconds * DEADLINE), connection.begin():
            connection.execute(LIMITS, {"milliseconds": round(seconds * 1000)})
            return list(check(patient))
    except exc.DBAPIError as error:
        problem: HegelStoreError = error_of(error)
    except (exc.SQLAlchemyError, psycopg.Error) as error:
        problem = DatabaseError(str(error))
    except HegelStoreError as error:
        problem = error
    if connection.invalidated or connection.closed:
        reason = f"the connection was lost during the check {name}: {problem}"
        return [_unreachable(reason, str(patient.address))]
    return [_not_done(name, problem, seconds, patient.role)]


def _not_done(name: str, problem: HegelStoreError, seconds: float, role: str) -> Finding:
    """What there is to say about a check that did not come to an end."""
    reason = next(iter(str(problem).splitlines()), type(problem).__name__)
    why = f"What the check {name} looks at is not known; the other checks were made."
    if isinstance(problem, PermissionDenied):
        return Finding(
            code="check-refused",
            severity="look",
            subject=name,
            seen=reason,
            why=why,
            remedy=f"GRANT pg_monitor TO {role};  -- and SELECT on {VERSION_TABLE} and the tables",
        )
    if isinstance(problem, StatementTimeout):
        return Finding(
            code="check-timed-out",
            severity="look",
            subject=name,
            seen=f"no answer within {seconds:g} s",
            why=why,
            remedy=f"hegel-store doctor --seconds {6 * seconds:g}",
        )
    return Finding(
        code="check-failed",
        severity="look",
        subject=name,
        seen=reason,
        why=why,
        remedy="hegel-store check",
    )


def _unreachable(reason: str, subject: str) -> Finding:
    return Finding(
        code="server-unreachable",
        severity="act",
        subject=subject,
        seen=reason,
        why="Every call on the database fails; background writers keep their steps on the disk.",
        remedy="hegel-store check    # once the server, the network and the password are seen to",
    )


@contextmanager
def _watched(connection: Connection, seconds: float) -> Iterator[None]:
    """Cut the connection when the block takes longer."""
    driver: Any = connection.connection.driver_connection
    timer = threading.Timer(seconds, hang_up, [driver])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _connected(address: DatabaseAddress, settings: Settings) -> tuple[Connection, Finding | None]:
    """A connection of which every transaction is read-only, and what is wrong with the schema that
    is set, if anything is. Raises what Connector does for anything else."""
    problem = None
    connector = Connector(address, settings)
    try:
        opened = connector()
    except (MigrationRequired, PermissionDenied) as error:
        # The server can still be looked at.
        opened = Connector(replace(address, schema=None), settings)()
        refused = isinstance(error, PermissionDenied)
        schema = settings.database_schema
        problem = Finding(
            code="schema-refused" if refused else "not-migrated",
            severity="act",
            subject=str(schema),
            seen=str(error),
            why="The tables cannot be used, and were not looked at.",
            remedy=f"GRANT USAGE ON SCHEMA {quoted(str(schema))} TO {quoted(opened.info.user)};"
            if refused
            else "hegel-store upgrade",
        )
    opened.read_only = True
    # The pooler may be one that nobody has told of.
    opened.prepare_threshold = None
    engine = create_engine(
        address.url, creator=lambda: opened, poolclass=NullPool, hide_parameters=True
    )
    try:
        return engine.connect(), problem
    except exc.DBAPIError as error:
        raise error_of(error) from error
