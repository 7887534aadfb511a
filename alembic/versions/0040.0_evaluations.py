"""Evaluations of candidates on examples: who is at it, what came of it.

A candidate is known by the hash of its content, so that an equal one in another run or scope is
not evaluated again, and one may be evaluated before it is stored as a profile. So there is no
foreign key to the profiles; nor to the runs, as those who keep none may name theirs.

The downgrade discards every evaluation and its output, and every claim.
"""

from alembic import op

revision = "0040.0"
down_revision = "0039.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_evaluations (
            corpus_id text COLLATE "C" NOT NULL,
            evaluator text COLLATE "C" NOT NULL,
            content_hash bytea NOT NULL,
            split text COLLATE "C" NOT NULL,
            example_id text COLLATE "C" NOT NULL,
            state text NOT NULL,
            run_id text COLLATE "C",
            charged boolean DEFAULT false NOT NULL,
            claim uuid,
            worker text,
            leased_until timestamptz,
            failures integer DEFAULT 0 NOT NULL,
            failure text,
            output jsonb,
            seconds double precision,
            cost double precision,
            evaluated_at timestamptz,
            CONSTRAINT pk_hegel_evaluations
                PRIMARY KEY (corpus_id, evaluator, content_hash, split, example_id),
            CONSTRAINT ck_hegel_evaluations_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_evaluations_evaluator_is_name
                CHECK (char_length(evaluator) <= 200 AND btrim(evaluator) <> ''),
            CONSTRAINT ck_hegel_evaluations_content_hash_is_sha256
                CHECK (octet_length(content_hash) = 32),
            CONSTRAINT ck_hegel_evaluations_split_is_name
                CHECK (char_length(split) <= 200 AND btrim(split) <> ''),
            CONSTRAINT ck_hegel_evaluations_example_id_is_name
                CHECK (char_length(example_id) <= 200 AND btrim(example_id) <> ''),
            CONSTRAINT ck_hegel_evaluations_run_id_is_name
                CHECK (char_length(run_id) <= 200 AND btrim(run_id) <> ''),
            CONSTRAINT ck_hegel_evaluations_state_known
                CHECK (state IN ('claimed', 'scored', 'failed', 'released')),
            CONSTRAINT ck_hegel_evaluations_claimed_until
                CHECK ((state = 'claimed') = (claim IS NOT NULL AND leased_until IS NOT NULL)),
            CONSTRAINT ck_hegel_evaluations_charged_to_a_run
                CHECK (NOT charged OR (run_id IS NOT NULL AND state IN ('claimed', 'scored'))),
            CONSTRAINT ck_hegel_evaluations_failures_counted
                CHECK (failures >= 0 AND (state <> 'failed' OR failures > 0)),
            CONSTRAINT ck_hegel_evaluations_seconds_is_finite
                CHECK (seconds > '-Infinity' AND seconds < 'Infinity'),
            CONSTRAINT ck_hegel_evaluations_cost_is_finite
                CHECK (cost > '-Infinity' AND cost < 'Infinity')
        )
        """
    )
    # For claims of a run whose holders are gone. Only what is claimed is in it, so it stays small.
    op.execute(
        """
        CREATE INDEX idx_hegel_evaluations_claims
            ON hegel_evaluations (corpus_id, run_id, leased_until)
            WHERE state = 'claimed'
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_evaluations")
