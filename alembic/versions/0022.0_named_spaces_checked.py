"""What the revision before demands of new rows of hegel_embedding_spaces holds for all of them."""

from alembic import op

revision = "0022.0"
down_revision = "0021.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE hegel_embedding_spaces
            VALIDATE CONSTRAINT ck_hegel_embedding_spaces_space_is_name,
            VALIDATE CONSTRAINT ck_hegel_embedding_spaces_prefix_is_short,
            VALIDATE CONSTRAINT ck_hegel_embedding_spaces_state_known,
            VALIDATE CONSTRAINT ck_hegel_embedding_spaces_named_when_moved,
            VALIDATE CONSTRAINT ck_hegel_embedding_spaces_slot_fits_dimensions
        """
    )


def downgrade() -> None:
    op.execute(
        """
        ALTER TABLE hegel_embedding_spaces
            DROP CONSTRAINT ck_hegel_embedding_spaces_space_is_name,
            DROP CONSTRAINT ck_hegel_embedding_spaces_prefix_is_short,
            DROP CONSTRAINT ck_hegel_embedding_spaces_state_known,
            DROP CONSTRAINT ck_hegel_embedding_spaces_named_when_moved,
            DROP CONSTRAINT ck_hegel_embedding_spaces_slot_fits_dimensions,
            ADD CONSTRAINT ck_hegel_embedding_spaces_space_is_name
                CHECK (char_length(space) <= 200 AND btrim(space) <> '') NOT VALID,
            ADD CONSTRAINT ck_hegel_embedding_spaces_prefix_is_short
                CHECK (char_length(prefix) <= 1000) NOT VALID,
            ADD CONSTRAINT ck_hegel_embedding_spaces_state_known
                CHECK (state IN ('serving', 'filling', 'retired', 'discarding')) NOT VALID,
            ADD CONSTRAINT ck_hegel_embedding_spaces_named_when_moved
                CHECK (space IS NOT NULL OR state = 'serving') NOT VALID,
            ADD CONSTRAINT ck_hegel_embedding_spaces_slot_fits_dimensions
                CHECK (slot IN ('embedding_' || dimensions, 'embedding_' || dimensions || '_next'))
                NOT VALID
        """
    )
