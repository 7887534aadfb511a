"""An iterator over what is new in a scope."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from types import TracebackType

from hegel_store.database import Executor
from hegel_store.errors import DatabaseError, InvalidInput
from hegel_store.following.keys import LATEST, key_of
from hegel_store.following.notices import Notices
from hegel_store.models import PromptProfile
from hegel_store.models.checks import check_integer, check_name, check_number
from hegel_store.repositories.profile_positions import ProfilePositions

logger = logging.getLogger("hegel_store")


class ProfileFollower(Iterator[PromptProfile]):
    """Yields what ``positions`` finds beyond ``after``, as soon as it is there.

    The truth is always a look into the database; a notification that goes by ``key`` is a reason
    to look at once. While the database is away it goes on waiting. It ends when nothing came for
    ``timeout`` seconds (never, with None), when close() is called, by any thread, and when the
    store is closed. ``position`` is the version that it has come to, to go on from.
    """

    def __init__(
        self,
        positions: ProfilePositions,
        notices: Notices,
        *,
        key: str,
        after: int,
        timeout: float | None,
    ) -> None:
        self.position = after
        self._positions = positions
        self._notices = notices
        self._key = key
        self._timeout = timeout
        self._found: deque[PromptProfile] = deque()
        self._is_over = False
        self.begin_as_child()
        notices.add(self)

    def __iter__(self) -> ProfileFollower:
        return self

    def __next__(self) -> PromptProfile:
        with self._turn:
            ends_at = None if self._timeout is None else time.monotonic() + self._timeout
            while not self._is_over:
                if self._found:
                    profile = self._found.popleft()
                    self.position = profile.version
                    return profile
                # Before the look: what is noticed during it is a reason for the next one.
                self._woken.clear()
                self._notices.start()
                pause = self._look()
                if self._found or self._is_over:
                    continue
                if ends_at is not None:
                    pause = min(pause, ends_at - time.monotonic())
                    if pause <= 0:
                        break
                self._woken.wait(pause)
            self._is_over = True
            raise StopIteration

    def close(self) -> None:
        """End the iteration, also where another thread waits in it."""
        self.over()

    def _look(self) -> float:
        """Take what is there, and say how long to wait where there is nothing."""
        try:
            self._found.extend(self._positions.beyond(self.position))
        except DatabaseError as error:
            if not error.retryable:
                raise
            logger.debug("the database is away, and is looked into again: %s", error)
            return self._notices.poll_seconds
        return self._notices.pause

    def noticed(self, key: str | None) -> None:
        if key is None or key == self._key:
            self._woken.set()

    def missing(self) -> None:
        self._woken.set()

    def over(self) -> None:
        self._is_over = True
        self._woken.set()

    def begin_as_child(self) -> None:
        self._turn = threading.Lock()
        self._woken = threading.Event()

    def __enter__(self) -> ProfileFollower:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def follow(
    session: Executor,
    notices: Notices,
    corpus_id: str,
    task_type: str,
    *,
    timeout: float | None,
    after: int | None,
    alias: str | None,
) -> ProfileFollower:
    """An iterator over the new profiles of a scope, each as soon as it is committed.

    Every version, in order, none missed and none repeated: those made after this call, or
    those above the version ``after`` (0 is before the first one). With ``alias`` the profile
    that it points at, whenever that is another one than before (``after`` is the version that
    the caller has); of moves that follow each other quickly only the last is sure to be seen.
    The alias 'latest' gives the newest version the same way.

    It ends when nothing new came for ``timeout`` seconds, and with close(), its own or the
    store's. While the database is away it waits. ``Store.following`` tells how it hears of changes.

    Raises InvalidInput, and from here or the iteration what reading a profile raises; here,
    DatabaseUnavailable too, unless ``after`` is given.
    """
    check_name("corpus_id", corpus_id)
    check_name("task_type", task_type)
    if alias is not None:
        check_name("alias", alias)
    if timeout is not None and check_number("timeout", timeout) < 0:
        raise InvalidInput("timeout", f"must be at least 0, not {timeout:g}")
    positions = ProfilePositions(session, corpus_id, task_type, alias)
    return ProfileFollower(
        positions,
        notices,
        key=key_of(corpus_id, task_type, alias or LATEST),
        after=positions.now() if after is None else check_integer("after", after),
        timeout=timeout,
    )
