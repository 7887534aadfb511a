"""Opens connections: the driver's parameters, and the schemas that a session looks in."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import suppress
from typing import Any
from weakref import WeakSet

import psycopg

from hegel_store.addresses import DatabaseAddress
from hegel_store.answering import AnsweringConnection, within
from hegel_store.binding import BoundConnection
from hegel_store.errors import (
    ConfigurationError,
    DatabaseUnavailable,
    HegelStoreError,
    InvalidInput,
    MigrationRequired,
    PermissionDenied,
)
from hegel_store.schema import VERSION_TABLE
from hegel_store.settings import Settings

logger = logging.getLogger("hegel_store")

opened: WeakSet[psycopg.Connection[Any]] = WeakSet()
"""Every connection of this process, for what has to be done to them after a fork."""

KEEPALIVES = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""After a minute without a sign from the other machine's network the kernel ends a connection; left
alone it would wait for two hours. A process that is stopped there is no failure of the network."""

POOLED = "cannot be set through a pooler: use ALTER ROLE ... SET search_path"


MIGRATING_POOLED = (
    "migrate over a direct connection, not through PgBouncer: the lock is a session's"
)


class Connector:
    """Opens connections. It keeps the parameters out of every frame that an error passes through,
    because a traceback that captures locals would print the password."""

    def __init__(
        self, address: DatabaseAddress, settings: Settings, *, migrating: bool = False
    ) -> None:
        self._parameters: dict[str, Any] = {
            "connect_timeout": settings.connect_timeout,
            "application_name": settings.application_name,
            **KEEPALIVES,
            **address.parameters,
        }
        self._patience = settings.answer_timeout or None
        self._connect_timeout = settings.connect_timeout
        if settings.pgbouncer:
            # 0 would mean "prepare at once"; only None never prepares.
            self._parameters["prepare_threshold"] = None
            if settings.statement_timeout:
                logger.warning(
                    "statement_timeout cannot be sent through PgBouncer: use ALTER ROLE ... SET"
                )
            if address.schema is not None:
                raise InvalidInput("database_schema", POOLED)
        elif settings.statement_timeout:
            milliseconds = max(1, round(settings.statement_timeout * 1000))
            options = self._parameters.get("options", "")
            self._parameters["options"] = f"{options} -c statement_timeout={milliseconds}".strip()
        self._schema = address.schema
        self._migrating = migrating
        self._has_session = not settings.pgbouncer
        self._corpus = settings.corpus
        self._where = str(address)

    def __repr__(self) -> str:
        return f"<Connector {self._where}>"

    def __call__(self) -> psycopg.Connection[Any]:
        result = self._attempt()
        if isinstance(result, HegelStoreError):
            raise result
        opened.add(result)
        return result

    def _attempt(self) -> psycopg.Connection[Any] | HegelStoreError:
        kind = AnsweringConnection if self._corpus is None else BoundConnection
        try:
            connection = kind.connect(**self._parameters)
        except psycopg.OperationalError as error:
            return DatabaseUnavailable(self._reason(error))
        except (psycopg.Error, ValueError) as error:
            # Nothing was sent: libpq does not take a parameter.
            return ConfigurationError(self._reason(error))
        if isinstance(connection, BoundConnection) and self._corpus is not None:
            connection.corpus = self._corpus
        try:
            with within(self._connect_timeout):
                problem = self._find_schemas(connection) if self._has_session else None
        except psycopg.Error as error:
            problem = DatabaseUnavailable(self._reason(error))
        if problem is not None:
            connection.close()
            return problem
        connection.patience = self._patience
        return connection

    def _find_schemas(self, connection: psycopg.Connection[Any]) -> HegelStoreError | None:
        """Set up the session; what forbids to work in its schemas, if anything does."""
        given = {
            "schema": self._schema,
            "pid": connection.info.backend_pid,
            "migrating": self._migrating,
            "version_table": VERSION_TABLE,
        }
        connection.autocommit = True
        row = connection.execute(FIND_SCHEMAS, given).fetchone()
        connection.autocommit = False
        if row is None:
            return None
        is_direct, is_there, may_use, is_installed, *_ = row
        if self._migrating and not is_direct:
            return ConfigurationError(MIGRATING_POOLED)
        if self._schema is None:
            return None
        if not is_direct:
            return InvalidInput("database_schema", POOLED)
        where = f"the schema {self._schema!r} of {self._where}"
        if is_there and not may_use:
            return PermissionDenied(
                f"this role may not use {where}: an administrator has to run GRANT USAGE ON SCHEMA"
            )
        if not is_there or not (is_installed or self._migrating):
            what = "has not been migrated" if is_there else "does not exist"
            return MigrationRequired(
                f"{where} {what}: run `hegel-store upgrade` with the same setting"
            )
        return None

    def _reason(self, error: Exception) -> str:
        # A codec's error quotes what it could not encode.
        reason = str(error).strip() if isinstance(error, psycopg.Error) else type(error).__name__
        for name in ("password", "sslpassword"):
            if secret := str(self._parameters.get(name) or ""):
                reason = reason.replace(secret, "***")
        return f"cannot connect to {self._where}: {reason}"


def hang_up(connection: psycopg.Connection[Any]) -> None:
    """Shut the socket down, which wakes a thread that waits for it."""
    if not connection.closed:
        with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)


# Where pgvector is, unless that is one of the names given.
PGVECTORS_SCHEMA = """(
    SELECT quote_ident(nspname)
    FROM pg_catalog.pg_extension
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = extnamespace
    WHERE extname = 'vector' AND nspname <> ALL ({searched})
)"""

SEARCHED = "CASE WHEN schema IS NULL THEN current_schemas(false) ELSE ARRAY[schema] END"

FIND_SCHEMAS = f"""
SELECT
    is_direct,
    home.oid IS NOT NULL AS is_there,
    coalesce(has_schema_privilege(home.oid, 'USAGE'), false) AS may_use,
    is_installed,
    CASE WHEN is_direct AND home.oid IS NOT NULL
              AND (schema IS NOT NULL OR migrating OR is_installed) THEN
        set_config(
            'search_path',
            concat_ws(
                ', ',
                coalesce(quote_ident(schema), current_setting('search_path')),
                {PGVECTORS_SCHEMA.format(searched=SEARCHED)}
            ),
            false
        )
    END,
    CASE WHEN is_direct THEN set_config('jit', 'off', false) END
FROM (
    SELECT
        CAST(%(schema)s AS name) AS schema,
        pg_backend_pid() = CAST(%(pid)s AS int) AS is_direct,
        CAST(%(migrating)s AS bool) AS migrating
) AS given
LEFT JOIN pg_catalog.pg_namespace AS home ON home.nspname = coalesce(schema, current_schema())
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_class
        WHERE relnamespace = home.oid AND relname = %(version_table)s
    ) AS is_installed
) AS installation
"""
"""Puts our schema first on the session's search_path, where one is set, and pgvector's last,
wherever an administrator installed it: its types and operators are found by that path alone.

Not through a pooler, which lends the session to others (the process it names is not the one that
answers). And not where nothing is installed: with pgvector's schema on the path, another
installation there would be taken for the one that is missing.

Nor is anything compiled (jit) in a session of ours: the estimated cost that asks for it counts a
search's exact pass, which hardly ever runs, so that every search of a large table would be.
"""
