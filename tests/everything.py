"""A corpus with rows in every table, each of which holds a marker, and where such a marker is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from psycopg import sql
from sqlalchemy import text

from hegel_store.embeddings import CachedEmbedder
from hegel_store.errors import InvalidInput
from hegel_store.journal.dead_letters import DeadLetters, letter_of
from hegel_store.journal.records import pack
from hegel_store.journal.spool import own
from hegel_store.models import LabelledQuery, NewEvaluation, NewStep
from hegel_store.models.identifiers import uuid7
from hegel_store.repositories import PostgresCache
from hegel_store.store import Store, connect
from tests.embedders import HashingEmbedder
from tests.samples import MAY, fact


def connected(url: str, **settings: object) -> Store:
    """A store whose embedder has a cache in the database, and which counts queries."""
    with connect(url) as plain:
        cache = PostgresCache(plain.engine)
    embedder = CachedEmbedder(HashingEmbedder(), cache)
    return connect(url, embedder=embedder, query_log=True, **settings)


def fill(store: Store, corpus: str, mark: str, facts: int = 12) -> list[NewStep]:
    """Rows in every table, with the mark in all that can hold one; returns steps not stored."""
    profiles = store.profiles
    first = profiles.append(corpus, f"qa {mark}", {"worker": {"system_prompt": f"be {mark}"}})
    second = profiles.append(corpus, f"qa {mark}", {"w": mark}, base=first, metadata={"by": mark})
    profiles.append(corpus, f"other {mark}", {}, parents=[second, first])
    profiles.set_alias(corpus, f"qa {mark}", f"best {mark}", first.id, reason=mark)
    profiles.set_alias(corpus, f"qa {mark}", f"best {mark}", second.id)
    store.populations.add(corpus, f"qa {mark}", first.id, fitness=0.5, population=mark)
    store.populations.reset_island(corpus, f"qa {mark}", population=mark, island=1)
    store.facts.add_many(
        [fact(f"{mark} port {n}", corpus, label=mark, category=mark) for n in range(facts)],
        near_duplicates="judge",
    )
    store.facts.add_many(
        [fact(f"port {n} of {mark}", corpus, embedding=[1.0] * 384) for n in (5432, 5433)],
        near_duplicates="judge",
    )
    found = store.facts.search(f"port {mark}", corpus_id=corpus, mode="text")
    given = {
        "corpus_id": corpus,
        "task_type": f"qa {mark}",
        "old_profile_id": first.id,
        "predicted_answer": mark,
        "debate_trace": {"said": mark},
        "run_id": f"run {mark}",
    }
    made = [
        NewStep(**given, query=f"{mark} {n}", reward=n % 2, created_at=MAY + timedelta(days=20 * n))
        for n in range(6)
    ]
    store.steps.log_many(made)
    store.retrievals.log_many((step, found) for step in made)
    store.retrievals.refresh()
    store.facts.search(f"what of {mark}", corpus_id=corpus)
    store.labels.search(f"label {mark}", corpus_id=corpus)
    store.budget(corpus, tokens=10).spend(1)
    store.runs.start(
        corpus, f"qa {mark}", f"run {mark}", optimiser=mark, objectives={mark: "maximize"}
    )
    store.runs.save_state(corpus, f"run {mark}", mark.encode())
    (key,) = store.scores.keys(corpus, [({"w": mark}, f"example {mark}")], split="train")
    store.scores.record(NewEvaluation(of=key, scores={mark: 0.5}, output={"out": mark}))
    queries = [
        LabelledQuery(query=f"{mark} {n}", relevant={found[0].fact.id: 1.0}) for n in range(5)
    ]
    store.baselines(corpus).record(f"red {mark}", queries, mode="text", blocks=3)
    store.populations.propose(
        corpus, f"qa {mark}", {"w": mark}, threshold=0.9, population=mark, embedding=[1.0] * 384
    )
    with store.engine.begin() as connection:
        connection.execute(
            text("SELECT set_config('hegel.corpus', :corpus, true)"), {"corpus": corpus}
        )
        connection.execute(text("SELECT hegel_count_corpus_words(NULL)"))
    store._log.write()
    return [NewStep(**given, query=f"{mark} waits {n}") for n in range(3)]


def spool(root: Path, waiting: Sequence[NewStep]) -> None:
    """What a writer that died has left: a spool, and the first and the last as dead letters."""
    left = own(root, 2**20)
    left.append([pack(step) for step in waiting])
    left.leave()
    refused = InvalidInput("step", "refused")
    DeadLetters(root).add([letter_of(step, uuid7(), refused) for step in (waiting[0], waiting[-1])])


def rows_with(store: Store, mark: str) -> dict[str, int]:
    """In which tables, views and statistics of the planner the mark stands, in text or in bytes."""
    found = {}
    with store.engine.connect() as connection:
        driver = connection.connection.driver_connection
        names = driver.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'm', 'v') AND relnamespace ="
            " (SELECT relnamespace FROM pg_class WHERE oid = 'hegel_facts'::regclass)"
        ).fetchall()
        for (name,) in [*names, ("pg_stats",)]:
            query = sql.SQL(
                "SELECT count(*) FROM {} AS t WHERE strpos(t::text, %s) > 0 OR strpos(t::text, %s)"
                " > 0"
            ).format(sql.Identifier(name))
            (count,) = driver.execute(query, [mark, mark.encode().hex()]).fetchone()
            if count:
                found[name] = count
    return found


def files_with(root: Path, mark: str) -> list[Path]:
    return [
        path
        for folder, _, names in os.walk(root)
        for path in (Path(folder) / name for name in names)
        if mark.encode() in path.read_bytes()
    ]


def of_corpus(store: Store, corpus: str) -> dict[str, list[str]]:
    """Every row of the corpus, as text, by table with a corpus_id, in order."""
    found = {}
    with store.engine.connect() as connection:
        driver = connection.connection.driver_connection
        names = driver.execute(
            "SELECT table_name FROM information_schema.columns JOIN information_schema.tables"
            " USING (table_schema, table_name) WHERE column_name = 'corpus_id' AND table_schema ="
            " current_schema() AND table_type = 'BASE TABLE' AND table_name LIKE 'hegel%'"
        ).fetchall()
        for (name,) in names:
            query = sql.SQL("SELECT t::text FROM {} AS t WHERE corpus_id = %s ORDER BY 1")
            rows = driver.execute(query.format(sql.Identifier(name)), [corpus]).fetchall()
            found[name] = [row[0] for row in rows]
    return found
