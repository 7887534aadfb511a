"""Which model fills which vector column of a corpus.

The downgrade forgets which models made the vectors.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_embedding_spaces (
            corpus_id text COLLATE "C" NOT NULL,
            slot text COLLATE "C" NOT NULL,
            model text NOT NULL,
            dimensions integer NOT NULL,
            claimed_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_embedding_spaces PRIMARY KEY (corpus_id, slot),
            CONSTRAINT ck_hegel_embedding_spaces_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_embedding_spaces_model_is_name
                CHECK (char_length(model) <= 200 AND btrim(model) <> ''),
            CONSTRAINT ck_hegel_embedding_spaces_slot_fits_dimensions
                CHECK (slot = 'embedding_' || dimensions)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_embedding_spaces")
