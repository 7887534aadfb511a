"""What reads connection strings past the resolver is found, and no password is printed."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest
from typer.testing import CliRunner

from hegel_store.cli import app
from hegel_store.errors import InvalidInput
from hegel_store.operations.dsn_audit import audit

ROOT = Path(__file__).parents[2]
SECRET = "hunter2!"  # noqa: S105


def findings(folder: Path, name: str, source: str) -> list[tuple[int, str, str]]:
    """Line, code and severity of what is found in a file; nothing printed holds the password."""
    (folder / name).write_text(dedent(source), encoding="utf-8")
    report = audit(folder)
    assert SECRET not in json.dumps(report.to_json())
    return [
        (int(each.subject.removeprefix(f"{name}:")), each.code, each.severity)
        for each in report.findings
        if each.code != "dsn-audit"
    ]


ENVIRONMENT = ("dsn-environment", "look")
PASSWORD = ("dsn-password", "act")
LITERAL = ("dsn-literal", "look")
CONNECT = ("dsn-connect", "look")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('url = os.environ["DATABASE_URL"]', ENVIRONMENT),
        ('url = os.environ.get("POSTGRES_DSN", "")', ENVIRONMENT),
        ('url = os.getenv("DATABASE_URL")', ENVIRONMENT),
        ('url = os.getenv(key="POSTGRES_URL")', ENVIRONMENT),
        ('url = getenv("DATABASE_URL")', ENVIRONMENT),
        ('url = env["DATABASE_URL"]', ENVIRONMENT),
        ('NAME = "DATABASE_URL"; url = os.getenv(NAME)', ENVIRONMENT),
        ('engine = create_engine("postgresql+psycopg://me@db/app")', CONNECT),
        ('engine = sqlalchemy.create_engine(f"postgresql://me@{host}/app")', CONNECT),
        ('engine = make(url="postgresql://me@db/app")', CONNECT),
        ('link = psycopg.connect("dbname=app")', CONNECT),
        ('link = psycopg.connect(host="db", dbname=name)', CONNECT),
        ("link = psycopg.connect()", CONNECT),
        (f'link = psycopg.connect(host=h, password="{SECRET}")', ("dsn-connect", "act")),
        (f'e = create_engine("postgresql://me:{SECRET}@db/app")', ("dsn-connect", "act")),
        (f'URL = "postgres://me:{SECRET}@db/app"', PASSWORD),
        (f'URL = "postgres://me:{SECRET}@{{host}}/app".format(host=h)', PASSWORD),
        (f'DSN = "host=db dbname=app password={SECRET}"', PASSWORD),
        ('URL = "postgresql://me@db/app"', LITERAL),
        ('URL = f"postgresql://me:{password}@db/app"', LITERAL),
        ('DSN = "host=db dbname=app"', LITERAL),
    ],
)
def test_python_that_goes_past_the_resolver(tmp_path, line, expected):
    source = f"""\
        import os
        import psycopg, sqlalchemy
        from os import environ as env, getenv
        from sqlalchemy import create_engine
        from sqlalchemy.ext.asyncio import create_async_engine as make

        {line}
    """
    assert findings(tmp_path, "app.py", source) == [(7, *expected)]


@pytest.mark.parametrize(
    "line",
    [
        "store = hegel_store.connect()",
        'os.environ["DATABASE_URL"] = url',
        'os.environ["HOME"]',
        "create_engine(url)",
        'create_engine("sqlite://")',
        'create_engine("postgresql+psycopg://", creator=connect)',
        "psycopg.connect(url)",
        "psycopg.connect(**parameters)",
        'url.startswith("postgresql://")',
        '"say postgresql://user@host/database, or host=... dbname=..."',
        'URL = "postgresql://me@db/app"  # dsn-audit: allow',
        'others = {"DATABASE_URL": 1}["DATABASE_URL"]',
    ],
)
def test_python_that_is_left_alone(tmp_path, line):
    source = f"import os\nimport psycopg\nfrom sqlalchemy import create_engine\n{line}\n"
    assert findings(tmp_path, "app.py", source) == []


def test_python_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "old.py").write_text('print "postgresql://me@db/app"')
    (tmp_path / "latin.py").write_bytes(b"caf\xe9 = 1")
    report = audit(tmp_path)
    assert [each.code for each in report.findings] == ["dsn-unread", "dsn-unread", "dsn-audit"]


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("run.sh", 'psql "$DATABASE_URL" -c "SELECT 1"', ENVIRONMENT),
        ("run.sh", "pg_dump ${POSTGRES_URL:?}", ENVIRONMENT),
        ("run", "psql postgresql://me@db/app", LITERAL),
        ("run.sh", f"export DATABASE_URL=postgresql://me:{SECRET}@db/app", PASSWORD),
        ("run.sh", f"PGPASSWORD={SECRET} psql", PASSWORD),
        ("run.sh", f'psql "host=db password={SECRET} dbname=app"', PASSWORD),
        ("run.sh", "export POSTGRES_DSN=$URL", ("dsn-old-name", "look")),
        (".env", f'DATABASE_URL="postgresql://me:{SECRET}@db/app"', PASSWORD),
        (".env", f"# DATABASE_URL=postgresql://me:{SECRET}@db/app", PASSWORD),
        (".env.local", f"POSTGRES_PASSWORD={SECRET}", PASSWORD),
        (".env", "DB_URL=postgresql://me@db/app", LITERAL),
        ("compose.yaml", f"      - DATABASE_URL=postgresql://me:{SECRET}@db/app", PASSWORD),
        ("compose.yml", f"      POSTGRES_PASSWORD: {SECRET}", PASSWORD),
        ("values.yaml", "dsn: postgresql://me@db/app", LITERAL),
        ("Dockerfile", f"ENV DATABASE_URL=postgres://me:{SECRET}@db/app", PASSWORD),
        ("alembic.ini", "sqlalchemy.url = postgresql://me@db/app", LITERAL),
    ],
)
def test_lines_that_go_past_the_resolver(tmp_path, name, line, expected):
    assert findings(tmp_path, name, f"#!/bin/sh\n{line}\n") == [(2, *expected)]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("run.sh", "export DATABASE_URL=postgresql://me@db/app"),
        ("run.sh", "export DATABASE_URL=${OTHER}"),
        ("run.sh", "export DATABASE_URL=$POSTGRES_URL"),
        ("run.sh", "hegel-store upgrade"),
        (".env", "DATABASE_URL=postgresql://me@db/app"),
        ("compose.yaml", "      DATABASE_URL: postgresql://me:${PASSWORD}@db/app"),
        ("compose.yaml", "      POSTGRES_PASSWORD: ${PASSWORD:?}"),
        ("values.yaml", "  PGPASSWORD: !vault |"),
        ("values.yaml", "  PGPASSWORD:"),
        ("notes.md", f"postgresql://me:{SECRET}@db/app"),
    ],
)
def test_lines_that_are_left_alone(tmp_path, name, line):
    assert findings(tmp_path, name, f"#!/bin/sh\n{line}\n") == []


@pytest.mark.parametrize("password", [SECRET, f"a{SECRET}'b", f"a {SECRET}", f"{SECRET}@x"])
def test_no_password_is_printed_however_it_is_written(tmp_path, password):
    """Also one that a quote, a space or an @ tears apart."""
    line = f'url: "postgresql://me:{password}@db/app"'
    for name in ("values.yaml", "run.sh", ".env"):
        findings(tmp_path, name, f"{line}\n")
        (tmp_path / name).unlink()
    findings(tmp_path, "app.py", f"url = {json.dumps(line[6:-1])}\n")


def test_the_environment_of_a_container_is_read_by_name_and_value(tmp_path):
    source = f"""\
        env:
          - name: DATABASE_URL
            value: postgresql://me@db/app
          - name: DB_URL
            value: postgresql://me@db/app
          - name: PGPASSWORD
            value: {SECRET}
          - name: OTHER
            value: {SECRET}
    """
    assert findings(tmp_path, "deployment.yaml", source) == [(5, *LITERAL), (7, *PASSWORD)]


def test_folders_of_others_are_passed_over_and_links_not_followed(tmp_path):
    for folder in (".git", "node_modules", ".venv", "mine", "src/deep"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "app.py").write_text('URL = "postgresql://me@db/app"\n')
    (tmp_path / "mine" / "pyvenv.cfg").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link.py").symlink_to(tmp_path / "src/deep/app.py")
    (first, last) = audit(tmp_path).findings
    assert first.subject == "src/deep/app.py:1"
    assert "1 files read, 1 findings" in last.seen
    with pytest.raises(InvalidInput):
        audit(tmp_path / "nowhere")


def test_this_repository_goes_past_the_resolver_in_its_tests_alone():
    """But for hidden folders, in which tools leave what they like."""
    report = audit(ROOT)
    elsewhere = [
        each
        for each in report.findings
        if each.severity != "ok" and not each.subject.startswith(("tests/", "."))
    ]
    assert elsewhere == []
    assert any(each.subject.startswith("tests/unit/test_settings.py:") for each in report.findings)
    assert audit(ROOT / "hegel_store").exit_status == 0


def test_the_command_exits_with_what_it_found(tmp_path):
    def called(*arguments: object) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["dsn", "audit", *map(str, arguments)])
        return done.exit_code, done.stdout

    (tmp_path / "a.py").write_text("")
    assert called(tmp_path)[0] == 0
    (tmp_path / "a.py").write_text('URL = "postgresql://me@db/app"\n')
    status, shown = called(tmp_path)
    assert (status, "dsn-literal" in shown) == (1, True)
    (tmp_path / ".env").write_text(f"DATABASE_URL=postgresql://me:{SECRET}@db/app\n")
    status, shown = called("--json", tmp_path)
    assert (status, json.loads(shown)["exit_status"]) == (2, 2)
    assert SECRET not in shown
