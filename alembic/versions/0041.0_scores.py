"""The scores of evaluations, one row for each objective.

Narrow, and in two orders: by candidate, to read a candidate's scores, and by example with the best
score first, to find who leads on each. No foreign key to the evaluations: both are written by one
statement, and checking each score again would cost as much as writing it.

The downgrade discards every score.
"""

from alembic import op

revision = "0041.0"
down_revision = "0040.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_scores (
            corpus_id text COLLATE "C" NOT NULL,
            evaluator text COLLATE "C" NOT NULL,
            content_hash bytea NOT NULL,
            split text COLLATE "C" NOT NULL,
            example_id text COLLATE "C" NOT NULL,
            objective text COLLATE "C" NOT NULL,
            score double precision NOT NULL,
            CONSTRAINT pk_hegel_scores
                PRIMARY KEY (corpus_id, evaluator, content_hash, split, example_id, objective),
            CONSTRAINT ck_hegel_scores_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_scores_objective_is_name
                CHECK (char_length(objective) <= 200 AND btrim(objective) <> ''),
            CONSTRAINT ck_hegel_scores_score_is_finite
                CHECK (score > '-Infinity' AND score < 'Infinity')
        )
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_scores_best
            ON hegel_scores
                (corpus_id, evaluator, split, objective, example_id, score DESC, content_hash)
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_scores")
