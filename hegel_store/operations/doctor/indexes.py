"""Indexes that are invalid, missing, not used, or there twice."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from sqlalchemy import MetaData, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint, CreateIndex

from hegel_store.migrate.versions import current_revision, known_revisions
from hegel_store.operations.doctor.findings import Finding, shown_bytes
from hegel_store.operations.doctor.patient import OURS, Patient, quoted
from hegel_store.operations.vector_indexes.catalog import kept_name
from hegel_store.schema import metadata

BUSY = 1000
"""Scans of a table after which an index that served none of them may be called unused."""
WORTH_BYTES = 1 << 20
"""A smaller index costs next to nothing."""

INVALID = text(
    f"""
    WITH ours AS ({OURS})
    SELECT index.relname AS name, ours.relname AS table, index.relkind = 'I' AS is_partitioned,
           EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index
                   WHERE index_relid = index.oid) AS is_being_built
    FROM ours
    JOIN pg_catalog.pg_index ON indrelid = ours.oid
    JOIN pg_catalog.pg_class AS index ON index.oid = indexrelid
    WHERE NOT (indisvalid AND indisready AND indislive)
    ORDER BY index.relname
    """
)
NAMES = text(
    """
    SELECT relname FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = CAST(:home AS name) AND relkind IN ('r', 'p', 'i', 'I')
    """
)
# The parts of an index over months count together: old months are hardly read.
USE = text(
    f"""
    WITH ours AS ({OURS}),
    scanned AS (
        SELECT root, sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0)) AS scans
        FROM ours LEFT JOIN pg_catalog.pg_stat_all_tables ON relid = ours.oid
        GROUP BY root
    ),
    used AS (
        SELECT coalesce(pg_partition_root(indexrelid), indexrelid) AS oid, root,
               sum(coalesce(idx_scan, 0)) AS scans, sum(pg_relation_size(indexrelid)) AS bytes
        FROM ours
        JOIN pg_catalog.pg_index ON indrelid = ours.oid
        LEFT JOIN pg_catalog.pg_stat_all_indexes USING (indexrelid)
        WHERE indisvalid
        GROUP BY 1, 2
    )
    SELECT index.relname AS name, CAST(root AS regclass) AS table, used.bytes, scanned.scans
    FROM used
    JOIN scanned USING (root)
    JOIN pg_catalog.pg_class AS index ON index.oid = used.oid
    JOIN pg_catalog.pg_index ON indexrelid = used.oid
    WHERE used.scans = 0 AND NOT indisunique AND used.bytes >= :bytes AND scanned.scans >= :busy
    ORDER BY used.bytes DESC, index.relname
    """
)
# Not by their parameters: two HNSW indexes of a column serve the same searches.
DUPLICATES = text(
    f"""
    WITH ours AS ({OURS})
    SELECT ours.relname AS table,
           array_agg(index.relname ORDER BY indisunique DESC, index.relname) AS names,
           array_agg(index.relname ORDER BY index.relname) FILTER (WHERE indisunique) AS unique,
           sum(pg_relation_size(indexrelid)) / count(*) AS bytes
    FROM ours
    JOIN pg_catalog.pg_index ON indrelid = ours.oid
    JOIN pg_catalog.pg_class AS index ON index.oid = indexrelid
    WHERE indisvalid
    GROUP BY ours.oid, ours.relname, relam, indkey, indnkeyatts, indclass, indcollation, indoption,
             pg_get_expr(indexprs, indrelid), pg_get_expr(indpred, indrelid)
    HAVING count(*) > 1 AND NOT bool_and(index.relispartition)
    ORDER BY ours.relname, names
    """
)


def check_indexes(patient: Patient) -> Iterator[Finding]:
    """Every fault of an index that the catalog and the counters show."""
    found = [
        *_invalid(patient),
        *_missing(patient),
        *_kept(patient),
        *_unused(patient),
        *_duplicates(patient),
    ]
    yield from found
    if not found and patient.home is not None:
        yield Finding(
            code="indexes",
            severity="ok",
            subject=patient.home,
            seen=f"all {len(declared_indexes())} of the schema are there and valid",
            why="Each query has the index that it was written for.",
        )


@cache
def declared_indexes(described: MetaData = metadata) -> dict[str, str]:
    """The indexes of the tables, those of keys included, by name: the statement that makes each."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    made = {}
    for table in described.sorted_tables:
        whole = table.dialect_options["postgresql"]["partition_by"] is None
        for index in table.indexes:
            statement = str(CreateIndex(index).compile(dialect=dialect))
            # No partitioned table allows it, and any other is not to be locked meanwhile.
            how = "INDEX CONCURRENTLY " if whole else "INDEX "
            made[str(index.name)] = statement.replace("INDEX ", how, 1)
        for key in table.constraints:
            if isinstance(key, PrimaryKeyConstraint | UniqueConstraint):
                name = dialect.identifier_preparer.format_constraint(key)
                made[str(name)] = str(
                    # Or the key would be left out of every CREATE TABLE from then on.
                    AddConstraint(key, isolate_from_table=False).compile(dialect=dialect)
                )
    return {name: " ".join(statement.split()) + ";" for name, statement in made.items()}


def _invalid(patient: Patient) -> Iterator[Finding]:
    for row in patient.connection.execute(INVALID, {"home": patient.home}):
        if row.is_being_built:
            yield Finding(
                code="index-being-built",
                severity="ok",
                subject=row.name,
                seen=f"an index of {row.table} is being built now",
                why="It serves nobody before it is done.",
                remedy="SELECT * FROM pg_stat_progress_create_index;",
            )
            continue
        name = quoted(str(patient.home), row.name)
        remedy = f"DROP INDEX CONCURRENTLY {name};"
        if row.name in declared_indexes():
            remedy = f"REINDEX INDEX CONCURRENTLY {name};"
            if row.is_partitioned:
                remedy = f"DROP INDEX {name}; {declared_indexes()[row.name]}"
        yield Finding(
            code="index-invalid",
            severity="act",
            subject=row.name,
            seen=f"an index of {row.table} is INVALID: its build was interrupted",
            why="No query uses it, and every write goes on paying for it.",
            remedy=remedy,
        )


def _missing(patient: Patient) -> Iterator[Finding]:
    """At this package's head alone: another revision has other indexes."""
    if patient.home is None or current_revision(patient.connection) != known_revisions()[-1]:
        return
    there = set(patient.connection.scalars(NAMES, {"home": patient.home}))
    for table in metadata.sorted_tables:
        if table.name not in there:
            yield Finding(
                code="table-missing",
                severity="act",
                subject=table.name,
                seen="the schema is migrated, and has no such table",
                why="Calls that need it fail; somebody has dropped it.",
                remedy=f'pg_restore --table={table.name} --dbname="$DATABASE_URL" the latest dump',
            )
    gone = {table.name for table in metadata.sorted_tables} - there
    for name, statement in declared_indexes().items():
        if name not in there and not any(f" {table} " in statement for table in gone):
            yield Finding(
                code="index-missing",
                severity="act",
                subject=name,
                seen="the schema is migrated, and has no such index",
                why="Queries that were written for it read the whole table, and a key that it "
                "guarded is not guarded.",
                remedy=statement,
            )


def _kept(patient: Patient) -> Iterator[Finding]:
    there = set(patient.connection.scalars(NAMES, {"home": patient.home}))
    for name in declared_indexes():
        if kept_name(name) in there:
            yield Finding(
                code="index-kept",
                severity="look",
                subject=kept_name(name),
                seen=f"what was {name} before the last rebuild is still there",
                why="It is for going back (hegel-store index rollback). Each write pays for it.",
                remedy=f"hegel-store index drop-old {name}",
            )


def _unused(patient: Patient) -> Iterator[Finding]:
    rows = patient.connection.execute(
        USE, {"home": patient.home, "bytes": WORTH_BYTES, "busy": BUSY}
    ).all()
    own = [row for row in rows if row.name in declared_indexes()]
    kept = {kept_name(name) for name in declared_indexes()}
    for row in rows:
        if row.name not in kept and row.name not in declared_indexes():
            yield Finding(
                code="index-unused",
                severity="look",
                subject=row.name,
                seen=f"{shown_bytes(row.bytes)}, and none of {row.scans:,} scans of {row.table}",
                why="Each write pays for it. It is not of this package's schema; a standby that "
                "uses it counts for itself.",
                remedy=f"DROP INDEX CONCURRENTLY {quoted(str(patient.home), row.name)};",
            )
    if own:
        yield Finding(
            code="indexes-idle",
            severity="ok",
            subject=str(patient.home),
            seen=f"{len(own)} of this package's indexes ({shown_bytes(sum(r.bytes for r in own))}) "
            f"served no scan yet: {', '.join(row.name for row in own)}",
            why="They are for calls that this application does not make; revisions expect them.",
        )


def _duplicates(patient: Patient) -> Iterator[Finding]:
    for row in patient.connection.execute(DUPLICATES, {"home": patient.home}):
        spare = [name for name in row.names if name not in declared_indexes()]
        spare = [name for name in spare if name not in (row.unique or ())] or spare[1:]
        if not spare:
            continue
        yield Finding(
            code="index-duplicate",
            severity="look",
            subject=spare[-1],
            seen=f"{row.table} has the same index {len(row.names)} times: {', '.join(row.names)} "
            f"({shown_bytes(row.bytes)} each)",
            why="One of them would serve all queries; each write pays for all of them.",
            remedy=f"DROP INDEX CONCURRENTLY {quoted(str(patient.home), spare[-1])};",
        )
