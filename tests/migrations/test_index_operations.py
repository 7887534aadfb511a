"""Operations for indexes: what they make, refuse, accept as done, and print."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations

import hegel_store.migrate.indexes  # noqa: F401  # for its operations
from hegel_store.errors import DatabaseError, InvalidInput
from tests.migrations.catalog import catalog
from tests.migrations.planted import Chain, psql

TIMEOUTS = "2s, 15min"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def chain(url: str, tmp_path: Path) -> Chain:
    return Chain(url, tmp_path / "versions")


def definition(connection: psycopg.Connection, index: str) -> str | None:
    """What the server prints for a valid index; None when there is none."""
    row = connection.execute(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indexrelid = to_regclass(%s) AND indisvalid",
        [index],
    ).fetchone()
    connection.rollback()
    return row[0] if row else None


def add_facts(connection: psycopg.Connection, count: int = 60) -> None:
    connection.execute(
        """
        INSERT INTO hegel_facts (corpus_id, content, category, embedding_384)
        SELECT 'news', 'fact ' || n, 'c' || n %% 5,
               ARRAY(SELECT random() + n * 0 FROM generate_series(1, 384))::halfvec(384)
        FROM generate_series(1, %s) AS n
        """,
        [count],
    )
    connection.commit()


@contextmanager
def in_background(work: object) -> Iterator[list[BaseException]]:
    """Run ``work`` in a thread; the errors it raised are there after the block."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield errors
    finally:
        thread.join(timeout=60)
        assert not thread.is_alive()


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
    postgresql.execute("UPDATE hegel_store_version SET version_num = '0011'")
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


def test_rebuilding_takes_other_parameters_while_searches_always_have_an_index(chain, postgresql):
    add_facts(postgresql)
    name = "idx_hegel_facts_embedding_384"
    chain.plant(
        f"op.rebuild_hnsw_index('{name}', 'hegel_facts', 'embedding_384', m=24,"
        " ef_construction=100, where='deleted_at IS NULL')",
        f"op.rebuild_hnsw_index('{name}', 'hegel_facts', 'embedding_384',"
        " where='deleted_at IS NULL')",
    )
    before = catalog(postgresql)
    without = 0
    done = threading.Event()

    def search() -> None:
        nonlocal without
        with psycopg.connect(chain.url, autocommit=True) as reader:
            reader.execute("SET enable_seqscan = off")
            while not done.is_set():
                plan = reader.execute(
                    "EXPLAIN SELECT id FROM hegel_facts WHERE deleted_at IS NULL "
                    "ORDER BY embedding_384 <=> (SELECT embedding_384 FROM hegel_facts LIMIT 1) "
                    "LIMIT 3"
                ).fetchall()
                without += "idx_hegel_facts_embedding_384" not in str(plan)

    with in_background(search) as errors:
        assert chain.upgrade() == TIMEOUTS
        done.set()
    assert (errors, without) == ([], 0)
    made = definition(postgresql, name)
    assert made is not None
    assert "m='24', ef_construction='100'" in made
    assert definition(postgresql, f"{name}_new") is None
    chain.downgrade()
    assert catalog(postgresql) == before


@pytest.mark.parametrize("planted", ["same", "other", "invalid", "elsewhere"])
def test_rebuilding_deals_with_what_an_earlier_attempt_left(chain, postgresql, planted):
    add_facts(postgresql)
    table = "hegel_labels (embedding" if planted == "elsewhere" else "hegel_facts (embedding_384"
    lists = 9 if planted == "other" else 5
    postgresql.execute(
        f"CREATE INDEX near_new ON {table.replace('(', 'USING ivfflat (')} halfvec_cosine_ops)"
        f" WITH (lists = {lists})"
    )
    postgresql.execute(
        "CREATE INDEX near ON hegel_facts USING ivfflat (embedding_384 halfvec_cosine_ops)"
        " WITH (lists = 3)"
    )
    if planted == "invalid":
        postgresql.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'near_new'::regclass"
        )
    postgresql.commit()
    ready = postgresql.execute("SELECT 'near_new'::regclass::oid").fetchone()
    postgresql.commit()
    chain.plant("op.rebuild_ivfflat_index('near', 'hegel_facts', 'embedding_384', lists=5)")
    if planted == "elsewhere":
        with pytest.raises(DatabaseError, match="near_new is there already, on another table"):
            chain.upgrade()
        return
    chain.upgrade()
    assert "lists='5'" in str(definition(postgresql, "near"))
    assert definition(postgresql, "near_new") is None
    now = postgresql.execute("SELECT 'near'::regclass::oid").fetchone()
    assert (now == ready) is (planted == "same")


def test_rebuilding_what_is_as_wanted_keeps_it_and_drops_the_leftover(chain, postgresql):
    before = catalog(postgresql)
    postgresql.execute(
        "CREATE INDEX idx_hegel_facts_embedding_384_new ON hegel_facts"
        " USING hnsw (embedding_384 halfvec_cosine_ops)"
    )
    postgresql.commit()
    chain.plant(
        "op.rebuild_hnsw_index('idx_hegel_facts_embedding_384', 'hegel_facts', 'embedding_384',"
        " where='deleted_at IS NULL')"
    )
    chain.upgrade()
    assert catalog(postgresql) == before


def test_the_exchange_waits_for_a_reader_by_trying_again(chain, postgresql):
    """The new index is built once, however often the exchange is tried."""
    add_facts(postgresql)
    chain.plant(
        "op.rebuild_hnsw_index('idx_hegel_facts_embedding_384', 'hegel_facts', 'embedding_384',"
        " m=4, ef_construction=8)"
    )
    postgresql.execute("SELECT FROM hegel_facts LIMIT 1")  # holds ACCESS SHARE
    oids = set()
    with (
        in_background(chain.upgrade) as errors,
        psycopg.connect(chain.url, autocommit=True) as watcher,
    ):
        until = time.monotonic() + 5  # more than one lock timeout
        while time.monotonic() < until:
            found = watcher.execute(
                "SELECT to_regclass('idx_hegel_facts_embedding_384_new')::oid"
            ).fetchone()
            oids |= {oid for oid in found if oid}
            time.sleep(0.05)
        postgresql.rollback()
    assert errors == []
    assert "m='4'" in str(definition(postgresql, "idx_hegel_facts_embedding_384"))
    assert len(oids) == 1


@pytest.mark.parametrize("name", ["near", "x" * 60])
def test_reindexing_makes_the_same_index_anew_without_what_an_attempt_left(chain, postgresql, name):
    add_facts(postgresql)
    postgresql.execute(
        f"CREATE INDEX {name} ON hegel_facts USING ivfflat (embedding_384 halfvec_cosine_ops)"
    )
    postgresql.commit()
    before = catalog(postgresql)
    with psycopg.connect(chain.url, autocommit=True) as impatient:
        # Two attempts wait for an older transaction and give up.
        postgresql.execute("INSERT INTO hegel_facts (corpus_id, content) VALUES ('news', 'late')")
        impatient.execute("SET lock_timeout = '100ms'")
        for _ in range(2):
            with pytest.raises(psycopg.errors.LockNotAvailable):
                impatient.execute(f"REINDEX INDEX CONCURRENTLY {name}")
        postgresql.commit()
    assert sum("INVALID" in entry for entry in catalog(postgresql)) == 2
    node = "SELECT pg_relation_filenode(%s)"
    first = postgresql.execute(node, [name]).fetchone()
    postgresql.commit()
    chain.plant(f"op.reindex_concurrently('{name}', build={{'maintenance_work_mem': '32MB'}})")
    assert chain.upgrade() == TIMEOUTS
    assert catalog(postgresql) == before
    assert postgresql.execute(node, [name]).fetchone() != first


def test_the_printed_script_makes_the_same_schema_and_puts_timeouts_back(
    chain, postgresql, server, empty_url, empty_postgresql
):
    facts = "'hegel_facts', 'embedding_384'"
    near = "idx_hegel_facts_embedding_384"
    head = chain.head
    chain.plant(
        "op.create_index_concurrently('a', 'hegel_facts', 'category', where=\"intent = '5%:x'\","
        " build={'statement_timeout': '1h'})",
        "op.drop_index_concurrently('a')",
    )
    chain.plant(
        "op.create_index_concurrently('b', 'hegel_training_steps', 'reward', partitioned=True)",
        "op.drop_index_concurrently('b', partitioned=True)",
    )
    chain.plant(f"op.create_hnsw_index('c', {facts})", "op.drop_index_concurrently('c')")
    chain.plant(
        f"op.create_ivfflat_index('d', {facts}, lists=2)", "op.drop_index_concurrently('d')"
    )
    chain.plant(
        f"op.rebuild_hnsw_index('{near}', {facts}, m=4)",
        f"op.rebuild_hnsw_index('{near}', {facts}, where='deleted_at IS NULL')",
    )
    chain.plant("op.reindex_concurrently('c')", "op.reindex_concurrently('c')")
    chain.plant(
        "op.execute(\"CREATE TABLE kept AS SELECT current_setting('lock_timeout'),"
        " current_setting('statement_timeout') AS b\")",
        "op.execute('DROP TABLE kept')",
    )
    before = catalog(postgresql)
    psql(server.process.bin_path, empty_url, chain.script("heads"))
    chain.upgrade()
    assert catalog(empty_postgresql) == catalog(postgresql)
    kept = empty_postgresql.execute("SELECT * FROM kept").fetchone()
    assert kept == ("2s", "15min")
    empty_postgresql.commit()
    psql(server.process.bin_path, empty_url, chain.script(f"{chain.head}:{head}", "downgrade"))
    assert catalog(empty_postgresql) == before


def test_squawk_finds_nothing_in_a_printed_script(chain, tmp_path):
    near = "'hegel_facts', 'embedding_384'"
    statements = (
        "op.create_index_concurrently('a', 'hegel_facts', 'category')",
        "op.create_index_concurrently('b', 'hegel_training_steps', 'reward', partitioned=True)",
        f"op.rebuild_hnsw_index('idx_hegel_facts_embedding_384', {near}, m=4)",
        "op.reindex_concurrently('a')",
        "op.run_in_batches('DELETE FROM hegel_facts WHERE id IN (SELECT id FROM hegel_facts"
        " WHERE deleted_at IS NOT NULL LIMIT :batch)')",
        "op.add_embedding_dimension(256)",
        "op.drop_index_concurrently('b', partitioned=True)",
        "op.drop_index_concurrently('a')",
    )
    for statement in statements:
        previous = chain.head
        revision = chain.plant(statement)
        (tmp_path / f"{revision}.sql").write_text(chain.script(f"{previous}:{revision}"))
    squawk = [Path(sys.executable).parent / "squawk", "--config", ROOT / ".squawk.toml"]
    found = subprocess.run(
        [*squawk, *sorted(tmp_path.glob("*.sql"))], capture_output=True, text=True
    )
    assert f"Found 0 issues in {len(statements)} files" in found.stdout


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
