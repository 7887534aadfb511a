"""The vector channel: an iterative HNSW scan, and an exact pass where that comes up short.

A plain HNSW scan looks at ef_search neighbours and filters afterwards, so a selective filter
leaves it with nothing. The iterative scan goes on until it has enough, up to a limit of visited
tuples; the exact pass covers the rest, so that a filtered search finds what exists.
"""

from __future__ import annotations

from hegel_store.models.vectors import has_key_function, key_function, size_of
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

PROBES = 40
"""How many lists of an IVFFlat index are read, where nothing else was measured to do. The most that
is advised for any number of facts (hegel_store.operations.vector_indexes.planning)."""

NOTE_BEGINS = '{"hegel_store": "vector index"'
"""How the comment of an index begins that is a note of ours; another one is not read."""

SETTINGS = f"""
    settings AS MATERIALIZED (
        SELECT
            set_config('hnsw.iterative_scan', 'relaxed_order', true) AS scan,
            set_config('hnsw.ef_search', CAST(:ef_search AS text), true),
            set_config('ivfflat.iterative_scan', 'relaxed_order', true),
            set_config('ivfflat.probes', '{PROBES}', true)
    )"""
"""A CTE that sets how HNSW is scanned, for the statement's transaction (SET LOCAL): for itself
alone, or, in a unit of work, until its end. A scan that does not look at ``settings.scan`` may
begin before it. Parameter: ef_search."""


def settings_for_recall(slot: str) -> str:
    """SETTINGS by what was measured of the index that serves: the smallest ef_search (or number of
    probes) that had the wanted recall for as many facts or more, or the largest that was tried.

    What was measured stands in the comment of the index (see
    hegel_store.operations.vector_indexes.notes), as ``{"effort": "ef_search", "recall": {"10":
    {"40": 0.97, ...}, ...}}``; where there is nothing of the kind, the statement's own ef_search
    and PROBES are used. Parameters: ef_search, recall and limit.
    """
    return f"""
    notes AS MATERIALIZED (
        SELECT CASE
            WHEN starts_with(said, '{NOTE_BEGINS}') AND pg_input_is_valid(said, 'jsonb')
            THEN CAST(said AS jsonb)
        END AS note
        FROM obj_description(to_regclass('{index_of(slot)}'), 'pg_class') AS said
    ),
    tried AS MATERIALIZED (
        SELECT
            note ->> 'effort' AS effort, CAST(facts.key AS int) AS facts,
            CAST(each.key AS int) AS amount, CAST(each.value AS float8) AS reached
        FROM notes, jsonb_each(note -> 'recall') AS facts, jsonb_each_text(facts.value) AS each
        WHERE CAST(facts.key AS int) >= :limit
    ),
    enough AS MATERIALIZED (
        SELECT
            effort,
            coalesce(min(amount) FILTER (WHERE reached >= :recall), max(amount)) AS amount
        FROM tried WHERE facts = (SELECT min(facts) FROM tried)
        GROUP BY effort
    ),
    settings AS MATERIALIZED (
        SELECT
            set_config('hnsw.iterative_scan', 'relaxed_order', true) AS scan,
            set_config('hnsw.ef_search', CAST(coalesce(
                (SELECT greatest(amount, least(:limit, {MOST_EF_SEARCH}))
                 FROM enough WHERE effort = 'ef_search'),
                :ef_search
            ) AS text), true),
            set_config('ivfflat.iterative_scan', 'relaxed_order', true),
            set_config('ivfflat.probes', CAST(coalesce(
                (SELECT amount FROM enough WHERE effort = 'probes'), {PROBES}
            ) AS text), true)
    )"""


def index_of(slot: str) -> str:
    """The name of the index that serves the searches in this column."""
    return f"idx_hegel_facts_{slot}"


def channel(
    conditions: str, slot: str, corpus_given: bool, quantised: bool, by_recall: bool = False
) -> str:
    """CTEs that end in ``vector_hits`` (corpus_id, id, distance): the nearest :depth facts.

    ``exact_pass`` ends in facts without a vector, with a distance of null, where it found too few.
    Also ``stranger`` (see hegel_store.search.spaces), non-empty when vectors of another model would
    be compared, or of a slot that another one has taken the place of; nothing is compared then.
    Parameters: embedding, space, model, normalised, prefix, ef_search, depth, corpus_id
    when ``corpus_given``, recall and limit when ``by_recall`` (see settings_for_recall()), and
    those of ``conditions``. ``quantised`` scans by the signs of the
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
        offered, scan = "", nearest(allowed, slot, order_of(slot))
    return f"""{settings_for_recall(slot) if by_recall else SETTINGS},
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


def key_of(slot: str) -> str:
    """The vector of ``fact`` as its index knows it: the same value, as the expression that the
    index which serves is of (see hegel_store.schema.vector_keys)."""
    return f"{key_function(slot)}(fact.{slot})" if has_key_function(slot) else f"fact.{slot}"


def order_of(slot: str) -> str:
    """The same as distance_of(), for the planner to find the index that serves."""
    return f"{key_of(slot)} <=> CAST(:embedding AS halfvec({size_of(slot)}))"


def signs_of(slot: str) -> str:
    """In how many signs ``fact`` differs from the query's vector (the Hamming distance)."""
    size = size_of(slot)
    return (
        f"CAST(binary_quantize(fact.{slot}) AS bit({size})) <~> "
        f"binary_quantize(CAST(:embedding AS halfvec({size})))"
    )
