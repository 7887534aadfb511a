"""How often each query was asked, for those who switch the query log on.

The downgrade discards the counts.
"""

from alembic import op

revision = "0018.0"
down_revision = "0017.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    # A search of all corpora is counted under the empty name.
    op.execute(
        """
        CREATE TABLE hegel_query_counts (
            corpus_id text COLLATE "C" NOT NULL,
            query_hash bytea GENERATED ALWAYS AS (hegel_content_hash(query)) STORED NOT NULL,
            query text NOT NULL,
            asked bigint NOT NULL,
            last_asked_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_query_counts PRIMARY KEY (corpus_id, query_hash),
            CONSTRAINT ck_hegel_query_counts_corpus_id_fits
                CHECK (char_length(corpus_id) <= 200),
            CONSTRAINT ck_hegel_query_counts_query_fits CHECK (char_length(query) <= 2000),
            CONSTRAINT ck_hegel_query_counts_asked_counts CHECK (asked >= 1)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_query_counts")
