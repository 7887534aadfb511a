"""An index for the sums of a stretch of time in all corpora, which had to read every day."""

from alembic import op

revision = "0034.0"
down_revision = "0033.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.create_index_concurrently("idx_hegel_step_rollup_day", "hegel_step_rollup", "day")


def downgrade() -> None:
    op.drop_index_concurrently("idx_hegel_step_rollup_day")
