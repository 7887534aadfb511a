"""An index for searches that are filtered by what the metadata contain."""

from alembic import op

revision = "0013.0"
down_revision = "0012.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.create_index_concurrently(
        "idx_hegel_facts_metadata", "hegel_facts", "metadata jsonb_path_ops", using="gin"
    )


def downgrade() -> None:
    op.drop_index_concurrently("idx_hegel_facts_metadata")
