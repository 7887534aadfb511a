"""What was decided about facts that say nearly the same.

A verdict outlives the new fact: one that said the same as an old one was never stored, and its
text stands here alone. It goes when the old fact is deleted for good, which no release does.

The downgrade discards every verdict. Facts that an update has ended stay ended.
"""

from alembic import op

revision = "0019.0"
down_revision = "0018.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_fact_verdicts (
            corpus_id text COLLATE "C" NOT NULL,
            id uuid DEFAULT hegel_uuidv7() NOT NULL,
            old_fact_id uuid NOT NULL,
            new_fact_id uuid NOT NULL,
            verdict text NOT NULL,
            similarity double precision NOT NULL,
            content text,
            judged_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_fact_verdicts PRIMARY KEY (corpus_id, id),
            CONSTRAINT fk_hegel_fact_verdicts_corpus_id_old_fact_id
                FOREIGN KEY (corpus_id, old_fact_id) REFERENCES hegel_facts (corpus_id, id)
                ON DELETE CASCADE,
            CONSTRAINT ck_hegel_fact_verdicts_verdict_known
                CHECK (verdict IN ('same', 'update', 'distinct')),
            CONSTRAINT ck_hegel_fact_verdicts_similarity_is_a_share
                CHECK (similarity >= 0 AND similarity <= 1),
            CONSTRAINT ck_hegel_fact_verdicts_content_of_the_same
                CHECK ((verdict = 'same') = (content IS NOT NULL))
        )
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_fact_verdicts_old
            ON hegel_fact_verdicts (corpus_id, old_fact_id, id)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_fact_verdicts_new
            ON hegel_fact_verdicts (corpus_id, new_fact_id, id)
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_fact_verdicts")
