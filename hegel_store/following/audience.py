"""Those who want to hear of changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Literal, Protocol
from weakref import WeakSet

logger = logging.getLogger("hegel_store")

Following = Literal["idle", "connecting", "notified", "polling"]
"""How changes become known: nobody asked yet; the connection is being made, or made again;
by notification; by looking now and then."""


class Subscriber(Protocol):
    """One that hears of changes, from another thread than its own."""

    def noticed(self, key: str | None) -> None:
        """What goes by this key moved; with None, anything may have."""

    def missing(self) -> None:
        """From now on, nothing is heard."""

    def over(self) -> None:
        """The store is closed."""

    def begin_as_child(self) -> None:
        """The process is a child made by fork()."""


class Audience:
    """The subscribers, held weakly: who is forgotten hears nothing."""

    def __init__(self, poll_seconds: float) -> None:
        self.following: Following = "idle"
        self._poll_seconds = poll_seconds
        self._subscribers: WeakSet[Subscriber] = WeakSet()
        self._has_said_so = False
        self.begin()

    def begin(self) -> None:
        self._lock = threading.Lock()

    def add(self, subscriber: Subscriber) -> None:
        with self._lock:
            self._subscribers.add(subscriber)

    @property
    def subscribers(self) -> Sequence[Subscriber]:
        with self._lock:
            return list(self._subscribers)

    @property
    def is_heard(self) -> bool:
        return self.following == "notified"

    def can_hear(self) -> None:
        """Who looks from now on misses nothing."""
        self.following = "notified"
        self.tell(None)

    def cannot_hear(self) -> None:
        if self.following == "connecting":
            return
        self.following = "connecting"
        for subscriber in self.subscribers:
            subscriber.missing()

    def fall_back(self, reason: str) -> None:
        """Changes are looked for, and that is said once."""
        if not self._has_said_so:
            logger.warning(
                "new profiles are looked for every %g s, as nothing can be listened to: %s",
                self._poll_seconds,
                reason,
            )
        self._has_said_so = True
        self.following = "polling"

    def tell(self, key: str | None) -> None:
        for subscriber in self.subscribers:
            subscriber.noticed(key)
