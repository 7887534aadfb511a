"""Populations: candidate profiles with their fitness.

Members are evicted (evicted_at), never deleted, so that the lineage of a run stays whole.

The downgrade discards every population.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_profile_populations (
            corpus_id text COLLATE "C" NOT NULL,
            task_type text COLLATE "C" NOT NULL,
            population text COLLATE "C" DEFAULT 'default' NOT NULL,
            island integer DEFAULT 0 NOT NULL,
            profile_id uuid NOT NULL,
            epoch integer DEFAULT 0 NOT NULL,
            fitness_score double precision,
            objectives jsonb DEFAULT '{}' NOT NULL,
            generation integer DEFAULT 1 NOT NULL,
            selection_count integer DEFAULT 0 NOT NULL,
            children_count integer DEFAULT 0 NOT NULL,
            descriptor jsonb DEFAULT '{}' NOT NULL,
            cell_key text COLLATE "C",
            evicted_at timestamptz,
            population_metadata jsonb DEFAULT '{}' NOT NULL,
            last_updated timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_profile_populations
                PRIMARY KEY (corpus_id, task_type, population, island, profile_id),
            CONSTRAINT fk_hegel_profile_populations_corpus_id_profile_id
                FOREIGN KEY (corpus_id, profile_id)
                REFERENCES hegel_prompt_profiles (corpus_id, id),
            CONSTRAINT ck_hegel_profile_populations_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_profile_populations_task_type_is_name
                CHECK (char_length(task_type) <= 200 AND btrim(task_type) <> ''),
            CONSTRAINT ck_hegel_profile_populations_population_is_name
                CHECK (char_length(population) <= 200 AND btrim(population) <> ''),
            CONSTRAINT ck_hegel_profile_populations_cell_key_is_name
                CHECK (char_length(cell_key) <= 200 AND btrim(cell_key) <> ''),
            CONSTRAINT ck_hegel_profile_populations_fitness_score_is_finite
                CHECK (fitness_score > '-Infinity' AND fitness_score < 'Infinity'),
            CONSTRAINT ck_hegel_profile_populations_objectives_is_object
                CHECK (jsonb_typeof(objectives) = 'object'),
            CONSTRAINT ck_hegel_profile_populations_descriptor_is_object
                CHECK (jsonb_typeof(descriptor) = 'object'),
            CONSTRAINT ck_hegel_profile_populations_population_metadata_is_object
                CHECK (jsonb_typeof(population_metadata) = 'object'),
            CONSTRAINT ck_hegel_profile_populations_counts_not_negative
                CHECK (
                    island >= 0 AND epoch >= 0 AND generation >= 0 AND selection_count >= 0
                    AND children_count >= 0
                )
        )
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_profile_populations_corpus_task
            ON hegel_profile_populations (corpus_id, task_type)
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_profile_populations_fitness
            ON hegel_profile_populations
                (corpus_id, task_type, population, fitness_score DESC NULLS LAST, profile_id)
            INCLUDE (island, generation)
            WHERE evicted_at IS NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_profile_populations_profile
            ON hegel_profile_populations (corpus_id, profile_id)
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_profile_populations")
