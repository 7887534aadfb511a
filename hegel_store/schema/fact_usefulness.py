"""How useful each fact has been, made from the log of retrievals and the rewards of steps."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    PrimaryKeyConstraint,
    Table,
    Uuid,
)

from hegel_store.schema.base import metadata, name_column
from hegel_store.schema.declaring import Trigger, declare

fact_usefulness = Table(
    "hegel_fact_usefulness",
    metadata,
    name_column("corpus_id"),
    Column("fact_id", Uuid, nullable=False),
    Column("steps", BigInteger, nullable=False),
    Column("rewards", Double, nullable=False),
    Column("usefulness", Double, nullable=False),
    PrimaryKeyConstraint("corpus_id", "fact_id"),
    CheckConstraint("usefulness >= 0 AND usefulness <= 1", name="usefulness_is_a_share"),
)

# Answers that were kept were ranked by what was known before.
declare(
    metadata,
    Trigger(
        "hegel_fact_usefulness_count_insert",
        "hegel_fact_usefulness",
        """
CREATE TRIGGER hegel_fact_usefulness_count_insert
    AFTER INSERT ON hegel_fact_usefulness
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
""",
    ),
    Trigger(
        "hegel_fact_usefulness_count_update",
        "hegel_fact_usefulness",
        """
CREATE TRIGGER hegel_fact_usefulness_count_update
    AFTER UPDATE ON hegel_fact_usefulness
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
""",
    ),
    Trigger(
        "hegel_fact_usefulness_count_delete",
        "hegel_fact_usefulness",
        """
CREATE TRIGGER hegel_fact_usefulness_count_delete
    AFTER DELETE ON hegel_fact_usefulness
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
""",
    ),
    Trigger(
        "hegel_fact_usefulness_count_truncate",
        "hegel_fact_usefulness",
        """
CREATE TRIGGER hegel_fact_usefulness_count_truncate
    AFTER TRUNCATE ON hegel_fact_usefulness
    FOR EACH STATEMENT EXECUTE FUNCTION hegel_count_write()
""",
    ),
)
