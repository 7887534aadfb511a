"""Two corpora in a database with row-level security, and a role that sees one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import text

import hegel_store
from hegel_store.embeddings import CachedEmbedder
from hegel_store.models import LabelledQuery, NewEvaluation, NewFact
from hegel_store.operations import row_security
from hegel_store.repositories import PostgresCache
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.samples import Steps

ERASED = text("INSERT INTO hegel_erasures (corpus_hash) VALUES (hegel_content_hash(:corpus_id))")
ROLE = "hegel_tenant"
OURS, THEIRS = "ours", "theirs"
SECRET = "wolverine"  # noqa: S105  # a word
"""A word that only the other corpus has."""


def address(url: str, user: str = ROLE, *, of: str = "postgres") -> str:
    """The same database, as another role than that in the url."""
    return url.replace(f"{of}@", f"{user}@", 1)


def fill(url: str, corpus: str, word: str) -> None:
    """A row in every table whose rows belong to a corpus."""
    cached = CachedEmbedder(HashingEmbedder(), cache_of(url, corpus))
    with hegel_store.connect(url, corpus=corpus, embedder=cached, query_log=True) as store:
        new = Steps(store, corpus)
        store.profiles.append(corpus, "qa", {"worker": {"system_prompt": word}}, base=new.profile)
        store.profiles.set_alias(corpus, "qa", "live", new.profile.id)
        step = new(query=word, reward=0.5)
        store.steps.log(step)
        store.facts.add_many(
            [NewFact(corpus_id=corpus, content=f"{word} {n}", label="animals") for n in range(60)]
        )
        alike = [
            NewFact(corpus_id=corpus, content=f"port {n}", embedding=[1.0] * 384)
            for n in (5432, 5433)
        ]
        store.facts.add_many(alike, near_duplicates="judge")
        store.populations.add(corpus, "qa", new.profile.id, fitness=0.5)
        store.populations.reset_island(corpus, "qa", island=1)
        found = store.facts.search(word, corpus_id=corpus, mode="text")
        store.retrievals.log_many([(step, found)])
        store.retrievals.refresh()
        store.runs.start(corpus, "qa", "r", optimiser="gepa", objectives={"score": "maximize"})
        store.runs.save_state(corpus, "r", b"state")
        (key,) = store.scores.keys(corpus, [({"worker": {}}, "example")], split="train")
        store.scores.record(NewEvaluation(of=key, scores={"score": 0.5}))
        store.budget(corpus, tokens=10).spend(1)
        relevant = {found[0].fact.id: 1.0}
        queries = [LabelledQuery(query=f"query {n}", relevant=relevant) for n in range(5)]
        store.baselines(corpus).record("red", queries, mode="text", blocks=3)
        vector = [1.0] * 384
        store.populations.propose(corpus, "qa", {"worker": {}}, threshold=0.9, embedding=vector)
        with store.begin() as work:
            work.session.execute(ERASED, {"corpus_id": corpus})
        store.facts.search(f"where is the {word}", corpus_id=corpus)


def cache_of(url: str, corpus: str) -> PostgresCache:
    """A cache of vectors on an engine that is bound to the corpus."""
    return PostgresCache(hegel_store.connect(url, corpus=corpus).engine)


@contextmanager
def tenant(url: str) -> Iterator[str]:
    """The address of a role that may read and write every table, and owns none."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"DROP ROLE IF EXISTS {ROLE}")
        admin.execute(f"CREATE ROLE {ROLE} LOGIN")
        admin.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
        # Even the months, which nobody should be granted.
        admin.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}"
        )
        admin.execute(
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
            f" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {ROLE}"
        )
        yield address(url)
        admin.execute(f"DROP OWNED BY {ROLE}")
        admin.execute(f"DROP ROLE {ROLE}")


@contextmanager
def isolated(url: str) -> Iterator[str]:
    """The address of the role in a database of two corpora, with row-level security."""
    fill(url, OURS, "badger")
    fill(url, THEIRS, SECRET)
    with tenant(url) as address, hegel_store.connect(url) as owner:
        row_security.switch_on(owner.engine)
        yield address


def tables(owner: Store) -> list[str]:
    """The tables whose rows belong to a corpus."""
    found = row_security.examine(owner.engine)
    return [*found.covered, *found.open]
