"""The statements that remove a corpus: which tables there are is asked of the catalog."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import TextClause, text

# Months that are attached, detached or being archived are tables of their own here: a DELETE by
# name of the whole would add rows to the sums, only for these to be deleted as well.
TABLES = text(
    """
    SELECT
        pg_class.oid AS oid, nspname AS schema, pg_class.relname AS name,
        CASE WHEN starts_with(pg_class.relname, 'hegel_training_steps_')
             THEN 'hegel_training_steps' ELSE pg_class.relname END AS counted_as,
        pg_has_role(current_user, relowner, 'USAGE') AS is_own,
        relkind = 'p' AS is_whole
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    JOIN pg_catalog.pg_attribute ON attrelid = pg_class.oid
    WHERE relkind IN ('r', 'p') AND starts_with(pg_class.relname, 'hegel_')
      AND attname = 'corpus_id' AND NOT attisdropped
      AND relnamespace = (
          SELECT relnamespace FROM pg_catalog.pg_class
          WHERE oid = CAST('hegel_facts' AS regclass)
      )
    ORDER BY pg_class.relname
    """
)
REFERENCES = text(
    """
    SELECT DISTINCT conrelid AS source, confrelid AS target FROM pg_catalog.pg_constraint
    WHERE contype = 'f' AND conrelid <> confrelid AND conrelid = ANY(CAST(:oids AS oid[]))
      AND confrelid = ANY(CAST(:oids AS oid[]))
    """
)
# Before anything waits: a writer's transaction that is never ended must not hold up an operator.
PATIENCE = text("SELECT set_config('lock_timeout', '10s', true)")
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('hegel_erasures', 0))")
UNFINISHED = text(
    """
    SELECT id FROM hegel_erasures
    WHERE corpus_hash = hegel_content_hash(:corpus_id) AND finished_at IS NULL
    ORDER BY id LIMIT 1
    """
)
BEGIN = text(
    """
    INSERT INTO hegel_erasures (corpus_hash) VALUES (hegel_content_hash(:corpus_id))
    RETURNING id
    """
)
COUNTED = text(
    """
    UPDATE hegel_erasures SET counts = counts || jsonb_build_object(
        CAST(:what AS text),
        coalesce(CAST(counts ->> CAST(:what AS text) AS bigint), 0) + CAST(:rows AS bigint)
    )
    WHERE corpus_hash = hegel_content_hash(:corpus_id) AND id = :id
    """
)
FINISH = text(
    """
    UPDATE hegel_erasures SET finished_at = clock_timestamp()
    WHERE corpus_hash = hegel_content_hash(:corpus_id) AND id = :id
    """
)
RECEIPTS = text(
    """
    SELECT id, begun_at, finished_at, erased_by, counts FROM hegel_erasures
    WHERE corpus_hash = hegel_content_hash(:corpus_id)
    ORDER BY begun_at DESC, id DESC
    """
)
# Whatever was open then has ended once the oldest transaction that is open is younger.
HORIZON = text("SELECT CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text)")
IS_PASSED = text("SELECT pg_snapshot_xmin(pg_current_snapshot()) >= CAST(:horizon AS xid8)")
VECTOR_SPACES = text("SELECT DISTINCT space FROM hegel_embedding_cache")
FORGET_VECTORS = text(
    """
    DELETE FROM hegel_embedding_cache
    WHERE (space, content_hash) IN (
        SELECT space, content_hash
        FROM unnest(CAST(:spaces AS text[])) AS of (space),
             unnest(CAST(:hashes AS bytea[])) AS given (content_hash)
    )
    """
)
COUNT_WORDS = text("SELECT hegel_count_words()")
# Whoever serves prompts from a cache looks again.
NOTIFY = text("SELECT pg_notify('hegel_profiles', '*')")
SCOPES = text("SELECT task_type FROM hegel_scopes WHERE corpus_id = :corpus_id ORDER BY task_type")
VERSION = text("SELECT CAST(current_setting('server_version_num') AS integer)")

EMBEDDED = {
    "hegel_facts": "ARRAY[content_hash]",
    "hegel_labels": "ARRAY[hegel_content_hash(name)]",
    "hegel_fact_verdicts": "ARRAY[hegel_content_hash(content)]",
    "hegel_query_counts": "ARRAY[query_hash]",
    "hegel_training_steps": "ARRAY[hegel_content_hash(query)]",
    "hegel_baselines": (
        "ARRAY(SELECT hegel_content_hash(asked ->> 'query')"
        " FROM jsonb_array_elements(queries) AS asked)"
    ),
}
"""Of which texts of a row there may be vectors in a cache, as their hashes."""

CHOSEN = "SELECT ctid FROM {table} WHERE corpus_id = :corpus_id LIMIT :batch"
# The newest, and all that are based on them, be they as old as they like: a profile may not go
# before what is based on it.
CHOSEN_PROFILES = """
    WITH RECURSIVE doomed AS (
        (SELECT id FROM {table} WHERE corpus_id = :corpus_id ORDER BY id DESC LIMIT :batch)
        UNION
        SELECT child.id FROM doomed JOIN {table} AS child
          ON child.corpus_id = :corpus_id AND child.base_profile_id = doomed.id
    )
    SELECT ctid FROM {table} WHERE corpus_id = :corpus_id AND id IN (SELECT id FROM doomed)
"""


@dataclass(frozen=True, slots=True)
class CorpusTable:
    """A table with rows of corpora; ``counted_as`` is its name in a receipt."""

    oid: int
    schema: str
    name: str
    counted_as: str

    @property
    def quoted(self) -> str:
        # SQLAlchemy reads a colon in a text as a parameter.
        return sql.Identifier(self.schema, self.name).as_string().replace(":", "\\:")


def count(table: CorpusTable) -> TextClause:
    """The rows of a corpus."""
    return text(f"SELECT count(*) FROM {table.quoted} WHERE corpus_id = :corpus_id")


def delete(table: CorpusTable) -> TextClause:
    """Delete a batch of the corpus's rows: how many, and the hashes of what was embedded."""
    chosen = CHOSEN_PROFILES if table.name == "hegel_prompt_profiles" else CHOSEN
    hashes = EMBEDDED.get(table.counted_as, "CAST(ARRAY[] AS bytea[])")
    return text(
        f"""
        WITH gone AS (
            DELETE FROM {table.quoted}
            WHERE corpus_id = :corpus_id
              AND ctid = ANY(ARRAY({chosen.format(table=table.quoted)}))
            RETURNING {hashes} AS hashes
        )
        SELECT
            (SELECT count(*) FROM gone) AS rows,
            ARRAY(SELECT DISTINCT hash FROM gone, unnest(hashes) AS each (hash)
                  WHERE hash IS NOT NULL) AS hashes
        """
    )


def analyze(table: CorpusTable) -> TextClause:
    """What the planner remembers of a table are values out of it."""
    return text(f"ANALYZE {table.quoted}")


def forget_statistics(table: CorpusTable) -> TextClause:
    """Of a table that is empty now ANALYZE leaves what it was. From PostgreSQL 18 on."""
    return text(
        f"""
        SELECT pg_clear_attribute_stats(
            CAST(nspname AS text), CAST(relname AS text), CAST(attname AS text), inherited
        )
        FROM pg_catalog.pg_class
        JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        JOIN pg_catalog.pg_attribute ON attrelid = pg_class.oid,
        unnest(ARRAY[true, false]) AS either (inherited)
        WHERE attnum > 0 AND NOT attisdropped
          AND (pg_class.oid = :oid
               OR pg_class.oid IN (SELECT indexrelid FROM pg_catalog.pg_index
                                   WHERE indrelid = :oid))
          AND NOT EXISTS (SELECT FROM {table.quoted})
          AND EXISTS (
              SELECT FROM pg_catalog.pg_stats
              WHERE schemaname = nspname AND tablename = relname
                AND pg_stats.attname = pg_attribute.attname
                AND pg_stats.inherited = either.inherited
          )
        """
    )
