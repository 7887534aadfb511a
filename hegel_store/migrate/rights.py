"""What the server and its administrator have to provide before revisions can be applied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, exc, text

from hegel_store.errors import PermissionDenied, ServerUnsupported
from hegel_store.failures import NO_SCHEMA, Failure, failure_of, sqlstate_of
from hegel_store.models.roles import role_name, variables_of_migrator
from hegel_store.schema import PREFIX, VERSION_TABLE

OLDEST_SERVER = 16
OLDEST_PGVECTOR = (0, 8)
"""The first pgvector with iterative scans, without which filtered searches starve."""


@dataclass(frozen=True, slots=True)
class ServerVersions:
    """``pgvector`` is None when the extension is on the server and not yet in the database;
    ``usable`` says whether this session finds its types."""

    server: str
    pgvector: str | None
    usable: bool


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
                to_regtype('halfvec') IS NOT NULL AS usable,
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
    return ServerVersions(row.server, row.pgvector, row.usable)


def require_pgvector(connection: Connection, versions: ServerVersions) -> str:
    """pgvector's version; raises ServerUnsupported where this database has none, and
    PermissionDenied where this role does not find it."""
    if versions.pgvector is None:
        raise ServerUnsupported("the extension 'vector' (pgvector) is not in this database")
    if not versions.usable:
        row = connection.execute(
            text(
                """
                SELECT quote_ident(nspname) AS schema, quote_ident(current_user) AS role
                FROM pg_catalog.pg_extension
                JOIN pg_catalog.pg_namespace ON pg_namespace.oid = extnamespace
                WHERE extname = 'vector'
                """
            )
        ).one()
        raise PermissionDenied(
            f"pgvector is in the schema {row.schema}, which is not on this session's search_path "
            f"or which the role may not use: GRANT USAGE ON SCHEMA {row.schema} TO {row.role}, "
            "and behind a pooler put it on the role's search_path"
        )
    return versions.pgvector


@contextmanager
def explained(connection: Connection) -> Iterator[None]:
    """Turn a refusal for lack of rights into PermissionDenied with what helps: the role that
    migrates here, or the statement that grants the rights."""
    try:
        yield
    except exc.DBAPIError as error:
        failure = failure_of(error)
        # A role that only reads has read-only transactions.
        is_read_only = failure is Failure.READ_ONLY
        if not is_read_only and failure is not Failure.RIGHTS and sqlstate_of(error) != NO_SCHEMA:
            raise
        connection.rollback()
        remedy = _migrator(connection)
        if remedy is None and not is_read_only:
            remedy = _remedy(connection)
        connection.rollback()
        if remedy is None:
            raise
        raise PermissionDenied(
            f"{str(error.orig).strip()}: {remedy}", sqlstate_of(error)
        ) from error


MIGRATOR = text(
    """
    SELECT min(rolname) FROM pg_catalog.pg_roles AS migrator
    WHERE right(rolname, length(:ending)) = :ending
      AND rolname <> current_user
      AND has_schema_privilege(oid, current_schema(), 'CREATE')
      AND NOT pg_is_in_recovery()
      AND (
          rolname = regexp_replace(current_user, '_(app|eval|readonly)$', :ending)
          OR EXISTS (
              SELECT FROM pg_catalog.pg_class
              WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))
                AND starts_with(relname, :prefix) AND relkind IN ('r', 'p')
                AND relowner = migrator.oid
          )
      )
    """
)
"""The role that migrates, where there are roles of ours (hegel_store.operations.roles): it owns
tables here, or goes with the role that is connected."""


def _migrator(connection: Connection) -> str | None:
    """Whom to migrate as, or None where that is not known, or is who is connected."""
    ending = role_name("", "migrate")
    found = connection.execute(MIGRATOR, {"ending": ending, "prefix": PREFIX}).scalar_one()
    if found is None:
        return None
    return (
        f"migrate as {found}: set {variables_of_migrator(found)}, and HEGEL_MIGRATE_URL where that "
        "role connects by a URL of its own"
    )


def _remedy(connection: Connection) -> str | None:
    """What an administrator must run, or None when nothing known is missing."""
    row = connection.execute(
        text(
            """
            SELECT
                quote_ident(current_database()) AS database,
                quote_ident(current_user) AS role,
                quote_ident(current_schema()) AS home,
                current_setting('search_path') AS search_path,
                EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'vector')
                    AS has_vector,
                has_schema_privilege(current_schema(), 'CREATE') AS may_create,
                has_database_privilege(current_database(), 'TEMPORARY') AS may_make_temporary,
                tables.*
            FROM (
                SELECT
                    bool_or(relname = :version_table
                            AND NOT has_table_privilege(pg_class.oid, 'SELECT')) AS hidden,
                    min(quote_ident(rolname)) FILTER (WHERE NOT pg_has_role(relowner, 'USAGE'))
                        AS owner,
                    bool_or(rolsuper) FILTER (WHERE NOT pg_has_role(relowner, 'USAGE'))
                        AS owner_is_superuser
                FROM pg_catalog.pg_class JOIN pg_catalog.pg_roles ON pg_roles.oid = relowner
                WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))
                  AND starts_with(relname, :prefix) AND relkind IN ('r', 'p')
            ) AS tables
            """
        ),
        {"version_table": VERSION_TABLE, "prefix": PREFIX},
    ).one()
    if row.home is None:
        return (
            f"no schema of the search_path ({row.search_path}) exists and may be used by this "
            f"role: an administrator has to run, in database {row.database}, for one of them: "
            f"GRANT USAGE, CREATE ON SCHEMA ... TO {row.role};"
        )
    ask = f"an administrator has to run, in database {row.database}: "
    if row.hidden:
        return f"{ask}GRANT SELECT ON {row.home}.{VERSION_TABLE} TO {row.role};"
    if not row.may_create:
        return f"{ask}GRANT USAGE, CREATE ON SCHEMA {row.home} TO {row.role};"
    if not row.has_vector:
        return f"{ask}CREATE EXTENSION vector;"
    if row.owner is not None:
        # Nobody should be made a superuser for this.
        grant = "" if row.owner_is_superuser else f", or {ask}GRANT {row.owner} TO {row.role};"
        return f"the tables belong to {row.owner}: migrate as that role{grant}"
    if not row.may_make_temporary:
        return f"{ask}GRANT TEMPORARY ON DATABASE {row.database} TO {row.role};"
    return None
