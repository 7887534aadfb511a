"""Rewards added up by day, in rows that are only ever added: one for each statement that logs.

Whoever logs adds a row, and waits for nobody; maintenance folds the rows of a day into one. A step
that is logged late counts on its own day. The months that are there already have steps that nobody
has counted: they are read as before, until maintenance counts and lists them.

The downgrade discards the sums, which can be made anew.
"""

from alembic import op

revision = "0030.0"
down_revision = "0029.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    # Decimals: their sums are the same in any order, and no square is too large for them.
    op.execute(
        """
        CREATE TABLE hegel_step_rollup (
            corpus_id text COLLATE "C" NOT NULL,
            task_type text COLLATE "C" NOT NULL,
            day date NOT NULL,
            profile_id uuid NOT NULL,
            step_type text NOT NULL,
            id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
            steps bigint NOT NULL,
            rewards bigint NOT NULL,
            reward_sum numeric NOT NULL,
            reward_squares numeric NOT NULL,
            CONSTRAINT pk_hegel_step_rollup
                PRIMARY KEY (corpus_id, task_type, day, profile_id, step_type, id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE hegel_step_months_counted (
            month date NOT NULL,
            CONSTRAINT pk_hegel_step_months_counted PRIMARY KEY (month)
        )
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_roll_up_steps() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
        AS $$
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                DELETE FROM hegel_step_rollup;
                RETURN NULL;
            END IF;
            IF TG_OP IN ('INSERT', 'UPDATE') THEN
                INSERT INTO hegel_step_rollup
                    (corpus_id, task_type, day, profile_id, step_type,
                     steps, rewards, reward_sum, reward_squares)
                SELECT
                    corpus_id, task_type, (created_at AT TIME ZONE 'UTC')::date, old_profile_id,
                    step_type, count(*), count(reward), coalesce(sum(reward::numeric), 0),
                    coalesce(sum(reward::numeric * reward::numeric), 0)
                FROM added
                GROUP BY corpus_id, task_type, (created_at AT TIME ZONE 'UTC')::date,
                         old_profile_id, step_type;
            END IF;
            IF TG_OP IN ('DELETE', 'UPDATE') THEN
                INSERT INTO hegel_step_rollup
                    (corpus_id, task_type, day, profile_id, step_type,
                     steps, rewards, reward_sum, reward_squares)
                SELECT
                    corpus_id, task_type, (created_at AT TIME ZONE 'UTC')::date, old_profile_id,
                    step_type, -count(*), -count(reward), -coalesce(sum(reward::numeric), 0),
                    -coalesce(sum(reward::numeric * reward::numeric), 0)
                FROM gone
                GROUP BY corpus_id, task_type, (created_at AT TIME ZONE 'UTC')::date,
                         old_profile_id, step_type;
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_training_steps_roll_up_insert
            AFTER INSERT ON hegel_training_steps
            REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_roll_up_steps()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_training_steps_roll_up_update
            AFTER UPDATE ON hegel_training_steps
            REFERENCING OLD TABLE AS gone NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_roll_up_steps()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_training_steps_roll_up_delete
            AFTER DELETE ON hegel_training_steps
            REFERENCING OLD TABLE AS gone
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_roll_up_steps()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_training_steps_roll_up_truncate
            AFTER TRUNCATE ON hegel_training_steps
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_roll_up_steps()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER hegel_training_steps_roll_up_truncate ON hegel_training_steps")
    op.execute("DROP TRIGGER hegel_training_steps_roll_up_delete ON hegel_training_steps")
    op.execute("DROP TRIGGER hegel_training_steps_roll_up_update ON hegel_training_steps")
    op.execute("DROP TRIGGER hegel_training_steps_roll_up_insert ON hegel_training_steps")
    op.execute("DROP FUNCTION hegel_roll_up_steps()")
    op.execute("DROP TABLE hegel_step_months_counted")
    op.execute("DROP TABLE hegel_step_rollup")
