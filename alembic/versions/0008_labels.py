"""Labels: the named things that facts are about.

The downgrade discards every label.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_labels (
            corpus_id text COLLATE "C" NOT NULL,
            id uuid DEFAULT hegel_uuidv7() NOT NULL,
            name text NOT NULL,
            kind text DEFAULT 'general' NOT NULL,
            category text,
            embedding halfvec(384),
            created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            deleted_at timestamptz,
            CONSTRAINT pk_hegel_labels PRIMARY KEY (corpus_id, id),
            CONSTRAINT ck_hegel_labels_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_labels_name_is_name
                CHECK (char_length(name) <= 200 AND btrim(name) <> ''),
            CONSTRAINT ck_hegel_labels_kind_is_name
                CHECK (char_length(kind) <= 200 AND btrim(kind) <> ''),
            CONSTRAINT ck_hegel_labels_category_is_name
                CHECK (char_length(category) <= 200 AND btrim(category) <> '')
        )
        """
    )
    op.execute(
        """
        CREATE UNIQUE INDEX idx_hegel_labels_name_kind
            ON hegel_labels (corpus_id, name, kind) WHERE deleted_at IS NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_labels_embedding
            ON hegel_labels USING hnsw (embedding halfvec_cosine_ops)
            WITH (m = 16, ef_construction = 64) WHERE deleted_at IS NULL
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_labels")
