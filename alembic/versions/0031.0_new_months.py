"""Months made from now on have all their rewards added up from the beginning, and compress their
traces by lz4, where the server has it.

The months that are there stay as they are: what they hold would not be written anew.
"""

from alembic import op

revision = "0031.0"
down_revision = "0030.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE OR REPLACE FUNCTION hegel_ensure_step_month(moment timestamptz) RETURNS boolean
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
            -- Traces are the most of a step: lz4 takes half the time of pglz, and the same room.
            -- It is part of most servers, and not of all.
            IF 'lz4' = ANY (
                SELECT unnest(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'
            ) THEN
                EXECUTE format(
                    'ALTER TABLE %I.%I ALTER debate_trace SET COMPRESSION lz4', home, month
                );
            END IF;
            EXECUTE format(
                'ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
                parent, home, month,
                first_day AT TIME ZONE 'UTC', (first_day + interval '1 month') AT TIME ZONE 'UTC'
            );
            EXECUTE format(
                'INSERT INTO %I.hegel_step_months_counted VALUES (%L) ON CONFLICT DO NOTHING',
                home, first_day
            );
            RETURN true;
        END
        $$
        """
    )


def downgrade() -> None:
    op.execute(
        """
        CREATE OR REPLACE FUNCTION hegel_ensure_step_month(moment timestamptz) RETURNS boolean
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
