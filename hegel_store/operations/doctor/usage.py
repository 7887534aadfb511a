"""How tables are read, whether from memory, and how they grow."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from hegel_store.operations.doctor.findings import Finding, shown_bytes
from hegel_store.operations.doctor.patient import OURS, Patient, quoted

SCANNED_ROWS = 10_000
"""A smaller table is read as fast as its index."""
SCANS = 1000
SEQUENTIAL_SHARE = 0.5
HIT_SHARE = 0.95
READ_BLOCKS = 10_000
"""80 MB: with fewer, the ratio is that of a start."""
SHOWN = 6

TABLE_SCANS = text(
    f"""
    WITH ours AS ({OURS})
    SELECT whole.relname AS name, sum(coalesce(seq_scan, 0)) AS sequential,
           sum(coalesce(idx_scan, 0)) AS by_index, sum(coalesce(seq_tup_read, 0)) AS rows_read,
           sum(coalesce(n_live_tup, 0)) AS live
    FROM ours
    JOIN pg_catalog.pg_class AS whole ON whole.oid = ours.root
    LEFT JOIN pg_catalog.pg_stat_all_tables ON relid = ours.oid
    GROUP BY whole.relname
    ORDER BY rows_read DESC, whole.relname
    """
)
CACHE = text(
    f"""
    WITH ours AS ({OURS})
    SELECT sum(coalesce(heap_blks_hit, 0) + coalesce(idx_blks_hit, 0)
               + coalesce(toast_blks_hit, 0) + coalesce(tidx_blks_hit, 0)) AS hit,
           sum(coalesce(heap_blks_read, 0) + coalesce(idx_blks_read, 0)
               + coalesce(toast_blks_read, 0) + coalesce(tidx_blks_read, 0)) AS missed,
           current_setting('shared_buffers') AS shared_buffers
    FROM ours JOIN pg_catalog.pg_statio_all_tables ON relid = ours.oid
    """
)
SIZES = text(
    f"""
    WITH ours AS ({OURS})
    SELECT whole.relname AS name, count(*) FILTER (WHERE ours.relispartition) AS parts,
           sum(pg_total_relation_size(ours.oid)) AS bytes,
           sum(greatest(coalesce(n_live_tup, 0), 0)) AS live,
           sum(coalesce(n_tup_ins, 0)) AS inserted,
           (SELECT CAST(extract(epoch FROM clock_timestamp()
                                - coalesce(stats_reset, pg_postmaster_start_time())) / 86400
                        AS float8)
            FROM pg_catalog.pg_stat_database WHERE datname = current_database()) AS days
    FROM ours
    JOIN pg_catalog.pg_class AS whole ON whole.oid = ours.root
    LEFT JOIN pg_catalog.pg_stat_all_tables ON relid = ours.oid
    GROUP BY whole.relname
    ORDER BY bytes DESC, whole.relname
    """
)
MONTHS = text(
    f"""
    WITH ours AS ({OURS})
    SELECT ours.relname AS name, pg_total_relation_size(ours.oid) AS bytes, n_live_tup AS live
    FROM ours
    JOIN pg_catalog.pg_class AS whole ON whole.oid = root AND whole.relname = 'hegel_training_steps'
    JOIN pg_catalog.pg_stat_all_tables ON relid = ours.oid
    WHERE ours.relispartition
    ORDER BY ours.relname DESC
    """
)


def check_scans(patient: Patient) -> Iterator[Finding]:
    """Sequential scans beside those by an index, for each table; months count for their table."""
    rows = patient.connection.execute(TABLE_SCANS, {"home": patient.home}).all()
    for row in rows:
        total = row.sequential + row.by_index
        share = row.sequential / total if total else 0
        if row.live >= SCANNED_ROWS and row.sequential >= SCANS and share >= SEQUENTIAL_SHARE:
            yield Finding(
                code="table-scans-sequential",
                severity="look",
                subject=row.name,
                seen=f"{row.sequential:,} of {total:,} scans ({share:.0%}) read all of it: "
                f"{row.rows_read:,} rows read, {row.live:,} rows in it",
                why="A query has no index that fits it, or the planner's numbers are old.",
                remedy=f"ANALYZE {quoted(str(patient.home), row.name)};"
                "  -- and if that changes nothing: CREATE EXTENSION pg_stat_statements;",
            )
    if rows:
        most = [
            f"{row.name} {row.sequential:,}/{row.by_index:,}"
            for row in rows
            if row.sequential + row.by_index
        ]
        yield Finding(
            code="table-scans",
            severity="ok",
            subject=str(patient.home),
            seen=f"sequential/by index: {', '.join(most) or 'none yet'}",
            why="Large tables should be read by their indexes; of months, each scan counts.",
        )


def check_cache(patient: Patient) -> Iterator[Finding]:
    """How many of the pages that were wanted were in shared_buffers."""
    row = patient.connection.execute(CACHE, {"home": patient.home}).one()
    wanted = (row.hit or 0) + (row.missed or 0)
    if not wanted:
        return
    share = row.hit / wanted
    poor = row.missed >= READ_BLOCKS and share < HIT_SHARE
    yield Finding(
        code="cache-misses" if poor else "cache",
        severity="look" if poor else "ok",
        subject="shared_buffers",
        seen=f"{share:.1%} of {wanted:,} pages were in memory; shared_buffers {row.shared_buffers}",
        why="Pages that are not come from the kernel's cache or the disk.",
        remedy="hegel-store settings plan" if poor else "nothing to do",
    )


def check_growth(patient: Patient) -> Iterator[Finding]:
    """Sizes, rows and how many are added in a day; of steps, the last months beside each other."""
    rows = patient.connection.execute(SIZES, {"home": patient.home}).all()
    if not rows:
        return
    largest = [
        f"{row.name} {shown_bytes(row.bytes)} ({row.live:,} rows"
        + (f", {row.inserted / row.days:,.0f} a day)" if row.days and row.days >= 1 else ")")
        for row in rows[:SHOWN]
    ]
    yield Finding(
        code="growth",
        severity="ok",
        subject=str(patient.home),
        seen=f"{shown_bytes(sum(row.bytes for row in rows))}: {', '.join(largest)}",
        why="Indexes and TOAST included; rows are the server's estimate, added ones those since "
        "its counters began.",
    )
    months = patient.connection.execute(MONTHS, {"home": patient.home}).all()
    if months:
        latest = [f"{each.name[-7:]} {each.live:,} ({shown_bytes(each.bytes)})" for each in months]
        yield Finding(
            code="growth-of-steps",
            severity="ok",
            subject="hegel_training_steps",
            seen=f"{len(months)} months; steps: {', '.join(latest[:SHOWN])}",
            why="Old months can leave the database for files.",
            remedy=f"hegel-store archive {months[-1].name[-7:].replace('_', '-')}",
        )
