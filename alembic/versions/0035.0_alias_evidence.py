"""Moves of aliases say what they were decided by, and an alias may point nowhere again.

An alias that is taken away keeps its row: whoever moves it next waits there, and reads there whom
it follows.

The downgrade discards the evidence, the moves that took an alias away, and which aliases have been.
"""

from alembic import op

revision = "0035.0"
down_revision = "0034.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    # The package before joins the profiles by this column, and finds none where it is null.
    op.execute(
        """
        ALTER TABLE hegel_profile_aliases
            -- squawk-ignore ban-drop-not-null
            ALTER COLUMN profile_id DROP NOT NULL
        """
    )
    op.execute(
        """
        ALTER TABLE hegel_profile_alias_moves
            -- squawk-ignore ban-drop-not-null
            ALTER COLUMN to_profile_id DROP NOT NULL,
            ADD COLUMN evidence jsonb DEFAULT '{}' NOT NULL,
            ADD CONSTRAINT ck_hegel_profile_alias_moves_evidence_is_object
                CHECK (jsonb_typeof(evidence) = 'object') NOT VALID
        """
    )


def downgrade() -> None:
    op.execute("DELETE FROM hegel_profile_alias_moves WHERE to_profile_id IS NULL")
    op.execute("DELETE FROM hegel_profile_aliases WHERE profile_id IS NULL")
    op.execute(
        """
        ALTER TABLE hegel_profile_alias_moves
            DROP COLUMN evidence,
            ALTER COLUMN to_profile_id SET NOT NULL
        """
    )
    op.execute("ALTER TABLE hegel_profile_aliases ALTER COLUMN profile_id SET NOT NULL")
