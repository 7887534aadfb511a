"""Scopes into a database, all of a file or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, exc
from sqlalchemy.schema import CreateTable

from hegel_store.answering import unhurried
from hegel_store.archive.source import Source
from hegel_store.archive.statements import UNLIMITED
from hegel_store.copying import copy_rows
from hegel_store.database import translated
from hegel_store.errors import ImportConflict, InvalidInput
from hegel_store.failures import Failure, failure_of
from hegel_store.models.checks import check_name
from hegel_store.transfer import statements
from hegel_store.transfer.lines import Line, checked_path, read
from hegel_store.transfer.tables import PROFILES, TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeImport:
    """Where a file was imported to, and by the names of its tables: the rows of the file, those
    that were not there before, and those that were there in an older state."""

    corpus_id: str
    task_types: Sequence[str]
    rows: Mapping[str, int]
    added: Mapping[str, int]
    updated: Mapping[str, int]


def import_scope(
    source: Source,
    path: str | os.PathLike[str],
    *,
    corpus_id: str | None = None,
    dry_run: bool = False,
) -> ScopeImport:
    """Store the scopes of a file that export_scope() wrote, from any database.

    Ids, versions, times and texts stay as they are; so a profile is the same one in both databases.
    ``corpus_id`` is another corpus to store them in. What is there already is not stored again: an
    import may be repeated, and a later export of a scope adds what came since. What may change
    (statistics and metadata of a profile, a member of a population) is taken over where the file
    has it with a later time of change. An alias goes on to where the file has it, if the point at
    which it is here is one of its history in the file.

    One transaction, in which the writers of these scopes wait for the rows to be stored, not for
    the file to be read. ``dry_run`` does all of it, and rolls back.

    Raises ImportConflict where another profile has a version or an id of the file, or an alias
    points elsewhere; InvalidInput, naming line and field, for a file that is not whole or none of
    ours. Nothing is stored then.
    """
    file = checked_path(Path(path))
    if not file.is_file():
        raise InvalidInput("path", f"there is no file {file}")
    header, rows = read(file)
    target = header.corpus_id if corpus_id is None else check_name("corpus_id", corpus_id)
    with (
        unhurried(),
        translated(),
        _refused_values(file),
        source.engine.connect() as connection,
        connection.begin() as transaction,
    ):
        connection.execute(UNLIMITED)
        _stage(connection, rows(target))
        _require_sound(connection)
        connection.execute(statements.take_scopes())
        _require_same(connection)
        added, updated = _store(connection)
        if dry_run:
            transaction.rollback()
    return ScopeImport(
        corpus_id=target,
        task_types=header.task_types,
        rows=header.rows,
        added=added,
        updated=updated,
    )


@contextmanager
def _refused_values(file: Path) -> Iterator[None]:
    """Say of values that the server refuses that they are the file's."""
    try:
        yield
    except exc.DBAPIError as error:
        if failure_of(error) in (Failure.DATA, Failure.CONSTRAINT):
            raise InvalidInput("path", f"{file} is none of ours: {error.orig}") from error
        raise


def _stage(connection: Connection, lines: Iterator[Line]) -> None:
    """Put the rows of a file where they can be compared, and nobody else sees them."""
    for carried in TABLES.values():
        connection.execute(CreateTable(carried.incoming))
    for carried, group in groupby(lines, key=lambda line: line.carried):
        copy_rows(connection, statements.copy_in(carried), (line.values for line in group))


def _first(connection: Connection, statement: Select[Any]) -> Row[Any] | None:
    return connection.execute(statement).first()


def _require_sound(connection: Connection) -> None:
    """Raises InvalidInput for rows that do not fit each other."""
    keys = [(each, each.key) for each in TABLES.values()]
    for carried, key in [*keys, (PROFILES, ("task_type", "version"))]:
        found = _first(connection, statements.repeated(carried, key))
        if found is not None:
            names = ", ".join(name for name in key if name != "corpus_id")
            raise InvalidInput(
                f"{carried.name}.{names}", f"is in the file twice (line {found[0]} of the file)"
            )
    found = _first(connection, statements.stray_parent())
    if found is not None:
        raise InvalidInput(
            "parents.profile_id",
            f"is no profile of the file: {found.profile_id} (line {found.line} of the file)",
        )


def _require_same(connection: Connection) -> None:
    """Raises ImportConflict where something else is there, and InvalidInput for profiles that are
    named and nowhere."""
    for carried in TABLES.values():
        for name in carried.references:
            found = _first(connection, statements.unresolved(carried, name))
            if found is not None:
                raise InvalidInput(
                    f"{carried.name}.{name}",
                    f"is neither in the file nor in the corpus: {found.profile_id} "
                    f"(line {found.line} of the file)",
                )
    found = _first(connection, statements.taken_version())
    if found is not None:
        raise ImportConflict(
            found.line,
            f"version {found.version} of {found.task_type!r} is profile {found.found} here, "
            f"and {found.id} in the file",
        )
    for carried in statements.COMPARED:
        found = _first(connection, statements.differing(carried))
        if found is not None:
            named = ", ".join(name for name in carried.fixed if found._mapping[name])
            raise ImportConflict(
                found.line, f"a row of {carried.name} is there already, with another {named}"
            )
    found = _first(connection, statements.other_parents())
    if found is not None:
        raise ImportConflict(found.line, f"profile {found.id} has other parents here")


def _store(connection: Connection) -> tuple[dict[str, int], dict[str, int]]:
    """How many rows were added, and how many updated."""
    added = dict.fromkeys(TABLES, 0)
    updated = dict.fromkeys(TABLES, 0)
    for carried in statements.ADDED:
        stored = connection.execute(
            statements.add(carried), execution_options={"preserve_rowcount": True}
        )
        added[carried.name] = stored.rowcount
        if carried.changed_at is not None:
            updated[carried.name] = connection.execute(statements.refresh(carried)).rowcount
        if carried.name == "aliases":
            # Moves are compared with what was there before the file's are stored.
            updated["aliases"] = _move_aliases(connection)
    return added, updated


def _move_aliases(connection: Connection) -> int:
    connection.execute(statements.hold_aliases()).all()
    found = _first(connection, statements.alias_elsewhere())
    if found is not None:
        raise ImportConflict(
            found.line,
            f"alias {found.alias!r} of {found.task_type!r} points at {found.profile_id} here, "
            "where it never did in the file",
        )
    moved = connection.execute(statements.move_aliases()).rowcount
    return moved + connection.execute(statements.drop_aliases()).rowcount
