"""What the server has counted by statement, and whether it counts at all."""

from __future__ import annotations

from typing import Literal

from psycopg import sql
from sqlalchemy import TextClause, text

Order = Literal["time", "calls", "mean"]
"""By all the time that a statement took, by how often it was called, or by the time of a call."""

EXTENSION = text(
    """
    SELECT nspname AS schema, name IS NOT NULL AS is_packaged
    FROM (SELECT) AS one
    LEFT JOIN pg_catalog.pg_available_extensions ON name = 'pg_stat_statements'
    LEFT JOIN pg_catalog.pg_extension ON extname = 'pg_stat_statements'
    LEFT JOIN pg_catalog.pg_namespace ON pg_namespace.oid = extnamespace
    """
)
"""``schema`` is null where the extension was not created in this database."""


def statements_by(order: Order, schema: str) -> TextClause:
    """The statements of this database, the first in this order first, by role and text."""
    ranked = {"time": "total_ms", "calls": "calls", "mean": "total_ms / greatest(calls, 1)"}[order]
    return text(
        f"""
        SELECT role, calls, total_ms, total_ms / greatest(calls, 1) AS mean_ms, worst_ms, rows,
               pages_hit, pages_read, pages_spilled, statement
        FROM (
            SELECT coalesce(rolname, 'a dropped role') AS role, queryid, query AS statement,
                   CAST(sum(calls) AS bigint) AS calls, sum(total_exec_time) AS total_ms,
                   max(max_exec_time) AS worst_ms, CAST(sum(rows) AS bigint) AS rows,
                   CAST(sum(shared_blks_hit) AS bigint) AS pages_hit,
                   CAST(sum(shared_blks_read) AS bigint) AS pages_read,
                   CAST(sum(temp_blks_written) AS bigint) AS pages_spilled
            FROM {_view(schema)}
            LEFT JOIN pg_catalog.pg_roles ON pg_roles.oid = userid
            WHERE dbid = (SELECT oid FROM pg_catalog.pg_database
                          WHERE datname = current_database())
              AND (CAST(:role AS text) IS NULL OR rolname = :role)
            GROUP BY role, queryid, query
        ) AS counted
        ORDER BY {ranked} DESC, role, queryid
        LIMIT :limit
        """
    )


def roles(schema: str) -> TextClause:
    """What each role has called in this database."""
    return text(
        f"""
        SELECT coalesce(rolname, 'a dropped role') AS role, count(*) AS statements,
               CAST(sum(calls) AS bigint) AS calls, sum(total_exec_time) AS total_ms
        FROM {_view(schema)}
        LEFT JOIN pg_catalog.pg_roles ON pg_roles.oid = userid
        WHERE dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
          AND (CAST(:role AS text) IS NULL OR rolname = :role)
        GROUP BY 1
        ORDER BY total_ms DESC, role
        """
    )


def _view(schema: str) -> str:
    """Quoted; a colon in it is none of a parameter."""
    return sql.Identifier(schema, "pg_stat_statements").as_string().replace(":", "\\:")
