"""Whoever serves prompts is told at once that a scope has a new one, or that an alias has moved.

A notification carries a digest of corpus, task type and alias, as anybody who may connect to the
database may listen. An append moves the alias 'latest'.
"""

from alembic import op

revision = "0038.0"
down_revision = "0037.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        r"""
        CREATE FUNCTION hegel_notice_key(corpus_id text, task_type text, alias text) RETURNS text
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN left(
            encode(
                sha256(
                    convert_to(corpus_id, 'UTF8') || '\x00'::bytea
                    || convert_to(task_type, 'UTF8') || '\x00'::bytea
                    || convert_to(alias, 'UTF8')
                ),
                'hex'
            ),
            32
        )
        """
    )
    op.execute(
        """
        -- Once for a statement, however many rows it brings; one that moves more than a hundred
        -- things says so instead of naming them.
        CREATE FUNCTION hegel_notify_profiles() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT
        AS $$
        DECLARE
            keys text[];
        BEGIN
            IF TG_TABLE_NAME = 'hegel_prompt_profiles' THEN
                SELECT array_agg(key) INTO keys FROM (
                    SELECT DISTINCT hegel_notice_key(corpus_id, task_type, 'latest') AS key
                    FROM changed LIMIT 101
                ) AS moved;
            ELSIF TG_OP = 'UPDATE' THEN
                SELECT array_agg(key) INTO keys FROM (
                    SELECT hegel_notice_key(corpus_id, task_type, alias) AS key FROM changed
                    UNION
                    SELECT hegel_notice_key(corpus_id, task_type, alias) FROM former
                    LIMIT 101
                ) AS moved;
            ELSE
                SELECT array_agg(key) INTO keys FROM (
                    SELECT DISTINCT hegel_notice_key(corpus_id, task_type, alias) AS key
                    FROM changed LIMIT 101
                ) AS moved;
            END IF;
            IF cardinality(keys) > 100 THEN
                PERFORM pg_notify('hegel_profiles', '*');
            ELSE
                PERFORM pg_notify('hegel_profiles', key) FROM unnest(keys) AS key;
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_prompt_profiles_notify
            AFTER INSERT ON hegel_prompt_profiles
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_notify_profiles()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_profile_aliases_notify_insert
            AFTER INSERT ON hegel_profile_aliases
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_notify_profiles()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_profile_aliases_notify_update
            AFTER UPDATE ON hegel_profile_aliases
            REFERENCING OLD TABLE AS former NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_notify_profiles()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_profile_aliases_notify_delete
            AFTER DELETE ON hegel_profile_aliases
            REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_notify_profiles()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER hegel_profile_aliases_notify_delete ON hegel_profile_aliases")
    op.execute("DROP TRIGGER hegel_profile_aliases_notify_update ON hegel_profile_aliases")
    op.execute("DROP TRIGGER hegel_profile_aliases_notify_insert ON hegel_profile_aliases")
    op.execute("DROP TRIGGER hegel_prompt_profiles_notify ON hegel_prompt_profiles")
    op.execute("DROP FUNCTION hegel_notify_profiles()")
    op.execute("DROP FUNCTION hegel_notice_key(text, text, text)")
