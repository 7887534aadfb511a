"""A pool that knows which threads hold its connections, and says so when it has none left."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exc
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from hegel_store.errors import NestedCheckout, PoolExhausted
from hegel_store.observing import tell
from hegel_store.observing.happenings import PoolWaited
from hegel_store.observing.seam import UNKNOWN, pools
from hegel_store.settings import PoolPreset


@dataclass(frozen=True, slots=True)
class PoolSize:
    """``minimum`` connections are opened by Database.warm(); at most ``maximum`` exist; one that
    lay idle for ``idle`` seconds is replaced when it is next asked for."""

    minimum: int
    maximum: int
    idle: float


POOL_PRESETS: dict[PoolPreset, PoolSize] = {
    "light": PoolSize(1, 5, 600),
    "medium": PoolSize(2, 10, 300),
    "heavy": PoolSize(5, 20, 120),
}


class WatchedPool(QueuePool):
    """Raises errors of our tree.

    NestedCheckout at once where every connection is held by threads that themselves wait for one
    more (a thread that holds all of them is such a case), and after the pool's timeout where the
    thread holds some; PoolExhausted after the timeout where it holds none. With a timeout of
    0 nobody waits, and no wait is told of.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._watch = threading.Lock()
        self._holders: dict[ConnectionPoolEntry, int] = {}
        self._waiting: Counter[int] = Counter()
        self.server = UNKNOWN
        pools.add(self)

    def recreate(self) -> WatchedPool:
        """A pool that is empty, as after dispose(), and leads to the same server."""
        made: Any = super().recreate()
        made.server = self.server
        return made  # type: ignore[no-any-return]

    def _do_get(self) -> ConnectionPoolEntry:
        me = threading.get_ident()
        with self._watch:
            self._waiting[me] += 1
            if self._is_deadlocked():
                self._stop_waiting(me)
                raise NestedCheckout(self._held_by(me), self.size())
        is_full = self.checkedout() >= self.size()
        began = time.perf_counter() if is_full and self.timeout() else None
        try:
            record = super()._do_get()
        except exc.TimeoutError:
            if began is not None:
                self._tell(began, timed_out=True)
            with self._watch:
                held = self._held_by(me)
            if held:
                raise NestedCheckout(held, self.size()) from None
            raise PoolExhausted(self._said()) from None
        finally:
            with self._watch:
                self._stop_waiting(me)
        if began is not None:
            self._tell(began, timed_out=False)
        with self._watch:
            self._holders[record] = me
        return record

    def _said(self) -> str:
        if not self.timeout():
            return f"all {self.size()} connections of the pool are in use"
        return (
            f"all {self.size()} connections of the pool were in use for {self.timeout():g} s: "
            "hold them for less time, or connect with a larger pool or pool_timeout"
        )

    def _tell(self, began: float, *, timed_out: bool) -> None:
        seconds = time.perf_counter() - began
        tell(PoolWaited(seconds=seconds, timed_out=timed_out, server=self.server.role))

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        with self._watch:
            self._holders.pop(record, None)
        super()._do_return_conn(record)

    def _is_deadlocked(self) -> bool:
        """Nobody who could give one back is at work."""
        return len(self._holders) >= self.size() and all(
            holder in self._waiting for holder in self._holders.values()
        )

    def _held_by(self, thread: int) -> int:
        return sum(holder == thread for holder in self._holders.values())

    def _stop_waiting(self, thread: int) -> None:
        self._waiting[thread] -= 1
        if not self._waiting[thread]:
            del self._waiting[thread]
