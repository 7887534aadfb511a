"""The function that makes a month for training steps.

It belongs to the table's owner and runs with the owner's rights, so that a role that may only
insert can still log at midnight on the first. CREATE LIKE and ATTACH lock the parent SHARE UPDATE
EXCLUSIVE, under which others go on writing steps; PARTITION OF would lock it ACCESS EXCLUSIVE.
Appending profiles waits for the end of the transaction that makes a month.

The downgrade keeps the months that were made.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION hegel_ensure_step_month(moment timestamptz) RETURNS boolean
        LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp
        -- The bounds are written out and read again, which the caller's settings must not bend.
        SET datestyle = 'ISO'
        SET timezone = 'UTC'
        -- The new partition takes part in the foreign keys, for which it locks the profiles. Rather
        -- than wait for that with every append queueing behind it, it gives up.
        SET lock_timeout = '1s'
        AS $$
        DECLARE
            routine oid;
            home name;
            parent regclass;
            first_day timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
            month name := 'hegel_training_steps_' || to_char(first_day, 'YYYY_MM');
        BEGIN
            IF moment IS NULL OR moment < timestamptz '2000-01-01 00:00:00+00'
               OR moment > now() + interval '367 days' THEN
                RAISE EXCEPTION 'no month of training steps is kept for %', moment
                    USING ERRCODE = 'datetime_field_overflow';
            END IF;
            GET DIAGNOSTICS routine = PG_ROUTINE_OID;
            SELECT nspname INTO home
            FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
            WHERE pg_proc.oid = routine;
            parent := format('%I.hegel_training_steps', home)::regclass;
            IF EXISTS (
                SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = parent AND relname = month
            ) THEN
                RETURN false;
            END IF;
            -- Asked again after the wait; of the catalog itself, as to_regclass() may answer from
            -- a cache that is older than the wait.
            PERFORM pg_advisory_xact_lock(parent::oid::bigint);
            IF EXISTS (
                SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = parent AND relname = month
            ) THEN
                RETURN false;
            END IF;
            IF to_regclass(format('%I.%I', home, month)) IS NOT NULL THEN
                RAISE EXCEPTION 'the table % is there, but is no partition: was it detached?', month
                    USING ERRCODE = 'object_not_in_prerequisite_state';
            END IF;
            EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL)', home, month, parent);
            EXECUTE format(
                'ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
                parent, home, month,
                first_day AT TIME ZONE 'UTC', (first_day + interval '1 month') AT TIME ZONE 'UTC'
            );
            RETURN true;
        END
        $$
        """
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION hegel_ensure_step_month(timestamptz)")
