"""Receipts: when a corpus was erased, by whom, and how many rows of which table.

A receipt holds nothing of the corpus, not even its name: it is found by the name's hash.

The downgrade discards every receipt.
"""

from alembic import op

revision = "0047.0"
down_revision = "0046.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_erasures (
            corpus_hash bytea NOT NULL,
            id uuid DEFAULT hegel_uuidv7() NOT NULL,
            begun_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            finished_at timestamptz,
            erased_by text DEFAULT current_user NOT NULL,
            counts jsonb DEFAULT '{}' NOT NULL,
            CONSTRAINT pk_hegel_erasures PRIMARY KEY (corpus_hash, id),
            CONSTRAINT ck_hegel_erasures_corpus_hash_is_sha256
                CHECK (octet_length(corpus_hash) = 32),
            CONSTRAINT ck_hegel_erasures_counts_is_object CHECK (jsonb_typeof(counts) = 'object')
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_erasures")
