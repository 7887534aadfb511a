"""The statements of baselines: what is stored, under what it was taken, and labels of the log."""

from __future__ import annotations

from sqlalchemy import text

# Nothing of ours is in it, and no setting of searches changes it: what makes it slower is the
# machine. It makes, sorts and sends rows as a search does, so that a busy machine slows both alike;
# a sum of hashes, which leaves the processor's caches alone, was slowed much less than searches.
REFERENCE = text(
    """
    SELECT number, md5(CAST(number AS text)) AS digest, jsonb_build_object('n', number) AS document
    FROM generate_series(1, 150) AS number
    ORDER BY digest
    """
)
COLUMNS = """
    corpus_id, name, k, mode, space, queries, latency, conditions, recorded_by, recorded_at
"""
ADD = text(
    f"""
    INSERT INTO hegel_baselines (corpus_id, name, k, mode, space, queries, latency, conditions)
    VALUES (:corpus_id, :name, :k, :mode, :space, CAST(:queries AS jsonb),
            CAST(:latency AS jsonb), CAST(:conditions AS jsonb))
    ON CONFLICT (corpus_id, name) DO NOTHING
    RETURNING {COLUMNS}
    """
)
REPLACE = text(
    f"""
    INSERT INTO hegel_baselines (corpus_id, name, k, mode, space, queries, latency, conditions)
    VALUES (:corpus_id, :name, :k, :mode, :space, CAST(:queries AS jsonb),
            CAST(:latency AS jsonb), CAST(:conditions AS jsonb))
    ON CONFLICT (corpus_id, name) DO UPDATE SET
        k = excluded.k, mode = excluded.mode, space = excluded.space,
        queries = excluded.queries, latency = excluded.latency, conditions = excluded.conditions,
        recorded_by = excluded.recorded_by, recorded_at = excluded.recorded_at
    RETURNING {COLUMNS}
    """
)
IS_THERE = text(
    "SELECT count(*) FROM hegel_baselines WHERE corpus_id = :corpus_id AND name = :name"
)
GET = text(f"SELECT {COLUMNS} FROM hegel_baselines WHERE corpus_id = :corpus_id AND name = :name")
ALL = text(f"SELECT {COLUMNS} FROM hegel_baselines WHERE corpus_id = :corpus_id ORDER BY name")
DROP = text("DELETE FROM hegel_baselines WHERE corpus_id = :corpus_id AND name = :name")

# current_setting() knows the names of an extension once a search has loaded it, and a name that
# nobody knows is null.
CONDITIONS = text(
    """
    SELECT
        current_setting('server_version') AS server,
        (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'vector') AS pgvector,
        (SELECT version_num FROM hegel_store_version) AS revision,
        (
            SELECT jsonb_object_agg(name, current_setting(name, true))
            FROM unnest(CAST(:settings AS text[])) AS asked (name)
        ) AS settings,
        (
            SELECT coalesce(
                jsonb_object_agg(pg_class.relname, pg_get_indexdef(indexrelid)),
                jsonb_build_object()
            )
            FROM pg_catalog.pg_index
            JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
            WHERE indrelid = CAST('hegel_facts' AS regclass) AND indisvalid
        ) AS indexes,
        (
            SELECT count(*) FROM hegel_facts WHERE corpus_id = :corpus_id AND deleted_at IS NULL
        ) AS facts,
        (
            SELECT coalesce(jsonb_object_agg(slot, model), jsonb_build_object())
            FROM hegel_embedding_spaces
            WHERE corpus_id = :corpus_id AND state = 'serving'
        ) AS models
    """
)

LIVE = text(
    """
    SELECT id, content FROM hegel_facts
    WHERE corpus_id = :corpus_id AND deleted_at IS NULL
      AND (expires_at IS NULL OR expires_at > clock_timestamp())
      AND (valid_to IS NULL OR valid_to > clock_timestamp())
      AND (id = ANY(CAST(:ids AS uuid[])) OR content_hash = ANY(
          ARRAY(SELECT hegel_content_hash(content)
                FROM unnest(CAST(:contents AS text[])) AS given (content))
      ))
    """
)

# A label is what steps say of a fact that they were shown: the mean reward of those that asked
# this query and were shown it.
LABELS = text(
    """
    WITH labelled AS (
        SELECT step.query, shown.fact_id, avg(step.reward) AS gain,
               max(shown.step_created_at) AS last
        FROM hegel_retrievals AS shown
        JOIN hegel_training_steps AS step
          ON step.corpus_id = shown.corpus_id AND step.created_at = shown.step_created_at
         AND step.id = shown.step_id
        JOIN hegel_facts AS fact
          ON fact.corpus_id = shown.corpus_id AND fact.id = shown.fact_id
         AND fact.deleted_at IS NULL
         AND (fact.expires_at IS NULL OR fact.expires_at > clock_timestamp())
         AND (fact.valid_to IS NULL OR fact.valid_to > clock_timestamp())
        WHERE shown.corpus_id = :corpus_id AND step.reward IS NOT NULL
          AND octet_length(step.query) BETWEEN 1 AND :longest
          AND (CAST(:since AS timestamptz) IS NULL
               OR shown.step_created_at >= CAST(:since AS timestamptz)
                  AND step.created_at >= CAST(:since AS timestamptz))
        GROUP BY step.query, shown.fact_id
        HAVING avg(step.reward) >= :rewarded AND avg(step.reward) > 0
    )
    SELECT query, array_agg(fact_id ORDER BY gain DESC, fact_id) AS facts,
           array_agg(gain ORDER BY gain DESC, fact_id) AS gains
    FROM labelled
    GROUP BY query
    ORDER BY max(last) DESC, query COLLATE "C"
    LIMIT :limit
    """
)
