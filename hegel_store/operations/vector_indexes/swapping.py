"""Which of two indexes of a column searches use: in one short transaction, and back.

It renames indexes and replaces a function. Neither locks the table, and a search that is running
ends on the index that it began with. Cached plans are made anew, as they depend on the function.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from hegel_store.database import translated
from hegel_store.errors import DatabaseError, IndexRefused, NotFound, TransactionConflict
from hegel_store.failures import CONCURRENT_UPDATE
from hegel_store.operations.vector_indexes import statements
from hegel_store.operations.vector_indexes.catalog import Place, place_of
from hegel_store.operations.vector_indexes.session import send, session
from hegel_store.schema.vector_keys import Form, other

LOCK_TIMEOUT = "2s"
ATTEMPTS = 5
PAUSE = 1.0
"""Seconds until a swap that could not lock an index in time is tried again."""


def form_of_serving(place: Place) -> Form:
    """The form of the index that has the name; of one that is of neither, what searches use."""
    return place.searched if place.serving.form == "other" else place.serving.form


def swap_statements(place: Place, note: str) -> Sequence[str]:
    """The index beside the one that serves takes its place; that one is kept."""
    return [
        statements.rename(place.home, place.name, place.kept_name),
        statements.rename(place.home, place.beside_name, place.name),
        statements.search_by(place.slot, other(form_of_serving(place)), place.function),
        statements.comment(place.home, place.name, note),
    ]


def roll_back_statements(place: Place) -> Sequence[str]:
    """The kept index and the one that serves change places."""
    return [
        statements.rename(place.home, place.name, place.beside_name),
        statements.rename(place.home, place.kept_name, place.name),
        statements.rename(place.home, place.beside_name, place.kept_name),
        statements.search_by(place.slot, other(form_of_serving(place)), place.function),
    ]


def roll_back(engine: Engine, name: str, *, dry_run: bool = False) -> Sequence[str]:
    """Let searches use the index again that the last rebuild of ``name`` has kept.

    At once: the kept one has been written to all the time. The other one is kept in its place, so
    that calling this again undoes it. Returns the statements; with ``dry_run`` none is executed.

    Raises NotFound where none is kept, IndexRefused where the kept one is INVALID or a rebuild is
    at work, InvalidInput, and TransactionConflict where an index stays locked.
    """
    with translated(), session(engine) as connection:
        place = place_of(connection, name)
        if place.kept is None:
            raise NotFound("kept index", place.kept_name, "name")
        if not place.kept.valid or place.kept.form != other(form_of_serving(place)):
            raise IndexRefused(
                place.kept_name, "it is INVALID, or searches could not tell it apart"
            )
        if place.beside is not None:
            raise IndexRefused(name, f"{place.beside_name} is there: drop it first, or rebuild")
        done = roll_back_statements(place)
        if not dry_run:
            exchange(connection, done)
        return done


def drop_kept(engine: Engine, name: str, *, dry_run: bool = False) -> Sequence[str]:
    """Drop what a rebuild of ``name`` has kept, and what one that was killed has left beside it.

    CONCURRENTLY, so that nobody waits. It cannot be undone but by a rebuild. Returns the
    statements; with ``dry_run`` none is executed. Raises InvalidInput, NotFound and IndexRefused,
    where a rebuild is at work.
    """
    with translated(), session(engine) as connection:
        place = place_of(connection, name)
        done = [
            statements.drop(place.home, index.name)
            for index in (place.kept, place.beside)
            if index is not None
        ]
        if not dry_run:
            send(connection, *done)
        return done


def exchange(connection: Connection, done: Sequence[str]) -> None:
    """Execute these in one transaction that waits for its locks no longer than LOCK_TIMEOUT, and
    again up to ATTEMPTS times."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with translated():
                send(connection, "BEGIN", statements.set_local("lock_timeout", LOCK_TIMEOUT))
                try:
                    send(connection, *done, "COMMIT")
                except BaseException:
                    if not connection.invalidated:
                        send(connection, "ROLLBACK")
                    raise
            return
        except DatabaseError as error:
            again = isinstance(error, TransactionConflict) or error.sqlstate == CONCURRENT_UPDATE
            if not again or attempt == ATTEMPTS:
                raise
            time.sleep(PAUSE)
