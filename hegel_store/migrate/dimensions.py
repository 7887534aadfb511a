"""One more embedding size: importing this in ``env.py`` gives ``op.add_embedding_dimension`` and
``op.drop_embedding_dimension`` to every revision."""

from __future__ import annotations

from dataclasses import dataclass

from alembic.operations import MigrateOperation, Operations

from hegel_store.models.vectors import check_new_dimensions


@Operations.register_operation("add_embedding_dimension")
@dataclass
class AddEmbeddingDimension(MigrateOperation):
    dimensions: int

    @classmethod
    def add_embedding_dimension(cls, operations: Operations, dimensions: int) -> None:
        """Add the column for vectors of this size to hegel_facts, at once, as it is empty.

        Its index is built in the next revision. Raises InvalidInput for a size outside 1..4000,
        or one that has a column in every database.
        """
        operations.invoke(cls(check_new_dimensions(dimensions)))


@Operations.register_operation("drop_embedding_dimension")
@dataclass
class DropEmbeddingDimension(MigrateOperation):
    dimensions: int

    @classmethod
    def drop_embedding_dimension(cls, operations: Operations, dimensions: int) -> None:
        """Drop the column with its vectors and its index, and forget which model made them."""
        operations.invoke(cls(check_new_dimensions(dimensions)))


@Operations.implementation_for(AddEmbeddingDimension)
def _add(operations: Operations, operation: AddEmbeddingDimension) -> None:
    size = operation.dimensions
    operations.execute(f"ALTER TABLE hegel_facts ADD COLUMN embedding_{size} halfvec({size})")


@Operations.implementation_for(DropEmbeddingDimension)
def _drop(operations: Operations, operation: DropEmbeddingDimension) -> None:
    slot = f"embedding_{operation.dimensions}"
    operations.execute(f"ALTER TABLE hegel_facts DROP COLUMN {slot}")
    operations.execute(f"DELETE FROM hegel_embedding_spaces WHERE slot = '{slot}'")
