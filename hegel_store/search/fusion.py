"""From the two channels to one order.

``convex``: each channel's scores are scaled over its own candidates and added with weights (Bruch,
Gai & Ingber 2022 found this ahead of reciprocal ranks).

- Vectors are scaled from their last candidate to their first. A fact that only the text channel
  found gets its own distance on that scale, down to a quarter of it below the last: among
  candidates that are all alike, everything else would be out of sight.
- Text is scaled from the last candidate (from 0 when there are fewer than asked for, as then no
  other fact has any of the words) to the first, but over no less than one rarest word is worth:
  among facts that share nothing but a name, a range of almost nothing would otherwise be stretched
  over everything. A fact that the text channel did not offer gets 0.

``rrf``: the sum of weight / (60 + rank) (Cormack et al. 2009).
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
            (score - base) / greatest(max(score) OVER () - base, (SELECT weight FROM rarest))
                AS text_scaled
        FROM (
            SELECT *, CASE WHEN count(*) OVER () < :depth THEN 0 ELSE min(score) OVER () END AS base
            FROM text_hits
        ) AS based
    )"""

PARTS: dict[Fusion, tuple[str, str]] = {
    "convex": (
        "CAST(:vector_weight AS float8) * coalesce(vector_scaled, crossed.scaled, 0)",
        "(1 - CAST(:vector_weight AS float8)) * coalesce(text_scaled, 0)",
    ),
    "rrf": (
        "CAST(:vector_weight AS float8) * coalesce(1.0 / (60 + vector_rank), 0)",
        "(1 - CAST(:vector_weight AS float8)) * coalesce(1.0 / (60 + text_rank), 0)",
    ),
}
"""What each channel adds to the score."""

NO_VECTOR = "CAST(NULL AS float8) AS vector_score, CAST(NULL AS bigint) AS vector_rank"
NO_TEXT = "CAST(NULL AS float8) AS text_score, CAST(NULL AS bigint) AS text_rank"


# A subquery per fact: joined, the planner would scan all facts of the corpus. A fact without a
# vector has no distance, and keeps null. OFFSET 0, or the subquery would be run for each of the
# three places that the distance is used in.
CROSSED = """
    span AS MATERIALIZED (
        SELECT max(distance) AS farthest, min(distance) AS nearest FROM vector_hits
    ),
    crossed AS MATERIALIZED (
        SELECT
            corpus_id, id,
            CASE WHEN distance IS NOT NULL AND farthest > nearest
                THEN greatest((farthest - distance) / (farthest - nearest), -0.25)
            END AS scaled
        FROM (
            SELECT
                corpus_id, id, farthest, nearest,
                (
                    SELECT {distance} FROM hegel_facts AS fact
                    WHERE fact.corpus_id = text_hits.corpus_id AND fact.id = text_hits.id
                ) AS distance
            FROM text_hits, span
            WHERE NOT EXISTS (SELECT FROM stranger) AND NOT EXISTS (
                SELECT FROM vector_hits
                WHERE vector_hits.corpus_id = text_hits.corpus_id AND vector_hits.id = text_hits.id
            )
            OFFSET 0
        ) AS measured
    )"""

# A score below 0 (a cosine may be) is to fall as well, and not to rise.
WEIGHED = """
    weighed AS MATERIALIZED (
        SELECT
            corpus_id, id,
            score - abs(score) * CAST(:freshness_weight AS float8) * (
                SELECT CASE fact.freshness WHEN 'fresh' THEN 0 WHEN 'ageing' THEN 0.5 ELSE 1 END
                FROM hegel_facts AS fact
                WHERE fact.corpus_id = fused.corpus_id AND fact.id = fused.id
            ) AS score,
            vector_part, text_part, vector_score, vector_rank, text_score, text_rank
        FROM fused
    )"""


def useful(candidates: str) -> str:
    """The CTE ``useful``: the candidates of another one, which lose by how useful they were.

    One row is looked up of each. A fact that no rewarded step was shown stands in the middle.
    """
    return f"""
    useful AS MATERIALIZED (
        SELECT
            corpus_id, id,
            score - abs(score) * CAST(:usefulness_weight AS float8) * (1 - coalesce((
                SELECT known.usefulness FROM hegel_fact_usefulness AS known
                WHERE known.corpus_id = {candidates}.corpus_id AND known.fact_id = {candidates}.id
            ), 0.5)) AS score,
            vector_part, text_part, vector_score, vector_rank, text_score, text_rank
        FROM {candidates}
    )"""


def fused(mode: Mode, fusion: Fusion, distance: str) -> str:
    """CTEs that end in ``fused``: every candidate with its score, and by channel what it adds to
    that, its own score and its rank.

    ``distance`` is the expression of a fact's distance from the query's vector.
    """
    if mode == "vector":
        return f"""{VECTOR_RANKED},
    fused AS MATERIALIZED (
        SELECT
            corpus_id, id, vector_score AS score, vector_score AS vector_part,
            CAST(0 AS float8) AS text_part, vector_score, vector_rank, {NO_TEXT}
        FROM vector_ranked
    )"""
    if mode == "text":
        return f"""{TEXT_RANKED},
    fused AS MATERIALIZED (
        SELECT
            corpus_id, id, text_score AS score, CAST(0 AS float8) AS vector_part,
            text_score AS text_part, {NO_VECTOR}, text_score, text_rank
        FROM text_ranked
    )"""
    crossed, with_crossed = "", ""
    if fusion == "convex":
        crossed = f",{CROSSED.format(distance=distance)}"
        with_crossed = "LEFT JOIN crossed USING (corpus_id, id)"
    vector_part, text_part = PARTS[fusion]
    return f"""{VECTOR_RANKED},{TEXT_RANKED}{crossed},
    fused AS MATERIALIZED (
        SELECT *, vector_part + text_part AS score
        FROM (
            SELECT
                corpus_id, id,
                {vector_part} AS vector_part,
                {text_part} AS text_part,
                vector_score, vector_rank, text_score, text_rank
            FROM vector_ranked
            FULL JOIN text_ranked USING (corpus_id, id)
            {with_crossed}
        ) AS parts
    )"""
