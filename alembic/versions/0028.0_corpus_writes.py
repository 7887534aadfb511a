"""How often the facts of a corpus were written to, so that a cached answer is known to be stale.

A writer counts in a row that nobody else has locked, or in a new one: it never waits for another
one, and the sum over the rows of a corpus grows with each statement that others come to see.

The downgrade forgets how often corpora were written to.
"""

from alembic import op

revision = "0028.0"
down_revision = "0027.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_corpus_writes (
            corpus_id text COLLATE "C" NOT NULL,
            id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
            writes bigint DEFAULT 1 NOT NULL,
            CONSTRAINT pk_hegel_corpus_writes PRIMARY KEY (corpus_id, id)
        ) WITH (fillfactor = 50)
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_count_write() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
        AS $$
        DECLARE
            corpora text[];
            corpus text;
            free bigint;
            drawn bigint;
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                SELECT array_agg(DISTINCT corpus_id) INTO corpora FROM hegel_corpus_writes;
            ELSIF TG_OP = 'UPDATE' THEN
                SELECT array_agg(corpus_id) INTO corpora
                FROM (SELECT corpus_id FROM former UNION SELECT corpus_id FROM changed) AS touched;
            ELSE
                SELECT array_agg(DISTINCT corpus_id) INTO corpora FROM changed;
            END IF;
            FOREACH corpus IN ARRAY coalesce(corpora, '{}') LOOP
                free := NULL;
                -- Above READ COMMITTED, a row that was counted in since the snapshot is an error.
                IF current_setting('transaction_isolation') = 'read committed' THEN
                    SELECT id INTO free FROM hegel_corpus_writes
                    WHERE corpus_id = corpus ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
                END IF;
                IF free IS NULL THEN
                    INSERT INTO hegel_corpus_writes (corpus_id) VALUES (corpus);
                    CONTINUE;
                END IF;
                drawn := 0;
                IF random() < 0.01 THEN  -- what writers beside each other have left behind
                    WITH others AS (
                        SELECT id FROM hegel_corpus_writes
                        WHERE corpus_id = corpus AND id <> free
                        ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED
                    ),
                    taken AS (
                        DELETE FROM hegel_corpus_writes
                        WHERE corpus_id = corpus AND id IN (SELECT id FROM others)
                        RETURNING writes
                    )
                    SELECT coalesce(sum(writes), 0) INTO drawn FROM taken;
                END IF;
                UPDATE hegel_corpus_writes SET writes = writes + drawn + 1
                WHERE corpus_id = corpus AND id = free;
            END LOOP;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_facts_count_insert
            AFTER INSERT ON hegel_facts
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_facts_count_update
            AFTER UPDATE ON hegel_facts
            REFERENCING OLD TABLE AS former NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_facts_count_delete
            AFTER DELETE ON hegel_facts
            REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_facts_count_truncate
            AFTER TRUNCATE ON hegel_facts
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
        """
    )
    # A fact is shown with the name of its label.
    op.execute(
        """
        CREATE TRIGGER hegel_labels_count_update
            AFTER UPDATE ON hegel_labels
            REFERENCING OLD TABLE AS former NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
        """
    )
    # A corpus that is moved to another model is searched in other vectors.
    op.execute(
        """
        CREATE TRIGGER hegel_embedding_spaces_count_update
            AFTER UPDATE ON hegel_embedding_spaces
            REFERENCING OLD TABLE AS former NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER hegel_embedding_spaces_count_update ON hegel_embedding_spaces")
    op.execute("DROP TRIGGER hegel_labels_count_update ON hegel_labels")
    op.execute("DROP TRIGGER hegel_facts_count_truncate ON hegel_facts")
    op.execute("DROP TRIGGER hegel_facts_count_delete ON hegel_facts")
    op.execute("DROP TRIGGER hegel_facts_count_update ON hegel_facts")
    op.execute("DROP TRIGGER hegel_facts_count_insert ON hegel_facts")
    op.execute("DROP FUNCTION hegel_count_write()")
    op.execute("DROP TABLE hegel_corpus_writes")
