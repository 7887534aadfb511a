"""Prometheus metrics: what is counted, and what a scrape over HTTP says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from urllib.request import urlopen

import pytest

import hegel_store
from hegel_store import migrate
from hegel_store.embeddings import CachedEmbedder, MemoryCache
from hegel_store.errors import ConfigurationError, InvalidInput, NotFound, PoolExhausted
from hegel_store.gauges import read_gauges
from hegel_store.observing import is_watched, metrics
from tests.commands import run
from tests.embedders import HashingEmbedder
from tests.samples import fact

prometheus = pytest.importorskip("prometheus_client", reason="the `metrics` extra is not installed")
parser = pytest.importorskip("prometheus_client.parser")


def samples(text: str) -> dict[str, float]:
    """Of an exposition: values by name and labels, as they are written there."""
    return {
        " ".join([sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))]): (
            sample.value
        )
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(port: int) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        return samples(answer.read().decode())


@pytest.mark.any_server
def test_a_scrape_tells_what_was_called(url, registry, new):
    model = CachedEmbedder(HashingEmbedder(), MemoryCache())
    with hegel_store.connect(url, embedder=model, result_cache=True) as store:
        store.facts.add_many([fact("hedgehogs sleep"), fact("invoices are sent")])
        for mode in ("hybrid", "hybrid", "text"):
            store.facts.search("hedgehogs", corpus_id="news", mode=mode)
        store.steps.log(new())
        store.steps.log_many([new() for _ in range(9)])
        with pytest.raises(NotFound):
            store.facts.get("news", new().id)
        server = metrics.serve("127.0.0.1:0", registry=registry)
        try:
            found = scraped(server.server_port)
        finally:
            server.shutdown()
    assert found["hegel_failures_total call=facts.get error=NotFound"] == 1
    assert found["hegel_request_seconds_count call=facts.search server=primary"] == 3
    assert found["hegel_search_seconds_count mode=hybrid"] == 2
    assert found["hegel_search_seconds_count mode=text"] == 1
    assert 0 < found["hegel_search_seconds_sum mode=text"] < 60
    # One of the two was answered from memory, without its vector.
    assert found["hegel_cache_hits_total cache=results"] == 1
    assert found["hegel_cache_misses_total cache=results"] == 2
    assert found["hegel_cache_misses_total cache=MemoryCache"] == 3
    assert found["hegel_embedding_seconds_count embedder=CachedEmbedder"] == 2
    assert found["hegel_embedded_texts_total embedder=HashingEmbedder"] == 3
    assert found["hegel_steps_total outcome=written"] == 10
    assert found["hegel_facts_written_total outcome=added"] == 2
    assert found["hegel_pool_size server=primary"] >= 10
    assert found["hegel_delivery_interrupted"] == 0


@pytest.mark.any_server
def test_a_step_that_was_stored_before_is_not_counted_again(store, registry, new):
    steps = [new() for _ in range(3)]
    store.steps.log(steps[0])
    store.steps.log(steps[0])
    assert registry.get_sample_value("hegel_steps_total", {"outcome": "written"}) == 1
    store.steps.log_many(steps)
    store.steps.log(steps[1])
    assert registry.get_sample_value("hegel_steps_total", {"outcome": "written"}) == 3
    store.steps.log(new())
    assert registry.get_sample_value("hegel_steps_total", {"outcome": "written"}) == 4


@pytest.mark.any_server
def test_calls_within_a_call_are_not_counted_beside_it(store, registry):
    store.profiles.append("news", "qa", {})
    with store.begin() as work:
        work.profiles.append("news", "qa", {"a": 1})
        work.profiles.latest("news", "qa")
    found = samples(prometheus.generate_latest(registry).decode())
    calls = {name: value for name, value in found.items() if "request_seconds_count" in name}
    assert calls == {
        "hegel_request_seconds_count call=profiles.append server=primary": 2,
        "hegel_request_seconds_count call=profiles.latest server=primary": 1,
        "hegel_request_seconds_count call=transaction server=primary": 1,
    }


@pytest.mark.any_server
def test_waits_for_a_connection_are_counted_and_those_in_vain(url, registry):
    with hegel_store.connect(url, pool="light", pool_timeout=0.3) as store:
        held = [store.engine.connect() for _ in range(5)]
        outcome = []

        def ask():
            try:
                store.profiles.latest("news", "qa")
            except PoolExhausted as error:
                outcome.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        for connection in held:
            connection.close()
    assert len(outcome) == 1
    found = samples(prometheus.generate_latest(registry).decode())
    assert found["hegel_pool_timeouts_total server=primary"] == 1
    assert found["hegel_pool_wait_seconds_count server=primary"] == 1
    assert found["hegel_pool_wait_seconds_sum server=primary"] >= 0.3


def test_the_database_says_what_is_in_it(memory):
    memory.facts.add_many([fact("a"), fact("b", label="letters")])
    gauges = read_gauges(memory.engine)
    assert (gauges.facts, gauges.labels) == (2, 1)
    assert gauges.revision == migrate.known_revisions()[-1]
    assert gauges.lags == []


@pytest.mark.any_server
def test_the_command_prints_them_once(url, memory):
    memory.facts.add_many([fact("a")])
    found = samples(run("metrics", "--once", "--url", url))
    revision = migrate.known_revisions()[-1]
    assert found["hegel_database_up"] == 1
    assert found["hegel_facts"] == 1
    assert found[f"hegel_migration_version revision={revision}"] == int(revision[:4])


@pytest.mark.any_server
def test_a_database_that_is_away_is_down_and_no_error(tmp_path):
    found = samples(run("metrics", "--once", "--url", f"postgresql:///x?host={tmp_path}"))
    assert found == {"hegel_database_up": 0}


SEARCH = """
import sys
import hegel_store
from hegel_store.observing import metrics
metrics.start()
with hegel_store.connect(sys.argv[1]) as store:
    store.facts.search("hedgehogs", corpus_id="news")
"""


@pytest.mark.any_server
def test_the_command_serves_the_database_and_the_processes_that_share_a_folder(url, tmp_path):
    """A worker that has ended, and the command in a process of its own, which SIGTERM ends."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", SEARCH, url], check=True, env=environment)
    arguments = ["metrics", "--address", "127.0.0.1:0", "--url", url]
    command = subprocess.Popen(
        [sys.executable, "-u", "-c", "from hegel_store.cli import main; main()", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert command.stdout is not None
        said = command.stdout.readline()
        port = int(re.search(r":(\d+)/metrics", said)[1])
        found = scraped(port)
    finally:
        command.send_signal(signal.SIGTERM)
    assert command.wait(30) == 0
    assert found["hegel_database_up"] == 1
    assert found["hegel_request_seconds_count call=facts.search server=primary"] == 1
    assert found["hegel_search_seconds_count mode=hybrid"] == 1


@pytest.mark.any_server
@pytest.mark.parametrize("address", ["9464", "host:port", "host:65536", ":1"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(InvalidInput, match="address"):
        metrics.serve(address, registry=prometheus.CollectorRegistry())


@pytest.mark.any_server
def test_a_registry_that_counts_already_is_refused(registry):
    with pytest.raises(ConfigurationError, match="registry"):
        metrics.start(registry)
    other = prometheus.CollectorRegistry()
    prometheus.Counter("hegel_steps", "of somebody else", registry=other)
    with pytest.raises(ConfigurationError, match="hegel_steps"):
        metrics.start(other)
    assert [family.name for family in other.collect()] == ["hegel_steps"]


@pytest.mark.any_server
def test_a_taken_address_is_said_to_be():
    server = metrics.serve("127.0.0.1:0", registry=prometheus.CollectorRegistry())
    try:
        with pytest.raises(ConfigurationError, match="127"):
            metrics.serve(
                f"127.0.0.1:{server.server_port}", registry=prometheus.CollectorRegistry()
            )
    finally:
        server.shutdown()
        server.server_close()
    assert not is_watched()
