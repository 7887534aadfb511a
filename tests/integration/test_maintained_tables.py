"""VACUUM, ANALYZE and REINDEX where they are due, and only there."""

from __future__ import annotations

import psycopg
import pytest

import hegel_store
from hegel_store.operations.maintenance import indexes, maintain
from hegel_store.store import Store
from tests.clusters import clustered, load
from tests.maintaining import BLOATED, GIN, HNSW, bloat, of, require_due_once
from tests.samples import Steps, rows

pytestmark = pytest.mark.usefixtures("no_autovacuum")


def test_tables_are_vacuumed_and_analysed_after_a_load_and_after_changes(
    store: Store, by_hand: psycopg.Connection
) -> None:
    maintain(store)
    by_hand.execute(
        "INSERT INTO hegel_facts (corpus_id, content)"
        " SELECT 'c', 'fact ' || n FROM generate_series(1, 3000) AS n"
    )
    by_hand.execute("SELECT pg_stat_force_next_flush()")
    done = maintain(store)
    (told,) = of(done, "vacuum").did
    assert told.startswith("VACUUM and ANALYZE hegel_facts: 3,000 new rows, 3,000 changed rows")
    assert of(done, "words").status == "done", "ranking reads how many facts have a word"
    again = maintain(store)
    assert {of(again, name).status for name in ("vacuum", "words")} == {"nothing due"}
    assert rows(store, "SELECT reltuples FROM pg_class WHERE relname = 'hegel_facts'") == [(3000,)]
    by_hand.execute("UPDATE hegel_facts SET confidence = 0.5 WHERE content LIKE '%1%'")
    by_hand.execute("SELECT pg_stat_force_next_flush()")
    done, _ = require_due_once(store, "vacuum")
    assert "dead rows" in done.did[0]


def test_a_partitioned_table_which_nobody_else_analyses_is(
    store: Store, by_hand: psycopg.Connection
) -> None:
    new = Steps(store)
    store.steps.log_many([new(query=f"query {n}") for n in range(400)])
    rows(store, "SELECT pg_stat_force_next_flush()")
    done, _ = require_due_once(store, "vacuum")
    assert any(told.startswith("ANALYZE hegel_training_steps:") for told in done.did)
    query = "SELECT reltuples FROM pg_class WHERE relname = 'hegel_training_steps'"
    assert rows(store, query) == [(400,)]


def test_a_table_that_is_locked_is_left_and_told_of(
    store: Store, by_hand: psycopg.Connection
) -> None:
    by_hand.execute(
        "INSERT INTO hegel_facts (corpus_id, content)"
        " SELECT 'c', 'fact ' || n FROM generate_series(1, 2000) AS n"
    )
    by_hand.execute("SELECT pg_stat_force_next_flush()")
    with psycopg.connect(by_hand.info.dsn) as other:
        other.execute("LOCK TABLE hegel_facts IN SHARE UPDATE EXCLUSIVE MODE")
        told = of(maintain(store), "vacuum")
    assert told.did == ["left hegel_facts, which is locked: 2,000 new rows, 2,000 changed rows"]
    assert of(maintain(store), "vacuum").did[0].startswith("VACUUM and ANALYZE hegel_facts")


def test_bloated_vector_and_word_indexes_are_rebuilt_once(
    store: Store, by_hand: psycopg.Connection, report
) -> None:
    load(store, clustered(1500, seed=1))
    bloat(by_hand)
    done, again = require_due_once(store, "reindex", BLOATED)
    assert {told.partition(":")[0] for told in done.did} == {HNSW, GIN}
    for told in done.did:
        report(f"reindex {told}")
        before, fresh, now = (
            float(word) for word in told.replace(",", "").split() if word.replace(".", "").isdigit()
        )
        assert before > 2 * now
        # The sample is of all rows here: what is foretold is what comes.
        assert now == pytest.approx(fresh, rel=0.15, abs=0.1)
    assert "2 times" in again.why


def test_a_part_of_the_rows_foretells_the_size_or_too_much_of_it(
    store: Store, by_hand: psycopg.Connection, monkeypatch, report
) -> None:
    """For GIN too much, so that none is rebuilt in vain."""
    by_hand.execute(
        """INSERT INTO hegel_facts (corpus_id, content, embedding_384)
           SELECT 'c',
               fact || (SELECT string_agg(' word' || (fact * 31 + place * place) % 2000, '')
                        FROM generate_series(1, 60) AS place),
               CAST((SELECT array_agg(CAST(sin(fact * place) AS real))
                     FROM generate_series(1, 384) AS place) AS halfvec(384))
           FROM generate_series(1, 1000) AS fact"""
    )
    for name in (HNSW, GIN):
        by_hand.execute(f"REINDEX INDEX {name}")
    by_hand.execute("ANALYZE hegel_facts")
    monkeypatch.setattr(indexes, "SAMPLE", {"gin": 250, "hnsw": 250})
    foretold = {}
    with store.engine.connect() as connection:
        for row in connection.execute(indexes.LARGE, {"least": 200_000}).all():
            foretold[row.name] = indexes.fresh_size(connection, row) / row.bytes
            connection.rollback()
    report(f"foretold from a quarter of the rows, against what is there: {foretold}")
    assert set(foretold) == {HNSW, GIN}
    assert foretold[HNSW] == pytest.approx(1, abs=0.2)
    assert 0.95 < foretold[GIN] < 3


def test_a_role_that_owns_nothing_is_told_what_it_may_not(
    store: Store, by_hand: psycopg.Connection, url: str
) -> None:
    by_hand.execute(
        "INSERT INTO hegel_facts (corpus_id, content)"
        " SELECT 'c', 'fact ' || n FROM generate_series(1, 2000) AS n"
    )
    by_hand.execute("SELECT pg_stat_force_next_flush()")
    by_hand.execute("CREATE ROLE hegel_clerk LOGIN")
    try:
        by_hand.execute(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO hegel_clerk"
        )
        with hegel_store.connect(url.replace("postgres@", "hegel_clerk@")) as clerk:
            told = of(maintain(clerk), "vacuum")
    finally:
        by_hand.execute("DROP OWNED BY hegel_clerk")
        by_hand.execute("DROP ROLE hegel_clerk")
    assert told.status == "failed"
    assert "only their owner may vacuum hegel_facts" in told.why
