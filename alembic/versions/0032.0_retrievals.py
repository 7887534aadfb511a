"""Which facts a step was shown: in what rank, and with what score.

No foreign key to the steps: a step may still be on its way when its facts are logged, and its month
may be archived. Nor to the facts: it would lock, and so write to, each fact that a search finds,
and no fact is ever deleted by the library. Nor to the profile, which is the step's own.

The downgrade discards the log of what steps were shown.
"""

from alembic import op

revision = "0032.0"
down_revision = "0031.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_retrievals (
            corpus_id text COLLATE "C" NOT NULL,
            step_id uuid NOT NULL,
            step_created_at timestamptz NOT NULL,
            profile_id uuid NOT NULL,
            fact_id uuid NOT NULL,
            rank integer NOT NULL,
            score double precision NOT NULL,
            CONSTRAINT pk_hegel_retrievals PRIMARY KEY (corpus_id, step_id, fact_id),
            CONSTRAINT ck_hegel_retrievals_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_retrievals_rank_counts_from_one CHECK (rank >= 1),
            CONSTRAINT ck_hegel_retrievals_score_is_finite
                CHECK (score > '-Infinity'::float8 AND score < 'Infinity'::float8)
        )
        """
    )
    # For the newest steps that a fact was shown in.
    op.execute(
        """
        CREATE INDEX idx_hegel_retrievals_fact
            ON hegel_retrievals (corpus_id, fact_id, step_created_at DESC)
        """
    )
    # For rewards since a time. What a step was shown has one time, so this index stays small.
    op.execute(
        """
        CREATE INDEX idx_hegel_retrievals_time ON hegel_retrievals (corpus_id, step_created_at)
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_retrievals")
