"""Functions and triggers at the head of the revisions.

The comments inside a body are part of it, so they are the same here as in the database.
"""

from __future__ import annotations

from hegel_store.schema.base import PREFIX, metadata
from hegel_store.schema.declaring import Function, Trigger, declare

declare(
    metadata,
    # RFC 9562: 48 bits of Unix milliseconds, the version, and the rest of a random UUID.
    Function(
        "hegel_uuidv7()",
        """
CREATE OR REPLACE FUNCTION hegel_uuidv7() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN (
    lpad(to_hex(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
    || '7'
    || substr(replace(gen_random_uuid()::text, '-', ''), 14)
)::uuid
""",
    ),
    # convert_to() counts as stable because a server's encodings could change; UTF-8 does not.
    Function(
        "hegel_content_hash(text)",
        """
CREATE OR REPLACE FUNCTION hegel_content_hash(content text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN sha256(convert_to(content, 'UTF8'))
""",
    ),
    # The language is data of the row, and a generated column may only use fixed
    # configurations. A tsvector has room for 1 MB, so only the beginning of a long text is
    # searchable.
    Function(
        "hegel_tsvector(text, text)",
        """
CREATE OR REPLACE FUNCTION hegel_tsvector(language text, content text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE language
    WHEN 'english' THEN to_tsvector('english'::regconfig, left(content, 100000))
    WHEN 'german' THEN to_tsvector('german'::regconfig, left(content, 100000))
    WHEN 'french' THEN to_tsvector('french'::regconfig, left(content, 100000))
    WHEN 'spanish' THEN to_tsvector('spanish'::regconfig, left(content, 100000))
    WHEN 'italian' THEN to_tsvector('italian'::regconfig, left(content, 100000))
    WHEN 'portuguese' THEN to_tsvector('portuguese'::regconfig, left(content, 100000))
    WHEN 'dutch' THEN to_tsvector('dutch'::regconfig, left(content, 100000))
    WHEN 'arabic' THEN to_tsvector('arabic'::regconfig, left(content, 100000))
    WHEN 'armenian' THEN to_tsvector('armenian'::regconfig, left(content, 100000))
    WHEN 'basque' THEN to_tsvector('basque'::regconfig, left(content, 100000))
    WHEN 'catalan' THEN to_tsvector('catalan'::regconfig, left(content, 100000))
    WHEN 'danish' THEN to_tsvector('danish'::regconfig, left(content, 100000))
    WHEN 'finnish' THEN to_tsvector('finnish'::regconfig, left(content, 100000))
    WHEN 'greek' THEN to_tsvector('greek'::regconfig, left(content, 100000))
    WHEN 'hindi' THEN to_tsvector('hindi'::regconfig, left(content, 100000))
    WHEN 'hungarian' THEN to_tsvector('hungarian'::regconfig, left(content, 100000))
    WHEN 'indonesian' THEN to_tsvector('indonesian'::regconfig, left(content, 100000))
    WHEN 'irish' THEN to_tsvector('irish'::regconfig, left(content, 100000))
    WHEN 'lithuanian' THEN to_tsvector('lithuanian'::regconfig, left(content, 100000))
    WHEN 'nepali' THEN to_tsvector('nepali'::regconfig, left(content, 100000))
    WHEN 'norwegian' THEN to_tsvector('norwegian'::regconfig, left(content, 100000))
    WHEN 'romanian' THEN to_tsvector('romanian'::regconfig, left(content, 100000))
    WHEN 'russian' THEN to_tsvector('russian'::regconfig, left(content, 100000))
    WHEN 'serbian' THEN to_tsvector('serbian'::regconfig, left(content, 100000))
    WHEN 'swedish' THEN to_tsvector('swedish'::regconfig, left(content, 100000))
    WHEN 'tamil' THEN to_tsvector('tamil'::regconfig, left(content, 100000))
    WHEN 'turkish' THEN to_tsvector('turkish'::regconfig, left(content, 100000))
    WHEN 'yiddish' THEN to_tsvector('yiddish'::regconfig, left(content, 100000))
    ELSE to_tsvector('simple'::regconfig, left(content, 100000))
END
""",
    ),
    # The escapes of JSON are no letters: without this "\nCite" would be the word "ncite".
    Function(
        "hegel_source_tsvector(text)",
        r"""
CREATE OR REPLACE FUNCTION hegel_source_tsvector(source text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_tsvector(
    'english'::regconfig,
    regexp_replace(left(source, 100000), '\\(["\\/bfnrt]|u[0-9a-f]{4})', ' ', 'g')
)
""",
    ),
    # For hand-written SQL: a row without a version takes the scope's next one, and a row that
    # brings its own takes the counter along.
    Function(
        "hegel_number_profile()",
        """
CREATE OR REPLACE FUNCTION hegel_number_profile() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    moment timestamptz;
BEGIN
    IF NEW.version IS NOT NULL THEN
        INSERT INTO hegel_scopes AS scope
            (corpus_id, task_type, last_version, last_created_at)
        VALUES (NEW.corpus_id, NEW.task_type, NEW.version, NEW.created_at)
        ON CONFLICT (corpus_id, task_type) DO UPDATE SET
            last_version = NEW.version,
            last_created_at = greatest(
                NEW.created_at, scope.last_created_at + interval '1 microsecond'
            )
        WHERE scope.last_version < NEW.version
        RETURNING last_created_at INTO moment;
        -- Newest by time is newest by version.
        NEW.created_at := coalesce(moment, NEW.created_at);
        RETURN NEW;
    END IF;
    INSERT INTO hegel_scopes AS scope (corpus_id, task_type, last_version, last_created_at)
    VALUES (NEW.corpus_id, NEW.task_type, 1, clock_timestamp())
    ON CONFLICT (corpus_id, task_type) DO UPDATE SET
        last_version = scope.last_version + 1,
        last_created_at = greatest(
            clock_timestamp(), scope.last_created_at + interval '1 microsecond'
        )
    RETURNING last_version, last_created_at INTO NEW.version, NEW.created_at;
    RETURN NEW;
END
$$
""",
    ),
    Function(
        "hegel_refuse_profile_change()",
        """
CREATE OR REPLACE FUNCTION hegel_refuse_profile_change() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
    RAISE EXCEPTION 'prompt profile % is immutable: append a new version instead', OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$
""",
    ),
    Function(
        "hegel_ensure_step_month(timestamptz)",
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
    -- A policy of the parent does not hold where the month itself is asked.
    IF (SELECT relrowsecurity FROM pg_class WHERE pg_class.oid = parent) THEN
        EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', home, month);
    END IF;
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
""",
    ),
    Trigger(
        "hegel_prompt_profiles_number",
        "hegel_prompt_profiles",
        """
CREATE TRIGGER hegel_prompt_profiles_number
    BEFORE INSERT ON hegel_prompt_profiles
    FOR EACH ROW
    EXECUTE FUNCTION hegel_number_profile()
""",
    ),
    # AFTER, not BEFORE: with a BEFORE UPDATE trigger PostgreSQL would recompute the generated
    # columns at every change of the statistics and write the whole profile again. Columns are
    # compared one by one, as a dump makes another expression of rows compared as wholes.
    Trigger(
        "hegel_prompt_profiles_immutable",
        "hegel_prompt_profiles",
        """
CREATE TRIGGER hegel_prompt_profiles_immutable
    AFTER UPDATE OF corpus_id, id, task_type, version, base_profile_id, source, created_at
    ON hegel_prompt_profiles
    FOR EACH ROW WHEN (
        OLD.corpus_id IS DISTINCT FROM NEW.corpus_id
        OR OLD.id IS DISTINCT FROM NEW.id
        OR OLD.task_type IS DISTINCT FROM NEW.task_type
        OR OLD.version IS DISTINCT FROM NEW.version
        OR OLD.base_profile_id IS DISTINCT FROM NEW.base_profile_id
        OR OLD.source IS DISTINCT FROM NEW.source
        OR OLD.created_at IS DISTINCT FROM NEW.created_at
    )
    EXECUTE FUNCTION hegel_refuse_profile_change()
""",
    ),
    prefix=PREFIX,
)
