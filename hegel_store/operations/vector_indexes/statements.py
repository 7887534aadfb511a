"""What is asked of the catalog, and what is sent: names are quoted, values bound where they can be.

DDL takes no parameters. What is put into it are names and predicates as the catalog has them,
numbers that were checked, and literals that are quoted.
"""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import sql
from sqlalchemy import text

from hegel_store.models.vector_indexes import Method
from hegel_store.models.vectors import size_of
from hegel_store.schema.vector_keys import Form, form_of, key_statement

INDEXES = text(
    """
    SELECT
        class.relname AS name, home.nspname AS home, of.relname AS of, indexrelid AS oid,
        pg_attribute.attname AS column, pg_am.amname AS method, class.reloptions AS options,
        opcname AS opclass, pg_get_expr(indpred, indrelid) AS predicate, indisvalid AS valid,
        pg_relation_size(indexrelid) AS bytes, class.reltuples AS rows,
        coalesce(pg_stat_get_numscans(indexrelid), 0) AS scans,
        indkey[0] = attnum AS plain,
        strpos(pg_get_indexdef(indexrelid, 1, false), 'subvector(' || attname || ',') > 0
            AS subvector,
        obj_description(indexrelid, 'pg_class') AS comment,
        strpos(pg_get_function_sqlbody(key_function), 'subvector(') > 0 AS searched_as_subvector,
        quote_ident(key_home.nspname) || '.' || quote_ident(proname) AS key_function
    FROM pg_catalog.pg_index
    JOIN pg_catalog.pg_class AS class ON class.oid = indexrelid
    JOIN pg_catalog.pg_am ON pg_am.oid = class.relam AND amname IN ('hnsw', 'ivfflat')
    JOIN pg_catalog.pg_class AS of ON of.oid = indrelid
    JOIN pg_catalog.pg_namespace AS home ON home.oid = of.relnamespace
    JOIN pg_catalog.pg_opclass ON pg_opclass.oid = indclass[0]
    JOIN pg_catalog.pg_attribute ON attrelid = indrelid AND attname ~ '^embedding'
    CROSS JOIN LATERAL to_regprocedure('hegel_' || attname || '(halfvec)') AS key_function
    LEFT JOIN pg_catalog.pg_proc ON pg_proc.oid = key_function
    LEFT JOIN pg_catalog.pg_namespace AS key_home ON key_home.oid = pronamespace
    WHERE home.nspname = current_schema() AND starts_with(of.relname, 'hegel_')
      AND EXISTS (
          SELECT FROM pg_catalog.pg_depend
          WHERE classid = CAST('pg_class' AS regclass) AND objid = indexrelid
            AND refclassid = CAST('pg_class' AS regclass)
            AND refobjid = indrelid AND refobjsubid = attnum
      )
    ORDER BY of.relname, attname, class.relname
    """
)
"""A row for each vector index of this installation."""

PROGRESS = text(
    """
    SELECT
        phase,
        CASE WHEN tuples_total > 0 THEN tuples_done ELSE blocks_done END AS done,
        CASE WHEN tuples_total > 0 THEN tuples_total ELSE blocks_total END AS total
    FROM pg_catalog.pg_stat_progress_create_index WHERE pid = :pid
    """
)
OWN_PROCESS = text("SELECT pg_backend_pid()")
CANCEL = text("SELECT pg_cancel_backend(:pid)")

LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
"""One who changes vector indexes at a time, in this installation; kept until the session ends."""
LOCK_NAME = text("SELECT 'hegel_store vector indexes in ' || current_schema()")

SETTINGS = text(
    """
    SELECT
        pg_backend_pid() AS pid,
        (SELECT pg_size_bytes(setting || unit) FROM pg_catalog.pg_settings
         WHERE name = 'maintenance_work_mem') AS memory,
        CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')
            THEN current_setting('data_directory')
        END AS folder
    """
)
"""``folder`` is that of the server's files, null for a role that may not ask."""

LIVE_VECTORS = """
    SELECT count(*) FROM hegel_facts AS fact WHERE fact.{slot} IS NOT NULL AND deleted_at IS NULL
"""

SPACES_OF = text("SELECT DISTINCT model, dimensions FROM hegel_embedding_spaces WHERE slot = :slot")

PATIENT = (
    "SET lock_timeout = 0",
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    # So that what somebody who was killed had begun ends, instead of going on for nobody.
    "SET client_connection_check_interval = '1s'",
)


def quoted(*parts: str) -> str:
    """A name, qualified when there are several parts."""
    return sql.Identifier(*parts).as_string()


def count_live(slot: str) -> str:
    """Counts the facts that an index of this column is of."""
    return LIVE_VECTORS.format(slot=quoted(slot))


def create(
    name: str,
    home: str,
    slot: str,
    form: Form,
    method: Method,
    parameters: Mapping[str, int],
    predicate: str,
) -> str:
    """Builds an index of the facts' vectors in this column CONCURRENTLY."""
    key = form_of(quoted(slot), slot, form)
    given = ", ".join(f"{quoted(key)} = {value:d}" for key, value in parameters.items())
    return (
        f"CREATE INDEX CONCURRENTLY {quoted(name)} ON {quoted(home, 'hegel_facts')} "
        f"USING {method} ({key} halfvec_cosine_ops) WITH ({given}) WHERE {predicate}"
    )


def drop(home: str, name: str) -> str:
    return f"DROP INDEX CONCURRENTLY IF EXISTS {quoted(home, name)}"


def rename(home: str, name: str, to: str) -> str:
    return f"ALTER INDEX {quoted(home, name)} RENAME TO {quoted(to)}"


def search_by(slot: str, form: Form, function: str) -> str:
    """Moves searches in this column to the index of this form."""
    return " ".join(key_statement(slot, form, function).split())


def comment(home: str, name: str, note: str | None) -> str:
    said = sql.Literal(note).as_string()
    return f"COMMENT ON INDEX {quoted(home, name)} IS {said}"


def set_local(name: str, value: str) -> str:
    return f"SET LOCAL {name} = {sql.Literal(value).as_string()}"


def set_for_session(name: str, value: str | int) -> str:
    return f"SET {name} = {sql.Literal(value).as_string()}"


def bytes_of(method: Method, slot: str, rows: int, m: int) -> int:
    """About how many bytes an index of so many vectors takes, by pgvector's layout of pages: an
    HNSW element is the vector, 72 bytes, and six for each of 2 m neighbours below and m above."""
    vector = 2 * size_of(slot) + 8
    each = vector + 72 + 6 * 3 * m + 12 if method == "hnsw" else vector + 16
    on_page = max(1, 8150 // each)
    return 8192 * (rows // on_page + 2)
