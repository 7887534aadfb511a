--
-- PostgreSQL database dump
--

\restrict 5mABeJ9sVV4NhoXbIaTJ8Kx2mcBG6w6MemQq0g9pP8IwjTO6W4kX6wNR06Xnr7P

-- Dumped from database version 16.14
-- Dumped by pg_dump version 16.14

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: vector; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;


--
-- Name: EXTENSION vector; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION vector IS 'vector data type and ivfflat and hnsw access methods';


--
-- Name: hegel_content_hash(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.hegel_content_hash(content text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN sha256(convert_to(content, 'UTF8'::name));


--
-- Name: hegel_ensure_step_month(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.hegel_ensure_step_month(moment timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "DateStyle" TO 'ISO'
    SET "TimeZone" TO 'UTC'
    SET lock_timeout TO '1s'
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
        $$;


--
-- Name: hegel_number_profile(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.hegel_number_profile() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
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
        $$;


--
-- Name: hegel_refuse_profile_change(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.hegel_refuse_profile_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
    AS $$
        BEGIN
            RAISE EXCEPTION 'prompt profile % is immutable: append a new version instead', OLD.id
                USING ERRCODE = 'restrict_violation';
        END
        $$;


--
-- Name: hegel_source_tsvector(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.hegel_source_tsvector(source text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN to_tsvector('english'::regconfig, regexp_replace("left"(source, 100000), '\\(["\\/bfnrt]|u[0-9a-f]{4})'::text, ' '::text, 'g'::text));


--
-- Name: hegel_tsvector(text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.hegel_tsvector(language text, content text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE language WHEN 'english'::text THEN to_tsvector('english'::regconfig, "left"(content, 100000)) WHEN 'german'::text THEN to_tsvector('german'::regconfig, "left"(content, 100000)) WHEN 'french'::text THEN to_tsvector('french'::regconfig, "left"(content, 100000)) WHEN 'spanish'::text THEN to_tsvector('spanish'::regconfig, "left"(content, 100000)) WHEN 'italian'::text THEN to_tsvector('italian'::regconfig, "left"(content, 100000)) WHEN 'portuguese'::text THEN to_tsvector('portuguese'::regconfig, "left"(content, 100000)) WHEN 'dutch'::text THEN to_tsvector('dutch'::regconfig, "left"(content, 100000)) WHEN 'arabic'::text THEN to_tsvector('arabic'::regconfig, "left"(content, 100000)) WHEN 'armenian'::text THEN to_tsvector('armenian'::regconfig, "left"(content, 100000)) WHEN 'basque'::text THEN to_tsvector('basque'::regconfig, "left"(content, 100000)) WHEN 'catalan'::text THEN to_tsvector('catalan'::regconfig, "left"(content, 100000)) WHEN 'danish'::text THEN to_tsvector('danish'::regconfig, "left"(content, 100000)) WHEN 'finnish'::text THEN to_tsvector('finnish'::regconfig, "left"(content, 100000)) WHEN 'greek'::text THEN to_tsvector('greek'::regconfig, "left"(content, 100000)) WHEN 'hindi'::text THEN to_tsvector('hindi'::regconfig, "left"(content, 100000)) WHEN 'hungarian'::text THEN to_tsvector('hungarian'::regconfig, "left"(content, 100000)) WHEN 'indonesian'::text THEN to_tsvector('indonesian'::regconfig, "left"(content, 100000)) WHEN 'irish'::text THEN to_tsvector('irish'::regconfig, "left"(content, 100000)) WHEN 'lithuanian'::text THEN to_tsvector('lithuanian'::regconfig, "left"(content, 100000)) WHEN 'nepali'::text THEN to_tsvector('nepali'::regconfig, "left"(content, 100000)) WHEN 'norwegian'::text THEN to_tsvector('norwegian'::regconfig, "left"(content, 100000)) WHEN 'romanian'::text THEN to_tsvector('romanian'::regconfig, "left"(content, 100000)) WHEN 'russian'::text THEN to_tsvector('russian'::regconfig, "left"(content, 100000)) WHEN 'serbian'::text THEN to_tsvector('serbian'::regconfig, "left"(content, 100000)) WHEN 'swedish'::text THEN to_tsvector('swedish'::regconfig, "left"(content, 100000)) WHEN 'tamil'::text THEN to_tsvector('tamil'::regconfig, "left"(content, 100000)) WHEN 'turkish'::text THEN to_tsvector('turkish'::regconfig, "left"(content, 100000)) WHEN 'yiddish'::text THEN to_tsvector('yiddish'::regconfig, "left"(content, 100000)) ELSE to_tsvector('simple'::regconfig, "left"(content, 100000)) END;


--
-- Name: hegel_uuidv7(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.hegel_uuidv7() RETURNS uuid
    LANGUAGE sql PARALLEL SAFE
    RETURN (((lpad(to_hex((floor((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric)))::bigint), 12, '0'::text) || '7'::text) || substr(replace((gen_random_uuid())::text, '-'::text, ''::text), 14)))::uuid;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: hegel_embedding_spaces; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_embedding_spaces (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    slot text NOT NULL COLLATE pg_catalog."C",
    model text NOT NULL,
    dimensions integer NOT NULL,
    claimed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ck_hegel_embedding_spaces_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_embedding_spaces_model_is_name CHECK (((char_length(model) <= 200) AND (btrim(model) <> ''::text))),
    CONSTRAINT ck_hegel_embedding_spaces_slot_fits_dimensions CHECK ((slot = ('embedding_'::text || dimensions)))
);


--
-- Name: hegel_facts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_facts (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    id uuid DEFAULT public.hegel_uuidv7() NOT NULL,
    label_id uuid,
    content text NOT NULL,
    content_hash bytea GENERATED ALWAYS AS (public.hegel_content_hash(content)) STORED NOT NULL,
    content_tsv tsvector GENERATED ALWAYS AS (public.hegel_tsvector(language, content)) STORED NOT NULL,
    category text DEFAULT 'general'::text NOT NULL,
    intent text,
    confidence double precision DEFAULT 1.0 NOT NULL,
    freshness text DEFAULT 'fresh'::text NOT NULL,
    language text DEFAULT 'english'::text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    seen_count integer DEFAULT 1 NOT NULL,
    profile_id uuid,
    step_id uuid,
    embedding_384 public.halfvec(384),
    embedding_768 public.halfvec(768),
    embedding_1024 public.halfvec(1024),
    embedding_1536 public.halfvec(1536),
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    expires_at timestamp with time zone,
    deleted_at timestamp with time zone,
    CONSTRAINT ck_hegel_facts_category_is_name CHECK (((char_length(category) <= 200) AND (btrim(category) <> ''::text))),
    CONSTRAINT ck_hegel_facts_confidence_is_a_share CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
    CONSTRAINT ck_hegel_facts_content_fits CHECK (((char_length(content) <= 1000000) AND (btrim(content) <> ''::text))),
    CONSTRAINT ck_hegel_facts_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_facts_freshness_known CHECK ((freshness = ANY (ARRAY['fresh'::text, 'ageing'::text, 'stale'::text]))),
    CONSTRAINT ck_hegel_facts_intent_is_name CHECK (((char_length(intent) <= 200) AND (btrim(intent) <> ''::text))),
    CONSTRAINT ck_hegel_facts_metadata_is_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT ck_hegel_facts_seen_count_counts CHECK ((seen_count >= 1))
);
ALTER TABLE ONLY public.hegel_facts ALTER COLUMN content_tsv SET STATISTICS 1000;


--
-- Name: hegel_labels; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_labels (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    id uuid DEFAULT public.hegel_uuidv7() NOT NULL,
    name text NOT NULL,
    kind text DEFAULT 'general'::text NOT NULL,
    category text,
    embedding public.halfvec(384),
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT ck_hegel_labels_category_is_name CHECK (((char_length(category) <= 200) AND (btrim(category) <> ''::text))),
    CONSTRAINT ck_hegel_labels_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_labels_kind_is_name CHECK (((char_length(kind) <= 200) AND (btrim(kind) <> ''::text))),
    CONSTRAINT ck_hegel_labels_name_is_name CHECK (((char_length(name) <= 200) AND (btrim(name) <> ''::text)))
);


--
-- Name: hegel_prompt_profiles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_prompt_profiles (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    id uuid DEFAULT public.hegel_uuidv7() NOT NULL,
    task_type text DEFAULT 'qa'::text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    base_profile_id uuid,
    source text NOT NULL,
    profile jsonb GENERATED ALWAYS AS ((source)::jsonb) STORED NOT NULL,
    content_hash bytea GENERATED ALWAYS AS (public.hegel_content_hash(source)) STORED NOT NULL,
    performance_stats jsonb DEFAULT '{}'::jsonb NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ck_hegel_prompt_profiles_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_prompt_profiles_metadata_is_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT ck_hegel_prompt_profiles_not_its_own_base CHECK ((base_profile_id <> id)),
    CONSTRAINT ck_hegel_prompt_profiles_performance_stats_is_object CHECK ((jsonb_typeof(performance_stats) = 'object'::text)),
    CONSTRAINT ck_hegel_prompt_profiles_profile_is_object CHECK ((jsonb_typeof(profile) = 'object'::text)),
    CONSTRAINT ck_hegel_prompt_profiles_source_fits CHECK ((octet_length(source) <= 16777216)),
    CONSTRAINT ck_hegel_prompt_profiles_task_type_is_name CHECK (((char_length(task_type) <= 200) AND (btrim(task_type) <> ''::text))),
    CONSTRAINT ck_hegel_prompt_profiles_version_counts CHECK ((version >= 1))
);


--
-- Name: hegel_latest_profiles; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.hegel_latest_profiles WITH (security_invoker='true') AS
 SELECT DISTINCT ON (corpus_id, task_type) corpus_id,
    task_type,
    id,
    version,
    base_profile_id,
    profile,
    source,
    content_hash,
    performance_stats,
    metadata,
    created_at
   FROM public.hegel_prompt_profiles
  ORDER BY corpus_id, task_type, created_at DESC, version DESC;


--
-- Name: hegel_profile_populations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_profile_populations (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    task_type text NOT NULL COLLATE pg_catalog."C",
    population text DEFAULT 'default'::text NOT NULL COLLATE pg_catalog."C",
    island integer DEFAULT 0 NOT NULL,
    profile_id uuid NOT NULL,
    epoch integer DEFAULT 0 NOT NULL,
    fitness_score double precision,
    objectives jsonb DEFAULT '{}'::jsonb NOT NULL,
    generation integer DEFAULT 1 NOT NULL,
    selection_count integer DEFAULT 0 NOT NULL,
    children_count integer DEFAULT 0 NOT NULL,
    descriptor jsonb DEFAULT '{}'::jsonb NOT NULL,
    cell_key text COLLATE pg_catalog."C",
    evicted_at timestamp with time zone,
    population_metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    last_updated timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ck_hegel_profile_populations_cell_key_is_name CHECK (((char_length(cell_key) <= 200) AND (btrim(cell_key) <> ''::text))),
    CONSTRAINT ck_hegel_profile_populations_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_profile_populations_counts_not_negative CHECK (((island >= 0) AND (epoch >= 0) AND (generation >= 0) AND (selection_count >= 0) AND (children_count >= 0))),
    CONSTRAINT ck_hegel_profile_populations_descriptor_is_object CHECK ((jsonb_typeof(descriptor) = 'object'::text)),
    CONSTRAINT ck_hegel_profile_populations_fitness_score_is_finite CHECK (((fitness_score > '-Infinity'::double precision) AND (fitness_score < 'Infinity'::double precision))),
    CONSTRAINT ck_hegel_profile_populations_objectives_is_object CHECK ((jsonb_typeof(objectives) = 'object'::text)),
    CONSTRAINT ck_hegel_profile_populations_population_is_name CHECK (((char_length(population) <= 200) AND (btrim(population) <> ''::text))),
    CONSTRAINT ck_hegel_profile_populations_population_metadata_is_object CHECK ((jsonb_typeof(population_metadata) = 'object'::text)),
    CONSTRAINT ck_hegel_profile_populations_task_type_is_name CHECK (((char_length(task_type) <= 200) AND (btrim(task_type) <> ''::text)))
);


--
-- Name: hegel_population_rankings; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.hegel_population_rankings WITH (security_invoker='true') AS
 SELECT corpus_id,
    task_type,
    population,
    island,
    profile_id,
    generation,
    fitness_score,
    rank() OVER (PARTITION BY corpus_id, task_type, population ORDER BY fitness_score DESC NULLS LAST) AS fitness_rank,
    rank() OVER (PARTITION BY corpus_id, task_type, population, island ORDER BY fitness_score DESC NULLS LAST) AS island_rank,
    selection_count,
    children_count,
    last_updated
   FROM public.hegel_profile_populations
  WHERE (evicted_at IS NULL);


--
-- Name: hegel_profile_alias_moves; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_profile_alias_moves (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    id uuid DEFAULT public.hegel_uuidv7() NOT NULL,
    task_type text NOT NULL COLLATE pg_catalog."C",
    alias text NOT NULL COLLATE pg_catalog."C",
    from_profile_id uuid,
    to_profile_id uuid NOT NULL,
    reason text,
    moved_by text DEFAULT CURRENT_USER NOT NULL,
    moved_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: hegel_profile_aliases; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_profile_aliases (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    task_type text NOT NULL COLLATE pg_catalog."C",
    alias text NOT NULL COLLATE pg_catalog."C",
    profile_id uuid NOT NULL,
    previous_profile_id uuid,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ck_hegel_profile_aliases_alias_is_name CHECK (((char_length(alias) <= 200) AND (btrim(alias) <> ''::text))),
    CONSTRAINT ck_hegel_profile_aliases_latest_is_computed CHECK ((alias <> 'latest'::text))
);


--
-- Name: hegel_profile_parents; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_profile_parents (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    profile_id uuid NOT NULL,
    parent_id uuid NOT NULL,
    "position" integer NOT NULL,
    CONSTRAINT ck_hegel_profile_parents_not_its_own_parent CHECK ((parent_id <> profile_id))
);


--
-- Name: hegel_training_steps; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_training_steps (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    id uuid DEFAULT public.hegel_uuidv7() NOT NULL,
    task_type text DEFAULT 'qa'::text NOT NULL COLLATE pg_catalog."C",
    old_profile_id uuid NOT NULL,
    new_profile_id uuid,
    step_type text DEFAULT 'training'::text NOT NULL,
    query text NOT NULL,
    predicted_answer text NOT NULL,
    gold_answer text,
    reward double precision,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    debate_trace jsonb DEFAULT '{}'::jsonb NOT NULL,
    optimization_strategy text,
    processing_time_ms integer,
    run_id text COLLATE pg_catalog."C",
    CONSTRAINT ck_hegel_training_steps_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_debate_trace_is_object CHECK ((jsonb_typeof(debate_trace) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_metrics_is_object CHECK ((jsonb_typeof(metrics) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_processing_time_ms_not_negative CHECK ((processing_time_ms >= 0)),
    CONSTRAINT ck_hegel_training_steps_reward_is_finite CHECK (((reward > '-Infinity'::double precision) AND (reward < 'Infinity'::double precision))),
    CONSTRAINT ck_hegel_training_steps_run_id_is_name CHECK (((char_length(run_id) <= 200) AND (btrim(run_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_step_type_known CHECK ((step_type = ANY (ARRAY['training'::text, 'evaluation'::text, 'validation'::text]))),
    CONSTRAINT ck_hegel_training_steps_task_type_is_name CHECK (((char_length(task_type) <= 200) AND (btrim(task_type) <> ''::text)))
)
PARTITION BY RANGE (created_at);


--
-- Name: hegel_profile_performance_summary; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.hegel_profile_performance_summary WITH (security_invoker='true') AS
 SELECT profile.corpus_id,
    profile.task_type,
    profile.id AS profile_id,
    profile.version,
    profile.created_at,
    step.steps,
    step.rewarded_steps,
    step.average_reward,
    step.lowest_reward,
    step.highest_reward,
    step.proposals_kept,
    step.last_step_at
   FROM (public.hegel_prompt_profiles profile
     CROSS JOIN LATERAL ( SELECT count(*) AS steps,
            count(hegel_training_steps.reward) AS rewarded_steps,
            avg(hegel_training_steps.reward) AS average_reward,
            min(hegel_training_steps.reward) AS lowest_reward,
            max(hegel_training_steps.reward) AS highest_reward,
            count(hegel_training_steps.new_profile_id) AS proposals_kept,
            max(hegel_training_steps.created_at) AS last_step_at
           FROM public.hegel_training_steps
          WHERE ((hegel_training_steps.corpus_id = profile.corpus_id) AND (hegel_training_steps.old_profile_id = profile.id))) step);


--
-- Name: hegel_scopes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_scopes (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    task_type text NOT NULL COLLATE pg_catalog."C",
    last_version integer NOT NULL,
    last_created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_hegel_scopes_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_scopes_last_version_counts CHECK ((last_version >= 0)),
    CONSTRAINT ck_hegel_scopes_task_type_is_name CHECK (((char_length(task_type) <= 200) AND (btrim(task_type) <> ''::text)))
);


--
-- Name: hegel_store_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_store_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: hegel_training_steps_2026_07; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_training_steps_2026_07 (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    id uuid DEFAULT public.hegel_uuidv7() NOT NULL,
    task_type text DEFAULT 'qa'::text NOT NULL COLLATE pg_catalog."C",
    old_profile_id uuid NOT NULL,
    new_profile_id uuid,
    step_type text DEFAULT 'training'::text NOT NULL,
    query text NOT NULL,
    predicted_answer text NOT NULL,
    gold_answer text,
    reward double precision,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    debate_trace jsonb DEFAULT '{}'::jsonb NOT NULL,
    optimization_strategy text,
    processing_time_ms integer,
    run_id text COLLATE pg_catalog."C",
    CONSTRAINT ck_hegel_training_steps_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_debate_trace_is_object CHECK ((jsonb_typeof(debate_trace) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_metrics_is_object CHECK ((jsonb_typeof(metrics) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_processing_time_ms_not_negative CHECK ((processing_time_ms >= 0)),
    CONSTRAINT ck_hegel_training_steps_reward_is_finite CHECK (((reward > '-Infinity'::double precision) AND (reward < 'Infinity'::double precision))),
    CONSTRAINT ck_hegel_training_steps_run_id_is_name CHECK (((char_length(run_id) <= 200) AND (btrim(run_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_step_type_known CHECK ((step_type = ANY (ARRAY['training'::text, 'evaluation'::text, 'validation'::text]))),
    CONSTRAINT ck_hegel_training_steps_task_type_is_name CHECK (((char_length(task_type) <= 200) AND (btrim(task_type) <> ''::text)))
);


--
-- Name: hegel_training_steps_2026_08; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_training_steps_2026_08 (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    id uuid DEFAULT public.hegel_uuidv7() NOT NULL,
    task_type text DEFAULT 'qa'::text NOT NULL COLLATE pg_catalog."C",
    old_profile_id uuid NOT NULL,
    new_profile_id uuid,
    step_type text DEFAULT 'training'::text NOT NULL,
    query text NOT NULL,
    predicted_answer text NOT NULL,
    gold_answer text,
    reward double precision,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    debate_trace jsonb DEFAULT '{}'::jsonb NOT NULL,
    optimization_strategy text,
    processing_time_ms integer,
    run_id text COLLATE pg_catalog."C",
    CONSTRAINT ck_hegel_training_steps_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_debate_trace_is_object CHECK ((jsonb_typeof(debate_trace) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_metrics_is_object CHECK ((jsonb_typeof(metrics) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_processing_time_ms_not_negative CHECK ((processing_time_ms >= 0)),
    CONSTRAINT ck_hegel_training_steps_reward_is_finite CHECK (((reward > '-Infinity'::double precision) AND (reward < 'Infinity'::double precision))),
    CONSTRAINT ck_hegel_training_steps_run_id_is_name CHECK (((char_length(run_id) <= 200) AND (btrim(run_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_step_type_known CHECK ((step_type = ANY (ARRAY['training'::text, 'evaluation'::text, 'validation'::text]))),
    CONSTRAINT ck_hegel_training_steps_task_type_is_name CHECK (((char_length(task_type) <= 200) AND (btrim(task_type) <> ''::text)))
);


--
-- Name: hegel_training_steps_2026_09; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_training_steps_2026_09 (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    id uuid DEFAULT public.hegel_uuidv7() NOT NULL,
    task_type text DEFAULT 'qa'::text NOT NULL COLLATE pg_catalog."C",
    old_profile_id uuid NOT NULL,
    new_profile_id uuid,
    step_type text DEFAULT 'training'::text NOT NULL,
    query text NOT NULL,
    predicted_answer text NOT NULL,
    gold_answer text,
    reward double precision,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    debate_trace jsonb DEFAULT '{}'::jsonb NOT NULL,
    optimization_strategy text,
    processing_time_ms integer,
    run_id text COLLATE pg_catalog."C",
    CONSTRAINT ck_hegel_training_steps_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_debate_trace_is_object CHECK ((jsonb_typeof(debate_trace) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_metrics_is_object CHECK ((jsonb_typeof(metrics) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_processing_time_ms_not_negative CHECK ((processing_time_ms >= 0)),
    CONSTRAINT ck_hegel_training_steps_reward_is_finite CHECK (((reward > '-Infinity'::double precision) AND (reward < 'Infinity'::double precision))),
    CONSTRAINT ck_hegel_training_steps_run_id_is_name CHECK (((char_length(run_id) <= 200) AND (btrim(run_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_step_type_known CHECK ((step_type = ANY (ARRAY['training'::text, 'evaluation'::text, 'validation'::text]))),
    CONSTRAINT ck_hegel_training_steps_task_type_is_name CHECK (((char_length(task_type) <= 200) AND (btrim(task_type) <> ''::text)))
);


--
-- Name: hegel_training_steps_2026_11; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_training_steps_2026_11 (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    id uuid DEFAULT public.hegel_uuidv7() NOT NULL,
    task_type text DEFAULT 'qa'::text NOT NULL COLLATE pg_catalog."C",
    old_profile_id uuid NOT NULL,
    new_profile_id uuid,
    step_type text DEFAULT 'training'::text NOT NULL,
    query text NOT NULL,
    predicted_answer text NOT NULL,
    gold_answer text,
    reward double precision,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    debate_trace jsonb DEFAULT '{}'::jsonb NOT NULL,
    optimization_strategy text,
    processing_time_ms integer,
    run_id text COLLATE pg_catalog."C",
    CONSTRAINT ck_hegel_training_steps_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_debate_trace_is_object CHECK ((jsonb_typeof(debate_trace) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_metrics_is_object CHECK ((jsonb_typeof(metrics) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_processing_time_ms_not_negative CHECK ((processing_time_ms >= 0)),
    CONSTRAINT ck_hegel_training_steps_reward_is_finite CHECK (((reward > '-Infinity'::double precision) AND (reward < 'Infinity'::double precision))),
    CONSTRAINT ck_hegel_training_steps_run_id_is_name CHECK (((char_length(run_id) <= 200) AND (btrim(run_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_step_type_known CHECK ((step_type = ANY (ARRAY['training'::text, 'evaluation'::text, 'validation'::text]))),
    CONSTRAINT ck_hegel_training_steps_task_type_is_name CHECK (((char_length(task_type) <= 200) AND (btrim(task_type) <> ''::text)))
);


--
-- Name: hegel_training_steps_2026_12; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hegel_training_steps_2026_12 (
    corpus_id text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    id uuid DEFAULT public.hegel_uuidv7() NOT NULL,
    task_type text DEFAULT 'qa'::text NOT NULL COLLATE pg_catalog."C",
    old_profile_id uuid NOT NULL,
    new_profile_id uuid,
    step_type text DEFAULT 'training'::text NOT NULL,
    query text NOT NULL,
    predicted_answer text NOT NULL,
    gold_answer text,
    reward double precision,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    debate_trace jsonb DEFAULT '{}'::jsonb NOT NULL,
    optimization_strategy text,
    processing_time_ms integer,
    run_id text COLLATE pg_catalog."C",
    CONSTRAINT ck_hegel_training_steps_corpus_id_is_name CHECK (((char_length(corpus_id) <= 200) AND (btrim(corpus_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_debate_trace_is_object CHECK ((jsonb_typeof(debate_trace) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_metrics_is_object CHECK ((jsonb_typeof(metrics) = 'object'::text)),
    CONSTRAINT ck_hegel_training_steps_processing_time_ms_not_negative CHECK ((processing_time_ms >= 0)),
    CONSTRAINT ck_hegel_training_steps_reward_is_finite CHECK (((reward > '-Infinity'::double precision) AND (reward < 'Infinity'::double precision))),
    CONSTRAINT ck_hegel_training_steps_run_id_is_name CHECK (((char_length(run_id) <= 200) AND (btrim(run_id) <> ''::text))),
    CONSTRAINT ck_hegel_training_steps_step_type_known CHECK ((step_type = ANY (ARRAY['training'::text, 'evaluation'::text, 'validation'::text]))),
    CONSTRAINT ck_hegel_training_steps_task_type_is_name CHECK (((char_length(task_type) <= 200) AND (btrim(task_type) <> ''::text)))
);


--
-- Name: hegel_training_steps_2026_07; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_training_steps ATTACH PARTITION public.hegel_training_steps_2026_07 FOR VALUES FROM ('2026-07-01 00:00:00+00') TO ('2026-08-01 00:00:00+00');


--
-- Name: hegel_training_steps_2026_08; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_training_steps ATTACH PARTITION public.hegel_training_steps_2026_08 FOR VALUES FROM ('2026-08-01 00:00:00+00') TO ('2026-09-01 00:00:00+00');


--
-- Name: hegel_training_steps_2026_09; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_training_steps ATTACH PARTITION public.hegel_training_steps_2026_09 FOR VALUES FROM ('2026-09-01 00:00:00+00') TO ('2026-10-01 00:00:00+00');


--
-- Name: hegel_training_steps_2026_11; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_training_steps ATTACH PARTITION public.hegel_training_steps_2026_11 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');


--
-- Name: hegel_training_steps_2026_12; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_training_steps ATTACH PARTITION public.hegel_training_steps_2026_12 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');


--
-- Data for Name: hegel_embedding_spaces; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_embedding_spaces (corpus_id, slot, model, dimensions, claimed_at) FROM stdin;
exercised	embedding_384	letters	384	2026-11-21 14:53:37.035121+00
\.


--
-- Data for Name: hegel_facts; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_facts (corpus_id, id, label_id, content, category, intent, confidence, freshness, language, metadata, seen_count, profile_id, step_id, embedding_384, embedding_768, embedding_1024, embedding_1536, created_at, last_seen_at, valid_from, valid_to, expires_at, deleted_at) FROM stdin;
harbour-helpdesk	01a1fe99-381e-7a24-a844-deb070a3179c	01a1fe99-381c-7158-bc2a-4302f8c4f09a	A shared link can be given a password and an expiry date by its owner at any time, also after it was sent.	sharing	how_to	0.97	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.675895+00	2026-11-21 14:53:36.675895+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7ad4-a031-298072ee53fc	01a1fe99-381b-7ffe-bd15-1ba558521013	Customer files are kept in one data centre in Frankfurt.	security	policy	0.5	stale	english	{"note": "kept to see that a loop prefers the newer fact", "source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.67718+00	2026-11-21 14:53:36.67718+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7b08-8a45-86824b0a34bc	01a1fe99-381c-7171-92bd-a5ae972d25af	Anfragen auf Deutsch beantwortet das Team in Hamburg werktags von 8 bis 18 Uhr.	triage	policy	0.89	fresh	german	{"source": "learned from a debate"}	1	01a1fe99-37a2-7fb9-b2e2-9d826d544d1f	\N	\N	\N	\N	\N	2026-11-21 14:53:36.677279+00	2026-11-21 14:53:36.677279+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7b38-907e-242beae61d84	01a1fe99-381c-70d7-8976-bdb9f7c18b38	Support never sets a password for a customer; it can only send a reset link to the address on file.	accounts	policy	0.97	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.677623+00	2026-11-21 14:53:36.677623+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7b60-b367-260f7f62d633	01a1fe99-381c-710b-bae9-14b520b55884	Tickets about invoices, VAT and refunds go to the billing queue, whatever their priority.	triage	policy	0.93	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.677699+00	2026-11-21 14:53:36.677699+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7b89-b883-1d3eba298474	01a1fe99-381c-7164-b97d-f8d3fd3bd6b3	The message 'Audience mismatch' means that the entity ID in the identity provider lacks the organisation's short name.	accounts	troubleshooting	0.93	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.677757+00	2026-11-21 14:53:36.677757+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7bb0-904e-1c8f97e5585d	01a1fe99-381c-717f-9e8e-6146a6963646	When all recovery codes are lost, an administrator of the organisation can reset two-factor login; for personal accounts an identity check of two working days is needed.	accounts	policy	0.95	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.677817+00	2026-11-21 14:53:36.677817+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7bd8-998f-7b88aad3fb5f	01a1fe99-381c-7066-aa0e-71e4a7b83e8f	Freigabelinks lassen sich nachträglich mit einem Passwort und einem Ablaufdatum versehen.	sharing	how_to	0.93	fresh	german	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.677892+00	2026-11-21 14:53:36.677892+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7bfb-8cb4-1de9f3e1aff7	01a1fe99-381c-713f-90d4-13cecd04ee6f	Un abonnement annuel est remboursé intégralement dans les quatorze jours qui suivent le premier paiement.	billing	policy	0.94	fresh	french	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.677947+00	2026-11-21 14:53:36.677947+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7c26-9499-66fdaf0ee4d6	01a1fe99-381c-710b-bae9-14b520b55884	Press enquiries are never answered by the desk; they are forwarded to the communications team.	triage	contact	0.9	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678141+00	2026-11-21 14:53:36.678141+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7c48-93b1-5866a2e8df90	01a1fe99-381c-7028-a7cf-a54fb36f520f	Error HB-107 means that the local disk has less than 2 GB left, and syncing stops until space is freed.	sync	troubleshooting	0.9	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678204+00	2026-11-21 14:53:36.678204+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7c6f-aaef-030f23fd4806	01a1fe99-381c-7043-a3e1-6a5b0e8ac7b4	Files are encrypted at rest with AES-256, with a key per organisation that is rotated every 90 days.	security	policy	0.98	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678265+00	2026-11-21 14:53:36.678265+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7c93-9640-72d340710ab1	01a1fe99-381c-7028-a7cf-a54fb36f520f	When two people edit the same file offline, the later upload is stored beside the first as a conflicted copy; nothing is overwritten.	sync	policy	0.99	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678326+00	2026-11-21 14:53:36.678326+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7cbd-a545-9b8c84477185	01a1fe99-381c-7158-bc2a-4302f8c4f09a	Downloads through one shared link are limited to 200 GB a day on the Team plan.	sharing	limit	0.77	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-3797-753e-8ec7-b4f1c4ece751	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678393+00	2026-11-21 14:53:36.678393+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7ce0-b979-b766ba2a54a9	01a1fe99-381c-7028-a7cf-a54fb36f520f	The desktop client uploads files up to 50 GB; larger files have to go through the command-line uploader.	sync	limit	0.98	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678449+00	2026-11-21 14:53:36.678449+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7d02-96f9-ee8294739fea	01a1fe99-381c-707e-a187-be2f9e8d9c45	Suspected account takeovers go to the security team at once with priority 1, before any reply to the customer.	security	contact	0.97	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678506+00	2026-11-21 14:53:36.678506+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7d28-ba09-234189b4a986	01a1fe99-381c-710b-bae9-14b520b55884	Wishes for features are tagged 'wish' and closed with a link to the public roadmap.	triage	policy	0.88	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-37a4-7e09-8309-9f70faabff73	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678559+00	2026-11-21 14:53:36.678559+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7d5f-afeb-8246b2fe163b	01a1fe99-381c-70f2-929a-4d13ded368fe	Moving to a smaller plan takes effect at the end of the paid period.	billing	policy	0.97	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678783+00	2026-11-21 14:53:36.678783+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7d81-9c75-3a277b2f7d94	01a1fe99-381b-7ffe-bd15-1ba558521013	All customer files are kept in two data centres in Frankfurt and Lyon; none leave the European Union.	security	policy	0.99	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678853+00	2026-11-21 14:53:36.678853+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7da1-951c-97319c712a7d	01a1fe99-381c-7158-bc2a-4302f8c4f09a	Shared links made by guests expire after 30 days and cannot be extended.	sharing	policy	0.98	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678925+00	2026-11-21 14:53:36.678925+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7dc1-b93a-1cc1c80cd819	01a1fe99-381c-70e5-b49a-f2795fdb4f25	After three failed card payments the account becomes read-only; it is never deleted for non-payment before 60 days.	billing	troubleshooting	0.92	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.678982+00	2026-11-21 14:53:36.678982+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7de3-9a0c-4bb77b5c5075	01a1fe99-381c-705b-a51a-b234e6118034	Les fichiers supprimés restent récupérables trente jours avec la formule Personnelle ou Équipe.	recovery	limit	0.93	fresh	french	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679053+00	2026-11-21 14:53:36.679053+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7e03-ab66-d5f3507392ec	01a1fe99-381c-7164-b97d-f8d3fd3bd6b3	Single sign-on is part of the Business plan and speaks SAML 2.0 and OpenID Connect.	accounts	how_to	0.96	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679117+00	2026-11-21 14:53:36.679117+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7e24-a41f-7b696300e28c	01a1fe99-381c-7050-9231-9ae580e1738b	Les factures sont envoyées le premier jour ouvré du mois et restent disponibles sept ans dans la rubrique Facturation.	billing	how_to	0.95	fresh	french	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679173+00	2026-11-21 14:53:36.679173+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7e41-b197-f1198b57fe47	01a1fe99-381b-7fde-8628-178b77f15665	The audit log keeps 12 months and can be streamed to a syslog server on the Business plan.	security	how_to	0.91	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679242+00	2026-11-21 14:53:36.679242+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7e75-b185-b95696a5cfbd	01a1fe99-381c-7099-9756-8d1f7b6842e2	Jahresverträge verlängern sich um ein Jahr, wenn sie nicht einen Monat vor Ablauf gekündigt werden.	billing	policy	0.96	fresh	german	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679296+00	2026-11-21 14:53:36.679296+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7e95-8a89-152ab4106592	01a1fe99-381c-717f-9e8e-6146a6963646	Ten recovery codes are shown when two-factor login is switched on; each works once.	accounts	how_to	0.96	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679355+00	2026-11-21 14:53:36.679355+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7eb1-b45c-d3f96834c404	01a1fe99-381c-7019-bde4-82b11fde491c	Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.	recovery	limit	0.98	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679411+00	2026-11-21 14:53:36.679411+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7ece-bcec-5520a7b84ade	01a1fe99-381c-7028-a7cf-a54fb36f520f	A folder that stays on 'Preparing' for more than ten minutes usually contains a file name with a trailing space or a colon.	sync	troubleshooting	0.94	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679465+00	2026-11-21 14:53:36.679465+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7eed-bb65-90fe5e1f1683	01a1fe99-381c-70ff-b53e-5dc25133b6da	Priority 2 is for one person who cannot work; the first answer is due within four hours.	triage	policy	0.96	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679534+00	2026-11-21 14:53:36.679534+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7f0c-a7cf-41f9fcd49f65	01a1fe99-381c-7028-a7cf-a54fb36f520f	Paths longer than 255 characters are skipped on Windows and listed in the sync report.	sync	limit	0.86	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-3797-753e-8ec7-b4f1c4ece751	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679591+00	2026-11-21 14:53:36.679591+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7f2b-a328-9d715cdc1365	01a1fe99-381c-708b-8376-0dd60b37a9eb	A VAT number added after an invoice was issued appears on the next invoice; issued invoices are never changed.	billing	policy	0.96	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679645+00	2026-11-21 14:53:36.679645+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7f49-ae77-f5a8df4f7691	01a1fe99-381c-70d7-8976-bdb9f7c18b38	A password reset link works once and for 60 minutes.	accounts	how_to	0.99	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679703+00	2026-11-21 14:53:36.679703+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7f76-b6a8-1bce083dcd74	01a1fe99-381c-7028-a7cf-a54fb36f520f	Pausing sync from the tray icon lasts until the next restart unless 'Keep paused' is ticked.	sync	how_to	0.97	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679754+00	2026-11-21 14:53:36.679754+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7f94-ba5c-59743d3e7aaf	01a1fe99-381c-711b-b035-21db24ac90ab	After a ransomware attack, 'Rewind folder' takes a folder back to any moment of the last 30 days in one step.	recovery	how_to	0.93	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679839+00	2026-11-21 14:53:36.679839+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7fb2-be9e-d0cc5b9b1a6e	01a1fe99-381c-710b-bae9-14b520b55884	Tickets that mention SAML, OpenID or 'Audience mismatch' go to the identity queue.	triage	policy	0.92	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679899+00	2026-11-21 14:53:36.679899+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7fd2-ab2e-4188f7553129	01a1fe99-381c-70f2-929a-4d13ded368fe	Moving from Team to Business takes effect at once, and the unused part of the month is credited.	billing	policy	0.99	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.679954+00	2026-11-21 14:53:36.679954+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381e-7ff0-8449-33dd9ffd3457	01a1fe99-381c-71a3-8236-f415e595aeed	Verlorene Wiederherstellungscodes kann nur die Verwaltung der eigenen Organisation zurücksetzen.	accounts	how_to	0.91	fresh	german	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680011+00	2026-11-21 14:53:36.680011+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-700e-820b-6f58298c87d2	01a1fe99-381b-7f75-93a1-e7c89776ab30	L'envoi automatique des photos ne fonctionne qu'en Wi-Fi, sauf autorisation des données mobiles dans les réglages.	sync	how_to	0.9	fresh	french	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680074+00	2026-11-21 14:53:36.680074+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-702e-b606-7d7a5867a67b	01a1fe99-381c-7028-a7cf-a54fb36f520f	Error HB-212 means that the clock of the computer is more than five minutes off, so signed requests are refused.	sync	troubleshooting	0.93	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680171+00	2026-11-21 14:53:36.680171+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-704d-9303-eebbd7840248	01a1fe99-381c-7071-893a-396a757b43e5	Gelöschte Dateien lassen sich im Tarif Business 180 Tage lang wiederherstellen.	recovery	limit	0.94	fresh	german	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680228+00	2026-11-21 14:53:36.680228+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-707e-ba7b-2239b7e84bb6	01a1fe99-381c-7028-a7cf-a54fb36f520f	The desktop client uploads files up to 20 GB.	sync	limit	0.6	stale	english	{"note": "kept to see that a loop prefers the newer fact", "source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680281+00	2026-11-21 14:53:36.680281+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-709d-b6aa-657ccb92e10c	01a1fe99-381c-7158-bc2a-4302f8c4f09a	A visitor who sees 'Link not available' has a link that expired, was revoked, or belongs to a suspended account.	sharing	troubleshooting	0.84	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-3797-753e-8ec7-b4f1c4ece751	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680326+00	2026-11-21 14:53:36.680326+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-70bd-aeb7-1603858ba76f	01a1fe99-381c-714b-b1e6-cc0e33c9c4f3	Nested shares are not possible: a folder inside a shared folder cannot be shared with further people.	sharing	policy	0.9	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680392+00	2026-11-21 14:53:36.680392+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-70dc-bece-4e5335ee1d86	01a1fe99-381c-70e5-b49a-f2795fdb4f25	Payment by bank transfer is offered for yearly plans of 25 seats or more.	billing	how_to	0.9	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680453+00	2026-11-21 14:53:36.680453+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-70fa-bc1e-7486d6ea2a18	01a1fe99-381c-714b-b1e6-cc0e33c9c4f3	Removing a member from a shared folder deletes the folder from that member's computers at the next sync.	sharing	policy	0.96	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680507+00	2026-11-21 14:53:36.680507+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-711a-9cb5-27b2ba7d3f3c	01a1fe99-381c-70b5-a782-4174b3205712	Les fichiers des clients sont conservés à Francfort et à Lyon et ne quittent pas l'Union européenne.	security	policy	0.97	fresh	french	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680575+00	2026-11-21 14:53:36.680575+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-713c-8873-7c695010ca44	01a1fe99-381c-70c0-a98e-40a46bf6b07e	The mobile app keeps at most 10 GB of files offline, whatever the free space of the phone.	sync	limit	0.95	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680644+00	2026-11-21 14:53:36.680644+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-715d-8572-cfe7f9531b1b	01a1fe99-381c-708b-8376-0dd60b37a9eb	Invoices are sent on the first working day of the month and can be downloaded under Account, Billing, for seven years.	billing	how_to	0.98	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.68071+00	2026-11-21 14:53:36.68071+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-717b-a069-89feb833513c	01a1fe99-381c-7019-bde4-82b11fde491c	Files removed with 'Delete for ever' are gone within an hour and cannot be restored by anyone.	recovery	policy	0.94	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680768+00	2026-11-21 14:53:36.680768+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-719a-a474-bcf42c9ad69b	01a1fe99-381c-7133-852b-e92f45d2a9e2	A yearly plan can be refunded in full within 30 days of the first payment.	billing	policy	0.55	stale	english	{"note": "kept to see that a loop prefers the newer fact", "source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.680909+00	2026-11-21 14:53:36.680909+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-71b8-bc83-7f0a6972edd2	01a1fe99-381c-7036-8cc9-df797613de9d	Un dossier placé dans un dossier partagé ne peut pas être partagé avec d'autres personnes.	sharing	policy	0.92	fresh	french	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681004+00	2026-11-21 14:53:36.681004+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-71d4-b5ec-0b6cbae5ab6d	01a1fe99-381c-70a7-bb99-05f718dd049a	Les demandes en français sont traitées par l'équipe de Lyon, du lundi au samedi.	triage	policy	0.88	fresh	french	{"source": "learned from a debate"}	1	01a1fe99-37a2-7fb9-b2e2-9d826d544d1f	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681072+00	2026-11-21 14:53:36.681072+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-720d-b345-2eec913df91f	01a1fe99-381c-714b-b1e6-cc0e33c9c4f3	A shared folder holds at most 500 members; groups count as one member each.	sharing	limit	0.95	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681134+00	2026-11-21 14:53:36.681135+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-7228-954d-e96d916afb40	01a1fe99-381c-7164-b97d-f8d3fd3bd6b3	Guests cannot sign in through the organisation's identity provider.	accounts	limit	0.72	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-3797-753e-8ec7-b4f1c4ece751	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681189+00	2026-11-21 14:53:36.681189+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-7244-8cfa-00d4466e8629	01a1fe99-381c-70c0-a98e-40a46bf6b07e	On Android 13 and later, background upload needs battery optimisation to be switched off for the app.	sync	troubleshooting	0.81	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-3797-753e-8ec7-b4f1c4ece751	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681243+00	2026-11-21 14:53:36.681243+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-7261-8d80-91bf1e09a7a4	01a1fe99-381c-7028-a7cf-a54fb36f520f	Selective sync is set per computer, under Preferences, Folders.	sync	how_to	0.88	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-3797-753e-8ec7-b4f1c4ece751	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681317+00	2026-11-21 14:53:36.681317+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-727d-b249-f328b5d06517	01a1fe99-381c-70cb-8b90-c3d2f3d228ef	Le lien de réinitialisation du mot de passe est valable une seule fois, pendant soixante minutes.	accounts	how_to	0.96	fresh	french	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681373+00	2026-11-21 14:53:36.681373+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-729a-8c7a-36e9b4b11e1e	01a1fe99-381b-7ff0-bde6-1e01df55ccbb	The command-line uploader resumes an interrupted upload when it is started again with the same --session name.	sync	how_to	0.91	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681446+00	2026-11-21 14:53:36.681446+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-72ba-adca-647741390ead	01a1fe99-381c-718c-8fea-63676aae09ba	At most 5,000 users can be imported in one CSV file.	accounts	limit	0.8	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-3797-753e-8ec7-b4f1c4ece751	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681511+00	2026-11-21 14:53:36.681511+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-72d9-86d3-a0cbfec2cffb	01a1fe99-381c-7127-87d3-51c64e42415b	Rechnungen werden am ersten Werktag des Monats verschickt und bleiben sieben Jahre unter Konto, Abrechnung abrufbar.	billing	how_to	0.95	fresh	german	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681571+00	2026-11-21 14:53:36.681571+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-72f7-990a-13c52be00997	01a1fe99-381c-70c0-a98e-40a46bf6b07e	Camera upload runs only on Wi-Fi unless mobile data is allowed under Settings, Camera, Network.	sync	how_to	0.92	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681636+00	2026-11-21 14:53:36.681636+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-7315-b2cb-35505035f61b	01a1fe99-381c-70f2-929a-4d13ded368fe	Charities with a registration number get 40 percent off the Business plan.	billing	limit	0.94	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681697+00	2026-11-21 14:53:36.681697+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-7335-a5af-0f8fe6e14c57	01a1fe99-381c-7043-a3e1-6a5b0e8ac7b4	End-to-end encrypted vaults cannot be restored by support when the vault passphrase is lost.	security	policy	0.9	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681758+00	2026-11-21 14:53:36.681758+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-7355-8ca9-b0f15ae1d0e9	01a1fe99-381c-714b-b1e6-cc0e33c9c4f3	Only the owner of a shared folder can hand it over to somebody else, under Sharing, Transfer ownership.	sharing	how_to	0.93	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681816+00	2026-11-21 14:53:36.681816+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-7382-b905-e9c1654d3511	01a1fe99-381c-700b-9fa2-bf34367c3c39	Alle Dateien liegen in zwei Rechenzentren in Frankfurt und Lyon; für Behörden gibt es einen Auftragsverarbeitungsvertrag auf Deutsch.	security	policy	0.98	fresh	german	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681881+00	2026-11-21 14:53:36.681881+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-73a3-9ebc-c4188e7a0e7a	01a1fe99-381c-70ff-b53e-5dc25133b6da	Priority 3 is for questions and wishes; the first answer is due within two working days.	triage	policy	0.95	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.681948+00	2026-11-21 14:53:36.681948+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-73c1-b5db-7351d505e6b6	01a1fe99-381c-7197-b3f8-3bb054f63685	Every file keeps its last 100 versions; older ones are removed first.	recovery	limit	0.96	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.682013+00	2026-11-21 14:53:36.682013+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-73e1-abae-19ecb7da341f	01a1fe99-381c-718c-8fea-63676aae09ba	The files of a deleted user stay with the administrator for 30 days and can be handed to another user in that time.	accounts	how_to	0.92	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.682066+00	2026-11-21 14:53:36.682066+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-73ff-8c65-e43e3e795a7f	01a1fe99-381c-70ff-b53e-5dc25133b6da	Priority 1 is for data loss, security incidents and outages of a whole organisation; the first answer is due within 30 minutes.	triage	policy	0.97	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.682154+00	2026-11-21 14:53:36.682154+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-741e-b6c8-7ab2e2791a61	01a1fe99-381c-70f2-929a-4d13ded368fe	The Team plan starts at three seats; single seats exist only on the Personal plan.	billing	limit	0.99	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.682232+00	2026-11-21 14:53:36.682232+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-743b-a2a3-154bc713486b	01a1fe99-381c-7028-a7cf-a54fb36f520f	Die Meldung HB-212 erscheint, wenn die Uhr des Rechners mehr als fünf Minuten falsch geht.	sync	troubleshooting	0.9	fresh	german	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.682288+00	2026-11-21 14:53:36.682288+00	\N	\N	\N	\N
harbour-helpdesk	01a1fe99-381f-7459-98fd-77c041103c0c	01a1fe99-381c-7133-852b-e92f45d2a9e2	A yearly plan can be refunded in full within 14 days of the first payment, and not afterwards.	billing	policy	0.98	fresh	english	{"source": "handbook of the desk"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.682349+00	2026-11-21 14:53:36.682349+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7808-b5fd-805fb08b42d4	01a1fe99-3835-752c-830a-18b7757f349a	MERIDIAN was stopped for slow recruitment after 1,206 of 1,800 planned patients.	conduct	limitation	0.92	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.698346+00	2026-11-21 14:53:36.698346+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7890-b8e4-1fe99c663981	01a1fe99-3835-7565-9b74-e5279da8355b	Total sleep time was 31 minutes longer on oremexant than on placebo in TERN-SLEEP (95 % interval 18 to 44), measured by actigraphy.	result	effect	0.95	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699052+00	2026-11-21 14:53:36.699052+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-78c2-b8b5-accfe38d3398	01a1fe99-3835-7443-bb85-05e1ddbb496f	AURORA-2 was a randomised, double-blind, placebo-controlled phase 3 trial of talvecinib in 412 adults with moderate plaque psoriasis.	design	lookup	0.99	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699129+00	2026-11-21 14:53:36.699129+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-78ea-b717-948fd90e4b5e	01a1fe99-3835-7500-a1c5-10eb8287fdb8	Subgroup results are called exploratory unless they were planned and tested for interaction.	style	rule	0.93	fresh	english	{"source": "style guide"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699192+00	2026-11-21 14:53:36.699192+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7913-ad71-a42212f8019f	01a1fe99-3835-752c-830a-18b7757f349a	The primary endpoint of MERIDIAN was death from cardiovascular causes or readmission for heart failure within 180 days.	design	lookup	0.97	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699247+00	2026-11-21 14:53:36.699247+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7939-963f-a532635eaac8	01a1fe99-3835-74c4-9c21-b2016df30bd8	Tremor was reported by 3, 5, 8 and 16 percent with placebo, 50, 100 and 200 micrograms in COPPERFIELD.	safety	harm	0.94	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699314+00	2026-11-21 14:53:36.699314+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-795d-8ba5-d019c4f72a16	01a1fe99-3835-7443-bb85-05e1ddbb496f	PASI 90 at week 16 was reached by 34 percent on talvecinib and 4 percent on placebo in AURORA-2.	result	effect	0.9	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699441+00	2026-11-21 14:53:36.699441+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-797d-8273-a4e7c53286bc	01a1fe99-3835-7565-9b74-e5279da8355b	A carry-over effect could not be ruled out in TERN-SLEEP (p = 0.08).	conduct	limitation	0.79	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-37ad-7e60-89c6-0104823483d4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699512+00	2026-11-21 14:53:36.699512+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-79a6-944c-0305258fb9f6	01a1fe99-3835-7500-a1c5-10eb8287fdb8	Relative effects are never given without the absolute numbers of both arms.	style	rule	0.97	fresh	english	{"source": "style guide"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699579+00	2026-11-21 14:53:36.699579+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-79cf-ae88-3df0254217ff	01a1fe99-3835-7500-a1c5-10eb8287fdb8	A summary names the primary endpoint before any secondary one and says whether it was met.	style	rule	0.98	fresh	english	{"source": "style guide"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699634+00	2026-11-21 14:53:36.699634+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7a24-b2ac-c0c98d7e95c4	01a1fe99-3835-7565-9b74-e5279da8355b	Time to fall asleep did not differ between oremexant and placebo in TERN-SLEEP.	result	effect	0.88	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37ad-7e60-89c6-0104823483d4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699691+00	2026-11-21 14:53:36.699691+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7a4d-bb40-db4f952cd8dc	01a1fe99-3835-74e2-b9ed-a071d1157f00	Zusammenfassungen auf Deutsch schreiben Dezimalzahlen mit Komma und nennen Wirkstoffe ohne Handelsnamen.	style	rule	0.9	fresh	german	{"source": "style guide"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699754+00	2026-11-21 14:53:36.699754+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7a72-8604-ed396a3d68a4	01a1fe99-3835-7443-bb85-05e1ddbb496f	The primary endpoint of AURORA-2 was the share of patients with PASI 75 at week 16.	design	lookup	0.95	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699818+00	2026-11-21 14:53:36.699818+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7a95-9e38-6660cfe495cc	01a1fe99-3835-74c4-9c21-b2016df30bd8	In COPPERFIELD the differences from placebo were significant for 100 and 200 micrograms, not for 50 micrograms.	result	effect	0.93	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699905+00	2026-11-21 14:53:36.699905+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7ab6-ab0f-b499dced3a48	01a1fe99-3835-7500-a1c5-10eb8287fdb8	Harms get a sentence of their own in every summary, also when none were found.	style	rule	0.95	fresh	english	{"source": "style guide"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.699957+00	2026-11-21 14:53:36.699957+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7ad7-8429-83db1c09e164	01a1fe99-3835-7443-bb85-05e1ddbb496f	In AURORA-2 erreichten 61 Prozent unter Talvecinib und 12 Prozent unter Placebo nach 16 Wochen eine Besserung um mindestens 75 Prozent.	result	effect	0.93	fresh	german	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700004+00	2026-11-21 14:53:36.700004+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7af6-b196-465feb78f373	01a1fe99-3835-74c4-9c21-b2016df30bd8	Trough FEV1 at week 12 rose against placebo by 61 ml, 118 ml and 124 ml with brevoterol 50, 100 and 200 micrograms in COPPERFIELD.	result	effect	0.96	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700079+00	2026-11-21 14:53:36.700079+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7b1c-bf16-0f15dad07b8c	01a1fe99-3835-74d4-9718-5fa9b25841ba	All-cause death did not differ in HELIX-CKD (hazard ratio 0.94, 95 % interval 0.77 to 1.15).	result	effect	0.9	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700143+00	2026-11-21 14:53:36.700144+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7b3d-8cb1-72ed70315628	01a1fe99-3835-74b0-8051-f696ffc41133	Allocation concealment keeps recruiters from knowing the next assignment; it is possible also where blinding is not.	method	definition	0.92	fresh	english	{"source": "glossary"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700203+00	2026-11-21 14:53:36.700203+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7b5f-bd63-82ae9a48a19a	01a1fe99-3835-751c-b497-b7dcbfd9607b	The intracluster correlation in LANTERN was 0.031, higher than the 0.02 assumed for its sample size.	conduct	limitation	0.91	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700265+00	2026-11-21 14:53:36.700265+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7b84-ab9a-f5cdcdc8e66d	01a1fe99-3835-753b-9f92-d5e783f8b93f	A non-inferiority trial shows that a treatment is not worse than another by more than a margin fixed beforehand; failing to find a difference does not show it.	method	definition	0.94	fresh	english	{"source": "glossary"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700327+00	2026-11-21 14:53:36.700327+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7ba7-8c53-eb5796b7debf	01a1fe99-3835-74d4-9718-5fa9b25841ba	HELIX-CKD randomised 2,940 adults with chronic kidney disease to dapiroxat or placebo; median follow-up was 2.3 years.	design	lookup	0.98	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700407+00	2026-11-21 14:53:36.700407+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7bc9-88e2-00ee1efed602	01a1fe99-3835-7443-bb85-05e1ddbb496f	PASI 75 at week 16 was reached by 61 percent on talvecinib and 12 percent on placebo in AURORA-2 (difference 49 points, 95 % interval 41 to 57).	result	effect	0.98	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700475+00	2026-11-21 14:53:36.700475+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7bea-87c5-b9369c8e390b	01a1fe99-3835-752c-830a-18b7757f349a	L'essai MERIDIAN n'a pas atteint son critère principal : 22,4 % d'événements sous norasimab contre 24,1 % avec les soins habituels.	result	effect	0.92	fresh	french	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700541+00	2026-11-21 14:53:36.700541+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7c0c-9c57-de23009b93f6	01a1fe99-3835-750e-8c86-f726f9f0fa8f	An intention-to-treat analysis counts each patient in the arm they were assigned to, whatever they took.	method	definition	0.97	fresh	english	{"source": "glossary"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700638+00	2026-11-21 14:53:36.700639+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7c6a-8363-29eb3281dd8a	01a1fe99-3835-74c4-9c21-b2016df30bd8	COPPERFIELD tested brevoterol 50, 100 and 200 micrograms twice daily against placebo over 12 weeks.	design	lookup	0.96	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700707+00	2026-11-21 14:53:36.700707+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7c8f-b894-b30c086322cb	01a1fe99-3835-751c-b497-b7dcbfd9607b	Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).	result	effect	0.96	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700762+00	2026-11-21 14:53:36.700762+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7cb2-81ef-5f6a37ad216b	01a1fe99-3835-7500-a1c5-10eb8287fdb8	'Trend towards significance' is not used.	style	rule	0.86	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37b4-74ca-8532-f1c5e6024d91	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700936+00	2026-11-21 14:53:36.700937+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7cd5-8aa2-d3cf6437e594	01a1fe99-3835-7557-9591-a0fd8eb93050	Les résumés en français donnent les effectifs des deux groupes avant le pourcentage.	style	rule	0.88	fresh	french	{"source": "learned from a debate"}	1	01a1fe99-37b2-7b38-b472-5907bedffa21	\N	\N	\N	\N	\N	2026-11-21 14:53:36.700994+00	2026-11-21 14:53:36.700994+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7cf8-871b-69e3f99046c4	01a1fe99-3835-752c-830a-18b7757f349a	Hypotension that needed treatment occurred in 8.1 percent on norasimab and 5.0 percent on standard care in MERIDIAN.	safety	harm	0.95	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701166+00	2026-11-21 14:53:36.701166+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7d1b-b8a2-a3b0d345ceb5	01a1fe99-3835-74d4-9718-5fa9b25841ba	An interim report of HELIX-CKD gave a hazard ratio of 0.66 for kidney failure or a halving of filtration rate.	result	effect	0.52	stale	english	{"note": "kept to see that a loop prefers the newer fact", "source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701239+00	2026-11-21 14:53:36.701239+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7d3d-a080-077781b8aef7	01a1fe99-3835-752c-830a-18b7757f349a	MERIDIAN did not meet its primary endpoint (p = 0.44).	result	effect	0.94	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701308+00	2026-11-21 14:53:36.701308+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7d60-9b9c-572ddcbcc31b	01a1fe99-3835-74f0-b8ba-c0032acc93ba	A hazard ratio below 1 means that the event came later or less often in the treated group; it is not the ratio of the risks.	method	definition	0.95	fresh	english	{"source": "glossary"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701358+00	2026-11-21 14:53:36.701358+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7d8c-b310-ae8fd14eb3ed	01a1fe99-3835-7500-a1c5-10eb8287fdb8	An effect is given with its 95 percent interval; a p value alone is not enough.	style	rule	0.96	fresh	english	{"source": "style guide"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701435+00	2026-11-21 14:53:36.701435+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7dae-bd4d-54b6d2e51b16	01a1fe99-3835-7443-bb85-05e1ddbb496f	In AURORA-2, 9 percent of the placebo arm left before week 16, against 4 percent on talvecinib; missing values counted as no response.	conduct	limitation	0.88	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37ad-7e60-89c6-0104823483d4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701497+00	2026-11-21 14:53:36.701497+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7dd2-8554-80adfe46bf4c	01a1fe99-3835-752c-830a-18b7757f349a	The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).	result	effect	0.97	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701566+00	2026-11-21 14:53:36.701566+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7df3-bf3e-32a29d22fd56	01a1fe99-3835-74d4-9718-5fa9b25841ba	Hyperkalaemia led to stopping treatment in 4.4 percent on dapiroxat and 1.6 percent on placebo in HELIX-CKD.	safety	harm	0.96	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701642+00	2026-11-21 14:53:36.701643+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7e15-bd79-9f8277afa1cd	01a1fe99-3835-7565-9b74-e5279da8355b	Next-day sleepiness was reported by 10 of 58 participants on oremexant and 6 of 58 on placebo in TERN-SLEEP.	safety	harm	0.92	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701709+00	2026-11-21 14:53:36.701709+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7e34-9964-e2ee111bd752	01a1fe99-3835-74d4-9718-5fa9b25841ba	HELIX-CKD was paid for by the maker of dapiroxat, whose statisticians did the analysis.	conduct	limitation	0.9	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701819+00	2026-11-21 14:53:36.701819+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7e56-846e-9f58caced94a	01a1fe99-3835-74c4-9c21-b2016df30bd8	COPPERFIELD was a phase 2 dose-finding trial of inhaled brevoterol in 248 adults with persistent asthma, four parallel arms of 62.	design	lookup	0.98	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701896+00	2026-11-21 14:53:36.701896+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7e76-a19d-ff41a5e286c9	01a1fe99-3835-752c-830a-18b7757f349a	In a subgroup of MERIDIAN with reduced kidney function the hazard ratio was 0.71, but the test for interaction was not significant (p = 0.19).	result	effect	0.66	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-37ad-7e60-89c6-0104823483d4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.701975+00	2026-11-21 14:53:36.701975+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7e9f-9d34-308c364a612b	01a1fe99-3835-74c4-9c21-b2016df30bd8	COPPERFIELD gives no reason to prefer 200 over 100 micrograms: the gain was 6 ml with more tremor.	result	interpretation	0.84	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37ad-7e60-89c6-0104823483d4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702094+00	2026-11-21 14:53:36.702094+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7ebf-af8a-946390377ccd	01a1fe99-3835-7443-bb85-05e1ddbb496f	Herpes zoster was seen in 7 of 275 patients on talvecinib and in none of 137 on placebo in AURORA-2.	safety	harm	0.95	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.70217+00	2026-11-21 14:53:36.70217+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-70e9-aa83-f95579f64077	01a1fe99-3849-753a-b9e6-1ad388155805	A feature flag has an owner and a date of removal, and CI fails when the date has passed.	operations	rule	0.92	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.719732+00	2026-11-21 14:53:36.719732+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7edf-8ae2-96cddf1b7768	01a1fe99-3835-7565-9b74-e5279da8355b	TERN-SLEEP was a crossover trial of low-dose oremexant in 58 shift workers with insomnia, two periods of four weeks with a two-week washout.	design	lookup	0.97	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702235+00	2026-11-21 14:53:36.702235+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7efd-9219-c8c5d3e7f910	01a1fe99-3835-754a-a63b-937821650acc	The number needed to treat is 1 divided by the absolute risk difference, and is given with its time span.	method	definition	0.95	fresh	english	{"source": "glossary"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702335+00	2026-11-21 14:53:36.702335+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7f1e-9260-30d057b93bc1	01a1fe99-3835-7443-bb85-05e1ddbb496f	AURORA-2 randomised patients 2:1 to talvecinib 15 mg once daily or placebo for 24 weeks.	design	lookup	0.98	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702399+00	2026-11-21 14:53:36.702399+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7f41-a509-f8c0822daa02	01a1fe99-3835-74d4-9718-5fa9b25841ba	Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).	result	effect	0.97	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702461+00	2026-11-21 14:53:36.702461+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7f62-97e1-570eaa6946d6	01a1fe99-3835-751c-b497-b7dcbfd9607b	No harms were sought in LANTERN; 2.3 percent of parents opted out of the messages.	safety	harm	0.85	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37ad-7e60-89c6-0104823483d4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702543+00	2026-11-21 14:53:36.702543+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7f84-9c8b-cf929730670a	01a1fe99-3835-7443-bb85-05e1ddbb496f	Serious adverse events occurred in 3.6 percent on talvecinib and 2.9 percent on placebo in AURORA-2.	safety	harm	0.97	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702601+00	2026-11-21 14:53:36.702601+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7fa2-9330-ae3fb0778aed	01a1fe99-3835-752c-830a-18b7757f349a	MERIDIAN compared norasimab with standard care in 1,206 patients hospitalised for heart failure; it was open-label, with blinded assessment of the endpoint.	design	lookup	0.99	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702658+00	2026-11-21 14:53:36.702658+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7fc4-a6ab-eac748ed88d1	01a1fe99-3835-74d4-9718-5fa9b25841ba	Wegen zu hoher Kaliumwerte brachen in HELIX-CKD 4,4 Prozent unter Dapiroxat die Behandlung ab, unter Placebo 1,6 Prozent.	safety	harm	0.91	fresh	german	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702722+00	2026-11-21 14:53:36.702722+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3836-7fe4-a2c2-00d2b7939e8d	01a1fe99-3835-74c4-9c21-b2016df30bd8	Dans COPPERFIELD, les tremblements augmentaient avec la dose de brévotérol, de 3 % sous placebo à 16 % sous 200 microgrammes.	safety	harm	0.9	fresh	french	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702797+00	2026-11-21 14:53:36.702797+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3837-70a8-be67-731d8f3d041d	01a1fe99-3835-7500-a1c5-10eb8287fdb8	Summaries for lay readers replace 'hazard ratio' by the numbers of people out of 100.	style	rule	0.9	fresh	english	{"source": "style guide"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702868+00	2026-11-21 14:53:36.702868+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3837-70f9-aa1d-3ce9747a6c1e	01a1fe99-3835-751c-b497-b7dcbfd9607b	LANTERN was a cluster-randomised trial of a text-message reminder for childhood vaccination in 84 practices and 6,310 children.	design	lookup	0.97	fresh	english	{"source": "trial register"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.702915+00	2026-11-21 14:53:36.702915+00	\N	\N	\N	\N
lumen-trials	01a1fe99-3837-711f-9827-86434796221e	01a1fe99-3835-74c4-9c21-b2016df30bd8	COPPERFIELD excluded smokers and people over 65, which limits what it says about ordinary practice.	conduct	limitation	0.8	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-37ad-7e60-89c6-0104823483d4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.703057+00	2026-11-21 14:53:36.703057+00	\N	\N	\N	\N
quarry-review	01a1fe99-384a-7fcb-8b58-db49db90de18	01a1fe99-3849-752b-93c1-dd0b716d1504	A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.	errors	rule	0.96	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.718625+00	2026-11-21 14:53:36.718625+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7064-8aa4-10003742cc17	01a1fe99-3849-74d5-9078-faa84cc39fd8	Cache keys carry a version number, which is raised when the shape of the value changes.	concurrency	rule	0.86	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-37bc-79a9-9219-7029a4cfecc4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.719368+00	2026-11-21 14:53:36.719368+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-709a-910d-da8a5c1d1775	01a1fe99-3849-752b-93c1-dd0b716d1504	An exception that is logged is not raised again, and one that is raised again is not logged.	errors	rule	0.92	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.719593+00	2026-11-21 14:53:36.719593+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-70c3-9591-49aff4490534	01a1fe99-3849-75ab-8df0-3ecae420430e	Functions that change something start with a verb; functions that answer a question start with is, has or the noun they return.	style	rule	0.9	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.719664+00	2026-11-21 14:53:36.719664+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7113-8e9f-ab7f0f4c892b	01a1fe99-3849-74b2-b6ea-da84ad7c7359	Amounts are integers in the smallest unit of the currency; floats are refused by the linter in the billing package.	money	rule	0.99	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.719795+00	2026-11-21 14:53:36.719795+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-713a-8e20-e8da11759186	01a1fe99-3849-75f5-ac4a-93e12ecd9afa	A refund points at the charge it reverses; partial refunds may not add up to more than the charge.	money	design	0.89	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37bc-79a9-9219-7029a4cfecc4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.719879+00	2026-11-21 14:53:36.719879+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7161-9a29-1bb128a44a9d	01a1fe99-3849-75c9-8d28-d5adc7a30c53	A pull request above 400 changed lines is split unless it is a rename or generated code.	style	rule	0.88	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37c4-791f-85f4-07023b5ac2ac	\N	\N	\N	\N	\N	2026-11-21 14:53:36.719947+00	2026-11-21 14:53:36.719947+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7185-9a23-79b8116c06ac	01a1fe99-3849-766c-ab2b-bf5e7ccd238b	No network call is made inside a database transaction; the work is written to the outbox and sent afterwards.	database	rule	0.95	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720007+00	2026-11-21 14:53:36.720007+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-71b2-a6fd-cb6e9cab894c	01a1fe99-3849-759c-addc-3d618e119bf8	Indexes on tables above a million rows are built CONCURRENTLY in a migration of their own.	database	rule	0.96	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.72007+00	2026-11-21 14:53:36.72007+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-71d9-be1c-cd718997607d	01a1fe99-3849-7580-bf4a-256c599a14e3	E-mail addresses are logged as a salted hash, and names not at all.	security	rule	0.95	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720126+00	2026-11-21 14:53:36.720127+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7200-a91a-e1ff576f3e06	01a1fe99-3849-7502-b285-d93acd46826e	Coverage of the whole repository must not fall below 90 percent.	testing	rule	0.45	stale	english	{"note": "kept to see that a loop prefers the newer fact", "source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720184+00	2026-11-21 14:53:36.720184+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7225-9c2f-42c2fc937397	01a1fe99-3849-7510-91a9-1b029a87221f	A new dependency needs two maintainers, a release in the last year and a licence from the allowed list.	style	rule	0.87	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-37c4-791f-85f4-07023b5ac2ac	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720236+00	2026-11-21 14:53:36.720236+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7248-a166-5f90ec86ed60	01a1fe99-3849-74c5-bc4d-528dcbc443b5	A task made with create_task and not kept may be collected before it ends; the TaskGroup keeps it.	concurrency	pitfall	0.9	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720297+00	2026-11-21 14:53:36.720297+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-726a-823d-d4a0bd5f8147	01a1fe99-3849-751e-a1a1-0eb0e710bc66	The gateway is tested against its recorded sandbox answers; hand-written mocks of it are refused.	testing	rule	0.88	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37c4-791f-85f4-07023b5ac2ac	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720396+00	2026-11-21 14:53:36.720396+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-728d-a147-c8de6db70ada	01a1fe99-3849-7444-a732-eab8f5e24004	An alert names the customer effect first, then the threshold, then the page of the run book.	operations	how_to	0.83	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37bc-79a9-9219-7029a4cfecc4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720471+00	2026-11-21 14:53:36.720471+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-72b1-b1f7-103962d3f0fc	01a1fe99-3849-7502-b285-d93acd46826e	Coverage below 85 percent of a changed file needs a word of explanation in the pull request.	testing	rule	0.7	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-37c4-791f-85f4-07023b5ac2ac	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720528+00	2026-11-21 14:53:36.720528+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-72e0-9e47-1789323a5cbe	01a1fe99-3849-75d8-95e5-7dc9e8edc19e	Lists shown to customers are paged by key (created_at, id), never by OFFSET.	database	rule	0.93	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.72059+00	2026-11-21 14:53:36.72059+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7305-9fe7-32d47c21a746	01a1fe99-3849-74b2-b6ea-da84ad7c7359	Yen has no minor unit and Kuwaiti dinar has three decimal places: dividing by 100 is wrong for both.	money	pitfall	0.96	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720679+00	2026-11-21 14:53:36.720679+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7327-ad5b-47df4a7945b1	01a1fe99-3849-765e-91c2-c30e8f591dd1	requests has no timeout by default, so a silent peer blocks the worker for ever.	errors	pitfall	0.88	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37bc-79a9-9219-7029a4cfecc4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720757+00	2026-11-21 14:53:36.720757+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7347-8fce-b00b89c09f11	01a1fe99-3849-7564-9dd5-7112e5b566a5	Every ledger transaction sums to zero per currency, which a deferred constraint trigger checks at commit.	money	design	0.9	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720907+00	2026-11-21 14:53:36.720907+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-736b-bf21-2c9efa67bf12	01a1fe99-3849-758e-8ff3-87b8bcb69dd4	Metric labels never hold customer ids; the number of series would grow without bound.	operations	rule	0.89	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37bc-79a9-9219-7029a4cfecc4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.720977+00	2026-11-21 14:53:36.720977+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-738c-a898-f17293b08181	01a1fe99-3849-7556-b93b-af95d5e4660f	A test that fails once in CI without a change is quarantined the same day and fixed or deleted within two weeks.	testing	rule	0.86	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37c4-791f-85f4-07023b5ac2ac	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721042+00	2026-11-21 14:53:36.721042+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-73ae-a829-95f0bc086a9c	01a1fe99-3849-7572-be9d-4a1e4792a8be	SELECT FOR UPDATE on a join locks the rows of every table in it unless OF names one.	database	pitfall	0.83	ageing	english	{"source": "learned from a debate"}	1	01a1fe99-37bc-79a9-9219-7029a4cfecc4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721132+00	2026-11-21 14:53:36.721132+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-73d3-b237-8051928a651b	01a1fe99-3849-7640-8fca-1bebd239a468	Secrets come from the vault at start and are never logged, not even their first characters.	security	rule	0.99	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721197+00	2026-11-21 14:53:36.721197+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7402-96d4-53f123d83c77	01a1fe99-3849-7572-be9d-4a1e4792a8be	Rows of two accounts are locked in order of their id, so that transfers in opposite directions cannot deadlock.	database	rule	0.9	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721253+00	2026-11-21 14:53:36.721253+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7424-b65d-092a2cdb5784	01a1fe99-3849-768d-a988-a172a46d7eca	A webhook is answered only after its signature and a timestamp of at most five minutes were checked on the raw body.	security	rule	0.98	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721315+00	2026-11-21 14:53:36.721315+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7449-8f44-e47375825dd3	01a1fe99-3849-767d-967c-efb5e8458606	Public functions are typed in full, and Any needs a comment.	style	rule	0.93	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721376+00	2026-11-21 14:53:36.721376+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-746b-8e12-e9cdf2a1d351	01a1fe99-3849-7614-8558-e81193963ca4	Every release must run beside the one before it, so that a rollback needs no migration.	operations	rule	0.94	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721428+00	2026-11-21 14:53:36.721428+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-748c-b3ea-d82fa3996ff3	01a1fe99-3849-7604-b1b4-549c27678642	Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.	errors	rule	0.97	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721488+00	2026-11-21 14:53:36.721488+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-74af-80e0-3689e1e8ab4a	01a1fe99-3849-74e3-83bc-f324dc01cc41	Card numbers never reach our servers: the browser exchanges them for a token at the gateway.	security	rule	0.99	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721552+00	2026-11-21 14:53:36.721552+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-74d0-805d-525f332942b9	01a1fe99-3849-75ba-8e05-12bf698efd1a	Splitting and merging of amounts is covered by Hypothesis: the parts always add up to the whole.	testing	how_to	0.84	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37c4-791f-85f4-07023b5ac2ac	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721612+00	2026-11-21 14:53:36.721612+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-74ef-8eb8-d55bad6517ae	01a1fe99-3849-7548-8efb-f5247b66d317	Tests make their database from the migrations and never from create_all.	testing	rule	0.91	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721672+00	2026-11-21 14:53:36.721672+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7519-96d8-3bf5c75c3370	01a1fe99-3849-74c5-bc4d-528dcbc443b5	Blocking calls inside async functions go through asyncio.to_thread; time.sleep in an async function is refused.	concurrency	rule	0.93	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721723+00	2026-11-21 14:53:36.721723+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-753b-9eb9-3614d0bb16f2	01a1fe99-3849-765e-91c2-c30e8f591dd1	Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.	errors	rule	0.97	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721785+00	2026-11-21 14:53:36.721785+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-755e-849b-a9fd96148c41	01a1fe99-3849-7631-a9bf-8413f8d0d275	SQL is never built by string formatting; names that must vary go through a fixed list.	security	rule	0.99	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721845+00	2026-11-21 14:53:36.721845+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-757e-bd0e-b2798e86280e	01a1fe99-3849-768d-a988-a172a46d7eca	Parsing the webhook's JSON and serialising it again changes the bytes, so the signature no longer fits.	security	pitfall	0.93	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721905+00	2026-11-21 14:53:36.721905+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-759f-8c50-f955e9856fd1	01a1fe99-3849-764f-a17f-1cca838cd0df	Code that needs the time takes a clock argument; tests hand in a fixed one, and nothing patches datetime.	testing	rule	0.92	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.721965+00	2026-11-21 14:53:36.721965+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-75c0-ad4d-26b9015d89dd	01a1fe99-3849-75e7-aef5-963b9387e1db	Workers take jobs with FOR UPDATE SKIP LOCKED and a lease of 90 seconds that they renew every 30.	concurrency	design	0.9	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.722026+00	2026-11-21 14:53:36.722026+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-75e0-a40f-2bf16b3cbcf5	01a1fe99-3849-7640-8fca-1bebd239a468	Tokens are compared with hmac.compare_digest.	security	rule	0.94	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.722086+00	2026-11-21 14:53:36.722086+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7604-970d-7d7f7bb0f4f6	01a1fe99-3849-766c-ab2b-bf5e7ccd238b	A session that waits for the gateway inside a transaction held a lock for 40 seconds and stopped checkout in May.	database	pitfall	0.9	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.722132+00	2026-11-21 14:53:36.722132+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-762a-ad48-e18b0ff0b878	01a1fe99-3849-7604-b1b4-549c27678642	A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.	errors	pitfall	0.95	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.722216+00	2026-11-21 14:53:36.722216+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-764e-8b22-63c97d78fcc8	01a1fe99-3849-74f2-92f0-c7856ec3fcf7	A comment says why, with a link to the incident or the law where there is one; what the code does is left to the code.	style	rule	0.92	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.722284+00	2026-11-21 14:53:36.722284+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-766f-bfef-2fbf2c3b562d	01a1fe99-3849-7564-9dd5-7112e5b566a5	Ledger rows are only ever added; a mistake is corrected by a second, opposite row.	money	rule	0.98	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.722344+00	2026-11-21 14:53:36.722344+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7692-a900-7cf3ae9d0ae8	01a1fe99-3849-75e7-aef5-963b9387e1db	Every job handler must be safe to run twice, because a lease can expire while its worker still runs.	concurrency	rule	0.94	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.722401+00	2026-11-21 14:53:36.722401+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-76b5-b482-92cc55ae7b3a	01a1fe99-3849-75c9-8d28-d5adc7a30c53	A fix comes with a test that fails without it.	style	rule	0.85	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37c4-791f-85f4-07023b5ac2ac	\N	\N	\N	\N	\N	2026-11-21 14:53:36.722554+00	2026-11-21 14:53:36.722554+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-76d8-9ce2-454c44c397df	01a1fe99-3849-75d8-95e5-7dc9e8edc19e	Reading order.customer inside a loop makes one query per order; selectinload is the house answer.	database	pitfall	0.91	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.722616+00	2026-11-21 14:53:36.722616+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-76fa-82c6-8863d8a3702e	01a1fe99-3849-74d5-9078-faa84cc39fd8	functools.lru_cache on a method keeps every instance alive for as long as the cache.	concurrency	pitfall	0.82	fresh	english	{"source": "learned from a debate"}	1	01a1fe99-37bc-79a9-9219-7029a4cfecc4	\N	\N	\N	\N	\N	2026-11-21 14:53:36.722676+00	2026-11-21 14:53:36.722676+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-771d-8170-3f9497788f11	01a1fe99-3849-759c-addc-3d618e119bf8	A new column is added nullable, filled in batches, and made NOT NULL in a later release through a validated check constraint.	database	rule	0.97	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.722733+00	2026-11-21 14:53:36.722733+00	\N	\N	\N	\N
quarry-review	01a1fe99-384b-7740-9ec2-0bf7e49b0aaf	01a1fe99-3849-7622-b801-14b04e5ea1e1	Tax is rounded half up per invoice line, as the tax office asks, and never on the total.	money	rule	0.95	fresh	english	{"source": "house rules"}	1	\N	\N	\N	\N	\N	\N	2026-11-21 14:53:36.7228+00	2026-11-21 14:53:36.7228+00	\N	\N	\N	\N
exercised	01a1fe99-398e-7446-bbf2-072d57b03865	01a1fe99-398d-763c-9067-4f0e54206013	Storks sleep on one leg.	nature	\N	1	fresh	english	{}	1	\N	\N	[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.51660156,0,0,0,0,0,0,0,0,0,0,0,0,0,0.12915039,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.12915039,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.51660156,0,0.12915039,0,0,0,0.12915039,0.25830078,0,0.25830078,0.38720703,0.12915039,0,0.12915039,0.25830078,0.12915039,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]	\N	\N	\N	2026-11-21 14:53:37.040313+00	2026-11-21 14:53:37.040313+00	\N	\N	\N	\N
exercised	01a1fe99-398e-7870-8532-ed934c7bfd42	01a1fe99-398d-763c-9067-4f0e54206013	Bread is baked.	nature	\N	1	fresh	english	{}	1	\N	\N	[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.4169922,0,0,0,0,0,0,0,0,0,0,0,0,0,0.2084961,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.2084961,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.4169922,0.2084961,0,0.4169922,0.4169922,0,0,0,0.2084961,0,0.2084961,0,0,0,0,0,0,0.2084961,0.2084961,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]	\N	\N	\N	2026-11-21 14:53:37.041445+00	2026-11-21 14:53:37.041445+00	\N	\N	\N	\N
exercised	01a1fe99-398e-770e-a83f-195717607529	01a1fe99-398d-763c-9067-4f0e54206013	Hedgehogs sleep in leaves.	nature	\N	1	fresh	english	{}	2	\N	\N	[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.35351562,0,0,0,0,0,0,0,0,0,0,0,0,0,0.11785889,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.11785889,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.11785889,0,0,0.11785889,0.70703125,0,0.23571777,0.11785889,0.11785889,0,0,0.23571777,0,0.11785889,0.11785889,0.11785889,0,0,0.35351562,0,0,0.11785889,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]	\N	\N	\N	2026-11-21 14:53:37.041275+00	2026-11-21 14:53:37.045991+00	\N	\N	\N	2026-11-21 14:53:37.075382+00
\.


--
-- Data for Name: hegel_labels; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_labels (corpus_id, id, name, kind, category, embedding, created_at, deleted_at) FROM stdin;
harbour-helpdesk	01a1fe99-381b-7f75-93a1-e7c89776ab30	Application mobile	general	\N	\N	2026-11-21 14:53:36.669451+00	\N
harbour-helpdesk	01a1fe99-381b-7fde-8628-178b77f15665	Audit log	general	\N	\N	2026-11-21 14:53:36.669893+00	\N
harbour-helpdesk	01a1fe99-381b-7ff0-bde6-1e01df55ccbb	Command-line uploader	general	\N	\N	2026-11-21 14:53:36.669914+00	\N
harbour-helpdesk	01a1fe99-381b-7ffe-bd15-1ba558521013	Data location	general	\N	\N	2026-11-21 14:53:36.669923+00	\N
harbour-helpdesk	01a1fe99-381c-700b-9fa2-bf34367c3c39	Datenstandort	general	\N	\N	2026-11-21 14:53:36.66993+00	\N
harbour-helpdesk	01a1fe99-381c-7019-bde4-82b11fde491c	Deleted files	general	\N	\N	2026-11-21 14:53:36.669937+00	\N
harbour-helpdesk	01a1fe99-381c-7028-a7cf-a54fb36f520f	Desktop client	general	\N	\N	2026-11-21 14:53:36.669943+00	\N
harbour-helpdesk	01a1fe99-381c-7036-8cc9-df797613de9d	Dossiers partagés	general	\N	\N	2026-11-21 14:53:36.66995+00	\N
harbour-helpdesk	01a1fe99-381c-7043-a3e1-6a5b0e8ac7b4	Encryption	general	\N	\N	2026-11-21 14:53:36.669956+00	\N
harbour-helpdesk	01a1fe99-381c-7050-9231-9ae580e1738b	Factures	general	\N	\N	2026-11-21 14:53:36.669963+00	\N
harbour-helpdesk	01a1fe99-381c-705b-a51a-b234e6118034	Fichiers supprimés	general	\N	\N	2026-11-21 14:53:36.669969+00	\N
harbour-helpdesk	01a1fe99-381c-7066-aa0e-71e4a7b83e8f	Freigabelinks	general	\N	\N	2026-11-21 14:53:36.669976+00	\N
harbour-helpdesk	01a1fe99-381c-7071-893a-396a757b43e5	Gelöschte Dateien	general	\N	\N	2026-11-21 14:53:36.669983+00	\N
harbour-helpdesk	01a1fe99-381c-707e-a187-be2f9e8d9c45	Incidents	general	\N	\N	2026-11-21 14:53:36.66999+00	\N
harbour-helpdesk	01a1fe99-381c-708b-8376-0dd60b37a9eb	Invoices	general	\N	\N	2026-11-21 14:53:36.669997+00	\N
harbour-helpdesk	01a1fe99-381c-7099-9756-8d1f7b6842e2	Kündigung	general	\N	\N	2026-11-21 14:53:36.670004+00	\N
harbour-helpdesk	01a1fe99-381c-70a7-bb99-05f718dd049a	Langues	general	\N	\N	2026-11-21 14:53:36.67001+00	\N
harbour-helpdesk	01a1fe99-381c-70b5-a782-4174b3205712	Localisation des données	general	\N	\N	2026-11-21 14:53:36.670018+00	\N
harbour-helpdesk	01a1fe99-381c-70c0-a98e-40a46bf6b07e	Mobile app	general	\N	\N	2026-11-21 14:53:36.670026+00	\N
harbour-helpdesk	01a1fe99-381c-70cb-8b90-c3d2f3d228ef	Mot de passe	general	\N	\N	2026-11-21 14:53:36.670033+00	\N
harbour-helpdesk	01a1fe99-381c-70d7-8976-bdb9f7c18b38	Password	general	\N	\N	2026-11-21 14:53:36.67004+00	\N
harbour-helpdesk	01a1fe99-381c-70e5-b49a-f2795fdb4f25	Payments	general	\N	\N	2026-11-21 14:53:36.670047+00	\N
harbour-helpdesk	01a1fe99-381c-70f2-929a-4d13ded368fe	Plans	general	\N	\N	2026-11-21 14:53:36.670053+00	\N
harbour-helpdesk	01a1fe99-381c-70ff-b53e-5dc25133b6da	Priorities	general	\N	\N	2026-11-21 14:53:36.67006+00	\N
harbour-helpdesk	01a1fe99-381c-710b-bae9-14b520b55884	Queues	general	\N	\N	2026-11-21 14:53:36.670068+00	\N
harbour-helpdesk	01a1fe99-381c-711b-b035-21db24ac90ab	Ransomware	general	\N	\N	2026-11-21 14:53:36.670074+00	\N
harbour-helpdesk	01a1fe99-381c-7127-87d3-51c64e42415b	Rechnungen	general	\N	\N	2026-11-21 14:53:36.670081+00	\N
harbour-helpdesk	01a1fe99-381c-7133-852b-e92f45d2a9e2	Refunds	general	\N	\N	2026-11-21 14:53:36.670087+00	\N
harbour-helpdesk	01a1fe99-381c-713f-90d4-13cecd04ee6f	Remboursement	general	\N	\N	2026-11-21 14:53:36.670094+00	\N
harbour-helpdesk	01a1fe99-381c-714b-b1e6-cc0e33c9c4f3	Shared folders	general	\N	\N	2026-11-21 14:53:36.6701+00	\N
harbour-helpdesk	01a1fe99-381c-7158-bc2a-4302f8c4f09a	Shared links	general	\N	\N	2026-11-21 14:53:36.670107+00	\N
harbour-helpdesk	01a1fe99-381c-7164-b97d-f8d3fd3bd6b3	Single sign-on	general	\N	\N	2026-11-21 14:53:36.670113+00	\N
harbour-helpdesk	01a1fe99-381c-7171-92bd-a5ae972d25af	Sprachen	general	\N	\N	2026-11-21 14:53:36.670119+00	\N
harbour-helpdesk	01a1fe99-381c-717f-9e8e-6146a6963646	Two-factor login	general	\N	\N	2026-11-21 14:53:36.670126+00	\N
harbour-helpdesk	01a1fe99-381c-718c-8fea-63676aae09ba	User management	general	\N	\N	2026-11-21 14:53:36.670132+00	\N
harbour-helpdesk	01a1fe99-381c-7197-b3f8-3bb054f63685	Version history	general	\N	\N	2026-11-21 14:53:36.670138+00	\N
harbour-helpdesk	01a1fe99-381c-71a3-8236-f415e595aeed	Zwei-Faktor-Anmeldung	general	\N	\N	2026-11-21 14:53:36.670144+00	\N
lumen-trials	01a1fe99-3835-7443-bb85-05e1ddbb496f	AURORA-2	general	\N	\N	2026-11-21 14:53:36.694001+00	\N
lumen-trials	01a1fe99-3835-74b0-8051-f696ffc41133	Allocation concealment	general	\N	\N	2026-11-21 14:53:36.694076+00	\N
lumen-trials	01a1fe99-3835-74c4-9c21-b2016df30bd8	COPPERFIELD	general	\N	\N	2026-11-21 14:53:36.694086+00	\N
lumen-trials	01a1fe99-3835-74d4-9718-5fa9b25841ba	HELIX-CKD	general	\N	\N	2026-11-21 14:53:36.694093+00	\N
lumen-trials	01a1fe99-3835-74e2-b9ed-a071d1157f00	Hausstil	general	\N	\N	2026-11-21 14:53:36.694101+00	\N
lumen-trials	01a1fe99-3835-74f0-b8ba-c0032acc93ba	Hazard ratio	general	\N	\N	2026-11-21 14:53:36.694107+00	\N
lumen-trials	01a1fe99-3835-7500-a1c5-10eb8287fdb8	House style	general	\N	\N	2026-11-21 14:53:36.694115+00	\N
lumen-trials	01a1fe99-3835-750e-8c86-f726f9f0fa8f	Intention to treat	general	\N	\N	2026-11-21 14:53:36.694121+00	\N
lumen-trials	01a1fe99-3835-751c-b497-b7dcbfd9607b	LANTERN	general	\N	\N	2026-11-21 14:53:36.694127+00	\N
lumen-trials	01a1fe99-3835-752c-830a-18b7757f349a	MERIDIAN	general	\N	\N	2026-11-21 14:53:36.694134+00	\N
lumen-trials	01a1fe99-3835-753b-9f92-d5e783f8b93f	Non-inferiority	general	\N	\N	2026-11-21 14:53:36.694141+00	\N
lumen-trials	01a1fe99-3835-754a-a63b-937821650acc	Number needed to treat	general	\N	\N	2026-11-21 14:53:36.694147+00	\N
lumen-trials	01a1fe99-3835-7557-9591-a0fd8eb93050	Style maison	general	\N	\N	2026-11-21 14:53:36.694153+00	\N
lumen-trials	01a1fe99-3835-7565-9b74-e5279da8355b	TERN-SLEEP	general	\N	\N	2026-11-21 14:53:36.694158+00	\N
quarry-review	01a1fe99-3849-7444-a732-eab8f5e24004	Alerts	general	\N	\N	2026-11-21 14:53:36.71423+00	\N
quarry-review	01a1fe99-3849-74b2-b6ea-da84ad7c7359	Amounts	general	\N	\N	2026-11-21 14:53:36.714311+00	\N
quarry-review	01a1fe99-3849-74c5-bc4d-528dcbc443b5	Async	general	\N	\N	2026-11-21 14:53:36.71432+00	\N
quarry-review	01a1fe99-3849-74d5-9078-faa84cc39fd8	Caching	general	\N	\N	2026-11-21 14:53:36.714328+00	\N
quarry-review	01a1fe99-3849-74e3-83bc-f324dc01cc41	Card data	general	\N	\N	2026-11-21 14:53:36.714335+00	\N
quarry-review	01a1fe99-3849-74f2-92f0-c7856ec3fcf7	Comments	general	\N	\N	2026-11-21 14:53:36.714341+00	\N
quarry-review	01a1fe99-3849-7502-b285-d93acd46826e	Coverage	general	\N	\N	2026-11-21 14:53:36.714347+00	\N
quarry-review	01a1fe99-3849-7510-91a9-1b029a87221f	Dependencies	general	\N	\N	2026-11-21 14:53:36.714354+00	\N
quarry-review	01a1fe99-3849-751e-a1a1-0eb0e710bc66	Doubles	general	\N	\N	2026-11-21 14:53:36.714362+00	\N
quarry-review	01a1fe99-3849-752b-93c1-dd0b716d1504	Exceptions	general	\N	\N	2026-11-21 14:53:36.714368+00	\N
quarry-review	01a1fe99-3849-753a-b9e6-1ad388155805	Feature flags	general	\N	\N	2026-11-21 14:53:36.714376+00	\N
quarry-review	01a1fe99-3849-7548-8efb-f5247b66d317	Fixtures	general	\N	\N	2026-11-21 14:53:36.714382+00	\N
quarry-review	01a1fe99-3849-7556-b93b-af95d5e4660f	Flaky tests	general	\N	\N	2026-11-21 14:53:36.714389+00	\N
quarry-review	01a1fe99-3849-7564-9dd5-7112e5b566a5	Ledger	general	\N	\N	2026-11-21 14:53:36.714396+00	\N
quarry-review	01a1fe99-3849-7572-be9d-4a1e4792a8be	Locks	general	\N	\N	2026-11-21 14:53:36.714403+00	\N
quarry-review	01a1fe99-3849-7580-bf4a-256c599a14e3	Logging	general	\N	\N	2026-11-21 14:53:36.714411+00	\N
quarry-review	01a1fe99-3849-758e-8ff3-87b8bcb69dd4	Metrics	general	\N	\N	2026-11-21 14:53:36.714418+00	\N
quarry-review	01a1fe99-3849-759c-addc-3d618e119bf8	Migrations	general	\N	\N	2026-11-21 14:53:36.714425+00	\N
quarry-review	01a1fe99-3849-75ab-8df0-3ecae420430e	Naming	general	\N	\N	2026-11-21 14:53:36.714433+00	\N
quarry-review	01a1fe99-3849-75ba-8e05-12bf698efd1a	Property tests	general	\N	\N	2026-11-21 14:53:36.714441+00	\N
quarry-review	01a1fe99-3849-75c9-8d28-d5adc7a30c53	Pull requests	general	\N	\N	2026-11-21 14:53:36.714448+00	\N
quarry-review	01a1fe99-3849-75d8-95e5-7dc9e8edc19e	Queries	general	\N	\N	2026-11-21 14:53:36.714455+00	\N
quarry-review	01a1fe99-3849-75e7-aef5-963b9387e1db	Queue	general	\N	\N	2026-11-21 14:53:36.714463+00	\N
quarry-review	01a1fe99-3849-75f5-ac4a-93e12ecd9afa	Refunds	general	\N	\N	2026-11-21 14:53:36.714469+00	\N
quarry-review	01a1fe99-3849-7604-b1b4-549c27678642	Retries	general	\N	\N	2026-11-21 14:53:36.714476+00	\N
quarry-review	01a1fe99-3849-7614-8558-e81193963ca4	Rollback	general	\N	\N	2026-11-21 14:53:36.714484+00	\N
quarry-review	01a1fe99-3849-7622-b801-14b04e5ea1e1	Rounding	general	\N	\N	2026-11-21 14:53:36.714491+00	\N
quarry-review	01a1fe99-3849-7631-a9bf-8413f8d0d275	SQL	general	\N	\N	2026-11-21 14:53:36.714498+00	\N
quarry-review	01a1fe99-3849-7640-8fca-1bebd239a468	Secrets	general	\N	\N	2026-11-21 14:53:36.714505+00	\N
quarry-review	01a1fe99-3849-764f-a17f-1cca838cd0df	Time	general	\N	\N	2026-11-21 14:53:36.714511+00	\N
quarry-review	01a1fe99-3849-765e-91c2-c30e8f591dd1	Timeouts	general	\N	\N	2026-11-21 14:53:36.714518+00	\N
quarry-review	01a1fe99-3849-766c-ab2b-bf5e7ccd238b	Transactions	general	\N	\N	2026-11-21 14:53:36.714525+00	\N
quarry-review	01a1fe99-3849-767d-967c-efb5e8458606	Types	general	\N	\N	2026-11-21 14:53:36.714532+00	\N
quarry-review	01a1fe99-3849-768d-a988-a172a46d7eca	Webhooks	general	\N	\N	2026-11-21 14:53:36.714538+00	\N
exercised	01a1fe99-398d-763c-9067-4f0e54206013	Animals	general	\N	\N	2026-11-21 14:53:37.037959+00	\N
\.


--
-- Data for Name: hegel_profile_alias_moves; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_profile_alias_moves (corpus_id, id, task_type, alias, from_profile_id, to_profile_id, reason, moved_by, moved_at) FROM stdin;
harbour-helpdesk	01a1fe99-37cc-7c6f-bfe4-68cfe6ba5c78	qa	production	\N	01a1fe99-3799-7cd8-8828-5ea14f657a63	freshness and plans	postgres	2026-11-21 14:53:36.590291+00
harbour-helpdesk	01a1fe99-37d0-7c9f-b164-10189c793b9c	qa	candidate	\N	01a1fe99-379c-77a4-b90b-85714ea15b8f	silent list of product, plan and platform	postgres	2026-11-21 14:53:36.59366+00
harbour-helpdesk	01a1fe99-37e0-75b5-a318-41bb803dd211	triage	production	\N	01a1fe99-37a6-7b45-ae89-6f935c235a33	ignore shouting, name the language	postgres	2026-11-21 14:53:36.60924+00
lumen-trials	01a1fe99-37ea-7472-8500-37c59cb0ed30	qa	production	\N	01a1fe99-37ad-7e60-89c6-0104823483d4	numbers and order together	postgres	2026-11-21 14:53:36.619059+00
lumen-trials	01a1fe99-37f2-7574-8efc-659c8fa5c451	summarise	production	\N	01a1fe99-37b4-74ca-8532-f1c5e6024d91	order of version 2, harms of version 3	postgres	2026-11-21 14:53:36.627033+00
lumen-trials	01a1fe99-37f4-7ff7-8a02-1b92d2cecb5d	summarise	candidate	\N	01a1fe99-37b6-7042-b2c8-ef6d377a85c0	shorter still	postgres	2026-11-21 14:53:36.629721+00
quarry-review	01a1fe99-37fe-7692-998d-732c72e64d6d	qa	production	\N	01a1fe99-37be-71e8-9f40-0ce057969a25	admit that there is no rule	postgres	2026-11-21 14:53:36.639197+00
quarry-review	01a1fe99-3807-7852-8017-d5ff981fcc7f	review	production	\N	01a1fe99-37c6-73c7-a612-d95392646ffc	all reasons, corrected line	postgres	2026-11-21 14:53:36.6483+00
quarry-review	01a1fe99-380a-719c-a479-f3d4b8972847	review	candidate	\N	01a1fe99-37c7-7e55-ad11-646258173c76	hotfixes by the short rules of version 2	postgres	2026-11-21 14:53:36.650818+00
exercised	01a1fe99-394a-7279-95ab-ee561d4e6f21	qa	champion	\N	01a1fe99-3931-7c3f-8156-0debbf649545	\N	postgres	2026-11-21 14:53:36.9716+00
exercised	01a1fe99-394c-765a-a833-250f44dd5e21	qa	champion	01a1fe99-3931-7c3f-8156-0debbf649545	01a1fe99-3937-7571-bcf9-d067a15612e3	\N	postgres	2026-11-21 14:53:36.973242+00
\.


--
-- Data for Name: hegel_profile_aliases; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_profile_aliases (corpus_id, task_type, alias, profile_id, previous_profile_id, updated_at) FROM stdin;
harbour-helpdesk	qa	production	01a1fe99-3799-7cd8-8828-5ea14f657a63	\N	2026-11-21 14:53:36.590115+00
harbour-helpdesk	qa	candidate	01a1fe99-379c-77a4-b90b-85714ea15b8f	\N	2026-11-21 14:53:36.59361+00
harbour-helpdesk	triage	production	01a1fe99-37a6-7b45-ae89-6f935c235a33	\N	2026-11-21 14:53:36.609191+00
lumen-trials	qa	production	01a1fe99-37ad-7e60-89c6-0104823483d4	\N	2026-11-21 14:53:36.619011+00
lumen-trials	summarise	production	01a1fe99-37b4-74ca-8532-f1c5e6024d91	\N	2026-11-21 14:53:36.626989+00
lumen-trials	summarise	candidate	01a1fe99-37b6-7042-b2c8-ef6d377a85c0	\N	2026-11-21 14:53:36.629677+00
quarry-review	qa	production	01a1fe99-37be-71e8-9f40-0ce057969a25	\N	2026-11-21 14:53:36.63915+00
quarry-review	review	production	01a1fe99-37c6-73c7-a612-d95392646ffc	\N	2026-11-21 14:53:36.64825+00
quarry-review	review	candidate	01a1fe99-37c7-7e55-ad11-646258173c76	\N	2026-11-21 14:53:36.650772+00
exercised	qa	champion	01a1fe99-3937-7571-bcf9-d067a15612e3	01a1fe99-3931-7c3f-8156-0debbf649545	2026-11-21 14:53:36.973217+00
\.


--
-- Data for Name: hegel_profile_parents; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_profile_parents (corpus_id, profile_id, parent_id, "position") FROM stdin;
harbour-helpdesk	01a1fe99-3791-7515-8ab9-7aa31bb705b0	01a1fe99-378b-70f2-9cc3-6d46b20f5634	0
harbour-helpdesk	01a1fe99-3794-7f17-9d15-2f116276f5ce	01a1fe99-378b-70f2-9cc3-6d46b20f5634	0
harbour-helpdesk	01a1fe99-3797-753e-8ec7-b4f1c4ece751	01a1fe99-3791-7515-8ab9-7aa31bb705b0	0
harbour-helpdesk	01a1fe99-3797-753e-8ec7-b4f1c4ece751	01a1fe99-3794-7f17-9d15-2f116276f5ce	1
harbour-helpdesk	01a1fe99-3799-7cd8-8828-5ea14f657a63	01a1fe99-3797-753e-8ec7-b4f1c4ece751	0
harbour-helpdesk	01a1fe99-379c-77a4-b90b-85714ea15b8f	01a1fe99-3799-7cd8-8828-5ea14f657a63	0
harbour-helpdesk	01a1fe99-37a0-7c4e-8012-49cd138c8615	01a1fe99-379f-718e-ba4a-1b797851fce1	0
harbour-helpdesk	01a1fe99-37a2-7fb9-b2e2-9d826d544d1f	01a1fe99-379f-718e-ba4a-1b797851fce1	0
harbour-helpdesk	01a1fe99-37a4-7e09-8309-9f70faabff73	01a1fe99-37a0-7c4e-8012-49cd138c8615	0
harbour-helpdesk	01a1fe99-37a4-7e09-8309-9f70faabff73	01a1fe99-37a2-7fb9-b2e2-9d826d544d1f	1
harbour-helpdesk	01a1fe99-37a6-7b45-ae89-6f935c235a33	01a1fe99-37a4-7e09-8309-9f70faabff73	0
lumen-trials	01a1fe99-37aa-7841-91b0-5050c47c730f	01a1fe99-37a8-7b3c-8bc8-1743b0b83778	0
lumen-trials	01a1fe99-37ac-73b8-a4ec-beeaf7c6545b	01a1fe99-37a8-7b3c-8bc8-1743b0b83778	0
lumen-trials	01a1fe99-37ad-7e60-89c6-0104823483d4	01a1fe99-37aa-7841-91b0-5050c47c730f	0
lumen-trials	01a1fe99-37ad-7e60-89c6-0104823483d4	01a1fe99-37ac-73b8-a4ec-beeaf7c6545b	1
lumen-trials	01a1fe99-37b1-73b0-98dc-244961664934	01a1fe99-37af-7895-995a-304a1ed6109b	0
lumen-trials	01a1fe99-37b2-7b38-b472-5907bedffa21	01a1fe99-37af-7895-995a-304a1ed6109b	0
lumen-trials	01a1fe99-37b4-74ca-8532-f1c5e6024d91	01a1fe99-37b2-7b38-b472-5907bedffa21	0
lumen-trials	01a1fe99-37b4-74ca-8532-f1c5e6024d91	01a1fe99-37b1-73b0-98dc-244961664934	1
lumen-trials	01a1fe99-37b6-7042-b2c8-ef6d377a85c0	01a1fe99-37b4-74ca-8532-f1c5e6024d91	0
quarry-review	01a1fe99-37b9-78f7-9b15-9d9ad31f85a0	01a1fe99-37b7-7a97-b346-9f086d639970	0
quarry-review	01a1fe99-37bb-7165-8ce6-fc0fa2e6589d	01a1fe99-37b7-7a97-b346-9f086d639970	0
quarry-review	01a1fe99-37bc-79a9-9219-7029a4cfecc4	01a1fe99-37bb-7165-8ce6-fc0fa2e6589d	0
quarry-review	01a1fe99-37bc-79a9-9219-7029a4cfecc4	01a1fe99-37b9-78f7-9b15-9d9ad31f85a0	1
quarry-review	01a1fe99-37be-71e8-9f40-0ce057969a25	01a1fe99-37bc-79a9-9219-7029a4cfecc4	0
quarry-review	01a1fe99-37c1-78f8-ae0a-d78cf91f04b0	01a1fe99-37bf-7913-a485-5560f514d810	0
quarry-review	01a1fe99-37c3-72e4-95b4-a58c4409424a	01a1fe99-37bf-7913-a485-5560f514d810	0
quarry-review	01a1fe99-37c4-791f-85f4-07023b5ac2ac	01a1fe99-37c1-78f8-ae0a-d78cf91f04b0	0
quarry-review	01a1fe99-37c4-791f-85f4-07023b5ac2ac	01a1fe99-37c3-72e4-95b4-a58c4409424a	1
quarry-review	01a1fe99-37c6-73c7-a612-d95392646ffc	01a1fe99-37c4-791f-85f4-07023b5ac2ac	0
quarry-review	01a1fe99-37c7-7e55-ad11-646258173c76	01a1fe99-37c6-73c7-a612-d95392646ffc	0
quarry-review	01a1fe99-37c7-7e55-ad11-646258173c76	01a1fe99-37c1-78f8-ae0a-d78cf91f04b0	1
exercised	01a1fe99-3937-7571-bcf9-d067a15612e3	01a1fe99-3931-7c3f-8156-0debbf649545	0
exercised	01a1fe99-393a-7e96-afbe-d826eeffaa10	01a1fe99-3937-7571-bcf9-d067a15612e3	0
exercised	01a1fe99-393a-7e96-afbe-d826eeffaa10	01a1fe99-3931-7c3f-8156-0debbf649545	1
\.


--
-- Data for Name: hegel_profile_populations; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_profile_populations (corpus_id, task_type, population, island, profile_id, epoch, fitness_score, objectives, generation, selection_count, children_count, descriptor, cell_key, evicted_at, population_metadata, last_updated) FROM stdin;
harbour-helpdesk	qa	default	0	01a1fe99-378b-70f2-9cc3-6d46b20f5634	0	0.52	{"reward": 0.52, "tokens": 400}	1	0	0	{"rounds": 1, "prompt_words": 16}	\N	\N	{"change": "first draft"}	2026-11-21 14:53:36.59798+00
harbour-helpdesk	qa	default	0	01a1fe99-3791-7515-8ab9-7aa31bb705b0	0	0.61	{"reward": 0.61, "tokens": 800}	2	0	0	{"rounds": 2, "prompt_words": 35}	\N	\N	{"change": "answer only from the notes; reviewer asks for a source"}	2026-11-21 14:53:36.599864+00
harbour-helpdesk	qa	default	1	01a1fe99-3794-7f17-9d15-2f116276f5ce	0	0.58	{"reward": 0.58, "tokens": 300}	2	0	0	{"rounds": 1, "prompt_words": 40}	\N	\N	{"change": "next step first, short, in the customer's language"}	2026-11-21 14:53:36.602374+00
harbour-helpdesk	qa	default	0	01a1fe99-3797-753e-8ec7-b4f1c4ece751	0	0.68	{"reward": 0.68, "tokens": 600}	3	0	0	{"rounds": 2, "prompt_words": 59}	\N	\N	{"change": "sources from version 2, tone from version 3"}	2026-11-21 14:53:36.603635+00
harbour-helpdesk	qa	default	0	01a1fe99-3799-7cd8-8828-5ea14f657a63	0	0.74	{"reward": 0.74, "tokens": 640}	4	0	0	{"rounds": 2, "prompt_words": 88}	\N	\N	{"change": "freshness and plans"}	2026-11-21 14:53:36.604935+00
harbour-helpdesk	qa	default	1	01a1fe99-379c-77a4-b90b-85714ea15b8f	0	0.71	{"reward": 0.71, "tokens": 840}	5	0	0	{"rounds": 2, "prompt_words": 100}	\N	\N	{"change": "silent list of product, plan and platform"}	2026-11-21 14:53:36.606254+00
harbour-helpdesk	triage	default	0	01a1fe99-379f-718e-ba4a-1b797851fce1	0	0.55	{"reward": 0.55, "tokens": 120}	1	0	0	{"rounds": 1, "prompt_words": 17}	\N	\N	{"change": "first draft"}	2026-11-21 14:53:36.611816+00
harbour-helpdesk	triage	default	0	01a1fe99-37a0-7c4e-8012-49cd138c8615	0	0.66	{"reward": 0.66, "tokens": 120}	2	0	0	{"rounds": 1, "prompt_words": 32}	\N	\N	{"change": "spell out the priorities"}	2026-11-21 14:53:36.613056+00
harbour-helpdesk	triage	default	1	01a1fe99-37a2-7fb9-b2e2-9d826d544d1f	0	0.63	{"reward": 0.63, "tokens": 120}	2	0	0	{"rounds": 1, "prompt_words": 43}	\N	\N	{"change": "queues by subject; reviewer asks about a day's delay"}	2026-11-21 14:53:36.614142+00
harbour-helpdesk	triage	default	0	01a1fe99-37a4-7e09-8309-9f70faabff73	0	0.75	{"reward": 0.75, "tokens": 120}	3	0	0	{"rounds": 1, "prompt_words": 63}	\N	\N	{"change": "priorities of version 2, queues of version 3"}	2026-11-21 14:53:36.615241+00
harbour-helpdesk	triage	default	0	01a1fe99-37a6-7b45-ae89-6f935c235a33	0	0.81	{"reward": 0.81, "tokens": 280}	4	0	0	{"rounds": 2, "prompt_words": 91}	\N	\N	{"change": "ignore shouting, name the language"}	2026-11-21 14:53:36.616259+00
lumen-trials	qa	default	0	01a1fe99-37a8-7b3c-8bc8-1743b0b83778	0	0.49	{"reward": 0.49, "tokens": 350}	1	0	0	{"rounds": 1, "prompt_words": 10}	\N	\N	{"change": "first draft"}	2026-11-21 14:53:36.621433+00
lumen-trials	qa	default	0	01a1fe99-37aa-7841-91b0-5050c47c730f	0	0.6	{"reward": 0.6, "tokens": 700}	2	0	0	{"rounds": 2, "prompt_words": 24}	\N	\N	{"change": "numbers of both arms"}	2026-11-21 14:53:36.622525+00
lumen-trials	qa	default	1	01a1fe99-37ac-73b8-a4ec-beeaf7c6545b	0	0.57	{"reward": 0.57, "tokens": 350}	2	0	0	{"rounds": 1, "prompt_words": 27}	\N	\N	{"change": "primary endpoint first, no trends"}	2026-11-21 14:53:36.623594+00
lumen-trials	qa	default	0	01a1fe99-37ad-7e60-89c6-0104823483d4	0	0.7	{"reward": 0.7, "tokens": 760}	3	0	0	{"rounds": 2, "prompt_words": 41}	\N	\N	{"change": "numbers and order together"}	2026-11-21 14:53:36.624532+00
lumen-trials	summarise	default	0	01a1fe99-37af-7895-995a-304a1ed6109b	0	0.44	{"reward": 0.44, "tokens": 300}	1	0	0	{"rounds": 1, "prompt_words": 10}	\N	\N	{"change": "first draft"}	2026-11-21 14:53:36.632092+00
lumen-trials	summarise	default	0	01a1fe99-37b1-73b0-98dc-244961664934	0	0.56	{"reward": 0.56, "tokens": 600}	2	0	0	{"rounds": 2, "prompt_words": 26}	\N	\N	{"change": "fixed order of the parts"}	2026-11-21 14:53:36.633304+00
lumen-trials	summarise	default	1	01a1fe99-37b2-7b38-b472-5907bedffa21	0	0.53	{"reward": 0.53, "tokens": 600}	2	0	0	{"rounds": 2, "prompt_words": 37}	\N	\N	{"change": "harms and lay readers"}	2026-11-21 14:53:36.634365+00
lumen-trials	summarise	default	0	01a1fe99-37b4-74ca-8532-f1c5e6024d91	0	0.66	{"reward": 0.66, "tokens": 560}	3	0	0	{"rounds": 2, "prompt_words": 53}	\N	\N	{"change": "order of version 2, harms of version 3"}	2026-11-21 14:53:36.635385+00
lumen-trials	summarise	default	1	01a1fe99-37b6-7042-b2c8-ef6d377a85c0	0	0.59	{"reward": 0.59, "tokens": 440}	4	0	0	{"rounds": 2, "prompt_words": 65}	\N	\N	{"change": "shorter still"}	2026-11-21 14:53:36.636379+00
quarry-review	qa	default	0	01a1fe99-37b7-7a97-b346-9f086d639970	0	0.58	{"reward": 0.58, "tokens": 300}	1	0	0	{"rounds": 1, "prompt_words": 16}	\N	\N	{"change": "first draft"}	2026-11-21 14:53:36.641436+00
quarry-review	qa	default	0	01a1fe99-37b9-78f7-9b15-9d9ad31f85a0	0	0.64	{"reward": 0.64, "tokens": 320}	2	0	0	{"rounds": 1, "prompt_words": 27}	\N	\N	{"change": "reason or incident"}	2026-11-21 14:53:36.64251+00
quarry-review	qa	default	1	01a1fe99-37bb-7165-8ce6-fc0fa2e6589d	0	0.65	{"reward": 0.65, "tokens": 760}	2	0	0	{"rounds": 2, "prompt_words": 40}	\N	\N	{"change": "enforcement and code"}	2026-11-21 14:53:36.643498+00
quarry-review	qa	default	0	01a1fe99-37bc-79a9-9219-7029a4cfecc4	0	0.73	{"reward": 0.73, "tokens": 680}	3	0	0	{"rounds": 2, "prompt_words": 53}	\N	\N	{"change": "both"}	2026-11-21 14:53:36.644495+00
quarry-review	qa	default	0	01a1fe99-37be-71e8-9f40-0ce057969a25	0	0.77	{"reward": 0.77, "tokens": 680}	4	0	0	{"rounds": 2, "prompt_words": 64}	\N	\N	{"change": "admit that there is no rule"}	2026-11-21 14:53:36.645551+00
quarry-review	review	default	0	01a1fe99-37bf-7913-a485-5560f514d810	0	0.47	{"reward": 0.47, "tokens": 500}	1	0	0	{"rounds": 1, "prompt_words": 20}	\N	\N	{"change": "first draft"}	2026-11-21 14:53:36.653169+00
quarry-review	review	default	0	01a1fe99-37c1-78f8-ae0a-d78cf91f04b0	0	0.57	{"reward": 0.57, "tokens": 1000}	2	0	0	{"rounds": 2, "prompt_words": 42}	\N	\N	{"change": "fixed order, stop at the first refusal"}	2026-11-21 14:53:36.654373+00
quarry-review	review	default	1	01a1fe99-37c3-72e4-95b4-a58c4409424a	0	0.6	{"reward": 0.6, "tokens": 1000}	2	0	0	{"rounds": 2, "prompt_words": 41}	\N	\N	{"change": "every remark quotes a rule"}	2026-11-21 14:53:36.655474+00
quarry-review	review	default	0	01a1fe99-37c4-791f-85f4-07023b5ac2ac	0	0.69	{"reward": 0.69, "tokens": 1040}	3	0	0	{"rounds": 2, "prompt_words": 56}	\N	\N	{"change": "order of version 2, rules of version 3"}	2026-11-21 14:53:36.656528+00
quarry-review	review	default	0	01a1fe99-37c6-73c7-a612-d95392646ffc	0	0.76	{"reward": 0.76, "tokens": 1200}	4	0	0	{"rounds": 2, "prompt_words": 69}	\N	\N	{"change": "all reasons, corrected line"}	2026-11-21 14:53:36.657611+00
quarry-review	review	default	1	01a1fe99-37c7-7e55-ad11-646258173c76	0	0.74	{"reward": 0.74, "tokens": 1120}	5	0	0	{"rounds": 2, "prompt_words": 76}	\N	\N	{"change": "hotfixes by the short rules of version 2"}	2026-11-21 14:53:36.65904+00
exercised	qa	default	0	01a1fe99-3931-7c3f-8156-0debbf649545	0	0	{"length": 3}	1	0	0	{}	\N	2026-11-21 14:53:37.028444+00	{}	2026-11-21 14:53:37.028444+00
\.


--
-- Data for Name: hegel_prompt_profiles; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_prompt_profiles (corpus_id, id, task_type, version, base_profile_id, source, performance_stats, metadata, created_at, updated_at) FROM stdin;
harbour-helpdesk	01a1fe99-378b-70f2-9cc3-6d46b20f5634	qa	1	\N	{"worker": {"system_prompt": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given.", "temperature": 0.7, "max_tokens": 400}, "reviewer": {"system_prompt": "You check answers of a support desk before they are sent. Object when an answer is wrong.", "strictness": 0.5, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 5, "vector_weight": 0.5}, "rounds": 1}	{}	{"change": "first draft", "strategy": "manual"}	2026-11-21 14:53:36.525345+00	2026-11-21 14:53:36.525345+00
harbour-helpdesk	01a1fe99-3791-7515-8ab9-7aa31bb705b0	qa	2	01a1fe99-378b-70f2-9cc3-6d46b20f5634	{"worker": {"system_prompt": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague.", "temperature": 0.4, "max_tokens": 400}, "reviewer": {"system_prompt": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note.", "strictness": 0.6, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 8, "vector_weight": 0.4}, "rounds": 2}	{}	{"change": "answer only from the notes; reviewer asks for a source", "strategy": "reflection"}	2026-11-21 14:53:36.531053+00	2026-11-21 14:53:36.531053+00
harbour-helpdesk	01a1fe99-3794-7f17-9d15-2f116276f5ce	qa	3	01a1fe99-378b-70f2-9cc3-6d46b20f5634	{"worker": {"system_prompt": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given. Give the next step first, then the reason. Write two to four sentences, without greeting or apology. Answer in the language of the customer.", "temperature": 0.6, "max_tokens": 300}, "reviewer": {"system_prompt": "You check answers of a support desk before they are sent. Object when an answer is wrong.", "strictness": 0.5, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 5, "vector_weight": 0.5}, "rounds": 1}	{}	{"change": "next step first, short, in the customer's language", "strategy": "reflection"}	2026-11-21 14:53:36.534043+00	2026-11-21 14:53:36.534043+00
harbour-helpdesk	01a1fe99-3797-753e-8ec7-b4f1c4ece751	qa	4	01a1fe99-3791-7515-8ab9-7aa31bb705b0	{"worker": {"system_prompt": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague. Give the next step first, then the reason. Write two to four sentences, without greeting or apology. Answer in the language of the customer.", "temperature": 0.4, "max_tokens": 300}, "reviewer": {"system_prompt": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note. Object at most twice, most serious point first.", "strictness": 0.6, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 8, "vector_weight": 0.4}, "rounds": 2}	{}	{"change": "sources from version 2, tone from version 3", "strategy": "merge"}	2026-11-21 14:53:36.536405+00	2026-11-21 14:53:36.536405+00
harbour-helpdesk	01a1fe99-3799-7cd8-8828-5ea14f657a63	qa	5	01a1fe99-3797-753e-8ec7-b4f1c4ece751	{"worker": {"system_prompt": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague. Give the next step first, then the reason. Write two to four sentences, without greeting or apology. Answer in the language of the customer. When two notes differ, follow the fresher one and never quote a note marked stale. Limits and periods depend on the plan: name the plan each number belongs to.", "temperature": 0.3, "max_tokens": 320}, "reviewer": {"system_prompt": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note. Object at most twice, most serious point first. For every number in the answer, find it in a note that is not stale.", "strictness": 0.7, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 10, "vector_weight": 0.4}, "rounds": 2}	{}	{"change": "freshness and plans", "strategy": "reflection"}	2026-11-21 14:53:36.538863+00	2026-11-21 14:53:36.538863+00
lumen-trials	01a1fe99-37a8-7b3c-8bc8-1743b0b83778	qa	1	\N	{"worker": {"system_prompt": "You answer questions on clinical trials. Use the trial notes.", "temperature": 0.5, "max_tokens": 350}, "reviewer": {"system_prompt": "You are a statistician who checks answers on clinical trials. Object to errors.", "strictness": 0.6, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 6, "vector_weight": 0.5}, "rounds": 1}	{}	{"change": "first draft", "strategy": "manual"}	2026-11-21 14:53:36.553695+00	2026-11-21 14:53:36.553695+00
harbour-helpdesk	01a1fe99-379c-77a4-b90b-85714ea15b8f	qa	6	01a1fe99-3799-7cd8-8828-5ea14f657a63	{"worker": {"system_prompt": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague. Give the next step first, then the reason. Write two to four sentences, without greeting or apology. Answer in the language of the customer. When two notes differ, follow the fresher one and never quote a note marked stale. Limits and periods depend on the plan: name the plan each number belongs to. Before you answer, list for yourself the customer's product, plan and platform.", "temperature": 0.3, "max_tokens": 420}, "reviewer": {"system_prompt": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note. Object at most twice, most serious point first. For every number in the answer, find it in a note that is not stale.", "strictness": 0.7, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 10, "vector_weight": 0.4}, "rounds": 2}	{}	{"change": "silent list of product, plan and platform", "strategy": "mutation"}	2026-11-21 14:53:36.541554+00	2026-11-21 14:53:36.541554+00
harbour-helpdesk	01a1fe99-379f-718e-ba4a-1b797851fce1	triage	1	\N	{"worker": {"system_prompt": "You sort tickets of a support desk. Give a priority from 1 to 3 and a queue.", "temperature": 0.2, "max_tokens": 120}, "reviewer": {"system_prompt": "You check how tickets were sorted. Object when the priority is wrong.", "strictness": 0.5, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 4, "vector_weight": 0.3}, "rounds": 1}	{}	{"change": "first draft", "strategy": "manual"}	2026-11-21 14:53:36.54398+00	2026-11-21 14:53:36.54398+00
harbour-helpdesk	01a1fe99-37a0-7c4e-8012-49cd138c8615	triage	2	01a1fe99-379f-718e-ba4a-1b797851fce1	{"worker": {"system_prompt": "You sort tickets of a support desk. Priority 1: data loss, security incidents, outage of a whole organisation. Priority 2: one person cannot work. Priority 3: everything else. Give priority and queue.", "temperature": 0.1, "max_tokens": 120}, "reviewer": {"system_prompt": "You check how tickets were sorted. Object when the priority is wrong.", "strictness": 0.5, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 4, "vector_weight": 0.3}, "rounds": 1}	{}	{"change": "spell out the priorities", "strategy": "reflection"}	2026-11-21 14:53:36.545857+00	2026-11-21 14:53:36.545857+00
harbour-helpdesk	01a1fe99-37a2-7fb9-b2e2-9d826d544d1f	triage	3	01a1fe99-379f-718e-ba4a-1b797851fce1	{"worker": {"system_prompt": "You sort tickets of a support desk. Give a priority from 1 to 3 and a queue. Choose the queue by what the ticket is about, not by who should hurry. Invoices, VAT and refunds go to billing; SAML and OpenID to identity.", "temperature": 0.2, "max_tokens": 120}, "reviewer": {"system_prompt": "You check how tickets were sorted. Ask what would happen if the ticket waited a day; object when the priority does not say so.", "strictness": 0.6, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 6, "vector_weight": 0.3}, "rounds": 1}	{}	{"change": "queues by subject; reviewer asks about a day's delay", "strategy": "reflection"}	2026-11-21 14:53:36.547777+00	2026-11-21 14:53:36.547777+00
harbour-helpdesk	01a1fe99-37a4-7e09-8309-9f70faabff73	triage	4	01a1fe99-37a0-7c4e-8012-49cd138c8615	{"worker": {"system_prompt": "You sort tickets of a support desk. Priority 1: data loss, security incidents, outage of a whole organisation. Priority 2: one person cannot work. Priority 3: everything else. Choose the queue by what the ticket is about, not by who should hurry. Invoices, VAT and refunds go to billing; SAML and OpenID to identity. Give priority, queue and the reason in five words.", "temperature": 0.1, "max_tokens": 120}, "reviewer": {"system_prompt": "You check how tickets were sorted. Ask what would happen if the ticket waited a day; object when the priority does not say so.", "strictness": 0.6, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 6, "vector_weight": 0.3}, "rounds": 1}	{}	{"change": "priorities of version 2, queues of version 3", "strategy": "merge"}	2026-11-21 14:53:36.549683+00	2026-11-21 14:53:36.549683+00
harbour-helpdesk	01a1fe99-37a6-7b45-ae89-6f935c235a33	triage	5	01a1fe99-37a4-7e09-8309-9f70faabff73	{"worker": {"system_prompt": "You sort tickets of a support desk. Priority 1: data loss, security incidents, outage of a whole organisation. Priority 2: one person cannot work. Priority 3: everything else. Choose the queue by what the ticket is about, not by who should hurry. Invoices, VAT and refunds go to billing; SAML and OpenID to identity. Give priority, queue and the reason in five words. Capital letters and exclamation marks say nothing about priority. Name the language of the answer and the team that gives it when the ticket is not in English.", "temperature": 0.1, "max_tokens": 140}, "reviewer": {"system_prompt": "You check how tickets were sorted. Ask what would happen if the ticket waited a day; object when the priority does not say so.", "strictness": 0.6, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 6, "vector_weight": 0.3}, "rounds": 2}	{}	{"change": "ignore shouting, name the language", "strategy": "reflection"}	2026-11-21 14:53:36.551467+00	2026-11-21 14:53:36.551467+00
lumen-trials	01a1fe99-37aa-7841-91b0-5050c47c730f	qa	2	01a1fe99-37a8-7b3c-8bc8-1743b0b83778	{"worker": {"system_prompt": "You answer questions on clinical trials. Use the trial notes. Give every effect with the numbers of both arms and its 95 percent interval.", "temperature": 0.3, "max_tokens": 350}, "reviewer": {"system_prompt": "You are a statistician who checks answers on clinical trials. Object to a relative effect without absolute numbers and to a p value without an interval.", "strictness": 0.7, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 6, "vector_weight": 0.5}, "rounds": 2}	{}	{"change": "numbers of both arms", "strategy": "reflection"}	2026-11-21 14:53:36.555258+00	2026-11-21 14:53:36.555258+00
lumen-trials	01a1fe99-37ac-73b8-a4ec-beeaf7c6545b	qa	3	01a1fe99-37a8-7b3c-8bc8-1743b0b83778	{"worker": {"system_prompt": "You answer questions on clinical trials. Use the trial notes. Say first whether the primary endpoint was met. Call subgroup results exploratory. Never write of a trend.", "temperature": 0.3, "max_tokens": 350}, "reviewer": {"system_prompt": "You are a statistician who checks answers on clinical trials. Object to errors.", "strictness": 0.6, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 8, "vector_weight": 0.5}, "rounds": 1}	{}	{"change": "primary endpoint first, no trends", "strategy": "reflection"}	2026-11-21 14:53:36.556993+00	2026-11-21 14:53:36.556993+00
lumen-trials	01a1fe99-37ad-7e60-89c6-0104823483d4	qa	4	01a1fe99-37aa-7841-91b0-5050c47c730f	{"worker": {"system_prompt": "You answer questions on clinical trials. Use the trial notes. Give every effect with the numbers of both arms and its 95 percent interval. Say first whether the primary endpoint was met. Call subgroup results exploratory. Never write of a trend.", "temperature": 0.2, "max_tokens": 380}, "reviewer": {"system_prompt": "You are a statistician who checks answers on clinical trials. Object to a relative effect without absolute numbers and to a p value without an interval. Object when a subgroup or an interim result is presented as the result of the trial.", "strictness": 0.8, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 8, "vector_weight": 0.5}, "rounds": 2}	{}	{"change": "numbers and order together", "strategy": "merge"}	2026-11-21 14:53:36.558503+00	2026-11-21 14:53:36.558503+00
lumen-trials	01a1fe99-37af-7895-995a-304a1ed6109b	summarise	1	\N	{"worker": {"system_prompt": "You write summaries of clinical trials. Stay below 80 words.", "temperature": 0.7, "max_tokens": 300}, "reviewer": {"system_prompt": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand.", "strictness": 0.5, "max_objections": 4}, "retrieval": {"mode": "hybrid", "limit": 8, "vector_weight": 0.5}, "rounds": 1}	{}	{"change": "first draft", "strategy": "manual"}	2026-11-21 14:53:36.560415+00	2026-11-21 14:53:36.560415+00
lumen-trials	01a1fe99-37b1-73b0-98dc-244961664934	summarise	2	01a1fe99-37af-7895-995a-304a1ed6109b	{"worker": {"system_prompt": "You write summaries of clinical trials for clinicians. Order: primary endpoint and whether it was met, effect with interval, harms, one limitation. Stay below 80 words.", "temperature": 0.5, "max_tokens": 300}, "reviewer": {"system_prompt": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand.", "strictness": 0.5, "max_objections": 4}, "retrieval": {"mode": "hybrid", "limit": 8, "vector_weight": 0.5}, "rounds": 2}	{}	{"change": "fixed order of the parts", "strategy": "reflection"}	2026-11-21 14:53:36.561822+00	2026-11-21 14:53:36.561822+00
lumen-trials	01a1fe99-37b2-7b38-b472-5907bedffa21	summarise	3	01a1fe99-37af-7895-995a-304a1ed6109b	{"worker": {"system_prompt": "You write summaries of clinical trials. Harms get a sentence of their own, also when none were found. For lay readers give numbers of people out of 100 and leave out hazard ratios. Stay below 80 words.", "temperature": 0.6, "max_tokens": 300}, "reviewer": {"system_prompt": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand. Object when harms are missing or are called 'well tolerated' without numbers.", "strictness": 0.6, "max_objections": 4}, "retrieval": {"mode": "hybrid", "limit": 8, "vector_weight": 0.5}, "rounds": 2}	{}	{"change": "harms and lay readers", "strategy": "reflection"}	2026-11-21 14:53:36.563281+00	2026-11-21 14:53:36.563281+00
lumen-trials	01a1fe99-37b4-74ca-8532-f1c5e6024d91	summarise	4	01a1fe99-37b2-7b38-b472-5907bedffa21	{"worker": {"system_prompt": "You write summaries of clinical trials for clinicians. Order: primary endpoint and whether it was met, effect with interval, harms, one limitation. Harms get a sentence of their own, also when none were found. For lay readers give numbers of people out of 100 and leave out hazard ratios. Stay below 70 words.", "temperature": 0.4, "max_tokens": 280}, "reviewer": {"system_prompt": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand. Object when harms are missing or are called 'well tolerated' without numbers. Count the words; above 70 the summary goes back.", "strictness": 0.7, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 10, "vector_weight": 0.5}, "rounds": 2}	{}	{"change": "order of version 2, harms of version 3", "strategy": "merge"}	2026-11-21 14:53:36.564949+00	2026-11-21 14:53:36.564949+00
lumen-trials	01a1fe99-37b6-7042-b2c8-ef6d377a85c0	summarise	5	01a1fe99-37b4-74ca-8532-f1c5e6024d91	{"worker": {"system_prompt": "You write summaries of clinical trials for clinicians. Order: primary endpoint and whether it was met, effect with interval, harms, one limitation. Harms get a sentence of their own, also when none were found. For lay readers give numbers of people out of 100 and leave out hazard ratios. Stay below 60 words. Leave out the names of endpoints that the reader need not know.", "temperature": 0.4, "max_tokens": 220}, "reviewer": {"system_prompt": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand. Object when harms are missing or are called 'well tolerated' without numbers. Count the words; above 70 the summary goes back.", "strictness": 0.7, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 10, "vector_weight": 0.5}, "rounds": 2}	{}	{"change": "shorter still", "strategy": "mutation"}	2026-11-21 14:53:36.56658+00	2026-11-21 14:53:36.56658+00
quarry-review	01a1fe99-37b7-7a97-b346-9f086d639970	qa	1	\N	{"worker": {"system_prompt": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief.", "temperature": 0.5, "max_tokens": 300}, "reviewer": {"system_prompt": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly.", "strictness": 0.5, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 5, "vector_weight": 0.3}, "rounds": 1}	{}	{"change": "first draft", "strategy": "manual"}	2026-11-21 14:53:36.568572+00	2026-11-21 14:53:36.568572+00
quarry-review	01a1fe99-37b9-78f7-9b15-9d9ad31f85a0	qa	2	01a1fe99-37b7-7a97-b346-9f086d639970	{"worker": {"system_prompt": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief. Give the rule, then the reason or the incident behind it.", "temperature": 0.4, "max_tokens": 320}, "reviewer": {"system_prompt": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly.", "strictness": 0.5, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 5, "vector_weight": 0.3}, "rounds": 1}	{}	{"change": "reason or incident", "strategy": "reflection"}	2026-11-21 14:53:36.570153+00	2026-11-21 14:53:36.570153+00
quarry-review	01a1fe99-37bb-7165-8ce6-fc0fa2e6589d	qa	3	01a1fe99-37b7-7a97-b346-9f086d639970	{"worker": {"system_prompt": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief. When there is a test, a linter or a trigger that enforces the rule, name it. Give a line of code where it helps.", "temperature": 0.4, "max_tokens": 380}, "reviewer": {"system_prompt": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly. Object when code in the answer breaks another house rule.", "strictness": 0.6, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 8, "vector_weight": 0.3}, "rounds": 2}	{}	{"change": "enforcement and code", "strategy": "reflection"}	2026-11-21 14:53:36.571705+00	2026-11-21 14:53:36.571705+00
quarry-review	01a1fe99-37bc-79a9-9219-7029a4cfecc4	qa	4	01a1fe99-37bb-7165-8ce6-fc0fa2e6589d	{"worker": {"system_prompt": "You answer questions of developers on the house rules of Quarry, a billing platform. Give the rule, then the reason or the incident behind it. When there is a test, a linter or a trigger that enforces the rule, name it. Give a line of code where it helps. Stay below six lines.", "temperature": 0.3, "max_tokens": 340}, "reviewer": {"system_prompt": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly. Object when code in the answer breaks another house rule.", "strictness": 0.6, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 8, "vector_weight": 0.3}, "rounds": 2}	{}	{"change": "both", "strategy": "merge"}	2026-11-21 14:53:36.573167+00	2026-11-21 14:53:36.573167+00
quarry-review	01a1fe99-37be-71e8-9f40-0ce057969a25	qa	5	01a1fe99-37bc-79a9-9219-7029a4cfecc4	{"worker": {"system_prompt": "You answer questions of developers on the house rules of Quarry, a billing platform. Give the rule, then the reason or the incident behind it. When there is a test, a linter or a trigger that enforces the rule, name it. Give a line of code where it helps. Stay below six lines. Say 'there is no rule for this' rather than inventing one.", "temperature": 0.2, "max_tokens": 340}, "reviewer": {"system_prompt": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly. Object when code in the answer breaks another house rule.", "strictness": 0.7, "max_objections": 2}, "retrieval": {"mode": "hybrid", "limit": 8, "vector_weight": 0.3}, "rounds": 2}	{}	{"change": "admit that there is no rule", "strategy": "reflection"}	2026-11-21 14:53:36.574605+00	2026-11-21 14:53:36.574605+00
quarry-review	01a1fe99-37bf-7913-a485-5560f514d810	review	1	\N	{"worker": {"system_prompt": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons.", "temperature": 0.6, "max_tokens": 500}, "reviewer": {"system_prompt": "You are the second reviewer. Look for a defect that the first review missed.", "strictness": 0.5, "max_objections": 4}, "retrieval": {"mode": "hybrid", "limit": 6, "vector_weight": 0.4}, "rounds": 1}	{}	{"change": "first draft", "strategy": "manual"}	2026-11-21 14:53:36.576617+00	2026-11-21 14:53:36.576617+00
quarry-review	01a1fe99-37c1-78f8-ae0a-d78cf91f04b0	review	2	01a1fe99-37bf-7913-a485-5560f514d810	{"worker": {"system_prompt": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Look in this order: money and double charges, security, locks and transactions, concurrency, tests, style. Stop at the first reason to refuse.", "temperature": 0.4, "max_tokens": 500}, "reviewer": {"system_prompt": "You are the second reviewer. Look for a defect that the first review missed. Object to remarks on style when a defect is left unnamed.", "strictness": 0.6, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 6, "vector_weight": 0.4}, "rounds": 2}	{}	{"change": "fixed order, stop at the first refusal", "strategy": "reflection"}	2026-11-21 14:53:36.578182+00	2026-11-21 14:53:36.578182+00
quarry-review	01a1fe99-37c3-72e4-95b4-a58c4409424a	review	3	01a1fe99-37bf-7913-a485-5560f514d810	{"worker": {"system_prompt": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Quote the house rule that each remark rests on; a remark without a rule is a wish and is marked so.", "temperature": 0.4, "max_tokens": 500}, "reviewer": {"system_prompt": "You are the second reviewer. Look for a defect that the first review missed.", "strictness": 0.5, "max_objections": 4}, "retrieval": {"mode": "hybrid", "limit": 10, "vector_weight": 0.4}, "rounds": 2}	{}	{"change": "every remark quotes a rule", "strategy": "reflection"}	2026-11-21 14:53:36.579695+00	2026-11-21 14:53:36.579695+00
quarry-review	01a1fe99-37c4-791f-85f4-07023b5ac2ac	review	4	01a1fe99-37c1-78f8-ae0a-d78cf91f04b0	{"worker": {"system_prompt": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Look in this order: money and double charges, security, locks and transactions, concurrency, tests, style. Quote the house rule that each remark rests on; a remark without a rule is a wish and is marked so.", "temperature": 0.3, "max_tokens": 520}, "reviewer": {"system_prompt": "You are the second reviewer. Look for a defect that the first review missed. Object to remarks on style when a defect is left unnamed. Object when a remark cites a rule that does not exist.", "strictness": 0.7, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 10, "vector_weight": 0.4}, "rounds": 2}	{}	{"change": "order of version 2, rules of version 3", "strategy": "merge"}	2026-11-21 14:53:36.581165+00	2026-11-21 14:53:36.581165+00
quarry-review	01a1fe99-37c6-73c7-a612-d95392646ffc	review	5	01a1fe99-37c4-791f-85f4-07023b5ac2ac	{"worker": {"system_prompt": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Look in this order: money and double charges, security, locks and transactions, concurrency, tests, style. Quote the house rule that each remark rests on; a remark without a rule is a wish and is marked so. Name every reason to refuse, not only the first. Show the corrected line.", "temperature": 0.3, "max_tokens": 600}, "reviewer": {"system_prompt": "You are the second reviewer. Look for a defect that the first review missed. Object to remarks on style when a defect is left unnamed. Object when a remark cites a rule that does not exist.", "strictness": 0.7, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 12, "vector_weight": 0.4}, "rounds": 2}	{}	{"change": "all reasons, corrected line", "strategy": "reflection"}	2026-11-21 14:53:36.582781+00	2026-11-21 14:53:36.582781+00
quarry-review	01a1fe99-37c7-7e55-ad11-646258173c76	review	6	01a1fe99-37c6-73c7-a612-d95392646ffc	{"worker": {"system_prompt": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Look in this order: money and double charges, security, locks and transactions, concurrency, tests, style. Quote the house rule that each remark rests on; a remark without a rule is a wish and is marked so. Name every reason to refuse, not only the first. Show the corrected line. A hotfix is judged on defects alone.", "temperature": 0.3, "max_tokens": 560}, "reviewer": {"system_prompt": "You are the second reviewer. Look for a defect that the first review missed. Object to remarks on style when a defect is left unnamed. Object when a remark cites a rule that does not exist. Approve short reviews of short changes.", "strictness": 0.7, "max_objections": 3}, "retrieval": {"mode": "hybrid", "limit": 12, "vector_weight": 0.4}, "rounds": 2}	{}	{"change": "hotfixes by the short rules of version 2", "strategy": "merge"}	2026-11-21 14:53:36.584469+00	2026-11-21 14:53:36.584469+00
exercised	01a1fe99-3937-7571-bcf9-d067a15612e3	qa	2	01a1fe99-3931-7c3f-8156-0debbf649545	{"b": 1, "a": 2}	{}	{"by": "me"}	2026-11-21 14:53:36.953107+00	2026-11-21 14:53:36.953107+00
exercised	01a1fe99-393a-7e96-afbe-d826eeffaa10	qa	3	01a1fe99-3937-7571-bcf9-d067a15612e3	{}	{}	{}	2026-11-21 14:53:36.956415+00	2026-11-21 14:53:36.956415+00
exercised	01a1fe99-3931-7c3f-8156-0debbf649545	qa	1	\N	{"worker": {"system_prompt": "Cite hedgehogs."}}	{"accuracy": 0.5}	{}	2026-11-21 14:53:36.947959+00	2026-11-21 14:53:36.977433+00
\.


--
-- Data for Name: hegel_scopes; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_scopes (corpus_id, task_type, last_version, last_created_at) FROM stdin;
harbour-helpdesk	qa	6	2026-11-21 14:53:36.541554+00
harbour-helpdesk	triage	5	2026-11-21 14:53:36.551467+00
lumen-trials	qa	4	2026-11-21 14:53:36.558503+00
lumen-trials	summarise	5	2026-11-21 14:53:36.56658+00
quarry-review	qa	5	2026-11-21 14:53:36.574605+00
quarry-review	review	6	2026-11-21 14:53:36.584469+00
exercised	qa	3	2026-11-21 14:53:36.956415+00
\.


--
-- Data for Name: hegel_store_version; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_store_version (version_num) FROM stdin;
0011
\.


--
-- Data for Name: hegel_training_steps_2026_07; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_training_steps_2026_07 (corpus_id, created_at, id, task_type, old_profile_id, new_profile_id, step_type, query, predicted_answer, gold_answer, reward, metrics, debate_trace, optimization_strategy, processing_time_ms, run_id) FROM stdin;
quarry-review	2026-07-01 00:00:01.241518+00	019f1af9-b8d9-7849-8019-1ad5a98c625f	review	01a1fe99-37bf-7913-a485-5560f514d810	\N	training	Draft PR 54335: `freeze_time('2024-02-29')`	Approve, with a wish for a clock argument.	Ask for changes: hand in a fixed clock instead of patching datetime.	0.451	{"agreed": false, "rounds": 1, "outcome": "partial", "cost_usd": 0.000495, "evidence": 6, "prompt_tokens": 749, "profile_version": 1, "completion_tokens": 122}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": "I am not sure that the note still holds, because it is marked as ageing.", "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "Time", "content": "Code that needs the time takes a clock argument; tests hand in a fixed one, and nothing patches datetime.", "freshness": "fresh", "confidence": 0.92}, {"label": "SQL", "content": "SQL is never built by string formatting; names that must vary go through a fixed list.", "freshness": "fresh", "confidence": 0.99}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}, {"label": "Exceptions", "content": "A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.", "freshness": "fresh", "confidence": 0.96}, {"label": "Flaky tests", "content": "A test that fails once in CI without a change is quarantined the same day and fixed or deleted within two weeks.", "freshness": "fresh", "confidence": 0.86}], "proposal": "Approve, with a wish for a clock argument.", "confidence": 0.38}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "incomplete", "text": "It answers whether, but the question asks how.", "severity": 2}]}}], "prompts": {"worker": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons.", "reviewer": "You are the second reviewer. Look for a defect that the first review missed."}, "category": "testing", "learning": null, "revised_answer": "Approve, with a wish for a clock argument."}	merge	2722	quarry-review/review/training/2026-W27
quarry-review	2026-07-01 18:48:32.413203+00	019f1f02-e99d-733f-a565-3020041d021c	qa	01a1fe99-37b7-7a97-b346-9f086d639970	\N	training	Why is the order list so slow?	It makes many queries.	order.customer is read inside the loop, one query per order; load it with selectinload.	0.356	{"agreed": false, "rounds": 1, "outcome": "partial", "cost_usd": 0.000437, "evidence": 7, "prompt_tokens": 773, "profile_version": 1, "completion_tokens": 80}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "No note answers this word for word; I combined 7 of them and marked what is inferred.", "evidence": [{"label": "Queries", "content": "Reading order.customer inside a loop makes one query per order; selectinload is the house answer.", "freshness": "fresh", "confidence": 0.91}, {"label": "Transactions", "content": "No network call is made inside a database transaction; the work is written to the outbox and sent afterwards.", "freshness": "fresh", "confidence": 0.95}, {"label": "Async", "content": "A task made with create_task and not kept may be collected before it ends; the TaskGroup keeps it.", "freshness": "fresh", "confidence": 0.9}, {"label": "Alerts", "content": "An alert names the customer effect first, then the threshold, then the page of the run book.", "freshness": "fresh", "confidence": 0.83}, {"label": "Locks", "content": "Rows of two accounts are locked in order of their id, so that transfers in opposite directions cannot deadlock.", "freshness": "fresh", "confidence": 0.9}, {"label": "Secrets", "content": "Tokens are compared with hmac.compare_digest.", "freshness": "fresh", "confidence": 0.94}, {"label": "Dependencies", "content": "A new dependency needs two maintainers, a release in the last year and a licence from the allowed list.", "freshness": "ageing", "confidence": 0.87}], "proposal": "It makes many queries.", "confidence": 0.6}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "incomplete", "text": "The exception is missing. A reader who falls under it would be misled.", "severity": 2}, {"kind": "form", "text": "The answer repeats the question before it answers it.", "severity": 1}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly."}, "category": "database", "learning": {"reason": "The change helped on this question and cost more on the last ten; the profile stays as it is.", "decision": "rejected", "proposal": "Tell the worker to name the condition before the number."}, "revised_answer": "It makes many queries."}	mutation	647	quarry-review/qa/training/2026-W27
quarry-review	2026-07-02 17:05:15.789711+00	019f23ca-b80d-7b60-ad71-74e783835b02	qa	01a1fe99-37b7-7a97-b346-9f086d639970	\N	training	How do I compare API tokens? A rule or just a habit?	With hmac.compare_digest.	\N	\N	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000504, "evidence": 7, "prompt_tokens": 669, "profile_version": 1, "completion_tokens": 148}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I set aside notes marked stale and notes below a confidence of 0.6, then answered from the remaining 7.", "evidence": [{"label": "Secrets", "content": "Tokens are compared with hmac.compare_digest.", "freshness": "fresh", "confidence": 0.94}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}, {"label": "Queue", "content": "Workers take jobs with FOR UPDATE SKIP LOCKED and a lease of 90 seconds that they renew every 30.", "freshness": "fresh", "confidence": 0.9}, {"label": "Exceptions", "content": "A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.", "freshness": "fresh", "confidence": 0.96}, {"label": "Comments", "content": "A comment says why, with a link to the incident or the law where there is one; what the code does is left to the code.", "freshness": "fresh", "confidence": 0.92}, {"label": "Pull requests", "content": "A fix comes with a test that fails without it.", "freshness": "fresh", "confidence": 0.85}, {"label": "Async", "content": "A task made with create_task and not kept may be collected before it ends; the TaskGroup keeps it.", "freshness": "fresh", "confidence": 0.9}], "proposal": "With hmac.compare_digest.", "confidence": 0.81}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly."}, "category": "security", "learning": {"reason": "The change helped on this question and cost more on the last ten; the profile stays as it is.", "decision": "rejected", "proposal": "Lower the temperature of the worker by a tenth."}, "revised_answer": "With hmac.compare_digest."}	merge	2425	quarry-review/qa/training/2026-W27
harbour-helpdesk	2026-07-06 14:12:17.60631+00	019f37c5-cc46-74f5-bd04-755ba7c1ea6a	qa	01a1fe99-378b-70f2-9cc3-6d46b20f5634	\N	evaluation	Ticket 10950: Our SAML login fails with 'Audience mismatch'. They are on Windows 11.	Your certificate has expired and must be uploaded again.	The entity ID in your identity provider lacks your organisation's short name. Add it and try again.	0	{"agreed": true, "rounds": 2, "outcome": "wrong", "cost_usd": 0.00088, "evidence": 7, "prompt_tokens": 1296, "profile_version": 1, "completion_tokens": 226}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Desktop client", "content": "A folder that stays on 'Preparing' for more than ten minutes usually contains a file name with a trailing space or a colon.", "freshness": "fresh", "confidence": 0.94}, {"label": "Encryption", "content": "Files are encrypted at rest with AES-256, with a key per organisation that is rotated every 90 days.", "freshness": "fresh", "confidence": 0.98}, {"label": "Zwei-Faktor-Anmeldung", "content": "Verlorene Wiederherstellungscodes kann nur die Verwaltung der eigenen Organisation zurücksetzen.", "freshness": "fresh", "confidence": 0.91}], "proposal": "Your certificate has expired and must be uploaded again.", "confidence": 0.59}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "This was true once. The note is marked stale, and a fresher one gives another value.", "severity": 3}, {"kind": "form", "text": "The language of the answer is not the language of the question.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "Single sign-on", "content": "Guests cannot sign in through the organisation's identity provider.", "freshness": "ageing", "confidence": 0.72}, {"label": "Plans", "content": "Charities with a registration number get 40 percent off the Business plan.", "freshness": "fresh", "confidence": 0.94}, {"label": "Two-factor login", "content": "When all recovery codes are lost, an administrator of the organisation can reset two-factor login; for personal accounts an identity check of two working days is needed.", "freshness": "fresh", "confidence": 0.95}, {"label": "Desktop client", "content": "A folder that stays on 'Preparing' for more than ten minutes usually contains a file name with a trailing space or a colon.", "freshness": "fresh", "confidence": 0.94}], "proposal": "Your certificate has expired and must be uploaded again.", "confidence": 0.38}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The tone fits, and the answer says what to do next.", "severity": 0}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given.", "reviewer": "You check answers of a support desk before they are sent. Object when an answer is wrong."}, "category": "accounts", "learning": null, "revised_answer": "Your certificate has expired and must be uploaded again."}	\N	4279	harbour-helpdesk/qa/evaluation/2026-07-06
harbour-helpdesk	2026-07-08 12:12:58.978027+00	019f41a5-48e2-706e-be01-139e50016fb8	triage	01a1fe99-379f-718e-ba4a-1b797851fce1	\N	training	Ticket 65844 (e-mail). I am writing for a newspaper and would like a comment on data protection. This is urgent!!	priority 3	\N	\N	{"agreed": false, "rounds": 1, "outcome": "partial", "cost_usd": 0.000431, "evidence": 5, "prompt_tokens": 670, "profile_version": 1, "completion_tokens": 102}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "I set aside notes marked stale and notes below a confidence of 0.6, then answered from the remaining 5.", "evidence": [{"label": "Queues", "content": "Press enquiries are never answered by the desk; they are forwarded to the communications team.", "freshness": "fresh", "confidence": 0.9}, {"label": "Deleted files", "content": "Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.", "freshness": "fresh", "confidence": 0.98}, {"label": "Priorities", "content": "Priority 3 is for questions and wishes; the first answer is due within two working days.", "freshness": "fresh", "confidence": 0.95}, {"label": "Sprachen", "content": "Anfragen auf Deutsch beantwortet das Team in Hamburg werktags von 8 bis 18 Uhr.", "freshness": "fresh", "confidence": 0.89}, {"label": "Priorities", "content": "Priority 1 is for data loss, security incidents and outages of a whole organisation; the first answer is due within 30 minutes.", "freshness": "fresh", "confidence": 0.97}], "proposal": "priority 3", "confidence": 0.88}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "incomplete", "text": "The exception is missing. A reader who falls under it would be misled.", "severity": 2}]}}], "prompts": {"worker": "You sort tickets of a support desk. Give a priority from 1 to 3 and a queue.", "reviewer": "You check how tickets were sorted. Object when the priority is wrong."}, "category": "triage", "learning": {"reason": "The proposed rule is already in the prompt in other words.", "decision": "rejected", "proposal": "Show the worker one example of an answer that gives both the rule and its exception."}, "revised_answer": "priority 3"}	reflection	650	harbour-helpdesk/triage/training/2026-W28
quarry-review	2026-07-10 10:24:42.567478+00	019f4b8e-e047-77a5-86b4-d5efb8a8a18f	qa	01a1fe99-37b7-7a97-b346-9f086d639970	\N	validation	While pairing: Is it enough to take a job with SKIP LOCKED?	No, you also need a lease.	No: the lease of 90 seconds can expire while the worker runs, so renew it every 30 seconds and make the handler safe to run twice.	0.499	{"agreed": true, "rounds": 4, "outcome": "partial", "cost_usd": 0.002134, "evidence": 21, "prompt_tokens": 2950, "profile_version": 1, "completion_tokens": 596}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "Timeouts", "content": "requests has no timeout by default, so a silent peer blocks the worker for ever.", "freshness": "fresh", "confidence": 0.88}, {"label": "Secrets", "content": "Tokens are compared with hmac.compare_digest.", "freshness": "fresh", "confidence": 0.94}, {"label": "Queue", "content": "Workers take jobs with FOR UPDATE SKIP LOCKED and a lease of 90 seconds that they renew every 30.", "freshness": "fresh", "confidence": 0.9}, {"label": "Locks", "content": "SELECT FOR UPDATE on a join locks the rows of every table in it unless OF names one.", "freshness": "ageing", "confidence": 0.83}, {"label": "Coverage", "content": "Coverage of the whole repository must not fall below 90 percent.", "freshness": "stale", "confidence": 0.45}, {"label": "Pull requests", "content": "A fix comes with a test that fails without it.", "freshness": "fresh", "confidence": 0.85}], "proposal": "Yes, no second worker can see the row.", "confidence": 0.78}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "Nothing in the notes supports this sentence; it reads like general knowledge.", "severity": 3}]}}, {"round": 2, "worker": {"doubt": "I could not find a second note that confirms it.", "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "Queue", "content": "Every job handler must be safe to run twice, because a lease can expire while its worker still runs.", "freshness": "fresh", "confidence": 0.94}, {"label": "Fixtures", "content": "Tests make their database from the migrations and never from create_all.", "freshness": "fresh", "confidence": 0.91}, {"label": "Timeouts", "content": "requests has no timeout by default, so a silent peer blocks the worker for ever.", "freshness": "fresh", "confidence": 0.88}, {"label": "Secrets", "content": "Tokens are compared with hmac.compare_digest.", "freshness": "fresh", "confidence": 0.94}, {"label": "Locks", "content": "SELECT FOR UPDATE on a join locks the rows of every table in it unless OF names one.", "freshness": "ageing", "confidence": 0.83}], "proposal": "No, you also need a lease.", "confidence": 0.82}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The condition under which this holds is left out.", "severity": 2}]}}, {"round": 3, "worker": {"doubt": null, "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Pull requests", "content": "A fix comes with a test that fails without it.", "freshness": "fresh", "confidence": 0.85}, {"label": "Secrets", "content": "Tokens are compared with hmac.compare_digest.", "freshness": "fresh", "confidence": 0.94}, {"label": "Locks", "content": "SELECT FOR UPDATE on a join locks the rows of every table in it unless OF names one.", "freshness": "ageing", "confidence": 0.83}, {"label": "Queue", "content": "Workers take jobs with FOR UPDATE SKIP LOCKED and a lease of 90 seconds that they renew every 30.", "freshness": "fresh", "confidence": 0.9}, {"label": "Timeouts", "content": "requests has no timeout by default, so a silent peer blocks the worker for ever.", "freshness": "fresh", "confidence": 0.88}], "proposal": "Yes, no second worker can see the row.", "confidence": 0.42}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "The conclusion does not follow from the notes, which say the reverse.", "severity": 3}, {"kind": "form", "text": "Say what is certain first, and what is inferred after it.", "severity": 1}]}}, {"round": 4, "worker": {"doubt": "The notes give the number but not the date from which it holds.", "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "Queue", "content": "Every job handler must be safe to run twice, because a lease can expire while its worker still runs.", "freshness": "fresh", "confidence": 0.94}, {"label": "Coverage", "content": "Coverage of the whole repository must not fall below 90 percent.", "freshness": "stale", "confidence": 0.45}, {"label": "Secrets", "content": "Tokens are compared with hmac.compare_digest.", "freshness": "fresh", "confidence": 0.94}, {"label": "Pull requests", "content": "A fix comes with a test that fails without it.", "freshness": "fresh", "confidence": 0.85}, {"label": "Fixtures", "content": "Tests make their database from the migrations and never from create_all.", "freshness": "fresh", "confidence": 0.91}], "proposal": "No, you also need a lease.", "confidence": 0.61}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly."}, "category": "concurrency", "learning": {"reason": "One failure is no pattern; wait for a second of the same kind.", "decision": "rejected", "proposal": "Let the worker say 'not in the notes' instead of inferring."}, "revised_answer": "No, you also need a lease."}	\N	9707	quarry-review/qa/validation/2026-07-10
quarry-review	2026-07-14 14:13:57.086043+00	019f60fa-30de-70b0-b6d7-72b99993f403	qa	01a1fe99-37b7-7a97-b346-9f086d639970	\N	training	How often may I retry a call to the gateway?	At most three times, only on connection errors and 503, and with the same idempotency key.	At most three times, only on connection errors and 503, and with the same idempotency key.	0.866	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000513, "evidence": 7, "prompt_tokens": 786, "profile_version": 1, "completion_tokens": 124}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}, {"label": "Ledger", "content": "Ledger rows are only ever added; a mistake is corrected by a second, opposite row.", "freshness": "fresh", "confidence": 0.98}, {"label": "Doubles", "content": "The gateway is tested against its recorded sandbox answers; hand-written mocks of it are refused.", "freshness": "fresh", "confidence": 0.88}, {"label": "Pull requests", "content": "A fix comes with a test that fails without it.", "freshness": "fresh", "confidence": 0.85}, {"label": "Webhooks", "content": "A webhook is answered only after its signature and a timestamp of at most five minutes were checked on the raw body.", "freshness": "fresh", "confidence": 0.98}, {"label": "Async", "content": "A task made with create_task and not kept may be collected before it ends; the TaskGroup keeps it.", "freshness": "fresh", "confidence": 0.9}], "proposal": "At most three times, only on connection errors and 503, and with the same idempotency key.", "confidence": 0.73}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "I tried to find a note that contradicts the answer and found none.", "severity": 0}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly."}, "category": "errors", "learning": null, "revised_answer": "At most three times, only on connection errors and 503, and with the same idempotency key."}	reflection	1433	quarry-review/qa/training/2026-W29
harbour-helpdesk	2026-07-15 08:22:30.411813+00	019f64de-cb0b-7d02-88ab-19cf16115c11	qa	01a1fe99-378b-70f2-9cc3-6d46b20f5634	01a1fe99-3791-7515-8ab9-7aa31bb705b0	training	Business customer, 50496 seats: Can I get my money back for the yearly plan I bought three weeks ago? They are on macOS.	No. A yearly plan can be refunded within 14 days of the first payment only.	No. A yearly plan can be refunded within 14 days of the first payment only.	1	{"agreed": true, "rounds": 2, "outcome": "right", "cost_usd": 0.000846, "evidence": 9, "prompt_tokens": 1468, "profile_version": 1, "completion_tokens": 162}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "The limit may differ between plans or arms, and the question does not say which is meant.", "approach": "I looked for notes of the category billing and kept the 5 that name what the question is about.", "evidence": [{"label": "Refunds", "content": "A yearly plan can be refunded in full within 14 days of the first payment, and not afterwards.", "freshness": "fresh", "confidence": 0.98}, {"label": "Refunds", "content": "A yearly plan can be refunded in full within 30 days of the first payment.", "freshness": "stale", "confidence": 0.55}, {"label": "Plans", "content": "The Team plan starts at three seats; single seats exist only on the Personal plan.", "freshness": "fresh", "confidence": 0.99}, {"label": "Payments", "content": "After three failed card payments the account becomes read-only; it is never deleted for non-payment before 60 days.", "freshness": "fresh", "confidence": 0.92}, {"label": "Ransomware", "content": "After a ransomware attack, 'Rewind folder' takes a folder back to any moment of the last 30 days in one step.", "freshness": "fresh", "confidence": 0.93}], "proposal": "Refunds of yearly plans are limited in time.", "confidence": 0.77}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "A number is given without the number it is to be compared with.", "severity": 2}, {"kind": "form", "text": "Too long: the asker needs two sentences.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": "The notes give the number but not the date from which it holds.", "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Refunds", "content": "A yearly plan can be refunded in full within 14 days of the first payment, and not afterwards.", "freshness": "fresh", "confidence": 0.98}, {"label": "Priorities", "content": "Priority 1 is for data loss, security incidents and outages of a whole organisation; the first answer is due within 30 minutes.", "freshness": "fresh", "confidence": 0.97}, {"label": "Priorities", "content": "Priority 3 is for questions and wishes; the first answer is due within two working days.", "freshness": "fresh", "confidence": 0.95}, {"label": "Plans", "content": "The Team plan starts at three seats; single seats exist only on the Personal plan.", "freshness": "fresh", "confidence": 0.99}], "proposal": "No. A yearly plan can be refunded within 14 days of the first payment only.", "confidence": 0.79}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The tone fits, and the answer says what to do next.", "severity": 0}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given.", "reviewer": "You check answers of a support desk before they are sent. Object when an answer is wrong."}, "category": "billing", "learning": {"decision": "accepted", "proposal": "answer only from the notes; reviewer asks for a source"}, "revised_answer": "No. A yearly plan can be refunded within 14 days of the first payment only."}	reflection	1616	harbour-helpdesk/qa/training/2026-W29
quarry-review	2026-07-15 08:22:32.372858+00	019f64de-d2b4-7dba-bb37-c380a458e1e0	review	01a1fe99-37bf-7913-a485-5560f514d810	01a1fe99-37c1-78f8-ae0a-d78cf91f04b0	training	Hotfix 31431: `freeze_time('2024-02-29')` (12 lines)	Approve.	Ask for changes: hand in a fixed clock instead of patching datetime.	0	{"agreed": true, "rounds": 1, "outcome": "wrong", "cost_usd": 0.000478, "evidence": 4, "prompt_tokens": 690, "profile_version": 1, "completion_tokens": 126}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "I set aside notes marked stale and notes below a confidence of 0.6, then answered from the remaining 4.", "evidence": [{"label": "Exceptions", "content": "A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.", "freshness": "fresh", "confidence": 0.96}, {"label": "Caching", "content": "Cache keys carry a version number, which is raised when the shape of the value changes.", "freshness": "ageing", "confidence": 0.86}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}, {"label": "Webhooks", "content": "Parsing the webhook's JSON and serialising it again changes the bytes, so the signature no longer fits.", "freshness": "fresh", "confidence": 0.93}], "proposal": "Approve.", "confidence": 0.61}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons.", "reviewer": "You are the second reviewer. Look for a defect that the first review missed."}, "category": "testing", "learning": {"decision": "accepted", "proposal": "fixed order, stop at the first refusal"}, "revised_answer": "Approve."}	reflection	1863	quarry-review/review/training/2026-W29
harbour-helpdesk	2026-07-16 14:47:53.964887+00	019f6b65-fd6c-7e31-ada1-572fe3c4c3a5	qa	01a1fe99-3791-7515-8ab9-7aa31bb705b0	\N	training	From the chat: What happens to the files on his laptop when I remove someone from a shared folder? The customer has asked twice.	He keeps his copy until he deletes it.	The folder is deleted from his computers at the next sync.	0	{"agreed": true, "rounds": 2, "outcome": "wrong", "cost_usd": 0.000976, "evidence": 7, "prompt_tokens": 1400, "profile_version": 2, "completion_tokens": 260}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "Desktop client", "content": "Selective sync is set per computer, under Preferences, Folders.", "freshness": "ageing", "confidence": 0.88}, {"label": "Shared folders", "content": "A shared folder holds at most 500 members; groups count as one member each.", "freshness": "fresh", "confidence": 0.95}], "proposal": "He keeps his copy until he deletes it.", "confidence": 0.65}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "This was true once. The note is marked stale, and a fresher one gives another value.", "severity": 3}]}}, {"round": 2, "worker": {"doubt": null, "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "Shared folders", "content": "A shared folder holds at most 500 members; groups count as one member each.", "freshness": "fresh", "confidence": 0.95}, {"label": "Shared folders", "content": "Only the owner of a shared folder can hand it over to somebody else, under Sharing, Transfer ownership.", "freshness": "fresh", "confidence": 0.93}, {"label": "Shared folders", "content": "Nested shares are not possible: a folder inside a shared folder cannot be shared with further people.", "freshness": "fresh", "confidence": 0.9}, {"label": "Desktop client", "content": "Selective sync is set per computer, under Preferences, Folders.", "freshness": "ageing", "confidence": 0.88}, {"label": "Deleted files", "content": "Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.", "freshness": "fresh", "confidence": 0.98}], "proposal": "He keeps his copy until he deletes it.", "confidence": 0.42}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague.", "reviewer": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note."}, "category": "sharing", "learning": null, "revised_answer": "He keeps his copy until he deletes it."}	reflection	4408	harbour-helpdesk/qa/training/2026-W29
harbour-helpdesk	2026-07-16 18:40:25.41636+00	019f6c3a-df48-75c2-ae47-119f703e542a	triage	01a1fe99-379f-718e-ba4a-1b797851fce1	01a1fe99-37a0-7c4e-8012-49cd138c8615	training	Ticket 98100 (web form). Meine Rechnung enthält die falsche Anschrift. Regards, the IT team.	priority 3, queue billing, answer in German from Hamburg	priority 3, queue billing, answer in German from Hamburg	1	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000326, "evidence": 6, "prompt_tokens": 534, "profile_version": 1, "completion_tokens": 70}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Priorities", "content": "Priority 3 is for questions and wishes; the first answer is due within two working days.", "freshness": "fresh", "confidence": 0.95}, {"label": "Plans", "content": "Moving from Team to Business takes effect at once, and the unused part of the month is credited.", "freshness": "fresh", "confidence": 0.99}, {"label": "Shared folders", "content": "Removing a member from a shared folder deletes the folder from that member's computers at the next sync.", "freshness": "fresh", "confidence": 0.96}, {"label": "Priorities", "content": "Priority 2 is for one person who cannot work; the first answer is due within four hours.", "freshness": "fresh", "confidence": 0.96}, {"label": "Priorities", "content": "Priority 1 is for data loss, security incidents and outages of a whole organisation; the first answer is due within 30 minutes.", "freshness": "fresh", "confidence": 0.97}, {"label": "Sprachen", "content": "Anfragen auf Deutsch beantwortet das Team in Hamburg werktags von 8 bis 18 Uhr.", "freshness": "fresh", "confidence": 0.89}], "proposal": "priority 3, queue billing, answer in German from Hamburg", "confidence": 0.61}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You sort tickets of a support desk. Give a priority from 1 to 3 and a queue.", "reviewer": "You check how tickets were sorted. Object when the priority is wrong."}, "category": "triage", "learning": {"decision": "accepted", "proposal": "spell out the priorities"}, "revised_answer": "priority 3, queue billing, answer in German from Hamburg"}	reflection	5604	harbour-helpdesk/triage/training/2026-W29
lumen-trials	2026-07-16 18:40:25.673645+00	019f6c3a-e049-7a51-9d9a-b6e5a11f499f	summarise	01a1fe99-37af-7895-995a-304a1ed6109b	01a1fe99-37b1-73b0-98dc-244961664934	training	Newsletter item on LANTERN for lay readers.	Text reminders cut the share of unvaccinated children by a quarter.	Text reminders raised complete vaccination at 18 months from 84.2 to 87.9 percent (adjusted difference 3.5 points, 95 % interval 1.1 to 5.9). Harms were not sought; 2.3 percent opted out.	0	{"agreed": false, "rounds": 2, "outcome": "wrong", "cost_usd": 0.00105, "evidence": 11, "prompt_tokens": 1418, "profile_version": 1, "completion_tokens": 302}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": "The limit may differ between plans or arms, and the question does not say which is meant.", "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}, {"label": "HELIX-CKD", "content": "All-cause death did not differ in HELIX-CKD (hazard ratio 0.94, 95 % interval 0.77 to 1.15).", "freshness": "fresh", "confidence": 0.9}, {"label": "LANTERN", "content": "LANTERN was a cluster-randomised trial of a text-message reminder for childhood vaccination in 84 practices and 6,310 children.", "freshness": "fresh", "confidence": 0.97}, {"label": "AURORA-2", "content": "PASI 75 at week 16 was reached by 61 percent on talvecinib and 12 percent on placebo in AURORA-2 (difference 49 points, 95 % interval 41 to 57).", "freshness": "fresh", "confidence": 0.98}, {"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "House style", "content": "An effect is given with its 95 percent interval; a p value alone is not enough.", "freshness": "fresh", "confidence": 0.96}], "proposal": "Text reminders raised complete vaccination from 84.2 to 87.9 percent.", "confidence": 0.76}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The source is right, yet only a third of what it says has reached the answer.", "severity": 2}]}}, {"round": 2, "worker": {"doubt": "One note says the opposite, with lower confidence; I did not use it.", "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "LANTERN", "content": "LANTERN was a cluster-randomised trial of a text-message reminder for childhood vaccination in 84 practices and 6,310 children.", "freshness": "fresh", "confidence": 0.97}, {"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}, {"label": "LANTERN", "content": "No harms were sought in LANTERN; 2.3 percent of parents opted out of the messages.", "freshness": "fresh", "confidence": 0.85}, {"label": "House style", "content": "An effect is given with its 95 percent interval; a p value alone is not enough.", "freshness": "fresh", "confidence": 0.96}, {"label": "AURORA-2", "content": "PASI 75 at week 16 was reached by 61 percent on talvecinib and 12 percent on placebo in AURORA-2 (difference 49 points, 95 % interval 41 to 57).", "freshness": "fresh", "confidence": 0.98}], "proposal": "Text reminders cut the share of unvaccinated children by a quarter.", "confidence": 0.58}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "wrong", "text": "Nothing in the notes supports this sentence; it reads like general knowledge.", "severity": 3}, {"kind": "form", "text": "The language of the answer is not the language of the question.", "severity": 1}]}}], "prompts": {"worker": "You write summaries of clinical trials. Stay below 80 words.", "reviewer": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand."}, "category": "result", "learning": {"decision": "accepted", "proposal": "fixed order of the parts"}, "revised_answer": "Text reminders cut the share of unvaccinated children by a quarter."}	reflection	1567	lumen-trials/summarise/training/2026-W29
quarry-review	2026-07-16 18:40:23.80381+00	019f6c3a-d8fb-7cf5-805c-4f697d478575	qa	01a1fe99-37b7-7a97-b346-9f086d639970	01a1fe99-37b9-78f7-9b15-9d9ad31f85a0	training	PR 59772: Is it enough to take a job with SKIP LOCKED?	Yes, no second worker can see the row.	No: the lease of 90 seconds can expire while the worker runs, so renew it every 30 seconds and make the handler safe to run twice.	0.179	{"agreed": false, "rounds": 1, "outcome": "wrong", "cost_usd": 0.000456, "evidence": 4, "prompt_tokens": 632, "profile_version": 1, "completion_tokens": 127}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I set aside notes marked stale and notes below a confidence of 0.6, then answered from the remaining 4.", "evidence": [{"label": "Queue", "content": "Workers take jobs with FOR UPDATE SKIP LOCKED and a lease of 90 seconds that they renew every 30.", "freshness": "fresh", "confidence": 0.9}, {"label": "Locks", "content": "SELECT FOR UPDATE on a join locks the rows of every table in it unless OF names one.", "freshness": "ageing", "confidence": 0.83}, {"label": "Fixtures", "content": "Tests make their database from the migrations and never from create_all.", "freshness": "fresh", "confidence": 0.91}, {"label": "Pull requests", "content": "A fix comes with a test that fails without it.", "freshness": "fresh", "confidence": 0.85}], "proposal": "Yes, no second worker can see the row.", "confidence": 0.82}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "wrong", "text": "The note quoted says something else: read its last clause again.", "severity": 3}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly."}, "category": "concurrency", "learning": {"decision": "accepted", "proposal": "reason or incident"}, "revised_answer": "Yes, no second worker can see the row."}	reflection	2064	quarry-review/qa/training/2026-W29
lumen-trials	2026-07-18 13:48:49.629265+00	019f757c-a05d-743d-8405-02c6cd7aa445	summarise	01a1fe99-37b1-73b0-98dc-244961664934	\N	training	Summarise LANTERN for clinicians.	Text reminders raised complete vaccination from 84.2 to 87.9 percent.	Text reminders raised complete vaccination at 18 months from 84.2 to 87.9 percent (adjusted difference 3.5 points, 95 % interval 1.1 to 5.9). Harms were not sought; 2.3 percent opted out.	0.371	{"agreed": false, "rounds": 1, "outcome": "partial", "cost_usd": 0.00049, "evidence": 7, "prompt_tokens": 716, "profile_version": 2, "completion_tokens": 127}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}, {"label": "AURORA-2", "content": "PASI 75 at week 16 was reached by 61 percent on talvecinib and 12 percent on placebo in AURORA-2 (difference 49 points, 95 % interval 41 to 57).", "freshness": "fresh", "confidence": 0.98}, {"label": "HELIX-CKD", "content": "All-cause death did not differ in HELIX-CKD (hazard ratio 0.94, 95 % interval 0.77 to 1.15).", "freshness": "fresh", "confidence": 0.9}, {"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "LANTERN", "content": "LANTERN was a cluster-randomised trial of a text-message reminder for childhood vaccination in 84 practices and 6,310 children.", "freshness": "fresh", "confidence": 0.97}, {"label": "House style", "content": "An effect is given with its 95 percent interval; a p value alone is not enough.", "freshness": "fresh", "confidence": 0.96}, {"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}], "proposal": "Text reminders raised complete vaccination from 84.2 to 87.9 percent.", "confidence": 0.74}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "incomplete", "text": "The source is right, yet only a third of what it says has reached the answer.", "severity": 2}, {"kind": "form", "text": "The answer repeats the question before it answers it.", "severity": 1}]}}], "prompts": {"worker": "You write summaries of clinical trials for clinicians. Order: primary endpoint and whether it was met, effect with interval, harms, one limitation. Stay below 80 words.", "reviewer": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand."}, "category": "result", "learning": {"reason": "The reviewer would refuse good answers under this rule.", "decision": "rejected", "proposal": "Raise the number of notes from 9 by two for questions of the category result."}, "revised_answer": "Text reminders raised complete vaccination from 84.2 to 87.9 percent."}	reflection	1366	lumen-trials/summarise/training/2026-W29
lumen-trials	2026-07-22 09:44:04.378444+00	019f8935-fc1a-771a-8129-0b488a802756	qa	01a1fe99-37a8-7b3c-8bc8-1743b0b83778	01a1fe99-37aa-7841-91b0-5050c47c730f	training	From the guideline group: Wie viele brachen Dapiroxat wegen zu hoher Kaliumwerte ab?	4,4 Prozent, unter Placebo 1,6 Prozent.	4,4 Prozent, unter Placebo 1,6 Prozent.	1	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000611, "evidence": 7, "prompt_tokens": 688, "profile_version": 1, "completion_tokens": 210}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "I looked for notes of the category safety and kept the 7 that name what the question is about.", "evidence": [{"label": "HELIX-CKD", "content": "Wegen zu hoher Kaliumwerte brachen in HELIX-CKD 4,4 Prozent unter Dapiroxat die Behandlung ab, unter Placebo 1,6 Prozent.", "freshness": "fresh", "confidence": 0.91}, {"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}, {"label": "AURORA-2", "content": "AURORA-2 randomised patients 2:1 to talvecinib 15 mg once daily or placebo for 24 weeks.", "freshness": "fresh", "confidence": 0.98}, {"label": "AURORA-2", "content": "Serious adverse events occurred in 3.6 percent on talvecinib and 2.9 percent on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.97}, {"label": "AURORA-2", "content": "PASI 90 at week 16 was reached by 34 percent on talvecinib and 4 percent on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.9}, {"label": "TERN-SLEEP", "content": "Next-day sleepiness was reported by 10 of 58 participants on oremexant and 6 of 58 on placebo in TERN-SLEEP.", "freshness": "fresh", "confidence": 0.92}, {"label": "HELIX-CKD", "content": "Hyperkalaemia led to stopping treatment in 4.4 percent on dapiroxat and 1.6 percent on placebo in HELIX-CKD.", "freshness": "fresh", "confidence": 0.96}], "proposal": "4,4 Prozent, unter Placebo 1,6 Prozent.", "confidence": 0.69}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You answer questions on clinical trials. Use the trial notes.", "reviewer": "You are a statistician who checks answers on clinical trials. Object to errors."}, "category": "safety", "learning": {"decision": "accepted", "proposal": "numbers of both arms"}, "revised_answer": "4,4 Prozent, unter Placebo 1,6 Prozent."}	reflection	1075	lumen-trials/qa/training/2026-W30
quarry-review	2026-07-22 09:44:04.043483+00	019f8935-facb-77ba-b36c-c60f922db85e	review	01a1fe99-37c1-78f8-ae0a-d78cf91f04b0	\N	training	PR 72189, second round: `total = round(sum(line.net for line in lines) * 0.19, 2)`	Approve, with a wish for a constant instead of 0.19.	Refuse: tax is rounded half up per line, in integers, not on the total and not in floats.	0	{"agreed": true, "rounds": 4, "outcome": "wrong", "cost_usd": 0.001912, "evidence": 18, "prompt_tokens": 3180, "profile_version": 2, "completion_tokens": 400}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "Rounding", "content": "Tax is rounded half up per invoice line, as the tax office asks, and never on the total.", "freshness": "fresh", "confidence": 0.95}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}, {"label": "Exceptions", "content": "A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.", "freshness": "fresh", "confidence": 0.96}, {"label": "Pull requests", "content": "A pull request above 400 changed lines is split unless it is a rename or generated code.", "freshness": "fresh", "confidence": 0.88}, {"label": "Exceptions", "content": "An exception that is logged is not raised again, and one that is raised again is not logged.", "freshness": "fresh", "confidence": 0.92}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}, {"label": "Timeouts", "content": "requests has no timeout by default, so a silent peer blocks the worker for ever.", "freshness": "fresh", "confidence": 0.88}], "proposal": "Refuse: floats are not allowed.", "confidence": 0.61}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The answer stops at the first half: the note goes on, and the part left out changes what the asker should do.", "severity": 2}]}}, {"round": 2, "worker": {"doubt": null, "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}, {"label": "Exceptions", "content": "An exception that is logged is not raised again, and one that is raised again is not logged.", "freshness": "fresh", "confidence": 0.92}], "proposal": "Approve, with a wish for a constant instead of 0.19.", "confidence": 0.72}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "This was true once. The note is marked stale, and a fresher one gives another value.", "severity": 3}]}}, {"round": 3, "worker": {"doubt": null, "approach": "I set aside notes marked stale and notes below a confidence of 0.6, then answered from the remaining 6.", "evidence": [{"label": "Rounding", "content": "Tax is rounded half up per invoice line, as the tax office asks, and never on the total.", "freshness": "fresh", "confidence": 0.95}, {"label": "Exceptions", "content": "A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.", "freshness": "fresh", "confidence": 0.96}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}, {"label": "Timeouts", "content": "Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.", "freshness": "fresh", "confidence": 0.97}, {"label": "Exceptions", "content": "An exception that is logged is not raised again, and one that is raised again is not logged.", "freshness": "fresh", "confidence": 0.92}, {"label": "Amounts", "content": "Amounts are integers in the smallest unit of the currency; floats are refused by the linter in the billing package.", "freshness": "fresh", "confidence": 0.99}], "proposal": "Refuse: floats are not allowed.", "confidence": 0.57}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The source is right, yet only a third of what it says has reached the answer.", "severity": 2}, {"kind": "form", "text": "The answer repeats the question before it answers it.", "severity": 1}]}}, {"round": 4, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "Pull requests", "content": "A pull request above 400 changed lines is split unless it is a rename or generated code.", "freshness": "fresh", "confidence": 0.88}, {"label": "Timeouts", "content": "Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.", "freshness": "fresh", "confidence": 0.97}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}], "proposal": "Approve, with a wish for a constant instead of 0.19.", "confidence": 0.72}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The tone fits, and the answer says what to do next.", "severity": 0}]}}], "prompts": {"worker": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Look in this order: money and double charges, security, locks and transactions, concurrency, tests, style. Stop at the first reason to refuse.", "reviewer": "You are the second reviewer. Look for a defect that the first review missed. Object to remarks on style when a defect is left unnamed."}, "category": "money", "learning": {"reason": "The proposed rule is already in the prompt in other words.", "decision": "rejected", "proposal": "Lower the temperature of the worker by a tenth."}, "revised_answer": "Approve, with a wish for a constant instead of 0.19."}	mutation	13427	quarry-review/review/training/2026-W30
harbour-helpdesk	2026-07-23 11:17:41.41413+00	019f8eb2-0da6-7214-b8f8-cf38b0bd00e1	qa	01a1fe99-3791-7515-8ab9-7aa31bb705b0	\N	training	Business customer, 13720 seats: I lost my phone and all recovery codes. They are on macOS.	I have switched off two-factor login for you.	If you belong to an organisation, its administrator can reset two-factor login. For a personal account we need an identity check, which takes two working days.	0	{"agreed": true, "rounds": 1, "outcome": "wrong", "cost_usd": 0.000358, "evidence": 6, "prompt_tokens": 531, "profile_version": 2, "completion_tokens": 91}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "I set aside notes marked stale and notes below a confidence of 0.6, then answered from the remaining 6.", "evidence": [{"label": "Two-factor login", "content": "Ten recovery codes are shown when two-factor login is switched on; each works once.", "freshness": "fresh", "confidence": 0.96}, {"label": "Single sign-on", "content": "Guests cannot sign in through the organisation's identity provider.", "freshness": "ageing", "confidence": 0.72}, {"label": "Invoices", "content": "Invoices are sent on the first working day of the month and can be downloaded under Account, Billing, for seven years.", "freshness": "fresh", "confidence": 0.98}, {"label": "Deleted files", "content": "Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.", "freshness": "fresh", "confidence": 0.98}, {"label": "Single sign-on", "content": "The message 'Audience mismatch' means that the entity ID in the identity provider lacks the organisation's short name.", "freshness": "fresh", "confidence": 0.93}, {"label": "Encryption", "content": "Files are encrypted at rest with AES-256, with a key per organisation that is rotated every 90 days.", "freshness": "fresh", "confidence": 0.98}], "proposal": "I have switched off two-factor login for you.", "confidence": 0.75}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "I tried to find a note that contradicts the answer and found none.", "severity": 0}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague.", "reviewer": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note."}, "category": "accounts", "learning": null, "revised_answer": "I have switched off two-factor login for you."}	reflection	1930	harbour-helpdesk/qa/training/2026-W30
harbour-helpdesk	2026-07-24 14:16:23.954849+00	019f947c-0692-7d95-8354-e779b160ba13	qa	01a1fe99-3791-7515-8ab9-7aa31bb705b0	\N	validation	From the chat: We forgot our VAT number. Can you correct last month's invoice? The customer has asked twice.	Issued invoices are never changed; once you add the number it appears on the next invoice.	Issued invoices are never changed; once you add the number it appears on the next invoice.	1	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000664, "evidence": 3, "prompt_tokens": 731, "profile_version": 2, "completion_tokens": 232}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I set aside notes marked stale and notes below a confidence of 0.6, then answered from the remaining 3.", "evidence": [{"label": "Invoices", "content": "A VAT number added after an invoice was issued appears on the next invoice; issued invoices are never changed.", "freshness": "fresh", "confidence": 0.96}, {"label": "Plans", "content": "Moving from Team to Business takes effect at once, and the unused part of the month is credited.", "freshness": "fresh", "confidence": 0.99}, {"label": "Queues", "content": "Press enquiries are never answered by the desk; they are forwarded to the communications team.", "freshness": "fresh", "confidence": 0.9}], "proposal": "Issued invoices are never changed; once you add the number it appears on the next invoice.", "confidence": 0.73}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The tone fits, and the answer says what to do next.", "severity": 0}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague.", "reviewer": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note."}, "category": "billing", "learning": null, "revised_answer": "Issued invoices are never changed; once you add the number it appears on the next invoice."}	\N	3527	harbour-helpdesk/qa/validation/2026-07-24
lumen-trials	2026-07-27 19:30:14.328798+00	019fa50e-6eb8-7cc4-bfb1-1470227b4e8e	summarise	01a1fe99-37b1-73b0-98dc-244961664934	\N	validation	Two sentences on HELIX-CKD for clinicians.	Dapiroxat saves lives in chronic kidney disease (hazard ratio 0.66).	Dapiroxat met its primary endpoint: kidney failure or halved filtration in 9.8 against 13.1 percent over 2.3 years (hazard ratio 0.73, 95 % interval 0.60 to 0.89). Deaths did not differ; hyperkalaemia stopped treatment in 4.4 against 1.6 percent.	0	{"agreed": true, "rounds": 3, "outcome": "wrong", "cost_usd": 0.001412, "evidence": 18, "prompt_tokens": 1899, "profile_version": 2, "completion_tokens": 408}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "HELIX-CKD", "content": "An interim report of HELIX-CKD gave a hazard ratio of 0.66 for kidney failure or a halving of filtration rate.", "freshness": "stale", "confidence": 0.52}, {"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}, {"label": "HELIX-CKD", "content": "HELIX-CKD randomised 2,940 adults with chronic kidney disease to dapiroxat or placebo; median follow-up was 2.3 years.", "freshness": "fresh", "confidence": 0.98}, {"label": "AURORA-2", "content": "Serious adverse events occurred in 3.6 percent on talvecinib and 2.9 percent on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.97}, {"label": "HELIX-CKD", "content": "Wegen zu hoher Kaliumwerte brachen in HELIX-CKD 4,4 Prozent unter Dapiroxat die Behandlung ab, unter Placebo 1,6 Prozent.", "freshness": "fresh", "confidence": 0.91}, {"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}], "proposal": "Dapiroxat saves lives in chronic kidney disease (hazard ratio 0.66).", "confidence": 0.5}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "This was true once. The note is marked stale, and a fresher one gives another value.", "severity": 3}]}}, {"round": 2, "worker": {"doubt": null, "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}, {"label": "HELIX-CKD", "content": "HELIX-CKD randomised 2,940 adults with chronic kidney disease to dapiroxat or placebo; median follow-up was 2.3 years.", "freshness": "fresh", "confidence": 0.98}, {"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}, {"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "HELIX-CKD", "content": "Wegen zu hoher Kaliumwerte brachen in HELIX-CKD 4,4 Prozent unter Dapiroxat die Behandlung ab, unter Placebo 1,6 Prozent.", "freshness": "fresh", "confidence": 0.91}, {"label": "HELIX-CKD", "content": "Hyperkalaemia led to stopping treatment in 4.4 percent on dapiroxat and 1.6 percent on placebo in HELIX-CKD.", "freshness": "fresh", "confidence": 0.96}, {"label": "AURORA-2", "content": "Serious adverse events occurred in 3.6 percent on talvecinib and 2.9 percent on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.97}], "proposal": "Dapiroxat met its primary endpoint: 9.8 against 13.1 percent (hazard ratio 0.73).", "confidence": 0.66}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "It answers whether, but the question asks how.", "severity": 2}]}}, {"round": 3, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "No note answers this word for word; I combined 5 of them and marked what is inferred.", "evidence": [{"label": "HELIX-CKD", "content": "An interim report of HELIX-CKD gave a hazard ratio of 0.66 for kidney failure or a halving of filtration rate.", "freshness": "stale", "confidence": 0.52}, {"label": "AURORA-2", "content": "Serious adverse events occurred in 3.6 percent on talvecinib and 2.9 percent on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.97}, {"label": "HELIX-CKD", "content": "Hyperkalaemia led to stopping treatment in 4.4 percent on dapiroxat and 1.6 percent on placebo in HELIX-CKD.", "freshness": "fresh", "confidence": 0.96}, {"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}, {"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}], "proposal": "Dapiroxat saves lives in chronic kidney disease (hazard ratio 0.66).", "confidence": 0.73}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You write summaries of clinical trials for clinicians. Order: primary endpoint and whether it was met, effect with interval, harms, one limitation. Stay below 80 words.", "reviewer": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand."}, "category": "result", "learning": null, "revised_answer": "Dapiroxat saves lives in chronic kidney disease (hazard ratio 0.66)."}	\N	4209	lumen-trials/summarise/validation/2026-07-27
harbour-helpdesk	2026-07-29 09:36:22.864321+00	019fad3b-7550-7522-a9fa-e3001d1097f2	qa	01a1fe99-378b-70f2-9cc3-6d46b20f5634	01a1fe99-3794-7f17-9d15-2f116276f5ce	training	From the chat: How long can I restore deleted files on the Business plan?	For 30 days.	For 180 days.	0	{"agreed": true, "rounds": 4, "outcome": "wrong", "cost_usd": 0.00169, "evidence": 22, "prompt_tokens": 2896, "profile_version": 1, "completion_tokens": 332}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Deleted files", "content": "Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.", "freshness": "fresh", "confidence": 0.98}, {"label": "Plans", "content": "Charities with a registration number get 40 percent off the Business plan.", "freshness": "fresh", "confidence": 0.94}, {"label": "Refunds", "content": "A yearly plan can be refunded in full within 30 days of the first payment.", "freshness": "stale", "confidence": 0.55}, {"label": "Refunds", "content": "A yearly plan can be refunded in full within 14 days of the first payment, and not afterwards.", "freshness": "fresh", "confidence": 0.98}, {"label": "Encryption", "content": "Files are encrypted at rest with AES-256, with a key per organisation that is rotated every 90 days.", "freshness": "fresh", "confidence": 0.98}, {"label": "User management", "content": "The files of a deleted user stay with the administrator for 30 days and can be handed to another user in that time.", "freshness": "fresh", "confidence": 0.92}, {"label": "Gelöschte Dateien", "content": "Gelöschte Dateien lassen sich im Tarif Business 180 Tage lang wiederherstellen.", "freshness": "fresh", "confidence": 0.94}], "proposal": "For a limited time, longer than on the Team plan.", "confidence": 0.66}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "It answers whether, but the question asks how.", "severity": 2}, {"kind": "form", "text": "It apologises twice and says nothing in between.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": "The limit may differ between plans or arms, and the question does not say which is meant.", "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Deleted files", "content": "Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.", "freshness": "fresh", "confidence": 0.98}, {"label": "User management", "content": "The files of a deleted user stay with the administrator for 30 days and can be handed to another user in that time.", "freshness": "fresh", "confidence": 0.92}, {"label": "Plans", "content": "Charities with a registration number get 40 percent off the Business plan.", "freshness": "fresh", "confidence": 0.94}, {"label": "Refunds", "content": "A yearly plan can be refunded in full within 30 days of the first payment.", "freshness": "stale", "confidence": 0.55}, {"label": "Gelöschte Dateien", "content": "Gelöschte Dateien lassen sich im Tarif Business 180 Tage lang wiederherstellen.", "freshness": "fresh", "confidence": 0.94}, {"label": "Single sign-on", "content": "Single sign-on is part of the Business plan and speaks SAML 2.0 and OpenID Connect.", "freshness": "fresh", "confidence": 0.96}, {"label": "Refunds", "content": "A yearly plan can be refunded in full within 14 days of the first payment, and not afterwards.", "freshness": "fresh", "confidence": 0.98}], "proposal": "For a limited time, longer than on the Team plan.", "confidence": 0.62}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The source is right, yet only a third of what it says has reached the answer.", "severity": 2}, {"kind": "form", "text": "Too long: the asker needs two sentences.", "severity": 1}]}}, {"round": 3, "worker": {"doubt": "I could not find a second note that confirms it.", "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "Plans", "content": "Charities with a registration number get 40 percent off the Business plan.", "freshness": "fresh", "confidence": 0.94}, {"label": "Single sign-on", "content": "Single sign-on is part of the Business plan and speaks SAML 2.0 and OpenID Connect.", "freshness": "fresh", "confidence": 0.96}], "proposal": "For 30 days.", "confidence": 0.7}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "The effect is claimed for the whole, but the note speaks of a part only.", "severity": 3}, {"kind": "form", "text": "It apologises twice and says nothing in between.", "severity": 1}]}}, {"round": 4, "worker": {"doubt": null, "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "Refunds", "content": "A yearly plan can be refunded in full within 14 days of the first payment, and not afterwards.", "freshness": "fresh", "confidence": 0.98}, {"label": "Audit log", "content": "The audit log keeps 12 months and can be streamed to a syslog server on the Business plan.", "freshness": "fresh", "confidence": 0.91}, {"label": "Plans", "content": "Charities with a registration number get 40 percent off the Business plan.", "freshness": "fresh", "confidence": 0.94}, {"label": "User management", "content": "The files of a deleted user stay with the administrator for 30 days and can be handed to another user in that time.", "freshness": "fresh", "confidence": 0.92}, {"label": "Single sign-on", "content": "Single sign-on is part of the Business plan and speaks SAML 2.0 and OpenID Connect.", "freshness": "fresh", "confidence": 0.96}, {"label": "Gelöschte Dateien", "content": "Gelöschte Dateien lassen sich im Tarif Business 180 Tage lang wiederherstellen.", "freshness": "fresh", "confidence": 0.94}], "proposal": "For 30 days.", "confidence": 0.69}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given.", "reviewer": "You check answers of a support desk before they are sent. Object when an answer is wrong."}, "category": "recovery", "learning": {"decision": "accepted", "proposal": "next step first, short, in the customer's language"}, "revised_answer": "For 30 days."}	reflection	4987	harbour-helpdesk/qa/training/2026-W31
quarry-review	2026-07-29 09:36:22.834519+00	019fad3b-7532-784d-9776-7eb180302385	review	01a1fe99-37bf-7913-a485-5560f514d810	01a1fe99-37c3-72e4-95b4-a58c4409424a	training	Draft PR 20298: `asyncio.create_task(send_receipt(order))` (tests pass)	Ask for changes: the task is not kept and may be collected; use a TaskGroup or the queue.	Ask for changes: the task is not kept and may be collected; use a TaskGroup or the queue.	0.963	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000551, "evidence": 5, "prompt_tokens": 705, "profile_version": 1, "completion_tokens": 168}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "Async", "content": "A task made with create_task and not kept may be collected before it ends; the TaskGroup keeps it.", "freshness": "fresh", "confidence": 0.9}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}, {"label": "Caching", "content": "Cache keys carry a version number, which is raised when the shape of the value changes.", "freshness": "ageing", "confidence": 0.86}, {"label": "Queries", "content": "Reading order.customer inside a loop makes one query per order; selectinload is the house answer.", "freshness": "fresh", "confidence": 0.91}, {"label": "Async", "content": "Blocking calls inside async functions go through asyncio.to_thread; time.sleep in an async function is refused.", "freshness": "fresh", "confidence": 0.93}], "proposal": "Ask for changes: the task is not kept and may be collected; use a TaskGroup or the queue.", "confidence": 0.69}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons.", "reviewer": "You are the second reviewer. Look for a defect that the first review missed."}, "category": "concurrency", "learning": {"decision": "accepted", "proposal": "every remark quotes a rule"}, "revised_answer": "Ask for changes: the task is not kept and may be collected; use a TaskGroup or the queue."}	reflection	2252	quarry-review/review/training/2026-W31
quarry-review	2026-07-29 18:42:27.369147+00	019faf2f-67a9-725a-8e90-87efe19169a0	review	01a1fe99-37c3-72e4-95b4-a58c4409424a	\N	validation	PR 29407: `def handle(data, flag=False): ...` in worker/jobs.py	Approve.	Ask for changes: a verb that says what changes, typed parameters, and two functions instead of a flag.	0	{"agreed": false, "rounds": 2, "outcome": "wrong", "cost_usd": 0.001114, "evidence": 10, "prompt_tokens": 1248, "profile_version": 3, "completion_tokens": 384}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "No note answers this word for word; I combined 6 of them and marked what is inferred.", "evidence": [{"label": "Naming", "content": "Functions that change something start with a verb; functions that answer a question start with is, has or the noun they return.", "freshness": "fresh", "confidence": 0.9}, {"label": "Comments", "content": "A comment says why, with a link to the incident or the law where there is one; what the code does is left to the code.", "freshness": "fresh", "confidence": 0.92}, {"label": "Pull requests", "content": "A fix comes with a test that fails without it.", "freshness": "fresh", "confidence": 0.85}, {"label": "Exceptions", "content": "An exception that is logged is not raised again, and one that is raised again is not logged.", "freshness": "fresh", "confidence": 0.92}, {"label": "Feature flags", "content": "A feature flag has an owner and a date of removal, and CI fails when the date has passed.", "freshness": "fresh", "confidence": 0.92}, {"label": "Webhooks", "content": "Parsing the webhook's JSON and serialising it again changes the bytes, so the signature no longer fits.", "freshness": "fresh", "confidence": 0.93}], "proposal": "Ask for changes: types are missing.", "confidence": 0.78}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "A number is given without the number it is to be compared with.", "severity": 2}, {"kind": "form", "text": "It apologises twice and says nothing in between.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": "I could not find a second note that confirms it.", "approach": "I looked for notes of the category style and kept the 4 that name what the question is about.", "evidence": [{"label": "Types", "content": "Public functions are typed in full, and Any needs a comment.", "freshness": "fresh", "confidence": 0.93}, {"label": "Feature flags", "content": "A feature flag has an owner and a date of removal, and CI fails when the date has passed.", "freshness": "fresh", "confidence": 0.92}, {"label": "Exceptions", "content": "An exception that is logged is not raised again, and one that is raised again is not logged.", "freshness": "fresh", "confidence": 0.92}, {"label": "Webhooks", "content": "Parsing the webhook's JSON and serialising it again changes the bytes, so the signature no longer fits.", "freshness": "fresh", "confidence": 0.93}], "proposal": "Approve.", "confidence": 0.86}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "wrong", "text": "The answer mixes up two things with similar names.", "severity": 3}, {"kind": "form", "text": "Say what is certain first, and what is inferred after it.", "severity": 1}]}}], "prompts": {"worker": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Quote the house rule that each remark rests on; a remark without a rule is a wish and is marked so.", "reviewer": "You are the second reviewer. Look for a defect that the first review missed."}, "category": "style", "learning": {"reason": "The proposal lengthens the prompt by a fifth without a gain on the held-out questions.", "decision": "rejected", "proposal": "Let the reviewer object at most twice, so that the debate ends."}, "revised_answer": "Approve."}	\N	1391	quarry-review/review/validation/2026-07-29
\.


--
-- Data for Name: hegel_training_steps_2026_08; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_training_steps_2026_08 (corpus_id, created_at, id, task_type, old_profile_id, new_profile_id, step_type, query, predicted_answer, gold_answer, reward, metrics, debate_trace, optimization_strategy, processing_time_ms, run_id) FROM stdin;
lumen-trials	2026-08-03 08:16:00.220053+00	019fc6b1-aadc-70d9-8dae-bf8e27f3883b	qa	01a1fe99-37aa-7841-91b0-5050c47c730f	\N	evaluation	A reader asks: Does dapiroxat protect the kidney? For a lay reader.	Yes: kidney failure or halved filtration in 9.8 percent against 13.1 percent on placebo over 2.3 years (hazard ratio 0.73, 95 % interval 0.60 to 0.89).	Yes: kidney failure or halved filtration in 9.8 percent against 13.1 percent on placebo over 2.3 years (hazard ratio 0.73, 95 % interval 0.60 to 0.89).	1	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000375, "evidence": 5, "prompt_tokens": 509, "profile_version": 2, "completion_tokens": 107}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}, {"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "HELIX-CKD", "content": "All-cause death did not differ in HELIX-CKD (hazard ratio 0.94, 95 % interval 0.77 to 1.15).", "freshness": "fresh", "confidence": 0.9}, {"label": "HELIX-CKD", "content": "An interim report of HELIX-CKD gave a hazard ratio of 0.66 for kidney failure or a halving of filtration rate.", "freshness": "stale", "confidence": 0.52}, {"label": "AURORA-2", "content": "Serious adverse events occurred in 3.6 percent on talvecinib and 2.9 percent on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.97}], "proposal": "Yes: kidney failure or halved filtration in 9.8 percent against 13.1 percent on placebo over 2.3 years (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "confidence": 0.65}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You answer questions on clinical trials. Use the trial notes. Give every effect with the numbers of both arms and its 95 percent interval.", "reviewer": "You are a statistician who checks answers on clinical trials. Object to a relative effect without absolute numbers and to a p value without an interval."}, "category": "result", "learning": {"reason": "The proposed rule is already in the prompt in other words.", "decision": "rejected", "proposal": "Show the worker one example of an answer that gives both the rule and its exception."}, "revised_answer": "Yes: kidney failure or halved filtration in 9.8 percent against 13.1 percent on placebo over 2.3 years (hazard ratio 0.73, 95 % interval 0.60 to 0.89)."}	\N	1500	lumen-trials/qa/evaluation/2026-08-03
harbour-helpdesk	2026-08-05 12:37:26.030373+00	019fd1ed-bb8e-75f7-bf52-18f7f37326f0	triage	01a1fe99-379f-718e-ba4a-1b797851fce1	01a1fe99-37a2-7fb9-b2e2-9d826d544d1f	training	Ticket 54769, reopened. Is there a limit on the number of people in a shared folder? 54769 users affected, they say.	priority 3, queue sharing: question	priority 3, queue sharing: question	1	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000527, "evidence": 5, "prompt_tokens": 810, "profile_version": 1, "completion_tokens": 127}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Shared folders", "content": "Nested shares are not possible: a folder inside a shared folder cannot be shared with further people.", "freshness": "fresh", "confidence": 0.9}, {"label": "Queues", "content": "Tickets that mention SAML, OpenID or 'Audience mismatch' go to the identity queue.", "freshness": "fresh", "confidence": 0.92}, {"label": "Shared folders", "content": "Removing a member from a shared folder deletes the folder from that member's computers at the next sync.", "freshness": "fresh", "confidence": 0.96}, {"label": "Shared links", "content": "Downloads through one shared link are limited to 200 GB a day on the Team plan.", "freshness": "ageing", "confidence": 0.77}, {"label": "Priorities", "content": "Priority 3 is for questions and wishes; the first answer is due within two working days.", "freshness": "fresh", "confidence": 0.95}], "proposal": "priority 3, queue sharing: question", "confidence": 0.6}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "I tried to find a note that contradicts the answer and found none.", "severity": 0}]}}], "prompts": {"worker": "You sort tickets of a support desk. Give a priority from 1 to 3 and a queue.", "reviewer": "You check how tickets were sorted. Object when the priority is wrong."}, "category": "triage", "learning": {"decision": "accepted", "proposal": "queues by subject; reviewer asks about a day's delay"}, "revised_answer": "priority 3, queue sharing: question"}	reflection	1367	harbour-helpdesk/triage/training/2026-W32
lumen-trials	2026-08-05 12:37:26.766815+00	019fd1ed-be6e-7d0a-8cd2-1f12cb11c947	summarise	01a1fe99-37af-7895-995a-304a1ed6109b	01a1fe99-37b2-7b38-b472-5907bedffa21	training	Write the abstract for the harms of talvecinib and dapiroxat (issue 9099).	Talvecinib: herpes zoster in 7 of 275 against 0 of 137. Dapiroxat: stopped for hyperkalaemia in 4.4 against 1.6 percent.	Talvecinib: herpes zoster in 7 of 275 against 0 of 137. Dapiroxat: stopped for hyperkalaemia in 4.4 against 1.6 percent.	0.838	{"agreed": true, "rounds": 2, "outcome": "right", "cost_usd": 0.000904, "evidence": 10, "prompt_tokens": 1236, "profile_version": 1, "completion_tokens": 256}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "The notes give the number but not the date from which it holds.", "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "AURORA-2", "content": "In AURORA-2, 9 percent of the placebo arm left before week 16, against 4 percent on talvecinib; missing values counted as no response.", "freshness": "fresh", "confidence": 0.88}, {"label": "HELIX-CKD", "content": "Wegen zu hoher Kaliumwerte brachen in HELIX-CKD 4,4 Prozent unter Dapiroxat die Behandlung ab, unter Placebo 1,6 Prozent.", "freshness": "fresh", "confidence": 0.91}, {"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "AURORA-2", "content": "Herpes zoster was seen in 7 of 275 patients on talvecinib and in none of 137 on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.95}, {"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}], "proposal": "Both drugs were well tolerated.", "confidence": 0.61}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "Nothing in the notes supports this sentence; it reads like general knowledge.", "severity": 3}]}}, {"round": 2, "worker": {"doubt": null, "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "HELIX-CKD", "content": "Hyperkalaemia led to stopping treatment in 4.4 percent on dapiroxat and 1.6 percent on placebo in HELIX-CKD.", "freshness": "fresh", "confidence": 0.96}, {"label": "AURORA-2", "content": "Serious adverse events occurred in 3.6 percent on talvecinib and 2.9 percent on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.97}, {"label": "AURORA-2", "content": "PASI 90 at week 16 was reached by 34 percent on talvecinib and 4 percent on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.9}, {"label": "AURORA-2", "content": "Herpes zoster was seen in 7 of 275 patients on talvecinib and in none of 137 on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.95}, {"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}], "proposal": "Talvecinib: herpes zoster in 7 of 275 against 0 of 137. Dapiroxat: stopped for hyperkalaemia in 4.4 against 1.6 percent.", "confidence": 0.83}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "I tried to find a note that contradicts the answer and found none.", "severity": 0}]}}], "prompts": {"worker": "You write summaries of clinical trials. Stay below 80 words.", "reviewer": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand."}, "category": "safety", "learning": {"decision": "accepted", "proposal": "harms and lay readers"}, "revised_answer": "Talvecinib: herpes zoster in 7 of 275 against 0 of 137. Dapiroxat: stopped for hyperkalaemia in 4.4 against 1.6 percent."}	reflection	4286	lumen-trials/summarise/training/2026-W32
quarry-review	2026-08-05 12:37:25.434667+00	019fd1ed-b93a-7aac-9a12-92a3fbbf93e6	qa	01a1fe99-37b7-7a97-b346-9f086d639970	01a1fe99-37bb-7165-8ce6-fc0fa2e6589d	training	May I call the gateway inside the transaction?	No. Write the work to the outbox and send it after the commit.	No. Write the work to the outbox and send it after the commit.	1	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000354, "evidence": 4, "prompt_tokens": 486, "profile_version": 1, "completion_tokens": 100}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "Transactions", "content": "No network call is made inside a database transaction; the work is written to the outbox and sent afterwards.", "freshness": "fresh", "confidence": 0.95}, {"label": "Doubles", "content": "The gateway is tested against its recorded sandbox answers; hand-written mocks of it are refused.", "freshness": "fresh", "confidence": 0.88}, {"label": "Transactions", "content": "A session that waits for the gateway inside a transaction held a lock for 40 seconds and stopped checkout in May.", "freshness": "fresh", "confidence": 0.9}, {"label": "Webhooks", "content": "A webhook is answered only after its signature and a timestamp of at most five minutes were checked on the raw body.", "freshness": "fresh", "confidence": 0.98}], "proposal": "No. Write the work to the outbox and send it after the commit.", "confidence": 0.46}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "I tried to find a note that contradicts the answer and found none.", "severity": 0}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly."}, "category": "database", "learning": {"decision": "accepted", "proposal": "enforcement and code"}, "revised_answer": "No. Write the work to the outbox and send it after the commit."}	reflection	649	quarry-review/qa/training/2026-W32
quarry-review	2026-08-06 09:19:31.935411+00	019fd65e-e85f-7693-a8b0-bee3b70dc30d	qa	01a1fe99-37bb-7165-8ce6-fc0fa2e6589d	\N	evaluation	From the team channel: Can I divide the stored amount by 100 to show it?	Not for every currency.	No. Yen has no minor unit and Kuwaiti dinar has three decimal places; use the currency's exponent.	0.601	{"agreed": true, "rounds": 1, "outcome": "partial", "cost_usd": 0.000438, "evidence": 3, "prompt_tokens": 471, "profile_version": 3, "completion_tokens": 156}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "The limit may differ between plans or arms, and the question does not say which is meant.", "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Amounts", "content": "Yen has no minor unit and Kuwaiti dinar has three decimal places: dividing by 100 is wrong for both.", "freshness": "fresh", "confidence": 0.96}, {"label": "Timeouts", "content": "Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.", "freshness": "fresh", "confidence": 0.97}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}], "proposal": "Not for every currency.", "confidence": 0.77}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief. When there is a test, a linter or a trigger that enforces the rule, name it. Give a line of code where it helps.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly. Object when code in the answer breaks another house rule."}, "category": "money", "learning": null, "revised_answer": "Not for every currency."}	\N	1006	quarry-review/qa/evaluation/2026-08-06
quarry-review	2026-08-10 07:33:38.143087+00	019fea97-64df-7164-a7c1-40b56a21824d	qa	01a1fe99-37bb-7165-8ce6-fc0fa2e6589d	\N	evaluation	Is it enough to take a job with SKIP LOCKED?	No: the lease of 90 seconds can expire while the worker runs, so renew it every 30 seconds and make the handler safe to run twice.	No: the lease of 90 seconds can expire while the worker runs, so renew it every 30 seconds and make the handler safe to run twice.	1	{"agreed": true, "rounds": 4, "outcome": "right", "cost_usd": 0.001839, "evidence": 19, "prompt_tokens": 3030, "profile_version": 3, "completion_tokens": 392}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "The limit may differ between plans or arms, and the question does not say which is meant.", "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "Queue", "content": "Every job handler must be safe to run twice, because a lease can expire while its worker still runs.", "freshness": "fresh", "confidence": 0.94}, {"label": "Queue", "content": "Workers take jobs with FOR UPDATE SKIP LOCKED and a lease of 90 seconds that they renew every 30.", "freshness": "fresh", "confidence": 0.9}, {"label": "Coverage", "content": "Coverage of the whole repository must not fall below 90 percent.", "freshness": "stale", "confidence": 0.45}, {"label": "Locks", "content": "SELECT FOR UPDATE on a join locks the rows of every table in it unless OF names one.", "freshness": "ageing", "confidence": 0.83}, {"label": "Fixtures", "content": "Tests make their database from the migrations and never from create_all.", "freshness": "fresh", "confidence": 0.91}], "proposal": "No, you also need a lease.", "confidence": 0.48}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "It answers whether, but the question asks how.", "severity": 2}, {"kind": "form", "text": "The language of the answer is not the language of the question.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": null, "approach": "No note answers this word for word; I combined 5 of them and marked what is inferred.", "evidence": [{"label": "Fixtures", "content": "Tests make their database from the migrations and never from create_all.", "freshness": "fresh", "confidence": 0.91}, {"label": "Timeouts", "content": "Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.", "freshness": "fresh", "confidence": 0.97}, {"label": "Queue", "content": "Workers take jobs with FOR UPDATE SKIP LOCKED and a lease of 90 seconds that they renew every 30.", "freshness": "fresh", "confidence": 0.9}, {"label": "Timeouts", "content": "requests has no timeout by default, so a silent peer blocks the worker for ever.", "freshness": "fresh", "confidence": 0.88}, {"label": "Locks", "content": "SELECT FOR UPDATE on a join locks the rows of every table in it unless OF names one.", "freshness": "ageing", "confidence": 0.83}], "proposal": "Yes, no second worker can see the row.", "confidence": 0.73}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "This was true once. The note is marked stale, and a fresher one gives another value.", "severity": 3}, {"kind": "form", "text": "Say what is certain first, and what is inferred after it.", "severity": 1}]}}, {"round": 3, "worker": {"doubt": null, "approach": "No note answers this word for word; I combined 5 of them and marked what is inferred.", "evidence": [{"label": "Queue", "content": "Every job handler must be safe to run twice, because a lease can expire while its worker still runs.", "freshness": "fresh", "confidence": 0.94}, {"label": "Fixtures", "content": "Tests make their database from the migrations and never from create_all.", "freshness": "fresh", "confidence": 0.91}, {"label": "Timeouts", "content": "requests has no timeout by default, so a silent peer blocks the worker for ever.", "freshness": "fresh", "confidence": 0.88}, {"label": "Pull requests", "content": "A fix comes with a test that fails without it.", "freshness": "fresh", "confidence": 0.85}, {"label": "Coverage", "content": "Coverage of the whole repository must not fall below 90 percent.", "freshness": "stale", "confidence": 0.45}], "proposal": "No, you also need a lease.", "confidence": 0.78}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "A number is given without the number it is to be compared with.", "severity": 2}]}}, {"round": 4, "worker": {"doubt": "The notes give the number but not the date from which it holds.", "approach": "I looked for notes of the category concurrency and kept the 4 that name what the question is about.", "evidence": [{"label": "Queue", "content": "Every job handler must be safe to run twice, because a lease can expire while its worker still runs.", "freshness": "fresh", "confidence": 0.94}, {"label": "Coverage", "content": "Coverage of the whole repository must not fall below 90 percent.", "freshness": "stale", "confidence": 0.45}, {"label": "Pull requests", "content": "A fix comes with a test that fails without it.", "freshness": "fresh", "confidence": 0.85}, {"label": "Timeouts", "content": "Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.", "freshness": "fresh", "confidence": 0.97}], "proposal": "No: the lease of 90 seconds can expire while the worker runs, so renew it every 30 seconds and make the handler safe to run twice.", "confidence": 0.77}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief. When there is a test, a linter or a trigger that enforces the rule, name it. Give a line of code where it helps.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly. Object when code in the answer breaks another house rule."}, "category": "concurrency", "learning": null, "revised_answer": "No: the lease of 90 seconds can expire while the worker runs, so renew it every 30 seconds and make the handler safe to run twice."}	\N	2814	quarry-review/qa/evaluation/2026-08-10
lumen-trials	2026-08-11 17:56:59.877751+00	019ff1f8-7565-7c04-8a5b-92563f31dbec	summarise	01a1fe99-37b1-73b0-98dc-244961664934	\N	training	Summarise MERIDIAN (issue 6815).	Norasimab did not meet its primary endpoint: death or readmission in 22.4 against 24.1 percent (hazard ratio 0.92, 95 % interval 0.74 to 1.14). Hypotension was more frequent (8.1 against 5.0 percent), and the trial stopped early.	Norasimab did not meet its primary endpoint: death or readmission in 22.4 against 24.1 percent (hazard ratio 0.92, 95 % interval 0.74 to 1.14). Hypotension was more frequent (8.1 against 5.0 percent), and the trial stopped early.	1	{"agreed": true, "rounds": 3, "outcome": "right", "cost_usd": 0.001754, "evidence": 14, "prompt_tokens": 2502, "profile_version": 2, "completion_tokens": 471}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I looked for notes of the category result and kept the 4 that name what the question is about.", "evidence": [{"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "MERIDIAN", "content": "MERIDIAN did not meet its primary endpoint (p = 0.44).", "freshness": "fresh", "confidence": 0.94}, {"label": "HELIX-CKD", "content": "All-cause death did not differ in HELIX-CKD (hazard ratio 0.94, 95 % interval 0.77 to 1.15).", "freshness": "fresh", "confidence": 0.9}, {"label": "MERIDIAN", "content": "Hypotension that needed treatment occurred in 8.1 percent on norasimab and 5.0 percent on standard care in MERIDIAN.", "freshness": "fresh", "confidence": 0.95}], "proposal": "Norasimab did not meet its primary endpoint (p = 0.44).", "confidence": 0.71}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The answer stops at the first half: the note goes on, and the part left out changes what the asker should do.", "severity": 2}, {"kind": "form", "text": "The answer repeats the question before it answers it.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": null, "approach": "I set aside notes marked stale and notes below a confidence of 0.6, then answered from the remaining 5.", "evidence": [{"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}, {"label": "MERIDIAN", "content": "L'essai MERIDIAN n'a pas atteint son critère principal : 22,4 % d'événements sous norasimab contre 24,1 % avec les soins habituels.", "freshness": "fresh", "confidence": 0.92}, {"label": "MERIDIAN", "content": "The primary endpoint of MERIDIAN was death from cardiovascular causes or readmission for heart failure within 180 days.", "freshness": "fresh", "confidence": 0.97}, {"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}], "proposal": "Norasimab did not meet its primary endpoint (p = 0.44).", "confidence": 0.72}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The exception is missing. A reader who falls under it would be misled.", "severity": 2}, {"kind": "form", "text": "It apologises twice and says nothing in between.", "severity": 1}]}}, {"round": 3, "worker": {"doubt": "The notes give the number but not the date from which it holds.", "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}, {"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}, {"label": "MERIDIAN", "content": "L'essai MERIDIAN n'a pas atteint son critère principal : 22,4 % d'événements sous norasimab contre 24,1 % avec les soins habituels.", "freshness": "fresh", "confidence": 0.92}, {"label": "MERIDIAN", "content": "Hypotension that needed treatment occurred in 8.1 percent on norasimab and 5.0 percent on standard care in MERIDIAN.", "freshness": "fresh", "confidence": 0.95}], "proposal": "Norasimab did not meet its primary endpoint: death or readmission in 22.4 against 24.1 percent (hazard ratio 0.92, 95 % interval 0.74 to 1.14). Hypotension was more frequent (8.1 against 5.0 percent), and the trial stopped early.", "confidence": 0.61}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You write summaries of clinical trials for clinicians. Order: primary endpoint and whether it was met, effect with interval, harms, one limitation. Stay below 80 words.", "reviewer": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand."}, "category": "result", "learning": null, "revised_answer": "Norasimab did not meet its primary endpoint: death or readmission in 22.4 against 24.1 percent (hazard ratio 0.92, 95 % interval 0.74 to 1.14). Hypotension was more frequent (8.1 against 5.0 percent), and the trial stopped early."}	reflection	9819	lumen-trials/summarise/training/2026-W33
harbour-helpdesk	2026-08-13 19:17:51.836162+00	019ffc8f-365c-7297-84cc-926fb2a93afa	qa	01a1fe99-3791-7515-8ab9-7aa31bb705b0	01a1fe99-3797-753e-8ec7-b4f1c4ece751	training	Business customer, 90972 seats: What happens when my colleague and I change the same document while offline? The customer has asked twice.	You will see two copies of the document.	Nothing is overwritten: the later upload is stored beside the first as a conflicted copy.	0.503	{"agreed": false, "rounds": 2, "outcome": "partial", "cost_usd": 0.00091, "evidence": 10, "prompt_tokens": 1650, "profile_version": 2, "completion_tokens": 156}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": "The limit may differ between plans or arms, and the question does not say which is meant.", "approach": "I looked for notes of the category sync and kept the 5 that name what the question is about.", "evidence": [{"label": "Desktop client", "content": "When two people edit the same file offline, the later upload is stored beside the first as a conflicted copy; nothing is overwritten.", "freshness": "fresh", "confidence": 0.99}, {"label": "Refunds", "content": "A yearly plan can be refunded in full within 14 days of the first payment, and not afterwards.", "freshness": "fresh", "confidence": 0.98}, {"label": "Command-line uploader", "content": "The command-line uploader resumes an interrupted upload when it is started again with the same --session name.", "freshness": "fresh", "confidence": 0.91}, {"label": "Encryption", "content": "End-to-end encrypted vaults cannot be restored by support when the vault passphrase is lost.", "freshness": "fresh", "confidence": 0.9}, {"label": "Two-factor login", "content": "Ten recovery codes are shown when two-factor login is switched on; each works once.", "freshness": "fresh", "confidence": 0.96}], "proposal": "You will see two copies of the document.", "confidence": 0.82}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "A number is given without the number it is to be compared with.", "severity": 2}, {"kind": "form", "text": "Too long: the asker needs two sentences.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": "The notes give the number but not the date from which it holds.", "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "Desktop client", "content": "When two people edit the same file offline, the later upload is stored beside the first as a conflicted copy; nothing is overwritten.", "freshness": "fresh", "confidence": 0.99}, {"label": "Priorities", "content": "Priority 3 is for questions and wishes; the first answer is due within two working days.", "freshness": "fresh", "confidence": 0.95}, {"label": "Refunds", "content": "A yearly plan can be refunded in full within 30 days of the first payment.", "freshness": "stale", "confidence": 0.55}, {"label": "Two-factor login", "content": "Ten recovery codes are shown when two-factor login is switched on; each works once.", "freshness": "fresh", "confidence": 0.96}, {"label": "Encryption", "content": "End-to-end encrypted vaults cannot be restored by support when the vault passphrase is lost.", "freshness": "fresh", "confidence": 0.9}], "proposal": "You will see two copies of the document.", "confidence": 0.75}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "incomplete", "text": "The source is right, yet only a third of what it says has reached the answer.", "severity": 2}, {"kind": "form", "text": "The language of the answer is not the language of the question.", "severity": 1}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague.", "reviewer": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note."}, "category": "sync", "learning": {"decision": "accepted", "proposal": "sources from version 2, tone from version 3"}, "revised_answer": "You will see two copies of the document."}	merge	3745	harbour-helpdesk/qa/training/2026-W33
lumen-trials	2026-08-13 19:17:52.531725+00	019ffc8f-3913-7b99-96a7-dbcd67f12e19	qa	01a1fe99-37a8-7b3c-8bc8-1743b0b83778	01a1fe99-37ac-73b8-a4ec-beeaf7c6545b	training	A reader asks: Did norasimab lower deaths and readmissions in MERIDIAN? One sentence is enough.	Yes, by 29 percent (hazard ratio 0.71).	That was not shown: 22.4 percent on norasimab and 24.1 percent on standard care (hazard ratio 0.92, 95 % interval 0.74 to 1.14).	0	{"agreed": false, "rounds": 3, "outcome": "wrong", "cost_usd": 0.001639, "evidence": 14, "prompt_tokens": 1734, "profile_version": 1, "completion_tokens": 591}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": "One note says the opposite, with lower confidence; I did not use it.", "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "MERIDIAN", "content": "In a subgroup of MERIDIAN with reduced kidney function the hazard ratio was 0.71, but the test for interaction was not significant (p = 0.19).", "freshness": "ageing", "confidence": 0.66}, {"label": "MERIDIAN", "content": "L'essai MERIDIAN n'a pas atteint son critère principal : 22,4 % d'événements sous norasimab contre 24,1 % avec les soins habituels.", "freshness": "fresh", "confidence": 0.92}, {"label": "Hazard ratio", "content": "A hazard ratio below 1 means that the event came later or less often in the treated group; it is not the ratio of the risks.", "freshness": "fresh", "confidence": 0.95}, {"label": "HELIX-CKD", "content": "All-cause death did not differ in HELIX-CKD (hazard ratio 0.94, 95 % interval 0.77 to 1.15).", "freshness": "fresh", "confidence": 0.9}, {"label": "MERIDIAN", "content": "MERIDIAN compared norasimab with standard care in 1,206 patients hospitalised for heart failure; it was open-label, with blinded assessment of the endpoint.", "freshness": "fresh", "confidence": 0.99}, {"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}], "proposal": "The hazard ratio was 0.92.", "confidence": 0.85}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The condition under which this holds is left out.", "severity": 2}]}}, {"round": 2, "worker": {"doubt": null, "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}, {"label": "Hazard ratio", "content": "A hazard ratio below 1 means that the event came later or less often in the treated group; it is not the ratio of the risks.", "freshness": "fresh", "confidence": 0.95}, {"label": "House style", "content": "An effect is given with its 95 percent interval; a p value alone is not enough.", "freshness": "fresh", "confidence": 0.96}], "proposal": "Yes, by 29 percent (hazard ratio 0.71).", "confidence": 0.6}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "The answer mixes up two things with similar names.", "severity": 3}]}}, {"round": 3, "worker": {"doubt": "The limit may differ between plans or arms, and the question does not say which is meant.", "approach": "I looked for notes of the category result and kept the 4 that name what the question is about.", "evidence": [{"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}, {"label": "House style", "content": "An effect is given with its 95 percent interval; a p value alone is not enough.", "freshness": "fresh", "confidence": 0.96}, {"label": "MERIDIAN", "content": "L'essai MERIDIAN n'a pas atteint son critère principal : 22,4 % d'événements sous norasimab contre 24,1 % avec les soins habituels.", "freshness": "fresh", "confidence": 0.92}, {"label": "MERIDIAN", "content": "Hypotension that needed treatment occurred in 8.1 percent on norasimab and 5.0 percent on standard care in MERIDIAN.", "freshness": "fresh", "confidence": 0.95}], "proposal": "Yes, by 29 percent (hazard ratio 0.71).", "confidence": 0.86}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "wrong", "text": "The effect is claimed for the whole, but the note speaks of a part only.", "severity": 3}]}}], "prompts": {"worker": "You answer questions on clinical trials. Use the trial notes.", "reviewer": "You are a statistician who checks answers on clinical trials. Object to errors."}, "category": "result", "learning": {"decision": "accepted", "proposal": "primary endpoint first, no trends"}, "revised_answer": "Yes, by 29 percent (hazard ratio 0.71)."}	reflection	4655	lumen-trials/qa/training/2026-W33
quarry-review	2026-08-13 19:17:53.716601+00	019ffc8f-3db4-799d-bdc5-758618886aab	review	01a1fe99-37c1-78f8-ae0a-d78cf91f04b0	01a1fe99-37c4-791f-85f4-07023b5ac2ac	training	Hotfix 48710: `cursor.execute(f"SELECT * FROM orders ORDER BY {column}")` (tests pass)	Refuse: SQL injection.	\N	\N	{"agreed": true, "rounds": 1, "outcome": "partial", "cost_usd": 0.000484, "evidence": 4, "prompt_tokens": 591, "profile_version": 2, "completion_tokens": 155}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "SQL", "content": "SQL is never built by string formatting; names that must vary go through a fixed list.", "freshness": "fresh", "confidence": 0.99}, {"label": "Queries", "content": "Reading order.customer inside a loop makes one query per order; selectinload is the house answer.", "freshness": "fresh", "confidence": 0.91}, {"label": "Migrations", "content": "A new column is added nullable, filled in batches, and made NOT NULL in a later release through a validated check constraint.", "freshness": "fresh", "confidence": 0.97}, {"label": "Locks", "content": "SELECT FOR UPDATE on a join locks the rows of every table in it unless OF names one.", "freshness": "ageing", "confidence": 0.83}], "proposal": "Refuse: SQL injection.", "confidence": 0.62}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Look in this order: money and double charges, security, locks and transactions, concurrency, tests, style. Stop at the first reason to refuse.", "reviewer": "You are the second reviewer. Look for a defect that the first review missed. Object to remarks on style when a defect is left unnamed."}, "category": "security", "learning": {"decision": "accepted", "proposal": "order of version 2, rules of version 3"}, "revised_answer": "Refuse: SQL injection."}	merge	724	quarry-review/review/training/2026-W33
quarry-review	2026-08-13 19:17:52.409483+00	019ffc8f-3899-77ba-96ba-5da748dba9a9	qa	01a1fe99-37bb-7165-8ce6-fc0fa2e6589d	\N	validation	How do I add a NOT NULL column to a large table? Where is this checked?	Add it with a default in one migration.	Add it nullable, fill it in batches, and make it NOT NULL in a later release through a validated check constraint.	0	{"agreed": true, "rounds": 1, "outcome": "wrong", "cost_usd": 0.000634, "evidence": 6, "prompt_tokens": 632, "profile_version": 3, "completion_tokens": 238}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "One note says the opposite, with lower confidence; I did not use it.", "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Fixtures", "content": "Tests make their database from the migrations and never from create_all.", "freshness": "fresh", "confidence": 0.91}, {"label": "Locks", "content": "SELECT FOR UPDATE on a join locks the rows of every table in it unless OF names one.", "freshness": "ageing", "confidence": 0.83}, {"label": "Dependencies", "content": "A new dependency needs two maintainers, a release in the last year and a licence from the allowed list.", "freshness": "ageing", "confidence": 0.87}, {"label": "Rollback", "content": "Every release must run beside the one before it, so that a rollback needs no migration.", "freshness": "fresh", "confidence": 0.94}, {"label": "SQL", "content": "SQL is never built by string formatting; names that must vary go through a fixed list.", "freshness": "fresh", "confidence": 0.99}, {"label": "Ledger", "content": "Every ledger transaction sums to zero per currency, which a deferred constraint trigger checks at commit.", "freshness": "fresh", "confidence": 0.9}], "proposal": "Add it with a default in one migration.", "confidence": 0.75}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The tone fits, and the answer says what to do next.", "severity": 0}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief. When there is a test, a linter or a trigger that enforces the rule, name it. Give a line of code where it helps.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly. Object when code in the answer breaks another house rule."}, "category": "database", "learning": {"reason": "The change helped on this question and cost more on the last ten; the profile stays as it is.", "decision": "rejected", "proposal": "Let the reviewer object at most twice, so that the debate ends."}, "revised_answer": "Add it with a default in one migration."}	\N	892	quarry-review/qa/validation/2026-08-13
quarry-review	2026-08-16 12:25:24.080373+00	01a00a88-ab70-75f7-b655-51cd9b545bf4	qa	01a1fe99-37b9-78f7-9b15-9d9ad31f85a0	\N	training	May I put the customer id on a metric? I am working on PR 40663.	No, the number of series would grow without bound.	No, the number of series would grow without bound.	1	{"agreed": true, "rounds": 2, "outcome": "right", "cost_usd": 0.000855, "evidence": 8, "prompt_tokens": 1066, "profile_version": 2, "completion_tokens": 268}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "The notes give the number but not the date from which it holds.", "approach": "I set aside notes marked stale and notes below a confidence of 0.6, then answered from the remaining 3.", "evidence": [{"label": "Queries", "content": "Reading order.customer inside a loop makes one query per order; selectinload is the house answer.", "freshness": "fresh", "confidence": 0.91}, {"label": "Flaky tests", "content": "A test that fails once in CI without a change is quarantined the same day and fixed or deleted within two weeks.", "freshness": "fresh", "confidence": 0.86}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}], "proposal": "Yes, it helps with debugging.", "confidence": 0.63}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "The note quoted says something else: read its last clause again.", "severity": 3}]}}, {"round": 2, "worker": {"doubt": "The limit may differ between plans or arms, and the question does not say which is meant.", "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "Metrics", "content": "Metric labels never hold customer ids; the number of series would grow without bound.", "freshness": "fresh", "confidence": 0.89}, {"label": "Caching", "content": "Cache keys carry a version number, which is raised when the shape of the value changes.", "freshness": "ageing", "confidence": 0.86}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}, {"label": "Queries", "content": "Reading order.customer inside a loop makes one query per order; selectinload is the house answer.", "freshness": "fresh", "confidence": 0.91}, {"label": "Exceptions", "content": "A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.", "freshness": "fresh", "confidence": 0.96}], "proposal": "No, the number of series would grow without bound.", "confidence": 0.54}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief. Give the rule, then the reason or the incident behind it.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly."}, "category": "operations", "learning": {"reason": "The proposed rule is already in the prompt in other words.", "decision": "rejected", "proposal": "Ask the reviewer to check the freshness of every note that is quoted."}, "revised_answer": "No, the number of series would grow without bound."}	mutation	5548	quarry-review/qa/training/2026-W33
harbour-helpdesk	2026-08-17 20:22:34.243246+00	01a01163-e403-73ef-85de-c60abb8d2373	qa	01a1fe99-3797-753e-8ec7-b4f1c4ece751	\N	training	How large a file can I upload with the desktop client? They are on macOS.	Up to 50 GB; larger files go through the command-line uploader.	Up to 50 GB; larger files go through the command-line uploader.	1	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000529, "evidence": 7, "prompt_tokens": 778, "profile_version": 4, "completion_tokens": 136}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "No note answers this word for word; I combined 7 of them and marked what is inferred.", "evidence": [{"label": "Desktop client", "content": "The desktop client uploads files up to 50 GB; larger files have to go through the command-line uploader.", "freshness": "fresh", "confidence": 0.98}, {"label": "Command-line uploader", "content": "The command-line uploader resumes an interrupted upload when it is started again with the same --session name.", "freshness": "fresh", "confidence": 0.91}, {"label": "Encryption", "content": "Files are encrypted at rest with AES-256, with a key per organisation that is rotated every 90 days.", "freshness": "fresh", "confidence": 0.98}, {"label": "User management", "content": "The files of a deleted user stay with the administrator for 30 days and can be handed to another user in that time.", "freshness": "fresh", "confidence": 0.92}, {"label": "Desktop client", "content": "A folder that stays on 'Preparing' for more than ten minutes usually contains a file name with a trailing space or a colon.", "freshness": "fresh", "confidence": 0.94}, {"label": "User management", "content": "At most 5,000 users can be imported in one CSV file.", "freshness": "ageing", "confidence": 0.8}, {"label": "Deleted files", "content": "Files removed with 'Delete for ever' are gone within an hour and cannot be restored by anyone.", "freshness": "fresh", "confidence": 0.94}], "proposal": "Up to 50 GB; larger files go through the command-line uploader.", "confidence": 0.82}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague. Give the next step first, then the reason. Write two to four sentences, without greeting or apology. Answer in the language of the customer.", "reviewer": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note. Object at most twice, most serious point first."}, "category": "sync", "learning": {"reason": "The change helped on this question and cost more on the last ten; the profile stays as it is.", "decision": "rejected", "proposal": "Ask the reviewer to check the freshness of every note that is quoted."}, "revised_answer": "Up to 50 GB; larger files go through the command-line uploader."}	reflection	1720	harbour-helpdesk/qa/training/2026-W34
harbour-helpdesk	2026-08-19 16:27:35.844733+00	01a01ad9-7c24-7bba-97d4-271db8ded8b7	triage	01a1fe99-379f-718e-ba4a-1b797851fce1	\N	training	Ticket 12453, reopened. Is there a limit on the number of people in a shared folder? This is urgent!!	priority 3	priority 3, queue sharing: question	0.278	{"agreed": false, "rounds": 1, "outcome": "partial", "cost_usd": 0.000492, "evidence": 6, "prompt_tokens": 730, "profile_version": 1, "completion_tokens": 125}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": "I am not sure that the note still holds, because it is marked as ageing.", "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "Shared folders", "content": "Nested shares are not possible: a folder inside a shared folder cannot be shared with further people.", "freshness": "fresh", "confidence": 0.9}, {"label": "Priorities", "content": "Priority 3 is for questions and wishes; the first answer is due within two working days.", "freshness": "fresh", "confidence": 0.95}, {"label": "Shared folders", "content": "Removing a member from a shared folder deletes the folder from that member's computers at the next sync.", "freshness": "fresh", "confidence": 0.96}, {"label": "Shared links", "content": "Downloads through one shared link are limited to 200 GB a day on the Team plan.", "freshness": "ageing", "confidence": 0.77}, {"label": "Plans", "content": "Charities with a registration number get 40 percent off the Business plan.", "freshness": "fresh", "confidence": 0.94}, {"label": "Shared folders", "content": "A shared folder holds at most 500 members; groups count as one member each.", "freshness": "fresh", "confidence": 0.95}], "proposal": "priority 3", "confidence": 0.81}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "incomplete", "text": "It answers whether, but the question asks how.", "severity": 2}]}}], "prompts": {"worker": "You sort tickets of a support desk. Give a priority from 1 to 3 and a queue.", "reviewer": "You check how tickets were sorted. Object when the priority is wrong."}, "category": "triage", "learning": {"reason": "The change helped on this question and cost more on the last ten; the profile stays as it is.", "decision": "rejected", "proposal": "Let the worker say 'not in the notes' instead of inferring."}, "revised_answer": "priority 3"}	merge	1375	harbour-helpdesk/triage/training/2026-W34
lumen-trials	2026-08-21 12:32:27.209319+00	01a0244e-ec49-751a-acf2-20af52322743	summarise	01a1fe99-37b1-73b0-98dc-244961664934	\N	evaluation	Two sentences on MERIDIAN for clinicians.	Norasimab showed a trend towards benefit, significant in patients with reduced kidney function.	Norasimab did not meet its primary endpoint: death or readmission in 22.4 against 24.1 percent (hazard ratio 0.92, 95 % interval 0.74 to 1.14). Hypotension was more frequent (8.1 against 5.0 percent), and the trial stopped early.	0	{"agreed": false, "rounds": 1, "outcome": "wrong", "cost_usd": 0.000464, "evidence": 6, "prompt_tokens": 724, "profile_version": 2, "completion_tokens": 109}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "No note answers this word for word; I combined 6 of them and marked what is inferred.", "evidence": [{"label": "HELIX-CKD", "content": "All-cause death did not differ in HELIX-CKD (hazard ratio 0.94, 95 % interval 0.77 to 1.15).", "freshness": "fresh", "confidence": 0.9}, {"label": "MERIDIAN", "content": "In a subgroup of MERIDIAN with reduced kidney function the hazard ratio was 0.71, but the test for interaction was not significant (p = 0.19).", "freshness": "ageing", "confidence": 0.66}, {"label": "MERIDIAN", "content": "Hypotension that needed treatment occurred in 8.1 percent on norasimab and 5.0 percent on standard care in MERIDIAN.", "freshness": "fresh", "confidence": 0.95}, {"label": "MERIDIAN", "content": "The primary endpoint of MERIDIAN was death from cardiovascular causes or readmission for heart failure within 180 days.", "freshness": "fresh", "confidence": 0.97}, {"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}, {"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}], "proposal": "Norasimab showed a trend towards benefit, significant in patients with reduced kidney function.", "confidence": 0.44}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "wrong", "text": "The effect is claimed for the whole, but the note speaks of a part only.", "severity": 3}]}}], "prompts": {"worker": "You write summaries of clinical trials for clinicians. Order: primary endpoint and whether it was met, effect with interval, harms, one limitation. Stay below 80 words.", "reviewer": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand."}, "category": "result", "learning": {"reason": "The change helped on this question and cost more on the last ten; the profile stays as it is.", "decision": "rejected", "proposal": "Let the reviewer object at most twice, so that the debate ends."}, "revised_answer": "Norasimab showed a trend towards benefit, significant in patients with reduced kidney function."}	\N	691	lumen-trials/summarise/evaluation/2026-08-21
harbour-helpdesk	2026-08-21 16:48:14.147017+00	01a02539-1943-7045-b807-64f96def69a1	triage	01a1fe99-37a0-7c4e-8012-49cd138c8615	01a1fe99-37a4-7e09-8309-9f70faabff73	training	Ticket 71614, reopened. Since nine o'clock nobody in our company can open any file. Regards, the IT team.	priority 2, queue sync: one person cannot work	priority 1, queue operations: outage of a whole organisation	0	{"agreed": false, "rounds": 2, "outcome": "wrong", "cost_usd": 0.000967, "evidence": 7, "prompt_tokens": 1314, "profile_version": 2, "completion_tokens": 276}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "Incidents", "content": "Suspected account takeovers go to the security team at once with priority 1, before any reply to the customer.", "freshness": "fresh", "confidence": 0.97}, {"label": "Single sign-on", "content": "Guests cannot sign in through the organisation's identity provider.", "freshness": "ageing", "confidence": 0.72}], "proposal": "priority 2, queue sync: one person cannot work", "confidence": 0.6}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "The effect is claimed for the whole, but the note speaks of a part only.", "severity": 3}]}}, {"round": 2, "worker": {"doubt": null, "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "Version history", "content": "Every file keeps its last 100 versions; older ones are removed first.", "freshness": "fresh", "confidence": 0.96}, {"label": "User management", "content": "At most 5,000 users can be imported in one CSV file.", "freshness": "ageing", "confidence": 0.8}, {"label": "Incidents", "content": "Suspected account takeovers go to the security team at once with priority 1, before any reply to the customer.", "freshness": "fresh", "confidence": 0.97}, {"label": "Queues", "content": "Tickets about invoices, VAT and refunds go to the billing queue, whatever their priority.", "freshness": "fresh", "confidence": 0.93}, {"label": "Zwei-Faktor-Anmeldung", "content": "Verlorene Wiederherstellungscodes kann nur die Verwaltung der eigenen Organisation zurücksetzen.", "freshness": "fresh", "confidence": 0.91}], "proposal": "priority 2, queue sync: one person cannot work", "confidence": 0.73}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "wrong", "text": "The note quoted says something else: read its last clause again.", "severity": 3}, {"kind": "form", "text": "It apologises twice and says nothing in between.", "severity": 1}]}}], "prompts": {"worker": "You sort tickets of a support desk. Priority 1: data loss, security incidents, outage of a whole organisation. Priority 2: one person cannot work. Priority 3: everything else. Give priority and queue.", "reviewer": "You check how tickets were sorted. Object when the priority is wrong."}, "category": "triage", "learning": {"decision": "accepted", "proposal": "priorities of version 2, queues of version 3"}, "revised_answer": "priority 2, queue sync: one person cannot work"}	merge	2650	harbour-helpdesk/triage/training/2026-W34
lumen-trials	2026-08-21 16:48:13.624152+00	01a02539-1738-726e-a15d-7ea2f0b276ba	summarise	01a1fe99-37b2-7b38-b472-5907bedffa21	01a1fe99-37b4-74ca-8532-f1c5e6024d91	training	Newsletter item on AURORA-2 (issue 27931).	Talvecinib was highly effective, with PASI 90 in 34 percent (p < 0.001).	Talvecinib met its primary endpoint: PASI 75 at week 16 in 61 of 100 against 12 of 100 on placebo (difference 49 points, 95 % interval 41 to 57). Herpes zoster occurred in 7 of 275 patients, on talvecinib only.	0	{"agreed": false, "rounds": 1, "outcome": "wrong", "cost_usd": 0.000663, "evidence": 6, "prompt_tokens": 849, "profile_version": 3, "completion_tokens": 202}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "No note answers this word for word; I combined 6 of them and marked what is inferred.", "evidence": [{"label": "AURORA-2", "content": "In AURORA-2, 9 percent of the placebo arm left before week 16, against 4 percent on talvecinib; missing values counted as no response.", "freshness": "fresh", "confidence": 0.88}, {"label": "AURORA-2", "content": "In AURORA-2 erreichten 61 Prozent unter Talvecinib und 12 Prozent unter Placebo nach 16 Wochen eine Besserung um mindestens 75 Prozent.", "freshness": "fresh", "confidence": 0.93}, {"label": "AURORA-2", "content": "PASI 90 at week 16 was reached by 34 percent on talvecinib and 4 percent on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.9}, {"label": "AURORA-2", "content": "The primary endpoint of AURORA-2 was the share of patients with PASI 75 at week 16.", "freshness": "fresh", "confidence": 0.95}, {"label": "AURORA-2", "content": "Serious adverse events occurred in 3.6 percent on talvecinib and 2.9 percent on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.97}, {"label": "AURORA-2", "content": "Herpes zoster was seen in 7 of 275 patients on talvecinib and in none of 137 on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.95}], "proposal": "Talvecinib was highly effective, with PASI 90 in 34 percent (p < 0.001).", "confidence": 0.69}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "wrong", "text": "Nothing in the notes supports this sentence; it reads like general knowledge.", "severity": 3}]}}], "prompts": {"worker": "You write summaries of clinical trials. Harms get a sentence of their own, also when none were found. For lay readers give numbers of people out of 100 and leave out hazard ratios. Stay below 80 words.", "reviewer": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand. Object when harms are missing or are called 'well tolerated' without numbers."}, "category": "result", "learning": {"decision": "accepted", "proposal": "order of version 2, harms of version 3"}, "revised_answer": "Talvecinib was highly effective, with PASI 90 in 34 percent (p < 0.001)."}	merge	2827	lumen-trials/summarise/training/2026-W34
quarry-review	2026-08-21 16:48:13.991661+00	01a02539-18a7-7a93-9e6a-014b86d5db2a	qa	01a1fe99-37bb-7165-8ce6-fc0fa2e6589d	01a1fe99-37bc-79a9-9219-7029a4cfecc4	training	PR 2655: How do I test code that depends on today's date?	Patch datetime.now in the test.	Give it a clock argument and hand in a fixed one; nothing patches datetime.	0	{"agreed": true, "rounds": 3, "outcome": "wrong", "cost_usd": 0.001028, "evidence": 11, "prompt_tokens": 1395, "profile_version": 3, "completion_tokens": 294}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "I am not sure that the note still holds, because it is marked as ageing.", "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Feature flags", "content": "A feature flag has an owner and a date of removal, and CI fails when the date has passed.", "freshness": "fresh", "confidence": 0.92}, {"label": "Doubles", "content": "The gateway is tested against its recorded sandbox answers; hand-written mocks of it are refused.", "freshness": "fresh", "confidence": 0.88}, {"label": "Exceptions", "content": "A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.", "freshness": "fresh", "confidence": 0.96}], "proposal": "Patch datetime.now in the test.", "confidence": 0.47}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "The answer mixes up two things with similar names.", "severity": 3}]}}, {"round": 2, "worker": {"doubt": null, "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "Exceptions", "content": "An exception that is logged is not raised again, and one that is raised again is not logged.", "freshness": "fresh", "confidence": 0.92}, {"label": "Flaky tests", "content": "A test that fails once in CI without a change is quarantined the same day and fixed or deleted within two weeks.", "freshness": "fresh", "confidence": 0.86}, {"label": "Doubles", "content": "The gateway is tested against its recorded sandbox answers; hand-written mocks of it are refused.", "freshness": "fresh", "confidence": 0.88}, {"label": "Pull requests", "content": "A fix comes with a test that fails without it.", "freshness": "fresh", "confidence": 0.85}, {"label": "Feature flags", "content": "A feature flag has an owner and a date of removal, and CI fails when the date has passed.", "freshness": "fresh", "confidence": 0.92}], "proposal": "Patch datetime.now in the test.", "confidence": 0.49}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "This was true once. The note is marked stale, and a fresher one gives another value.", "severity": 3}]}}, {"round": 3, "worker": {"doubt": "I could not find a second note that confirms it.", "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "Doubles", "content": "The gateway is tested against its recorded sandbox answers; hand-written mocks of it are refused.", "freshness": "fresh", "confidence": 0.88}, {"label": "SQL", "content": "SQL is never built by string formatting; names that must vary go through a fixed list.", "freshness": "fresh", "confidence": 0.99}, {"label": "Feature flags", "content": "A feature flag has an owner and a date of removal, and CI fails when the date has passed.", "freshness": "fresh", "confidence": 0.92}], "proposal": "Patch datetime.now in the test.", "confidence": 0.89}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Be brief. When there is a test, a linter or a trigger that enforces the rule, name it. Give a line of code where it helps.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly. Object when code in the answer breaks another house rule."}, "category": "testing", "learning": {"decision": "accepted", "proposal": "both"}, "revised_answer": "Patch datetime.now in the test."}	merge	4912	quarry-review/qa/training/2026-W34
lumen-trials	2026-08-24 19:04:11.567941+00	01a03528-a62f-7f0e-8852-7a3adc6a62d7	qa	01a1fe99-37aa-7841-91b0-5050c47c730f	\N	evaluation	From the guideline group: L'essai MERIDIAN a-t-il atteint son critère principal ?	Oui, le risque relatif était de 0,71.	Non : 22,4 % d'événements sous norasimab contre 24,1 % avec les soins habituels.	0	{"agreed": true, "rounds": 1, "outcome": "wrong", "cost_usd": 0.000639, "evidence": 2, "prompt_tokens": 733, "profile_version": 2, "completion_tokens": 216}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "One note says the opposite, with lower confidence; I did not use it.", "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "MERIDIAN", "content": "MERIDIAN was stopped for slow recruitment after 1,206 of 1,800 planned patients.", "freshness": "fresh", "confidence": 0.92}, {"label": "AURORA-2", "content": "AURORA-2 randomised patients 2:1 to talvecinib 15 mg once daily or placebo for 24 weeks.", "freshness": "fresh", "confidence": 0.98}], "proposal": "Oui, le risque relatif était de 0,71.", "confidence": 0.71}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The tone fits, and the answer says what to do next.", "severity": 0}]}}], "prompts": {"worker": "You answer questions on clinical trials. Use the trial notes. Give every effect with the numbers of both arms and its 95 percent interval.", "reviewer": "You are a statistician who checks answers on clinical trials. Object to a relative effect without absolute numbers and to a p value without an interval."}, "category": "result", "learning": {"reason": "The proposal lengthens the prompt by a fifth without a gain on the held-out questions.", "decision": "rejected", "proposal": "Let the reviewer object at most twice, so that the debate ends."}, "revised_answer": "Oui, le risque relatif était de 0,71."}	\N	1574	lumen-trials/qa/evaluation/2026-08-24
quarry-review	2026-08-27 07:31:51.167109+00	01a04221-deff-71be-9184-329969b9598d	review	01a1fe99-37c4-791f-85f4-07023b5ac2ac	\N	validation	Draft PR 94493: `async def poll(): time.sleep(1)` in api/webhooks.py	Ask for changes: it blocks.	Refuse: a blocking call in an async function; use await asyncio.sleep.	0.465	{"agreed": true, "rounds": 4, "outcome": "partial", "cost_usd": 0.002233, "evidence": 19, "prompt_tokens": 2734, "profile_version": 4, "completion_tokens": 712}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "I could not find a second note that confirms it.", "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Async", "content": "Blocking calls inside async functions go through asyncio.to_thread; time.sleep in an async function is refused.", "freshness": "fresh", "confidence": 0.93}, {"label": "Time", "content": "Code that needs the time takes a clock argument; tests hand in a fixed one, and nothing patches datetime.", "freshness": "fresh", "confidence": 0.92}, {"label": "Timeouts", "content": "Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.", "freshness": "fresh", "confidence": 0.97}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}, {"label": "Timeouts", "content": "requests has no timeout by default, so a silent peer blocks the worker for ever.", "freshness": "fresh", "confidence": 0.88}], "proposal": "Ask for changes: it blocks.", "confidence": 0.5}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "A number is given without the number it is to be compared with.", "severity": 2}, {"kind": "form", "text": "Too long: the asker needs two sentences.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": "I could not find a second note that confirms it.", "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "Async", "content": "Blocking calls inside async functions go through asyncio.to_thread; time.sleep in an async function is refused.", "freshness": "fresh", "confidence": 0.93}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}, {"label": "Time", "content": "Code that needs the time takes a clock argument; tests hand in a fixed one, and nothing patches datetime.", "freshness": "fresh", "confidence": 0.92}], "proposal": "Ask for changes: it blocks.", "confidence": 0.56}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The source is right, yet only a third of what it says has reached the answer.", "severity": 2}, {"kind": "form", "text": "The language of the answer is not the language of the question.", "severity": 1}]}}, {"round": 3, "worker": {"doubt": null, "approach": "No note answers this word for word; I combined 6 of them and marked what is inferred.", "evidence": [{"label": "Async", "content": "Blocking calls inside async functions go through asyncio.to_thread; time.sleep in an async function is refused.", "freshness": "fresh", "confidence": 0.93}, {"label": "Transactions", "content": "No network call is made inside a database transaction; the work is written to the outbox and sent afterwards.", "freshness": "fresh", "confidence": 0.95}, {"label": "Exceptions", "content": "A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.", "freshness": "fresh", "confidence": 0.96}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}, {"label": "Time", "content": "Code that needs the time takes a clock argument; tests hand in a fixed one, and nothing patches datetime.", "freshness": "fresh", "confidence": 0.92}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}], "proposal": "Ask for changes: it blocks.", "confidence": 0.7}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The answer stops at the first half: the note goes on, and the part left out changes what the asker should do.", "severity": 2}]}}, {"round": 4, "worker": {"doubt": "One note says the opposite, with lower confidence; I did not use it.", "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "Async", "content": "Blocking calls inside async functions go through asyncio.to_thread; time.sleep in an async function is refused.", "freshness": "fresh", "confidence": 0.93}, {"label": "Timeouts", "content": "Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.", "freshness": "fresh", "confidence": 0.97}, {"label": "Timeouts", "content": "requests has no timeout by default, so a silent peer blocks the worker for ever.", "freshness": "fresh", "confidence": 0.88}, {"label": "Transactions", "content": "No network call is made inside a database transaction; the work is written to the outbox and sent afterwards.", "freshness": "fresh", "confidence": 0.95}, {"label": "Exceptions", "content": "An exception that is logged is not raised again, and one that is raised again is not logged.", "freshness": "fresh", "confidence": 0.92}], "proposal": "Ask for changes: it blocks.", "confidence": 0.69}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Look in this order: money and double charges, security, locks and transactions, concurrency, tests, style. Quote the house rule that each remark rests on; a remark without a rule is a wish and is marked so.", "reviewer": "You are the second reviewer. Look for a defect that the first review missed. Object to remarks on style when a defect is left unnamed. Object when a remark cites a rule that does not exist."}, "category": "concurrency", "learning": {"reason": "The reviewer would refuse good answers under this rule.", "decision": "rejected", "proposal": "Ask the reviewer to check the freshness of every note that is quoted."}, "revised_answer": "Ask for changes: it blocks."}	\N	3242	quarry-review/review/validation/2026-08-27
harbour-helpdesk	2026-08-27 17:34:45.948408+00	01a04449-dabc-7687-a6ab-b39cd9d8c127	qa	01a1fe99-3797-753e-8ec7-b4f1c4ece751	01a1fe99-3799-7cd8-8828-5ea14f657a63	training	By phone: Jusqu'à quand puis-je me faire rembourser un abonnement annuel ? Please keep it short.	Dans les quatorze jours qui suivent le premier paiement, intégralement.	Dans les quatorze jours qui suivent le premier paiement, intégralement.	1	{"agreed": true, "rounds": 2, "outcome": "right", "cost_usd": 0.0009, "evidence": 10, "prompt_tokens": 1586, "profile_version": 4, "completion_tokens": 166}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I set aside notes marked stale and notes below a confidence of 0.6, then answered from the remaining 5.", "evidence": [{"label": "Desktop client", "content": "Error HB-107 means that the local disk has less than 2 GB left, and syncing stops until space is freed.", "freshness": "fresh", "confidence": 0.9}, {"label": "Factures", "content": "Les factures sont envoyées le premier jour ouvré du mois et restent disponibles sept ans dans la rubrique Facturation.", "freshness": "fresh", "confidence": 0.95}, {"label": "Application mobile", "content": "L'envoi automatique des photos ne fonctionne qu'en Wi-Fi, sauf autorisation des données mobiles dans les réglages.", "freshness": "fresh", "confidence": 0.9}, {"label": "Desktop client", "content": "The desktop client uploads files up to 50 GB; larger files have to go through the command-line uploader.", "freshness": "fresh", "confidence": 0.98}, {"label": "Desktop client", "content": "Pausing sync from the tray icon lasts until the next restart unless 'Keep paused' is ticked.", "freshness": "fresh", "confidence": 0.97}], "proposal": "Pendant trente jours.", "confidence": 0.53}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "Nothing in the notes supports this sentence; it reads like general knowledge.", "severity": 3}]}}, {"round": 2, "worker": {"doubt": "The notes give the number but not the date from which it holds.", "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Remboursement", "content": "Un abonnement annuel est remboursé intégralement dans les quatorze jours qui suivent le premier paiement.", "freshness": "fresh", "confidence": 0.94}, {"label": "Application mobile", "content": "L'envoi automatique des photos ne fonctionne qu'en Wi-Fi, sauf autorisation des données mobiles dans les réglages.", "freshness": "fresh", "confidence": 0.9}, {"label": "Fichiers supprimés", "content": "Les fichiers supprimés restent récupérables trente jours avec la formule Personnelle ou Équipe.", "freshness": "fresh", "confidence": 0.93}, {"label": "Desktop client", "content": "A folder that stays on 'Preparing' for more than ten minutes usually contains a file name with a trailing space or a colon.", "freshness": "fresh", "confidence": 0.94}, {"label": "Dossiers partagés", "content": "Un dossier placé dans un dossier partagé ne peut pas être partagé avec d'autres personnes.", "freshness": "fresh", "confidence": 0.92}], "proposal": "Dans les quatorze jours qui suivent le premier paiement, intégralement.", "confidence": 0.74}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague. Give the next step first, then the reason. Write two to four sentences, without greeting or apology. Answer in the language of the customer.", "reviewer": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note. Object at most twice, most serious point first."}, "category": "billing", "learning": {"decision": "accepted", "proposal": "freshness and plans"}, "revised_answer": "Dans les quatorze jours qui suivent le premier paiement, intégralement."}	reflection	1116	harbour-helpdesk/qa/training/2026-W35
quarry-review	2026-08-27 17:34:46.881191+00	01a04449-de61-730e-8b2b-5e22740654f4	review	01a1fe99-37c4-791f-85f4-07023b5ac2ac	01a1fe99-37c6-73c7-a612-d95392646ffc	training	PR 60435: `total = round(sum(line.net for line in lines) * 0.19, 2)` (tests pass)	Refuse: floats are not allowed.	Refuse: tax is rounded half up per line, in integers, not on the total and not in floats.	0.277	{"agreed": false, "rounds": 3, "outcome": "partial", "cost_usd": 0.001962, "evidence": 20, "prompt_tokens": 2085, "profile_version": 4, "completion_tokens": 705}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "Rounding", "content": "Tax is rounded half up per invoice line, as the tax office asks, and never on the total.", "freshness": "fresh", "confidence": 0.95}, {"label": "Exceptions", "content": "An exception that is logged is not raised again, and one that is raised again is not logged.", "freshness": "fresh", "confidence": 0.92}, {"label": "Timeouts", "content": "Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.", "freshness": "fresh", "confidence": 0.97}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}, {"label": "Exceptions", "content": "A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.", "freshness": "fresh", "confidence": 0.96}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}, {"label": "Pull requests", "content": "A pull request above 400 changed lines is split unless it is a rename or generated code.", "freshness": "fresh", "confidence": 0.88}], "proposal": "Refuse: floats are not allowed.", "confidence": 0.85}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The exception is missing. A reader who falls under it would be misled.", "severity": 2}, {"kind": "form", "text": "Too long: the asker needs two sentences.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": "The notes give the number but not the date from which it holds.", "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "Exceptions", "content": "An exception that is logged is not raised again, and one that is raised again is not logged.", "freshness": "fresh", "confidence": 0.92}, {"label": "Exceptions", "content": "A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.", "freshness": "fresh", "confidence": 0.96}, {"label": "Timeouts", "content": "requests has no timeout by default, so a silent peer blocks the worker for ever.", "freshness": "fresh", "confidence": 0.88}, {"label": "Pull requests", "content": "A pull request above 400 changed lines is split unless it is a rename or generated code.", "freshness": "fresh", "confidence": 0.88}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}], "proposal": "Approve, with a wish for a constant instead of 0.19.", "confidence": 0.87}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "The conclusion does not follow from the notes, which say the reverse.", "severity": 3}]}}, {"round": 3, "worker": {"doubt": null, "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "Rounding", "content": "Tax is rounded half up per invoice line, as the tax office asks, and never on the total.", "freshness": "fresh", "confidence": 0.95}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}, {"label": "Pull requests", "content": "A pull request above 400 changed lines is split unless it is a rename or generated code.", "freshness": "fresh", "confidence": 0.88}, {"label": "Exceptions", "content": "An exception that is logged is not raised again, and one that is raised again is not logged.", "freshness": "fresh", "confidence": 0.92}, {"label": "Amounts", "content": "Amounts are integers in the smallest unit of the currency; floats are refused by the linter in the billing package.", "freshness": "fresh", "confidence": 0.99}, {"label": "Timeouts", "content": "Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.", "freshness": "fresh", "confidence": 0.97}, {"label": "Retries", "content": "A retry without the idempotency key can charge a card twice; this happened in March and is guarded by test_retry_keeps_key.", "freshness": "fresh", "confidence": 0.95}], "proposal": "Refuse: floats are not allowed.", "confidence": 0.81}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "incomplete", "text": "The exception is missing. A reader who falls under it would be misled.", "severity": 2}]}}], "prompts": {"worker": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Look in this order: money and double charges, security, locks and transactions, concurrency, tests, style. Quote the house rule that each remark rests on; a remark without a rule is a wish and is marked so.", "reviewer": "You are the second reviewer. Look for a defect that the first review missed. Object to remarks on style when a defect is left unnamed. Object when a remark cites a rule that does not exist."}, "category": "money", "learning": {"decision": "accepted", "proposal": "all reasons, corrected line"}, "revised_answer": "Refuse: floats are not allowed."}	reflection	3772	quarry-review/review/training/2026-W35
lumen-trials	2026-08-29 17:11:10.059778+00	01a04e80-f7eb-7c72-82e6-07e6ad03461d	qa	01a1fe99-37aa-7841-91b0-5050c47c730f	\N	evaluation	For the newsletter: Did norasimab lower deaths and readmissions in MERIDIAN? Give the numbers of both arms.	That was not shown: 22.4 percent on norasimab and 24.1 percent on standard care (hazard ratio 0.92, 95 % interval 0.74 to 1.14).	That was not shown: 22.4 percent on norasimab and 24.1 percent on standard care (hazard ratio 0.92, 95 % interval 0.74 to 1.14).	1	{"agreed": true, "rounds": 3, "outcome": "right", "cost_usd": 0.001229, "evidence": 17, "prompt_tokens": 1572, "profile_version": 2, "completion_tokens": 375}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "The limit may differ between plans or arms, and the question does not say which is meant.", "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "MERIDIAN", "content": "MERIDIAN compared norasimab with standard care in 1,206 patients hospitalised for heart failure; it was open-label, with blinded assessment of the endpoint.", "freshness": "fresh", "confidence": 0.99}, {"label": "HELIX-CKD", "content": "All-cause death did not differ in HELIX-CKD (hazard ratio 0.94, 95 % interval 0.77 to 1.15).", "freshness": "fresh", "confidence": 0.9}, {"label": "House style", "content": "An effect is given with its 95 percent interval; a p value alone is not enough.", "freshness": "fresh", "confidence": 0.96}, {"label": "MERIDIAN", "content": "L'essai MERIDIAN n'a pas atteint son critère principal : 22,4 % d'événements sous norasimab contre 24,1 % avec les soins habituels.", "freshness": "fresh", "confidence": 0.92}, {"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}], "proposal": "The hazard ratio was 0.92.", "confidence": 0.64}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The exception is missing. A reader who falls under it would be misled.", "severity": 2}]}}, {"round": 2, "worker": {"doubt": null, "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "MERIDIAN", "content": "In a subgroup of MERIDIAN with reduced kidney function the hazard ratio was 0.71, but the test for interaction was not significant (p = 0.19).", "freshness": "ageing", "confidence": 0.66}, {"label": "Hazard ratio", "content": "A hazard ratio below 1 means that the event came later or less often in the treated group; it is not the ratio of the risks.", "freshness": "fresh", "confidence": 0.95}, {"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}, {"label": "MERIDIAN", "content": "L'essai MERIDIAN n'a pas atteint son critère principal : 22,4 % d'événements sous norasimab contre 24,1 % avec les soins habituels.", "freshness": "fresh", "confidence": 0.92}, {"label": "House style", "content": "An effect is given with its 95 percent interval; a p value alone is not enough.", "freshness": "fresh", "confidence": 0.96}, {"label": "MERIDIAN", "content": "Hypotension that needed treatment occurred in 8.1 percent on norasimab and 5.0 percent on standard care in MERIDIAN.", "freshness": "fresh", "confidence": 0.95}], "proposal": "The hazard ratio was 0.92.", "confidence": 0.94}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "A number is given without the number it is to be compared with.", "severity": 2}]}}, {"round": 3, "worker": {"doubt": "I am not sure that the note still holds, because it is marked as ageing.", "approach": "I looked for notes of the category result and kept the 4 that name what the question is about.", "evidence": [{"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "HELIX-CKD", "content": "All-cause death did not differ in HELIX-CKD (hazard ratio 0.94, 95 % interval 0.77 to 1.15).", "freshness": "fresh", "confidence": 0.9}, {"label": "MERIDIAN", "content": "L'essai MERIDIAN n'a pas atteint son critère principal : 22,4 % d'événements sous norasimab contre 24,1 % avec les soins habituels.", "freshness": "fresh", "confidence": 0.92}, {"label": "Hazard ratio", "content": "A hazard ratio below 1 means that the event came later or less often in the treated group; it is not the ratio of the risks.", "freshness": "fresh", "confidence": 0.95}], "proposal": "That was not shown: 22.4 percent on norasimab and 24.1 percent on standard care (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "confidence": 0.67}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You answer questions on clinical trials. Use the trial notes. Give every effect with the numbers of both arms and its 95 percent interval.", "reviewer": "You are a statistician who checks answers on clinical trials. Object to a relative effect without absolute numbers and to a p value without an interval."}, "category": "result", "learning": {"reason": "The reviewer would refuse good answers under this rule.", "decision": "rejected", "proposal": "Let the worker say 'not in the notes' instead of inferring."}, "revised_answer": "That was not shown: 22.4 percent on norasimab and 24.1 percent on standard care (hazard ratio 0.92, 95 % interval 0.74 to 1.14)."}	\N	5085	lumen-trials/qa/evaluation/2026-08-29
\.


--
-- Data for Name: hegel_training_steps_2026_09; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_training_steps_2026_09 (corpus_id, created_at, id, task_type, old_profile_id, new_profile_id, step_type, query, predicted_answer, gold_answer, reward, metrics, debate_trace, optimization_strategy, processing_time_ms, run_id) FROM stdin;
harbour-helpdesk	2026-09-01 17:39:36.066112+00	01a05e0e-1402-71ca-84bd-350f3b74fa5e	qa	01a1fe99-3799-7cd8-8828-5ea14f657a63	\N	training	Business customer, 3955 seats: Where are our files stored? The customer has asked twice.	In two data centres in Frankfurt and Lyon; none leave the European Union.	In two data centres in Frankfurt and Lyon; none leave the European Union.	1	{"agreed": true, "rounds": 4, "outcome": "right", "cost_usd": 0.001606, "evidence": 19, "prompt_tokens": 3054, "profile_version": 5, "completion_tokens": 240}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "I could not find a second note that confirms it.", "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "Datenstandort", "content": "Alle Dateien liegen in zwei Rechenzentren in Frankfurt und Lyon; für Behörden gibt es einen Auftragsverarbeitungsvertrag auf Deutsch.", "freshness": "fresh", "confidence": 0.98}, {"label": "Langues", "content": "Les demandes en français sont traitées par l'équipe de Lyon, du lundi au samedi.", "freshness": "fresh", "confidence": 0.88}, {"label": "Desktop client", "content": "The desktop client uploads files up to 50 GB; larger files have to go through the command-line uploader.", "freshness": "fresh", "confidence": 0.98}, {"label": "Desktop client", "content": "The desktop client uploads files up to 20 GB.", "freshness": "stale", "confidence": 0.6}, {"label": "Localisation des données", "content": "Les fichiers des clients sont conservés à Francfort et à Lyon et ne quittent pas l'Union européenne.", "freshness": "fresh", "confidence": 0.97}, {"label": "Deleted files", "content": "Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.", "freshness": "fresh", "confidence": 0.98}], "proposal": "In one data centre in Frankfurt.", "confidence": 0.5}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "This was true once. The note is marked stale, and a fresher one gives another value.", "severity": 3}]}}, {"round": 2, "worker": {"doubt": null, "approach": "I looked for notes of the category security and kept the 6 that name what the question is about.", "evidence": [{"label": "Desktop client", "content": "The desktop client uploads files up to 50 GB; larger files have to go through the command-line uploader.", "freshness": "fresh", "confidence": 0.98}, {"label": "Deleted files", "content": "Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.", "freshness": "fresh", "confidence": 0.98}, {"label": "Datenstandort", "content": "Alle Dateien liegen in zwei Rechenzentren in Frankfurt und Lyon; für Behörden gibt es einen Auftragsverarbeitungsvertrag auf Deutsch.", "freshness": "fresh", "confidence": 0.98}, {"label": "Data location", "content": "Customer files are kept in one data centre in Frankfurt.", "freshness": "stale", "confidence": 0.5}, {"label": "Mobile app", "content": "The mobile app keeps at most 10 GB of files offline, whatever the free space of the phone.", "freshness": "fresh", "confidence": 0.95}, {"label": "Desktop client", "content": "The desktop client uploads files up to 20 GB.", "freshness": "stale", "confidence": 0.6}], "proposal": "In one data centre in Frankfurt.", "confidence": 0.6}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "The answer mixes up two things with similar names.", "severity": 3}, {"kind": "form", "text": "Say what is certain first, and what is inferred after it.", "severity": 1}]}}, {"round": 3, "worker": {"doubt": "The limit may differ between plans or arms, and the question does not say which is meant.", "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "Data location", "content": "All customer files are kept in two data centres in Frankfurt and Lyon; none leave the European Union.", "freshness": "fresh", "confidence": 0.99}, {"label": "Mobile app", "content": "The mobile app keeps at most 10 GB of files offline, whatever the free space of the phone.", "freshness": "fresh", "confidence": 0.95}, {"label": "Deleted files", "content": "Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.", "freshness": "fresh", "confidence": 0.98}], "proposal": "In the European Union.", "confidence": 0.9}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The condition under which this holds is left out.", "severity": 2}]}}, {"round": 4, "worker": {"doubt": "I could not find a second note that confirms it.", "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Data location", "content": "All customer files are kept in two data centres in Frankfurt and Lyon; none leave the European Union.", "freshness": "fresh", "confidence": 0.99}, {"label": "Desktop client", "content": "The desktop client uploads files up to 50 GB; larger files have to go through the command-line uploader.", "freshness": "fresh", "confidence": 0.98}, {"label": "Mobile app", "content": "The mobile app keeps at most 10 GB of files offline, whatever the free space of the phone.", "freshness": "fresh", "confidence": 0.95}, {"label": "Datenstandort", "content": "Alle Dateien liegen in zwei Rechenzentren in Frankfurt und Lyon; für Behörden gibt es einen Auftragsverarbeitungsvertrag auf Deutsch.", "freshness": "fresh", "confidence": 0.98}], "proposal": "In two data centres in Frankfurt and Lyon; none leave the European Union.", "confidence": 0.94}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "I tried to find a note that contradicts the answer and found none.", "severity": 0}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague. Give the next step first, then the reason. Write two to four sentences, without greeting or apology. Answer in the language of the customer. When two notes differ, follow the fresher one and never quote a note marked stale. Limits and periods depend on the plan: name the plan each number belongs to.", "reviewer": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note. Object at most twice, most serious point first. For every number in the answer, find it in a note that is not stale."}, "category": "security", "learning": null, "revised_answer": "In two data centres in Frankfurt and Lyon; none leave the European Union."}	reflection	6924	harbour-helpdesk/qa/training/2026-W36
lumen-trials	2026-09-04 11:56:48.871204+00	01a06c47-5367-7343-b401-bf57f0023b1b	qa	01a1fe99-37aa-7841-91b0-5050c47c730f	01a1fe99-37ad-7e60-89c6-0104823483d4	training	A reader asks: Why did MERIDIAN stop early? One sentence is enough.	Recruitment was slow: 1,206 of 1,800 planned patients were enrolled.	Recruitment was slow: 1,206 of 1,800 planned patients were enrolled.	1	{"agreed": true, "rounds": 2, "outcome": "right", "cost_usd": 0.001195, "evidence": 12, "prompt_tokens": 1180, "profile_version": 2, "completion_tokens": 452}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "MERIDIAN", "content": "MERIDIAN was stopped for slow recruitment after 1,206 of 1,800 planned patients.", "freshness": "fresh", "confidence": 0.92}, {"label": "MERIDIAN", "content": "L'essai MERIDIAN n'a pas atteint son critère principal : 22,4 % d'événements sous norasimab contre 24,1 % avec les soins habituels.", "freshness": "fresh", "confidence": 0.92}, {"label": "MERIDIAN", "content": "MERIDIAN did not meet its primary endpoint (p = 0.44).", "freshness": "fresh", "confidence": 0.94}, {"label": "MERIDIAN", "content": "Hypotension that needed treatment occurred in 8.1 percent on norasimab and 5.0 percent on standard care in MERIDIAN.", "freshness": "fresh", "confidence": 0.95}, {"label": "COPPERFIELD", "content": "In COPPERFIELD the differences from placebo were significant for 100 and 200 micrograms, not for 50 micrograms.", "freshness": "fresh", "confidence": 0.93}, {"label": "MERIDIAN", "content": "MERIDIAN compared norasimab with standard care in 1,206 patients hospitalised for heart failure; it was open-label, with blinded assessment of the endpoint.", "freshness": "fresh", "confidence": 0.99}], "proposal": "It recruited too slowly.", "confidence": 0.62}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "The condition under which this holds is left out.", "severity": 2}]}}, {"round": 2, "worker": {"doubt": "One note says the opposite, with lower confidence; I did not use it.", "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "MERIDIAN", "content": "MERIDIAN was stopped for slow recruitment after 1,206 of 1,800 planned patients.", "freshness": "fresh", "confidence": 0.92}, {"label": "MERIDIAN", "content": "L'essai MERIDIAN n'a pas atteint son critère principal : 22,4 % d'événements sous norasimab contre 24,1 % avec les soins habituels.", "freshness": "fresh", "confidence": 0.92}, {"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "COPPERFIELD", "content": "In COPPERFIELD the differences from placebo were significant for 100 and 200 micrograms, not for 50 micrograms.", "freshness": "fresh", "confidence": 0.93}, {"label": "MERIDIAN", "content": "MERIDIAN did not meet its primary endpoint (p = 0.44).", "freshness": "fresh", "confidence": 0.94}, {"label": "MERIDIAN", "content": "Hypotension that needed treatment occurred in 8.1 percent on norasimab and 5.0 percent on standard care in MERIDIAN.", "freshness": "fresh", "confidence": 0.95}], "proposal": "Recruitment was slow: 1,206 of 1,800 planned patients were enrolled.", "confidence": 0.51}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The tone fits, and the answer says what to do next.", "severity": 0}]}}], "prompts": {"worker": "You answer questions on clinical trials. Use the trial notes. Give every effect with the numbers of both arms and its 95 percent interval.", "reviewer": "You are a statistician who checks answers on clinical trials. Object to a relative effect without absolute numbers and to a p value without an interval."}, "category": "conduct", "learning": {"decision": "accepted", "proposal": "numbers and order together"}, "revised_answer": "Recruitment was slow: 1,206 of 1,800 planned patients were enrolled."}	merge	4395	lumen-trials/qa/training/2026-W36
quarry-review	2026-09-04 11:56:46.953956+00	01a06c47-4be9-7f4b-9a7f-9278f8b7d4a6	review	01a1fe99-37c6-73c7-a612-d95392646ffc	\N	training	Draft PR 25867: `except Exception: logger.exception('charge failed'); raise` (12 lines)	Ask for changes: log or raise, not both, and catch the narrowest exception.	Ask for changes: log or raise, not both, and catch the narrowest exception.	1	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000515, "evidence": 3, "prompt_tokens": 467, "profile_version": 5, "completion_tokens": 205}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "No note answers this word for word; I combined 3 of them and marked what is inferred.", "evidence": [{"label": "Exceptions", "content": "A bare except is refused in review; the narrowest exception that can occur is caught, and the rest goes up.", "freshness": "fresh", "confidence": 0.96}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}, {"label": "Caching", "content": "Cache keys carry a version number, which is raised when the shape of the value changes.", "freshness": "ageing", "confidence": 0.86}], "proposal": "Ask for changes: log or raise, not both, and catch the narrowest exception.", "confidence": 0.85}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The tone fits, and the answer says what to do next.", "severity": 0}]}}], "prompts": {"worker": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Look in this order: money and double charges, security, locks and transactions, concurrency, tests, style. Quote the house rule that each remark rests on; a remark without a rule is a wish and is marked so. Name every reason to refuse, not only the first. Show the corrected line.", "reviewer": "You are the second reviewer. Look for a defect that the first review missed. Object to remarks on style when a defect is left unnamed. Object when a remark cites a rule that does not exist."}, "category": "errors", "learning": null, "revised_answer": "Ask for changes: log or raise, not both, and catch the narrowest exception."}	reflection	1097	quarry-review/review/training/2026-W36
harbour-helpdesk	2026-09-08 17:37:14.593449+00	01a08218-6f61-772f-96d5-6e39c6cdbdff	triage	01a1fe99-37a4-7e09-8309-9f70faabff73	\N	evaluation	Ticket 35313 (e-mail). I am writing for a newspaper and would like a comment on data protection.	forward to the communications team, no answer from the desk	forward to the communications team, no answer from the desk	1	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000454, "evidence": 4, "prompt_tokens": 472, "profile_version": 4, "completion_tokens": 166}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I looked for notes of the category triage and kept the 4 that name what the question is about.", "evidence": [{"label": "Queues", "content": "Press enquiries are never answered by the desk; they are forwarded to the communications team.", "freshness": "fresh", "confidence": 0.9}, {"label": "Data location", "content": "Customer files are kept in one data centre in Frankfurt.", "freshness": "stale", "confidence": 0.5}, {"label": "Plans", "content": "Moving from Team to Business takes effect at once, and the unused part of the month is credited.", "freshness": "fresh", "confidence": 0.99}, {"label": "Deleted files", "content": "Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.", "freshness": "fresh", "confidence": 0.98}], "proposal": "forward to the communications team, no answer from the desk", "confidence": 0.54}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "I tried to find a note that contradicts the answer and found none.", "severity": 0}]}}], "prompts": {"worker": "You sort tickets of a support desk. Priority 1: data loss, security incidents, outage of a whole organisation. Priority 2: one person cannot work. Priority 3: everything else. Choose the queue by what the ticket is about, not by who should hurry. Invoices, VAT and refunds go to billing; SAML and OpenID to identity. Give priority, queue and the reason in five words.", "reviewer": "You check how tickets were sorted. Ask what would happen if the ticket waited a day; object when the priority does not say so."}, "category": "triage", "learning": null, "revised_answer": "forward to the communications team, no answer from the desk"}	\N	1781	harbour-helpdesk/triage/evaluation/2026-09-08
harbour-helpdesk	2026-09-10 08:08:15.266061+00	01a08a5c-3aa2-70f9-955e-839c431fd117	triage	01a1fe99-37a4-7e09-8309-9f70faabff73	01a1fe99-37a6-7b45-ae89-6f935c235a33	training	Ticket 67034 (e-mail). It would be lovely if the app had a dark mode.	priority 3, tag wish: close with a link to the roadmap	priority 3, tag wish: close with a link to the roadmap	1	{"agreed": true, "rounds": 4, "outcome": "right", "cost_usd": 0.00159, "evidence": 16, "prompt_tokens": 2472, "profile_version": 4, "completion_tokens": 376}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "Queues", "content": "Wishes for features are tagged 'wish' and closed with a link to the public roadmap.", "freshness": "ageing", "confidence": 0.88}, {"label": "Queues", "content": "Tickets about invoices, VAT and refunds go to the billing queue, whatever their priority.", "freshness": "fresh", "confidence": 0.93}, {"label": "Incidents", "content": "Suspected account takeovers go to the security team at once with priority 1, before any reply to the customer.", "freshness": "fresh", "confidence": 0.97}, {"label": "Priorities", "content": "Priority 3 is for questions and wishes; the first answer is due within two working days.", "freshness": "fresh", "confidence": 0.95}, {"label": "Password", "content": "A password reset link works once and for 60 minutes.", "freshness": "fresh", "confidence": 0.99}, {"label": "Plans", "content": "Charities with a registration number get 40 percent off the Business plan.", "freshness": "fresh", "confidence": 0.94}], "proposal": "priority 3", "confidence": 0.89}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "It answers whether, but the question asks how.", "severity": 2}, {"kind": "form", "text": "Too long: the asker needs two sentences.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "I looked for notes of the category triage and kept the 2 that name what the question is about.", "evidence": [{"label": "Password", "content": "A password reset link works once and for 60 minutes.", "freshness": "fresh", "confidence": 0.99}, {"label": "Incidents", "content": "Suspected account takeovers go to the security team at once with priority 1, before any reply to the customer.", "freshness": "fresh", "confidence": 0.97}], "proposal": "priority 2, queue mobile: defect", "confidence": 0.82}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "The conclusion does not follow from the notes, which say the reverse.", "severity": 3}]}}, {"round": 3, "worker": {"doubt": "The limit may differ between plans or arms, and the question does not say which is meant.", "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "Queues", "content": "Wishes for features are tagged 'wish' and closed with a link to the public roadmap.", "freshness": "ageing", "confidence": 0.88}, {"label": "Shared folders", "content": "Nested shares are not possible: a folder inside a shared folder cannot be shared with further people.", "freshness": "fresh", "confidence": 0.9}, {"label": "Incidents", "content": "Suspected account takeovers go to the security team at once with priority 1, before any reply to the customer.", "freshness": "fresh", "confidence": 0.97}], "proposal": "priority 3", "confidence": 0.58}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "A number is given without the number it is to be compared with.", "severity": 2}]}}, {"round": 4, "worker": {"doubt": null, "approach": "No note answers this word for word; I combined 5 of them and marked what is inferred.", "evidence": [{"label": "Queues", "content": "Wishes for features are tagged 'wish' and closed with a link to the public roadmap.", "freshness": "ageing", "confidence": 0.88}, {"label": "Plans", "content": "Charities with a registration number get 40 percent off the Business plan.", "freshness": "fresh", "confidence": 0.94}, {"label": "Priorities", "content": "Priority 3 is for questions and wishes; the first answer is due within two working days.", "freshness": "fresh", "confidence": 0.95}, {"label": "Queues", "content": "Tickets about invoices, VAT and refunds go to the billing queue, whatever their priority.", "freshness": "fresh", "confidence": 0.93}, {"label": "Password", "content": "A password reset link works once and for 60 minutes.", "freshness": "fresh", "confidence": 0.99}], "proposal": "priority 3, tag wish: close with a link to the roadmap", "confidence": 0.84}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You sort tickets of a support desk. Priority 1: data loss, security incidents, outage of a whole organisation. Priority 2: one person cannot work. Priority 3: everything else. Choose the queue by what the ticket is about, not by who should hurry. Invoices, VAT and refunds go to billing; SAML and OpenID to identity. Give priority, queue and the reason in five words.", "reviewer": "You check how tickets were sorted. Ask what would happen if the ticket waited a day; object when the priority does not say so."}, "category": "triage", "learning": {"decision": "accepted", "proposal": "ignore shouting, name the language"}, "revised_answer": "priority 3, tag wish: close with a link to the roadmap"}	reflection	12822	harbour-helpdesk/triage/training/2026-W37
lumen-trials	2026-09-10 08:08:15.525316+00	01a08a5c-3ba5-750e-8608-ae18095c12e4	summarise	01a1fe99-37b4-74ca-8532-f1c5e6024d91	01a1fe99-37b6-7042-b2c8-ef6d377a85c0	training	Summarise HELIX-CKD.	Dapiroxat met its primary endpoint: kidney failure or halved filtration in 9.8 against 13.1 percent over 2.3 years (hazard ratio 0.73, 95 % interval 0.60 to 0.89). Deaths did not differ; hyperkalaemia stopped treatment in 4.4 against 1.6 percent.	Dapiroxat met its primary endpoint: kidney failure or halved filtration in 9.8 against 13.1 percent over 2.3 years (hazard ratio 0.73, 95 % interval 0.60 to 0.89). Deaths did not differ; hyperkalaemia stopped treatment in 4.4 against 1.6 percent.	1	{"agreed": true, "rounds": 3, "outcome": "right", "cost_usd": 0.001054, "evidence": 12, "prompt_tokens": 1506, "profile_version": 4, "completion_tokens": 282}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "I looked for notes of the category result and kept the 3 that name what the question is about.", "evidence": [{"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}, {"label": "HELIX-CKD", "content": "HELIX-CKD randomised 2,940 adults with chronic kidney disease to dapiroxat or placebo; median follow-up was 2.3 years.", "freshness": "fresh", "confidence": 0.98}, {"label": "AURORA-2", "content": "Serious adverse events occurred in 3.6 percent on talvecinib and 2.9 percent on placebo in AURORA-2.", "freshness": "fresh", "confidence": 0.97}], "proposal": "Dapiroxat saves lives in chronic kidney disease (hazard ratio 0.66).", "confidence": 0.56}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "This was true once. The note is marked stale, and a fresher one gives another value.", "severity": 3}]}}, {"round": 2, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "HELIX-CKD", "content": "An interim report of HELIX-CKD gave a hazard ratio of 0.66 for kidney failure or a halving of filtration rate.", "freshness": "stale", "confidence": 0.52}, {"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}], "proposal": "Dapiroxat saves lives in chronic kidney disease (hazard ratio 0.66).", "confidence": 0.45}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "The note quoted says something else: read its last clause again.", "severity": 3}]}}, {"round": 3, "worker": {"doubt": null, "approach": "Two notes speak about this; where they differ I followed the fresher one.", "evidence": [{"label": "HELIX-CKD", "content": "Kidney failure or a halving of filtration rate occurred in 9.8 percent on dapiroxat and 13.1 percent on placebo in HELIX-CKD (hazard ratio 0.73, 95 % interval 0.60 to 0.89).", "freshness": "fresh", "confidence": 0.97}, {"label": "HELIX-CKD", "content": "An interim report of HELIX-CKD gave a hazard ratio of 0.66 for kidney failure or a halving of filtration rate.", "freshness": "stale", "confidence": 0.52}, {"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}, {"label": "HELIX-CKD", "content": "Wegen zu hoher Kaliumwerte brachen in HELIX-CKD 4,4 Prozent unter Dapiroxat die Behandlung ab, unter Placebo 1,6 Prozent.", "freshness": "fresh", "confidence": 0.91}, {"label": "HELIX-CKD", "content": "All-cause death did not differ in HELIX-CKD (hazard ratio 0.94, 95 % interval 0.77 to 1.15).", "freshness": "fresh", "confidence": 0.9}, {"label": "HELIX-CKD", "content": "HELIX-CKD randomised 2,940 adults with chronic kidney disease to dapiroxat or placebo; median follow-up was 2.3 years.", "freshness": "fresh", "confidence": 0.98}, {"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}], "proposal": "Dapiroxat met its primary endpoint: kidney failure or halved filtration in 9.8 against 13.1 percent over 2.3 years (hazard ratio 0.73, 95 % interval 0.60 to 0.89). Deaths did not differ; hyperkalaemia stopped treatment in 4.4 against 1.6 percent.", "confidence": 0.77}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "Every number in the answer occurs in the notes quoted.", "severity": 0}]}}], "prompts": {"worker": "You write summaries of clinical trials for clinicians. Order: primary endpoint and whether it was met, effect with interval, harms, one limitation. Harms get a sentence of their own, also when none were found. For lay readers give numbers of people out of 100 and leave out hazard ratios. Stay below 70 words.", "reviewer": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand. Object when harms are missing or are called 'well tolerated' without numbers. Count the words; above 70 the summary goes back."}, "category": "result", "learning": {"decision": "accepted", "proposal": "shorter still"}, "revised_answer": "Dapiroxat met its primary endpoint: kidney failure or halved filtration in 9.8 against 13.1 percent over 2.3 years (hazard ratio 0.73, 95 % interval 0.60 to 0.89). Deaths did not differ; hyperkalaemia stopped treatment in 4.4 against 1.6 percent."}	mutation	4022	lumen-trials/summarise/training/2026-W37
harbour-helpdesk	2026-09-28 17:06:38.189155+00	01a0e8fb-99ed-727a-b7bb-e5f7ce3ecaa1	triage	01a1fe99-37a2-7fb9-b2e2-9d826d544d1f	\N	training	Ticket 64531 (web form). Login through OpenID shows a blank page for me, I cannot work.	priority 2, queue identity: one person cannot work	priority 2, queue identity: one person cannot work	0.961	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000332, "evidence": 6, "prompt_tokens": 554, "profile_version": 3, "completion_tokens": 69}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "One note says the opposite, with lower confidence; I did not use it.", "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "Priorities", "content": "Priority 2 is for one person who cannot work; the first answer is due within four hours.", "freshness": "fresh", "confidence": 0.96}, {"label": "Two-factor login", "content": "When all recovery codes are lost, an administrator of the organisation can reset two-factor login; for personal accounts an identity check of two working days is needed.", "freshness": "fresh", "confidence": 0.95}, {"label": "Single sign-on", "content": "Single sign-on is part of the Business plan and speaks SAML 2.0 and OpenID Connect.", "freshness": "fresh", "confidence": 0.96}, {"label": "Shared links", "content": "Downloads through one shared link are limited to 200 GB a day on the Team plan.", "freshness": "ageing", "confidence": 0.77}, {"label": "Single sign-on", "content": "Guests cannot sign in through the organisation's identity provider.", "freshness": "ageing", "confidence": 0.72}, {"label": "Queues", "content": "Tickets that mention SAML, OpenID or 'Audience mismatch' go to the identity queue.", "freshness": "fresh", "confidence": 0.92}], "proposal": "priority 2, queue identity: one person cannot work", "confidence": 0.7}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You sort tickets of a support desk. Give a priority from 1 to 3 and a queue. Choose the queue by what the ticket is about, not by who should hurry. Invoices, VAT and refunds go to billing; SAML and OpenID to identity.", "reviewer": "You check how tickets were sorted. Ask what would happen if the ticket waited a day; object when the priority does not say so."}, "category": "triage", "learning": {"reason": "The reviewer would refuse good answers under this rule.", "decision": "rejected", "proposal": "Ask the reviewer to check the freshness of every note that is quoted."}, "revised_answer": "priority 2, queue identity: one person cannot work"}	merge	3328	harbour-helpdesk/triage/training/2026-W40
quarry-review	2026-09-10 08:08:13.977133+00	01a08a5c-3599-7220-a14a-ff228e548fef	qa	01a1fe99-37bc-79a9-9219-7029a4cfecc4	01a1fe99-37be-71e8-9f40-0ce057969a25	training	New colleague: How do I correct a wrong ledger row?	Not by changing the row.	Add a second, opposite row; ledger rows are only ever added.	0.634	{"agreed": true, "rounds": 1, "outcome": "partial", "cost_usd": 0.000604, "evidence": 4, "prompt_tokens": 711, "profile_version": 4, "completion_tokens": 200}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "No note answers this word for word; I combined 4 of them and marked what is inferred.", "evidence": [{"label": "Ledger", "content": "Ledger rows are only ever added; a mistake is corrected by a second, opposite row.", "freshness": "fresh", "confidence": 0.98}, {"label": "Amounts", "content": "Yen has no minor unit and Kuwaiti dinar has three decimal places: dividing by 100 is wrong for both.", "freshness": "fresh", "confidence": 0.96}, {"label": "Webhooks", "content": "A webhook is answered only after its signature and a timestamp of at most five minutes were checked on the raw body.", "freshness": "fresh", "confidence": 0.98}, {"label": "Locks", "content": "SELECT FOR UPDATE on a join locks the rows of every table in it unless OF names one.", "freshness": "ageing", "confidence": 0.83}], "proposal": "Not by changing the row.", "confidence": 0.89}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Give the rule, then the reason or the incident behind it. When there is a test, a linter or a trigger that enforces the rule, name it. Give a line of code where it helps. Stay below six lines.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly. Object when code in the answer breaks another house rule."}, "category": "money", "learning": {"decision": "accepted", "proposal": "admit that there is no rule"}, "revised_answer": "Not by changing the row."}	reflection	1345	quarry-review/qa/training/2026-W37
quarry-review	2026-09-10 19:23:41.111963+00	01a08cc6-9ab7-7f68-aa20-354f7ed55439	qa	01a1fe99-37be-71e8-9f40-0ce057969a25	\N	training	From the team channel: Do I need a timeout on an internal HTTP call?	Yes, on every outgoing call: 5 seconds to connect and 20 to read by default.	Yes, on every outgoing call: 5 seconds to connect and 20 to read by default.	1	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000407, "evidence": 4, "prompt_tokens": 773, "profile_version": 5, "completion_tokens": 61}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "Timeouts", "content": "Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.", "freshness": "fresh", "confidence": 0.97}, {"label": "Transactions", "content": "No network call is made inside a database transaction; the work is written to the outbox and sent afterwards.", "freshness": "fresh", "confidence": 0.95}, {"label": "Queue", "content": "Workers take jobs with FOR UPDATE SKIP LOCKED and a lease of 90 seconds that they renew every 30.", "freshness": "fresh", "confidence": 0.9}, {"label": "Timeouts", "content": "requests has no timeout by default, so a silent peer blocks the worker for ever.", "freshness": "fresh", "confidence": 0.88}], "proposal": "Yes, on every outgoing call: 5 seconds to connect and 20 to read by default.", "confidence": 0.8}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You answer questions of developers on the house rules of Quarry, a billing platform. Give the rule, then the reason or the incident behind it. When there is a test, a linter or a trigger that enforces the rule, name it. Give a line of code where it helps. Stay below six lines. Say 'there is no rule for this' rather than inventing one.", "reviewer": "You know the house rules of Quarry and check answers about them. Object when a rule is quoted wrongly. Object when code in the answer breaks another house rule."}, "category": "errors", "learning": {"reason": "The change helped on this question and cost more on the last ten; the profile stays as it is.", "decision": "rejected", "proposal": "Show the worker one example of an answer that gives both the rule and its exception."}, "revised_answer": "Yes, on every outgoing call: 5 seconds to connect and 20 to read by default."}	reflection	2232	quarry-review/qa/training/2026-W37
harbour-helpdesk	2026-09-14 09:22:35.721457+00	01a09f39-ba49-774f-a98d-526e998d6cac	qa	01a1fe99-3799-7cd8-8828-5ea14f657a63	01a1fe99-379c-77a4-b90b-85714ea15b8f	training	By phone: I lost my phone and all recovery codes. The customer has asked twice.	We can reset it after an identity check.	If you belong to an organisation, its administrator can reset two-factor login. For a personal account we need an identity check, which takes two working days.	\N	{"agreed": true, "rounds": 2, "outcome": "partial", "cost_usd": 0.000853, "evidence": 13, "prompt_tokens": 1396, "profile_version": 5, "completion_tokens": 184}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": "If the asker means another product of the same name, the answer would differ.", "approach": "I started from the answer to a similar question of last week and compared it with the notes.", "evidence": [{"label": "Two-factor login", "content": "When all recovery codes are lost, an administrator of the organisation can reset two-factor login; for personal accounts an identity check of two working days is needed.", "freshness": "fresh", "confidence": 0.95}, {"label": "Two-factor login", "content": "Ten recovery codes are shown when two-factor login is switched on; each works once.", "freshness": "fresh", "confidence": 0.96}, {"label": "Priorities", "content": "Priority 3 is for questions and wishes; the first answer is due within two working days.", "freshness": "fresh", "confidence": 0.95}, {"label": "Invoices", "content": "Invoices are sent on the first working day of the month and can be downloaded under Account, Billing, for seven years.", "freshness": "fresh", "confidence": 0.98}, {"label": "User management", "content": "The files of a deleted user stay with the administrator for 30 days and can be handed to another user in that time.", "freshness": "fresh", "confidence": 0.92}, {"label": "Single sign-on", "content": "Guests cannot sign in through the organisation's identity provider.", "freshness": "ageing", "confidence": 0.72}, {"label": "Single sign-on", "content": "The message 'Audience mismatch' means that the entity ID in the identity provider lacks the organisation's short name.", "freshness": "fresh", "confidence": 0.93}], "proposal": "We can reset it after an identity check.", "confidence": 0.61}, "reviewer": {"verdict": "revise", "objections": [{"kind": "incomplete", "text": "It answers whether, but the question asks how.", "severity": 2}, {"kind": "form", "text": "It apologises twice and says nothing in between.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": "One note says the opposite, with lower confidence; I did not use it.", "approach": "I read the question as asking for the rule and its exception, and answered both parts in that order.", "evidence": [{"label": "Two-factor login", "content": "When all recovery codes are lost, an administrator of the organisation can reset two-factor login; for personal accounts an identity check of two working days is needed.", "freshness": "fresh", "confidence": 0.95}, {"label": "Invoices", "content": "Invoices are sent on the first working day of the month and can be downloaded under Account, Billing, for seven years.", "freshness": "fresh", "confidence": 0.98}, {"label": "Single sign-on", "content": "Guests cannot sign in through the organisation's identity provider.", "freshness": "ageing", "confidence": 0.72}, {"label": "Two-factor login", "content": "Ten recovery codes are shown when two-factor login is switched on; each works once.", "freshness": "fresh", "confidence": 0.96}, {"label": "Encryption", "content": "Files are encrypted at rest with AES-256, with a key per organisation that is rotated every 90 days.", "freshness": "fresh", "confidence": 0.98}, {"label": "Deleted files", "content": "Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.", "freshness": "fresh", "confidence": 0.98}], "proposal": "We can reset it after an identity check.", "confidence": 0.71}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The tone fits, and the answer says what to do next.", "severity": 0}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague. Give the next step first, then the reason. Write two to four sentences, without greeting or apology. Answer in the language of the customer. When two notes differ, follow the fresher one and never quote a note marked stale. Limits and periods depend on the plan: name the plan each number belongs to.", "reviewer": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note. Object at most twice, most serious point first. For every number in the answer, find it in a note that is not stale."}, "category": "accounts", "learning": {"decision": "accepted", "proposal": "silent list of product, plan and platform"}, "revised_answer": "We can reset it after an identity check."}	mutation	4387	harbour-helpdesk/qa/training/2026-W38
quarry-review	2026-09-14 09:22:38.418242+00	01a09f39-c4d2-73df-9335-ffbe11ca8fc2	review	01a1fe99-37c6-73c7-a612-d95392646ffc	01a1fe99-37c7-7e55-ad11-646258173c76	training	Draft PR 64394: `for _ in range(5): requests.post(url, json=charge)` in billing/charge.py	Approve.	Refuse: no timeout, no idempotency key, and a charge may be made five times.	0	{"agreed": false, "rounds": 2, "outcome": "wrong", "cost_usd": 0.00095, "evidence": 6, "prompt_tokens": 1528, "profile_version": 5, "completion_tokens": 212}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "The question is narrow, so I answered from the most trusted note and used the others only to check it.", "evidence": [{"label": "Refunds", "content": "A refund points at the charge it reverses; partial refunds may not add up to more than the charge.", "freshness": "fresh", "confidence": 0.89}, {"label": "Webhooks", "content": "A webhook is answered only after its signature and a timestamp of at most five minutes were checked on the raw body.", "freshness": "fresh", "confidence": 0.98}], "proposal": "Approve.", "confidence": 0.88}, "reviewer": {"verdict": "revise", "objections": [{"kind": "wrong", "text": "The note quoted says something else: read its last clause again.", "severity": 3}, {"kind": "form", "text": "Say what is certain first, and what is inferred after it.", "severity": 1}]}}, {"round": 2, "worker": {"doubt": null, "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "Async", "content": "A task made with create_task and not kept may be collected before it ends; the TaskGroup keeps it.", "freshness": "fresh", "confidence": 0.9}, {"label": "Webhooks", "content": "A webhook is answered only after its signature and a timestamp of at most five minutes were checked on the raw body.", "freshness": "fresh", "confidence": 0.98}, {"label": "Retries", "content": "Calls to the payment gateway are retried only on connection errors and 503, at most three times, with the same idempotency key.", "freshness": "fresh", "confidence": 0.97}, {"label": "Timeouts", "content": "Every outgoing HTTP call sets a timeout; the house default is 5 seconds to connect and 20 to read.", "freshness": "fresh", "confidence": 0.97}], "proposal": "Approve.", "confidence": 0.71}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "wrong", "text": "Nothing in the notes supports this sentence; it reads like general knowledge.", "severity": 3}]}}], "prompts": {"worker": "You review changes to Quarry, a billing platform written in Python. Say approve, ask for changes, or refuse, with reasons. Look in this order: money and double charges, security, locks and transactions, concurrency, tests, style. Quote the house rule that each remark rests on; a remark without a rule is a wish and is marked so. Name every reason to refuse, not only the first. Show the corrected line.", "reviewer": "You are the second reviewer. Look for a defect that the first review missed. Object to remarks on style when a defect is left unnamed. Object when a remark cites a rule that does not exist."}, "category": "errors", "learning": {"decision": "accepted", "proposal": "hotfixes by the short rules of version 2"}, "revised_answer": "Approve."}	merge	7570	quarry-review/review/training/2026-W38
harbour-helpdesk	2026-09-15 10:04:07.867183+00	01a0a486-1d3b-72ed-81ee-808b775282c3	triage	01a1fe99-37a6-7b45-ae89-6f935c235a33	\N	validation	Ticket 80974, reopened. All documents in the accounting folder now end in .locked and there is a ransom note. Regards, the IT team.	priority 1, security team	priority 1, security team at once; mention Rewind folder	0.485	{"agreed": false, "rounds": 1, "outcome": "partial", "cost_usd": 0.000574, "evidence": 7, "prompt_tokens": 846, "profile_version": 5, "completion_tokens": 147}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "Incidents", "content": "Suspected account takeovers go to the security team at once with priority 1, before any reply to the customer.", "freshness": "fresh", "confidence": 0.97}, {"label": "Shared links", "content": "Downloads through one shared link are limited to 200 GB a day on the Team plan.", "freshness": "ageing", "confidence": 0.77}, {"label": "Plans", "content": "Moving from Team to Business takes effect at once, and the unused part of the month is credited.", "freshness": "fresh", "confidence": 0.99}, {"label": "Ransomware", "content": "After a ransomware attack, 'Rewind folder' takes a folder back to any moment of the last 30 days in one step.", "freshness": "fresh", "confidence": 0.93}, {"label": "Sprachen", "content": "Anfragen auf Deutsch beantwortet das Team in Hamburg werktags von 8 bis 18 Uhr.", "freshness": "fresh", "confidence": 0.89}, {"label": "Plans", "content": "The Team plan starts at three seats; single seats exist only on the Personal plan.", "freshness": "fresh", "confidence": 0.99}, {"label": "Deleted files", "content": "Deleted files can be restored for 30 days on Personal and Team, and for 180 days on Business.", "freshness": "fresh", "confidence": 0.98}], "proposal": "priority 1, security team", "confidence": 0.64}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "incomplete", "text": "It answers whether, but the question asks how.", "severity": 2}]}}], "prompts": {"worker": "You sort tickets of a support desk. Priority 1: data loss, security incidents, outage of a whole organisation. Priority 2: one person cannot work. Priority 3: everything else. Choose the queue by what the ticket is about, not by who should hurry. Invoices, VAT and refunds go to billing; SAML and OpenID to identity. Give priority, queue and the reason in five words. Capital letters and exclamation marks say nothing about priority. Name the language of the answer and the team that gives it when the ticket is not in English.", "reviewer": "You check how tickets were sorted. Ask what would happen if the ticket waited a day; object when the priority does not say so."}, "category": "triage", "learning": null, "revised_answer": "priority 1, security team"}	\N	2379	harbour-helpdesk/triage/validation/2026-09-15
lumen-trials	2026-09-17 11:27:43.591267+00	01a0af1f-5de7-7445-97d6-193402513434	summarise	01a1fe99-37b4-74ca-8532-f1c5e6024d91	\N	training	Write the abstract for HELIX-CKD in at most 60 words.	Dapiroxat saves lives in chronic kidney disease (hazard ratio 0.66).	Dapiroxat met its primary endpoint: kidney failure or halved filtration in 9.8 against 13.1 percent over 2.3 years (hazard ratio 0.73, 95 % interval 0.60 to 0.89). Deaths did not differ; hyperkalaemia stopped treatment in 4.4 against 1.6 percent.	0	{"agreed": false, "rounds": 1, "outcome": "wrong", "cost_usd": 0.000414, "evidence": 2, "prompt_tokens": 698, "profile_version": 4, "completion_tokens": 84}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "The wording of the question suggests a wrong premise, so I state the premise before the answer.", "evidence": [{"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}, {"label": "MERIDIAN", "content": "The primary endpoint occurred in 22.4 percent on norasimab and 24.1 percent on standard care in MERIDIAN (hazard ratio 0.92, 95 % interval 0.74 to 1.14).", "freshness": "fresh", "confidence": 0.97}], "proposal": "Dapiroxat saves lives in chronic kidney disease (hazard ratio 0.66).", "confidence": 0.71}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "wrong", "text": "Nothing in the notes supports this sentence; it reads like general knowledge.", "severity": 3}]}}], "prompts": {"worker": "You write summaries of clinical trials for clinicians. Order: primary endpoint and whether it was met, effect with interval, harms, one limitation. Harms get a sentence of their own, also when none were found. For lay readers give numbers of people out of 100 and leave out hazard ratios. Stay below 70 words.", "reviewer": "You edit summaries of clinical trials. Object to anything that a reader could misunderstand. Object when harms are missing or are called 'well tolerated' without numbers. Count the words; above 70 the summary goes back."}, "category": "result", "learning": null, "revised_answer": "Dapiroxat saves lives in chronic kidney disease (hazard ratio 0.66)."}	reflection	1975	lumen-trials/summarise/training/2026-W38
lumen-trials	2026-09-21 17:27:58.459607+00	01a0c502-9efb-79b6-bc83-7b3dc06d80ca	qa	01a1fe99-37aa-7841-91b0-5050c47c730f	\N	training	From the guideline group: How often did brevoterol cause tremor?	In 8 percent, whatever the dose.	In 3, 5, 8 and 16 percent with placebo, 50, 100 and 200 micrograms.	0	{"agreed": false, "rounds": 1, "outcome": "wrong", "cost_usd": 0.000589, "evidence": 3, "prompt_tokens": 604, "profile_version": 2, "completion_tokens": 217}	{"agreed": false, "rounds": [{"round": 1, "worker": {"doubt": "I could not find a second note that confirms it.", "approach": "No note answers this word for word; I combined 3 of them and marked what is inferred.", "evidence": [{"label": "LANTERN", "content": "Complete vaccination at 18 months was 87.9 percent with reminders and 84.2 percent without in LANTERN (adjusted risk difference 3.5 points, 95 % interval 1.1 to 5.9).", "freshness": "fresh", "confidence": 0.96}, {"label": "COPPERFIELD", "content": "Dans COPPERFIELD, les tremblements augmentaient avec la dose de brévotérol, de 3 % sous placebo à 16 % sous 200 microgrammes.", "freshness": "fresh", "confidence": 0.9}, {"label": "COPPERFIELD", "content": "COPPERFIELD gives no reason to prefer 200 over 100 micrograms: the gain was 6 ml with more tremor.", "freshness": "fresh", "confidence": 0.84}], "proposal": "In 8 percent, whatever the dose.", "confidence": 0.35}, "reviewer": {"verdict": "no agreement after the last round", "objections": [{"kind": "wrong", "text": "The effect is claimed for the whole, but the note speaks of a part only.", "severity": 3}]}}], "prompts": {"worker": "You answer questions on clinical trials. Use the trial notes. Give every effect with the numbers of both arms and its 95 percent interval.", "reviewer": "You are a statistician who checks answers on clinical trials. Object to a relative effect without absolute numbers and to a p value without an interval."}, "category": "safety", "learning": null, "revised_answer": "In 8 percent, whatever the dose."}	reflection	2898	lumen-trials/qa/training/2026-W39
harbour-helpdesk	2026-09-24 10:23:02.456055+00	01a0d2f0-a938-70e1-a3d5-a2fe378c3408	qa	01a1fe99-3799-7cd8-8828-5ea14f657a63	\N	evaluation	A customer on the Team plan asks: My client shows error HB-212 and nothing syncs. What now?	Your computer's clock is more than five minutes off. Correct the time and sync will go on by itself.	Your computer's clock is more than five minutes off. Correct the time and sync will go on by itself.	1	{"agreed": true, "rounds": 1, "outcome": "right", "cost_usd": 0.000599, "evidence": 5, "prompt_tokens": 810, "profile_version": 5, "completion_tokens": 172}	{"agreed": true, "rounds": [{"round": 1, "worker": {"doubt": null, "approach": "No note answers this word for word; I combined 5 of them and marked what is inferred.", "evidence": [{"label": "Desktop client", "content": "Error HB-212 means that the clock of the computer is more than five minutes off, so signed requests are refused.", "freshness": "fresh", "confidence": 0.93}, {"label": "Mot de passe", "content": "Le lien de réinitialisation du mot de passe est valable une seule fois, pendant soixante minutes.", "freshness": "fresh", "confidence": 0.96}, {"label": "Password", "content": "A password reset link works once and for 60 minutes.", "freshness": "fresh", "confidence": 0.99}, {"label": "Desktop client", "content": "Paths longer than 255 characters are skipped on Windows and listed in the sync report.", "freshness": "fresh", "confidence": 0.86}, {"label": "Desktop client", "content": "The desktop client uploads files up to 20 GB.", "freshness": "stale", "confidence": 0.6}], "proposal": "Your computer's clock is more than five minutes off. Correct the time and sync will go on by itself.", "confidence": 0.57}, "reviewer": {"verdict": "accept", "objections": [{"kind": "accepted", "text": "The answer is right and rests on a fresh note; I would only shorten the second half.", "severity": 0}]}}], "prompts": {"worker": "You answer customers of Harbour, a file synchronisation service. Answer from the notes you are given and from nothing else; when they do not hold the answer, say so and offer to ask a colleague. Give the next step first, then the reason. Write two to four sentences, without greeting or apology. Answer in the language of the customer. When two notes differ, follow the fresher one and never quote a note marked stale. Limits and periods depend on the plan: name the plan each number belongs to.", "reviewer": "You check answers of a support desk before they are sent. Object when a sentence of the answer is not borne out by a note. Object at most twice, most serious point first. For every number in the answer, find it in a note that is not stale."}, "category": "sync", "learning": null, "revised_answer": "Your computer's clock is more than five minutes off. Correct the time and sync will go on by itself."}	\N	2776	harbour-helpdesk/qa/evaluation/2026-09-24
\.


--
-- Data for Name: hegel_training_steps_2026_11; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_training_steps_2026_11 (corpus_id, created_at, id, task_type, old_profile_id, new_profile_id, step_type, query, predicted_answer, gold_answer, reward, metrics, debate_trace, optimization_strategy, processing_time_ms, run_id) FROM stdin;
exercised	2026-11-21 14:53:36.978068+00	01a1fe99-3952-7116-b2f4-0f8ea98e2430	qa	01a1fe99-3931-7c3f-8156-0debbf649545	\N	training	Where do hedgehogs sleep, 0?	In leaves.	\N	0	{}	{"turns": [0]}	\N	\N	\N
exercised	2026-11-21 14:53:36.978125+00	01a1fe99-3952-7200-81b4-461822e47a23	qa	01a1fe99-3931-7c3f-8156-0debbf649545	\N	training	Where do hedgehogs sleep, 1?	In leaves.	\N	\N	{}	{"turns": [1]}	\N	\N	\N
exercised	2026-11-21 14:53:36.978154+00	01a1fe99-3952-7276-87a5-c53ebeef88bc	qa	01a1fe99-3931-7c3f-8156-0debbf649545	\N	training	Where do hedgehogs sleep, 2?	In leaves.	\N	1	{}	{"turns": [2]}	\N	\N	\N
\.


--
-- Data for Name: hegel_training_steps_2026_12; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.hegel_training_steps_2026_12 (corpus_id, created_at, id, task_type, old_profile_id, new_profile_id, step_type, query, predicted_answer, gold_answer, reward, metrics, debate_trace, optimization_strategy, processing_time_ms, run_id) FROM stdin;
\.


--
-- Name: hegel_store_version hegel_store_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_store_version
    ADD CONSTRAINT hegel_store_version_pkc PRIMARY KEY (version_num);


--
-- Name: hegel_training_steps pk_hegel_training_steps; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_training_steps
    ADD CONSTRAINT pk_hegel_training_steps PRIMARY KEY (corpus_id, created_at, id);


--
-- Name: hegel_training_steps_2026_07 hegel_training_steps_2026_07_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_training_steps_2026_07
    ADD CONSTRAINT hegel_training_steps_2026_07_pkey PRIMARY KEY (corpus_id, created_at, id);


--
-- Name: hegel_training_steps_2026_08 hegel_training_steps_2026_08_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_training_steps_2026_08
    ADD CONSTRAINT hegel_training_steps_2026_08_pkey PRIMARY KEY (corpus_id, created_at, id);


--
-- Name: hegel_training_steps_2026_09 hegel_training_steps_2026_09_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_training_steps_2026_09
    ADD CONSTRAINT hegel_training_steps_2026_09_pkey PRIMARY KEY (corpus_id, created_at, id);


--
-- Name: hegel_training_steps_2026_11 hegel_training_steps_2026_11_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_training_steps_2026_11
    ADD CONSTRAINT hegel_training_steps_2026_11_pkey PRIMARY KEY (corpus_id, created_at, id);


--
-- Name: hegel_training_steps_2026_12 hegel_training_steps_2026_12_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_training_steps_2026_12
    ADD CONSTRAINT hegel_training_steps_2026_12_pkey PRIMARY KEY (corpus_id, created_at, id);


--
-- Name: hegel_embedding_spaces pk_hegel_embedding_spaces; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_embedding_spaces
    ADD CONSTRAINT pk_hegel_embedding_spaces PRIMARY KEY (corpus_id, slot);


--
-- Name: hegel_facts pk_hegel_facts; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_facts
    ADD CONSTRAINT pk_hegel_facts PRIMARY KEY (corpus_id, id);


--
-- Name: hegel_labels pk_hegel_labels; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_labels
    ADD CONSTRAINT pk_hegel_labels PRIMARY KEY (corpus_id, id);


--
-- Name: hegel_profile_alias_moves pk_hegel_profile_alias_moves; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_profile_alias_moves
    ADD CONSTRAINT pk_hegel_profile_alias_moves PRIMARY KEY (corpus_id, id);


--
-- Name: hegel_profile_aliases pk_hegel_profile_aliases; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_profile_aliases
    ADD CONSTRAINT pk_hegel_profile_aliases PRIMARY KEY (corpus_id, task_type, alias);


--
-- Name: hegel_profile_parents pk_hegel_profile_parents; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_profile_parents
    ADD CONSTRAINT pk_hegel_profile_parents PRIMARY KEY (corpus_id, profile_id, parent_id);


--
-- Name: hegel_profile_populations pk_hegel_profile_populations; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_profile_populations
    ADD CONSTRAINT pk_hegel_profile_populations PRIMARY KEY (corpus_id, task_type, population, island, profile_id);


--
-- Name: hegel_prompt_profiles pk_hegel_prompt_profiles; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_prompt_profiles
    ADD CONSTRAINT pk_hegel_prompt_profiles PRIMARY KEY (corpus_id, id);


--
-- Name: hegel_scopes pk_hegel_scopes; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_scopes
    ADD CONSTRAINT pk_hegel_scopes PRIMARY KEY (corpus_id, task_type);


--
-- Name: hegel_prompt_profiles uq_hegel_prompt_profiles_corpus_id_task_type_version; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_prompt_profiles
    ADD CONSTRAINT uq_hegel_prompt_profiles_corpus_id_task_type_version UNIQUE (corpus_id, task_type, version);


--
-- Name: idx_hegel_training_steps_new_profile; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_training_steps_new_profile ON ONLY public.hegel_training_steps USING btree (corpus_id, new_profile_id) WHERE (new_profile_id IS NOT NULL);


--
-- Name: hegel_training_steps_2026_07_corpus_id_new_profile_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_07_corpus_id_new_profile_id_idx ON public.hegel_training_steps_2026_07 USING btree (corpus_id, new_profile_id) WHERE (new_profile_id IS NOT NULL);


--
-- Name: idx_hegel_training_steps_old_profile; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_training_steps_old_profile ON ONLY public.hegel_training_steps USING btree (corpus_id, old_profile_id);


--
-- Name: hegel_training_steps_2026_07_corpus_id_old_profile_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_07_corpus_id_old_profile_id_idx ON public.hegel_training_steps_2026_07 USING btree (corpus_id, old_profile_id);


--
-- Name: idx_hegel_training_steps_corpus_task_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_training_steps_corpus_task_created ON ONLY public.hegel_training_steps USING btree (corpus_id, task_type, created_at DESC, id DESC);


--
-- Name: hegel_training_steps_2026_07_corpus_id_task_type_created_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_07_corpus_id_task_type_created_at_idx ON public.hegel_training_steps_2026_07 USING btree (corpus_id, task_type, created_at DESC, id DESC);


--
-- Name: idx_hegel_training_steps_query_fts; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_training_steps_query_fts ON ONLY public.hegel_training_steps USING gin (to_tsvector('english'::regconfig, "left"(query, 100000)));


--
-- Name: hegel_training_steps_2026_07_to_tsvector_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_07_to_tsvector_idx ON public.hegel_training_steps_2026_07 USING gin (to_tsvector('english'::regconfig, "left"(query, 100000)));


--
-- Name: idx_hegel_training_steps_answers_fts; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_training_steps_answers_fts ON ONLY public.hegel_training_steps USING gin (to_tsvector('english'::regconfig, (("left"(predicted_answer, 50000) || ' '::text) || "left"(COALESCE(gold_answer, ''::text), 50000))));


--
-- Name: hegel_training_steps_2026_07_to_tsvector_idx1; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_07_to_tsvector_idx1 ON public.hegel_training_steps_2026_07 USING gin (to_tsvector('english'::regconfig, (("left"(predicted_answer, 50000) || ' '::text) || "left"(COALESCE(gold_answer, ''::text), 50000))));


--
-- Name: hegel_training_steps_2026_08_corpus_id_new_profile_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_08_corpus_id_new_profile_id_idx ON public.hegel_training_steps_2026_08 USING btree (corpus_id, new_profile_id) WHERE (new_profile_id IS NOT NULL);


--
-- Name: hegel_training_steps_2026_08_corpus_id_old_profile_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_08_corpus_id_old_profile_id_idx ON public.hegel_training_steps_2026_08 USING btree (corpus_id, old_profile_id);


--
-- Name: hegel_training_steps_2026_08_corpus_id_task_type_created_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_08_corpus_id_task_type_created_at_idx ON public.hegel_training_steps_2026_08 USING btree (corpus_id, task_type, created_at DESC, id DESC);


--
-- Name: hegel_training_steps_2026_08_to_tsvector_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_08_to_tsvector_idx ON public.hegel_training_steps_2026_08 USING gin (to_tsvector('english'::regconfig, "left"(query, 100000)));


--
-- Name: hegel_training_steps_2026_08_to_tsvector_idx1; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_08_to_tsvector_idx1 ON public.hegel_training_steps_2026_08 USING gin (to_tsvector('english'::regconfig, (("left"(predicted_answer, 50000) || ' '::text) || "left"(COALESCE(gold_answer, ''::text), 50000))));


--
-- Name: hegel_training_steps_2026_09_corpus_id_new_profile_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_09_corpus_id_new_profile_id_idx ON public.hegel_training_steps_2026_09 USING btree (corpus_id, new_profile_id) WHERE (new_profile_id IS NOT NULL);


--
-- Name: hegel_training_steps_2026_09_corpus_id_old_profile_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_09_corpus_id_old_profile_id_idx ON public.hegel_training_steps_2026_09 USING btree (corpus_id, old_profile_id);


--
-- Name: hegel_training_steps_2026_09_corpus_id_task_type_created_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_09_corpus_id_task_type_created_at_idx ON public.hegel_training_steps_2026_09 USING btree (corpus_id, task_type, created_at DESC, id DESC);


--
-- Name: hegel_training_steps_2026_09_to_tsvector_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_09_to_tsvector_idx ON public.hegel_training_steps_2026_09 USING gin (to_tsvector('english'::regconfig, "left"(query, 100000)));


--
-- Name: hegel_training_steps_2026_09_to_tsvector_idx1; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_09_to_tsvector_idx1 ON public.hegel_training_steps_2026_09 USING gin (to_tsvector('english'::regconfig, (("left"(predicted_answer, 50000) || ' '::text) || "left"(COALESCE(gold_answer, ''::text), 50000))));


--
-- Name: hegel_training_steps_2026_11_corpus_id_new_profile_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_11_corpus_id_new_profile_id_idx ON public.hegel_training_steps_2026_11 USING btree (corpus_id, new_profile_id) WHERE (new_profile_id IS NOT NULL);


--
-- Name: hegel_training_steps_2026_11_corpus_id_old_profile_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_11_corpus_id_old_profile_id_idx ON public.hegel_training_steps_2026_11 USING btree (corpus_id, old_profile_id);


--
-- Name: hegel_training_steps_2026_11_corpus_id_task_type_created_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_11_corpus_id_task_type_created_at_idx ON public.hegel_training_steps_2026_11 USING btree (corpus_id, task_type, created_at DESC, id DESC);


--
-- Name: hegel_training_steps_2026_11_to_tsvector_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_11_to_tsvector_idx ON public.hegel_training_steps_2026_11 USING gin (to_tsvector('english'::regconfig, "left"(query, 100000)));


--
-- Name: hegel_training_steps_2026_11_to_tsvector_idx1; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_11_to_tsvector_idx1 ON public.hegel_training_steps_2026_11 USING gin (to_tsvector('english'::regconfig, (("left"(predicted_answer, 50000) || ' '::text) || "left"(COALESCE(gold_answer, ''::text), 50000))));


--
-- Name: hegel_training_steps_2026_12_corpus_id_new_profile_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_12_corpus_id_new_profile_id_idx ON public.hegel_training_steps_2026_12 USING btree (corpus_id, new_profile_id) WHERE (new_profile_id IS NOT NULL);


--
-- Name: hegel_training_steps_2026_12_corpus_id_old_profile_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_12_corpus_id_old_profile_id_idx ON public.hegel_training_steps_2026_12 USING btree (corpus_id, old_profile_id);


--
-- Name: hegel_training_steps_2026_12_corpus_id_task_type_created_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_12_corpus_id_task_type_created_at_idx ON public.hegel_training_steps_2026_12 USING btree (corpus_id, task_type, created_at DESC, id DESC);


--
-- Name: hegel_training_steps_2026_12_to_tsvector_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_12_to_tsvector_idx ON public.hegel_training_steps_2026_12 USING gin (to_tsvector('english'::regconfig, "left"(query, 100000)));


--
-- Name: hegel_training_steps_2026_12_to_tsvector_idx1; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hegel_training_steps_2026_12_to_tsvector_idx1 ON public.hegel_training_steps_2026_12 USING gin (to_tsvector('english'::regconfig, (("left"(predicted_answer, 50000) || ' '::text) || "left"(COALESCE(gold_answer, ''::text), 50000))));


--
-- Name: idx_hegel_facts_by_category; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_by_category ON public.hegel_facts USING btree (category, created_at DESC);


--
-- Name: idx_hegel_facts_content_fts; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_content_fts ON public.hegel_facts USING gin (content_tsv);


--
-- Name: idx_hegel_facts_content_hash; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX idx_hegel_facts_content_hash ON public.hegel_facts USING btree (corpus_id, content_hash) WHERE (deleted_at IS NULL);


--
-- Name: idx_hegel_facts_corpus_category_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_corpus_category_created ON public.hegel_facts USING btree (corpus_id, category, created_at DESC, id);


--
-- Name: idx_hegel_facts_corpus_freshness; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_corpus_freshness ON public.hegel_facts USING btree (corpus_id, freshness);


--
-- Name: idx_hegel_facts_corpus_intent_confidence; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_corpus_intent_confidence ON public.hegel_facts USING btree (corpus_id, intent, confidence DESC);


--
-- Name: idx_hegel_facts_embedding_1024; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_embedding_1024 ON public.hegel_facts USING hnsw (embedding_1024 public.halfvec_cosine_ops) WITH (m='16', ef_construction='64') WHERE (deleted_at IS NULL);


--
-- Name: idx_hegel_facts_embedding_1536; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_embedding_1536 ON public.hegel_facts USING hnsw (embedding_1536 public.halfvec_cosine_ops) WITH (m='16', ef_construction='64') WHERE (deleted_at IS NULL);


--
-- Name: idx_hegel_facts_embedding_384; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_embedding_384 ON public.hegel_facts USING hnsw (embedding_384 public.halfvec_cosine_ops) WITH (m='16', ef_construction='64') WHERE (deleted_at IS NULL);


--
-- Name: idx_hegel_facts_embedding_768; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_embedding_768 ON public.hegel_facts USING hnsw (embedding_768 public.halfvec_cosine_ops) WITH (m='16', ef_construction='64') WHERE (deleted_at IS NULL);


--
-- Name: idx_hegel_facts_high_confidence; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_high_confidence ON public.hegel_facts USING btree (confidence DESC) WHERE ((confidence >= (0.5)::double precision) AND (deleted_at IS NULL));


--
-- Name: idx_hegel_facts_label; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_label ON public.hegel_facts USING btree (corpus_id, label_id) WHERE (label_id IS NOT NULL);


--
-- Name: idx_hegel_facts_listing; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_listing ON public.hegel_facts USING btree (corpus_id, created_at DESC, id) INCLUDE (category, intent, confidence) WHERE ((freshness <> 'stale'::text) AND (deleted_at IS NULL));


--
-- Name: idx_hegel_facts_profile; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_facts_profile ON public.hegel_facts USING btree (corpus_id, profile_id) WHERE (profile_id IS NOT NULL);


--
-- Name: idx_hegel_labels_embedding; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_labels_embedding ON public.hegel_labels USING hnsw (embedding public.halfvec_cosine_ops) WITH (m='16', ef_construction='64') WHERE (deleted_at IS NULL);


--
-- Name: idx_hegel_labels_name_kind; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX idx_hegel_labels_name_kind ON public.hegel_labels USING btree (corpus_id, name, kind) WHERE (deleted_at IS NULL);


--
-- Name: idx_hegel_profile_alias_moves_alias; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_profile_alias_moves_alias ON public.hegel_profile_alias_moves USING btree (corpus_id, task_type, alias, moved_at DESC);


--
-- Name: idx_hegel_profile_alias_moves_from; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_profile_alias_moves_from ON public.hegel_profile_alias_moves USING btree (corpus_id, from_profile_id);


--
-- Name: idx_hegel_profile_alias_moves_to; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_profile_alias_moves_to ON public.hegel_profile_alias_moves USING btree (corpus_id, to_profile_id);


--
-- Name: idx_hegel_profile_aliases_profile; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_profile_aliases_profile ON public.hegel_profile_aliases USING btree (corpus_id, profile_id);


--
-- Name: idx_hegel_profile_parents_parent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_profile_parents_parent ON public.hegel_profile_parents USING btree (corpus_id, parent_id);


--
-- Name: idx_hegel_profile_populations_corpus_task; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_profile_populations_corpus_task ON public.hegel_profile_populations USING btree (corpus_id, task_type);


--
-- Name: idx_hegel_profile_populations_fitness; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_profile_populations_fitness ON public.hegel_profile_populations USING btree (corpus_id, task_type, population, fitness_score DESC NULLS LAST, profile_id) INCLUDE (island, generation) WHERE (evicted_at IS NULL);


--
-- Name: idx_hegel_profile_populations_profile; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_profile_populations_profile ON public.hegel_profile_populations USING btree (corpus_id, profile_id);


--
-- Name: idx_hegel_prompt_profiles_base; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_prompt_profiles_base ON public.hegel_prompt_profiles USING btree (corpus_id, base_profile_id);


--
-- Name: idx_hegel_prompt_profiles_corpus_task_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_prompt_profiles_corpus_task_created ON public.hegel_prompt_profiles USING btree (corpus_id, task_type, created_at DESC, version DESC);


--
-- Name: idx_hegel_prompt_profiles_profile_gin; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_prompt_profiles_profile_gin ON public.hegel_prompt_profiles USING gin (profile jsonb_path_ops);


--
-- Name: idx_hegel_prompt_profiles_reviewer_prompt; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_prompt_profiles_reviewer_prompt ON public.hegel_prompt_profiles USING gin (to_tsvector('english'::regconfig, "left"((profile #>> '{reviewer,system_prompt}'::text[]), 100000)));


--
-- Name: idx_hegel_prompt_profiles_source_fts; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_prompt_profiles_source_fts ON public.hegel_prompt_profiles USING gin (public.hegel_source_tsvector(source));


--
-- Name: idx_hegel_prompt_profiles_worker_prompt; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_hegel_prompt_profiles_worker_prompt ON public.hegel_prompt_profiles USING gin (to_tsvector('english'::regconfig, "left"((profile #>> '{worker,system_prompt}'::text[]), 100000)));


--
-- Name: hegel_training_steps_2026_07_corpus_id_new_profile_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_new_profile ATTACH PARTITION public.hegel_training_steps_2026_07_corpus_id_new_profile_id_idx;


--
-- Name: hegel_training_steps_2026_07_corpus_id_old_profile_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_old_profile ATTACH PARTITION public.hegel_training_steps_2026_07_corpus_id_old_profile_id_idx;


--
-- Name: hegel_training_steps_2026_07_corpus_id_task_type_created_at_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_corpus_task_created ATTACH PARTITION public.hegel_training_steps_2026_07_corpus_id_task_type_created_at_idx;


--
-- Name: hegel_training_steps_2026_07_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.pk_hegel_training_steps ATTACH PARTITION public.hegel_training_steps_2026_07_pkey;


--
-- Name: hegel_training_steps_2026_07_to_tsvector_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_query_fts ATTACH PARTITION public.hegel_training_steps_2026_07_to_tsvector_idx;


--
-- Name: hegel_training_steps_2026_07_to_tsvector_idx1; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_answers_fts ATTACH PARTITION public.hegel_training_steps_2026_07_to_tsvector_idx1;


--
-- Name: hegel_training_steps_2026_08_corpus_id_new_profile_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_new_profile ATTACH PARTITION public.hegel_training_steps_2026_08_corpus_id_new_profile_id_idx;


--
-- Name: hegel_training_steps_2026_08_corpus_id_old_profile_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_old_profile ATTACH PARTITION public.hegel_training_steps_2026_08_corpus_id_old_profile_id_idx;


--
-- Name: hegel_training_steps_2026_08_corpus_id_task_type_created_at_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_corpus_task_created ATTACH PARTITION public.hegel_training_steps_2026_08_corpus_id_task_type_created_at_idx;


--
-- Name: hegel_training_steps_2026_08_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.pk_hegel_training_steps ATTACH PARTITION public.hegel_training_steps_2026_08_pkey;


--
-- Name: hegel_training_steps_2026_08_to_tsvector_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_query_fts ATTACH PARTITION public.hegel_training_steps_2026_08_to_tsvector_idx;


--
-- Name: hegel_training_steps_2026_08_to_tsvector_idx1; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_answers_fts ATTACH PARTITION public.hegel_training_steps_2026_08_to_tsvector_idx1;


--
-- Name: hegel_training_steps_2026_09_corpus_id_new_profile_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_new_profile ATTACH PARTITION public.hegel_training_steps_2026_09_corpus_id_new_profile_id_idx;


--
-- Name: hegel_training_steps_2026_09_corpus_id_old_profile_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_old_profile ATTACH PARTITION public.hegel_training_steps_2026_09_corpus_id_old_profile_id_idx;


--
-- Name: hegel_training_steps_2026_09_corpus_id_task_type_created_at_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_corpus_task_created ATTACH PARTITION public.hegel_training_steps_2026_09_corpus_id_task_type_created_at_idx;


--
-- Name: hegel_training_steps_2026_09_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.pk_hegel_training_steps ATTACH PARTITION public.hegel_training_steps_2026_09_pkey;


--
-- Name: hegel_training_steps_2026_09_to_tsvector_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_query_fts ATTACH PARTITION public.hegel_training_steps_2026_09_to_tsvector_idx;


--
-- Name: hegel_training_steps_2026_09_to_tsvector_idx1; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_answers_fts ATTACH PARTITION public.hegel_training_steps_2026_09_to_tsvector_idx1;


--
-- Name: hegel_training_steps_2026_11_corpus_id_new_profile_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_new_profile ATTACH PARTITION public.hegel_training_steps_2026_11_corpus_id_new_profile_id_idx;


--
-- Name: hegel_training_steps_2026_11_corpus_id_old_profile_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_old_profile ATTACH PARTITION public.hegel_training_steps_2026_11_corpus_id_old_profile_id_idx;


--
-- Name: hegel_training_steps_2026_11_corpus_id_task_type_created_at_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_corpus_task_created ATTACH PARTITION public.hegel_training_steps_2026_11_corpus_id_task_type_created_at_idx;


--
-- Name: hegel_training_steps_2026_11_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.pk_hegel_training_steps ATTACH PARTITION public.hegel_training_steps_2026_11_pkey;


--
-- Name: hegel_training_steps_2026_11_to_tsvector_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_query_fts ATTACH PARTITION public.hegel_training_steps_2026_11_to_tsvector_idx;


--
-- Name: hegel_training_steps_2026_11_to_tsvector_idx1; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_answers_fts ATTACH PARTITION public.hegel_training_steps_2026_11_to_tsvector_idx1;


--
-- Name: hegel_training_steps_2026_12_corpus_id_new_profile_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_new_profile ATTACH PARTITION public.hegel_training_steps_2026_12_corpus_id_new_profile_id_idx;


--
-- Name: hegel_training_steps_2026_12_corpus_id_old_profile_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_old_profile ATTACH PARTITION public.hegel_training_steps_2026_12_corpus_id_old_profile_id_idx;


--
-- Name: hegel_training_steps_2026_12_corpus_id_task_type_created_at_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_corpus_task_created ATTACH PARTITION public.hegel_training_steps_2026_12_corpus_id_task_type_created_at_idx;


--
-- Name: hegel_training_steps_2026_12_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.pk_hegel_training_steps ATTACH PARTITION public.hegel_training_steps_2026_12_pkey;


--
-- Name: hegel_training_steps_2026_12_to_tsvector_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_query_fts ATTACH PARTITION public.hegel_training_steps_2026_12_to_tsvector_idx;


--
-- Name: hegel_training_steps_2026_12_to_tsvector_idx1; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.idx_hegel_training_steps_answers_fts ATTACH PARTITION public.hegel_training_steps_2026_12_to_tsvector_idx1;


--
-- Name: hegel_prompt_profiles hegel_prompt_profiles_immutable; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER hegel_prompt_profiles_immutable AFTER UPDATE OF corpus_id, id, task_type, version, base_profile_id, source, created_at ON public.hegel_prompt_profiles FOR EACH ROW WHEN (((old.corpus_id IS DISTINCT FROM new.corpus_id) OR (old.id IS DISTINCT FROM new.id) OR (old.task_type IS DISTINCT FROM new.task_type) OR (old.version IS DISTINCT FROM new.version) OR (old.base_profile_id IS DISTINCT FROM new.base_profile_id) OR (old.source IS DISTINCT FROM new.source) OR (old.created_at IS DISTINCT FROM new.created_at))) EXECUTE FUNCTION public.hegel_refuse_profile_change();


--
-- Name: hegel_prompt_profiles hegel_prompt_profiles_number; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER hegel_prompt_profiles_number BEFORE INSERT ON public.hegel_prompt_profiles FOR EACH ROW EXECUTE FUNCTION public.hegel_number_profile();


--
-- Name: hegel_facts fk_hegel_facts_corpus_id_label_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_facts
    ADD CONSTRAINT fk_hegel_facts_corpus_id_label_id FOREIGN KEY (corpus_id, label_id) REFERENCES public.hegel_labels(corpus_id, id) ON DELETE SET NULL (label_id);


--
-- Name: hegel_facts fk_hegel_facts_corpus_id_profile_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_facts
    ADD CONSTRAINT fk_hegel_facts_corpus_id_profile_id FOREIGN KEY (corpus_id, profile_id) REFERENCES public.hegel_prompt_profiles(corpus_id, id);


--
-- Name: hegel_profile_alias_moves fk_hegel_profile_alias_moves_corpus_id_from_profile_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_profile_alias_moves
    ADD CONSTRAINT fk_hegel_profile_alias_moves_corpus_id_from_profile_id FOREIGN KEY (corpus_id, from_profile_id) REFERENCES public.hegel_prompt_profiles(corpus_id, id);


--
-- Name: hegel_profile_alias_moves fk_hegel_profile_alias_moves_corpus_id_to_profile_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_profile_alias_moves
    ADD CONSTRAINT fk_hegel_profile_alias_moves_corpus_id_to_profile_id FOREIGN KEY (corpus_id, to_profile_id) REFERENCES public.hegel_prompt_profiles(corpus_id, id);


--
-- Name: hegel_profile_aliases fk_hegel_profile_aliases_corpus_id_profile_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_profile_aliases
    ADD CONSTRAINT fk_hegel_profile_aliases_corpus_id_profile_id FOREIGN KEY (corpus_id, profile_id) REFERENCES public.hegel_prompt_profiles(corpus_id, id);


--
-- Name: hegel_profile_parents fk_hegel_profile_parents_corpus_id_parent_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_profile_parents
    ADD CONSTRAINT fk_hegel_profile_parents_corpus_id_parent_id FOREIGN KEY (corpus_id, parent_id) REFERENCES public.hegel_prompt_profiles(corpus_id, id);


--
-- Name: hegel_profile_parents fk_hegel_profile_parents_corpus_id_profile_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_profile_parents
    ADD CONSTRAINT fk_hegel_profile_parents_corpus_id_profile_id FOREIGN KEY (corpus_id, profile_id) REFERENCES public.hegel_prompt_profiles(corpus_id, id);


--
-- Name: hegel_profile_populations fk_hegel_profile_populations_corpus_id_profile_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_profile_populations
    ADD CONSTRAINT fk_hegel_profile_populations_corpus_id_profile_id FOREIGN KEY (corpus_id, profile_id) REFERENCES public.hegel_prompt_profiles(corpus_id, id);


--
-- Name: hegel_prompt_profiles fk_hegel_prompt_profiles_corpus_id_base_profile_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hegel_prompt_profiles
    ADD CONSTRAINT fk_hegel_prompt_profiles_corpus_id_base_profile_id FOREIGN KEY (corpus_id, base_profile_id) REFERENCES public.hegel_prompt_profiles(corpus_id, id);


--
-- Name: hegel_training_steps fk_hegel_training_steps_corpus_id_new_profile_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.hegel_training_steps
    ADD CONSTRAINT fk_hegel_training_steps_corpus_id_new_profile_id FOREIGN KEY (corpus_id, new_profile_id) REFERENCES public.hegel_prompt_profiles(corpus_id, id);


--
-- Name: hegel_training_steps fk_hegel_training_steps_corpus_id_old_profile_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE public.hegel_training_steps
    ADD CONSTRAINT fk_hegel_training_steps_corpus_id_old_profile_id FOREIGN KEY (corpus_id, old_profile_id) REFERENCES public.hegel_prompt_profiles(corpus_id, id);


--
-- PostgreSQL database dump complete
--

\unrestrict 5mABeJ9sVV4NhoXbIaTJ8Kx2mcBG6w6MemQq0g9pP8IwjTO6W4kX6wNR06Xnr7P

