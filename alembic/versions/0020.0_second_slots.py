"""A second column for the vectors of each size, so that a corpus can be moved to another model.

A null costs nothing, so they are added at once. The indexes come later, each in its revision.

The downgrade discards every vector in the second columns.
"""

from alembic import op

revision = "0020.0"
down_revision = "0019.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE hegel_facts
            ADD COLUMN embedding_384_next halfvec(384),
            ADD COLUMN embedding_768_next halfvec(768),
            ADD COLUMN embedding_1024_next halfvec(1024),
            ADD COLUMN embedding_1536_next halfvec(1536)
        """
    )


def downgrade() -> None:
    op.execute(
        """
        ALTER TABLE hegel_facts
            DROP COLUMN embedding_384_next,
            DROP COLUMN embedding_768_next,
            DROP COLUMN embedding_1024_next,
            DROP COLUMN embedding_1536_next
        """
    )
