"""What a revision that rebuilds a vector index does to what an operator has chosen for it."""

from __future__ import annotations

from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from hegel_store.migrate.index_catalog import find_index
from hegel_store.migrate.statements import connection_of, quoted, send
from hegel_store.schema.vector_keys import SLOTS, key_statement
from hegel_store.search.vector import index_of

FUNCTION = text(
    """
    SELECT nspname, proname
    FROM pg_catalog.pg_proc JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pronamespace
    WHERE pg_proc.oid = to_regprocedure('hegel_' || :slot || '(halfvec)')
    """
)


def search_by_column(context: MigrationContext, name: str) -> None:
    """Let searches order by the column itself, which the index ``name`` of a revision is of, and
    drop what `hegel-store index rebuild` has kept: the planner could take it for the other one."""
    slot = next((slot for slot in SLOTS if index_of(slot) == name), None)
    if slot is None:
        return
    connection = connection_of(context)
    function = connection.execute(FUNCTION, {"slot": slot}).one_or_none()
    if function is None:  # a revision of before there were any
        return
    kept = find_index(connection, f"{name}_kept")
    if kept is not None:
        send(context, f"DROP INDEX {kept.sql}")
    send(context, key_statement(slot, "plain", quoted(*function)).strip())
