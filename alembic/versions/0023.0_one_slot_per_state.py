"""A space of a corpus has one slot that serves, and at most one that is being filled."""

from alembic import op

revision = "0023.0"
down_revision = "0022.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.create_index_concurrently(
        "idx_hegel_embedding_spaces_state",
        "hegel_embedding_spaces",
        "corpus_id, space, state",
        unique=True,
    )


def downgrade() -> None:
    op.drop_index_concurrently("idx_hegel_embedding_spaces_state")
