"""What the catalog says of row-level security, and the statements that change it.

Names come quoted from the server (``regclass``, ``quote_ident``), for statements that take none as
parameters.
"""

from __future__ import annotations

from sqlalchemy import text

POLICY = "hegel_corpus"

OWN = "nullif(current_setting('hegel.corpus', true), '')"
"""The corpus that a transaction is bound to. After one that was, the setting is '', and not null;
no corpus is called that, but queries that were asked of all corpora are counted under it."""

# Not in a subquery: as it stands, the planner finds it equal to what a query asks for, and
# estimates the rows of a corpus by its own share.
OF_CORPUS = f"corpus_id = {OWN}"
HASH = f"sha256(convert_to({OWN}, 'UTF8'))"
OTHERWISE = {
    # As hegel_store.repositories.embedding_cache names the spaces of a corpus.
    "hegel_embedding_cache": f"starts_with(space, (SELECT left(encode({HASH}, 'hex'), 32) || ':'))",
    "hegel_erasures": f"corpus_hash = (SELECT {HASH})",
}
"""By what else rows of tables belong to a corpus."""

TABLES = text(
    f"""
    SELECT
        pg_class.relname AS name,
        CAST(CAST(pg_class.oid AS regclass) AS text) AS quoted,
        pg_class.relrowsecurity AS enabled,
        pg_class.relispartition AS partition,
        EXISTS (
            SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polname = '{POLICY}'
        ) AS policy,
        ARRAY(
            SELECT CAST(polname AS text) FROM pg_policy
            WHERE polrelid = pg_class.oid AND polname <> '{POLICY}' AND polpermissive
            ORDER BY polname
        ) AS others
    FROM pg_class
    WHERE pg_class.relkind IN ('r', 'p')
      AND pg_class.relnamespace = (
          SELECT relnamespace FROM pg_class WHERE oid = to_regclass('hegel_facts')
      )
      AND (
          pg_class.relname = ANY(CAST(:others AS text[]))
          OR starts_with(pg_class.relname, 'hegel_') AND EXISTS (
              SELECT FROM pg_attribute
              WHERE attrelid = pg_class.oid AND attname = 'corpus_id' AND NOT attisdropped
          )
      )
    ORDER BY pg_class.relispartition, pg_class.relname
    """
)
"""Every table whose rows belong to a corpus, the months of steps last. Parameter: others, the names
of those that have no corpus_id."""

PASSING = text(
    """
    SELECT rolname FROM pg_roles
    WHERE rolcanlogin
      AND has_table_privilege(oid, to_regclass('hegel_facts'), 'SELECT')
      AND (
          rolsuper OR rolbypassrls OR pg_has_role(
              oid, (SELECT relowner FROM pg_class WHERE oid = to_regclass('hegel_facts')), 'USAGE'
          )
      )
    ORDER BY rolname
    """
)
"""The roles that no policy holds for."""

OWNER = text(
    "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = to_regclass('hegel_facts')"
)

COUNTS = ("hegel_documents_with(text[])", "hegel_documents_in_statistics(text[])")
"""Functions that tell how often a word is in the facts of all corpora."""

OPEN_COUNTS = text(
    """
    SELECT CAST(CAST(routine.oid AS regprocedure) AS text) AS quoted, granted.grantee = 0 AS public,
        coalesce(quote_ident(rolname), 'PUBLIC') AS grantee
    FROM unnest(CAST(:counts AS text[])) AS given (name)
    JOIN pg_proc AS routine ON routine.oid = to_regprocedure(given.name)
    CROSS JOIN aclexplode(coalesce(routine.proacl, acldefault('f', routine.proowner))) AS granted
    LEFT JOIN pg_roles ON pg_roles.oid = granted.grantee
    WHERE granted.grantee <> routine.proowner AND NOT coalesce(rolsuper OR rolbypassrls, false)
    ORDER BY 1, 3
    """
)
"""Who may call them, beside those whom no policy holds for."""

TRUSTED = text(
    """
    SELECT quote_ident(rolname) FROM pg_roles
    WHERE rolbypassrls AND NOT rolsuper ORDER BY rolname
    """
)

OPEN_VIEW = text(
    """
    SELECT coalesce(quote_ident(rolname), 'PUBLIC') AS grantee
    FROM pg_class
    CROSS JOIN aclexplode(coalesce(relacl, acldefault('r', relowner))) AS granted
    LEFT JOIN pg_roles ON pg_roles.oid = granted.grantee
    WHERE pg_class.oid = to_regclass('hegel_word_counts') AND granted.grantee <> relowner
      AND NOT coalesce(rolsuper OR rolbypassrls, false)
    GROUP BY 1 ORDER BY 1
    """
)
"""Who may read the words of all corpora."""

CORPORA = text(
    """
    WITH RECURSIVE found AS (
        (SELECT corpus_id FROM hegel_facts ORDER BY corpus_id LIMIT 1)
        UNION ALL
        SELECT (
            SELECT corpus_id FROM hegel_facts
            WHERE hegel_facts.corpus_id > found.corpus_id ORDER BY corpus_id LIMIT 1
        ) FROM found WHERE found.corpus_id IS NOT NULL
    )
    SELECT corpus_id FROM found WHERE corpus_id IS NOT NULL
    """
)
BIND = text("SELECT set_config('hegel.corpus', :corpus_id, true)")
COUNT = text("SELECT hegel_count_corpus_words(NULL)")
LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '1s'")


def policy(name: str, table: str) -> str:
    """Makes the policy of the table of this name, given quoted as well."""
    own = OTHERWISE.get(name, OF_CORPUS)
    return f"CREATE POLICY {POLICY} ON {table} USING ({own}) WITH CHECK ({own})"


def no_policy(table: str) -> str:
    return f"DROP POLICY {POLICY} ON {table}"


def enable(table: str) -> str:
    return f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"


def disable(table: str) -> str:
    return f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"


def close_counts(function: str, grantee: str) -> str:
    return f"REVOKE EXECUTE ON FUNCTION {function} FROM {grantee}"


def open_counts(function: str, grantee: str) -> str:
    return f"GRANT EXECUTE ON FUNCTION {function} TO {grantee}"


def close_view(grantee: str) -> str:
    return f"REVOKE ALL ON hegel_word_counts FROM {grantee}"
