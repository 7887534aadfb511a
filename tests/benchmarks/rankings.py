"""Ways to rank facts for a question: the store's own, and the usual recipes in SQL beside them.

The recipes are what libraries and tutorials do with PostgreSQL and pgvector:

- words: ``plainto_tsquery`` (every word has to be there) or the words joined by | (any of them),
  best first by ``ts_rank`` with its defaults;
- vectors: the top of a plain ``ORDER BY distance``, with pgvector's defaults (where the planner
  would rather sort the whole corpus than scan HNSW, that is exact, which favours the recipe);
- both: the best 40 of each, and reciprocal rank fusion, the sum of 1 / (60 + rank) (Cormack et al.
  2009).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, text

from hegel_store.models import NewFact
from hegel_store.models.vectors import vector_text
from hegel_store.store import Store
from tests.benchmarks.judged import Collection, Question

LIMIT = 10
CANDIDATES = 40

Ranking = Callable[[Question], Sequence[str]]
"""The ids of at most LIMIT facts, best first."""

ALL_WORDS = "plainto_tsquery('english', :query)"
ANY_WORD = r"""(
        SELECT CAST(string_agg(
            '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | '
        ) AS tsquery)
        FROM unnest(to_tsvector('english', :query))
    )"""
BY_WORDS = """
    SELECT id, row_number() OVER (ORDER BY ts_rank(content_tsv, words) DESC, id) AS place
    FROM hegel_facts, (SELECT {words} AS words) AS asked
    WHERE corpus_id = :corpus_id AND content_tsv @@ words
    ORDER BY place
    LIMIT :candidates"""
BY_VECTOR = """
    SELECT id, row_number() OVER (ORDER BY distance, id) AS place
    FROM (
        SELECT id, embedding_384 <=> CAST(:vector AS halfvec(384)) AS distance
        FROM hegel_facts
        WHERE corpus_id = :corpus_id AND deleted_at IS NULL
        ORDER BY distance
        LIMIT :candidates
    ) AS near"""
FUSED = """
    SELECT id FROM ({words} UNION ALL {vectors}) AS candidate
    GROUP BY id
    ORDER BY sum(1.0 / (60 + place)) DESC, id
    LIMIT :limit"""


def load(store: Store, collection: Collection) -> Sequence[str]:
    """Store the facts in place of all others; their ids by position, equal ones for equal facts."""
    with store.engine.begin() as connection:
        # Emptied, not deleted from: word statistics and the index are to know this collection only.
        connection.execute(
            text("TRUNCATE hegel_facts, hegel_fact_verdicts, hegel_embedding_spaces")
        )
    rows = zip(collection.facts, collection.corpora, collection.vectors, strict=True)
    added = store.facts.add_many(
        NewFact(content=content, corpus_id=corpus_id, embedding=vector)
        for content, corpus_id, vector in rows
    )
    return [str(fact_id) for fact_id in added.ids]


def ours(store: Store) -> dict[str, Ranking]:
    """The public search with the defaults of every mode, and hybrid with reciprocal ranks."""

    def found(question: Question, **options: str) -> list[str]:
        text_alone = options.get("mode") == "text"
        result = store.facts.search(
            question.text,
            corpus_id=question.corpus_id,
            limit=LIMIT,
            embedding=None if text_alone else question.vector,
            **options,  # type: ignore[arg-type]
        )
        return [str(hit.fact.id) for hit in result]

    return {
        "ours, hybrid": found,
        "ours, hybrid, rrf": lambda question: found(question, fusion="rrf"),
        "ours, text": lambda question: found(question, mode="text"),
        "ours, vector": lambda question: found(question, mode="vector"),
    }


def recipes(connection: Connection) -> dict[str, Ranking]:
    """The usual recipes, over the same table."""

    def ranking(words: str, fused: bool) -> Ranking:
        by_words = BY_WORDS.format(words=words)
        ranked = f"SELECT id FROM ({by_words}) AS candidate ORDER BY place LIMIT :limit"
        if fused:
            # Parentheses, as each half has its own LIMIT.
            ranked = FUSED.format(words=f"({by_words})", vectors=f"({BY_VECTOR})")
        statement = text(ranked)

        def found(question: Question) -> list[str]:
            values = {
                "query": question.text,
                "corpus_id": question.corpus_id,
                "candidates": CANDIDATES,
                "limit": LIMIT,
            }
            if fused:
                values["vector"] = vector_text(question.vector)
            return [str(fact_id) for fact_id in connection.execute(statement, values).scalars()]

        return found

    return {
        "all words, ts_rank": ranking(ALL_WORDS, fused=False),
        "all words, ts_rank + vectors, RRF": ranking(ALL_WORDS, fused=True),
        "any word, ts_rank": ranking(ANY_WORD, fused=False),
        "any word, ts_rank + vectors, RRF": ranking(ANY_WORD, fused=True),
    }
