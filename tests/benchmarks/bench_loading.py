"""How fast facts with their vectors are stored, beside COPY into the same table.

    python tests/benchmarks/bench_loading.py [--facts 2000] [--url URL]

Every round loads as many new facts each way, in an order that changes, into a corpus of its own of
one table with all its indexes. COPY sends the rows of a round in one statement; add_many also
checks them, merges what is equal, and says what became of each. "again" loads the facts of the
round once more, which changes nothing but their counters. The ratios are to COPY in the same round,
and the figures medians over the rounds.
"""

from __future__ import annotations

import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.models import NewFact
from hegel_store.models.identifiers import uuid7
from hegel_store.models.vectors import vector_text
from hegel_store.store import Store
from tests.benchmarks.servers import database, options
from tests.clusters import clustered

ROUNDS = 7
COLUMNS = "corpus_id, id, content, category, confidence, metadata, embedding_384"
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
WORDS = np.array([f"{first}{second}" for first in "bdfgklmn" for second in ("ara", "elo", "inu")])

Load = Callable[[Sequence[NewFact]], object]


def main() -> None:
    """Measure, and print one table."""
    parser = options(__doc__ or "")
    parser.add_argument("--facts", type=int, default=2_000, metavar="COUNT", help="of a round")
    arguments = parser.parse_args()
    with (
        database(arguments, SETTINGS) as url,
        hegel_store.connect(url) as store,
        psycopg.connect(url, autocommit=True) as bare,
    ):
        store.upgrade()
        ways: dict[str, Load] = {
            "COPY": lambda facts: copy(bare, facts),
            "add_many": store.facts.add_many,
            "add_many, again": store.facts.add_many,
            "add_many in one transaction": lambda facts: _at_once(store, facts),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(ROUNDS + 1):
            # The facts that are loaded again are those loaded just before.
            order = random.Random(number).sample(["COPY", "add_many", *list(ways)[3:]], k=3)
            order.insert(order.index("add_many") + 1, "add_many, again")
            for name in order:
                corpus = name.removesuffix(", again")
                facts = made(f"{corpus} {number}", arguments.facts, number)
                started = time.perf_counter()
                ways[name](facts)
                if number:  # the first round warms up
                    rates[name].append(arguments.facts / (time.perf_counter() - started))
        version = bare.info.server_version // 10000
        print(
            f"PostgreSQL {version}, Python {platform.python_version()}, "
            f"{ROUNDS} rounds of {arguments.facts:,} facts with vectors of 384 numbers\n"
        )
        for name, rate in rates.items():
            ratios = [one / floor for one, floor in zip(rate, rates["COPY"], strict=True)]
            print(
                f"{name:<28} {statistics.median(rate):>8,.0f} facts per second"
                f"   {statistics.median(ratios):5.2f} of COPY"
            )


def made(corpus_id: str, count: int, seed: int) -> list[NewFact]:
    """Facts of a dozen words, with clustered vectors."""
    words = np.random.default_rng(seed).choice(WORDS, size=(count, 12))
    return [
        NewFact(
            corpus_id=corpus_id,
            content=f"{' '.join(row)} {place}",
            category=f"category {place % 7}",
            confidence=place % 100 / 100,
            metadata={"place": place},
            embedding=vector,
        )
        for place, (row, vector) in enumerate(zip(words, clustered(count, seed), strict=True))
    ]


def copy(bare: psycopg.Connection, facts: Sequence[NewFact]) -> None:
    """The same rows with nothing but the driver."""
    with bare.cursor().copy(f"COPY hegel_facts ({COLUMNS}) FROM STDIN") as rows:
        for fact in facts:
            rows.write_row(
                (
                    fact.corpus_id,
                    uuid7(),
                    fact.content,
                    fact.category,
                    fact.confidence,
                    fact.metadata_json,
                    vector_text(fact.embedding),
                )
            )


def _at_once(store: Store, facts: Sequence[NewFact]) -> None:
    with store.begin() as work:
        work.facts.add_many(facts)


if __name__ == "__main__":
    main()
