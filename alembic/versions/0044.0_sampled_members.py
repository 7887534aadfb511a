"""The members of an island in an order that has nothing to do with them, for drawing at random.

The order is that of a hash of the profile's id, so that members lie evenly, and a draw reads those
next to a point instead of the population.
"""

from alembic import op

revision = "0044.0"
down_revision = "0043.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.create_index_concurrently(
        "idx_hegel_profile_populations_sample",
        "hegel_profile_populations",
        "corpus_id, task_type, population, island, uuid_hash(profile_id)",
        include=["profile_id", "fitness_score"],
        where="evicted_at IS NULL AND fitness_score IS NOT NULL",
    )


def downgrade() -> None:
    op.drop_index_concurrently("idx_hegel_profile_populations_sample")
