"""The doctor on servers of its own: well, badly set, full, in recovery, and one that stops."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.operations.doctor import Finding, diagnose, machine
from hegel_store.operations.doctor.patient import Patient
from hegel_store.settings import Settings
from tests.diagnoses import diagnosed, subjects
from tests.servers import OwnServer, own_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    with own_server(request.config.getoption("--postgres")) as server:
        server.execute("ALTER SYSTEM RESET ALL")
        server.execute("SELECT pg_reload_conf()")
        migrate.upgrade(parse_address(server.url(), "the tests"))
        yield server


@pytest.fixture
def server(running: OwnServer, monkeypatch) -> Iterator[OwnServer]:
    """As it was found: with the settings of initdb, on a machine that they fit."""
    monkeypatch.setattr(machine, "this_machine", lambda: machine.Machine(8 << 30, 2))
    yield running
    running.execute("ALTER SYSTEM RESET ALL")
    running.restart()


def test_a_database_that_is_well_gives_status_0(server):
    report = diagnose(Settings(), server.url())
    assert [found for found in report.findings if found.severity != "ok"] == []
    assert (report.severity, report.exit_status) == ("ok", 0)


def test_every_statement_is_in_a_read_only_transaction(server):
    """By the server's log, from the process that the doctor was given."""
    server.execute("ALTER SYSTEM SET log_statement = 'all'")
    server.execute("ALTER SYSTEM SET log_line_prefix = '%a|%v|%x|'")
    server.execute("SELECT pg_reload_conf()")
    before = len(server.process.log.read_text())
    diagnosed(server.url(), application_name="the_doctor")
    log = server.process.log.read_text()[before:]
    sent = re.findall(r"^the_doctor\|.*?\|(\d+)\|LOG: +(?:statement|execute \S+): (.*)", log, re.M)
    assert {number for number, _ in sent} == {"0"}, "no transaction got an id, as writers do"
    outside, transactions = [], 0
    for statement in (statement for _, statement in sent):
        if statement in ("COMMIT", "ROLLBACK"):
            is_read_only = False
        elif statement == "BEGIN READ ONLY":
            is_read_only, transactions = True, transactions + 1
        elif not transactions or not is_read_only:
            outside.append(statement)
    assert transactions > 15
    assert outside == [""], "which Connector sends, a SELECT over lines: it looks for schemas"


def test_settings_that_are_unsafe_or_wait_for_a_restart(server):
    server.execute("ALTER SYSTEM SET autovacuum = off")
    server.execute("ALTER SYSTEM SET synchronous_commit = off")
    server.execute("ALTER SYSTEM SET max_connections = 50")
    server.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
    server.execute("SELECT pg_reload_conf()")
    try:
        found = diagnosed(server.url())
    finally:
        with psycopg.connect(server.url("template1"), autocommit=True) as connection:
            connection.execute("ALTER DATABASE postgres RESET ALL")
    unsafe = {each.subject: each.severity for each in found["setting-unsafe"]}
    assert unsafe == {"autovacuum": "act", "synchronous_commit": "look"}
    assert "max_connections" in found["restart-pending"][0].seen
    assert found["server-read-only"][0].severity == "look"


def test_memory_that_is_too_small_and_connections_that_run_out(server):
    server.execute("ALTER SYSTEM SET shared_buffers = '1MB'")
    server.execute("ALTER SYSTEM SET max_connections = 10")
    server.restart()
    url = server.url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE hegel_wide AS SELECT n, repeat('x', 1000) AS t"
            " FROM generate_series(1, 20000) AS n"
        )
        connection.execute("SET max_parallel_workers_per_gather = 0")
        for _ in range(6):
            connection.execute("SELECT count(*) FROM hegel_wide")
        connection.execute("SELECT pg_stat_force_next_flush()")
        found = diagnosed(url)
        assert subjects(found, "setting-far-off") == ["shared_buffers"]
        assert found["cache-misses"][0].severity == "look"
        assert not found["connections-scarce"]
        connection.execute("DROP TABLE hegel_wide")
    with ExitStack() as held:
        # Seven may connect besides superusers, and one of them is the doctor.
        for expected in ([], [], [], [], ["look"], ["look"]):
            assert [f.severity for f in diagnosed(url)["connections-scarce"]] == expected
            held.enter_context(psycopg.connect(url))
        (finding,) = diagnosed(url)["connections-scarce"]
        assert finding.severity == "act"
        assert "7 of 7" in finding.seen


def test_a_server_in_recovery(server):
    (server.data / "standby.signal").touch()
    server.restart()
    try:
        found = diagnosed(server.url())
        assert found["server-standby"][0].severity == "look"
        assert found["indexes"]
    finally:
        (server.data / "standby.signal").unlink()
        server.restart()


def test_a_server_that_stops_answering_is_given_up_on(server):
    stopped: list[int] = []

    def check_that_stops(patient: Patient) -> list[Finding]:
        stopped.append(patient.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar())
        os.kill(stopped[0], signal.SIGSTOP)
        patient.connection.exec_driver_sql("SELECT 1")
        return []

    try:
        report = diagnose(Settings(), server.url(), seconds=0.2, checks=[check_that_stops])
    finally:
        os.kill(stopped[0], signal.SIGCONT)
    assert report.findings[-1].code == "server-unreachable"
    assert "that-stops" in report.findings[-1].seen
