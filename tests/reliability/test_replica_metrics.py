"""Metrics and spans say which server a read was on, and each server's pool is counted apart."""

from __future__ import annotations

import pytest

from hegel_store.gauges import read_gauges
from hegel_store.observing import tracing
from tests.reliability.reading import states
from tests.servers import wait_until
from tests.watching import logged

prometheus = pytest.importorskip("prometheus_client", reason="the `metrics` extra is not installed")

pytestmark = pytest.mark.slow

LONG = 30.0


def calls(registry, server: str) -> dict[str, float]:
    """How often each call was made on servers of this role."""
    return {
        sample.labels["call"]: sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "hegel_request_seconds_count" and sample.labels["server"] == server
    }


def test_reads_are_counted_by_the_server_that_they_were_on(connect, servers, corpus, registry):
    store = connect(replica_wait=LONG)
    store.profiles.append(corpus, "qa", {})
    with store.begin() as work:
        work.profiles.latest(corpus, "qa")
    for _ in range(3):
        with store.begin(read_only=True) as work:
            work.profiles.latest(corpus, "qa")
            used = registry.get_sample_value("hegel_pool_in_use", {"server": "standby"})
            assert used == 1
    assert calls(registry, "standby") == {"profiles.latest": 3, "transaction": 3}
    assert calls(registry, "primary") == {
        "profiles.append": 1,
        "profiles.latest": 1,
        "transaction": 1,
    }
    # Two standbys, and pools that tests before this one have left.
    sizes = [
        registry.get_sample_value("hegel_pool_size", {"server": role})
        for role in ("primary", "standby")
    ]
    assert min(sizes) >= 10
    store.engine.dispose()  # another pool to the same server
    assert store.engine.pool.server.role == "primary"


def test_a_read_that_no_standby_is_fresh_enough_for_is_on_the_primary(
    connect, servers, corpus, registry
):
    store = connect(replica_wait=0)
    servers.catch_up()
    for one in servers.standbys:
        one.pause()
    store.profiles.append(corpus, "qa", {})
    with store.begin(read_only=True) as work:
        work.profiles.latest(corpus, "qa")
    assert calls(registry, "standby") == {}
    assert calls(registry, "primary")["transaction"] == 1


def test_a_span_says_on_which_server_it_was(connect, servers, corpus):
    sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is missing")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    in_memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    provider, exporter = sdk.TracerProvider(), in_memory.InMemorySpanExporter()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    store = connect(replica_wait=LONG)
    store.profiles.append(corpus, "qa", {})
    started = tracing.start(provider)
    try:
        with store.begin(read_only=True) as work:
            work.profiles.latest(corpus, "qa")
    finally:
        started.stop()
    hosts = {one.host for one in servers.standbys}
    for span in exporter.get_finished_spans():
        assert span.attributes["hegel_store.server"] == "standby"
        assert span.attributes["server.address"] in hosts
    assert len(exporter.get_finished_spans()) == 2


def test_standbys_of_one_name_have_a_series_each(connect, servers):
    store = connect()
    former = [one.ask("SHOW primary_conninfo") for one in servers.standbys]

    def rename(conninfos):
        for one, conninfo in zip(servers.standbys, conninfos, strict=True):
            one.execute(f"ALTER SYSTEM SET primary_conninfo = '{conninfo}'")
            one.execute("SELECT pg_reload_conf()")

    def names():
        return sorted(lag.replica for lag in read_gauges(store.engine).lags)

    rename(f"host={servers.primary.host} user=postgres" for _ in former)
    try:
        wait_until(lambda: [name.partition(" ")[0] for name in names()] == ["walreceiver"] * 2)
        assert len(set(names())) == 2
    finally:
        rename(former)
        wait_until(lambda: names() == ["standby_0", "standby_1"])


def test_a_standby_that_is_left_out_is_told_of_and_that_it_is_back(
    connect, servers, corpus, registry
):
    pytest.importorskip("structlog", reason="the `events` extra is not installed")
    store = connect(replica_wait=LONG)
    store.profiles.append(corpus, "qa", {})
    gone, other = servers.standbys
    with logged() as log:
        gone.kill()
        other.kill()
        try:
            with store.begin(read_only=True) as work:
                assert work.profiles.latest(corpus, "qa").version == 1
        finally:
            gone.start()
            other.start()
        wait_until(lambda: states(store) == ["fresh", "fresh"], 60)
    left = log.named("standby_left_out")
    assert {one["standby"] for one in left} == {one["standby"] for one in log.named("standby_back")}
    assert len(left) == 2
    assert all(one["level"] == "warning" and one["reason"] for one in left)
    assert registry.get_sample_value("hegel_standbys_left_out_total") == 2
