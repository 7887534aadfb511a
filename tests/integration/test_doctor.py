"""The doctor sees each fault that is planted, and not where there is none."""

from __future__ import annotations

import json
import sys
import threading
import time

import psycopg
import pytest

from hegel_store import cli
from hegel_store.addresses import parse_address
from hegel_store.journal import spool_folder
from hegel_store.journal.spool import SUFFIX
from hegel_store.migrate import known_revisions
from hegel_store.operations.doctor import (
    Finding,
    diagnose,
    machine,
    sessions,
)
from hegel_store.operations.doctor.patient import Patient
from hegel_store.settings import Settings
from tests.diagnoses import diagnosed, findings, subjects
from tests.servers import wait_until


@pytest.fixture
def admin(url):
    """A superuser's connection on which each statement is committed."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def test_a_fresh_database_is_well_but_for_the_server_of_the_tests(url):
    """Which runs without fsync, and says so."""
    found = diagnosed(url)
    needing = {code for code, each in found.items() if any(f.severity != "ok" for f in each)}
    assert needing == {"setting-unsafe"}
    assert subjects(found, "setting-unsafe") == ["fsync"]
    for each in (finding for of_code in found.values() for finding in of_code):
        assert each.subject
        assert each.seen
        assert each.why
        assert each.remedy
    assert len(found) >= 15


def test_the_address_hides_its_password_and_says_where_it_came_from(url, monkeypatch):
    monkeypatch.setenv("POSTGRES_DSN", url.replace("postgres@", "postgres:hunter2@"))
    with pytest.warns(DeprecationWarning, match="old name"):
        found = diagnosed(None)
    (address,) = found["address"]
    assert "postgres:***@" in address.seen
    assert "from POSTGRES_DSN" in address.seen
    assert found["address-old-name"][0].severity == "look"
    monkeypatch.setenv("DATABASE_URL", url)
    found = diagnosed(None)
    assert "from DATABASE_URL" in found["address"][0].seen
    assert not found["address-old-name"]
    assert found["address-ambiguous"][0].severity == "look"
    monkeypatch.setenv("POSTGRES_DSN", url)
    assert not diagnosed(None)["address-ambiguous"]
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize("given", [None, "nonsense", "mysql://u:hunter2@h/d"])
def test_an_address_that_is_none_is_a_finding(given):
    found = findings(given)
    assert list(found) == ["address-unusable"]
    assert found["address-unusable"][0].severity == "act"
    assert "hunter2" not in repr(found)


def test_a_server_that_is_not_there_is_a_finding_beside_those_of_this_machine():
    found = findings("postgresql://me:hunter2@127.0.0.1:1/nowhere", connect_timeout=2)
    assert set(found) == {"address", "spool", "server-unreachable"}
    assert "hunter2" not in repr(found)


def test_migration_state(url, empty_url, admin):
    head = known_revisions()[-1]
    assert head in diagnosed(url)["migration"][0].seen
    assert diagnosed(empty_url)["not-migrated"][0].severity == "act"
    for revision, code, severity in (
        (known_revisions()[-2], "migration-behind", "act"),
        ("9000.0", "migration-ahead", "look"),
        ("9000.7", "package-outdated", "act"),
        ("borrowed", "migration-unknown", "act"),
    ):
        admin.execute("UPDATE hegel_store_version SET version_num = %s", [revision])
        found = diagnosed(url)
        assert found[code][0].severity == severity
        assert revision in found[code][0].seen
        assert not found["migration"]


def test_a_database_without_pgvector_or_tables_is_examined_all_the_same(empty_url):
    with psycopg.connect(empty_url, autocommit=True) as connection:
        assert diagnosed(empty_url)["pgvector-missing"][0].severity == "act"
        assert not diagnosed(empty_url)["growth"]
        connection.execute("CREATE EXTENSION vector")
    assert not diagnosed(empty_url)["pgvector-missing"]


@pytest.mark.parametrize(
    ("version", "code", "severity", "named"),
    [
        ("0.7.4", "pgvector-unsupported", "act", "0.7.4"),
        ("0.8.1", "pgvector-faulty", "act", "CVE-2026-3172"),
        ("0.8.2", "pgvector-faulty", "act", "corrupt"),
        ("0.8.3", "pgvector-faulty", "look", "not repaired"),
        ("0.8.4", "pgvector-version", "ok", "0.8.4"),
    ],
)
def test_faults_of_pgvector_are_named(url, admin, version, code, severity, named):
    admin.execute("UPDATE pg_extension SET extversion = %s WHERE extname = 'vector'", [version])
    (finding,) = diagnosed(url)[code]
    assert finding.severity == severity
    assert named in finding.seen


def test_an_ivfflat_index_meets_the_fault_of_its_builds(url, admin):
    """0.8.7 mended it; the server of the tests has an older one."""
    assert not diagnosed(url)["pgvector-faulty"]
    admin.execute("CREATE TABLE apart (v vector(3))")
    admin.execute("CREATE INDEX ON apart USING ivfflat (v vector_l2_ops) WITH (lists = 1)")
    assert "IVFFlat" in diagnosed(url)["pgvector-faulty"][0].seen


def test_long_and_idle_transactions(url, admin, monkeypatch):
    monkeypatch.setattr(sessions, "LONG_SECONDS", 0.2)
    monkeypatch.setattr(sessions, "IDLE_SECONDS", 0.2)
    assert diagnosed(url)["transactions"]
    other = psycopg.connect(url, application_name="forgetful")
    other.execute("SELECT 1")
    wait_until(lambda: diagnosed(url)["transaction-idle"])
    (finding,) = diagnosed(url)["transaction-idle"]
    assert finding.subject == f"process {other.info.backend_pid}"
    assert "forgetful" in finding.seen
    admin.execute(finding.remedy)
    wait_until(lambda: not diagnosed(url)["transaction-idle"])
    busy = threading.Thread(target=sleep_until_cancelled, args=(url,))
    busy.start()
    try:
        wait_until(lambda: diagnosed(url)["transaction-long"])
        (finding,) = diagnosed(url)["transaction-long"]
        assert "active" in finding.seen
    finally:
        admin.execute(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'busy'"
        )
        busy.join()
    assert diagnosed(url)["transactions"]


def test_a_build_that_waits_for_a_forgotten_transaction(url, admin):
    """The index is no leftover, and the transaction is not to be left alone."""

    def build() -> None:
        with psycopg.connect(url, autocommit=True) as builder:
            builder.execute("CREATE INDEX CONCURRENTLY slow ON hegel_facts (intent)")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "IDLE_SECONDS", 0.1)
        other = psycopg.connect(url)
        other.execute("INSERT INTO hegel_facts (corpus_id, content) VALUES ('c', 'held')")
        builder = threading.Thread(target=build)
        builder.start()
        try:
            wait_until(lambda: any(f.severity == "act" for f in diagnosed(url)["transaction-idle"]))
            found = diagnosed(url)
            assert "1 sessions wait for it" in found["transaction-idle"][0].seen
            assert subjects(found, "index-being-built") == ["slow"]
            assert not found["index-invalid"]
        finally:
            other.rollback()
            other.close()
            builder.join()
    assert not diagnosed(url)["index-being-built"]


def sleep_until_cancelled(url: str) -> None:
    with (
        psycopg.connect(url, application_name="busy") as connection,
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        connection.execute("SELECT pg_sleep(60)")


def test_sizes_far_off_for_the_machine_are_told_with_one_that_fits(url, monkeypatch):
    """A machine with as much memory as the sizes of the server would need, and then others."""
    right = machine.Machine(memory=8 << 30, cores=2)
    monkeypatch.setattr(machine, "this_machine", lambda: right)
    assert diagnosed(url)["machine"]
    too_small = machine.Machine(memory=128 << 20, cores=1)
    monkeypatch.setattr(machine, "this_machine", lambda: too_small)
    found = diagnosed(url)
    sizes = ["shared_buffers", "effective_cache_size", "work_mem"]
    assert subjects(found, "setting-far-off") == sizes
    assert "'32MB'" in found["setting-far-off"][0].remedy
    assert not found["machine"]
    many_cores = machine.Machine(memory=8 << 30, cores=96)
    monkeypatch.setattr(machine, "this_machine", lambda: many_cores)
    (finding,) = diagnosed(url)["setting-far-off"]
    assert (finding.subject, finding.seen) == ("max_parallel_workers", "8 workers; 96 cores")


def test_steps_that_wait_on_this_machine(url, tmp_path):
    settings = {"spool_directory": tmp_path}
    (folder,) = subjects(diagnosed(url, **settings), "spool")
    assert folder == str(spool_folder(parse_address(url, "the tests"), tmp_path))
    own = tmp_path / folder / "writer"
    own.mkdir(parents=True)
    (own / f"1{SUFFIX}").write_bytes(b"x" * 2048)
    (own / "1.damaged").touch()
    letters = tmp_path / folder / "dead-letters.jsonl"
    letters.write_text(
        json.dumps({"id": "1", "at": "x", "error": "E", "reason": "no month", "fields": None})
        + "\n"
    )
    found = diagnosed(url, **settings)
    assert "2.0 kB" in found["spool-waiting"][0].seen
    assert found["spool-damaged"]
    assert "no month" in found["dead-letters"][0].seen
    assert sorted(path.name for path in own.iterdir()) == ["1.damaged", f"1{SUFFIX}"]
    letters.unlink()
    letters.mkdir()
    assert "directory" in diagnosed(url, **settings)["spool-unreadable"][0].seen


def test_a_schema_that_is_not_there_does_not_hide_the_server_nor_another_installation(url):
    found = diagnosed(url, database_schema="tenant")
    assert subjects(found, "not-migrated") == ["tenant"]
    assert found["server-version"]
    assert not found["growth"], "those of the other schema are none of its business"


def test_checks_that_are_refused_are_findings_and_the_others_go_on(url, admin):
    admin.execute("DROP ROLE IF EXISTS hegel_stranger")
    admin.execute("CREATE ROLE hegel_stranger LOGIN")
    try:
        found = findings(url.replace("postgres@", "hegel_stranger@"))
        assert subjects(found, "check-refused") == ["migration", "indexes"]
        assert "hegel_stranger" in found["check-refused"][0].remedy
        assert found["sessions-hidden"][0].severity == "look"
        assert found["growth"]
        assert not found["check-failed"]
        assert not found["pgvector-hidden"]
        admin.execute("CREATE SCHEMA extensions")
        admin.execute("ALTER EXTENSION vector SET SCHEMA extensions")
        stranger = url.replace("postgres@", "hegel_stranger@")
        (finding,) = findings(stranger)["pgvector-hidden"]
        assert finding.severity == "act"
        found = findings(stranger, database_schema="extensions")
        assert subjects(found, "schema-refused") == ["extensions"]
        assert found["server-version"]
        assert not findings(url)["pgvector-hidden"]
    finally:
        admin.execute("DROP ROLE hegel_stranger")


def check_that_writes(patient: Patient) -> list[Finding]:
    patient.connection.exec_driver_sql("CREATE TABLE hegel_planted ()")
    return []


def check_that_dawdles(patient: Patient) -> list[Finding]:
    patient.connection.exec_driver_sql("SELECT pg_sleep(30)")
    return []


def check_that_comes_last(patient: Patient) -> list[Finding]:
    return [Finding(code="done", severity="ok", subject="s", seen="s", why="w")]


def test_a_check_can_neither_write_nor_take_long_nor_stop_those_after_it(url, admin):
    begun = time.monotonic()
    report = diagnose(
        Settings(),
        url,
        seconds=0.3,
        checks=[check_that_writes, check_that_dawdles, check_that_comes_last],
    )
    assert time.monotonic() - begun < 15
    found = {each.code: each for each in report.findings}
    assert "read-only transaction" in found["check-failed"].seen
    assert found["check-timed-out"].subject == "that-dawdles"
    assert found["done"]
    assert admin.execute("SELECT to_regclass('hegel_planted')").fetchone() == (None,)


def test_the_command_prints_a_table_or_json_and_exits_with_what_it_found(url, monkeypatch, capsys):
    def called(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["hegel-store", "doctor", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), capsys.readouterr().out

    monkeypatch.setenv("HEGEL_POOL", "olympic")
    status, shown = called("--url", url)
    assert (status, "unset HEGEL_POOL" in shown) == (2, True)
    monkeypatch.delenv("HEGEL_POOL")
    monkeypatch.setenv("COLUMNS", "200")
    status, shown = called("--url", url)
    assert status == 2
    assert "setting-unsafe" in shown
    assert shown.splitlines()[-1].startswith("act: 1 act, 0 look, ")
    status, shown = called("--json", "--url", url)
    told = json.loads(shown)
    assert (status, told["exit_status"], told["severity"]) == (2, 2, "act")
    assert {"code", "severity", "subject", "seen", "why", "remedy"} == set(told["findings"][0])
