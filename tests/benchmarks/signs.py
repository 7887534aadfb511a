"""Searches by the signs of vectors beside those by their numbers: size, recall and time."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import psycopg

from hegel_store.store import Store
from tests.benchmarks.crowd import CORPUS, Query
from tests.benchmarks.crowd_searches import K, nearest
from tests.benchmarks.timing import Bare, measure

INDEX = """
    CREATE INDEX idx_facts_signs_384 ON hegel_facts
    USING hnsw ((binary_quantize(embedding_384)::bit(384)) bit_hamming_ops)
    WHERE deleted_at IS NULL"""
SIZES = """
    SELECT pg_size_pretty(pg_relation_size('idx_hegel_facts_embedding_384')),
           pg_size_pretty(pg_relation_size('idx_facts_signs_384'))"""


def report(url: str, store: Store, questions: Sequence[Query]) -> None:
    """Build the index, which is written to the database, and print what it is worth."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        started = time.perf_counter()
        connection.execute(INDEX)
        took = time.perf_counter() - started
        sizes = connection.execute(SIZES).fetchone() or ("?", "?")
    bare = Bare(url)
    try:
        exact = [nearest(bare, query, exact=True) for query in questions]
    finally:
        bare.close()
    times = measure(
        {
            "numbers": lambda query: _search(store, query, quantised=False),
            "signs": lambda query: _search(store, query, quantised=True),
        },
        questions,
    )
    print(f"\nvectors by their signs (index built in {took:.0f} s)")
    for (name, taken), size in zip(times.items(), sizes, strict=True):
        found = [
            len({key for key, _ in wanted} & answer) / K
            for wanted, answer in zip(exact, taken.answers, strict=True)
        ]
        print(
            f"  {name:<10} index {size:>8}   p50 {taken.p50:7.1f} ms   p95 {taken.p95:7.1f} ms"
            f"   recall@{K} {np.mean(found):.3f}, worst {min(found):.2f}"
        )


def _search(store: Store, query: Query, *, quantised: bool) -> set[tuple[str, object]]:
    found = store.facts.search(
        query.text,
        corpus_id=CORPUS,
        limit=K,
        mode="vector",
        embedding=query.vector,
        quantised=quantised,
    )
    return {(hit.fact.corpus_id, hit.fact.id) for hit in found}
