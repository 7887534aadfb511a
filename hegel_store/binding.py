"""Connections that are bound to one corpus.

Each transaction is told its corpus as it begins, in the setting ``hegel.corpus`` and until its end,
so that none finds what another one left behind: not in a pool, and not behind PgBouncer, where
sessions are lent to anybody. A statement that commits by itself and the setting before it are sent
together, in one round trip, and are one transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from psycopg.abc import Params, Query
from psycopg.pq import TransactionStatus

from hegel_store.answering import AnsweringConnection

BIND = "SELECT set_config('hegel.corpus', %s, true)"

_ALONE = re.compile(
    r"\s*(?:VACUUM|REINDEX|ALTER\s+SYSTEM|(?:CREATE|DROP|ALTER)\s.*\bCONCURRENTLY)\b",
    re.IGNORECASE | re.DOTALL,
)
"""What the server runs in no transaction. It reads and writes no rows that a policy is about."""


class BoundConnection(AnsweringConnection):
    """A connection whose transactions are all of ``corpus``."""

    corpus = ""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursor_factory = BoundCursor
        self.server_cursor_factory = BoundServerCursor

    def bind(self) -> None:
        """Tell the transaction that begins with the next statement, or with this one."""
        psycopg.Cursor(self).execute(BIND, [self.corpus])

    @property
    def begins(self) -> bool:
        """Whether the next statement begins a transaction."""
        return bool(self.pgconn.transaction_status == TransactionStatus.IDLE)

    @contextmanager
    def bound(self, statement: Query) -> Iterator[None]:
        """Around a statement: it is in a transaction of the corpus."""
        if not self.begins or (self.autocommit and _runs_alone(statement)):
            yield
        elif self.autocommit:
            with self.pipeline():
                self.bind()
                yield
        else:
            self.bind()
            yield


class BoundCursor(psycopg.Cursor[Any]):
    """What BoundConnection makes."""

    connection: BoundConnection

    def execute(self, query: Any, params: Params | None = None, **options: Any) -> Self:
        with self.connection.bound(query):
            super().execute(query, params, **options)
        return self

    def executemany(
        self, query: Query, params_seq: Iterable[Params], *, returning: bool = False
    ) -> None:
        with self.connection.bound(query):
            super().executemany(query, params_seq, returning=returning)

    @contextmanager
    def copy(self, statement: Query, *arguments: Any, **options: Any) -> Iterator[psycopg.Copy]:
        # A COPY that commits by itself cannot be sent with another statement; it finds no corpus.
        if self.connection.begins and not self.connection.autocommit:
            self.connection.bind()
        with super().copy(statement, *arguments, **options) as copy:
            yield copy


class BoundServerCursor(psycopg.ServerCursor[Any]):
    """What BoundConnection makes for results that are read bit by bit, in a transaction."""

    connection: BoundConnection

    def execute(self, query: Query, params: Params | None = None, **options: Any) -> Self:
        if self.connection.begins and not self.connection.autocommit:
            self.connection.bind()
        return super().execute(query, params, **options)


def _runs_alone(statement: Query) -> bool:
    return isinstance(statement, str) and _ALONE.match(statement) is not None
