"""Facts: what a loop remembers.

One nullable halfvec column per embedding size: a null costs nothing, and a halfvec index is half
the size of a vector one at the same recall. Counters that move often (seen_count, last_seen_at)
are in no index. The statistics of content_tsv hold the document frequencies that ranking reads:
a target of 1000 keeps up to 10,000 words.

The downgrade discards every fact.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_facts (
            corpus_id text COLLATE "C" NOT NULL,
            id uuid DEFAULT hegel_uuidv7() NOT NULL,
            label_id uuid,
            content text NOT NULL,
            content_hash bytea GENERATED ALWAYS AS (hegel_content_hash(content)) STORED NOT NULL,
            content_tsv tsvector
                GENERATED ALWAYS AS (hegel_tsvector(language, content)) STORED NOT NULL,
            category text DEFAULT 'general' NOT NULL,
            intent text,
            confidence double precision DEFAULT 1.0 NOT NULL,
            freshness text DEFAULT 'fresh' NOT NULL,
            language text DEFAULT 'english' NOT NULL,
            metadata jsonb DEFAULT '{}' NOT NULL,
            seen_count integer DEFAULT 1 NOT NULL,
            profile_id uuid,
            step_id uuid,
            embedding_384 halfvec(384),
            embedding_768 halfvec(768),
            embedding_1024 halfvec(1024),
            embedding_1536 halfvec(1536),
            created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            last_seen_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            valid_from timestamptz,
            valid_to timestamptz,
            expires_at timestamptz,
            deleted_at timestamptz,
            CONSTRAINT pk_hegel_facts PRIMARY KEY (corpus_id, id),
            CONSTRAINT fk_hegel_facts_corpus_id_label_id
                FOREIGN KEY (corpus_id, label_id) REFERENCES hegel_labels (corpus_id, id)
                ON DELETE SET NULL (label_id),
            CONSTRAINT fk_hegel_facts_corpus_id_profile_id
                FOREIGN KEY (corpus_id, profile_id)
                REFERENCES hegel_prompt_profiles (corpus_id, id),
            CONSTRAINT ck_hegel_facts_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_facts_category_is_name
                CHECK (char_length(category) <= 200 AND btrim(category) <> ''),
            CONSTRAINT ck_hegel_facts_intent_is_name
                CHECK (char_length(intent) <= 200 AND btrim(intent) <> ''),
            CONSTRAINT ck_hegel_facts_metadata_is_object CHECK (jsonb_typeof(metadata) = 'object'),
            CONSTRAINT ck_hegel_facts_content_fits
                CHECK (char_length(content) <= 1000000 AND btrim(content) <> ''),
            CONSTRAINT ck_hegel_facts_confidence_is_a_share
                CHECK (confidence >= 0 AND confidence <= 1),
            CONSTRAINT ck_hegel_facts_freshness_known
                CHECK (freshness IN ('fresh', 'ageing', 'stale')),
            CONSTRAINT ck_hegel_facts_seen_count_counts CHECK (seen_count >= 1)
        )
        """
    )
    op.execute(
        """
        ALTER TABLE hegel_facts ALTER COLUMN content_tsv SET STATISTICS 1000
        """
    )
    op.execute(
        """
        CREATE UNIQUE INDEX idx_hegel_facts_content_hash
            ON hegel_facts (corpus_id, content_hash) WHERE deleted_at IS NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_corpus_category_created
            ON hegel_facts (corpus_id, category, created_at DESC, id)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_corpus_freshness ON hegel_facts (corpus_id, freshness)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_corpus_intent_confidence
            ON hegel_facts (corpus_id, intent, confidence DESC)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_listing
            ON hegel_facts (corpus_id, created_at DESC, id) INCLUDE (category, intent, confidence)
            WHERE freshness <> 'stale' AND deleted_at IS NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_high_confidence
            ON hegel_facts (confidence DESC) WHERE confidence >= 0.5 AND deleted_at IS NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_by_category ON hegel_facts (category, created_at DESC)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_label
            ON hegel_facts (corpus_id, label_id) WHERE label_id IS NOT NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_profile
            ON hegel_facts (corpus_id, profile_id) WHERE profile_id IS NOT NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_content_fts ON hegel_facts USING gin (content_tsv)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_embedding_384
            ON hegel_facts USING hnsw (embedding_384 halfvec_cosine_ops)
            WITH (m = 16, ef_construction = 64) WHERE deleted_at IS NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_embedding_768
            ON hegel_facts USING hnsw (embedding_768 halfvec_cosine_ops)
            WITH (m = 16, ef_construction = 64) WHERE deleted_at IS NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_embedding_1024
            ON hegel_facts USING hnsw (embedding_1024 halfvec_cosine_ops)
            WITH (m = 16, ef_construction = 64) WHERE deleted_at IS NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_facts_embedding_1536
            ON hegel_facts USING hnsw (embedding_1536 halfvec_cosine_ops)
            WITH (m = 16, ef_construction = 64) WHERE deleted_at IS NULL
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_facts")
