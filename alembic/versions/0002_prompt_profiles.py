"""Scopes and prompt profiles.

A scope is a (corpus, task type); its row counts the versions and is the lock that makes appending
a queue instead of a race. Profiles are immutable: only their statistics and metadata may change.

The downgrade discards every profile.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_scopes (
            corpus_id text COLLATE "C" NOT NULL,
            task_type text COLLATE "C" NOT NULL,
            last_version integer NOT NULL,
            last_created_at timestamptz NOT NULL,
            CONSTRAINT pk_hegel_scopes PRIMARY KEY (corpus_id, task_type),
            CONSTRAINT ck_hegel_scopes_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_scopes_task_type_is_name
                CHECK (char_length(task_type) <= 200 AND btrim(task_type) <> ''),
            CONSTRAINT ck_hegel_scopes_last_version_counts CHECK (last_version >= 0)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE hegel_prompt_profiles (
            corpus_id text COLLATE "C" NOT NULL,
            id uuid DEFAULT hegel_uuidv7() NOT NULL,
            task_type text COLLATE "C" DEFAULT 'qa' NOT NULL,
            version integer NOT NULL,
            base_profile_id uuid,
            source text NOT NULL,
            profile jsonb GENERATED ALWAYS AS (source::jsonb) STORED NOT NULL,
            content_hash bytea GENERATED ALWAYS AS (hegel_content_hash(source)) STORED NOT NULL,
            performance_stats jsonb DEFAULT '{}' NOT NULL,
            metadata jsonb DEFAULT '{}' NOT NULL,
            created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            updated_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_prompt_profiles PRIMARY KEY (corpus_id, id),
            CONSTRAINT uq_hegel_prompt_profiles_corpus_id_task_type_version
                UNIQUE (corpus_id, task_type, version),
            CONSTRAINT fk_hegel_prompt_profiles_corpus_id_base_profile_id
                FOREIGN KEY (corpus_id, base_profile_id)
                REFERENCES hegel_prompt_profiles (corpus_id, id),
            CONSTRAINT ck_hegel_prompt_profiles_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_prompt_profiles_task_type_is_name
                CHECK (char_length(task_type) <= 200 AND btrim(task_type) <> ''),
            CONSTRAINT ck_hegel_prompt_profiles_profile_is_object
                CHECK (jsonb_typeof(profile) = 'object'),
            CONSTRAINT ck_hegel_prompt_profiles_performance_stats_is_object
                CHECK (jsonb_typeof(performance_stats) = 'object'),
            CONSTRAINT ck_hegel_prompt_profiles_metadata_is_object
                CHECK (jsonb_typeof(metadata) = 'object'),
            CONSTRAINT ck_hegel_prompt_profiles_version_counts CHECK (version >= 1),
            CONSTRAINT ck_hegel_prompt_profiles_not_its_own_base CHECK (base_profile_id <> id),
            CONSTRAINT ck_hegel_prompt_profiles_source_fits CHECK (octet_length(source) <= 16777216)
        )
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_prompt_profiles_corpus_task_created
            ON hegel_prompt_profiles (corpus_id, task_type, created_at DESC, version DESC)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_prompt_profiles_base
            ON hegel_prompt_profiles (corpus_id, base_profile_id)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_prompt_profiles_profile_gin
            ON hegel_prompt_profiles USING gin (profile jsonb_path_ops)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_prompt_profiles_worker_prompt
            ON hegel_prompt_profiles
            USING gin (to_tsvector('english', left(profile #>> '{worker,system_prompt}', 100000)))
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_prompt_profiles_reviewer_prompt
            ON hegel_prompt_profiles
            USING gin (to_tsvector('english', left(profile #>> '{reviewer,system_prompt}', 100000)))
        """
    )
    op.execute(
        r"""
        -- The escapes of JSON are no letters: without this "\nCite" would be the word "ncite".
        CREATE FUNCTION hegel_source_tsvector(source text) RETURNS tsvector
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN to_tsvector(
            'english'::regconfig,
            regexp_replace(left(source, 100000), '\\(["\\/bfnrt]|u[0-9a-f]{4})', ' ', 'g')
        )
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_prompt_profiles_source_fts
            ON hegel_prompt_profiles USING gin (hegel_source_tsvector(source))
        """
    )
    op.execute(
        """
        -- For hand-written SQL: a row without a version takes the scope's next one, and a row that
        -- brings its own takes the counter along.
        CREATE FUNCTION hegel_number_profile() RETURNS trigger
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
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_prompt_profiles_number
            BEFORE INSERT ON hegel_prompt_profiles
            FOR EACH ROW
            EXECUTE FUNCTION hegel_number_profile()
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_refuse_profile_change() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT
        AS $$
        BEGIN
            RAISE EXCEPTION 'prompt profile % is immutable: append a new version instead', OLD.id
                USING ERRCODE = 'restrict_violation';
        END
        $$
        """
    )
    op.execute(
        """
        -- AFTER, not BEFORE: with a BEFORE UPDATE trigger PostgreSQL would recompute the generated
        -- columns at every change of the statistics and write the whole profile again.
        CREATE TRIGGER hegel_prompt_profiles_immutable
            AFTER UPDATE OF corpus_id, id, task_type, version, base_profile_id, source, created_at
            ON hegel_prompt_profiles
            FOR EACH ROW WHEN (
                -- One by one: of rows compared as wholes a dump makes another expression.
                OLD.corpus_id IS DISTINCT FROM NEW.corpus_id
                OR OLD.id IS DISTINCT FROM NEW.id
                OR OLD.task_type IS DISTINCT FROM NEW.task_type
                OR OLD.version IS DISTINCT FROM NEW.version
                OR OLD.base_profile_id IS DISTINCT FROM NEW.base_profile_id
                OR OLD.source IS DISTINCT FROM NEW.source
                OR OLD.created_at IS DISTINCT FROM NEW.created_at
            )
            EXECUTE FUNCTION hegel_refuse_profile_change()
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_prompt_profiles")
    op.execute("DROP TABLE hegel_scopes")
    op.execute("DROP FUNCTION hegel_refuse_profile_change()")
    op.execute("DROP FUNCTION hegel_number_profile()")
    op.execute("DROP FUNCTION hegel_source_tsvector(text)")
