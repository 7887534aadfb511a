"""Views of what the server counts by statement, and that nothing else minds them.

The views are read on Debian's PostgreSQL 15, whose contrib modules count statements. What the rest
of the store makes of such views is tried on the embedded server, over a table of the same columns.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

import hegel_store
from hegel_store import migrate, schema
from hegel_store.addresses import parse_address
from hegel_store.errors import ConfigurationError
from hegel_store.migrate.versions import scripts
from hegel_store.operations import roles
from hegel_store.operations.doctor import diagnose
from hegel_store.operations.watching import (
    add_usage_views,
    drop_usage_views,
    top,
    usage_views,
)
from hegel_store.operations.watching.usage_statements import create_views, usage
from hegel_store.schema.usage_views import ROLE_USAGE, STATEMENT_USAGE, USAGE_VIEWS
from hegel_store.settings import Settings
from tests.commands import run
from tests.debian import counting_server, debian_server
from tests.samples import fact, rows

CALLED = ("hegel_runs", "hegel_run_states")
"""What runs.list() reads."""
SPACED = re.compile(r"\s+")


@pytest.fixture(scope="module")
def debian():
    """The address of a database whose statements are counted."""
    with counting_server() as address:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute("CREATE ROLE readonly LOGIN IN ROLE pg_read_all_stats")
        yield address


@contextmanager
def counted(address: str):
    """A store whose statements say which call they belong to. Only the tables that need nothing of
    pgvector can be there."""
    with hegel_store.connect(address, tag_statements=True) as store:
        tables = [schema.metadata.tables[name] for name in CALLED]
        schema.metadata.create_all(store.engine, tables=tables)
        yield store


def test_views_show_statements_by_role_with_the_call_that_sent_them(debian):
    with counted(debian) as store:
        for _ in range(3):
            assert store.runs.list("news") == []
        done = add_usage_views(store.engine)
        assert [one.partition("VIEW ")[2].partition(" AS")[0] for one in done] == [
            f'"public"."{name}"' for name in (STATEMENT_USAGE, ROLE_USAGE)
        ]
        assert usage_views(store.engine).present == sorted(USAGE_VIEWS)
        assert usage_views(store.engine).reason is None
        seen = rows(
            store,
            "SELECT role, calls, rows, rows_per_call, total_ms / calls = mean_ms, statement"
            f" FROM {STATEMENT_USAGE} WHERE call = 'runs.list'",
        )
        assert len(seen) == 1
        role, calls, many, each, adds_up, statement = seen[0]
        assert (role, calls, many, each) == ("postgres", 3, 0, 0.0)
        assert statement.startswith("SELECT /* hegel_store runs.list */")
        assert adds_up
        by_role = dict(rows(store, f"SELECT role, calls FROM {ROLE_USAGE}"))
        assert by_role["postgres"] >= 3
        with store.engine.connect() as connection:
            shown = top(connection, order="calls", limit=100)
        assert {one.call: one.calls for one in shown.statements}["runs.list"] == 3
        assert add_usage_views(store.engine) == done, "again, and nobody loses a grant"


def test_how_often_pages_were_in_memory_is_a_share(debian):
    with counted(debian) as store, store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE hot AS SELECT generate_series(1, 5000) AS n"))
        for _ in range(5):
            connection.execute(text("SELECT count(*) AS of_hot FROM hot"))
    with counted(debian) as store:
        add_usage_views(store.engine)
        ((ratio, hit, read),) = rows(
            store,
            f"SELECT cache_hit_ratio, pages_hit, pages_read FROM {STATEMENT_USAGE}"
            " WHERE statement LIKE '%of_hot%' AND calls = 5",
        )
        ((without,),) = rows(
            store,
            f"SELECT count(*) FROM {STATEMENT_USAGE}"
            " WHERE (cache_hit_ratio IS NULL) <> (pages_hit + pages_read = 0)",
        )
    assert hit > 0
    assert ratio == pytest.approx(hit / (hit + read))
    assert without == 0


def test_a_role_that_may_only_read_reads_them(debian):
    """With the rights of pg_read_all_stats the statements of others too."""
    with counted(debian) as store:
        store.runs.list("news")
        add_usage_views(store.engine)
        with store.engine.begin() as admin:
            admin.execute(text(f"GRANT SELECT ON {STATEMENT_USAGE} TO readonly, worker"))

    def seen(role: str) -> set[tuple[str, str | None]]:
        with psycopg.connect(debian.replace("postgres@", f"{role}@")) as reader:
            return set(reader.execute(f"SELECT role, call FROM {STATEMENT_USAGE}").fetchall())

    assert ("postgres", "runs.list") in seen("readonly")
    assert {call for role, call in seen("worker") if role == "postgres"} == {None}


def test_the_command_makes_and_drops_them(debian):
    run("usage-views", "drop", "--url", debian)
    planned = json.loads(run("usage-views", "add", "--dry-run", "--json", "--url", debian))
    assert planned["present"] == []
    assert len(planned["statements"]) == 2
    assert run("usage-views", "add", "--url", debian).count("there") == 2
    assert json.loads(run("usage-views", "--json", "--url", debian)) == {
        "present": sorted(USAGE_VIEWS),
        "reason": None,
    }
    with (
        psycopg.connect(debian) as admin,
        pytest.raises(psycopg.errors.DependentObjectsStillExist, match=STATEMENT_USAGE),
    ):
        admin.execute("DROP EXTENSION pg_stat_statements")
    shown = run("usage-views", "drop", "--url", debian)
    assert shown.count("DROP VIEW") == shown.count("absent") == 2
    with hegel_store.connect(debian) as store:
        assert [one.count("IF EXISTS") for one in drop_usage_views(store.engine)] == [1, 1]


def test_what_is_missing_is_said_where_nothing_is_counted(url, store):
    with pytest.raises(ConfigurationError, match="embedded server has none"):
        add_usage_views(store.engine)
    shown = run("usage-views", "--url", url)
    assert shown.count("absent") == 2
    assert "not available" in shown
    assert "contrib modules" in shown
    with debian_server() as folder:
        address = f"postgresql://postgres@/postgres?host={folder}"
        with hegel_store.connect(address) as other:
            with other.engine.begin() as admin:
                admin.execute(text("CREATE EXTENSION pg_stat_statements"))
            with pytest.raises(ConfigurationError, match="has not loaded it"):
                add_usage_views(other.engine)
            assert usage_views(other.engine).present == []


@pytest.fixture
def with_views(store):
    """The views in a database of the store, made of a table with the columns that they read."""
    with store.engine.begin() as connection:
        connection.execute(
            text(
                """
                CREATE TABLE public.pg_stat_statements (
                    userid oid, dbid oid, queryid bigint, query text, calls bigint,
                    total_exec_time double precision, max_exec_time double precision, rows bigint,
                    shared_blks_hit bigint, shared_blks_read bigint, temp_blks_written bigint
                )
                """
            )
        )
        home = connection.scalar(text("SELECT current_schema()"))
        for statement in create_views(home, "public"):
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    return store


def test_nothing_else_minds_the_views(with_views, url, tmp_path):
    """`alembic check`, doctor, erasing, counts of rows, row-level security, and a way down to
    nothing and up again."""
    store = with_views
    store.facts.add_many([fact("Hedgehogs sleep.")])
    config = Config()
    config.set_main_option("script_location", str(scripts()))
    with migrate.connection_to(parse_address(url, "the test")) as connection:
        config.attributes["connection"] = connection
        command.check(config)  # raises where anything differs
    told = diagnose(Settings(), url)
    assert "_usage" not in repr(told.findings)
    run("isolation", "on", "--url", url)
    run("isolation", "off", "--url", url)
    run("erase", "news", "--yes", "--spool-dir", tmp_path, "--url", url)
    assert len(store.facts.search("hedgehogs", corpus_id="news")) == 0
    migrate.downgrade(store.address, "base")
    migrate.upgrade(store.address)
    assert rows(store, f"SELECT count(*) FROM {ROLE_USAGE}") == [(0,)]


def test_roles_may_read_the_views_and_no_more(with_views, postgresql):
    store = with_views
    prefix = f"views{postgresql.info.backend_pid}"
    roles.apply(store.engine, prefix=prefix)
    try:
        assert roles.differences(store.engine, prefix=prefix) == []
        for role in ("app", "eval", "readonly"):
            for name in USAGE_VIEWS:
                ((held,),) = rows(
                    store,
                    "SELECT array_agg(privilege_type::text)"
                    " FROM information_schema.role_table_grants"
                    f" WHERE grantee = '{prefix}_{role}' AND table_name = '{name}'",
                )
                assert held == ["SELECT"], (role, name)
    finally:
        roles.drop(store.engine, prefix=prefix)


def test_the_views_are_made_of_what_top_asks(debian):
    """One query: what the server keeps of the view is what it keeps of a view of that query."""
    with psycopg.connect(debian) as connection:
        for statement in create_views("public", "a:b"):
            connection.execute(statement)
        connection.execute(f"CREATE TEMPORARY VIEW of_top AS {usage('a:b')}")
        definitions = [
            SPACED.sub(" ", definition)
            for (definition,) in connection.execute(
                "SELECT pg_get_viewdef(CAST(name AS regclass)) FROM unnest(%s::text[]) AS name",
                [[f"public.{STATEMENT_USAGE}", "of_top"]],
            )
        ]
        connection.rollback()
    assert definitions[0] == definitions[1]
