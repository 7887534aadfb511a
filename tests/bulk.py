"""Loading facts by the ten thousand, past the library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

INDEX = "idx_hegel_facts_embedding_384"


@contextmanager
def facts_loaded(url: str, corpus_id: str, model: str, memory: str) -> Iterator[psycopg.Connection]:
    """A connection to an empty, migrated database, to write a corpus of 384 dimensions with.

    The HNSW index is made afterwards, with this maintenance_work_mem: in a tenth of the time.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        (index,) = connection.execute(  # type: ignore[misc]
            "SELECT pg_get_indexdef(CAST(%s AS regclass))", [INDEX]
        ).fetchone()
        connection.execute(f"DROP INDEX {INDEX}")
        connection.execute(
            "INSERT INTO hegel_embedding_spaces (corpus_id, slot, model, dimensions)"
            " VALUES (%s, 'embedding_384', %s, 384)",
            [corpus_id, model],
        )
        yield connection
        connection.execute(f"SET maintenance_work_mem = '{memory}'")
        connection.execute(index)
        connection.execute("VACUUM ANALYZE hegel_facts")
        connection.execute("SELECT hegel_count_words()")
