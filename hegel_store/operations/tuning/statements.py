"""The statements that read the server's settings and change them."""

from __future__ import annotations

import re

from psycopg import sql
from sqlalchemy import text

# In a transaction that is rolled back: what this session has set hides what the server has.
FORGET_SESSION = text("RESET ALL")
MAY_SEE_FILES = text(
    """
    SELECT has_table_privilege('pg_catalog.pg_file_settings', 'SELECT')
       AND has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE')
    """
)
VERSION = text("SELECT CAST(current_setting('server_version_num') AS int)")
SETTINGS = text(
    r"""
    SELECT
        name, current_setting(name) AS value, unit, source, context, pending_restart,
        coalesce(sourcefile ~ '/postgresql\.auto\.conf$', false) AS from_altered,
        CASE WHEN vartype IN ('integer', 'real') THEN CAST(max_val AS float8) END AS most,
        coalesce(enumvals, CAST(ARRAY[] AS text[])) AS choices
    FROM pg_catalog.pg_settings
    WHERE source NOT IN ('client', 'session')
    ORDER BY name COLLATE "C"
    """
)
ALTERED = text(
    r"""
    SELECT DISTINCT ON (lower(name)) lower(name) AS name, setting
    FROM pg_catalog.pg_file_settings
    WHERE sourcefile ~ '/postgresql\.auto\.conf$' AND name IS NOT NULL
    ORDER BY lower(name), seqno DESC
    """
)
NOW = text("SELECT clock_timestamp()")
RELOAD = text("SELECT pg_reload_conf()")
# A session says here when it has itself read the files.
HAS_RELOADED = text("SELECT pg_conf_load_time() > CAST(:asked_at AS timestamptz)")
DATA_DIRECTORY = text("SELECT current_setting('data_directory')")
WHO_ANSWERS = text("SELECT pg_backend_pid() AS pid, inet_server_addr() IS NULL AS through_a_socket")

# Those whose value is a list of names, each of them quoted (GUC_LIST_QUOTE in the server's source):
# as one string, a list would be taken for one strange name.
LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)


def alter(name: str, value: str | None) -> str:
    """ALTER SYSTEM for one setting; None resets it."""
    named = sql.Identifier(*name.split("."))
    if value is None:
        return sql.SQL("ALTER SYSTEM RESET {}").format(named).as_string()
    values = _elements(value) if name.lower() in LISTS else [value]
    listed = sql.SQL(", ").join(map(sql.Literal, values))
    return sql.SQL("ALTER SYSTEM SET {} = {}").format(named, listed).as_string()


def _elements(value: str) -> list[str]:
    found = [
        each[1:-1].replace('""', '"') if each.startswith('"') else each.strip()
        for each in re.findall(r'\s*("(?:[^"]|"")*"|[^,"]+)\s*(?:,|$)', value)
    ]
    return found or [""]
