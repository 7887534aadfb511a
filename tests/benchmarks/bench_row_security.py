"""Searches under row-level security beside the same searches without it, on the same facts.

    python tests/benchmarks/bench_row_security.py [--facts 25000] [--corpora 4] [--url URL]

The same corpus is asked by the owner of the tables, for whom no policy holds, in a store that is
not bound; by the owner in one that is bound to the corpus; and by a role of its own, bound, under
the policies. And by that role in a store that is bound, but asks by the words themselves, as it
would without the functions of the owner. Last, the corpus alone in a database.
Ways take turns; figures are medians.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from sqlalchemy import make_url

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.models.identifiers import uuid7
from hegel_store.operations import row_security
from hegel_store.repositories.fact_models import UNNAMED_MODEL
from hegel_store.store import Store
from tests import multitude
from tests.benchmarks.servers import beside, database, options
from tests.benchmarks.timing import measure
from tests.bulk import facts_loaded
from tests.multitude import COMMON, word

ROLE, QUERIES = "row_security_bench", 120


def contents(count: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    ranks = (20 * (1 + 20_000 / 20) ** random.random((count, 7)) - 20).astype(int)
    commons = random.random(count) < 1 / 3
    return [
        " ".join([*map(word, ranks[n]), *([COMMON] if commons[n] else []), f"n{n}"])
        for n in range(count)
    ]


def load(url: str, corpora: dict[str, int], facts: int) -> None:
    """So many facts in each corpus, drawn by its seed."""
    first, *others = corpora
    with facts_loaded(url, first, UNNAMED_MODEL, memory="1GB") as connection:
        register_vector(connection)
        for corpus in others:
            connection.execute(
                "INSERT INTO hegel_embedding_spaces (corpus_id, slot, model, dimensions)"
                " VALUES (%s, 'embedding_384', %s, 384)",
                [corpus, UNNAMED_MODEL],
            )
        kept = [
            (corpus, texts[n], vectors[n])
            for corpus, seed in corpora.items()
            for texts, vectors in [(contents(facts, seed), multitude.vectors(facts, seed)[0])]
            for n in range(facts)
        ]
        names = "corpus_id, id, content, embedding_384"
        with connection.cursor().copy(
            f"COPY hegel_facts ({names}) FROM STDIN (FORMAT binary)"
        ) as copy:
            copy.set_types(["text", "uuid", "text", "halfvec"])
            # The corpora take turns, as they would have been written.
            for place in np.random.default_rng(9).permutation(len(kept)):
                corpus, content, vector = kept[place]
                copy.write_row((corpus, uuid7(), content, HalfVector(vector)))


def grant(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {ROLE} LOGIN")
        connection.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")


def questions() -> list[tuple[str, Any]]:
    vectors, _ = multitude.vectors(QUERIES, seed=77)
    random = np.random.default_rng(5)
    ranks = (20 * (1 + 6_000 / 20) ** random.random((QUERIES, 4)) - 20).astype(int)
    return [
        (" ".join([*map(word, ranks[n]), *([COMMON] if n % 3 == 0 else [])]), vectors[n])
        for n in range(QUERIES)
    ]


def report(stores: dict[str, Store], corpus: str, asked: list[tuple[str, Any]]) -> None:
    for mode in ("hybrid", "text", "vector"):

        def way(store: Store, mode: str = mode) -> Any:
            def search(question: tuple[str, Any]) -> list[str]:
                query, vector = question
                found = store.facts.search(
                    query,
                    corpus_id=corpus,
                    mode=mode,  # type: ignore[arg-type]
                    embedding=None if mode == "text" else vector,
                )
                return [hit.fact.content for hit in found]

            return search

        times = measure({name: way(store) for name, store in stores.items()}, asked)
        base, same = times["owner"], times["owner, bound"]
        for name, taken in times.items():
            ratio = median(taken.calls) / median(base.calls)
            alike = sum(a == b for a, b in zip(taken.answers, same.answers, strict=True))
            shared = [len({*a} & {*b}) for a, b in zip(taken.answers, same.answers, strict=True)]
            print(
                f"{mode:7} {name:22} {taken.p50:6.2f} ms, {ratio:5.2f} times the owner's; "
                f"{sum(shared) / sum(map(len, same.answers)):.3f} of the bound owner's facts, "
                f"{alike} of {len(asked)} answers equal"
            )


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--facts", type=int, default=25_000, help="in each corpus")
    parser.add_argument("--corpora", type=int, default=4)
    arguments = parser.parse_args()
    corpora = [f"corpus {n}" for n in range(arguments.corpora)]
    with database(arguments, {"shared_buffers": "1GB"}) as url:
        with hegel_store.connect(url) as store:
            store.upgrade()
        load(url, {corpus: n for n, corpus in enumerate(corpora)}, arguments.facts)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE alone")
        lonely = beside(url, "alone")
        with hegel_store.connect(lonely) as store:
            store.upgrade()
        load(lonely, {corpora[1]: 1}, arguments.facts)
        grant(url)
        print(f"{arguments.corpora} corpora of {arguments.facts} facts, {QUERIES} queries each way")
        with hegel_store.connect(url) as owner:
            row_security.switch_on(owner.engine)
            print(row_security.examine(owner.engine).state)
        own = make_url(url).set(username=ROLE, password="")
        as_role = own.render_as_string(hide_password=False)
        with (
            hegel_store.connect(url) as owner,
            hegel_store.connect(url, corpus=corpora[1]) as bound,
            hegel_store.connect(as_role, corpus=corpora[1]) as role,
            hegel_store.connect(as_role, corpus=corpora[1]) as plain,
            hegel_store.connect(lonely) as alone,
        ):
            plain.facts._session.corpus = None  # type: ignore[union-attr]  # bound all the same
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    f"GRANT EXECUTE ON FUNCTION hegel_documents_with(text[]) TO {ROLE}"
                )
            stores = {"owner": owner, "owner, bound": bound, "policies": role}
            stores |= {"policies, by the words": plain, "alone": alone}
            report(stores, corpora[1], questions())


if __name__ == "__main__":
    main()
