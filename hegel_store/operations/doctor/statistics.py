"""Whether the planner knows the tables as they are."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from hegel_store.operations.doctor.findings import Finding, shown_seconds
from hegel_store.operations.doctor.patient import OURS, Patient, quoted

CHANGED_SHARE, CHANGED_ROWS = 0.2, 1000
"""Rows changed since ANALYZE: twice the share at which autovacuum comes by default."""
WHOLE_ROWS = 10_000
"""Steps from which a missing ANALYZE of the partitioned table is worth a word."""

STALE = text(
    f"""
    WITH ours AS ({OURS})
    SELECT ours.relname AS name, n_live_tup AS live, n_mod_since_analyze AS changed,
           CAST(extract(epoch FROM clock_timestamp() - greatest(last_analyze, last_autoanalyze))
                AS float8) AS seconds
    FROM ours JOIN pg_catalog.pg_stat_all_tables ON relid = ours.oid
    WHERE relkind <> 'p'
      AND n_mod_since_analyze > greatest(:rows, :share * greatest(n_live_tup, reltuples))
    ORDER BY n_mod_since_analyze DESC, ours.relname
    """
)
# Autovacuum analyses the months, and never the table that they are parts of.
WHOLE = text(
    f"""
    WITH ours AS ({OURS})
    SELECT whole.relname AS name, sum(n_live_tup) AS live
    FROM ours AS whole
    JOIN ours AS part ON part.root = whole.oid AND part.oid <> whole.oid
    JOIN pg_catalog.pg_stat_all_tables ON relid = part.oid
    WHERE whole.relkind = 'p' AND whole.reltuples < 0
    GROUP BY whole.relname
    HAVING sum(n_live_tup) >= :rows
    ORDER BY whole.relname
    """
)
LEFT_ALONE = text(
    f"""
    WITH ours AS ({OURS})
    SELECT relname FROM ours
    WHERE EXISTS (SELECT FROM unnest(reloptions) AS option
                  WHERE option IN ('autovacuum_enabled=false', 'autovacuum_enabled=off',
                                   'autovacuum_enabled=0', 'autovacuum_enabled=no'))
    ORDER BY relname
    """
)


def check_statistics(patient: Patient) -> Iterator[Finding]:
    """Tables that have changed much since they were analysed, or never were."""
    found = [*_stale(patient), *_never_whole(patient), *_left_alone(patient)]
    yield from found
    if not found and patient.home is not None:
        yield Finding(
            code="statistics",
            severity="ok",
            subject=patient.home,
            seen=f"no table has changed by more than {CHANGED_SHARE:.0%} since ANALYZE",
            why="The planner chooses indexes by what ANALYZE has seen.",
        )


def _stale(patient: Patient) -> Iterator[Finding]:
    rows = patient.connection.execute(
        STALE, {"home": patient.home, "rows": CHANGED_ROWS, "share": CHANGED_SHARE}
    )
    for row in rows:
        when = "never analysed" if row.seconds is None else f"{shown_seconds(row.seconds)} ago"
        yield Finding(
            code="statistics-stale",
            severity="look",
            subject=row.name,
            seen=f"{row.changed:,} changes since ANALYZE ({when}); {row.live:,} rows",
            why="The planner works with old numbers, and text searches weigh words by them.",
            remedy=f"ANALYZE {quoted(str(patient.home), row.name)};",
        )


def _never_whole(patient: Patient) -> Iterator[Finding]:
    for row in patient.connection.execute(WHOLE, {"home": patient.home, "rows": WHOLE_ROWS}):
        yield Finding(
            code="statistics-of-partitions",
            severity="look",
            subject=row.name,
            seen=f"{row.live:,} rows in its months, and the table as a whole was never analysed",
            why="Autovacuum analyses months alone; queries over several are planned by the whole.",
            remedy=f"ANALYZE {quoted(str(patient.home), row.name)};",
        )


def _left_alone(patient: Patient) -> Iterator[Finding]:
    for name in patient.connection.scalars(LEFT_ALONE, {"home": patient.home}):
        yield Finding(
            code="autovacuum-disabled",
            severity="look",
            subject=name,
            seen="autovacuum_enabled is off for this table",
            why="Nobody removes its dead rows or analyses it.",
            remedy=f"ALTER TABLE {quoted(str(patient.home), name)} RESET (autovacuum_enabled);",
        )
