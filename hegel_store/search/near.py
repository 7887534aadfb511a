"""For many new facts at once: the live ones of their corpus and label that are nearest to them.

A scan that asked for those of a label would go on until it has enough of them, long after all that
is near lies behind it. So the nearest live facts of any label are read first. Those that are wanted
are among them, unless all of these are as near as is asked for: only then are they looked for by
corpus and label.
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import TextClause, text

from hegel_store.models.vectors import size_of
from hegel_store.search.filters import LIVE
from hegel_store.search.vector import SETTINGS, key_of

FEW = 5
"""With how many facts a new one is compared."""
CROWD = 40
"""How many facts of all corpora and labels are read first."""


@lru_cache
def near_statement(slot: str) -> TextClause:
    """For each given content, what is stored of it and what is near to it in this slot.

    A row for each pair: place (from 0), id (of an equal stored content), live, label (the stored
    one's own, or the given one), vector (as text, of a stored content that none was given for and
    that is not live), near_id, near_content and similarity (0..1). These are null where nothing is
    near, and for a content that is live. Parameters: similarity, ef_search, and the arrays corpora,
    hashes, labels and embeddings (as text).
    """
    dimensions = size_of(slot)
    distance, order = f"fact.{slot} <=> wanted.embedding", f"{key_of(slot)} <=> wanted.embedding"
    live = " AND ".join(LIVE)

    def nearest(conditions: str, limit: int) -> str:
        return f"""
            SELECT
                fact.corpus_id, fact.id, fact.label_id, fact.content,
                least(greatest(1 - ({distance}), 0), 1) AS similarity
            FROM hegel_facts AS fact
            WHERE fact.{slot} IS NOT NULL AND settings.scan IS NOT NULL
              AND {live}
              AND {conditions}
            ORDER BY {order}
            LIMIT {limit}"""

    in_crowd = "(SELECT so FROM crowded) AND fact.corpus_id = wanted.corpus_id"
    return text(
        f"""
    WITH {SETTINGS},
    known AS MATERIALIZED (
        SELECT
            new.place - 1 AS place, new.corpus_id, fact.id,
            fact.id IS NOT NULL AND {live} AS live,
            coalesce(own.name, new.label) AS label,
            coalesce(fact.label_id, given.id) AS label_id,
            coalesce(fact.{slot}, CAST(new.embedding AS halfvec({dimensions}))) AS embedding,
            new.embedding IS NULL AS unknown_here
        FROM unnest(
            CAST(:corpora AS text[]), CAST(:hashes AS bytea[]),
            CAST(:labels AS text[]), CAST(:embeddings AS text[])
        ) WITH ORDINALITY AS new (corpus_id, hash, label, embedding, place)
        LEFT JOIN hegel_facts AS fact
          ON fact.corpus_id = new.corpus_id AND fact.content_hash = new.hash
         AND fact.deleted_at IS NULL
        LEFT JOIN hegel_labels AS own
          ON own.corpus_id = fact.corpus_id AND own.id = fact.label_id
        LEFT JOIN hegel_labels AS given
          ON given.corpus_id = new.corpus_id AND given.name = new.label
         AND given.kind = 'general' AND given.deleted_at IS NULL
    ),
    wanted AS MATERIALIZED (
        -- A label that is new has no facts yet.
        SELECT
            *,
            NOT live AND embedding IS NOT NULL AND (label_id IS NULL) = (label IS NULL) AS judged
        FROM known
    )
    SELECT
        wanted.place, wanted.id, wanted.live, wanted.label,
        CASE WHEN wanted.unknown_here AND NOT wanted.live THEN CAST(wanted.embedding AS text) END
            AS vector,
        near.id AS near_id, near.content AS near_content, near.similarity
    FROM settings CROSS JOIN wanted
    LEFT JOIN LATERAL (
        WITH crowd AS MATERIALIZED ({nearest("wanted.judged", CROWD)}
        ),
        crowded AS MATERIALIZED (
            SELECT count(*) = {CROWD} AS so FROM crowd WHERE similarity >= :similarity
        )
        SELECT id, content, similarity
        FROM (
            SELECT * FROM crowd
            WHERE NOT (SELECT so FROM crowded) AND corpus_id = wanted.corpus_id
              AND label_id IS NOT DISTINCT FROM wanted.label_id
            UNION ALL
            ({nearest(f"{in_crowd} AND fact.label_id = wanted.label_id", FEW)})
            UNION ALL
            ({nearest(f"{in_crowd} AND wanted.label_id IS NULL AND fact.label_id IS NULL", FEW)})
        ) AS nearest
        WHERE similarity >= :similarity
        ORDER BY similarity DESC, id
        LIMIT {FEW}
    ) AS near ON true
    """
    )
