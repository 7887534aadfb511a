"""How the followers and caches of a store hear of changes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakSet, finalize

import psycopg

from hegel_store.following.audience import Audience, Following, Subscriber
from hegel_store.following.listener import Listener

__all__ = ["Following", "Notices"]

SAFETY_SECONDS = 30.0
"""Between two looks of one who is notified: what nobody thought of is found then."""
CLOSING_SECONDS = 2.0
"""A listener in the middle of connecting is left to end by itself."""

_all: WeakSet[Notices] = WeakSet()


class Notices:
    """One listener and one connection for all followers and caches of a store.

    Nothing is opened before somebody subscribes. ``connect`` is None where it is known that
    nothing can be listened to; those who follow look every ``poll_seconds`` then.
    """

    def __init__(
        self, connect: Callable[[], psycopg.Connection[Any]] | None, poll_seconds: float
    ) -> None:
        self._connect = connect
        self._poll_seconds = poll_seconds
        self._audience = Audience(poll_seconds)
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._listener: Listener | None = None

    @property
    def following(self) -> Following:
        """How changes become known at the moment."""
        return self._audience.following

    @property
    def pause(self) -> float:
        """Seconds until one who has heard nothing looks again."""
        return SAFETY_SECONDS if self._audience.is_heard else self._poll_seconds

    @property
    def poll_seconds(self) -> float:
        return self._poll_seconds

    def add(self, subscriber: Subscriber) -> None:
        """Tell it of every change, from the moment when ``following`` is "notified"."""
        self._audience.add(subscriber)

    def start(self) -> None:
        """Begin to listen, unless somebody has. Safe for threads, and cheap."""
        if self._listener is not None or self._audience.following == "polling":
            return
        if self._connect is None:
            self._audience.fall_back("pgbouncer=True")
            return
        with self._lock:
            if self._listener is None:
                self._audience.following = "connecting"
                self._listener = Listener(self._connect, self._audience)
                # A store that nobody holds any more leaves no thread behind.
                self._finalizer = finalize(self, self._listener.end)
                self._listener.start()

    def close(self) -> None:
        """End what those who follow wait for, and close the connection."""
        with self._lock:
            listener, self._listener = self._listener, None
        for subscriber in self._audience.subscribers:
            subscriber.over()
        if listener is not None:
            self._finalizer()
            listener.join(CLOSING_SECONDS)
        self._audience.following = "idle"

    def begin_as_child(self) -> None:
        """After fork(): the listener is the parent's."""
        if self._listener is not None:
            self._finalizer.detach()
            self._audience.following = "idle"
        self._begin()
        self._audience.begin()
        for subscriber in self._audience.subscribers:
            subscriber.begin_as_child()


def _begin_as_children() -> None:
    for notices in list(_all):
        notices.begin_as_child()


os.register_at_fork(after_in_child=_begin_as_children)
