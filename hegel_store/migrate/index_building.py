"""Building, rebuilding and dropping indexes without stopping anybody, from wherever an earlier
attempt was interrupted.

CREATE INDEX CONCURRENTLY blocks neither readers nor writers, but it waits for transactions that
are older than it, and ``lock_timeout`` bounds that wait: an hour of building would be thrown away
in the last phase. So the timeouts are lifted for what is CONCURRENTLY, and for nothing else.
"""

from __future__ import annotations

import logging
import time

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from hegel_store.errors import DatabaseError, InvalidInput
from hegel_store.migrate.index_catalog import (
    Found,
    Table,
    definition_of,
    find_index,
    find_table,
    leftovers_of_reindex,
    name_beside,
    part_name,
    partitions_without,
    require_index,
    table_of,
)
from hegel_store.migrate.index_definitions import Build, Index
from hegel_store.migrate.statements import (
    connection_of,
    outside_transactions,
    quoted,
    send,
    unhurried,
)
from hegel_store.migrate.vector_keys import search_by_column

logger = logging.getLogger("hegel_store.migrate")

BUILDERS = text(
    """
    SELECT count(*) FROM pg_catalog.pg_locks
    WHERE locktype = 'relation' AND relation = :table AND granted AND pid <> pg_backend_pid()
      AND mode = 'ShareUpdateExclusiveLock'
      AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
      -- Which table they build on is shown of one's own sessions only, that they build of all.
      AND pid IN (SELECT pid FROM pg_catalog.pg_stat_progress_create_index)
    """
)

LIMIT = text(
    """
    SELECT CAST(setting AS float8) / 1000 FROM pg_catalog.pg_settings
    WHERE name = 'statement_timeout'
    """
)
"""How many seconds a statement may take now, 0 for as many as it does."""


def _send_unhurried(
    context: MigrationContext, table: int, statement: str, build: Build | None = None
) -> None:
    """Send what is CONCURRENTLY, for an index of the table with this oid."""
    with unhurried(context, build or {}):
        _wait_for_builders(connection_of(context), table)
        send(context, statement)


def _wait_for_builders(connection: Connection, table: int) -> None:
    """Wait until nobody else builds an index of this table, for as long as one statement may take.

    A killed migrator's server process may, and go on to the end. By asking again and again, as
    who waits for the lock holds a snapshot, and the builder waits for all snapshots: a deadlock.
    Nobody else is waited for here: an autovacuum gives way to who waits for its lock, and only
    to them.
    """
    started, limit = time.monotonic(), connection.scalar(LIMIT)
    told = False
    while connection.scalar(BUILDERS, {"table": table}):
        if not told:
            logger.info("waiting for another build on the same table")
            told = True
        if limit and time.monotonic() - started > limit:
            raise DatabaseError(
                f"another build on the same table is not done after {limit:g} s, which is the "
                "statement_timeout of this one: try again"
            )
        time.sleep(0.2)


def create(context: MigrationContext, index: Index, partitioned: bool, build: Build) -> None:
    """Make the index, or accept it where it is there and valid and the same."""
    with outside_transactions(context):
        table = find_table(connection_of(context), index.table)
        _require_kind(index.table, table.partitioned, partitioned)
        _ensure(context, index, table, index.name, build)


def drop(context: MigrationContext, name: str, partitioned: bool) -> None:
    """Drop the index if it is there; of a partitioned table, also parts that are not attached."""
    with outside_transactions(context):
        found = find_index(connection_of(context), name)
        if found is None:
            return
        _require_kind(name, found.partitioned, partitioned)
        if partitioned:
            _drop_unattached(context, found)
        _drop(context, found)


def reindex(context: MigrationContext, name: str, build: Build) -> None:
    """Build the same index anew, after removing what an interrupted attempt left."""
    with outside_transactions(context):
        found = require_index(connection_of(context), name)
        for leftover in leftovers_of_reindex(connection_of(context), found):
            _drop(context, leftover, build)
        logger.info("rebuilding %s", name)
        statement = f"REINDEX INDEX CONCURRENTLY {found.sql}"
        _send_unhurried(context, found.table, statement, build)


def rebuild(context: MigrationContext, index: Index, build: Build) -> None:
    """Build the index as it is defined now beside the old one, then let it take its place.

    The exchange happens in the revision's own transaction, together with the version row.
    """
    beside = name_beside(index.name)
    with outside_transactions(context):
        connection = connection_of(context)
        table = find_table(connection, index.table)
        if table.partitioned:
            raise InvalidInput(
                "table", f"{index.table} is partitioned: rebuild the index of each partition"
            )
        wanted = definition_of(connection, index, table)
        old, waiting = find_index(connection, index.name), find_index(connection, beside)
        for found in (old, waiting):
            if found is not None:
                _require_same_table(found, table)
        done = old is not None and old.valid and old.definition == wanted
        if waiting is not None and waiting.valid and (done or waiting.definition != wanted):
            # An earlier attempt wanted something else, or was made up for by hand.
            _drop(context, waiting, build)
        if done:
            _without_leftover(context, table, beside, build)
            return
        _ensure(context, index, table, beside, build)
    if old is not None:
        send(context, f"DROP INDEX {old.sql}")
    send(context, f"ALTER INDEX {quoted(table.schema, beside)} RENAME TO {quoted(index.name)}")
    search_by_column(context, index.name)


def _ensure(
    context: MigrationContext, index: Index, table: Table, name: str, build: Build
) -> Found:
    """The valid index ``name`` of ``table``, as ``index`` defines it."""
    if table.partitioned:
        return _ensure_partitioned(context, index, table, name, build)
    connection = connection_of(context)
    found = _without_leftover(context, table, name, build)
    if found is not None:
        _require_same(context, found, index, table)
        return found
    logger.info("building %s on %s", name, table.name)
    statement = index.statement("CONCURRENTLY", quoted(name), table.sql)
    _send_unhurried(context, table.oid, statement, build)
    found = require_index(connection, name, table.schema)
    if not found.valid:
        raise DatabaseError(f"index {name} was built and is INVALID all the same: try again")
    return found


def _ensure_partitioned(
    context: MigrationContext, index: Index, table: Table, name: str, build: Build
) -> Found:
    """An index without content on the table, then one on each partition, attached one by one.

    The first turns valid with the last. A partition that is made meanwhile gets its own.
    """
    connection = connection_of(context)
    found = find_index(connection, name, table.schema)
    if found is not None:
        _require_same_table(found, table)
        _require_same(context, found, index, table)
        if not found.valid and not partitions_without(connection, table, found):
            # The partition that was missing is gone, and nothing is left whose attaching would
            # make the index valid.
            _drop(context, found)
            found = None
    if found is None:
        # Locks the table against writers, though not its partitions, and has nothing to build:
        # under the lock timeout.
        send(context, index.statement("ONLY", quoted(name), table.sql))
        found = require_index(connection, name, table.schema)
    while missing := partitions_without(connection, table, found):
        for partition in missing:
            part = _ensure(context, index, partition, part_name(name, table, partition), build)
            send(context, f"ALTER INDEX {found.sql} ATTACH PARTITION {part.sql}")
    done = require_index(connection, name, table.schema)
    if not done.valid:
        raise DatabaseError(
            f"every partition of {table.name} has its part of {name}, which is INVALID all the "
            "same, as a partition was taken away meanwhile: try again"
        )
    return done


def _without_leftover(
    context: MigrationContext, table: Table, name: str, build: Build
) -> Found | None:
    """The valid index of this name; an INVALID one is dropped."""
    connection = connection_of(context)
    with unhurried(context, build):
        _wait_for_builders(connection, table.oid)
    found = find_index(connection, name, table.schema)
    if found is None or found.valid:
        return found
    _require_same_table(found, table)
    _drop(context, found, build)
    return None


def _drop_unattached(context: MigrationContext, index: Found) -> None:
    """Drop the parts that an interrupted attempt has built and not attached."""
    connection = connection_of(context)
    table = table_of(connection, index)
    for partition in partitions_without(connection, table, index):
        part = find_index(connection, part_name(index.name, table, partition), partition.schema)
        if part is not None and part.table == partition.oid:
            if part.partitioned:
                _drop_unattached(context, part)
            _drop(context, part)


def _drop(context: MigrationContext, found: Found, build: Build | None = None) -> None:
    logger.info("dropping %s%s", "" if found.valid else "the INVALID ", found.name)
    if found.partitioned:
        # CONCURRENTLY is refused; this locks the table, so under the lock timeout.
        send(context, f"DROP INDEX {found.sql}")
        return
    _send_unhurried(context, found.table, f"DROP INDEX CONCURRENTLY {found.sql}", build)


def _require_kind(name: str, is_partitioned: bool, said: bool) -> None:
    if is_partitioned != said:
        verb = "is" if is_partitioned else "is not"
        raise InvalidInput("partitioned", f"is {said}, but {name} {verb} partitioned")


def _require_same_table(found: Found, table: Table) -> None:
    if found.table != table.oid:
        raise DatabaseError(f"index {found.name} is there already, on another table")


def _require_same(context: MigrationContext, found: Found, index: Index, table: Table) -> None:
    _require_same_table(found, table)
    wanted = definition_of(connection_of(context), index, table)
    if found.definition != wanted:
        raise DatabaseError(
            f"index {found.name} is there already, with another definition: {found.definition!r} "
            f"instead of {wanted!r}"
        )
