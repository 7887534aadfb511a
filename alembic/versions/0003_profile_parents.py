"""All parents of a profile, for merges and crossovers.

The first parent (position 0) is also the profile's base_profile_id.

The downgrade discards the parents after the first.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_profile_parents (
            corpus_id text COLLATE "C" NOT NULL,
            profile_id uuid NOT NULL,
            parent_id uuid NOT NULL,
            position integer NOT NULL,
            CONSTRAINT pk_hegel_profile_parents PRIMARY KEY (corpus_id, profile_id, parent_id),
            CONSTRAINT fk_hegel_profile_parents_corpus_id_profile_id
                FOREIGN KEY (corpus_id, profile_id)
                REFERENCES hegel_prompt_profiles (corpus_id, id),
            CONSTRAINT fk_hegel_profile_parents_corpus_id_parent_id
                FOREIGN KEY (corpus_id, parent_id) REFERENCES hegel_prompt_profiles (corpus_id, id),
            CONSTRAINT ck_hegel_profile_parents_not_its_own_parent CHECK (parent_id <> profile_id)
        )
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_profile_parents_parent
            ON hegel_profile_parents (corpus_id, parent_id)
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_profile_parents")
