"""What holds for every revision."""

from __future__ import annotations

import ast
import re

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from hegel_store import migrate
from hegel_store.settings import parse_address
from tests.migrations.catalog import catalog

REVISIONS = migrate.known_revisions()


def test_there_is_one_head_and_a_line_of_revisions():
    scripts = ScriptDirectory(str(migrate.scripts()))
    assert scripts.get_heads() == [REVISIONS[-1]]
    assert scripts.get_bases() == [REVISIONS[0]]
    assert len(list(migrate.scripts().glob("versions/*.py"))) == len(REVISIONS)


def test_every_revision_goes_up_down_and_up_again(empty_url, empty_postgresql):
    """One step at a time; down leaves exactly what was there before, up exactly what was there."""
    address = parse_address(empty_url, "the test")
    migrate.upgrade(address, REVISIONS[0])
    migrate.downgrade(address, "base")
    before = catalog(empty_postgresql)
    for revision, previous in zip(REVISIONS, ["base", *REVISIONS], strict=False):
        migrate.upgrade(address, revision)
        above = catalog(empty_postgresql)
        assert above != before, f"{revision} changes nothing"
        migrate.downgrade(address, previous)
        assert catalog(empty_postgresql) == before, f"{revision} leaves something behind"
        migrate.upgrade(address, revision)
        assert catalog(empty_postgresql) == above, f"{revision} is not the same the second time"
        before = above


def test_upgrading_twice_changes_nothing(url, postgresql):
    before = catalog(postgresql)
    migrate.upgrade(parse_address(url, "the test"))
    assert catalog(postgresql) == before


def test_tables_in_python_equal_the_revisions(url, store):
    """`alembic check`, also once steps have made monthly partitions."""
    store.steps._ensure_months([])
    with store.engine.begin() as connection:
        connection.exec_driver_sql("SELECT hegel_ensure_step_month(now())")
    config = Config()
    config.set_main_option("script_location", str(migrate.scripts()))
    config.set_main_option("path_separator", "os")
    with migrate.connection_to(parse_address(url, "the test")) as connection:
        config.attributes["connection"] = connection
        command.check(config)


@pytest.mark.parametrize(
    "drift",
    [
        "DROP INDEX idx_hegel_facts_by_category",
        "ALTER TABLE hegel_facts ALTER COLUMN confidence SET DEFAULT 0.5",
        "ALTER TABLE hegel_facts DROP CONSTRAINT ck_hegel_facts_confidence_is_a_share",
        "ALTER TABLE hegel_labels ADD COLUMN surprise text",
        "CREATE TABLE hegel_surprise (id int)",
    ],
)
def test_the_comparison_sees_a_drift(url, postgresql, drift):
    """Or else its silence in the test above would show nothing."""
    postgresql.execute(drift)
    postgresql.commit()
    config = Config()
    config.set_main_option("script_location", str(migrate.scripts()))
    config.set_main_option("path_separator", "os")
    with migrate.connection_to(parse_address(url, "the test")) as connection:
        config.attributes["connection"] = connection
        with pytest.raises(Exception, match="New upgrade operations detected"):
            command.check(config)


def test_an_application_in_the_same_database_is_left_alone(url, postgresql):
    postgresql.execute("CREATE TABLE customers (id int PRIMARY KEY)")
    postgresql.execute("CREATE TABLE alembic_version (version_num text)")
    postgresql.execute("INSERT INTO alembic_version VALUES ('theirs')")
    postgresql.commit()
    address = parse_address(url, "the test")
    migrate.downgrade(address, "base")
    migrate.upgrade(address)
    assert postgresql.execute("SELECT version_num FROM alembic_version").fetchone() == ("theirs",)
    assert postgresql.execute("SELECT to_regclass('customers')").fetchone() == ("customers",)


@pytest.mark.parametrize(
    "path", sorted(migrate.scripts().glob("versions/*.py")), ids=lambda p: p.stem
)
def test_a_revision_stands_alone(path):
    """No import of the package, whose tables will have moved on; a phase; a way down."""
    tree = ast.parse(path.read_text())
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None), *[alias.name for alias in node.names]]
        if name
    }
    assert not {name for name in imported if name.startswith("hegel_store")}
    assert "phase" in {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name in ("upgrade", "downgrade"):
        assert not any(isinstance(node, ast.Pass | ast.Raise) for node in ast.walk(functions[name]))
    assert re.fullmatch(r"\d{4}_[a-z_]+", path.stem)


def test_every_key_is_led_by_the_corpus(postgresql: psycopg.Connection):
    """So that nothing can point across corpora, and one handle serves isolation and sharding."""
    rows = postgresql.execute(
        """
        SELECT conrelid::regclass::text, conname,
               (SELECT attname FROM pg_attribute
                WHERE attrelid = conrelid AND attnum = conkey[1])
        FROM pg_constraint
        WHERE contype IN ('p', 'u', 'f') AND conrelid::regclass::text LIKE 'hegel%%'
          AND conrelid <> 'hegel_store_version'::regclass
        UNION ALL
        SELECT indrelid::regclass::text, indexrelid::regclass::text, attname
        FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
        WHERE indisunique AND indrelid::regclass::text LIKE 'hegel%%'
          AND indrelid <> 'hegel_store_version'::regclass
        """
    ).fetchall()
    assert len(rows) > 20
    assert [row for row in rows if row[2] != "corpus_id"] == []


def test_every_foreign_key_has_an_index(postgresql: psycopg.Connection):
    rows = postgresql.execute(
        """
        SELECT conrelid::regclass::text, conname
        FROM pg_constraint
        WHERE contype = 'f' AND conrelid::regclass::text LIKE 'hegel%%'
          AND NOT EXISTS (
              SELECT FROM pg_index
              WHERE indrelid = conrelid
                AND (string_to_array(indkey::text, ' ')::int2[])[1:cardinality(conkey)]
                    @> conkey)
        """
    ).fetchall()
    assert rows == []


def test_types_and_names_follow_the_conventions(postgresql: psycopg.Connection):
    columns = postgresql.execute(
        """
        SELECT table_name || '.' || column_name, data_type
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name LIKE 'hegel%%'
          AND table_name <> 'hegel_store_version'
        """
    ).fetchall()
    refused = {"character varying", "timestamp without time zone", "json", "real", "numeric"}
    tables = [row for row in columns if row[1] in refused and "summary" not in row[0]]
    assert len(columns) > 80
    assert tables == []
    names = postgresql.execute(
        """
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT conname FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
        """
    ).fetchall()
    assert max(len(name.encode()) for (name,) in names) < 63


def test_nothing_at_head_is_invalid_and_every_function_pins_its_path(
    postgresql: psycopg.Connection,
):
    invalid = postgresql.execute(
        """
        SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid
        UNION ALL SELECT conname FROM pg_constraint WHERE NOT convalidated
        """
    ).fetchall()
    assert invalid == []
    # A body in standard SQL is bound when it is made and needs no path.
    loose = postgresql.execute(
        """
        SELECT proname FROM pg_proc
        LEFT JOIN pg_depend ON objid = pg_proc.oid AND deptype = 'e'
        WHERE pronamespace = 'public'::regnamespace AND objid IS NULL
          AND prosqlbody IS NULL
          AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting
                          WHERE setting LIKE 'search_path=%%')
        """
    ).fetchall()
    assert loose == []
