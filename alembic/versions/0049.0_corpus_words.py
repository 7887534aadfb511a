"""Searches that are bound to one corpus read its words by functions of the tables' owner.

Under a policy of row-level security (``hegel-store isolation on``) they stay fast by that, and
learn nothing of other corpora. A new month of steps has row-level security where the log has it.

The downgrade discards the counts of words by corpus, which can be made anew.
"""

from alembic import op

revision = "0049.0"
down_revision = "0048.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_corpus_words (
            corpus_id text COLLATE "C" NOT NULL,
            lexeme text COLLATE "C" NOT NULL,
            documents float8 NOT NULL,
            facts float8 NOT NULL,
            CONSTRAINT pk_hegel_corpus_words PRIMARY KEY (corpus_id, lexeme),
            CONSTRAINT ck_hegel_corpus_words_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> '')
        )
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_facts_matching(words tsquery)
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
        """
    )
    op.execute(
        r"""
        CREATE FUNCTION hegel_documents_in_corpus(lexemes text[])
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
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_count_corpus_words(added bigint) RETURNS void
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
        """
    )
    op.execute(
        """
        CREATE OR REPLACE FUNCTION hegel_ensure_step_month(moment timestamptz) RETURNS boolean
        LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp
        -- The bounds are written out and read again, which the caller's settings must not bend.
        SET datestyle = 'ISO'
        SET timezone = 'UTC'
        -- The new partition takes part in the foreign keys, for which it locks the profiles. Rather
        -- than wait for that with every append queueing behind it, it gives up.
        SET lock_timeout = '1s'
        AS $$
        DECLARE
            routine oid;
            home name;
            parent regclass;
            first_day timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
            month name := 'hegel_training_steps_' || to_char(first_day, 'YYYY_MM');
        BEGIN
            IF moment IS NULL OR moment < timestamptz '2000-01-01 00:00:00+00'
               OR moment > now() + interval '367 days' THEN
                RAISE EXCEPTION 'no month of training steps is kept for %', moment
                    USING ERRCODE = 'datetime_field_overflow';
            END IF;
            GET DIAGNOSTICS routine = PG_ROUTINE_OID;
            SELECT nspname INTO home
            FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
            WHERE pg_proc.oid = routine;
            parent := format('%I.hegel_training_steps', home)::regclass;
            IF EXISTS (
                SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = parent AND relname = month
            ) THEN
                RETURN false;
            END IF;
            -- Asked again after the wait; of the catalog itself, as to_regclass() may answer from
            -- a cache that is older than the wait.
            PERFORM pg_advisory_xact_lock(parent::oid::bigint);
            IF EXISTS (
                SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = parent AND relname = month
            ) THEN
                RETURN false;
            END IF;
            IF to_regclass(format('%I.%I', home, month)) IS NOT NULL THEN
                RAISE EXCEPTION 'the table % is there, but is no partition: was it detached?', month
                    USING ERRCODE = 'object_not_in_prerequisite_state';
            END IF;
            EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL)', home, month, parent);
            -- A policy of the parent does not hold where the month itself is asked.
            IF (SELECT relrowsecurity FROM pg_class WHERE pg_class.oid = parent) THEN
                EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', home, month);
            END IF;
            -- Traces are the most of a step: lz4 takes half the time of pglz, and the same room.
            -- It is part of most servers, and not of all.
            IF 'lz4' = ANY (
                SELECT unnest(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'
            ) THEN
                EXECUTE format(
                    'ALTER TABLE %I.%I ALTER debate_trace SET COMPRESSION lz4', home, month
                );
            END IF;
            EXECUTE format(
                'ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
                parent, home, month,
                first_day AT TIME ZONE 'UTC', (first_day + interval '1 month') AT TIME ZONE 'UTC'
            );
            EXECUTE format(
                'INSERT INTO %I.hegel_step_months_counted VALUES (%L) ON CONFLICT DO NOTHING',
                home, first_day
            );
            RETURN true;
        END
        $$
        """
    )


def downgrade() -> None:
    op.execute(
        """
        CREATE OR REPLACE FUNCTION hegel_ensure_step_month(moment timestamptz) RETURNS boolean
        LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp
        -- The bounds are written out and read again, which the caller's settings must not bend.
        SET datestyle = 'ISO'
        SET timezone = 'UTC'
        -- The new partition takes part in the foreign keys, for which it locks the profiles. Rather
        -- than wait for that with every append queueing behind it, it gives up.
        SET lock_timeout = '1s'
        AS $$
        DECLARE
            routine oid;
            home name;
            parent regclass;
            first_day timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
            month name := 'hegel_training_steps_' || to_char(first_day, 'YYYY_MM');
        BEGIN
            IF moment IS NULL OR moment < timestamptz '2000-01-01 00:00:00+00'
               OR moment > now() + interval '367 days' THEN
                RAISE EXCEPTION 'no month of training steps is kept for %', moment
                    USING ERRCODE = 'datetime_field_overflow';
            END IF;
            GET DIAGNOSTICS routine = PG_ROUTINE_OID;
            SELECT nspname INTO home
            FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
            WHERE pg_proc.oid = routine;
            parent := format('%I.hegel_training_steps', home)::regclass;
            IF EXISTS (
                SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = parent AND relname = month
            ) THEN
                RETURN false;
            END IF;
            -- Asked again after the wait; of the catalog itself, as to_regclass() may answer from
            -- a cache that is older than the wait.
            PERFORM pg_advisory_xact_lock(parent::oid::bigint);
            IF EXISTS (
                SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = parent AND relname = month
            ) THEN
                RETURN false;
            END IF;
            IF to_regclass(format('%I.%I', home, month)) IS NOT NULL THEN
                RAISE EXCEPTION 'the table % is there, but is no partition: was it detached?', month
                    USING ERRCODE = 'object_not_in_prerequisite_state';
            END IF;
            EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL)', home, month, parent);
            -- Traces are the most of a step: lz4 takes half the time of pglz, and the same room.
            -- It is part of most servers, and not of all.
            IF 'lz4' = ANY (
                SELECT unnest(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'
            ) THEN
                EXECUTE format(
                    'ALTER TABLE %I.%I ALTER debate_trace SET COMPRESSION lz4', home, month
                );
            END IF;
            EXECUTE format(
                'ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
                parent, home, month,
                first_day AT TIME ZONE 'UTC', (first_day + interval '1 month') AT TIME ZONE 'UTC'
            );
            EXECUTE format(
                'INSERT INTO %I.hegel_step_months_counted VALUES (%L) ON CONFLICT DO NOTHING',
                home, first_day
            );
            RETURN true;
        END
        $$
        """
    )
    op.execute("DROP FUNCTION hegel_count_corpus_words(bigint)")
    op.execute("DROP FUNCTION hegel_documents_in_corpus(text[])")
    op.execute("DROP FUNCTION hegel_facts_matching(tsquery)")
    op.execute("DROP TABLE hegel_corpus_words")
