"""Which tables are there: those of the schema that new tables are made in.

For what is declared without a schema, Alembic takes every table that the search path finds. With
another installation further on, a table that is missing here would be taken for that one's.
"""

from __future__ import annotations

from typing import Any

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, text

AT_HOME = """
    SELECT relname FROM pg_catalog.pg_class
    WHERE relnamespace = (
        SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema()
    )
"""


def look_only_at_home(context: AutogenContext, connection: Connection) -> None:
    """Keep other schemas' tables out of this comparison, unless a schema is named.

    Has to come before the tables are listed. Nothing that is in the schema is hidden by another
    one of the path, as it is the first.
    """
    inspector = context.inspector
    listed = inspector.get_table_names

    def at_home(schema: str | None = None, **options: Any) -> list[str]:
        names = listed(schema=schema, **options)
        if schema is not None:
            return names
        there = set(connection.scalars(text(AT_HOME)))
        return [name for name in names if name in there]

    inspector.get_table_names = at_home  # type: ignore[method-assign]
