"""What every check is given, and the relations that are ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from sqlalchemy import Connection

from hegel_store.addresses import DatabaseAddress
from hegel_store.operations.doctor.findings import Finding
from hegel_store.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A connection in a read-only transaction that a check may ask.

    ``home`` is the schema that our tables are in, or would be made in; None when there is no such
    schema, and nothing of ours to be asked about.
    """

    connection: Connection
    address: DatabaseAddress
    settings: Settings
    home: str | None

    @property
    def is_direct(self) -> bool:
        """Whether the process that answers is the one that the connection was opened to: a pooler
        names another one."""
        driver: Any = self.connection.connection.driver_connection
        return bool(driver.info.backend_pid == self.connection.exec_driver_sql(OWN_PID).scalar())

    @property
    def role(self) -> str:
        """The role that is connected, as SQL."""
        driver: Any = self.connection.connection.driver_connection
        return quoted(driver.info.user)


Check = Callable[[Patient], Iterable[Finding]]

OWN_PID = "SELECT pg_backend_pid()"

OURS = """
    SELECT pg_class.oid, relname, relkind, reltuples, relpages, relispartition, reloptions,
           CAST(coalesce(pg_partition_root(pg_class.oid), pg_class.oid) AS oid) AS root
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = CAST(:home AS name) AND starts_with(relname, 'hegel_')
      AND relkind IN ('r', 'p', 'm')
"""
"""Tables, months and materialized views in the schema :home; none where that is null. ``root`` is
the partitioned table of a month, and the table itself of any other."""


def quoted(*parts: str) -> str:
    """A name as SQL, qualified when there are several parts."""
    return sql.Identifier(*parts).as_string()
