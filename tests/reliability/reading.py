"""Where a store's units of work read."""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork


def server_of(work: UnitOfWork) -> tuple[bool, str]:
    """Whether it is a standby, and where its data are."""
    row = work.session.execute(
        text("SELECT pg_is_in_recovery(), current_setting('data_directory')")
    ).one()
    return bool(row[0]), str(row[1])


def read(store: Store, corpus: str, after: str | None = None) -> tuple[bool, int]:
    """Whether a standby answered, and the scope's newest version (0 without any)."""
    with store.begin(read_only=True, after=after) as work:
        latest = work.profiles.latest(corpus, "qa")
        return server_of(work)[0], latest.version if latest else 0


def states(store: Store) -> list[str]:
    return [one.state for one in store.check().replicas]
