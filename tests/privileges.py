"""What roles may do, as the server itself answers: through grants, membership and PUBLIC alike."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

RELATIONS = """
SELECT rolname AS role, CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
           WHEN 'm' THEN 'view' ELSE 'table' END AS kind,
       CASE WHEN relispartition THEN 'a month of hegel_training_steps' ELSE relname END AS name,
       privilege
FROM pg_class
CROSS JOIN pg_roles
CROSS JOIN unnest(CASE relkind WHEN 'S' THEN ARRAY['USAGE', 'SELECT', 'UPDATE'] ELSE
    ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'] END)
    AS privilege
WHERE relnamespace = 'public'::regnamespace AND relname LIKE 'hegel%%'
  AND relkind IN ('r', 'p', 'v', 'm', 'S') AND rolname = ANY (%(roles)s)
  AND CASE relkind WHEN 'S' THEN has_sequence_privilege(pg_roles.oid, pg_class.oid, privilege)
      ELSE has_table_privilege(pg_roles.oid, pg_class.oid, privilege) END
"""
COLUMNS = """
SELECT rolname, 'column', relname || '.' || attname, privilege
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
CROSS JOIN pg_roles
CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS privilege
WHERE relnamespace = 'public'::regnamespace AND relname LIKE 'hegel%%'
  AND relkind IN ('r', 'p', 'v', 'm') AND rolname = ANY (%(roles)s)
  AND has_column_privilege(pg_roles.oid, pg_class.oid, attnum, privilege)
  AND NOT has_table_privilege(pg_roles.oid, pg_class.oid, privilege)
"""
FUNCTIONS = """
SELECT rolname, 'function', proname, 'EXECUTE'
FROM pg_proc CROSS JOIN pg_roles
WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'hegel%%'
  AND rolname = ANY (%(roles)s) AND has_function_privilege(pg_roles.oid, pg_proc.oid, 'EXECUTE')
"""
PLACES = """
SELECT rolname, 'schema', 'public', privilege FROM pg_roles
CROSS JOIN unnest(ARRAY['CREATE', 'USAGE']) AS privilege
WHERE rolname = ANY (%(roles)s) AND has_schema_privilege(pg_roles.oid, 'public', privilege)
UNION ALL
SELECT rolname, 'database', 'the database', privilege FROM pg_roles
CROSS JOIN unnest(ARRAY['CREATE', 'CONNECT', 'TEMPORARY']) AS privilege
WHERE rolname = ANY (%(roles)s)
  AND has_database_privilege(pg_roles.oid, current_database(), privilege)
"""


def held_by(url: str, roles: Sequence[str]) -> list[str]:
    """A line for each role and object: ``hegel_app table hegel_facts: INSERT, SELECT``."""
    query = f"""
        SELECT role, kind, name, string_agg(DISTINCT privilege, ', ' ORDER BY privilege)
        FROM ({RELATIONS} UNION ALL {COLUMNS} UNION ALL {FUNCTIONS} UNION ALL {PLACES}) AS held
        GROUP BY role, kind, name
        ORDER BY role COLLATE "C", kind COLLATE "C", name COLLATE "C"
    """
    with psycopg.connect(url) as connection:
        found = connection.execute(query, {"roles": list(roles)}).fetchall()
    return [f"{role} {kind} {name}: {privileges}" for role, kind, name, privileges in found]


REFUSED = [
    "CREATE TABLE mine (a int)",
    "CREATE TABLE public.mine (a int)",
    "CREATE SCHEMA mine",
    "CREATE INDEX mine ON hegel_facts (content)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "DROP EXTENSION vector",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "ALTER TABLE hegel_facts ADD COLUMN mine int",
    "ALTER TABLE hegel_facts DISABLE TRIGGER ALL",
    "ALTER ROLE hegel_app SUPERUSER",
    "ALTER ROLE hegel_eval CONNECTION LIMIT 1000",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "DROP TABLE hegel_facts",
    "DROP FUNCTION hegel_uuidv7()",
    "TRUNCATE hegel_facts",
    "TRUNCATE hegel_training_steps",
    "DELETE FROM hegel_training_steps",
    "DELETE FROM hegel_facts",
    "UPDATE hegel_training_steps SET reward = 1",
    "UPDATE hegel_prompt_profiles SET source = '{}'",
    "UPDATE hegel_store_version SET version_num = 'x'",
    "INSERT INTO hegel_corpus_writes (corpus_id) VALUES ('news')",
    "SELECT * FROM hegel_training_steps_2024_05",
    "INSERT INTO hegel_training_steps_2024_05 DEFAULT VALUES",
    "COPY hegel_facts TO PROGRAM 'cat'",
    "COPY hegel_facts FROM PROGRAM 'cat'",
    "COPY hegel_facts TO '/tmp/hegel'",
    "SET ROLE hegel_migrate",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION hegel_migrate",
    "SET session_replication_role = replica",
    "ALTER TABLE hegel_facts OWNER TO hegel_app",
    "REFRESH MATERIALIZED VIEW hegel_word_counts",
    "LOCK TABLE hegel_facts IN ACCESS EXCLUSIVE MODE; DROP VIEW hegel_latest_profiles",
]
"""Statements that neither training nor an evaluation may send, nor who only reads."""
