"""Removing everything of a corpus from the database, for good.

In transactions of a batch each, so that nobody waits for long, and a run that was killed is gone on
with by beginning it again: what is left to do is what is still there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy import Connection, Row

from hegel_store.database import Autocommit, translated
from hegel_store.errors import DatabaseError, PermissionDenied, TransactionConflict
from hegel_store.failures import FOREIGN_KEY
from hegel_store.models.checks import check_integer, check_name, check_number
from hegel_store.models.erasures import ErasureReceipt
from hegel_store.operations.erasing import statements
from hegel_store.operations.erasing.statements import CorpusTable

POLL = 0.1
LAST = ("hegel_step_rollup", "hegel_corpus_writes", "hegel_scopes")
"""What triggers write to while the others are emptied."""


@runtime_checkable
class HashedCache(Protocol):
    """A cache of vectors that can forget texts by the SHA-256 of each; returns how many vectors."""

    def forget(self, digests: Sequence[bytes]) -> int: ...


class CorpusErasure:
    """``batch`` rows (1..10,000) are deleted at once; ``caches`` lose the vectors of what goes.

    Raises InvalidInput, PermissionDenied (before anything is deleted, for a role that does not own
    the tables) and TransactionConflict: what is locked stays locked, a transaction that was open
    before stays open for ``patience`` seconds, or rows keep arriving
    for as long.
    """

    def __init__(
        self,
        session: Autocommit,
        corpus_id: str,
        *,
        caches: Sequence[HashedCache] = (),
        batch: int = 1000,
        patience: float = 60.0,
    ) -> None:
        self._session = session
        self._key = {"corpus_id": check_name("corpus_id", corpus_id)}
        self._caches = caches
        self._batch = check_integer("batch", batch, minimum=1, maximum=10_000)
        self._patience = check_number("patience", patience)

    def count(self) -> Mapping[str, int]:
        """How many rows of the corpus each table has, those without any left out."""
        found: dict[str, int] = {}
        with self._transaction() as connection:
            for table in self._tables(connection):
                rows = connection.execute(statements.count(table), self._key).scalar_one()
                if rows:
                    found[table.counted_as] = found.get(table.counted_as, 0) + rows
        return found

    def scopes(self) -> Sequence[str]:
        """The task types that the corpus has profiles of."""
        with translated():
            return list(self._session.execute(statements.SCOPES, self._key).scalars())

    def run(self) -> ErasureReceipt:
        """Erase, and return the receipt, which is stored."""
        with self._transaction() as connection:
            self._require_own(connection)
            connection.execute(statements.ALONE)
            receipt: UUID | None = connection.execute(
                statements.UNFINISHED, self._key
            ).scalar_one_or_none()
            if receipt is None:
                receipt = connection.execute(statements.BEGIN, self._key).scalar_one()
        self._sweep(receipt)
        self._tidy_up()
        with self._transaction() as connection:
            connection.execute(statements.FINISH, self._key | {"id": receipt})
            connection.execute(statements.NOTIFY)
        return next(each for each in self.receipts() if each.id == receipt)

    def receipts(self) -> Sequence[ErasureReceipt]:
        """What was erased under the corpus's name before, the newest first."""
        with translated():
            rows = self._session.execute(statements.RECEIPTS, self._key).mappings().all()
        return [ErasureReceipt(**row) for row in rows]

    def _sweep(self, receipt: UUID) -> None:
        """Until a pass finds nothing that began after all older transactions had ended."""
        self._pass(receipt)  # all that is there, which may take hours
        waited, deadline = False, time.monotonic() + self._patience
        while (found := self._pass(receipt)) or not waited:
            if not found:
                self._wait_for_older_transactions()
                deadline = time.monotonic() + self._patience
            elif time.monotonic() > deadline:
                raise TransactionConflict(
                    "rows of the corpus keep arriving: stop what writes them, and run it again"
                )
            waited = not found

    def _pass(self, receipt: UUID) -> int:
        """Go through the tables once, and return how many rows went."""
        with self._transaction() as connection:
            tables = self._tables(connection)
            spaces = list(connection.execute(statements.VECTOR_SPACES).scalars())
        return sum(self._empty(table, spaces, receipt) for table in tables)

    def _empty(self, table: CorpusTable, spaces: Sequence[str], receipt: UUID) -> int:
        deleted = 0
        while rows := self._delete(table, spaces, receipt):
            deleted += rows
        return deleted

    def _delete(self, table: CorpusTable, spaces: Sequence[str], receipt: UUID) -> int:
        try:
            with self._transaction() as connection:
                values = self._key | {"batch": self._batch}
                gone = connection.execute(statements.delete(table), values).one()
                if not gone.rows:
                    return 0
                hashes = [bytes(digest) for digest in gone.hashes]
                vectors = {"spaces": spaces, "hashes": hashes}
                counted = {table.counted_as: gone.rows}
                if hashes and spaces:
                    forgotten = connection.execute(statements.FORGET_VECTORS, vectors)
                    counted["hegel_embedding_cache"] = forgotten.rowcount
                # Before the commit: of what is gone nobody would know the hashes any more.
                if hashes and self._caches:
                    counted["caches"] = sum(cache.forget(hashes) for cache in self._caches)
                for what, rows in counted.items():
                    values = self._key | {"id": receipt, "what": what, "rows": rows}
                    connection.execute(statements.COUNTED, values)
                return int(gone.rows)
        except DatabaseError as error:
            if error.sqlstate != FOREIGN_KEY:
                raise
            return 0  # something that points to these has just arrived: the next pass finds both

    def _tables(self, connection: Connection) -> Sequence[CorpusTable]:
        """Those that point to others before these, and last what triggers write to."""
        rows = [row for row in connection.execute(statements.TABLES) if not row.is_whole]
        oids = [row.oid for row in rows]
        pairs = connection.execute(statements.REFERENCES, {"oids": oids}).all()
        waiting = {row.oid: _table_of(row) for row in rows}
        ordered: list[CorpusTable] = []
        while waiting:
            referred = {pair.target for pair in pairs if pair.source in waiting}
            # Tables in a ring would all be referred to; then their rows go by repeated passes.
            free = [oid for oid in waiting if oid not in referred] or list(waiting)
            ordered += [waiting.pop(oid) for oid in free]
        return sorted(ordered, key=lambda table: table.name in LAST)

    def _require_own(self, connection: Connection) -> None:
        others = [row.name for row in connection.execute(statements.TABLES) if not row.is_own]
        if others:
            raise PermissionDenied(
                f"a corpus is erased by the owner of the tables, which this role is not "
                f"({', '.join(others[:3])} ...): use the role that migrates"
            )

    def _wait_for_older_transactions(self) -> None:
        """What they have written nobody can see yet."""
        deadline = time.monotonic() + self._patience
        with translated():
            horizon = self._session.execute(statements.HORIZON).scalar_one()
            while not self._session.execute(statements.IS_PASSED, {"horizon": horizon}).scalar():
                if time.monotonic() > deadline:
                    raise TransactionConflict(
                        f"a transaction that writes has been open for {self._patience:g} s, and "
                        "may hold rows of the corpus: end it, and run it again"
                    )
                time.sleep(POLL)

    def _tidy_up(self) -> None:
        """The planner's statistics and the counts of words hold values, too."""
        with self._transaction() as connection:
            tables = [_table_of(row) for row in connection.execute(statements.TABLES)]
            version = connection.execute(statements.VERSION).scalar_one()
        with translated():
            for table in tables:
                self._session.execute(statements.analyze(table))
                if version >= 180_000:
                    self._session.execute(statements.forget_statistics(table), {"oid": table.oid})
            self._session.execute(statements.COUNT_WORDS)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with translated(), self._session.transaction() as connection:
            connection.execute(statements.PATIENCE)
            yield connection


def _table_of(row: Row[Any]) -> CorpusTable:
    return CorpusTable(row.oid, row.schema, row.name, row.counted_as)
