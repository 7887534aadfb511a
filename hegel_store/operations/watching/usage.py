"""The slowest and most frequent statements, by role, as pg_stat_statements has counted them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import get_args

from sqlalchemy import Connection, exc

from hegel_store.database import translated
from hegel_store.errors import ConfigurationError, DatabaseError
from hegel_store.failures import NOT_READY
from hegel_store.models.checks import check_choice, check_integer, check_name
from hegel_store.operations.watching.usage_statements import (
    EXTENSION,
    Order,
    roles,
    statements_by,
)

__all__ = ["Order", "RoleUsage", "StatementUsage", "Usage", "top"]

PRELOAD = (
    "put it into shared_preload_libraries (ALTER SYSTEM SET shared_preload_libraries = "
    "'pg_stat_statements', with what is there already), and restart the server"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementUsage:
    """What the server counted of a statement, as one role called it, since its last reset.

    Times are milliseconds at the server, planning not counted. Pages are of 8 kB: found in
    shared_buffers, asked of the system, and written to temporary files; ``cache_hit_ratio`` is the
    share of the first of the first two, None where there were none. ``call`` is the call of a
    repository that sent it, of a tagged statement (Settings.tag_statements); where several send the
    same one, the first that did. ``statement`` has $1 for each of its values; of another role's it
    tells nothing without pg_read_all_stats, and the statements of that role are one.
    """

    role: str
    call: str | None
    calls: int
    total_ms: float
    mean_ms: float
    worst_ms: float
    rows: int
    rows_per_call: float
    pages_hit: int
    pages_read: int
    cache_hit_ratio: float | None
    pages_spilled: int
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleUsage:
    """What a role has called: distinct statements, calls, and milliseconds at the server."""

    role: str
    statements: int
    calls: int
    total_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The first statements in the order asked for, and all roles, the busiest first."""

    order: Order
    statements: Sequence[StatementUsage]
    roles: Sequence[RoleUsage]


def top(
    connection: Connection, *, order: Order = "time", role: str | None = None, limit: int = 10
) -> Usage:
    """The statements of the connection's database, counted since the server's last reset.

    Raises ConfigurationError, saying how to get it, where the server does not count; and
    InvalidInput.
    """
    check_choice("order", order, get_args(Order))
    check_integer("limit", limit, minimum=1)
    if role is not None:
        check_name("role", role)
    schema = counting_schema(connection)
    with loaded():
        found = connection.execute(
            statements_by(order, schema), {"role": role, "limit": limit}
        ).all()
        by_role = connection.execute(roles(schema), {"role": role}).all()
    return Usage(
        order=order,
        statements=[StatementUsage(**row._mapping) for row in found],
        roles=[RoleUsage(**row._mapping) for row in by_role],
    )


def counting_schema(connection: Connection) -> str:
    """The schema that has pg_stat_statements. Raises ConfigurationError where none has, saying how
    to get it."""
    with translated():
        extension = connection.execute(EXTENSION).one()
    if extension.schema is None:
        raise ConfigurationError(_missing(extension.is_packaged))
    schema: str = extension.schema
    return schema


@contextmanager
def loaded() -> Iterator[None]:
    """Around what reads its numbers: raises ConfigurationError where it was created, but not loaded
    when the server was started."""
    try:
        with translated():
            yield
    except DatabaseError as error:
        if not isinstance(error.__cause__, exc.DBAPIError) or error.sqlstate != NOT_READY:
            raise
        raise ConfigurationError(
            f"pg_stat_statements was created, but the server has not loaded it: {PRELOAD}"
        ) from error


def _missing(is_packaged: bool) -> str:
    if is_packaged:
        return (
            "statements are not counted in this database: as a superuser, run "
            f"CREATE EXTENSION pg_stat_statements; and where that is new to the server, {PRELOAD}"
        )
    return (
        "statements are not counted: this server does not have pg_stat_statements. It comes with "
        "PostgreSQL's contrib modules (Debian has them in the server's package, others in "
        "postgresql-contrib; the embedded server has none). Install them, "
        f"{PRELOAD}, and run CREATE EXTENSION pg_stat_statements"
    )
