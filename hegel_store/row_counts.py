"""How many rows there are: what commands that fill a database show for it."""

from __future__ import annotations

from sqlalchemy import func, select

from hegel_store import schema
from hegel_store.database import translated
from hegel_store.store import Store

TABLES = (
    schema.scopes,
    schema.prompt_profiles,
    schema.profile_parents,
    schema.profile_aliases,
    schema.profile_populations,
    schema.labels,
    schema.facts,
    schema.training_steps,
)


def count_rows(store: Store, corpus_id: str | None = None) -> dict[str, int]:
    """Rows by table name, of one corpus or of all, in the order in which tables are filled."""
    with translated(), store.engine.connect() as connection:
        counts = {}
        for table in TABLES:
            statement = select(func.count()).select_from(table)
            if corpus_id is not None:
                statement = statement.where(table.c.corpus_id == corpus_id)
            counts[table.name] = connection.scalar(statement) or 0
        return counts
