"""Indexes that are larger than their rows need, built anew beside themselves.

GIN never gives back the pages of words that are gone, and HNSW keeps the places of deleted vectors
for new ones: after many changes or a purge both stay large, and are read in vain. How large a fresh
one would be is measured: the same index is built over a sample of the rows in a temporary table,
and counted up. For HNSW that is exact to a few per cent, as each vector takes the same room. For
GIN it is too much, as words that recur take less room the more rows there are: an index is then
left alone rather than built anew in vain.
"""

from __future__ import annotations

from contextlib import suppress

from psycopg import sql
from sqlalchemy import Connection, Row, TextClause, text

from hegel_store.errors import DatabaseError, PermissionDenied
from hegel_store.failures import NO_RIGHT
from hegel_store.operations.maintenance.work import ENDS, Found, Work

SAMPLE = {"gin": 10_000, "hnsw": 2_000}
"""Rows, so that the sample's index is built in about a second."""

SMALLEST = 5 * 8192
"""Bytes of an index with nothing in it, at most."""

TIDYING_SECONDS = 20.0
"""For removing what a rebuilding that was broken off has left, also when its time is over: while
there are readers who are older, it waits for them."""

HOME = """
    SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = CAST('hegel_facts' AS regclass)"""

LARGE = text(
    f"""
    SELECT
        home.nspname AS schema, index.relname AS name, of.relname AS table_name,
        amname AS method, pg_relation_size(indexrelid) AS bytes, greatest(of.reltuples, 0) AS rows,
        pg_get_indexdef(indexrelid) AS definition,
        pg_has_role(of.relowner, 'USAGE') AS is_allowed
    FROM pg_catalog.pg_index
    JOIN pg_catalog.pg_class AS index ON index.oid = indexrelid
    JOIN pg_catalog.pg_class AS of ON of.oid = indrelid
    JOIN pg_catalog.pg_namespace AS home ON home.oid = index.relnamespace
    JOIN pg_catalog.pg_am ON pg_am.oid = index.relam
    WHERE amname IN ('gin', 'hnsw') AND index.relkind = 'i' AND indisvalid
      AND of.relname ~ '^hegel_' AND of.relnamespace = ({HOME})
      AND pg_relation_size(indexrelid) >= :least
    ORDER BY pg_relation_size(indexrelid) DESC, index.relname
    """
)
# By name: what is built anew is another relation.
SIZE = text(
    """
    SELECT pg_relation_size(
        CAST(quote_ident(:schema) || '.' || quote_ident(:name) AS regclass)
    )
    """
)

# The server names them after the index. One that is being built just now, be it by the server's
# process of a client that was killed, is none.
LEFTOVERS = text(
    f"""
    SELECT home.nspname AS schema, index.relname AS name,
        pg_has_role(of.relowner, 'USAGE') AS is_allowed
    FROM pg_catalog.pg_index
    JOIN pg_catalog.pg_class AS index ON index.oid = indexrelid
    JOIN pg_catalog.pg_class AS of ON of.oid = indrelid
    JOIN pg_catalog.pg_namespace AS home ON home.oid = index.relnamespace
    WHERE NOT indisvalid AND index.relkind = 'i' AND index.relname ~ '_cc(new|old)[0-9]*$'
      AND of.relname ~ '^hegel_' AND of.relnamespace = ({HOME})
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_locks
          JOIN pg_catalog.pg_stat_progress_create_index USING (pid)
          WHERE locktype = 'relation' AND relation = indrelid AND granted
            AND mode = 'ShareUpdateExclusiveLock'
            AND database = (
                SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()
            )
      )
    ORDER BY index.relname
    """
)

REINDEX = sql.SQL("REINDEX INDEX CONCURRENTLY {}")
DROP = sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}")


def drop_leftovers(work: Work) -> Found:
    """What a rebuilding that was broken off or killed has left: invalid, kept up to date all the
    same by everybody who writes, and never read."""
    with work.transaction() as connection:
        rows = connection.execute(LEFTOVERS).all()
    if not rows:
        return Found("nothing due", "no interrupted rebuilding has left anything")
    why = f"an interrupted rebuilding has left {', '.join(row.name for row in rows)}"
    if work.dry_run:
        return Found("due", why)
    did: list[str] = []
    for row in rows:
        _require_owner(row)
        statement = DROP.format(sql.Identifier(row.schema, row.name))
        work.alone(statement, seconds=min(work.left, TIDYING_SECONDS))
        did.append(f"dropped {row.name}")
    return Found("done", why, did)


def reindex(work: Work) -> Found:
    """REINDEX CONCURRENTLY of GIN and HNSW indexes that are bloated, the largest first."""
    with work.transaction() as connection:
        rows = connection.execute(LARGE, {"least": work.rules.reindex_from}).all()
    did: list[str] = []
    bloated = 0
    try:
        for row in rows:
            work.give_way()  # a sample is built over, too
            with work.transaction() as connection:
                fresh = fresh_size(connection, row)
                connection.rollback()
            if row.bytes < work.rules.reindex_ratio * fresh:
                continue
            bloated += 1
            _require_owner(row)
            told = f"{row.name}: {_mb(row.bytes)}, where a fresh one takes {_mb(fresh)}"
            did.append(told if work.dry_run else f"{told}; now {_mb(_rebuild(work, row))}")
    except ENDS as end:
        why = f"{bloated} indexes are bloated so far, the last one not done"
        return Found.so_far(end, why, did)
    if not bloated:
        ratio = f"{work.rules.reindex_ratio:g} times as large as a fresh one"
        return Found("nothing due", f"none of {len(rows)} large GIN and HNSW indexes is {ratio}")
    return Found("due" if work.dry_run else "done", f"{bloated} indexes are bloated", did)


def fresh_size(connection: Connection, row: Row[tuple[object, ...]]) -> float:
    """Bytes that the index would take if it were built now, from a sample in a temporary table.

    The table goes with the transaction. ``row`` is one of LARGE.
    """
    wanted = SAMPLE[row.method]
    share = 100.0 if row.rows <= wanted else min(100.0, 120.0 * wanted / row.rows)
    for statement in sample_statements(row.schema, row.table_name, row.definition):
        connection.execute(statement, {"share": share, "wanted": wanted})
    found = connection.execute(SAMPLED).one()
    if not found.rows:
        return float(SMALLEST)
    return max(float(SMALLEST), float(found.bytes * max(1.0, row.rows / found.rows)))


SAMPLED = text(
    """
    SELECT
        (SELECT count(*) FROM pg_temp.hegel_sample) AS rows,
        pg_relation_size(CAST('pg_temp.hegel_sample_index' AS regclass)) AS bytes
    """
)


def sample_statements(schema: str, table: str, definition: str) -> list[TextClause]:
    """What makes a sample of the table's rows and the index over it; ``definition`` is as
    pg_get_indexdef() has it. Parameters of the second: share (per cent) and wanted (rows)."""
    name = sql.Identifier(schema, table).as_string().replace(":", "\\:")
    using = definition.partition(" USING ")[2].replace(":", "\\:")
    return [
        text(
            "CREATE TEMPORARY TABLE hegel_sample ON COMMIT DROP"
            f" AS SELECT * FROM {name} WITH NO DATA"
        ),
        text(
            f"INSERT INTO pg_temp.hegel_sample SELECT * FROM {name}"
            " TABLESAMPLE SYSTEM (CAST(:share AS float4)) LIMIT :wanted"
        ),
        text(f"CREATE INDEX hegel_sample_index ON pg_temp.hegel_sample USING {using}"),
    ]


def _rebuild(work: Work, row: Row[tuple[object, ...]]) -> int:
    work.give_way()
    try:
        work.alone(REINDEX.format(sql.Identifier(row.schema, row.name)))
    except DatabaseError:
        # Its half would slow every writer down until the next run.
        with suppress(DatabaseError):
            with work.engine.connect() as connection:
                left = connection.execute(LEFTOVERS).all()
            for each in left:
                statement = DROP.format(sql.Identifier(each.schema, each.name))
                work.alone(statement, seconds=TIDYING_SECONDS)
        raise
    with work.engine.connect() as connection:
        named = {"schema": row.schema, "name": row.name}
        return int(connection.execute(SIZE, named).scalar_one())


def _require_owner(row: Row[tuple[object, ...]]) -> None:
    if not row.is_allowed:
        raise PermissionDenied(f"only its owner may rebuild or drop {row.name}", NO_RIGHT)


def _mb(size: float) -> str:
    return f"{size / 2**20:,.1f} MB"
