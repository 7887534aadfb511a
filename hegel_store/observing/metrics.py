"""Prometheus metrics of this process (prometheus-client, the ``metrics`` extra)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from hegel_store.errors import ConfigurationError, HegelStoreError, InvalidInput
from hegel_store.observing import seam
from hegel_store.observing.happenings import (
    CacheAsked,
    DeliveryInterrupted,
    DeliveryResumed,
    FactsAdded,
    Happening,
    MaintenanceTask,
    MigrationComplete,
    PoolWaited,
    Retried,
    SearchComplete,
    StandbyLeftOut,
    StepsLogged,
    StepsReplayed,
    StepsSetAside,
    StepsSpooled,
)
from hegel_store.observing.seam import Call, Embedding

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets of every histogram, in seconds."""

COUNTERS = {
    "hegel_failures": ("Calls of the store that raised, by the error", ("call", "error")),
    "hegel_embedded_texts": ("Texts given to embedders", ("embedder",)),
    "hegel_cache_hits": ("What a cache was asked for and had", ("cache",)),
    "hegel_cache_misses": ("What a cache was asked for and had not", ("cache",)),
    "hegel_pool_timeouts": ("Waits for a connection that were in vain", ("server",)),
    "hegel_steps": ("Steps: written, spooled, replayed or dead", ("outcome",)),
    "hegel_facts_written": ("Facts: added, merged or refused", ("outcome",)),
    "hegel_standbys_left_out": ("How often a standby was left out, after it was read from", ()),
    "hegel_retries": ("What was tried again", ("what",)),
    "hegel_migrations": ("Migrations, by direction and how they ended", ("direction", "outcome")),
    "hegel_maintenance_tasks": ("Tasks of maintenance, by how they ended", ("task", "status")),
}
HISTOGRAMS = {
    "hegel_request_seconds": (
        "Seconds that a call of the store took, by the role of the server",
        ("call", "server"),
    ),
    "hegel_search_seconds": ("Seconds that a search took, by its mode", ("mode",)),
    "hegel_search_part_seconds": ("Seconds of a search in one of its parts", ("part",)),
    "hegel_embedding_seconds": ("Seconds that an embedder took", ("embedder",)),
    "hegel_pool_wait_seconds": ("Seconds that had to be waited for a connection", ("server",)),
}
GAUGES = {
    "hegel_delivery_interrupted": ("1 while the database takes no steps from a writer", ()),
}


class Metrics:
    """Counts what happens. Made by start(); stop() ends it."""

    def __init__(self, registry: Any) -> None:
        import prometheus_client as prometheus

        self.registry = registry
        families: dict[str, Any] = {
            name: prometheus.Counter(name, said, labels, registry=None)
            for name, (said, labels) in COUNTERS.items()
        }
        families |= {
            name: prometheus.Histogram(name, said, labels, buckets=SECONDS, registry=None)
            for name, (said, labels) in HISTOGRAMS.items()
        }
        families |= {
            name: prometheus.Gauge(name, said, labels, registry=None, multiprocess_mode="livemax")
            for name, (said, labels) in GAUGES.items()
        }
        self._families = families
        # The pools come first in a scrape: what has not been counted yet is counted then.
        self._registered: list[Any] = []
        for collector in (_Pools(), *families.values()):
            try:
                registry.register(collector)
            except ValueError:
                self._unregister()
                raise
            self._registered.append(collector)
        # Looking a child up by its labels takes longer than counting.
        self._child: Callable[..., Any] = cache(self._made)
        self._observe: dict[tuple[str, str], Callable[[float], None]] = {}
        self._taken: dict[type, Callable[[Any], None]] = {
            SearchComplete: self._search,
            StepsLogged: lambda one: self._count("hegel_steps", one.stored, "written"),
            StepsSpooled: lambda one: self._count("hegel_steps", one.steps, "spooled"),
            StepsReplayed: lambda one: self._count("hegel_steps", one.steps, "replayed"),
            StepsSetAside: lambda one: self._count("hegel_steps", one.steps, "dead"),
            FactsAdded: self._facts,
            CacheAsked: self._cache,
            PoolWaited: self._pool,
            StandbyLeftOut: lambda one: self._count("hegel_standbys_left_out", 1),
            Retried: lambda one: self._count("hegel_retries", 1, one.what),
            DeliveryInterrupted: lambda one: self._child("hegel_delivery_interrupted").set(1),
            DeliveryResumed: lambda one: self._child("hegel_delivery_interrupted").set(0),
            MigrationComplete: lambda one: self._count(
                "hegel_migrations", 1, one.direction, "error" if one.error else "ok"
            ),
            MaintenanceTask: lambda one: self._count(
                "hegel_maintenance_tasks", 1, one.task, one.status
            ),
        }
        self._child("hegel_delivery_interrupted").set(0)

    def ended(self, call: Call, frame: None, at: int) -> None:
        if isinstance(call, Embedding):
            self._child("hegel_embedding_seconds", call.embedder).observe(call.seconds)
            self._count("hegel_embedded_texts", call.texts, call.embedder)
            return
        key = (call.name, call.server.role)
        observe = self._observe.get(key)
        if observe is None:
            observe = self._observe[key] = self._child("hegel_request_seconds", *key).observe
        observe(call.seconds)
        if call.error is not None:
            self._count("hegel_failures", 1, call.name, _kind(call.error))
        elif call.name == "steps.log" and not call.is_repeat:
            self._count("hegel_steps", 1, "written")

    def happened(self, happening: Happening, at: int) -> None:
        take = self._taken.get(type(happening))
        if take is not None:
            take(happening)

    def stop(self) -> None:
        """Count nothing any more, and take the metrics out of their registry."""
        seam.stop(self)
        seam.flush()
        self._unregister()

    def _unregister(self) -> None:
        for collector in self._registered:
            self.registry.unregister(collector)

    def _made(self, name: str, *labels: str) -> Any:
        family = self._families[name]
        return family.labels(*labels) if labels else family

    def _count(self, name: str, amount: int, *labels: str) -> None:
        self._child(name, *labels).inc(amount)

    def _search(self, one: SearchComplete) -> None:
        self._child("hegel_search_seconds", one.mode).observe(one.total_time_ms / 1000)
        for part, milliseconds in (
            ("embedding", one.embedding_time_ms),
            ("database", one.db_search_time_ms),
            ("rerank", one.rerank_time_ms),
        ):
            if milliseconds:
                self._child("hegel_search_part_seconds", part).observe(milliseconds / 1000)

    def _facts(self, one: FactsAdded) -> None:
        for outcome in ("added", "merged", "refused"):
            self._count("hegel_facts_written", getattr(one, outcome), outcome)

    def _cache(self, one: CacheAsked) -> None:
        self._count("hegel_cache_hits", one.hits, one.cache)
        self._count("hegel_cache_misses", one.misses, one.cache)

    def _pool(self, one: PoolWaited) -> None:
        self._child("hegel_pool_wait_seconds", one.server).observe(one.seconds)
        if one.timed_out:
            self._count("hegel_pool_timeouts", 1, one.server)


def start(registry: Any = None) -> Metrics:
    """Count from now on, in ``registry`` (by default prometheus-client's own).

    Raises ConfigurationError where prometheus-client is not installed, or where metrics of these
    names are in the registry already.
    """
    require_client()
    import prometheus_client

    try:
        metrics = Metrics(prometheus_client.REGISTRY if registry is None else registry)
    except ValueError as error:
        raise ConfigurationError(f"this registry has metrics of the store: {error}") from error
    seam.listen(metrics)
    return metrics


def serve(address: str = "127.0.0.1:9464", *, registry: Any = None) -> Any:
    """Answer requests for metrics at ``http://address/metrics`` in the background; what it returns
    has a ``server_port`` and a shutdown(). Port 0 takes one that is free.

    Raises InvalidInput for an address that is not host:port, and ConfigurationError where
    prometheus-client is not installed or the address is taken.
    """
    require_client()
    import prometheus_client

    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise InvalidInput("address", f"must be host:port, not {address!r:.80}")
    asked = prometheus_client.REGISTRY if registry is None else registry
    try:
        server, _ = prometheus_client.start_http_server(int(port), host.strip("[]"), asked)
    except OSError as error:
        raise ConfigurationError(f"nothing can be served at {address}: {error}") from error
    return server


def require_client() -> None:
    """Raises ConfigurationError where prometheus-client is not installed."""
    if find_spec("prometheus_client") is None:
        raise ConfigurationError(
            "prometheus-client is not installed: pip install 'hegel_store[metrics]'"
        )


def gauge(name: str, said: str, values: Sequence[tuple[dict[str, str], float]]) -> Any:
    """A family of gauges that is read when it is asked for: labels and value of each."""
    from prometheus_client.metrics_core import GaugeMetricFamily

    labels = sorted({label for given, _ in values for label in given})
    family = GaugeMetricFamily(name, said, labels=labels)
    for given, value in values:
        family.add_metric([given[label] for label in labels], value)
    return family


class _Pools:
    """The connections of all pools of this process, at the moment of the scrape, by the role of the
    server that they lead to."""

    def collect(self) -> Iterator[Any]:
        seam.flush()
        size: Counter[str] = Counter()
        used: Counter[str] = Counter()
        for pool in list(seam.pools):
            size[pool.server.role] += pool.size()
            used[pool.server.role] += pool.checkedout()
        for name, said, counted in (
            ("hegel_pool_size", "Connections that the pools may have", size),
            ("hegel_pool_in_use", "Connections that are in use", used),
        ):
            yield gauge(name, said, [({"server": role}, n) for role, n in counted.items()])


def _kind(error: BaseException) -> str:
    return type(error).__name__ if isinstance(error, HegelStoreError) else "other"
