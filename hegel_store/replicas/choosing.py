"""Where a unit of work reads: on a standby that is fresh enough, or else on the primary."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from hegel_store.database import Database, translated
from hegel_store.errors import DatabaseError, DatabaseUnavailable, HegelStoreError, PoolExhausted
from hegel_store.failures import Failure, failure_of, sqlstate_of
from hegel_store.models.replicas import ReplicaHealth
from hegel_store.replicas.absence import Absence
from hegel_store.replicas.positions import check_position, shown, written
from hegel_store.replicas.standby import Standby
from hegel_store.replicas.writes import Writes

SHORTEST_POLL, LONGEST_POLL = 0.0005, 0.02
"""Seconds between two looks at standbys that are not there yet; they double."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """Where the primary was at some moment not before ``began`` (by the monotonic clock)."""

    began: float
    position: int


@dataclass(frozen=True, slots=True)
class _Own:
    """A position beyond the store's writes up to these marks."""

    mark: object
    acknowledged: object
    position: int


class Replicas:
    """The standbys of a store.

    A unit of work is sent to one that has replayed what the store last wrote, what the caller
    names, and where the primary was at some moment of the last ``staleness`` seconds, whichever is
    furthest: the age is counted at the client, so that no clock of a server matters, and a primary
    that is idle leaves nobody behind. Standbys that were there the last time are waited for, up to
    ``wait`` seconds in all; then the primary answers, and who was late is only asked, until it is
    there again. Nobody waits for a connection of a standby's pool: where all are in use, the next
    server answers.

    To know where the primary is it is asked, with one small statement: by the first unit of work
    after a write, and otherwise twice per ``staleness``.

    While the primary cannot be reached, a standby answers that has replayed where it was when it
    was last asked, if that is no longer ago than ``outage`` seconds, and every write of the store
    that was acknowledged lies before. It need not receive from anybody then. A unit of work with
    ``after`` is not sent there. As no other server answers then, a connection is waited for, up to
    ``patience`` seconds.
    """

    def __init__(
        self,
        primary: Database,
        standbys: Sequence[Standby],
        *,
        wait: float,
        staleness: float,
        outage: float = 0.0,
        patience: float = 0.0,
    ) -> None:
        self._primary = primary
        self._standbys = standbys
        self._wait = wait
        self._staleness = staleness
        self._outage = outage
        self._patience = patience
        self._absence = Absence()
        self._writes = Writes()
        self._own = _Own(self._writes.mark, self._writes.acknowledged, 0)
        self._samples: tuple[_Sample, ...] = ()
        self._latest: _Sample | None = None
        self.watch(primary.engine)

    def watch(self, engine: Engine) -> None:
        """What is written through this engine, too, is seen by later units of work."""
        if self._standbys:
            self._writes.watch(engine)

    def wrote(self) -> None:
        """Something was written through an engine that is not watched."""
        self._writes.add()

    @contextmanager
    def reading(self, after: str | None) -> Iterator[Connection]:
        """A connection for one unit of work, which refuses to write.

        Raises InvalidInput for ``after``, DatabaseError (25006) for a write, and what the primary
        raises where it is asked.
        """
        with self._connection(after) as connection:
            if not connection.in_transaction():
                connection.execution_options(postgresql_readonly=True)
            try:
                yield connection
            except DatabaseError as error:
                if failure_of(error) is not Failure.READ_ONLY:
                    raise
                raise DatabaseError(
                    "a read-only unit of work does not write: use begin()", sqlstate_of(error)
                ) from error

    def position(self) -> str:
        """Where the primary is: all that this store has committed lies before it. Raises
        DatabaseUnavailable."""
        return shown(self._ask())

    def health(self) -> tuple[ReplicaHealth, ...]:
        """Each standby, asked now."""
        if not self._standbys:
            return ()
        position = self._ask()
        return tuple(standby.health(position) for standby in self._standbys)

    def close(self) -> None:
        for standby in self._standbys:
            standby.close()

    def _connection(self, after: str | None) -> Connection:
        at_least = 0 if after is None else check_position("after", after)
        may_be_old = after is None and self._outage > 0
        if may_be_old and self._absence.is_known and (older := self._older()) is not None:
            return older
        try:
            connection = self._fresh(self._needed(at_least)) if self._standbys else None
            if connection is None:
                with translated():
                    connection = self._primary.engine.connect()
        except DatabaseUnavailable as error:
            older = self._older() if may_be_old else None
            if older is None:
                raise
            self._absence.note(str(error))
            return older
        self._absence.end()
        return connection

    def _older(self) -> Connection | None:
        """A standby that shows what the primary had when it was last there; None where that is too
        long ago, or the store has written since. Raises PoolExhausted."""
        latest, own = self._latest, self._own
        if (
            latest is None
            or time.monotonic() - latest.began > self._outage
            or own.acknowledged is not self._writes.acknowledged
        ):
            return None
        position = max(latest.position, own.position)
        ends_at = time.monotonic() + self._patience
        pause = SHORTEST_POLL
        while True:
            full: PoolExhausted | None = None
            for standby in random.sample(self._standbys, len(self._standbys)):
                try:
                    if standby.is_there:
                        connection = standby.past(position, receiving=False)
                        if connection is not None:
                            return connection
                except PoolExhausted as error:
                    full = error
            if full is None:
                return None
            if time.monotonic() + pause > ends_at:
                raise full
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_POLL)

    def _fresh(self, position: int) -> Connection | None:
        ends_at = time.monotonic() + self._wait
        pause = SHORTEST_POLL
        asked = list(self._standbys)
        random.shuffle(asked)
        while True:
            full = set()
            for standby in asked:
                try:
                    if standby.may_be_asked and (connection := standby.past(position)) is not None:
                        return connection
                except PoolExhausted:
                    full.add(standby)
            asked = [
                one for one in asked if one.may_be_asked and not one.is_behind and one not in full
            ]
            if not asked:
                return None
            if time.monotonic() + pause > ends_at:
                for standby in asked:
                    standby.is_behind = True
                return None
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_POLL)

    def _needed(self, at_least: int) -> int:
        mark, acknowledged, own = self._writes.mark, self._writes.acknowledged, self._own
        if own.mark is not mark:
            own = self._own = _Own(mark, acknowledged, self._ask())
        return max(own.position, at_least, self._bound())

    def _bound(self) -> int:
        """The least position that is not too old."""
        now = time.monotonic()
        samples = self._recent(now)
        if not samples or now - samples[-1].began > self._staleness / 2:
            try:
                latest = self._ask()
            except HegelStoreError:
                if not samples:
                    raise
            else:
                return samples[0].position if samples else latest
        return samples[0].position

    def _recent(self, now: float) -> tuple[_Sample, ...]:
        return tuple(one for one in self._samples if now - one.began <= self._staleness)

    def _ask(self) -> int:
        began = time.monotonic()
        with translated(), self._primary.engine.connect() as connection:
            position = written(connection)
        if position is None:
            # What is connected to is a standby now: the next attempt looks for the primary.
            self._primary.close()
            raise DatabaseUnavailable("the primary has become a standby")
        self._latest = _Sample(began, position)
        samples = self._recent(began)
        if not samples or began - samples[-1].began > self._staleness / 4:
            self._samples = (*samples, _Sample(began, position))
        return position
