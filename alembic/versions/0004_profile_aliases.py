"""Aliases of profiles ('production', 'champion') and the history of their moves.

The downgrade discards the aliases and their history.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_profile_aliases (
            corpus_id text COLLATE "C" NOT NULL,
            task_type text COLLATE "C" NOT NULL,
            alias text COLLATE "C" NOT NULL,
            profile_id uuid NOT NULL,
            previous_profile_id uuid,
            updated_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_profile_aliases PRIMARY KEY (corpus_id, task_type, alias),
            CONSTRAINT fk_hegel_profile_aliases_corpus_id_profile_id
                FOREIGN KEY (corpus_id, profile_id)
                REFERENCES hegel_prompt_profiles (corpus_id, id),
            CONSTRAINT ck_hegel_profile_aliases_alias_is_name
                CHECK (char_length(alias) <= 200 AND btrim(alias) <> ''),
            CONSTRAINT ck_hegel_profile_aliases_latest_is_computed CHECK (alias <> 'latest')
        )
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_profile_aliases_profile
            ON hegel_profile_aliases (corpus_id, profile_id)
        """
    )
    op.execute(
        """
        CREATE TABLE hegel_profile_alias_moves (
            corpus_id text COLLATE "C" NOT NULL,
            id uuid DEFAULT hegel_uuidv7() NOT NULL,
            task_type text COLLATE "C" NOT NULL,
            alias text COLLATE "C" NOT NULL,
            from_profile_id uuid,
            to_profile_id uuid NOT NULL,
            reason text,
            moved_by text DEFAULT current_user NOT NULL,
            moved_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_profile_alias_moves PRIMARY KEY (corpus_id, id),
            CONSTRAINT fk_hegel_profile_alias_moves_corpus_id_from_profile_id
                FOREIGN KEY (corpus_id, from_profile_id)
                REFERENCES hegel_prompt_profiles (corpus_id, id),
            CONSTRAINT fk_hegel_profile_alias_moves_corpus_id_to_profile_id
                FOREIGN KEY (corpus_id, to_profile_id)
                REFERENCES hegel_prompt_profiles (corpus_id, id)
        )
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_profile_alias_moves_alias
            ON hegel_profile_alias_moves (corpus_id, task_type, alias, moved_at DESC)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_profile_alias_moves_from
            ON hegel_profile_alias_moves (corpus_id, from_profile_id)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_profile_alias_moves_to
            ON hegel_profile_alias_moves (corpus_id, to_profile_id)
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_profile_alias_moves")
    op.execute("DROP TABLE hegel_profile_aliases")
