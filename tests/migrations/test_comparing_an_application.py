"""An application beside ours compares what is its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql as dialect

from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.migrate import comparing
from hegel_store.schema import metadata
from hegel_store.schema.declaring import Function, Trigger, View, declare
from tests.migrations.comparison import Comparison, comparison, named, plant


@pytest.fixture
def ours(url: str) -> Iterator[Comparison]:
    with comparison(url) as made:
        yield made


BODY = r"""
BEGIN
    -- 50 % of :that, '\:this', \x and "{}"
    RETURN a::bigint / 2;
END
"""


@pytest.fixture
def application() -> sa.MetaData:
    """An application with a table, a view, a function and a trigger of its own."""
    wanted = sa.MetaData()
    documents = sa.Table(
        "app_documents",
        wanted,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("doc", dialect.JSONB, nullable=False),
        sa.Column("half", sa.Integer, sa.Computed("id / 2", persisted=True)),
        sa.Column("touched", sa.Boolean),
        sa.CheckConstraint("id > 0 and half >= 0", name="app_documents_counts"),
    )
    sa.Index(
        "app_documents_prompt",
        documents.c.doc["worker"]["system_prompt"].astext,
    )
    declare(
        wanted,
        View("app_touched", "SELECT * FROM app_documents WHERE touched and id>1"),
        Function(
            "app_half(integer)",
            "CREATE OR REPLACE FUNCTION app_half(a int) RETURNS bigint LANGUAGE plpgsql"
            f" IMMUTABLE AS $${BODY}$$",
        ),
        Function(
            "app_touch()",
            "CREATE OR REPLACE FUNCTION app_touch() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN NEW.touched := true; RETURN NEW; END'",
        ),
        Trigger(
            "app_documents_touch",
            "app_documents",
            "CREATE TRIGGER app_documents_touch BEFORE UPDATE ON app_documents"
            " FOR EACH ROW WHEN (NEW.id>1 or NEW.doc <> OLD.doc) EXECUTE FUNCTION app_touch()",
            state="ENABLE ALWAYS",
        ),
        prefix="app_",
    )
    return wanted


@pytest.fixture
def theirs(url: str, application: sa.MetaData) -> Iterator[Comparison]:
    """The application in the same database as ours, made by its own first revision."""

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        return kind != "table" or str(name).startswith("app_")

    with migrate.connection_to(parse_address(url, "the test")) as connection:
        made = Comparison(connection, application, include_name=include_name)
        made.run(made.script().upgrade_ops)
        yield made


def test_an_application_compares_what_is_its_own_and_nothing_else(theirs, ours, postgresql):
    assert theirs.diffs() == []
    assert ours.diffs() == []
    for drift in (
        "ALTER VIEW hegel_latest_profiles RESET (security_invoker)",
        "CREATE VIEW hegel_surprise AS SELECT 1 AS a",
        "CREATE VIEW third_party AS SELECT 1 AS a",
        "CREATE FUNCTION third_party() RETURNS int LANGUAGE sql RETURN 1",
    ):
        plant(postgresql, drift)
    assert theirs.diffs() == []
    ours.run(ours.script().upgrade_ops)
    for drift in (
        "CREATE OR REPLACE VIEW app_touched AS SELECT * FROM app_documents",
        "CREATE VIEW app_surprise AS SELECT 1 AS a",
        "ALTER FUNCTION app_half(int) SECURITY DEFINER",
        "ALTER TABLE app_documents ENABLE TRIGGER app_documents_touch",
        "DROP INDEX app_documents_prompt; CREATE INDEX app_documents_prompt ON app_documents"
        " ((doc -> 'reviewer' ->> 'system_prompt'))",
    ):
        plant(postgresql, drift)
    assert ours.diffs() == []
    script = theirs.script()
    assert sorted(named(script.upgrade_ops.as_diffs())) == [
        ("modify_function", "app_half(integer)"),
        ("modify_index", "app_documents_prompt"),
        ("modify_trigger", "app_documents.app_documents_touch"),
        ("modify_view", "app_touched"),
        ("remove_view", "app_surprise"),
    ]
    theirs.run(script.upgrade_ops)
    assert theirs.diffs() == []


def test_an_index_over_json_needs_no_special_spelling(theirs):
    """Alembic alone compares spellings, and proposes to make it anew for ever."""
    (index,) = theirs.wanted.tables["app_documents"].indexes
    index.dialect_options["postgresql"]["concurrently"] = True  # which a comparison cannot do
    alone = Comparison(
        theirs.connection,
        theirs.wanted,
        autogenerate_plugins=["alembic.autogenerate.*"],
        include_name=theirs.context.opts["include_name"],
    )
    assert ("add_index", "app_documents_prompt") in alone.diffs()
    assert theirs.diffs() == []


def test_a_body_arrives_as_it_was_written(theirs, postgresql):
    """Through a revision file, whatever in it SQLAlchemy or the driver might take for its own."""
    (body,) = postgresql.execute("SELECT prosrc FROM pg_proc WHERE proname = 'app_half'").fetchone()
    assert body == BODY
    assert postgresql.execute("SELECT app_half(5)").fetchone() == (2,)


def test_a_metadata_that_declares_nothing_says_nothing_about_triggers(url, postgresql):
    plant(
        postgresql,
        "CREATE TABLE plain_things (id int PRIMARY KEY);"
        "CREATE VIEW plain_view AS SELECT 1 AS a;"
        "CREATE TRIGGER theirs AFTER DELETE ON plain_things"
        " FOR EACH STATEMENT EXECUTE FUNCTION hegel_refuse_profile_change()",
    )
    wanted = sa.MetaData()
    sa.Table("plain_things", wanted, sa.Column("id", sa.Integer, primary_key=True))

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        return kind != "table" or name == "plain_things"

    with migrate.connection_to(parse_address(url, "the test")) as connection:
        assert Comparison(connection, wanted, include_name=include_name).diffs() == []


def test_names_that_need_quotes_in_a_schema_of_their_own_are_compared(url, postgresql):
    plant(postgresql, 'CREATE SCHEMA "Side 1"')
    wanted = sa.MetaData()
    table = sa.Table(
        "Odd Things",
        wanted,
        sa.Column("Id", sa.Integer, primary_key=True),
        sa.Column("order", sa.Text(collation="C"), nullable=False, index=True),
        sa.Column("Half", sa.Integer, sa.Computed('"Id" / 2', persisted=True)),
        sa.CheckConstraint('"order" <> \'50%\' and "Half" >= 0', name="Counts %"),
        schema="Side 1",
    )
    sa.Index("Odd Index", sa.func.lower(table.c.order), postgresql_where=table.c.Half > 1)

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        return kind not in ("schema", "table") or name in ("Side 1", "Odd Things")

    with migrate.connection_to(parse_address(url, "the test")) as connection:
        made = Comparison(connection, wanted, include_name=include_name, include_schemas=True)
        wanted.create_all(connection)
        connection.commit()
        assert made.diffs() == []
        plant(
            postgresql,
            """
            ALTER TABLE "Side 1"."Odd Things" DROP COLUMN "Half" CASCADE,
                ADD COLUMN "Half" integer GENERATED ALWAYS AS ("Id" / 3) STORED,
                ADD CONSTRAINT "Counts %" CHECK ("order" <> '50%');
            CREATE INDEX "Odd Index" ON "Side 1"."Odd Things" (lower("order")) WHERE "Half" > 2;
            ALTER INDEX "Side 1"."ix_Side 1_Odd Things_order" SET (fillfactor = 50);
            """,
        )
        script = made.script()
        assert named(script.upgrade_ops.as_diffs()) == [
            ("modify_column", '"Side 1"."Odd Things".Half'),
            ("modify_index", "Odd Index"),
            ("modify_index", "ix_Side 1_Odd Things_order"),
            ("modify_constraint", "Counts %"),
        ]
        made.run(script.upgrade_ops)
        assert made.diffs() == []
        made.run(script.downgrade_ops)
        assert len(made.diffs()) == 4


def test_a_name_that_the_environment_leaves_out_is_left_out(url, postgresql):
    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        return comparing.include_name(name, kind, parents) and not str(name).endswith("_surprise")

    plant(postgresql, "CREATE VIEW hegel_surprise AS SELECT 1 AS a")
    with migrate.connection_to(parse_address(url, "the test")) as connection:
        assert Comparison(connection, metadata, include_name=include_name).diffs() == []


def test_a_view_over_what_is_not_there_yet_is_a_difference(theirs, postgresql):
    theirs.wanted.tables["app_documents"].append_column(sa.Column("fresh", sa.Boolean))
    declare(theirs.wanted, View("app_fresh", "SELECT id FROM app_documents WHERE fresh"))
    plant(postgresql, "CREATE VIEW app_fresh AS SELECT id FROM app_documents")
    script = theirs.script()
    assert named(script.upgrade_ops.as_diffs()) == [
        ("add_column", "app_documents"),
        ("modify_view", "app_fresh"),
    ]


def test_a_statement_that_makes_something_else_is_refused(theirs):
    with pytest.raises(ValueError, match=r"app_wrong\(\): write it as CREATE OR REPLACE"):
        Function("app_wrong()", "CREATE FUNCTION app_wrong() ...")
    declare(
        theirs.wanted,
        Function(
            "app_wrong(integer)",
            "CREATE OR REPLACE FUNCTION app_wrong(a text) RETURNS text LANGUAGE sql RETURN a",
        ),
    )
    with pytest.raises(CommandError, match=r"app_wrong\(integer\) makes another function"):
        theirs.script()
