"""Functions that tell how many facts have a word.

They read hegel_word_counts, a materialized view of the planner's statistics that Alembic does not
compare. The empty lexeme stands in it for any word that is not listed.
"""

from __future__ import annotations

from hegel_store.schema.base import metadata
from hegel_store.schema.declaring import Function, declare

declare(
    metadata,
    Function(
        "hegel_documents_in_statistics(text[])",
        r"""
CREATE OR REPLACE FUNCTION hegel_documents_in_statistics(lexemes text[])
RETURNS TABLE (lexeme text, documents float8, facts float8, rarest float8)
LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    routine oid;
    home name;
    listed record;
    present float8;
    unlisted float8;
BEGIN
    GET DIAGNOSTICS routine = PG_ROUTINE_OID;
    SELECT nspname INTO home
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE pg_proc.oid = routine;
    SELECT reltuples INTO present
    FROM pg_class WHERE oid = format('%I.hegel_facts', home)::regclass;
    SELECT most_common_elems::text::text[] AS words, most_common_elem_freqs AS shares
    INTO listed
    FROM pg_stats
    WHERE schemaname = home AND tablename = 'hegel_facts' AND attname = 'content_tsv';
    IF listed.words IS NOT NULL AND present >= 1 THEN
        unlisted := present * listed.shares[cardinality(listed.words) + 1] / 2;
        RETURN QUERY
        SELECT
            asked.lexeme,
            coalesce(
                present * listed.shares[array_position(listed.words, asked.lexeme)],
                unlisted
            ),
            present,
            greatest(unlisted, 1)
        FROM unnest(lexemes) AS asked (lexeme);
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        $query$
        SELECT
            asked.lexeme,
            (
                SELECT count(*)::float8 FROM %1$I.hegel_facts AS fact
                WHERE fact.content_tsv @@ (
                    '''' || replace(replace(asked.lexeme, '\', '\\'), '''', '''''')
                    || ''''
                )::tsquery
            ),
            size.facts,
            1::float8
        FROM
            (SELECT greatest(count(*), 1)::float8 AS facts FROM %1$I.hegel_facts) AS size,
            unnest($1) AS asked (lexeme)
        $query$, home
    ) USING lexemes;
END
$$
""",
    ),
    Function(
        "hegel_documents_with(text[])",
        """
CREATE OR REPLACE FUNCTION hegel_documents_with(lexemes text[])
RETURNS TABLE (lexeme text, documents float8, facts float8, rarest float8)
LANGUAGE sql STABLE ROWS 10 SECURITY DEFINER
BEGIN ATOMIC
    WITH scale AS MATERIALIZED (
        SELECT
            reltuples::float8 AS facts,
            reltuples::float8 / word.facts AS growth,
            word.documents * (reltuples::float8 / word.facts) AS unlisted
        FROM pg_class, hegel_word_counts AS word
        WHERE relname = 'hegel_facts' AND word.lexeme = ''
          AND relnamespace = (
              SELECT relnamespace FROM pg_class WHERE oid = 'hegel_word_counts'::regclass
          )
          AND reltuples BETWEEN word.facts / 2 AND word.facts * 2
    )
    SELECT
        asked.lexeme,
        coalesce(word.documents * growth, unlisted),
        scale.facts,
        greatest(unlisted, 1)
    FROM scale, unnest($1) AS asked (lexeme)
    LEFT JOIN hegel_word_counts AS word ON word.lexeme = asked.lexeme COLLATE "C"
    UNION ALL
    SELECT * FROM hegel_documents_in_statistics($1) WHERE NOT EXISTS (SELECT FROM scale);
END
""",
    ),
    Function(
        "hegel_count_words()",
        """
CREATE OR REPLACE FUNCTION hegel_count_words() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- Searches read the copy; rather than wait for them with others queueing behind it, it
-- gives up, and the former copy goes on serving.
SET lock_timeout = '1s'
AS $$
DECLARE
    routine oid;
    home name;
BEGIN
    GET DIAGNOSTICS routine = PG_ROUTINE_OID;
    SELECT nspname INTO home
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE pg_proc.oid = routine;
    EXECUTE format(
        'ANALYZE %I.hegel_facts (corpus_id, label_id, category, intent, freshness, '
        'confidence, created_at, deleted_at, expires_at, content_tsv)', home
    );
    BEGIN
        EXECUTE format('REFRESH MATERIALIZED VIEW %I.hegel_word_counts', home);
    EXCEPTION WHEN lock_not_available THEN
        RAISE NOTICE 'word counts stay as they are: %', SQLERRM;
    END;
EXCEPTION WHEN lock_not_available THEN
    RAISE NOTICE 'statistics stay as they are: %', SQLERRM;
END
$$
""",
    ),
)
