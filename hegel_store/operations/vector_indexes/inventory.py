"""Which vector indexes there are."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from hegel_store.database import translated
from hegel_store.models.vector_indexes import VectorIndex
from hegel_store.operations.vector_indexes.catalog import indexes


def inventory(engine: Engine) -> Sequence[VectorIndex]:
    """All vector indexes of the installation, by table, column and name. Reads the catalog."""
    with translated(), engine.connect() as connection:
        return indexes(connection)
