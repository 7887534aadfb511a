"""The catalog at head equals the golden file, and a drift of any kind would show.

`make golden` writes the files anew after a revision was added; read their diff before committing.
"""

from __future__ import annotations

import pytest

from tests.migrations.catalog import catalog, golden_file


def test_the_catalog_at_head_is_the_golden_one(postgresql, store, request):
    with store.engine.begin() as connection:
        connection.exec_driver_sql("SELECT hegel_ensure_step_month(now())")
    found = "\n".join(catalog(postgresql)) + "\n"
    file = golden_file(postgresql)
    if request.config.getoption("--write-golden"):
        file.write_text(found)
    assert found == file.read_text()


@pytest.mark.parametrize(
    "drift",
    [
        "DROP INDEX idx_hegel_facts_by_category",
        "DROP INDEX idx_hegel_facts_by_category; CREATE INDEX idx_hegel_facts_by_category"
        " ON hegel_facts (created_at DESC, category)",
        "DROP INDEX idx_hegel_facts_content_hash; CREATE INDEX idx_hegel_facts_content_hash"
        " ON hegel_facts (corpus_id, content_hash) WHERE deleted_at IS NULL",
        "DROP INDEX idx_hegel_facts_high_confidence; CREATE INDEX idx_hegel_facts_high_confidence"
        " ON hegel_facts (confidence DESC) WHERE confidence >= 0.6 AND deleted_at IS NULL",
        "DROP INDEX idx_hegel_facts_high_confidence; CREATE INDEX idx_hegel_facts_high_confidence"
        " ON hegel_facts (confidence DESC)",
        "DROP INDEX idx_hegel_profile_populations_fitness;"
        " CREATE INDEX idx_hegel_profile_populations_fitness ON hegel_profile_populations"
        " (corpus_id, task_type, population, fitness_score DESC NULLS LAST, profile_id)"
        " WHERE evicted_at IS NULL",
        "DROP INDEX idx_hegel_facts_by_category; CREATE INDEX idx_hegel_facts_by_category"
        " ON hegel_facts USING brin (category, created_at)",
        "DROP INDEX idx_hegel_prompt_profiles_profile_gin;"
        " CREATE INDEX idx_hegel_prompt_profiles_profile_gin ON hegel_prompt_profiles"
        " USING gin (profile jsonb_ops)",
        "DROP INDEX idx_hegel_facts_embedding_384; CREATE INDEX idx_hegel_facts_embedding_384"
        " ON hegel_facts USING hnsw (embedding_384 halfvec_l2_ops)"
        " WITH (m=16, ef_construction=64) WHERE deleted_at IS NULL",
        "DROP INDEX idx_hegel_facts_embedding_384; CREATE INDEX idx_hegel_facts_embedding_384"
        " ON hegel_facts USING hnsw (embedding_384 halfvec_cosine_ops)"
        " WITH (m=8, ef_construction=64) WHERE deleted_at IS NULL",
        "UPDATE pg_index SET indisvalid = false"
        " WHERE indexrelid = 'idx_hegel_facts_by_category'::regclass",
        "ALTER TABLE hegel_facts ALTER COLUMN confidence SET DEFAULT 0.5",
        "ALTER TABLE hegel_facts ALTER COLUMN intent SET NOT NULL",
        "ALTER TABLE hegel_facts ALTER COLUMN seen_count TYPE bigint",
        "ALTER TABLE hegel_labels ALTER COLUMN embedding TYPE halfvec(4)",
        'ALTER TABLE hegel_facts ALTER COLUMN intent TYPE text COLLATE "C"',
        "ALTER TABLE hegel_facts ALTER COLUMN content SET STORAGE EXTERNAL",
        "ALTER TABLE hegel_facts ALTER COLUMN content_tsv SET STATISTICS 100",
        "ALTER TABLE hegel_facts ADD COLUMN surprise text",
        "COMMENT ON COLUMN hegel_facts.content IS 'surprise'",
        "CREATE TABLE hegel_surprise (id int)",
        "CREATE SEQUENCE hegel_surprise",
        "ALTER TABLE hegel_facts DROP CONSTRAINT ck_hegel_facts_freshness_known",
        "ALTER TABLE hegel_facts DROP CONSTRAINT ck_hegel_facts_freshness_known, ADD CONSTRAINT"
        " ck_hegel_facts_freshness_known CHECK (freshness IN ('fresh', 'stale'))",
        "ALTER TABLE hegel_facts DROP CONSTRAINT ck_hegel_facts_freshness_known, ADD CONSTRAINT"
        " ck_hegel_facts_freshness_known"
        " CHECK (freshness IN ('fresh', 'ageing', 'stale')) NOT VALID",
        "ALTER TABLE hegel_embedding_spaces DROP CONSTRAINT pk_hegel_embedding_spaces",
        "ALTER TABLE hegel_facts DROP COLUMN content_tsv, ADD COLUMN content_tsv tsvector NOT NULL"
        " GENERATED ALWAYS AS (hegel_tsvector('simple', content)) STORED",
        "DROP VIEW hegel_population_rankings",
        "CREATE OR REPLACE VIEW hegel_population_rankings AS"
        " SELECT * FROM hegel_population_rankings WHERE false",
        "ALTER VIEW hegel_latest_profiles RESET (security_invoker)",
        "DROP TRIGGER hegel_prompt_profiles_immutable ON hegel_prompt_profiles",
        "ALTER TABLE hegel_prompt_profiles DISABLE TRIGGER hegel_prompt_profiles_immutable",
        "CREATE OR REPLACE FUNCTION hegel_refuse_profile_change() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "ALTER FUNCTION hegel_ensure_step_month(timestamptz) SECURITY INVOKER",
        "REVOKE ALL ON FUNCTION hegel_ensure_step_month(timestamptz) FROM PUBLIC",
        "ALTER TABLE hegel_facts ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE hegel_facts FORCE ROW LEVEL SECURITY",
        "CREATE POLICY surprise ON hegel_facts USING (true)",
        "GRANT SELECT ON hegel_facts TO PUBLIC",
        "GRANT UPDATE (metadata) ON hegel_facts TO PUBLIC",
        "ALTER TABLE hegel_facts SET (fillfactor = 90)",
        "ALTER TABLE hegel_embedding_spaces SET UNLOGGED",
    ],
)
def test_a_drift_shows(postgresql, drift):
    before = catalog(postgresql)
    postgresql.execute("SET LOCAL allow_system_table_mods = on")
    postgresql.execute(drift)
    assert catalog(postgresql) != before  # and catalog() rolls the drift back
