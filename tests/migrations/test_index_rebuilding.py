"""Indexes made anew while the old ones serve."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psycopg
import pytest

from hegel_store.errors import DatabaseError
from tests.migrations.catalog import catalog
from tests.migrations.planted import Chain, add_facts, definition, in_background

TIMEOUTS = "2s, 15min"


@pytest.fixture
def chain(url: str, tmp_path: Path) -> Chain:
    return Chain(url, tmp_path / "versions")


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
