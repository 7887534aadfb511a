"""Runs of optimisers: what they were told, how they stand, what they may evaluate and have.

The budget is kept by the database: more than is allowed is never spent. An optimiser's own state
has a table beside it, so that writing a large one keeps nobody from the budget.

The downgrade discards every run, and the states of optimisers.
"""

from alembic import op

revision = "0039.0"
down_revision = "0038.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_runs (
            corpus_id text COLLATE "C" NOT NULL,
            run_id text COLLATE "C" NOT NULL,
            task_type text COLLATE "C" NOT NULL,
            optimiser text COLLATE "C" NOT NULL,
            configuration jsonb DEFAULT '{}' NOT NULL,
            objectives jsonb DEFAULT '{}' NOT NULL,
            status text DEFAULT 'created' NOT NULL,
            reason text,
            evaluations_allowed integer,
            evaluations_spent integer DEFAULT 0 NOT NULL,
            evaluations_unstored integer DEFAULT 0 NOT NULL,
            heartbeat_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            updated_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_runs PRIMARY KEY (corpus_id, run_id),
            CONSTRAINT ck_hegel_runs_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_runs_run_id_is_name
                CHECK (char_length(run_id) <= 200 AND btrim(run_id) <> ''),
            CONSTRAINT ck_hegel_runs_task_type_is_name
                CHECK (char_length(task_type) <= 200 AND btrim(task_type) <> ''),
            CONSTRAINT ck_hegel_runs_optimiser_is_name
                CHECK (char_length(optimiser) <= 200 AND btrim(optimiser) <> ''),
            CONSTRAINT ck_hegel_runs_configuration_is_object
                CHECK (jsonb_typeof(configuration) = 'object'),
            CONSTRAINT ck_hegel_runs_objectives_is_object
                CHECK (jsonb_typeof(objectives) = 'object'),
            CONSTRAINT ck_hegel_runs_status_known
                CHECK (status IN ('created', 'running', 'stopped', 'finished', 'failed')),
            CONSTRAINT ck_hegel_runs_within_budget
                CHECK (evaluations_spent <= evaluations_allowed),
            CONSTRAINT ck_hegel_runs_spending_adds_up
                CHECK (evaluations_unstored >= 0 AND evaluations_unstored <= evaluations_spent)
        )
        """
    )
    op.execute("CREATE INDEX idx_hegel_runs_created ON hegel_runs (corpus_id, created_at DESC)")
    op.execute(
        """
        CREATE TABLE hegel_run_states (
            corpus_id text COLLATE "C" NOT NULL,
            run_id text COLLATE "C" NOT NULL,
            version integer NOT NULL,
            state bytea NOT NULL,
            saved_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_run_states PRIMARY KEY (corpus_id, run_id),
            CONSTRAINT fk_hegel_run_states_corpus_id_run_id
                FOREIGN KEY (corpus_id, run_id) REFERENCES hegel_runs (corpus_id, run_id)
                ON DELETE CASCADE,
            CONSTRAINT ck_hegel_run_states_version_counts CHECK (version >= 1),
            CONSTRAINT ck_hegel_run_states_state_fits CHECK (octet_length(state) <= 268435456)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_run_states")
    op.execute("DROP TABLE hegel_runs")
