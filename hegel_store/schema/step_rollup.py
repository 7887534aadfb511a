"""Rewards added up by day."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Identity,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from hegel_store.schema.base import metadata, name_column
from hegel_store.schema.declaring import Function, Trigger, declare

# Rows of one key add up: whoever logs adds one, and maintenance folds them. Decimals: their sums
# are the same in any order, and no square is too large for them.
step_rollup = Table(
    "hegel_step_rollup",
    metadata,
    name_column("corpus_id"),
    name_column("task_type"),
    Column("day", Date, nullable=False),
    Column("profile_id", Uuid, nullable=False),
    Column("step_type", Text, nullable=False),
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("steps", BigInteger, nullable=False),
    Column("rewards", BigInteger, nullable=False),
    Column("reward_sum", Numeric, nullable=False),
    Column("reward_squares", Numeric, nullable=False),
    PrimaryKeyConstraint("corpus_id", "task_type", "day", "profile_id", "step_type", "id"),
)
# For a stretch of time in all corpora.
Index("idx_hegel_step_rollup_day", step_rollup.c.day)
Index("idx_hegel_step_rollup_profile", step_rollup.c.corpus_id, step_rollup.c.profile_id)

# Months of which every step is in the sums; others have steps from before there were any.
step_months_counted = Table(
    "hegel_step_months_counted",
    metadata,
    Column("month", Date, nullable=False),
    PrimaryKeyConstraint("month"),
)

declare(
    metadata,
    Function(
        "hegel_roll_up_steps()",
        """
CREATE OR REPLACE FUNCTION hegel_roll_up_steps() RETURNS trigger
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
""",
    ),
    Trigger(
        "hegel_training_steps_roll_up_insert",
        "hegel_training_steps",
        """
CREATE TRIGGER hegel_training_steps_roll_up_insert
    AFTER INSERT ON hegel_training_steps
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_roll_up_steps()
""",
    ),
    Trigger(
        "hegel_training_steps_roll_up_update",
        "hegel_training_steps",
        """
CREATE TRIGGER hegel_training_steps_roll_up_update
    AFTER UPDATE ON hegel_training_steps
    REFERENCING OLD TABLE AS gone NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_roll_up_steps()
""",
    ),
    Trigger(
        "hegel_training_steps_roll_up_delete",
        "hegel_training_steps",
        """
CREATE TRIGGER hegel_training_steps_roll_up_delete
    AFTER DELETE ON hegel_training_steps
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_roll_up_steps()
""",
    ),
    Trigger(
        "hegel_training_steps_roll_up_truncate",
        "hegel_training_steps",
        """
CREATE TRIGGER hegel_training_steps_roll_up_truncate
    AFTER TRUNCATE ON hegel_training_steps
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_roll_up_steps()
""",
    ),
)
