"""From the two channels to one order.

``convex``: each channel is scaled to 0..1 over its own candidates and the two are added with
weights; a fact that a channel did not offer gets 0 there (Bruch, Gai & Ingber 2022 found it ahead
of reciprocal ranks). ``rrf``: the sum of weight / (60 + rank) (Cormack et al. 2009).
"""

from __future__ import annotations

from typing import Literal

Fusion = Literal["convex", "rrf"]
Mode = Literal["hybrid", "vector", "text"]

VECTOR_RANKED = """
    vector_ranked AS (
        SELECT
            corpus_id, id,
            1 - distance AS vector_score,
            row_number() OVER (ORDER BY distance, corpus_id, id) AS vector_rank,
            coalesce((max(distance) OVER () - distance)
                / nullif(max(distance) OVER () - min(distance) OVER (), 0), 1) AS vector_scaled
        FROM vector_hits
    )"""
TEXT_RANKED = """
    text_ranked AS (
        SELECT
            corpus_id, id,
            score AS text_score,
            row_number() OVER (ORDER BY score DESC, corpus_id, id) AS text_rank,
            coalesce((score - min(score) OVER ())
                / nullif(max(score) OVER () - min(score) OVER (), 0), 1) AS text_scaled
        FROM text_hits
    )"""

SCORES: dict[Fusion, str] = {
    "convex": """CAST(:vector_weight AS float8) * coalesce(vector_scaled, 0)
                + (1 - CAST(:vector_weight AS float8)) * coalesce(text_scaled, 0)""",
    "rrf": """CAST(:vector_weight AS float8) * coalesce(1.0 / (60 + vector_rank), 0)
                + (1 - CAST(:vector_weight AS float8)) * coalesce(1.0 / (60 + text_rank), 0)""",
}

NO_VECTOR = "CAST(NULL AS float8) AS vector_score, CAST(NULL AS bigint) AS vector_rank"
NO_TEXT = "CAST(NULL AS float8) AS text_score, CAST(NULL AS bigint) AS text_rank"


def fused(mode: Mode, fusion: Fusion) -> str:
    """CTEs that end in ``fused``: every candidate with its score, scores and ranks by channel."""
    if mode == "vector":
        return f"""{VECTOR_RANKED},
    fused AS MATERIALIZED (
        SELECT corpus_id, id, vector_score AS score, vector_score, vector_rank, {NO_TEXT}
        FROM vector_ranked
    )"""
    if mode == "text":
        return f"""{TEXT_RANKED},
    fused AS MATERIALIZED (
        SELECT corpus_id, id, text_score AS score, {NO_VECTOR}, text_score, text_rank
        FROM text_ranked
    )"""
    return f"""{VECTOR_RANKED},{TEXT_RANKED},
    fused AS MATERIALIZED (
        SELECT
            corpus_id, id,
            {SCORES[fusion]} AS score,
            vector_score, vector_rank, text_score, text_rank
        FROM vector_ranked FULL JOIN text_ranked USING (corpus_id, id)
    )"""
