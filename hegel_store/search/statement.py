"""One statement for a whole search: channels, fusion, and the facts fetched last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, text

from hegel_store.models import FactFilter
from hegel_store.models.vectors import Vector, vector_text
from hegel_store.search import filters as conditions
from hegel_store.search import fusion, lexical, vector

FACT_COLUMNS = """fact.corpus_id, fact.id, fact.content, fact.category, label.name AS label,
        fact.intent, fact.confidence, fact.freshness, fact.language, fact.metadata,
        fact.seen_count, fact.created_at, fact.last_seen_at, fact.valid_from, fact.valid_to,
        fact.expires_at, fact.deleted_at, fact.profile_id, fact.step_id"""

FACT_TABLES = """hegel_facts AS fact
    LEFT JOIN hegel_labels AS label
      ON label.corpus_id = fact.corpus_id AND label.id = fact.label_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to look for and how. ``embedding`` and ``model`` are None in text mode."""

    mode: fusion.Mode
    query: str
    embedding: Vector | None
    model: str | None
    corpus_id: str | None
    filters: FactFilter
    limit: int
    candidates: int
    vector_weight: float
    length_normalisation: float
    fusion: fusion.Fusion
    language: str


def build(search: Search) -> tuple[TextClause, dict[str, Any]]:
    """The statement and its parameters.

    It returns at least one row: how the facts were found stands in every row, beside the columns
    of a fact, which are null when nothing matched.
    """
    where, parameters = conditions.where(search.corpus_id, search.filters)
    parameters |= {"limit": search.limit, "depth": max(search.candidates, search.limit)}
    parts = []
    found = "false AS exact, false AS scan_limit_hit, NULL AS stranger, NULL AS stranger_corpus"
    if search.mode != "text" and search.embedding is not None:
        parts.append(vector.channel(where, len(search.embedding), search.corpus_id is not None))
        parameters |= {
            "embedding": vector_text(search.embedding),
            "model": search.model,
            "ef_search": min(max(vector.EF_SEARCH, parameters["depth"]), 1000),
        }
        found = """EXISTS (SELECT FROM exact_pass) AS exact,
            (SELECT count(*) FROM scanned) < (SELECT count(*) FROM exact_pass) AS scan_limit_hit,
            (SELECT model FROM stranger) AS stranger,
            (SELECT corpus_id FROM stranger) AS stranger_corpus"""
    cut = "false AS words_cut"
    if search.mode != "vector":
        parts.append(lexical.channel(where))
        cut = f"(SELECT count(*) FROM query_lexemes) > {lexical.MOST_WORDS} AS words_cut"
        parameters |= {
            "query": search.query,
            "language": search.language,
            "length_normalisation": search.length_normalisation,
        }
    if search.mode == "hybrid":
        parameters["vector_weight"] = search.vector_weight
    parts.append(fusion.fused(search.mode, search.fusion))
    statement = f"""
    WITH {",".join(parts)},
    found AS MATERIALIZED (
        SELECT (SELECT count(*) FROM fused) AS candidates, {cut}, {found}
    ),
    best AS MATERIALIZED (
        SELECT * FROM fused ORDER BY score DESC, corpus_id, id LIMIT :limit
    )
    SELECT
        found.*, best.score, best.vector_score, best.vector_rank, best.text_score,
        best.text_rank, {FACT_COLUMNS}
    FROM found
    LEFT JOIN best ON true
    LEFT JOIN ({FACT_TABLES})
      ON fact.corpus_id = best.corpus_id AND fact.id = best.id
    ORDER BY best.score DESC, best.corpus_id, best.id
    """
    return text(statement), parameters
