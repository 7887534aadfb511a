"""Noting what was measured of an index, and forgetting it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine

from hegel_store.database import translated
from hegel_store.errors import InvalidInput
from hegel_store.models.vector_indexes import Measured, VectorIndex
from hegel_store.operations.vector_indexes import statements
from hegel_store.operations.vector_indexes.catalog import Place, place_of
from hegel_store.operations.vector_indexes.notes import (
    OF_A_MEASUREMENT,
    is_note,
    measured_in,
    read_note,
    written,
)


def note_measured(engine: Engine, name: str, measured: Measured) -> VectorIndex:
    """Keep what measure() found of the index ``name``, for searches that ask for a recall; the
    former measurement is forgotten. Returns the index as it was before.

    Raises NotFound, InvalidInput where the index has a comment of somebody else's, and
    DatabaseError where the index is locked for longer than the lock timeout.
    """
    with translated(), engine.begin() as connection:
        place = place_of(connection, name)
        note = _own(place) | measured_in(measured, name, place.serving.method)
        _comment(connection, place, written(note))
        return place.serving


def forget_measured(engine: Engine, name: str) -> bool:
    """Undo note_measured(); False where nothing was noted. Raises what that does."""
    with translated(), engine.begin() as connection:
        place = place_of(connection, name)
        note = _own(place)
        left = {
            key: value
            for key, value in note.items()
            if key not in (*OF_A_MEASUREMENT, "hegel_store")
        }
        if "recall" in note:
            _comment(connection, place, written(left) if left else None)
        return "recall" in note


def _own(place: Place) -> dict[str, Any]:
    if place.comment is not None and not is_note(place.comment):
        raise InvalidInput("name", f"{place.name} has a comment that is not of this package's")
    return read_note(place.comment)


def _comment(connection: Connection, place: Place, note: str | None) -> None:
    connection.exec_driver_sql(
        statements.comment(place.home, place.name, note), execution_options={"no_parameters": True}
    )
