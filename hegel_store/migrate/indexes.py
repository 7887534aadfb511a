"""Operations for indexes: importing this in ``env.py`` gives them to every revision as ``op....``.

Each is the only statement of its revision. It runs outside of transactions and can be run again
after an interruption at any point.

* ``op.create_index_concurrently``, ``op.create_hnsw_index``, ``op.create_ivfflat_index``
* ``op.drop_index_concurrently``
* ``op.reindex_concurrently``: the same index anew
* ``op.rebuild_hnsw_index``, ``op.rebuild_ivfflat_index``: with other parameters

All raise InvalidInput, naming the argument, before anything is sent; DatabaseError when the name
is taken by another table's index, or by one with another definition. ``build`` holds settings for
the session while it builds: maintenance_work_mem, max_parallel_maintenance_workers and, as none
applies otherwise, statement_timeout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alembic.operations import MigrateOperation, Operations

from hegel_store.migrate import index_building, index_scripts
from hegel_store.migrate.index_definitions import (
    Build,
    Index,
    checked_build,
    checked_index,
    hnsw_index,
    ivfflat_index,
)
from hegel_store.migrate.statements import check_identifier


@Operations.register_operation("create_index_concurrently")
@Operations.register_operation("create_hnsw_index")
@Operations.register_operation("create_ivfflat_index")
@dataclass
class CreateIndex(MigrateOperation):
    index: Index
    partitioned: bool
    build: Build

    @classmethod
    def create_index_concurrently(
        cls,
        operations: Operations,
        name: str,
        table: str,
        on: str,
        *,
        using: str = "btree",
        unique: bool = False,
        include: Sequence[str] = (),
        parameters: Mapping[str, str | int | float | bool] | None = None,
        where: str | None = None,
        partitioned: bool = False,
        build: Build | None = None,
    ) -> None:
        """``on`` is what stands between the parentheses: "corpus_id, created_at DESC".

        ``parameters`` are those of WITH; ``where`` is the predicate. A partitioned table has to
        be called so: each of its partitions gets its part, CONCURRENTLY.
        """
        index = checked_index(
            name,
            table,
            on,
            using=using,
            unique=unique,
            include=include,
            parameters=parameters,
            where=where,
        )
        operations.invoke(cls(index, partitioned, checked_build(build)))

    @classmethod
    def create_hnsw_index(
        cls,
        operations: Operations,
        name: str,
        table: str,
        column: str,
        *,
        opclass: str = "halfvec_cosine_ops",
        m: int = 16,
        ef_construction: int = 64,
        where: str | None = None,
        partitioned: bool = False,
        build: Build | None = None,
    ) -> None:
        """``m`` is 2..100, ``ef_construction`` 4..1000 and at least twice ``m``."""
        index = hnsw_index(
            name, table, column, opclass=opclass, m=m, ef_construction=ef_construction, where=where
        )
        operations.invoke(cls(index, partitioned, checked_build(build)))

    @classmethod
    def create_ivfflat_index(
        cls,
        operations: Operations,
        name: str,
        table: str,
        column: str,
        *,
        lists: int,
        opclass: str = "halfvec_cosine_ops",
        where: str | None = None,
        partitioned: bool = False,
        build: Build | None = None,
    ) -> None:
        """``lists`` is 1..32768. The lists are chosen from the rows that are there: build it on a
        filled table, and reindex when it has grown to a multiple."""
        index = ivfflat_index(name, table, column, opclass=opclass, lists=lists, where=where)
        operations.invoke(cls(index, partitioned, checked_build(build)))


@Operations.register_operation("rebuild_hnsw_index")
@Operations.register_operation("rebuild_ivfflat_index")
@dataclass
class RebuildIndex(MigrateOperation):
    index: Index
    build: Build

    @classmethod
    def rebuild_hnsw_index(
        cls,
        operations: Operations,
        name: str,
        table: str,
        column: str,
        *,
        opclass: str = "halfvec_cosine_ops",
        m: int = 16,
        ef_construction: int = 64,
        where: str | None = None,
        build: Build | None = None,
    ) -> None:
        """The index has this definition afterwards, and searches have an index all the while."""
        index = hnsw_index(
            name, table, column, opclass=opclass, m=m, ef_construction=ef_construction, where=where
        )
        operations.invoke(cls(index, checked_build(build)))

    @classmethod
    def rebuild_ivfflat_index(
        cls,
        operations: Operations,
        name: str,
        table: str,
        column: str,
        *,
        lists: int,
        opclass: str = "halfvec_cosine_ops",
        where: str | None = None,
        build: Build | None = None,
    ) -> None:
        """The index has this definition afterwards, and searches have an index all the while."""
        index = ivfflat_index(name, table, column, opclass=opclass, lists=lists, where=where)
        operations.invoke(cls(index, checked_build(build)))


@Operations.register_operation("reindex_concurrently")
@dataclass
class Reindex(MigrateOperation):
    name: str
    build: Build

    @classmethod
    def reindex_concurrently(
        cls, operations: Operations, name: str, *, build: Build | None = None
    ) -> None:
        """Build the same index anew: a bloated one, or an IVFFlat index whose lists are stale."""
        operations.invoke(cls(check_identifier("name", name), checked_build(build)))


@Operations.register_operation("drop_index_concurrently")
@dataclass
class DropIndex(MigrateOperation):
    name: str
    partitioned: bool

    @classmethod
    def drop_index_concurrently(
        cls, operations: Operations, name: str, *, partitioned: bool = False
    ) -> None:
        """Drop the index if it is there.

        That of a partitioned table is dropped in one go, which locks the table for a moment.
        """
        operations.invoke(cls(check_identifier("name", name), partitioned))


@Operations.implementation_for(CreateIndex)
def _create(operations: Operations, operation: CreateIndex) -> None:
    context = operations.get_context()
    create = index_scripts.create if context.as_sql else index_building.create
    create(context, operation.index, operation.partitioned, operation.build)


@Operations.implementation_for(RebuildIndex)
def _rebuild(operations: Operations, operation: RebuildIndex) -> None:
    context = operations.get_context()
    rebuild = index_scripts.rebuild if context.as_sql else index_building.rebuild
    rebuild(context, operation.index, operation.build)


@Operations.implementation_for(Reindex)
def _reindex(operations: Operations, operation: Reindex) -> None:
    context = operations.get_context()
    reindex = index_scripts.reindex if context.as_sql else index_building.reindex
    reindex(context, operation.name, operation.build)


@Operations.implementation_for(DropIndex)
def _drop(operations: Operations, operation: DropIndex) -> None:
    context = operations.get_context()
    drop = index_scripts.drop if context.as_sql else index_building.drop
    drop(context, operation.name, operation.partitioned)
