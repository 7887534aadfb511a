"""Which model made the embedding of a label's name, so that vectors of two models never meet.

The downgrade forgets which models embedded the labels.
"""

from alembic import op

revision = "0015.0"
down_revision = "0014.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute("ALTER TABLE hegel_labels ADD COLUMN embedding_model text")


def downgrade() -> None:
    op.execute("ALTER TABLE hegel_labels DROP COLUMN embedding_model")
