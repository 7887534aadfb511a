"""Versions of the server and its extensions, and which of them have known faults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, text

from hegel_store.migrate.rights import OLDEST_PGVECTOR, OLDEST_SERVER
from hegel_store.operations.doctor.findings import NOTHING, Finding, Severity
from hegel_store.operations.doctor.patient import Patient, quoted

NEWEST_MINOR = {14: 24, 15: 19, 16: 15, 17: 11, 18: 6}
"""The minor releases of 2026-08-13 (www.postgresql.org/docs/release/), the last ones known here."""
FEWEST_MINOR = {14: 23, 15: 18, 16: 14, 17: 10, 18: 4}
"""Those of 2026-05-14: what is older lacks their fixes, of CVE-2026-6473 among others."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of pgvector's releases from ``since`` up to the one before ``mended``.

    ``only`` restricts it: to servers of 32 bits, or to databases with an IVFFlat index.
    """

    since: tuple[int, ...]
    mended: tuple[int, ...]
    severity: Severity
    words: str
    only: str | None = None


FAULTS = (
    Fault(
        (0, 6, 0),
        (0, 8, 2),
        "act",
        "buffer overflow in parallel HNSW builds (CVE-2026-3172): leaks data or crashes the server",
    ),
    Fault((0, 5, 0), (0, 8, 3), "act", "VACUUM may corrupt an HNSW index while rows are added"),
    Fault(
        (0, 5, 0),
        (0, 8, 4),
        "look",
        "VACUUM of an HNSW index may fail with 'hnsw graph not repaired', and inserts meanwhile",
    ),
    Fault(
        (0, 0, 0),
        (0, 8, 6),
        "act",
        "buffer overflow in IVFFlat builds on 32 bits (CVE-2026-18022)",
        "32-bit",
    ),
    Fault((0, 0, 0), (0, 8, 7), "act", "buffer overflow in IVFFlat builds", "ivfflat"),
)
"""From pgvector's CHANGELOG and its issues 959, 988, 993, 1006 and 1036."""

UPDATE_PGVECTOR = (
    "ALTER EXTENSION vector UPDATE;"
    "  -- once its package is updated on the server, and old sessions have ended"
)

SERVER = text(
    """
    SELECT current_setting('server_version') AS version,
           CAST(current_setting('server_version_num') AS int) AS number,
           pg_is_in_recovery() AS is_standby,
           current_setting('default_transaction_read_only') AS read_only,
           quote_ident(current_database()) AS database
    """
)
EXTENSIONS = text(
    """
    SELECT extname AS name, extversion AS version, default_version AS available
    FROM pg_catalog.pg_extension
    LEFT JOIN pg_catalog.pg_available_extensions ON name = extname
    ORDER BY extname
    """
)
VECTORS = text(
    """
    SELECT quote_ident(current_database()) AS database,
           to_regtype('halfvec') IS NOT NULL AS is_found,
           (SELECT nspname FROM pg_catalog.pg_extension
            JOIN pg_catalog.pg_namespace ON pg_namespace.oid = extnamespace
            WHERE extname = 'vector') AS schema,
           (SELECT default_version FROM pg_catalog.pg_available_extensions
            WHERE name = 'vector') AS available,
           strpos(version(), ', 32-bit') > 0 AS is_32_bit,
           EXISTS (SELECT FROM pg_catalog.pg_class JOIN pg_catalog.pg_am ON pg_am.oid = relam
                   WHERE amname = 'ivfflat') AS has_ivfflat,
           (SELECT min(concat(quote_ident(nspname), '.', quote_ident(relname)))
            FROM pg_catalog.pg_class
            JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
            JOIN pg_catalog.pg_am ON pg_am.oid = relam
            WHERE amname = 'hnsw' AND relkind = 'i') AS hnsw_index
    """
)


def check_server(patient: Patient) -> Iterator[Finding]:
    """The server's version, and whether it takes writes."""
    row = patient.connection.execute(SERVER).one()
    yield server_version(row.version, row.number)
    if row.is_standby:
        yield Finding(
            code="server-standby",
            severity="look",
            subject="the server",
            seen="it is in recovery: a standby, or restoring a backup",
            why="Nothing can be written here; counters of scans are this server's own.",
            remedy="hegel-store doctor --url postgresql://.../?target_session_attrs=primary",
        )
    elif row.read_only == "on":
        yield Finding(
            code="server-read-only",
            severity="look",
            subject="default_transaction_read_only",
            seen="transactions are read-only unless they say otherwise",
            why="Every write fails with SQLSTATE 25006.",
            remedy=f"ALTER DATABASE {row.database} RESET default_transaction_read_only;"
            "  -- or ALTER ROLE, or ALTER SYSTEM",
        )


def server_version(version: str, number: int) -> Finding:
    """What there is to say of a version (``number`` is server_version_num, such as 180004)."""
    major, minor = divmod(number, 10_000)
    newest = NEWEST_MINOR.get(major, minor)
    if major < OLDEST_SERVER:
        return Finding(
            code="server-unsupported",
            severity="act",
            subject="the server",
            seen=f"PostgreSQL {version}; {OLDEST_SERVER} or newer is needed",
            why="Statements and revisions use what older servers do not have.",
            remedy='pg_dump --format=custom "$OLD_URL" | pg_restore --dbname="$NEW_URL"',
        )
    if minor < FEWEST_MINOR.get(major, 0):
        return Finding(
            code="server-outdated",
            severity="look",
            subject="the server",
            seen=f"PostgreSQL {version}; {major}.{newest} is the last one known here (2026-08-13)",
            why="It is two or more releases behind, and lacks fixes of memory errors that any "
            "user of the database can set off (CVE-2026-6473).",
            remedy=f"apt-get install --only-upgrade postgresql-{major}    # and restart the server",
        )
    known = f", {major}.{newest} is the last one known here" if minor < newest else ""
    return Finding(
        code="server-version",
        severity="ok",
        subject="the server",
        seen=f"PostgreSQL {version}{known}",
        why="Minor releases mend faults and are installed without a migration.",
    )


def check_extensions(patient: Patient) -> Iterator[Finding]:
    """pgvector: there, found, and without known faults; then all other extensions."""
    extensions = patient.connection.execute(EXTENSIONS).all()
    row = patient.connection.execute(VECTORS).one()
    found = {extension.name: extension for extension in extensions}
    if "vector" not in found:
        yield Finding(
            code="pgvector-missing",
            severity="act",
            subject="pgvector",
            seen="it is not in this database, and "
            + (
                f"version {row.available} could be installed"
                if row.available
                else "not on the server (the package is mostly called postgresql-NN-pgvector)"
            ),
            why="Facts and labels have vectors: neither revisions nor searches work without it.",
            remedy="CREATE EXTENSION vector;",
        )
    else:
        if not row.is_found:
            yield Finding(
                code="pgvector-hidden",
                severity="act",
                subject="pgvector",
                seen=f"it is in the schema {row.schema}, where this session does not look",
                why="Its types and operators are found by the search_path alone.",
                remedy=f"GRANT USAGE ON SCHEMA {quoted(row.schema)} TO {patient.role};"
                f"  -- and behind a pooler: ALTER ROLE {patient.role} SET search_path = ...",
            )
        vector = found["vector"]
        yield pgvector_version(vector.version, vector.available, row)
    others = [f"{each.name} {each.version}" for each in extensions]
    yield Finding(
        code="extensions",
        severity="ok",
        subject=row.database,
        seen=", ".join(others) or "none",
        why="What is installed in this database besides PostgreSQL itself.",
    )


def pgvector_version(
    installed: str, available: str | None, row: Row[tuple[object, ...]]
) -> Finding:
    """What there is to say of pgvector: the older counts of the version that the database has and
    of that of the server's files. ``row`` says what the faults depend on: is_32_bit, has_ivfflat,
    hnsw_index."""
    versions = [installed] if available is None else [installed, available]
    oldest = _numbers(min(versions, key=_numbers))
    here = {"32-bit": row.is_32_bit, "ivfflat": row.has_ivfflat}
    known = [fault for fault in FAULTS if fault.since <= oldest < fault.mended]
    faults = [fault for fault in known if fault.only is None or here[fault.only]]
    seen = f"{installed} in the database, {available or 'unknown'} on the server"
    why = "Searches may miss facts, VACUUM may fail, and a user of the database may crash it."
    if any("corrupt" in fault.words for fault in faults) and row.hnsw_index:
        why += (
            f" Afterwards: REINDEX INDEX CONCURRENTLY {row.hnsw_index}; and every other HNSW one."
        )
    severity: Severity = "ok"
    if oldest[:2] < OLDEST_PGVECTOR:
        code, severity, why = "pgvector-unsupported", "act", "Searches need what came with 0.8."
    elif faults:
        code = "pgvector-faulty"
        severity = "act" if any(fault.severity == "act" for fault in faults) else "look"
        seen += ": " + _listed(faults)
    else:
        code, why = "pgvector-version", "Older releases have known faults in HNSW indexes."
        if known:
            seen += f"; known, and not met here: {_listed(known)}"
    return Finding(
        code=code,
        severity=severity,
        subject="pgvector",
        seen=seen,
        why=why,
        remedy=UPDATE_PGVECTOR if severity != "ok" else NOTHING,
    )


def _listed(faults: Sequence[Fault]) -> str:
    return "; ".join(
        f"{fault.words}, mended in {'.'.join(map(str, fault.mended))}" for fault in faults
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
