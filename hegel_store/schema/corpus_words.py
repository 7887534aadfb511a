"""What a search reads that is bound to one corpus (the setting hegel.corpus of its transaction).

A policy of row-level security makes ``@@`` a filter, for which no index of words is read, hides the
planner's statistics, and would let the frequencies of words tell of other corpora. These functions
of the tables' owner read the index and counts of their own, and nothing outside of that corpus.
"""

from __future__ import annotations

from sqlalchemy import Column, Double, PrimaryKeyConstraint, Table

from hegel_store.schema.base import is_name, metadata, name_column
from hegel_store.schema.declaring import Function, declare

# The empty lexeme stands for any word that is not listed. Filled by hegel_count_corpus_words().
corpus_words = Table(
    "hegel_corpus_words",
    metadata,
    name_column("corpus_id"),
    name_column("lexeme"),
    Column("documents", Double, nullable=False),
    Column("facts", Double, nullable=False),
    PrimaryKeyConstraint("corpus_id", "lexeme"),
    is_name("corpus_id"),
)

declare(
    metadata,
    Function(
        "hegel_facts_matching(tsquery)",
        """
CREATE OR REPLACE FUNCTION hegel_facts_matching(words tsquery)
RETURNS TABLE (corpus_id text, id uuid, lexemes tsvector)
LANGUAGE plpgsql STABLE ROWS 500 SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own text := nullif(current_setting('hegel.corpus', true), '');
    routine oid;
    home name;
BEGIN
    IF own IS NULL OR words IS NULL THEN
        RETURN;
    END IF;
    GET DIAGNOSTICS routine = PG_ROUTINE_OID;
    SELECT nspname INTO home
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE pg_proc.oid = routine;
    -- The concatenation unpacks a long fact's lexemes once, and not anew for every word.
    RETURN QUERY EXECUTE format(
        $query$
        SELECT fact.corpus_id, fact.id, fact.content_tsv || ''
        FROM %I.hegel_facts AS fact
        WHERE fact.corpus_id = $1 AND fact.content_tsv @@ $2
        $query$, home
    ) USING own, words;
END
$$
""",
    ),
    # As hegel_documents_with(), of one corpus.
    Function(
        "hegel_documents_in_corpus(text[])",
        r"""
CREATE OR REPLACE FUNCTION hegel_documents_in_corpus(lexemes text[])
RETURNS TABLE (lexeme text, documents float8, facts float8, rarest float8)
LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own text := nullif(current_setting('hegel.corpus', true), '');
    routine oid;
    home name;
    present float8;
    unlisted float8;
BEGIN
    IF own IS NULL THEN
        RETURN;
    END IF;
    GET DIAGNOSTICS routine = PG_ROUTINE_OID;
    SELECT nspname INTO home
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE pg_proc.oid = routine;
    EXECUTE format(
        $query$
        SELECT word.facts, word.documents FROM %I.hegel_corpus_words AS word
        WHERE word.corpus_id = $1 AND word.lexeme = ''
        $query$, home
    ) INTO present, unlisted USING own;
    IF present IS NOT NULL THEN
        RETURN QUERY EXECUTE format(
            $query$
            SELECT asked.lexeme, coalesce(word.documents, $3), $4, greatest($3, 1)
            FROM unnest($2) AS asked (lexeme)
            LEFT JOIN %I.hegel_corpus_words AS word
              ON word.corpus_id = $1 AND word.lexeme = asked.lexeme COLLATE "C"
            $query$, home
        ) USING own, lexemes, unlisted, present;
        RETURN;
    END IF;
    -- Nobody has counted: for as long as the corpus is small.
    RETURN QUERY EXECUTE format(
        $query$
        SELECT
            asked.lexeme,
            (
                SELECT count(*)::float8 FROM %1$I.hegel_facts AS fact
                WHERE fact.corpus_id = $1 AND fact.content_tsv @@ (
                    '''' || replace(replace(asked.lexeme, '\', '\\'), '''', '''''')
                    || ''''
                )::tsquery
            ),
            size.facts,
            1::float8
        FROM
            (
                SELECT greatest(count(*), 1)::float8 AS facts
                FROM %1$I.hegel_facts AS fact WHERE fact.corpus_id = $1
            ) AS size,
            unnest($2) AS asked (lexeme)
        $query$, home
    ) USING own, lexemes;
END
$$
""",
    ),
    # Counts again when as much as a tenth of the corpus was added since.
    Function(
        "hegel_count_corpus_words(bigint)",
        """
CREATE OR REPLACE FUNCTION hegel_count_corpus_words(added bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own text := nullif(current_setting('hegel.corpus', true), '');
    routine oid;
    home name;
    known float8;
    present bigint;
    sampling text := '';
BEGIN
    IF own IS NULL OR btrim(own) = '' OR length(own) > 200 THEN
        RETURN;
    END IF;
    GET DIAGNOSTICS routine = PG_ROUTINE_OID;
    SELECT nspname INTO home
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE pg_proc.oid = routine;
    EXECUTE format(
        $query$
        SELECT facts FROM %I.hegel_corpus_words WHERE corpus_id = $1 AND lexeme = ''
        $query$, home
    ) INTO known USING own;
    IF added < known / 10 THEN
        RETURN;
    END IF;
    -- Whoever else counts it counts the same.
    IF NOT pg_try_advisory_xact_lock(hashtextextended('hegel_corpus_words ' || own, 0)) THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT count(*) FROM %I.hegel_facts WHERE corpus_id = $1', home)
    INTO present USING own;
    IF present > 30000 THEN
        sampling := format('TABLESAMPLE SYSTEM (%s) REPEATABLE (1)', 3000000.0 / present);
    END IF;
    EXECUTE format('DELETE FROM %I.hegel_corpus_words WHERE corpus_id = $1', home)
    USING own;
    -- A longer word would not fit into the key; it is as rare as those not listed.
    EXECUTE format(
        $query$
        WITH sample AS MATERIALIZED (
            SELECT content_tsv FROM %1$I.hegel_facts %2$s WHERE corpus_id = $1
        ),
        scale AS (SELECT $2 / greatest(count(*), 1)::float8 AS factor FROM sample),
        listed AS (
            SELECT word.lexeme, count(*) AS documents
            FROM sample, unnest(sample.content_tsv) AS word
            WHERE octet_length(word.lexeme) BETWEEN 1 AND 500
            GROUP BY word.lexeme HAVING count(*) >= 3
            ORDER BY documents DESC, word.lexeme COLLATE "C" LIMIT 20000
        )
        INSERT INTO %1$I.hegel_corpus_words (corpus_id, lexeme, documents, facts)
        SELECT $1, lexeme, documents * factor, greatest($2, 1) FROM listed, scale
        UNION ALL
        SELECT $1, '', coalesce(min(documents), 2) * min(factor) / 2, greatest($2, 1)
        FROM scale LEFT JOIN listed ON true
        $query$, home, sampling
    ) USING own, present;
END
$$
""",
    ),
)
