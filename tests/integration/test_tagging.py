"""What the server is told of a statement: its call in a comment, its correlation in a name."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import event, text

import hegel_store
from hegel_store.observing import correlated
from hegel_store.observing.tagging import MOST_BYTES, commented, named
from tests.samples import fact, rows


@pytest.fixture
def tagged(url):
    with hegel_store.connect(url, tag_statements=True, application_name="trainer") as store:
        yield store


@pytest.fixture
def sent(tagged):
    """The statements, as the driver was given them."""
    statements: list[str] = []

    @event.listens_for(tagged.engine, "after_cursor_execute")
    def note(connection, cursor, statement, parameters, context, many):
        statements.append(cursor._query.query.decode())

    return statements


NAME = text("SELECT current_setting('application_name')")


def test_each_statement_names_its_call_where_the_server_shows_it(tagged, sent):
    tagged.facts.add_many([fact("a")])
    tagged.facts.search("a", corpus_id="news", mode="text")
    searches = [one for one in sent if "hegel_store facts.search" in one]
    assert len(searches) == 1
    assert searches[0].split()[:5] == ["WITH", "/*", "hegel_store", "facts.search", "*/"]
    assert any("hegel_store facts.add_many" in one for one in sent)


def test_the_server_shows_the_name_of_the_call(tagged, url):
    with tagged.begin() as work, psycopg.connect(url) as other:
        work.profiles.latest("news", "qa")
        (shown,) = other.execute(
            "SELECT query FROM pg_stat_activity WHERE pid = %s",
            [work.session.connection().connection.driver_connection.info.backend_pid],
        ).fetchone()
    assert "/* hegel_store profiles.latest */" in shown


def test_statements_are_prepared_once_whatever_the_correlation(tagged):
    with tagged.engine.connect() as held:
        held.execute(text("SELECT 1"))
        pid = held.connection.driver_connection.info.backend_pid
    for n in range(20):
        with correlated(f"request-{n}"):
            tagged.profiles.latest("news", "qa")
    with tagged.engine.connect() as connection:
        assert connection.connection.driver_connection.info.backend_pid == pid
        prepared = connection.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert len([one for one in prepared if "profiles.latest" in one]) == 1


def test_a_session_has_the_name_of_its_correlation_as_long_as_that_lasts(tagged):
    with correlated("run-17"), tagged.begin() as work:
        assert work.session.scalar(NAME) == "trainer run-17"
    with correlated("run-17"):
        assert tagged._database.autocommit.execute(NAME).scalar_one() == "trainer run-17"
    assert tagged._database.autocommit.execute(NAME).scalar_one() == "trainer"
    with tagged.begin() as work:
        own = work.session.scalar(NAME)
        work.session.rollback()
        assert work.session.scalar(NAME) == own
    assert own.startswith("trainer ")
    assert len(own) == len("trainer ") + 16


def test_a_connection_that_was_cut_off_is_replaced_before_it_is_named(tagged, postgresql):
    tagged.profiles.latest("news", "qa")
    postgresql.autocommit = True
    postgresql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'trainer'"
    )
    with correlated("after"):
        assert tagged._database.autocommit.execute(NAME).scalar_one() == "trainer after"


def test_nothing_is_tagged_unless_it_is_asked_for(store, tagged):
    with correlated("run-17"):
        assert store._database.autocommit.execute(NAME).scalar_one() == "hegel_store"
    statements = rows(store, "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()")
    assert "/*" not in statements[0][0]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT 1", "SELECT /* hegel_store a.b */ 1"),
        ("\n  WITH x AS (SELECT 1)", "\n  WITH /* hegel_store a.b */ x AS (SELECT 1)"),
        ("(SELECT 1)", "(SELECT 1)"),
    ],
)
def test_the_comment_stands_behind_the_first_word(statement, expected):
    assert commented(statement, "a.b") == expected


def test_a_long_name_gives_way_to_the_id():
    name = named("é" * 60, "x" * 40)
    assert len(name.encode()) <= MOST_BYTES
    assert name.endswith(" " + "x" * 40)
    assert name.startswith("é" * 11)
