"""Word counts: how many facts have a word, kept where a search can look them up.

The planner's statistics hold them too, as arrays that take milliseconds to unpack for every query.
The copy is made anew by hegel_count_words(), after a load. hegel_documents_with() reads the copy
while it fits the table's size, and the statistics themselves, or the rows, when it does not. They
run with the owner's rights: the statistics are hidden from who is under a row security policy, and
an ANALYZE by anybody else is skipped. So they name what they read by its schema, or with a body
that is parsed once, here: whatever the caller puts on the search path, they do not meet it.
"""

from alembic import op

revision = "0012.0"
down_revision = "0011"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    # The empty lexeme stands for any word that is not listed: rarer than the last one that is.
    op.execute(
        """
        CREATE MATERIALIZED VIEW hegel_word_counts AS
        SELECT
            pair.lexeme COLLATE "C" AS lexeme,
            (pair.share * size.reltuples)::real AS documents,
            size.reltuples AS facts
        FROM
            pg_catalog.pg_class AS size
            JOIN pg_catalog.pg_namespace AS home ON home.oid = size.relnamespace
            JOIN pg_catalog.pg_stats AS listed
                ON listed.schemaname = home.nspname AND listed.tablename = size.relname,
            LATERAL (
                SELECT
                    listed.most_common_elems::text::text[] AS lexemes,
                    listed.most_common_elem_freqs AS shares
            ) AS found,
            LATERAL unnest(
                found.lexemes || ARRAY[''],
                found.shares[1:cardinality(found.lexemes)]
                || ARRAY[found.shares[cardinality(found.lexemes) + 1] / 2]
            ) AS pair (lexeme, share)
        WHERE size.oid = 'hegel_facts'::regclass AND listed.attname = 'content_tsv'
          AND size.reltuples >= 1
        """
    )
    # Nobody reads it yet, so nobody waits.
    op.execute(
        """
        -- squawk-ignore require-concurrent-index-creation
        CREATE INDEX idx_hegel_word_counts_lexeme ON hegel_word_counts (lexeme)
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_documents_in_statistics(lexemes text[])
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
                            '''' || replace(replace(asked.lexeme, '\\', '\\\\'), '''', '''''')
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
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_documents_with(lexemes text[])
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
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_count_words() RETURNS void
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
        """
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION hegel_count_words()")
    op.execute("DROP FUNCTION hegel_documents_with(text[])")
    op.execute("DROP FUNCTION hegel_documents_in_statistics(text[])")
    op.execute("DROP MATERIALIZED VIEW hegel_word_counts")
