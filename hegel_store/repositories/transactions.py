"""What several statements of one call run in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from hegel_store.database import Autocommit, Executor, translated


@contextmanager
def atomic(session: Executor) -> Iterator[Session | Connection]:
    """All of the block or none of it, whatever the caller does with the error.

    On the store that is a transaction of its own; in a caller's transaction a savepoint, so that
    the transaction stays usable.
    """
    with translated():
        if isinstance(session, Autocommit):
            with session.transaction() as connection:
                yield connection
        else:
            with session.begin_nested():
                yield session
