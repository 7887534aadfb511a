"""What the server and its administrator have to provide before revisions can be applied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, exc, text

from hegel_store.errors import PermissionDenied, ServerUnsupported

OLDEST_SERVER = 16
OLDEST_PGVECTOR = (0, 8)
"""The first pgvector with iterative scans, without which filtered searches starve."""


@dataclass(frozen=True, slots=True)
class ServerVersions:
    """``pgvector`` is None when the extension is on the server and not yet in the database."""

    server: str
    pgvector: str | None


def require_server(connection: Connection) -> ServerVersions:
    """The versions, which are recent enough.

    Raises ServerUnsupported, with what to do, when PostgreSQL or pgvector is too old, or pgvector
    not on the server at all.
    """
    row = connection.execute(
        text(
            """
            SELECT
                current_setting('server_version') AS server,
                CAST(current_setting('server_version_num') AS int) / 10000 AS major,
                quote_ident(current_database()) AS database,
                (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'vector')
                    AS pgvector,
                (SELECT default_version FROM pg_catalog.pg_available_extensions
                 WHERE name = 'vector') AS available
            """
        )
    ).one()
    connection.rollback()
    if row.major < OLDEST_SERVER:
        raise ServerUnsupported(
            f"PostgreSQL {row.server} is too old: {OLDEST_SERVER} or newer is needed"
        )
    version = row.pgvector or row.available
    if version is None:
        raise ServerUnsupported(
            "pgvector is not installed on the server: an administrator has to install it (the "
            f"package is mostly called postgresql-{row.major}-pgvector)"
        )
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_PGVECTOR:
        raise ServerUnsupported(
            f"pgvector {version} is too old, 0.8 or newer is needed: an administrator has to "
            f"update it on the server and run, in database {row.database}: "
            "ALTER EXTENSION vector UPDATE;"
        )
    return ServerVersions(row.server, row.pgvector)


@contextmanager
def explained(connection: Connection) -> Iterator[None]:
    """Turn a refusal for lack of rights into PermissionDenied with the statement that grants
    them."""
    try:
        yield
    except exc.ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":
            raise
        connection.rollback()
        remedy = _remedy(connection)
        connection.rollback()
        if remedy is None:
            raise
        raise PermissionDenied(f"{str(error.orig).strip()}: {remedy}", "42501") from error


def _remedy(connection: Connection) -> str | None:
    """What an administrator must run, or None when nothing known is missing."""
    row = connection.execute(
        text(
            """
            SELECT
                quote_ident(current_database()) AS database,
                quote_ident(current_user) AS role,
                quote_ident(current_schema()) AS home,
                EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'vector')
                    AS has_vector,
                has_schema_privilege(current_schema(), 'CREATE') AS may_create,
                (SELECT quote_ident(tableowner) FROM pg_catalog.pg_tables
                 WHERE schemaname = current_schema() AND tablename LIKE 'hegel%'
                   AND NOT pg_has_role(tableowner, 'USAGE')
                 LIMIT 1) AS owner
            """
        )
    ).one()
    if not row.may_create:
        return (
            f"an administrator has to run, in database {row.database}: "
            f"GRANT USAGE, CREATE ON SCHEMA {row.home} TO {row.role};"
        )
    if not row.has_vector:
        return f"an administrator has to run, in database {row.database}: CREATE EXTENSION vector;"
    if row.owner is not None:
        return (
            f"the tables belong to {row.owner}: migrate as that role, or let an administrator run "
            f"GRANT {row.owner} TO {row.role};"
        )
    return None
