"""What the server has counted by statement: one query, which `top` asks and the views are made of.

Made of the schema that has the extension, as a server may have it anywhere.
"""

from __future__ import annotations

from typing import Literal

from psycopg import sql
from sqlalchemy import TextClause, text

from hegel_store.schema.usage_views import ROLE_USAGE, STATEMENT_USAGE

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

VIEWS = text(
    """
    SELECT current_schema() AS home, ARRAY(
        SELECT CAST(relname AS text)
        FROM pg_catalog.pg_class
        JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = current_schema() AND relkind = 'v'
          AND relname = ANY (CAST(:names AS name[]))
        ORDER BY relname
    ) AS present
    """
)
"""Which of these views the connection's own schema has."""

# What hegel_store.observing.tagging puts behind a statement's first word.
CALL = r"'^\s*[A-Za-z]+ /\* hegel_store ([A-Za-z_.]+) \*/'"


def usage(schema: str) -> str:
    """The query: a row for each statement of this database, as one role called it."""
    return f"""
        SELECT role, substring(statement FROM {CALL}) AS call, calls, total_ms,
               total_ms / greatest(calls, 1) AS mean_ms, worst_ms, rows,
               CAST(rows AS double precision) / greatest(calls, 1) AS rows_per_call,
               pages_hit, pages_read,
               CAST(pages_hit AS double precision) / nullif(pages_hit + pages_read, 0)
                   AS cache_hit_ratio,
               pages_spilled, queryid, statement
        FROM (
            SELECT coalesce(rolname, 'a dropped role') AS role, queryid, query AS statement,
                   CAST(sum(calls) AS bigint) AS calls, sum(total_exec_time) AS total_ms,
                   max(max_exec_time) AS worst_ms, CAST(sum(rows) AS bigint) AS rows,
                   CAST(sum(shared_blks_hit) AS bigint) AS pages_hit,
                   CAST(sum(shared_blks_read) AS bigint) AS pages_read,
                   CAST(sum(temp_blks_written) AS bigint) AS pages_spilled
            FROM {_quoted(schema, "pg_stat_statements")}
            LEFT JOIN pg_catalog.pg_roles ON pg_roles.oid = userid
            WHERE dbid = (SELECT oid FROM pg_catalog.pg_database
                          WHERE datname = current_database())
            GROUP BY role, queryid, query
        ) AS counted"""


def usage_by_role(source: str) -> str:
    """The query that adds up the roles of ``source``, a view or a query in brackets."""
    return f"""
        SELECT role, count(*) AS statements, CAST(sum(calls) AS bigint) AS calls,
               sum(total_ms) AS total_ms, sum(total_ms) / greatest(sum(calls), 1) AS mean_ms
        FROM {source}
        GROUP BY role"""


def statements_by(order: Order, schema: str) -> TextClause:
    """The statements of this database, the first in this order first, by role and text."""
    ranked = {"time": "total_ms", "calls": "calls", "mean": "mean_ms"}[order]
    return text(
        f"""
        SELECT role, call, calls, total_ms, mean_ms, worst_ms, rows, rows_per_call, pages_hit,
               pages_read, cache_hit_ratio, pages_spilled, statement
        FROM ({_bare(usage(schema))}) AS used
        WHERE CAST(:role AS text) IS NULL OR role = :role
        ORDER BY {ranked} DESC, role, queryid
        LIMIT :limit
        """
    )


def roles(schema: str) -> TextClause:
    """What each role has called in this database."""
    return text(
        f"""
        SELECT role, statements, calls, total_ms
        FROM ({_bare(usage_by_role(f"({usage(schema)}) AS used"))}) AS by_role
        WHERE CAST(:role AS text) IS NULL OR role = :role
        ORDER BY total_ms DESC, role
        """
    )


def one_count(schema: str) -> TextClause:
    """Reads one of the counts, without its text: an error where the server does not count."""
    name = _bare(_quoted(schema, "pg_stat_statements"))
    return text(f"SELECT FROM {name}(false) LIMIT 1")


def create_views(home: str, schema: str) -> list[str]:
    """Makes the views in ``home`` of the extension in ``schema``; those that are there stay, with
    what is granted on them."""
    statements = _quoted(home, STATEMENT_USAGE)
    return [
        f"CREATE OR REPLACE VIEW {statements} AS{usage(schema)}",
        f"CREATE OR REPLACE VIEW {_quoted(home, ROLE_USAGE)} AS{usage_by_role(statements)}",
    ]


def drop_views(home: str) -> list[str]:
    """Drops those that are there."""
    return [f"DROP VIEW IF EXISTS {_quoted(home, name)}" for name in (ROLE_USAGE, STATEMENT_USAGE)]


def _quoted(*parts: str) -> str:
    return sql.Identifier(*parts).as_string()


def _bare(query: str) -> str:
    """For text(): a colon in a name is none of a parameter."""
    return query.replace(":", "\\:")
