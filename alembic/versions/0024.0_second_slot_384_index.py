"""The index over the second column for vectors of 384 dimensions."""

from alembic import op

revision = "0024.0"
down_revision = "0023.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.create_hnsw_index(
        "idx_hegel_facts_embedding_384_next",
        "hegel_facts",
        "embedding_384_next",
        m=16,
        ef_construction=64,
        where="deleted_at IS NULL",
    )


def downgrade() -> None:
    op.drop_index_concurrently("idx_hegel_facts_embedding_384_next")
