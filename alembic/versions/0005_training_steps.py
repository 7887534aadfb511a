"""Training steps, partitioned by month.

The keys are made with the table: PostgreSQL 16 cannot add a foreign key NOT VALID to a
partitioned one. There is no DEFAULT partition, which would block DETACH CONCURRENTLY.

The downgrade discards every step.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_training_steps (
            corpus_id text COLLATE "C" NOT NULL,
            created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            id uuid DEFAULT hegel_uuidv7() NOT NULL,
            task_type text COLLATE "C" DEFAULT 'qa' NOT NULL,
            old_profile_id uuid NOT NULL,
            new_profile_id uuid,
            step_type text DEFAULT 'training' NOT NULL,
            query text NOT NULL,
            predicted_answer text NOT NULL,
            gold_answer text,
            reward double precision,
            metrics jsonb DEFAULT '{}' NOT NULL,
            debate_trace jsonb DEFAULT '{}' NOT NULL,
            optimization_strategy text,
            processing_time_ms integer,
            run_id text COLLATE "C",
            CONSTRAINT pk_hegel_training_steps PRIMARY KEY (corpus_id, created_at, id),
            CONSTRAINT fk_hegel_training_steps_corpus_id_old_profile_id
                FOREIGN KEY (corpus_id, old_profile_id)
                REFERENCES hegel_prompt_profiles (corpus_id, id),
            CONSTRAINT fk_hegel_training_steps_corpus_id_new_profile_id
                FOREIGN KEY (corpus_id, new_profile_id)
                REFERENCES hegel_prompt_profiles (corpus_id, id),
            CONSTRAINT ck_hegel_training_steps_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_training_steps_task_type_is_name
                CHECK (char_length(task_type) <= 200 AND btrim(task_type) <> ''),
            CONSTRAINT ck_hegel_training_steps_run_id_is_name
                CHECK (char_length(run_id) <= 200 AND btrim(run_id) <> ''),
            CONSTRAINT ck_hegel_training_steps_metrics_is_object
                CHECK (jsonb_typeof(metrics) = 'object'),
            CONSTRAINT ck_hegel_training_steps_debate_trace_is_object
                CHECK (jsonb_typeof(debate_trace) = 'object'),
            CONSTRAINT ck_hegel_training_steps_reward_is_finite
                CHECK (reward > '-Infinity' AND reward < 'Infinity'),
            CONSTRAINT ck_hegel_training_steps_step_type_known
                CHECK (step_type IN ('training', 'evaluation', 'validation')),
            CONSTRAINT ck_hegel_training_steps_processing_time_ms_not_negative
                CHECK (processing_time_ms >= 0)
        ) PARTITION BY RANGE (created_at)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_training_steps_corpus_task_created
            ON hegel_training_steps (corpus_id, task_type, created_at DESC, id DESC)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_training_steps_old_profile
            ON hegel_training_steps (corpus_id, old_profile_id)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_training_steps_new_profile
            ON hegel_training_steps (corpus_id, new_profile_id) WHERE new_profile_id IS NOT NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_training_steps_query_fts
            ON hegel_training_steps USING gin (to_tsvector('english', left(query, 100000)))
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_training_steps_answers_fts
            ON hegel_training_steps
            USING gin (
                to_tsvector(
                    'english',
                    left(predicted_answer, 50000) || ' ' || left(coalesce(gold_answer, ''), 50000)
                )
            )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_training_steps")
