"""How useful each fact has been, so that a search may weigh it without reading the log.

Made from the log of retrievals and the rewards of steps, by a call of maintenance.

The downgrade discards the sums, which can be made anew from the log.
"""

from alembic import op

revision = "0033.0"
down_revision = "0032.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hegel_fact_usefulness (
            corpus_id text COLLATE "C" NOT NULL,
            fact_id uuid NOT NULL,
            steps bigint NOT NULL,
            rewards double precision NOT NULL,
            usefulness double precision NOT NULL,
            CONSTRAINT pk_hegel_fact_usefulness PRIMARY KEY (corpus_id, fact_id),
            CONSTRAINT ck_hegel_fact_usefulness_usefulness_is_a_share
                CHECK (usefulness >= 0 AND usefulness <= 1)
        )
        """
    )
    # Answers that were kept were ranked by what was known before.
    op.execute(
        """
        CREATE TRIGGER hegel_fact_usefulness_count_insert
            AFTER INSERT ON hegel_fact_usefulness
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_fact_usefulness_count_update
            AFTER UPDATE ON hegel_fact_usefulness
            REFERENCING OLD TABLE AS former NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_fact_usefulness_count_delete
            AFTER DELETE ON hegel_fact_usefulness
            REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
        """
    )
    op.execute(
        """
        CREATE TRIGGER hegel_fact_usefulness_count_truncate
            AFTER TRUNCATE ON hegel_fact_usefulness
            FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE hegel_fact_usefulness")
