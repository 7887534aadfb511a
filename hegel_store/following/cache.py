"""The current profiles in memory, for as long as a caller bears that one may have been replaced."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from time import monotonic

from hegel_store.errors import DatabaseUnavailable, InvalidInput
from hegel_store.following.keys import LATEST, key_of
from hegel_store.following.notices import Notices
from hegel_store.models import PromptProfile
from hegel_store.models.checks import check_integer, check_name, check_number
from hegel_store.models.read_only import read_only
from hegel_store.repositories.profiles import ProfileRepository

logger = logging.getLogger("hegel_store")

RETRY_SECONDS = 1.0
"""While the database is away, it is asked again this often for what is served without it."""

Name = tuple[str, str, str]
"""Corpus, task type and alias."""


@dataclass(slots=True)
class _Entry:
    """``profile`` is served until ``fresh_until``; until ``kept_until`` while the database is away.
    Both are by the monotonic clock."""

    profile: PromptProfile | None
    key: str
    fresh_until: float
    kept_until: float


class _Flight(Future["PromptProfile | None"]):
    """A read that is on its way, since ``began``; ``is_stale`` when it came to nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.began = monotonic()
        self.is_stale = False


class ProfileCache:
    """The current profiles of scopes and aliases: ``latest`` and ``by_alias`` without a round trip.

    What was read is served for at most ``max_staleness`` seconds after its read began, whatever
    happens; a notification that it was replaced drops it at once. That there is none is kept the
    same way. At most ``entries`` are kept. Threads that miss the same one share one read.

    While the database cannot be reached, a call past the bound raises DatabaseUnavailable, unless
    ``stale_if_away`` allows to serve what is there for so many seconds more (which is logged; the
    "stale-if-error" of RFC 5861). What is known to have been replaced is not served again.

    Documents are read-only, as they are shared: ``profile.profile.mutable()`` is the caller's own.
    ``performance_stats`` and ``metadata`` may be annotated without a notification.

    Safe for threads; a forked child begins with an empty one.
    """

    def __init__(
        self,
        profiles: ProfileRepository,
        notices: Notices,
        *,
        max_staleness: float,
        stale_if_away: float,
        entries: int,
    ) -> None:
        if check_number("max_staleness", max_staleness) <= 0:
            raise InvalidInput("max_staleness", f"must be more than 0, not {max_staleness:g}")
        if check_number("stale_if_away", stale_if_away) < 0:
            raise InvalidInput("stale_if_away", f"must be at least 0, not {stale_if_away:g}")
        self._limit = check_integer("entries", entries, minimum=1)
        self._max_staleness = max_staleness
        self._stale_if_away = stale_if_away
        self._profiles = profiles
        self._notices = notices
        self._is_over = False
        self._entries: dict[Name, _Entry] = {}
        self.begin_as_child()
        notices.add(self)

    def latest(self, corpus_id: str, task_type: str) -> PromptProfile | None:
        """The scope's newest profile, None when it has none. Raises what the repository does."""
        return self.by_alias(corpus_id, task_type, LATEST)

    def by_alias(self, corpus_id: str, task_type: str, alias: str) -> PromptProfile | None:
        """The profile ``alias`` points at, None when it points nowhere; 'latest' is computed."""
        name = (corpus_id, task_type, alias)
        try:
            entry = self._entries.get(name)
        except TypeError:  # no text, which the repository says better
            return self._profiles.by_alias(*name)
        if entry is not None and monotonic() < entry.fresh_until:
            return entry.profile
        return self._fetch(name)

    def _fetch(self, name: Name) -> PromptProfile | None:
        for field, value in zip(("corpus_id", "task_type", "alias"), name, strict=True):
            check_name(field, value)
        key = key_of(*name)
        while True:
            with self._lock:
                entry = self._entries.get(name)
                if entry is not None and monotonic() < entry.fresh_until:
                    return entry.profile
                flight = self._flights.get(key)
                leads = flight is None
                if flight is None:
                    flight = self._flights[key] = _Flight()
            if leads:
                return self._lead(name, key, flight)
            try:
                profile = flight.result()
            except CancelledError:
                continue
            if flight.is_stale or monotonic() < flight.began + self._max_staleness:
                return profile

    def _lead(self, name: Name, key: str, flight: _Flight) -> PromptProfile | None:
        """Read it, for all who wait."""
        try:
            if not self._is_over:
                self._notices.start()
            profile = _shared(self._profiles.by_alias(*name))
            self._keep(name, key, flight, profile)
            flight.set_result(profile)
        except DatabaseUnavailable as error:
            if not self._is_kept(name, flight, error):
                flight.set_exception(error)
        except Exception as error:
            flight.set_exception(error)
        finally:
            with self._lock:
                if self._flights.get(key) is flight:
                    del self._flights[key]
            flight.cancel()  # no effect on one that has its result
        return flight.result()

    def _keep(self, name: Name, key: str, flight: _Flight, profile: PromptProfile | None) -> None:
        """Unless it was replaced since its read began, which took the flight away."""
        until = flight.began + self._max_staleness
        with self._lock:
            if self._flights.get(key) is not flight:
                return
            self._entries.pop(name, None)
            while len(self._entries) >= self._limit:
                self._drop(next(iter(self._entries)))
            self._entries[name] = _Entry(profile, key, until, until + self._stale_if_away)
            self._names[key] = name

    def _is_kept(self, name: Name, flight: _Flight, error: DatabaseUnavailable) -> bool:
        """Whether there is something to serve without the database."""
        now = monotonic()
        with self._lock:
            entry = self._entries.get(name)
            if entry is None or now >= entry.kept_until:
                return False
            entry.fresh_until = min(now + RETRY_SECONDS, entry.kept_until)
            flight.is_stale = True
            flight.set_result(entry.profile)
        logger.warning(
            "the database is away, and an older profile of %r is served: %s", name, error
        )
        return True

    def _drop(self, name: Name) -> None:
        self._names.pop(self._entries.pop(name).key, None)

    def noticed(self, key: str | None) -> None:
        with self._lock:
            if key is None:  # perhaps nothing: it may be served while the database is away
                for entry in self._entries.values():
                    entry.fresh_until = 0.0
                self._flights.clear()
                return
            self._flights.pop(key, None)
            name = self._names.get(key)
            if name is not None:
                self._drop(name)

    def missing(self) -> None:
        """Entries keep to their bound."""

    def over(self) -> None:
        self._is_over = True

    def begin_as_child(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, _Flight] = {}
        self._names: dict[str, Name] = {}
        self._entries.clear()


def _shared(profile: PromptProfile | None) -> PromptProfile | None:
    if profile is None:
        return None
    return replace(
        profile,
        profile=read_only(profile.profile),
        performance_stats=read_only(profile.performance_stats),
        metadata=read_only(profile.metadata),
    )
