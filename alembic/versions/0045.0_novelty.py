"""Vectors of the prompts in a population, and of candidates that somebody is at.

A candidate is claimed before it is paid for, and is no profile yet: its row is a claim, with a
lease, until it has become a member, and then that member's vector. Vectors have whatever size the
population's model makes, and are compared one by one: there is no index of them.

The downgrade discards the vectors, which can be made anew, which models made them, and every claim.
"""

from alembic import op

revision = "0045.0"
down_revision = "0044.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_population_spaces (
            corpus_id text COLLATE "C" NOT NULL,
            task_type text COLLATE "C" NOT NULL,
            population text COLLATE "C" NOT NULL,
            model text NOT NULL,
            dimensions integer NOT NULL,
            normalised boolean NOT NULL,
            prefix text NOT NULL,
            proposals bigint DEFAULT 0 NOT NULL,
            CONSTRAINT pk_hegel_population_spaces PRIMARY KEY (corpus_id, task_type, population),
            CONSTRAINT ck_hegel_population_spaces_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_population_spaces_task_type_is_name
                CHECK (char_length(task_type) <= 200 AND btrim(task_type) <> ''),
            CONSTRAINT ck_hegel_population_spaces_population_is_name
                CHECK (char_length(population) <= 200 AND btrim(population) <> ''),
            CONSTRAINT ck_hegel_population_spaces_model_is_name
                CHECK (char_length(model) <= 200 AND btrim(model) <> '')
        )
        """
    )
    op.execute(
        """
        CREATE TABLE hegel_population_vectors (
            corpus_id text COLLATE "C" NOT NULL,
            task_type text COLLATE "C" NOT NULL,
            population text COLLATE "C" NOT NULL,
            id uuid DEFAULT hegel_uuidv7() NOT NULL,
            content_hash bytea NOT NULL,
            embedding halfvec NOT NULL,
            profile_id uuid,
            leased_until timestamptz,
            CONSTRAINT pk_hegel_population_vectors
                PRIMARY KEY (corpus_id, task_type, population, id),
            CONSTRAINT ck_hegel_population_vectors_corpus_id_is_name
                CHECK (char_length(corpus_id) <= 200 AND btrim(corpus_id) <> ''),
            CONSTRAINT ck_hegel_population_vectors_task_type_is_name
                CHECK (char_length(task_type) <= 200 AND btrim(task_type) <> ''),
            CONSTRAINT ck_hegel_population_vectors_population_is_name
                CHECK (char_length(population) <= 200 AND btrim(population) <> ''),
            CONSTRAINT ck_hegel_population_vectors_content_hash_is_sha256
                CHECK (octet_length(content_hash) = 32),
            CONSTRAINT ck_hegel_population_vectors_claimed_or_a_members
                CHECK ((profile_id IS NULL) <> (leased_until IS NULL))
        )
        """
    )
    op.execute(
        """
        CREATE UNIQUE INDEX idx_hegel_population_vectors_profile
            ON hegel_population_vectors (corpus_id, task_type, population, profile_id)
            WHERE profile_id IS NOT NULL
        """
    )
    op.execute(
        """
        CREATE INDEX idx_hegel_population_vectors_leases
            ON hegel_population_vectors (corpus_id, task_type, population, leased_until)
            WHERE leased_until IS NOT NULL
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_population_vectors")
    op.execute("DROP TABLE hegel_population_spaces")
