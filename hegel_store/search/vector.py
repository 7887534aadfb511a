"""The vector channel: an iterative HNSW scan, and an exact pass where that comes up short.

A plain HNSW scan looks at ef_search neighbours and filters afterwards, so a selective filter
leaves it with nothing. The iterative scan goes on until it has enough, up to a limit of visited
tuples; the exact pass covers the rest, so that a filtered search finds what exists.
"""

from __future__ import annotations

from hegel_store.models.vectors import size_of
from hegel_store.search.spaces import strangers

EF_SEARCH = 100
MOST_EF_SEARCH = 1000
"""The highest that pgvector takes."""
FORESEEN = 8
"""How many times as much the planner expects to be read of a scan as is. It takes a visited tuple
of an HNSW index for as cheap as one of any, where it costs some four times what a fact costs that
is sorted, and more where the facts that a filter leaves are far away. So a filter that leaves 1 %
of a million facts is sorted: 24 ms and everything found, instead of 70 to 105 ms and a recall@10
of 0.91 to 0.94."""
OVERSAMPLING = 4
"""How many facts a quantised scan offers for each one that is wanted; their own vectors decide."""

SETTINGS = """
    settings AS MATERIALIZED (
        SELECT
            set_config('hnsw.iterative_scan', 'relaxed_order', true) AS scan,
            set_config('hnsw.ef_search', CAST(:ef_search AS text), true)
    )"""
"""A CTE that sets how HNSW is scanned, for the statement's transaction (SET LOCAL): for itself
alone, or, in a unit of work, until its end. A scan that does not look at ``settings.scan`` may
begin before it. Parameter: ef_search."""


def channel(conditions: str, slot: str, corpus_given: bool, quantised: bool) -> str:
    """CTEs that end in ``vector_hits`` (corpus_id, id, distance): the nearest :depth facts.

    ``exact_pass`` ends in facts without a vector, with a distance of null, where it found too few.
    Also ``stranger`` (see hegel_store.search.spaces), non-empty when vectors of another model would
    be compared, or of a slot that another one has taken the place of; nothing is compared then.
    Parameters: embedding, space, model, normalised, prefix, ef_search, depth, corpus_id
    when ``corpus_given``, and those of ``conditions``. ``quantised`` scans by the signs of the
    numbers, for which there has to be an index (docs/how-to/quantise.md), and takes the nearest of
    OVERSAMPLING times as many.

    The relaxed order of the scan is put right by sorting again.
    """
    distance = distance_of(slot)
    allowed = f"""NOT EXISTS (SELECT FROM stranger)
              AND {conditions}"""
    if quantised:
        offered = f"""offered AS MATERIALIZED (
        {nearest(allowed, slot, signs_of(slot), OVERSAMPLING)}
    ),
    """
        scan = "SELECT * FROM offered ORDER BY distance, corpus_id, id LIMIT :depth"
    else:
        offered, scan = "", nearest(allowed, slot, distance)
    return f"""{SETTINGS},
    stranger AS MATERIALIZED ({strangers(slot, corpus_given)}
    ),
    {offered}scanned AS MATERIALIZED (
        {scan}
    ),
    exact_pass AS MATERIALIZED (
        SELECT fact.corpus_id, fact.id, {distance} AS distance
        FROM hegel_facts AS fact
        WHERE {allowed}
          AND (SELECT count(*) FROM scanned) < :depth
        ORDER BY ({distance}) + 0, fact.corpus_id, fact.id
        LIMIT :depth
    ),
    vector_hits AS MATERIALIZED (
        SELECT * FROM exact_pass WHERE distance IS NOT NULL
        UNION ALL
        SELECT * FROM scanned WHERE NOT EXISTS (SELECT FROM exact_pass)
    )"""


def nearest(conditions: str, slot: str, order: str, times: int = 1) -> str:
    """The first ``times`` x :depth facts (corpus_id, id, distance) in this order, roughly.

    It reads a CTE ``settings`` (scan) first, which is SETTINGS unless the session has its own.
    """
    depth = f"CAST(:depth AS bigint) * {times}"
    return f"""SELECT near.* FROM settings, LATERAL (
            SELECT fact.corpus_id, fact.id, {distance_of(slot)} AS distance
            FROM hegel_facts AS fact
            WHERE fact.{slot} IS NOT NULL
              AND settings.scan IS NOT NULL
              AND {conditions}
            ORDER BY {order}
            LIMIT {depth} * {FORESEEN}
        ) AS near
        LIMIT {depth}"""


def distance_of(slot: str) -> str:
    """The cosine distance of ``fact`` (hegel_facts) from the query's vector."""
    return f"fact.{slot} <=> CAST(:embedding AS halfvec({size_of(slot)}))"


def signs_of(slot: str) -> str:
    """In how many signs ``fact`` differs from the query's vector (the Hamming distance)."""
    size = size_of(slot)
    return (
        f"CAST(binary_quantize(fact.{slot}) AS bit({size})) <~> "
        f"binary_quantize(CAST(:embedding AS halfvec({size})))"
    )
