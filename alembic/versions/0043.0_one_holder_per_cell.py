"""A cell of an island has one live holder at most, whoever places at the same time."""

from alembic import op

revision = "0043.0"
down_revision = "0042.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.create_index_concurrently(
        "idx_hegel_profile_populations_cell",
        "hegel_profile_populations",
        "corpus_id, task_type, population, island, cell_key",
        unique=True,
        where="holds_cell AND evicted_at IS NULL",
    )


def downgrade() -> None:
    op.drop_index_concurrently("idx_hegel_profile_populations_cell")
