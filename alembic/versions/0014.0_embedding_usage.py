"""What embedding by an API has cost a corpus in a month, counted for all workers together.

The downgrade forgets what was spent.
"""

from alembic import op

revision = "0014.0"
down_revision = "0013.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_embedding_usage (
            corpus_id text COLLATE "C" NOT NULL,
            month date NOT NULL,
            tokens bigint DEFAULT 0 NOT NULL,
            cost_billionths bigint DEFAULT 0 NOT NULL,
            updated_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_embedding_usage PRIMARY KEY (corpus_id, month),
            CONSTRAINT ck_hegel_embedding_usage_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_embedding_usage_month_begins
                CHECK (EXTRACT(day FROM month) = 1),
            CONSTRAINT ck_hegel_embedding_usage_spent_is_counted
                CHECK (tokens >= 0 AND cost_billionths >= 0)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_embedding_usage")
