"""How often the facts of a corpus were written to."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, PrimaryKeyConstraint, Table, text

from hegel_store.schema.base import metadata, name_column
from hegel_store.schema.declaring import Function, Trigger, declare

# Several rows of a corpus add up, so that no writer waits for another one.
corpus_writes = Table(
    "hegel_corpus_writes",
    metadata,
    name_column("corpus_id"),
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("writes", BigInteger, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("corpus_id", "id"),
    postgresql_with={"fillfactor": 50},
)

declare(
    metadata,
    # A writer counts in a row that nobody else has locked, or in a new one: it never waits for
    # another one, and the sum over a corpus grows with each statement that others come to see.
    Function(
        "hegel_count_write()",
        """
CREATE OR REPLACE FUNCTION hegel_count_write() RETURNS trigger
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
""",
    ),
    Trigger(
        "hegel_facts_count_insert",
        "hegel_facts",
        """
CREATE TRIGGER hegel_facts_count_insert
    AFTER INSERT ON hegel_facts
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
""",
    ),
    Trigger(
        "hegel_facts_count_update",
        "hegel_facts",
        """
CREATE TRIGGER hegel_facts_count_update
    AFTER UPDATE ON hegel_facts
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
""",
    ),
    Trigger(
        "hegel_facts_count_delete",
        "hegel_facts",
        """
CREATE TRIGGER hegel_facts_count_delete
    AFTER DELETE ON hegel_facts
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
""",
    ),
    Trigger(
        "hegel_facts_count_truncate",
        "hegel_facts",
        """
CREATE TRIGGER hegel_facts_count_truncate
    AFTER TRUNCATE ON hegel_facts
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
""",
    ),
    # A fact is shown with the name of its label.
    Trigger(
        "hegel_labels_count_update",
        "hegel_labels",
        """
CREATE TRIGGER hegel_labels_count_update
    AFTER UPDATE ON hegel_labels
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
""",
    ),
    # A corpus that is moved to another model is searched in other vectors.
    Trigger(
        "hegel_embedding_spaces_count_update",
        "hegel_embedding_spaces",
        """
CREATE TRIGGER hegel_embedding_spaces_count_update
    AFTER UPDATE ON hegel_embedding_spaces
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
""",
    ),
)
