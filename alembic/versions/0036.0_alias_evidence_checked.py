"""What the revision before demands of new moves of aliases holds for all of them."""

from alembic import op

revision = "0036.0"
down_revision = "0035.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE hegel_profile_alias_moves
            VALIDATE CONSTRAINT ck_hegel_profile_alias_moves_evidence_is_object
        """
    )


def downgrade() -> None:
    op.execute(
        """
        ALTER TABLE hegel_profile_alias_moves
            DROP CONSTRAINT ck_hegel_profile_alias_moves_evidence_is_object,
            ADD CONSTRAINT ck_hegel_profile_alias_moves_evidence_is_object
                CHECK (jsonb_typeof(evidence) = 'object') NOT VALID
        """
    )
