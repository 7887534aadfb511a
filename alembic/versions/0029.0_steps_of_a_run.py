"""An index for the steps of a run, in order of time; steps that name no run are not in it."""

from alembic import op

revision = "0029.0"
down_revision = "0028.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.create_index_concurrently(
        "idx_hegel_training_steps_run",
        "hegel_training_steps",
        "corpus_id, run_id, created_at, id",
        where="run_id IS NOT NULL",
        partitioned=True,
    )


def downgrade() -> None:
    op.drop_index_concurrently("idx_hegel_training_steps_run", partitioned=True)
