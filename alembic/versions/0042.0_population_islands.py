"""Islands of populations, with the epoch that a reset raises, and members that hold a cell.

The row of an island is its lock: shared by those who add in an epoch, exclusive for those who reset
the island or decide who holds a cell. An island without a row is in epoch 0.

The downgrade discards the epochs, and which members hold their cells.
"""

from alembic import op

revision = "0042.0"
down_revision = "0041.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_population_islands (
            corpus_id text COLLATE "C" NOT NULL,
            task_type text COLLATE "C" NOT NULL,
            population text COLLATE "C" NOT NULL,
            island integer NOT NULL,
            epoch integer DEFAULT 0 NOT NULL,
            reset_at timestamptz,
            CONSTRAINT pk_hegel_population_islands
                PRIMARY KEY (corpus_id, task_type, population, island),
            CONSTRAINT ck_hegel_population_islands_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_population_islands_task_type_is_name
                CHECK (char_length(task_type) <= 200 AND btrim(task_type) <> ''),
            CONSTRAINT ck_hegel_population_islands_population_is_name
                CHECK (char_length(population) <= 200 AND btrim(population) <> ''),
            CONSTRAINT ck_hegel_population_islands_counts_not_negative
                CHECK (island >= 0 AND epoch >= 0)
        )
        """
    )
    op.execute(
        "ALTER TABLE hegel_profile_populations ADD COLUMN holds_cell boolean DEFAULT false NOT NULL"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE hegel_profile_populations DROP COLUMN holds_cell")
    op.execute("DROP TABLE hegel_population_islands")
