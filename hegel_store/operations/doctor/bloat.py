"""Room in tables and indexes that holds no live row.

Estimated from the catalog: live rows times the width that ANALYZE has seen, beside the pages that
are there. Where pgstattuple is installed, what looks bloated is measured with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Row, TextClause, exc, text

from hegel_store.operations.doctor.findings import Finding, shown_bytes
from hegel_store.operations.doctor.patient import OURS, Patient, quoted

WASTED_SHARE = {"heap": 0.5, "hnsw": 0.5, "btree": 0.65}
"""A btree that is filled from its left end, as one by falling time, is half empty for ever."""
WASTED_BYTES = 10 << 20
"""Both have to be exceeded: half of a small table is nothing, a tenth of a large one is usual."""
MEASURED_BYTES = 8 << 30
"""Larger ones are not read through to be measured."""

# A page has a header of 24 bytes, a row one of 24 to 32 and a pointer of 4, and is aligned to 8.
# Counters may have been lost in a crash: then what the last ANALYZE saw has to do.
LIVE = """
    CASE WHEN n_live_tup = 0 AND n_dead_tup = 0 THEN greatest(ours.reltuples, 0) ELSE n_live_tup END
"""
WIDTHS = """
    SELECT tablename, attname, null_frac, avg_width
    FROM pg_catalog.pg_stats WHERE schemaname = CAST(:home AS name) AND NOT inherited
"""
TABLES = text(
    f"""
    WITH ours AS ({OURS}),
    widths AS ({WIDTHS}),
    rows AS (
        SELECT tablename, sum((1 - null_frac) * avg_width) AS width, count(*) AS columns
        FROM widths GROUP BY tablename
    )
    SELECT ours.oid, ours.relname AS name, 'heap' AS method, NULL AS "table", bytes, live,
           n_dead_tup AS dead,
           ceil(
               live * (8 * ceil((24 + 8 * ceil(greatest(columns - 8, 0) / 64.0) + width) / 8) + 4)
               / (8168 * coalesce(
                   (SELECT CAST(option_value AS float8) FROM pg_options_to_table(reloptions)
                    WHERE option_name = 'fillfactor'), 100) / 100)
           ) * 8192 AS expected
    FROM ours
    JOIN pg_catalog.pg_stat_all_tables ON relid = ours.oid
    JOIN rows ON tablename = ours.relname
    CROSS JOIN LATERAL (SELECT {LIVE} AS live, pg_relation_size(ours.oid) AS bytes) AS size
    WHERE relkind = 'r'
    ORDER BY ours.relname
    """
)
# A btree entry has 8 bytes besides its columns, and leaves are filled to 90 %; pages of 8,176 less
# 16. An HNSW element has 72 bytes and its vector, its neighbours 4 bytes and 6 for each of two
# times m; both on one page, which is 8,160 (pgvector's hnsw.h). Columns that are null have none.
# GIN indexes hold lists of rows under each word, which nothing in the catalog gives the size of.
INDEXES = text(
    f"""
    WITH ours AS ({OURS}),
    widths AS ({WIDTHS}),
    shapes AS (
        SELECT ours.relname AS "table", index.oid, index.relname AS name, amname AS method,
               pg_relation_size(index.oid) AS bytes, {LIVE} AS live,
               least(1.0, greatest(index.reltuples, 0) / greatest(ours.reltuples, 1)) AS part,
               coalesce((SELECT CAST(option_value AS int)
                         FROM pg_options_to_table(index.reloptions) WHERE option_name = 'm'), 16)
                   AS m,
               (SELECT sum((1 - null_frac) * avg_width)
                FROM pg_catalog.pg_attribute
                JOIN widths ON tablename = ours.relname AND widths.attname = pg_attribute.attname
                WHERE attrelid = indrelid AND attnum = ANY (indkey)) AS width,
               (SELECT 1 - null_frac FROM pg_catalog.pg_attribute
                JOIN widths ON tablename = ours.relname AND widths.attname = pg_attribute.attname
                WHERE attrelid = indrelid AND attnum = indkey[0]) AS filled,
               (SELECT CASE WHEN typname = 'halfvec' THEN 2 ELSE 4 END * atttypmod
                FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_type ON pg_type.oid = atttypid
                WHERE attrelid = indrelid AND attnum = indkey[0]
                  AND typname IN ('halfvec', 'vector') AND atttypmod > 0) AS numbers
        FROM ours
        JOIN pg_catalog.pg_stat_all_tables ON relid = ours.oid
        JOIN pg_catalog.pg_index ON indrelid = ours.oid AND indisvalid AND indexprs IS NULL
        JOIN pg_catalog.pg_class AS index ON index.oid = indexrelid
        JOIN pg_catalog.pg_am ON pg_am.oid = index.relam
        WHERE amname IN ('btree', 'hnsw') AND index.relkind = 'i'
    )
    SELECT oid, name, method, "table", bytes, live, NULL AS dead,
           8192 * CASE method
               WHEN 'btree' THEN ceil(live * part * (8 * ceil((8 + width) / 8) + 4) / 7344) + 1
               ELSE ceil(live * filled / greatest(1, floor(
                   8160 / (8 * ceil((80 + numbers) / 8.0) + 8 * ceil((4 + 12 * m) / 8.0) + 8)))) + 1
           END AS expected
    FROM shapes
    ORDER BY name
    """
)
PGSTATTUPLE = text(
    """
    SELECT nspname FROM pg_catalog.pg_extension
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = extnamespace
    WHERE extname = 'pgstattuple'
    """
)


def measure_table(schema: str) -> TextClause:
    """The share of a table's room (0..1) that is free or dead, by pgstattuple in ``schema``."""
    return text(
        "SELECT (approx_free_percent + dead_tuple_percent) / 100 "
        f"FROM {_function(schema, 'pgstattuple_approx')}(CAST(:oid AS oid))"
    )


def measure_btree(schema: str) -> TextClause:
    """The share of a btree's room (0..1) that is not filled, beyond the usual 10 %."""
    return text(
        "SELECT greatest(0, 1 - leaf_pages * coalesce(nullif(avg_leaf_density, 'NaN'), 0) / 90 "
        f"/ greatest(index_size / 8192, 1)) "
        f"FROM {_function(schema, 'pgstatindex')}(CAST(:oid AS oid))"
    )


def _function(schema: str, name: str) -> str:
    """Quoted; a colon in it is none of a parameter."""
    return quoted(schema, name).replace(":", "\\:")


def check_bloat(patient: Patient) -> Iterator[Finding]:
    """Tables and btree and HNSW indexes with more room than their rows need."""
    connection = patient.connection
    rows = [
        *connection.execute(TABLES, {"home": patient.home}),
        *connection.execute(INDEXES, {"home": patient.home}),
    ]
    schema = connection.scalar(PGSTATTUPLE)
    suspects = [row for row in rows if row.expected is not None and _is_wasteful(row, _share(row))]
    some = False
    for row in suspects:
        measured = None if schema is None else _measured(patient, str(schema), row)
        if measured is None or _is_wasteful(row, measured):
            some = True
            yield _finding(patient, row, measured)
    if not some and patient.home is not None:
        yield Finding(
            code="bloat",
            severity="ok",
            subject=patient.home,
            seen=f"an estimate over {len(rows)} tables and indexes finds none with much empty room"
            " (GIN indexes cannot be estimated)",
            why="Empty room is read and cached like the rest.",
        )


def _share(row: Row[tuple[object, ...]]) -> float:
    return max(0.0, 1 - float(row.expected) / row.bytes) if row.bytes else 0.0


def _is_wasteful(row: Row[tuple[object, ...]], share: float) -> bool:
    return share >= WASTED_SHARE[row.method] and share * row.bytes >= WASTED_BYTES


def _measured(patient: Patient, schema: str, row: Row[tuple[object, ...]]) -> float | None:
    """None where it cannot be: too large, not allowed, or no way to measure the method."""
    measure = {"heap": measure_table, "btree": measure_btree}.get(row.method)
    if measure is None or row.bytes > MEASURED_BYTES:
        return None
    try:
        with patient.connection.begin_nested():
            return float(patient.connection.execute(measure(schema), {"oid": row.oid}).scalar_one())
    except exc.DBAPIError:
        if patient.connection.invalidated:
            raise
        return None


def _finding(patient: Patient, row: Row[tuple[object, ...]], measured: float | None) -> Finding:
    share = _share(row) if measured is None else measured
    how = "estimated from the catalog" if measured is None else "measured with pgstattuple"
    name = quoted(str(patient.home), row.name)
    is_table = row.method == "heap"
    return Finding(
        code="table-bloat" if is_table else "index-bloat",
        severity="look",
        subject=row.name,
        seen=f"{shown_bytes(share * row.bytes)} of {shown_bytes(row.bytes)} ({share:.0%}) hold no "
        f"live row, {how}; {row.live:,.0f} live rows, {row.dead or 0:,} dead",
        why="It is read, cached and searched through like the rest."
        if is_table
        else f"Scans of this {row.method} index read more pages than its rows need.",
        remedy=f"VACUUM (ANALYZE) {name};"
        "  -- frees it for new rows; VACUUM FULL gives it back, and locks the table"
        if is_table
        else f"REINDEX INDEX CONCURRENTLY {name};",
    )
