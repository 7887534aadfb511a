"""What Alembic alone overlooks: a statement that plants it, and the differences to be found."""

from __future__ import annotations

INDEX = {
    "idx_hegel_facts_by_category": [
        "ON hegel_facts (created_at DESC, category)",
        "ON hegel_facts USING brin (category, created_at)",
        "ON hegel_facts (category, created_at DESC) WITH (fillfactor = 70)",
        'ON hegel_facts (category COLLATE "C", created_at DESC)',
        "ON hegel_facts (category text_pattern_ops, created_at DESC)",
    ],
    "idx_hegel_facts_content_hash": [
        "ON hegel_facts (corpus_id, content_hash) WHERE deleted_at IS NULL",
    ],
    "idx_hegel_facts_high_confidence": [
        "ON hegel_facts (confidence DESC) WHERE confidence >= 0.6 AND deleted_at IS NULL",
        "ON hegel_facts (confidence DESC)",
    ],
    "idx_hegel_profile_populations_fitness": [
        "ON hegel_profile_populations (corpus_id, task_type, population,"
        " fitness_score DESC NULLS LAST, profile_id) WHERE evicted_at IS NULL",
    ],
    "idx_hegel_prompt_profiles_profile_gin": [
        "ON hegel_prompt_profiles USING gin (profile jsonb_ops)",
    ],
    "idx_hegel_facts_embedding_384": [
        "ON hegel_facts USING hnsw (embedding_384 halfvec_l2_ops)"
        " WITH (m=16, ef_construction=64) WHERE deleted_at IS NULL",
        "ON hegel_facts USING hnsw (embedding_384 halfvec_cosine_ops)"
        " WITH (m=8, ef_construction=64) WHERE deleted_at IS NULL",
    ],
    "idx_hegel_training_steps_new_profile": [
        "ON hegel_training_steps (corpus_id, new_profile_id)",
    ],
    "idx_hegel_prompt_profiles_worker_prompt": [
        "ON hegel_prompt_profiles USING gin"
        " (to_tsvector('simple', left(profile #>> '{worker,system_prompt}', 100000)))",
    ],
}
DRIFTS = [
    *(
        (f"DROP INDEX {name}; CREATE INDEX {name} {drift}", [("modify_index", name)])
        for name, drifts in INDEX.items()
        for drift in drifts
    ),
    (
        "ALTER TABLE hegel_facts DROP CONSTRAINT ck_hegel_facts_freshness_known, ADD CONSTRAINT"
        " ck_hegel_facts_freshness_known CHECK (freshness IN ('fresh', 'stale'))",
        [("modify_constraint", "ck_hegel_facts_freshness_known")],
    ),
    (
        "ALTER TABLE hegel_facts DROP CONSTRAINT ck_hegel_facts_freshness_known, ADD CONSTRAINT"
        " ck_hegel_facts_freshness_known"
        " CHECK (freshness IN ('fresh', 'ageing', 'stale')) NOT VALID",
        [("modify_constraint", "ck_hegel_facts_freshness_known")],
    ),
    (
        "ALTER TABLE hegel_training_steps DROP CONSTRAINT ck_hegel_training_steps_run_id_is_name,"
        " ADD CONSTRAINT ck_hegel_training_steps_run_id_is_name CHECK (run_id <> '')",
        [("modify_constraint", "ck_hegel_training_steps_run_id_is_name")],
    ),
    (
        "ALTER TABLE hegel_facts DROP COLUMN content_tsv, ADD COLUMN content_tsv tsvector NOT NULL"
        " GENERATED ALWAYS AS (hegel_tsvector('simple', content)) STORED",
        [
            ("modify_column", "hegel_facts.content_tsv"),
            ("add_index", "idx_hegel_facts_content_fts"),
        ],
    ),
    (
        "ALTER TABLE hegel_facts ALTER COLUMN content_tsv DROP EXPRESSION",
        [("add_column", "hegel_facts.content_tsv")],
    ),
    (
        "DROP VIEW hegel_population_rankings",
        [("add_view", "hegel_population_rankings")],
    ),
    (
        "CREATE OR REPLACE VIEW hegel_population_rankings WITH (security_invoker = true) AS"
        " SELECT * FROM hegel_population_rankings WHERE false",
        [("modify_view", "hegel_population_rankings")],
    ),
    (
        "DROP VIEW hegel_population_rankings; CREATE VIEW hegel_population_rankings"
        " WITH (security_invoker = true) AS SELECT corpus_id FROM hegel_profile_populations",
        [("modify_view", "hegel_population_rankings")],
    ),
    (
        "ALTER VIEW hegel_latest_profiles RESET (security_invoker)",
        [("modify_view", "hegel_latest_profiles")],
    ),
    ("CREATE VIEW hegel_surprise AS SELECT 1 AS a", [("remove_view", "hegel_surprise")]),
    (
        "DROP TRIGGER hegel_prompt_profiles_immutable ON hegel_prompt_profiles",
        [("add_trigger", "hegel_prompt_profiles.hegel_prompt_profiles_immutable")],
    ),
    (
        "CREATE OR REPLACE TRIGGER hegel_prompt_profiles_immutable AFTER UPDATE OF source"
        " ON hegel_prompt_profiles FOR EACH ROW EXECUTE FUNCTION hegel_refuse_profile_change()",
        [("modify_trigger", "hegel_prompt_profiles.hegel_prompt_profiles_immutable")],
    ),
    (
        "ALTER TABLE hegel_prompt_profiles DISABLE TRIGGER hegel_prompt_profiles_immutable",
        [("modify_trigger", "hegel_prompt_profiles.hegel_prompt_profiles_immutable")],
    ),
    (
        "CREATE OR REPLACE TRIGGER hegel_prompt_profiles_number AFTER INSERT ON"
        " hegel_prompt_profiles FOR EACH ROW EXECUTE FUNCTION hegel_number_profile();"
        " ALTER TABLE hegel_prompt_profiles ENABLE ALWAYS TRIGGER hegel_prompt_profiles_number",
        [("modify_trigger", "hegel_prompt_profiles.hegel_prompt_profiles_number")],
    ),
    (
        "CREATE TRIGGER surprise AFTER DELETE ON hegel_facts"
        " FOR EACH STATEMENT EXECUTE FUNCTION hegel_refuse_profile_change()",
        [("remove_trigger", "hegel_facts.surprise")],
    ),
    (
        "CREATE OR REPLACE FUNCTION hegel_refuse_profile_change() RETURNS trigger"
        " LANGUAGE plpgsql SET search_path FROM CURRENT AS 'BEGIN RETURN NEW; END'",
        [("modify_function", "hegel_refuse_profile_change()")],
    ),
    (
        "ALTER FUNCTION hegel_refuse_profile_change() RESET search_path",
        [("modify_function", "hegel_refuse_profile_change()")],
    ),
    (
        "ALTER FUNCTION hegel_ensure_step_month(timestamptz) SECURITY INVOKER",
        [("modify_function", "hegel_ensure_step_month(timestamptz)")],
    ),
    (
        "ALTER FUNCTION hegel_ensure_step_month(timestamptz) SET timezone = 'Asia/Tokyo'",
        [("modify_function", "hegel_ensure_step_month(timestamptz)")],
    ),
    (
        "ALTER FUNCTION hegel_uuidv7() STABLE",
        [("modify_function", "hegel_uuidv7()")],
    ),
    (
        "DROP FUNCTION hegel_ensure_step_month(timestamptz)",
        [("add_function", "hegel_ensure_step_month(timestamptz)")],
    ),
    (
        "DROP FUNCTION hegel_ensure_step_month(timestamptz); CREATE FUNCTION"
        " hegel_ensure_step_month(m timestamptz) RETURNS int LANGUAGE sql RETURN 1",
        [("modify_function", "hegel_ensure_step_month(timestamptz)")],
    ),
    (
        "CREATE FUNCTION hegel_surprise(a int, VARIADIC b text[]) RETURNS int"
        " LANGUAGE sql AS 'SELECT 1'",
        [("remove_function", "hegel_surprise(a integer, VARIADIC b text[])")],
    ),
]
