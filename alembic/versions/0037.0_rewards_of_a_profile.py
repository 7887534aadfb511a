"""An index for the rewards of one profile, whatever the task types and days."""

from alembic import op

revision = "0037.0"
down_revision = "0036.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.create_index_concurrently(
        "idx_hegel_step_rollup_profile", "hegel_step_rollup", "corpus_id, profile_id"
    )


def downgrade() -> None:
    op.drop_index_concurrently("idx_hegel_step_rollup_profile")
