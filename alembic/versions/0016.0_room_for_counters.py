"""Room on every page of the facts for one more version of a row.

A fact that is added again is only counted. Where its new version fits on the same page, no index
learns of it, and least of all the vectors'. A fact of 384 numbers takes about a sixth of a page.
"""

from alembic import op

revision = "0016.0"
down_revision = "0015.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute("ALTER TABLE hegel_facts SET (fillfactor = 80)")


def downgrade() -> None:
    op.execute("ALTER TABLE hegel_facts RESET (fillfactor)")
