"""What operations for indexes print for somebody else to apply.

A script cannot look first, so it stops at the leftover of an interrupted attempt, which is then
to be dropped by hand. IF NOT EXISTS, which squawk would have, accepts an INVALID one.

What is dropped or renamed is looked for in the current schema alone, by narrowing the search path
around the statement. A check before it would stop only a script that stops at errors.
"""

from __future__ import annotations

from alembic.runtime.migration import MigrationContext

from hegel_store.migrate.index_catalog import name_beside
from hegel_store.migrate.index_definitions import Build, Index
from hegel_store.migrate.statements import (
    only_at_home,
    outside_transactions,
    quoted,
    send,
    temporarily,
    unhurried,
)


def create(context: MigrationContext, index: Index, partitioned: bool, build: Build) -> None:
    if partitioned:
        # Which partitions there are is not known. This blocks writers while it builds, so it
        # waits for its locks no longer than usual.
        statement = index.statement("", quoted(index.name), quoted(index.table))
        with temporarily(context, {"statement_timeout": 0, **build}):
            send(context, statement, allowed="require-concurrent-index-creation")
    else:
        _build(context, index, index.name, build)


def drop(context: MigrationContext, name: str, partitioned: bool) -> None:
    if partitioned:
        _drop_at_once(context, name)
        return
    with outside_transactions(context), unhurried(context, {}), only_at_home(context):
        send(context, f"DROP INDEX CONCURRENTLY IF EXISTS {quoted(name)}")


def reindex(context: MigrationContext, name: str, build: Build) -> None:
    with outside_transactions(context), unhurried(context, build):
        send(context, f"REINDEX INDEX CONCURRENTLY {quoted(name)}")


def rebuild(context: MigrationContext, index: Index, build: Build) -> None:
    beside = name_beside(index.name)
    _build(context, index, beside, build)
    _drop_at_once(context, index.name)
    statement = f"ALTER INDEX {quoted(beside)} RENAME TO {quoted(index.name)}"
    with only_at_home(context):
        send(context, statement, allowed="renaming-object")


def _build(context: MigrationContext, index: Index, name: str, build: Build) -> None:
    statement = index.statement("CONCURRENTLY", quoted(name), quoted(index.table))
    with outside_transactions(context), unhurried(context, build):
        send(context, statement, allowed="prefer-robust-stmts")


def _drop_at_once(context: MigrationContext, name: str) -> None:
    statement = f"DROP INDEX IF EXISTS {quoted(name)}"
    with only_at_home(context):
        send(context, statement, allowed="require-concurrent-index-deletion")
