"""What findings add up to, and what is said of versions and revisions without asking a server."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from hegel_store.errors import InvalidInput
from hegel_store.operations.doctor.findings import Finding, Report, shown_bytes, shown_seconds
from hegel_store.operations.doctor.indexes import declared_indexes
from hegel_store.operations.doctor.versions import server_version
from hegel_store.operations.dsn_audit.secrets import masked
from hegel_store.schema import metadata


def finding(severity: str, code: str = "c") -> Finding:
    return Finding(code=code, severity=severity, subject="s", seen="7", why="w", remedy="r")


@pytest.mark.parametrize(
    ("severities", "worst", "status"),
    [
        ([], "ok", 0),
        (["ok", "ok"], "ok", 0),
        (["ok", "look", "ok"], "look", 1),
        (["act", "look"], "act", 2),
    ],
)
def test_a_report_is_as_bad_as_its_worst_finding(severities, worst, status):
    report = Report(findings=[finding(each) for each in severities])
    assert (report.severity, report.exit_status) == (worst, status)
    assert report.to_json()["exit_status"] == status


def test_the_worst_comes_first_and_else_the_order_stays():
    given = [finding("ok", "a"), finding("look", "b"), finding("act", "c"), finding("look", "d")]
    report = Report(findings=given)
    assert [each.code for each in report.worst_first()] == ["c", "b", "d", "a"]
    assert [each["code"] for each in report.to_json()["findings"]] == ["a", "b", "c", "d"]


def test_a_severity_that_is_none_is_refused():
    with pytest.raises(InvalidInput) as caught:
        finding("bad")
    assert caught.value.field == "severity"


@pytest.mark.parametrize(
    ("version", "number", "code", "severity"),
    [
        ("15.19", 150019, "server-unsupported", "act"),
        ("16.13", 160013, "server-outdated", "look"),
        ("16.14", 160014, "server-version", "ok"),
        ("17.9", 170009, "server-outdated", "look"),
        ("18.4", 180004, "server-version", "ok"),
        ("18.6", 180006, "server-version", "ok"),
        ("18.9", 180009, "server-version", "ok"),
        ("19.0", 190000, "server-version", "ok"),
    ],
)
def test_servers_far_behind_are_told(version, number, code, severity):
    told = server_version(version, number)
    assert (told.code, told.severity) == (code, severity)
    assert version in told.seen


def tables() -> list[str]:
    dialect = postgresql.dialect()
    return [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]


def test_statements_for_missing_indexes_cover_every_index_and_leave_the_tables_as_they_are():
    before = tables()
    declared_indexes.cache_clear()
    statements = declared_indexes()
    assert tables() == before
    indexes = {str(index.name) for table in metadata.tables.values() for index in table.indexes}
    assert indexes < set(statements)
    assert len(statements) > len(indexes) + len(metadata.tables) - 1, "and the keys"
    for name, statement in statements.items():
        assert name in statement
        assert statement.endswith(";")


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (1023, "1,023 bytes"),
        (1536, "1.5 kB"),
        (10 << 20, "10 MB"),
        (3 << 50, "3,072 TB"),
    ],
)
def test_sizes_are_shown_for_people(count, shown):
    assert shown_bytes(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.25, "0.2 s"), (119, "119.0 s"), (120, "2.0 min"), (864000, "10.0 days")],
)
def test_times_are_shown_for_people(seconds, shown):
    assert shown_seconds(seconds) == shown


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("postgresql://me:a:b@c@db/app", "postgresql://me:***@db/app"),
        ("postgresql://me:secret", "postgresql://me:***"),
        ("postgresql://db:5432/app", "postgresql://db:5432/app"),
        ("postgresql://me@db:5432/app", "postgresql://me@db:5432/app"),
        ("host=db password='a b' dbname=c", "host=db password=*** dbname=c"),
        (
            "postgresql:///d?password=x&sslpassword=y",
            "postgresql:///d?password=***&sslpassword=***",
        ),
    ],
)
def test_passwords_are_masked(text, printed):
    assert masked(text) == printed
