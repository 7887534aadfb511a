"""What searches of a corpus gave at a time, to hold later ones against.

The labelled queries stand in the row, so that it can be measured again as long as it is there.

The downgrade discards every baseline and its queries.
"""

from alembic import op

revision = "0046.0"
down_revision = "0045.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_baselines (
            corpus_id text COLLATE "C" NOT NULL,
            name text COLLATE "C" NOT NULL,
            k integer NOT NULL,
            mode text NOT NULL,
            space text COLLATE "C",
            queries jsonb NOT NULL,
            latency jsonb DEFAULT '{}' NOT NULL,
            conditions jsonb DEFAULT '{}' NOT NULL,
            recorded_by text DEFAULT current_user NOT NULL,
            recorded_at timestamptz DEFAULT clock_timestamp() NOT NULL,
            CONSTRAINT pk_hegel_baselines PRIMARY KEY (corpus_id, name),
            CONSTRAINT ck_hegel_baselines_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_baselines_name_is_name
                CHECK (char_length(name) <= 200 AND btrim(name) <> ''),
            CONSTRAINT ck_hegel_baselines_k_counts CHECK (k >= 1),
            CONSTRAINT ck_hegel_baselines_mode_known
                CHECK (mode IN ('hybrid', 'vector', 'text')),
            CONSTRAINT ck_hegel_baselines_space_is_name
                CHECK (char_length(space) <= 200 AND btrim(space) <> ''),
            CONSTRAINT ck_hegel_baselines_queries_are_listed
                CHECK (jsonb_typeof(queries) = 'array'),
            CONSTRAINT ck_hegel_baselines_latency_is_object
                CHECK (jsonb_typeof(latency) = 'object'),
            CONSTRAINT ck_hegel_baselines_conditions_is_object
                CHECK (jsonb_typeof(conditions) = 'object')
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_baselines")
