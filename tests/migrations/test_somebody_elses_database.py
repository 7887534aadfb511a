"""In a database that is not ours alone: any schema, pgvector anywhere, few rights."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config

import hegel_store
from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.connector import Connector
from hegel_store.errors import InvalidInput, MigrationRequired, PermissionDenied
from hegel_store.models import NewFact
from hegel_store.seeding import seed_store
from hegel_store.settings import Settings, resolve_address
from tests.embedders import HashingEmbedder
from tests.migrations.catalog import catalog

ROOT = Path(__file__).parents[2]
HEAD = migrate.known_revisions()[-1]


def catalog_in(url: str, schema: str) -> list[str]:
    address = resolve_address(Settings(database_schema=schema), url)
    with Connector(address, Settings(), migrating=True)() as connection:
        return catalog(connection)


@pytest.fixture
def role(empty_postgresql):
    """A role that may connect, and nothing else."""
    empty_postgresql.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    empty_postgresql.execute("DROP ROLE IF EXISTS hegel_tenant")
    empty_postgresql.execute("CREATE ROLE hegel_tenant LOGIN")
    empty_postgresql.commit()
    yield "hegel_tenant"
    empty_postgresql.rollback()
    empty_postgresql.execute("DROP OWNED BY hegel_tenant CASCADE")
    empty_postgresql.execute("DROP ROLE hegel_tenant")
    empty_postgresql.commit()


@pytest.mark.parametrize("schema", ["hegel", "Odd; schema \"of 'ours"])
def test_a_schema_of_its_own_holds_everything(empty_url, empty_postgresql, postgresql, schema):
    """Made when it is not there; the same catalog as in public; everything works in it."""
    empty_postgresql.execute("CREATE EXTENSION vector")
    empty_postgresql.commit()
    before = catalog(empty_postgresql)
    with hegel_store.connect(
        empty_url, database_schema=schema, embedder=HashingEmbedder()
    ) as store:
        with pytest.raises(MigrationRequired, match="does not exist"):
            store.check()
        store.upgrade()
        assert store.check().revision == HEAD
        seed_store(store, steps=20, embedder=HashingEmbedder())
        profile = store.profiles.append("news", "qa", {"worker": {"system_prompt": "Hello"}})
        assert store.profiles.search("hello")[0].id == profile.id
        store.facts.add_many([NewFact(corpus_id="news", content="Hedgehogs sleep in leaves.")])
        assert store.facts.search("hedgehogs", corpus_id="news")[0].vector_score is not None
    assert catalog(empty_postgresql) == before, "public is as it was"
    assert catalog_in(empty_url, schema) == catalog(postgresql)
    migrate.downgrade(resolve_address(Settings(database_schema=schema), empty_url), "base")
    assert [line for line in catalog_in(empty_url, schema) if "hegel_facts" in line] == []


@pytest.mark.parametrize("order", [("one", "two", None), (None, "one", "two")])
def test_several_installations_in_one_database_do_not_meet(empty_url, empty_postgresql, order):
    empty_postgresql.execute("CREATE EXTENSION vector")
    empty_postgresql.commit()
    stores = [hegel_store.connect(empty_url, database_schema=schema) for schema in order]
    for store in stores:
        with pytest.raises(MigrationRequired):
            store.check()
        store.upgrade()
    for number, store in enumerate(stores, 1):
        for _ in range(number):
            store.profiles.append("news", "qa", {"by": number})
    for number, store in enumerate(stores, 1):
        assert store.profiles.latest("news", "qa").version == number
        store.close()
    # Taking one back leaves the others.
    address = resolve_address(Settings(database_schema="one"), empty_url)
    migrate.downgrade(address, "base")
    with hegel_store.connect(empty_url, database_schema="two") as store:
        assert store.check().revision == HEAD


@pytest.fixture
def public_installation(empty_url, empty_postgresql):
    """pgvector and a whole installation in public, where it would be found by mistake."""
    migrate.upgrade(parse_address(empty_url, "the test"))
    yield empty_postgresql
    empty_postgresql.rollback()
    rows = empty_postgresql.execute("SELECT count(*) FROM public.hegel_prompt_profiles").fetchone()
    assert rows == (0,), "nothing of the tenant's has come here"


def test_a_schema_that_was_not_migrated_is_refused_and_not_mistaken_for_another(
    empty_url, public_installation
):
    public_installation.execute("CREATE SCHEMA tenant")
    public_installation.commit()
    with hegel_store.connect(empty_url, database_schema="tenant") as store:
        for call in (store.check, lambda: store.profiles.append("news", "qa", {})):
            with pytest.raises(MigrationRequired, match="has not been migrated"):
                call()


def test_a_schema_that_the_role_may_not_use_is_refused(empty_url, public_installation, role):
    migrate.upgrade(resolve_address(Settings(database_schema="tenant"), empty_url))
    public_installation.execute("GRANT ALL ON SCHEMA public TO hegel_tenant")
    public_installation.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO hegel_tenant")
    public_installation.commit()
    url = empty_url.replace("postgres@", "hegel_tenant@")
    with hegel_store.connect(url, database_schema="tenant") as store:
        for call in (store.check, store.upgrade, lambda: store.profiles.append("news", "qa", {})):
            with pytest.raises(PermissionDenied, match="GRANT USAGE ON SCHEMA"):
                call()


@pytest.mark.parametrize("path", ["nowhere", "''", "tenant"])
def test_a_search_path_without_an_installation_leads_to_no_other_one(
    empty_url, public_installation, path
):
    public_installation.execute("CREATE SCHEMA tenant")
    public_installation.commit()
    options = f"options=-csearch_path%3D{path}"
    url = f"{empty_url}&{options}"
    with hegel_store.connect(url) as store, pytest.raises(MigrationRequired):
        store.profiles.append("news", "qa", {})
    if path == "tenant":
        migrate.upgrade(parse_address(url, "the test"))
        with hegel_store.connect(url) as store:
            assert store.check().revision == HEAD
            store.profiles.append("news", "qa", {})
    else:
        with pytest.raises(PermissionDenied, match="no schema of the search_path"):
            migrate.upgrade(parse_address(url, "the test"))


@pytest.mark.parametrize("name", ["$user", "pg_tenant", "", "x" * 64, "a\0b"])
def test_a_name_that_can_be_no_schema_is_refused(name):
    with pytest.raises(InvalidInput) as caught:
        Settings(database_schema=name)
    assert caught.value.field == "database_schema"


def test_only_an_upgrade_makes_a_schema(empty_url, empty_postgresql):
    address = resolve_address(Settings(database_schema="typo"), empty_url)
    with pytest.raises(MigrationRequired):
        migrate.downgrade(address, "base")
    for arguments in (["current"], ["history"], ["check"], ["downgrade", "base"]):
        called = subprocess.run(
            [sys.executable, "-m", "alembic", "-x", "schema=typo", *arguments],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": empty_url},
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in called.stderr
    assert empty_postgresql.execute("SELECT to_regnamespace('typo')").fetchone() == (None,)


def test_many_migrators_make_one_schema(empty_url):
    address = resolve_address(Settings(database_schema="tenant"), empty_url)
    barrier = threading.Barrier(8)

    def make(_: int) -> None:
        barrier.wait()
        with migrate.connection_to(address, make_schema=True):
            pass

    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            list(pool.map(make, range(8)))
            with psycopg.connect(empty_url) as connection:
                connection.execute("DROP SCHEMA tenant CASCADE")


def test_a_store_finds_pgvector_that_was_made_while_it_was_open(empty_url, empty_postgresql):
    with hegel_store.connect(empty_url, embedder=HashingEmbedder()) as store:
        with pytest.raises(MigrationRequired):
            store.check()
        empty_postgresql.execute("CREATE SCHEMA extensions")
        empty_postgresql.execute("CREATE EXTENSION vector SCHEMA extensions")
        empty_postgresql.commit()
        store.upgrade()
        store.facts.add_many([NewFact(corpus_id="news", content="Hedgehogs sleep in leaves.")])
        assert store.check().revision == HEAD


def test_pgvector_that_the_role_may_not_use_is_told(empty_url, empty_postgresql, role):
    empty_postgresql.execute("CREATE SCHEMA extensions")
    empty_postgresql.execute("CREATE EXTENSION vector SCHEMA extensions")
    empty_postgresql.commit()
    migrate.upgrade(parse_address(empty_url, "the test"))
    empty_postgresql.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO hegel_tenant")
    empty_postgresql.commit()
    with hegel_store.connect(empty_url.replace("postgres@", "hegel_tenant@")) as store:
        with pytest.raises(PermissionDenied, match="GRANT USAGE ON SCHEMA extensions TO"):
            store.check()
        empty_postgresql.execute("GRANT USAGE ON SCHEMA extensions TO hegel_tenant")
        empty_postgresql.commit()
        store.engine.dispose()
        assert store.check().revision == HEAD


def test_the_search_path_of_the_role_decides_as_well(empty_url, empty_postgresql, role, postgresql):
    empty_postgresql.execute("CREATE EXTENSION vector")
    empty_postgresql.execute("CREATE SCHEMA tenant AUTHORIZATION hegel_tenant")
    empty_postgresql.execute("ALTER ROLE hegel_tenant SET search_path = tenant")
    empty_postgresql.commit()
    url = empty_url.replace("postgres@", "hegel_tenant@")
    with hegel_store.connect(url, embedder=HashingEmbedder()) as store:
        store.upgrade()
        assert store.check().revision == HEAD
        store.facts.add_many([NewFact(corpus_id="news", content="Hedgehogs sleep in leaves.")])
        assert len(store.facts.search("hedgehogs", corpus_id="news")) == 1


@pytest.mark.parametrize("told", ["-x schema", "environment"])
def test_the_alembic_command_takes_a_schema(empty_url, told, postgresql):
    arguments = ["-x", "schema=hegel"] if told == "-x schema" else []
    environment = {"HEGEL_DATABASE_SCHEMA": "hegel"} if told == "environment" else {}
    subprocess.run(
        [sys.executable, "-m", "alembic", *arguments, "upgrade", "head"],
        cwd=ROOT,
        env=os.environ | environment | {"DATABASE_URL": empty_url},
        check=True,
        capture_output=True,
    )
    assert catalog_in(empty_url, "hegel") == catalog(postgresql)


def test_offline_sql_takes_a_schema_too(empty_url, empty_postgresql, server, postgresql):
    empty_postgresql.execute("CREATE EXTENSION vector")
    empty_postgresql.commit()
    script = subprocess.run(
        [sys.executable, "-m", "alembic", "-x", "schema=it's", "upgrade", "head", "--sql"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    psql = server.process.bin_path / "psql"
    subprocess.run(
        [psql, "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--quiet", empty_url],
        input=script,
        text=True,
        check=True,
        capture_output=True,
    )
    assert catalog_in(empty_url, "it's") == catalog(postgresql)


def test_a_schema_cannot_be_set_through_pgbouncer(url):
    with pytest.raises(InvalidInput, match="search_path") as caught:
        hegel_store.connect(url, database_schema="hegel", pgbouncer=True)
    assert caught.value.field == "database_schema"


@pytest.mark.parametrize("database_schema", [None, "hegel"])
def test_pgvector_in_another_schema_is_used_there_and_never_moved(
    empty_url, empty_postgresql, database_schema
):
    empty_postgresql.execute("CREATE SCHEMA extensions")
    empty_postgresql.execute("CREATE EXTENSION vector SCHEMA extensions")
    empty_postgresql.execute("CREATE TABLE theirs (v extensions.vector(3))")
    empty_postgresql.execute("INSERT INTO theirs VALUES ('[1,2,3]')")
    empty_postgresql.commit()
    settings = Settings(database_schema=database_schema)
    address = resolve_address(settings, empty_url)
    with hegel_store.connect(
        empty_url, database_schema=database_schema, embedder=HashingEmbedder()
    ) as store:
        store.upgrade()
        assert store.check().revision == HEAD
        store.facts.add_many([NewFact(corpus_id="news", content="Hedgehogs sleep in leaves.")])
        found = store.facts.search("hedgehogs", corpus_id="news", mode="vector")
        assert len(found) == 1
    with migrate.connection_to(address) as connection:
        config_check(connection)
    migrate.downgrade(address, "base")
    home = empty_postgresql.execute(
        "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector'"
    ).fetchone()
    assert home == ("extensions",)
    assert empty_postgresql.execute("SELECT v::text FROM theirs").fetchone() == ("[1,2,3]",)


def config_check(connection) -> None:
    """`alembic check` on this connection."""
    config = Config()
    config.set_main_option("script_location", str(migrate.scripts()))
    config.attributes["connection"] = connection
    command.check(config)


def test_a_role_that_may_not_create_is_told_what_an_administrator_has_to_run(
    empty_url, empty_postgresql, role
):
    """Following the instructions one by one leads to a migrated database."""
    url = empty_url.replace("postgres@", "hegel_tenant@")
    address = parse_address(url, "the test")
    statements = []
    for _ in range(5):
        try:
            migrate.upgrade(address)
            break
        except PermissionDenied as error:
            message = str(error)
            assert f"in database {empty_postgresql.info.dbname}: " in message
            assert not [line for line in catalog(empty_postgresql) if "hegel_facts" in line]
            statements.append(message.partition(f"{empty_postgresql.info.dbname}: ")[2])
            empty_postgresql.execute(statements[-1])
            empty_postgresql.commit()
    assert statements == [
        "GRANT USAGE, CREATE ON SCHEMA public TO hegel_tenant;",
        "CREATE EXTENSION vector;",
    ]
    with hegel_store.connect(url) as store:
        assert store.check().revision == HEAD


def test_a_role_that_may_not_make_the_schema_is_told(empty_url, empty_postgresql, role):
    address = resolve_address(
        Settings(database_schema="tenant"), empty_url.replace("postgres@", "hegel_tenant@")
    )
    with pytest.raises(PermissionDenied) as caught:
        migrate.upgrade(address)
    remedy = str(caught.value).partition(f"in database {empty_postgresql.info.dbname}: ")[2]
    assert remedy == 'CREATE SCHEMA "tenant" AUTHORIZATION "hegel_tenant";'
    empty_postgresql.execute("CREATE EXTENSION vector")
    empty_postgresql.execute(remedy)
    empty_postgresql.commit()
    migrate.upgrade(address)


def test_a_role_that_may_not_read_the_version_is_told(url, postgresql):
    postgresql.execute("DROP ROLE IF EXISTS hegel_guest")
    postgresql.execute("CREATE ROLE hegel_guest LOGIN")
    postgresql.commit()
    address = parse_address(url.replace("postgres@", "hegel_guest@"), "the test")
    with pytest.raises(PermissionDenied) as caught:
        migrate.upgrade(address)
    remedy = str(caught.value).partition(f"{postgresql.info.dbname}: ")[2]
    assert remedy == "GRANT SELECT ON public.hegel_store_version TO hegel_guest;"
    postgresql.execute(remedy)
    postgresql.commit()
    migrate.upgrade(address)  # nothing to do, and nothing else is needed for it
    postgresql.execute("DROP OWNED BY hegel_guest")
    postgresql.execute("DROP ROLE hegel_guest")
    postgresql.commit()


def test_the_alembic_command_says_the_same_in_a_line(empty_url, empty_postgresql, role):
    empty_postgresql.execute("GRANT CREATE ON SCHEMA public TO hegel_tenant")
    empty_postgresql.commit()
    called = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": empty_url.replace("postgres@", "hegel_tenant@")},
        capture_output=True,
        text=True,
    )
    assert called.returncode != 0
    assert "an administrator has to run" in called.stderr
    assert "CREATE EXTENSION vector;" in called.stderr
    assert "Traceback" not in called.stderr


def test_a_role_that_does_not_own_the_tables_is_told_who_does(url, postgresql):
    migrate.downgrade(parse_address(url, "the test"), "0010")
    postgresql.execute("DROP ROLE IF EXISTS hegel_guest")
    postgresql.execute("CREATE ROLE hegel_guest LOGIN")
    postgresql.execute("GRANT CREATE ON SCHEMA public TO hegel_guest")
    postgresql.execute("GRANT SELECT ON hegel_store_version TO hegel_guest")
    postgresql.commit()
    # Not by being made a member of a superuser.
    with pytest.raises(PermissionDenied, match=r"belong to postgres: migrate as that role$"):
        migrate.upgrade(parse_address(url.replace("postgres@", "hegel_guest@"), "the test"))
    postgresql.execute("DROP OWNED BY hegel_guest")
    postgresql.execute("DROP ROLE hegel_guest")
    postgresql.commit()


def test_an_application_with_its_own_alembic_lives_beside_ours(url, postgresql, tmp_path):
    """Each side migrates, checks and downgrades without touching the other."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(
        "from alembic import context\n"
        "from sqlalchemy import Column, Integer, MetaData, Table, create_engine\n"
        "metadata = MetaData()\n"
        "Table('customers', metadata, Column('id', Integer, primary_key=True))\n"
        "def include_name(name, kind, parents):\n"
        "    return kind != 'table' or not name.startswith('hegel_')\n"
        "url = context.config.attributes['url']\n"
        "with create_engine(url).connect() as connection:\n"
        "    context.configure(connection=connection, target_metadata=metadata,\n"
        "                      include_name=include_name)\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
    )
    (tmp_path / "versions" / "0001_customers.py").write_text(
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        "revision = '0001'\n"
        "down_revision = None\n"
        "def upgrade():\n"
        "    op.create_table('customers', sa.Column('id', sa.Integer, primary_key=True))\n"
        "def downgrade():\n"
        "    op.drop_table('customers')\n"
    )
    theirs = Config()
    theirs.set_main_option("script_location", str(tmp_path))
    theirs.attributes["url"] = url.replace("postgresql:", "postgresql+psycopg:")
    address = parse_address(url, "the test")
    ours_alone = catalog(postgresql)

    command.upgrade(theirs, "head")
    command.check(theirs)
    both = catalog(postgresql)
    with migrate.connection_to(address) as connection:
        config_check(connection)
    migrate.downgrade(address, "base")
    command.check(theirs)
    migrate.upgrade(address)
    assert catalog(postgresql) == both
    command.downgrade(theirs, "base")
    assert [line for line in catalog(postgresql) if "alembic_version" not in line] == ours_alone
