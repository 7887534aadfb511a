"""What index operations print for somebody else to apply."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.migrations.catalog import catalog
from tests.migrations.planted import Chain, psql

ROOT = Path(__file__).parents[2]


@pytest.fixture
def chain(url: str, tmp_path: Path) -> Chain:
    return Chain(url, tmp_path / "versions")


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
        " WHERE deleted_at IS NOT NULL LIMIT :batch FOR UPDATE)')",
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


def test_a_printed_script_leaves_another_installation_alone(chain, postgresql, server, url):
    """It is on the search path, and has an index of the name that is missing here."""
    postgresql.execute("CREATE SCHEMA other")
    postgresql.execute("CREATE TABLE other.hegel_labels (kind text, embedding halfvec(3))")
    postgresql.execute("CREATE INDEX gone ON other.hegel_labels (kind)")
    postgresql.execute("CREATE INDEX at_once ON other.hegel_labels (kind)")
    postgresql.execute("CREATE INDEX near ON other.hegel_labels (kind)")
    postgresql.execute("CREATE INDEX here ON other.hegel_labels (kind)")
    postgresql.execute("CREATE INDEX here ON hegel_labels (kind)")
    postgresql.execute(
        "ALTER DATABASE " + postgresql.info.dbname + " SET search_path = public, other"
    )
    postgresql.commit()
    head = chain.head
    chain.plant("op.drop_index_concurrently('gone')")
    chain.plant("op.drop_index_concurrently('at_once', partitioned=True)")
    chain.plant("op.rebuild_hnsw_index('near', 'hegel_labels', 'embedding')")
    chain.plant("op.drop_index_concurrently('here')")
    chain.plant("op.execute(\"CREATE TABLE kept AS SELECT current_setting('search_path')\")")
    psql(server.process.bin_path, url, chain.script(f"{head}:{chain.head}"))
    left = postgresql.execute(
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'other' ORDER BY 1"
    ).fetchall()
    assert left == [("at_once",), ("gone",), ("here",), ("near",)]
    assert postgresql.execute("SELECT to_regclass('public.here')").fetchone() == (None,)
    assert postgresql.execute("SELECT * FROM kept").fetchone() == ("public, other",)
