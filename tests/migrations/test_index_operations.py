"""Operations for indexes: what they make, refuse and accept as done."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations

import hegel_store.migrate.indexes  # noqa: F401  # for its operations
from hegel_store.errors import DatabaseError, InvalidInput
from tests.migrations.catalog import catalog
from tests.migrations.planted import HEAD, Chain, add_facts, definition

TIMEOUTS = "2s, 15min"


@pytest.fixture
def chain(url: str, tmp_path: Path) -> Chain:
    return Chain(url, tmp_path / "versions")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (
            "op.create_index_concurrently('made', 'hegel_facts', 'corpus_id, created_at DESC')",
            "CREATE INDEX made ON public.hegel_facts USING btree (corpus_id, created_at DESC)",
        ),
        (
            "op.create_index_concurrently('made', 'hegel_facts', 'id', unique=True,"
            " include=['category', 'intent'], parameters={'fillfactor': 70},"
            " where=\"category LIKE '50%:x' AND deleted_at IS NULL\")",
            "CREATE UNIQUE INDEX made ON public.hegel_facts USING btree (id)"
            " INCLUDE (category, intent) WITH (fillfactor='70')"
            " WHERE ((category ~~ '50%:x'::text) AND (deleted_at IS NULL))",
        ),
        (
            "op.create_index_concurrently('made', 'hegel_facts', 'metadata jsonb_path_ops',"
            " using='gin', parameters={'fastupdate': False})",
            "CREATE INDEX made ON public.hegel_facts USING gin (metadata jsonb_path_ops)"
            " WITH (fastupdate='false')",
        ),
        (
            "op.create_hnsw_index('made', 'hegel_facts', 'embedding_384', m=8, ef_construction=40,"
            " where='deleted_at IS NULL', build={'maintenance_work_mem': '32MB',"
            " 'max_parallel_maintenance_workers': 0})",
            "CREATE INDEX made ON public.hegel_facts"
            " USING hnsw (embedding_384 halfvec_cosine_ops) WITH (m='8', ef_construction='40')"
            " WHERE (deleted_at IS NULL)",
        ),
        (
            "op.create_ivfflat_index('made', 'hegel_facts', 'embedding_384', lists=7,"
            " opclass='halfvec_l2_ops')",
            "CREATE INDEX made ON public.hegel_facts"
            " USING ivfflat (embedding_384 halfvec_l2_ops) WITH (lists='7')",
        ),
        (
            "op.create_index_concurrently('Odd \"name\" of 50%', 'hegel_labels', 'kind')",
            'CREATE INDEX "Odd ""name"" of 50%" ON public.hegel_labels USING btree (kind)',
        ),
    ],
)
def test_an_index_is_made_as_it_was_described_and_dropped_again(
    chain, postgresql, operation, expected
):
    add_facts(postgresql)
    before = catalog(postgresql)
    name = eval(operation.split("(", 1)[1].split(",")[0])  # noqa: S307
    revision = chain.plant(operation, f"op.drop_index_concurrently({name!r})")
    assert chain.upgrade() == TIMEOUTS
    quoted = '"' + name.replace('"', '""') + '"'
    assert definition(postgresql, quoted) == expected
    # The index is there and the version row is not: the revision was killed in between.
    postgresql.execute(f"UPDATE hegel_store_version SET version_num = '{HEAD}'")
    postgresql.commit()
    oid = "SELECT to_regclass(%s)::oid"
    first = postgresql.execute(oid, [quoted]).fetchone()
    postgresql.commit()
    chain.upgrade(revision)
    assert postgresql.execute(oid, [quoted]).fetchone() == first
    postgresql.commit()
    assert chain.downgrade() == TIMEOUTS
    assert catalog(postgresql) == before


def test_building_has_its_own_settings_and_they_are_put_back_after_an_error_too(chain, postgresql):
    chain.plant(
        """
        op.execute("CREATE FUNCTION seen(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS "
                   "$$ BEGIN IF current_setting('lock_timeout') <> '0' "
                   "OR current_setting('statement_timeout') <> '1h' "
                   "OR current_setting('maintenance_work_mem') <> '33MB' "
                   "THEN RAISE 'hurried'; END IF; RETURN $1; END $$")
        op.execute("INSERT INTO hegel_labels (corpus_id, name) VALUES ('news', 'a')")
        op.create_index_concurrently("made", "hegel_labels", "seen(name)", build=dict(
            maintenance_work_mem="33MB", statement_timeout="1h"))
        for name in ("maintenance_work_mem", "lock_timeout", "statement_timeout"):
            op.execute(f"SELECT set_config('test.{name}', current_setting('{name}'), false)")
        op.execute("CREATE TABLE kept AS SELECT current_setting('test.maintenance_work_mem'),"
                   " current_setting('test.lock_timeout') AS b,"
                   " current_setting('test.statement_timeout') AS c")
        """
    )
    assert chain.upgrade() == TIMEOUTS
    ordinary = postgresql.execute("SHOW maintenance_work_mem").fetchone()
    assert postgresql.execute("SELECT * FROM kept").fetchone() == (*ordinary, "2s", "15min")


@pytest.mark.parametrize("partitioned", [False, True])
def test_an_index_of_the_same_name_with_another_definition_is_refused(
    chain, postgresql, partitioned
):
    table = "hegel_training_steps" if partitioned else "hegel_facts"
    postgresql.execute(f"CREATE INDEX made ON {table} (created_at)")
    postgresql.commit()
    before = catalog(postgresql)
    chain.plant(
        f"op.create_index_concurrently('made', '{table}', 'created_at DESC',"
        f" partitioned={partitioned})"
    )
    with pytest.raises(DatabaseError, match=r"another definition: .*created_at.*DESC"):
        chain.upgrade()
    assert catalog(postgresql) == before


@pytest.mark.parametrize("invalid", [False, True])
def test_an_index_of_the_same_name_on_another_table_is_left_alone(chain, postgresql, invalid):
    postgresql.execute("CREATE INDEX made ON hegel_labels (corpus_id)")
    if invalid:
        postgresql.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'made'::regclass"
        )
    postgresql.commit()
    before = catalog(postgresql)
    chain.plant("op.create_index_concurrently('made', 'hegel_facts', 'corpus_id')")
    with pytest.raises(DatabaseError, match="on another table"):
        chain.upgrade()
    assert catalog(postgresql) == before


def test_another_installation_in_the_database_is_left_alone(chain, postgresql):
    """It is on the search path, and its tables and indexes have the same names."""
    postgresql.execute("CREATE SCHEMA other")
    postgresql.execute("CREATE TABLE other.hegel_labels (kind text)")
    postgresql.execute("CREATE INDEX made ON other.hegel_labels (kind)")
    postgresql.execute("CREATE TABLE other.elsewhere (kind text)")
    postgresql.execute(
        "ALTER DATABASE " + postgresql.info.dbname + " SET search_path = public, other"
    )
    postgresql.commit()
    chain.plant("op.create_index_concurrently('made', 'hegel_labels', 'kind')")
    chain.upgrade()
    assert definition(postgresql, "public.made") is not None
    chain.plant("op.drop_index_concurrently('made')")
    chain.plant("op.drop_index_concurrently('made')")
    chain.upgrade()
    assert definition(postgresql, "public.made") is None
    assert definition(postgresql, "other.made") is not None
    chain.plant("op.create_index_concurrently('more', 'elsewhere', 'kind')")
    with pytest.raises(InvalidInput, match="table: there is no table elsewhere"):
        chain.upgrade()


BAD = [
    ("on", "create_index_concurrently", ("i", "t", " "), {}),
    ("on", "create_index_concurrently", ("i", "t", "a\x00"), {}),
    ("name", "create_index_concurrently", ("i" * 64, "t", "a"), {}),
    ("name", "create_index_concurrently", ("", "t", "a"), {}),
    ("table", "create_index_concurrently", ("i", 5, "a"), {}),
    ("where", "create_index_concurrently", ("i", "t", "a"), {"where": ""}),
    ("include", "create_index_concurrently", ("i", "t", "a"), {"include": "abc"}),
    ("parameters", "create_index_concurrently", ("i", "t", "a"), {"parameters": {"x)": 1}}),
    ("parameters.x", "create_index_concurrently", ("i", "t", "a"), {"parameters": {"x": None}}),
    ("build", "create_index_concurrently", ("i", "t", "a"), {"build": {"work_mem": "1GB"}}),
    (
        "build.maintenance_work_mem",
        "create_index_concurrently",
        ("i", "t", "a"),
        {"build": {"maintenance_work_mem": 1.5}},
    ),
    ("m", "create_hnsw_index", ("i", "t", "a"), {"m": 1}),
    ("m", "create_hnsw_index", ("i", "t", "a"), {"m": 101}),
    ("m", "rebuild_hnsw_index", ("i", "t", "a"), {"m": True}),
    ("ef_construction", "create_hnsw_index", ("i", "t", "a"), {"ef_construction": 3}),
    ("ef_construction", "create_hnsw_index", ("i", "t", "a"), {"ef_construction": 1001}),
    ("ef_construction", "rebuild_hnsw_index", ("i", "t", "a"), {"m": 33}),
    ("opclass", "create_hnsw_index", ("i", "t", "a"), {"opclass": "text_ops"}),
    ("opclass", "create_ivfflat_index", ("i", "t", "a"), {"lists": 2, "opclass": "halfvec_l1_ops"}),
    ("lists", "create_ivfflat_index", ("i", "t", "a"), {"lists": 0}),
    ("lists", "rebuild_ivfflat_index", ("i", "t", "a"), {"lists": 32769}),
    ("column", "create_hnsw_index", ("i", "t", ""), {}),
    ("name", "drop_index_concurrently", ("",), {}),
    ("build", "reindex_concurrently", ("i",), {"build": {"lock_timeout": 5}}),
]


@pytest.mark.parametrize(("field", "operation", "arguments", "options"), BAD)
def test_a_bad_argument_is_named_before_anything_is_sent(field, operation, arguments, options):
    printed = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": printed}
    )
    with pytest.raises(InvalidInput) as refused:
        getattr(Operations(context), operation)(*arguments, **options)
    assert refused.value.field == field
    assert printed.getvalue() == ""
