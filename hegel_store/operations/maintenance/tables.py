"""VACUUM and ANALYZE where they are due, be it that autovacuum has not come, or not yet, as after a
bulk load.

Autovacuum's own rule (PostgreSQL's manual, "The Autovacuum Daemon") compares what was changed since
with a threshold and a share of the table. The shares here are half of its defaults, so that what
maintenance has looked at at night does not fall due at noon; the thresholds are larger, as a run
that is sent by cron need not hurry for a few rows.
"""

from __future__ import annotations

from psycopg import sql
from sqlalchemy import Row, text

from hegel_store.errors import PermissionDenied
from hegel_store.failures import NO_RIGHT
from hegel_store.operations.maintenance.work import ENDS, Found, Work

DEAD = (500, 0.1)
"""Dead rows, beyond which a table is vacuumed: so many, and this share of its rows (autovacuum: 50
and 0.2)."""

INSERTED = (1000, 0.1)
"""Rows inserted since the last VACUUM, without which no index alone answers (1000 and 0.2)."""

CHANGED = (250, 0.05)
"""Rows changed since the last ANALYZE, beyond which the planner's statistics are old (50, 0.1)."""

TABLES = """
    SELECT
        home.nspname AS schema, pg_class.relname AS name, greatest(reltuples, 0) AS rows,
        n_dead_tup AS dead, n_ins_since_vacuum AS inserted, n_mod_since_analyze AS changed,
        pg_has_role(relowner, 'USAGE') OR CASE
            WHEN CAST(current_setting('server_version_num') AS int) >= 170000
            THEN has_table_privilege(pg_class.oid, 'MAINTAIN')
            ELSE false
        END AS is_allowed
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace AS home ON home.oid = relnamespace
    JOIN pg_catalog.pg_stat_all_tables ON relid = pg_class.oid
    WHERE pg_class.relname ~ '^hegel_' AND relnamespace = (
        SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = CAST('hegel_facts' AS regclass)
    )"""

STATEMENTS = {
    frozenset({"VACUUM"}): sql.SQL("VACUUM (SKIP_LOCKED) {}"),
    frozenset({"ANALYZE"}): sql.SQL("ANALYZE (SKIP_LOCKED) {}"),
    frozenset({"VACUUM", "ANALYZE"}): sql.SQL("VACUUM (SKIP_LOCKED, ANALYZE) {}"),
}

LEAVES = text(f"{TABLES} AND relkind = 'r' ORDER BY n_dead_tup DESC, pg_class.relname")

# Nothing is ever counted for a partitioned table, nor does autovacuum look at it: its statistics
# are old when its months hold other numbers of rows than it was told.
PARENTS = text(
    f"""
    SELECT parents.*, held.rows AS held
    FROM ({TABLES} AND relkind = 'p') AS parents
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(greatest(reltuples, 0)), 0) AS rows
        FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = CAST(
            quote_ident(parents.schema) || '.' || quote_ident(parents.name) AS regclass
        )
    ) AS held
    ORDER BY parents.name
    """
)


def vacuum(work: Work) -> Found:
    """VACUUM, ANALYZE or both, table by table, those with the most dead rows first."""
    did: list[str] = []
    due = 0
    denied: list[str] = []
    try:
        with work.transaction() as connection:
            leaves = connection.execute(LEAVES).all()
        for row in leaves:
            reasons = _reasons(row)
            if reasons:
                due += 1
                _do(work, row, reasons, did, denied)
        with work.transaction() as connection:
            parents = connection.execute(PARENTS).all()
        for row in parents:
            if abs(row.held - row.rows) > CHANGED[0] + CHANGED[1] * row.rows:
                due += 1
                why = f"its partitions hold {row.held:,.0f} rows, it was told {row.rows:,.0f}"
                _do(work, row, {"ANALYZE": why}, did, denied)
    except ENDS as end:
        return Found.so_far(end, f"{due} tables are due so far, the last one not done", did)
    if denied:
        raise PermissionDenied(
            f"only their owner may vacuum {', '.join(denied)}; done: {'; '.join(did) or 'nothing'}",
            NO_RIGHT,
        )
    if not due:
        return Found("nothing due", "no table has many dead, new or changed rows")
    return Found("due" if work.dry_run else "done", f"{due} tables are due", did)


def _reasons(row: Row[tuple[object, ...]]) -> dict[str, str]:
    """By what is to be done, why."""
    found = {}
    if row.dead > _bound(DEAD, row.rows):
        found["VACUUM"] = f"{row.dead:,} dead rows"
    elif row.inserted > _bound(INSERTED, row.rows):
        found["VACUUM"] = f"{row.inserted:,} new rows"
    if row.changed > _bound(CHANGED, row.rows):
        found["ANALYZE"] = f"{row.changed:,} changed rows"
    return found


def _bound(rule: tuple[int, float], rows: float) -> float:
    return rule[0] + rule[1] * rows


def _do(
    work: Work,
    row: Row[tuple[object, ...]],
    reasons: dict[str, str],
    did: list[str],
    denied: list[str],
) -> None:
    if not row.is_allowed:
        denied.append(row.name)
        return
    words = " and ".join(reasons)
    told = f"{words} {row.name}: {', '.join(reasons.values())}"
    if not work.dry_run:
        work.give_way()
        remarks = work.alone(_statement(row, reasons))
        # Somebody else vacuums it, or changes its definition.
        if any("skipping" in remark for remark in remarks):
            told = f"left {row.name}, which is locked: {', '.join(reasons.values())}"
    did.append(told)


def _statement(row: Row[tuple[object, ...]], reasons: dict[str, str]) -> sql.Composed:
    table = sql.Identifier(row.schema, row.name)
    return STATEMENTS[frozenset(reasons)].format(table)
