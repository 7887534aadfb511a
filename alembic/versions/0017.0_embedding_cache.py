"""A cache of embeddings that all workers share.

It is led by the space of its vectors and not by a corpus: a text's vector is the same wherever the
text is asked. It holds no text, and nothing points to it.

The downgrade discards the vectors, which can be made anew.
"""

from alembic import op

revision = "0017.0"
down_revision = "0016.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_embedding_cache (
            space text COLLATE "C" NOT NULL,
            content_hash bytea NOT NULL,
            vector bytea NOT NULL,
            last_used_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_embedding_cache PRIMARY KEY (space, content_hash),
            CONSTRAINT ck_hegel_embedding_cache_space_fits
                CHECK (char_length(space) <= 300 AND btrim(space) <> ''),
            CONSTRAINT ck_hegel_embedding_cache_hash_is_sha256
                CHECK (octet_length(content_hash) = 32)
        )
        """
    )
    # For eviction, which asks for the least recently used of all spaces.
    op.execute(
        """
        CREATE INDEX idx_hegel_embedding_cache_last_used ON hegel_embedding_cache (last_used_at)
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_embedding_cache")
