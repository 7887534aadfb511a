"""The views of what the server has counted by statement, for dashboards and people with psql."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from hegel_store.database import translated
from hegel_store.errors import ConfigurationError
from hegel_store.operations.watching.usage import counting_schema, loaded
from hegel_store.operations.watching.usage_statements import (
    VIEWS,
    create_views,
    drop_views,
    one_count,
)
from hegel_store.schema.usage_views import USAGE_VIEWS

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"
"""A replaced view waits for who reads it, and others behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageViews:
    """``present`` are the views that are there; ``reason`` says why they cannot be read, or made:
    None where the server counts statements in this database."""

    present: Sequence[str]
    reason: str | None


def usage_views(engine: Engine) -> UsageViews:
    """What there is in the engine's schema; changes nothing. Raises DatabaseError."""
    with engine.connect() as connection:
        with translated():
            found = connection.execute(VIEWS, {"names": [*USAGE_VIEWS]}).one()
        try:
            _require_counting(connection)
        except ConfigurationError as error:
            return UsageViews(present=found.present, reason=error.args[0])
    return UsageViews(present=found.present, reason=None)


def add_usage_views(engine: Engine, *, dry_run: bool = False) -> Sequence[str]:
    """Make the views, or make them anew, in one transaction; returns the statements that it takes,
    which ``dry_run`` does not run. Whoever runs this owns them: `hegel-store roles apply` then lets
    the roles read them.

    ALTER EXTENSION ... UPDATE and DROP EXTENSION are refused while there are such views: drop them
    before. Raises ConfigurationError, saying how to get it, where the server does not count;
    PermissionDenied; StatementTimeout or TransactionConflict where one is being read for long.
    """
    with engine.begin() as connection:
        schema = _require_counting(connection)
        return _run(connection, create_views(_home(connection), schema), dry_run)


def drop_usage_views(engine: Engine, *, dry_run: bool = False) -> Sequence[str]:
    """Drop those of the views that are there. As add_usage_views()."""
    with engine.begin() as connection:
        return _run(connection, drop_views(_home(connection)), dry_run)


def _require_counting(connection: Connection) -> str:
    """Where pg_stat_statements is; raises ConfigurationError where it cannot be read."""
    schema = counting_schema(connection)
    with loaded():
        connection.execute(one_count(schema))
    return schema


def _home(connection: Connection) -> str:
    with translated():
        home: str | None = connection.execute(VIEWS, {"names": []}).one().home
    if home is None:
        raise ConfigurationError("the connection's search_path names no schema that exists")
    return home


def _run(connection: Connection, statements: Sequence[str], dry_run: bool) -> Sequence[str]:
    if dry_run:
        return statements
    with translated():
        for statement in (LOCK_TIMEOUT, *statements):
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    return statements
