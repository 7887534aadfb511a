"""What a comment in each statement costs: none, the call's name, or an id that varies.

    python tests/benchmarks/bench_tagging.py

An id in the comment makes each statement another one, which is parsed and planned anew.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.store import Store
from tests.benchmarks.bench_observing import WORDS, fill
from tests.benchmarks.servers import database, parse_arguments
from tests.benchmarks.timing import medians
from tests.embedders import HashingEmbedder

ROUNDS = 150


def vary(store: Store) -> None:
    """Put another number into each statement."""
    numbers = itertools.count()

    @event.listens_for(store.engine, "do_execute")
    def execute(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        cursor.execute(f"/* {next(numbers)} */ {statement}", parameters)
        return True


def main() -> None:
    with (
        database(parse_arguments(__doc__ or "")) as url,
        hegel_store.connect(url, embedder=HashingEmbedder()) as bare,
        hegel_store.connect(url, embedder=HashingEmbedder(), tag_statements=True) as tagged,
        hegel_store.connect(url, embedder=HashingEmbedder()) as varying,
    ):
        fill(bare)
        vary(varying)
        bare.profiles.append("c", "qa", {"worker": {}})
        stores = {"no comment": bare, "the call's name": tagged, "an id that varies": varying}
        drawn = random.Random(4)

        def search(store: Store) -> Callable[[], object]:
            return lambda: store.facts.search(f"word{drawn.randrange(WORDS)}", corpus_id="c")

        def latest(store: Store) -> Callable[[], object]:
            return lambda: store.profiles.latest("c", "qa")

        print("| comment | search, ms | latest profile, ms |")
        print("| --- | ---: | ---: |")
        found = [
            medians({name: make(store) for name, store in stores.items()}, ROUNDS)
            for make in (search, latest)
        ]
        for name in stores:
            print(f"| {name} | " + " | ".join(f"{one[name] * 1000:.2f}" for one in found) + " |")


if __name__ == "__main__":
    main()
