"""Whoever serves prompts is told of new ones: a notification names nothing, but a digest."""

from __future__ import annotations

from hegel_store.schema.base import metadata
from hegel_store.schema.declaring import Function, Trigger, declare

declare(
    metadata,
    Function(
        "hegel_notice_key(text, text, text)",
        r"""
CREATE OR REPLACE FUNCTION hegel_notice_key(corpus_id text, task_type text, alias text) RETURNS text
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
""",
    ),
    # Once for a statement, however many rows it brings; one that moves more than a hundred things
    # says so instead of naming them.
    Function(
        "hegel_notify_profiles()",
        """
CREATE OR REPLACE FUNCTION hegel_notify_profiles() RETURNS trigger
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
""",
    ),
    Trigger(
        "hegel_prompt_profiles_notify",
        "hegel_prompt_profiles",
        """
CREATE TRIGGER hegel_prompt_profiles_notify
    AFTER INSERT ON hegel_prompt_profiles
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_notify_profiles()
""",
    ),
    Trigger(
        "hegel_profile_aliases_notify_insert",
        "hegel_profile_aliases",
        """
CREATE TRIGGER hegel_profile_aliases_notify_insert
    AFTER INSERT ON hegel_profile_aliases
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_notify_profiles()
""",
    ),
    Trigger(
        "hegel_profile_aliases_notify_update",
        "hegel_profile_aliases",
        """
CREATE TRIGGER hegel_profile_aliases_notify_update
    AFTER UPDATE ON hegel_profile_aliases
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_notify_profiles()
""",
    ),
    Trigger(
        "hegel_profile_aliases_notify_delete",
        "hegel_profile_aliases",
        """
CREATE TRIGGER hegel_profile_aliases_notify_delete
    AFTER DELETE ON hegel_profile_aliases
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_notify_profiles()
""",
    ),
)
