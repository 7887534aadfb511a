"""Tells of a migration, whoever runs it: the store, `hegel-store upgrade`, or a bare `alembic`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal

from sqlalchemy import Connection, exc

from hegel_store.migrate.versions import current_revision
from hegel_store.observing import is_watched, tell
from hegel_store.observing.happenings import MigrationComplete

Direction = Literal["upgrade", "downgrade"]


@dataclass(slots=True)
class Migration:
    """``direction`` is None as long as nobody knows that this is one: Alembic's environment runs
    for `check`, `current` and `stamp` as well."""

    direction: Direction | None = None


@contextmanager
def told(connection: Connection, direction: Direction | None = None) -> Iterator[Migration]:
    """Tell of the block as of a migration, and how far it came; leaves no transaction open."""
    migration = Migration(direction)
    if not is_watched():
        yield migration
        return
    before = current_revision(connection)
    connection.rollback()
    began, problem = perf_counter(), None
    try:
        yield migration
    except BaseException as error:
        problem = type(getattr(error, "orig", None) or error).__name__
        raise
    finally:
        if migration.direction is not None:
            tell(
                MigrationComplete(
                    direction=migration.direction,
                    before=before,
                    after=_revision(connection, before),
                    total_time_ms=(perf_counter() - began) * 1000,
                    error=problem,
                )
            )


def direction_of(options: dict[str, Any]) -> Direction | None:
    """What Alembic's command is to do, by the options of its context; None for one that migrates
    nothing."""
    names: dict[str | None, Direction] = {"upgrade": "upgrade", "downgrade": "downgrade"}
    return names.get(getattr(options.get("fn"), "__name__", None))


def _revision(connection: Connection, before: str | None) -> str | None:
    if not connection.closed and not connection.invalidated:
        with suppress(exc.DBAPIError):
            after = current_revision(connection)
            connection.rollback()
            return after
    return before
