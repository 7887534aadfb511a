"""Vector indexes as the catalog has them, and which part each one plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models.checks import check_name
from hegel_store.models.vector_indexes import Role, VectorIndex
from hegel_store.operations.vector_indexes import statements
from hegel_store.operations.vector_indexes.estimating import build_seconds
from hegel_store.operations.vector_indexes.notes import read_note, recall_in
from hegel_store.schema.vector_keys import SLOTS, Form
from hegel_store.search.vector import index_of

DEFAULTS = {"hnsw": {"m": 16, "ef_construction": 64}, "ivfflat": {"lists": 100}}
"""What pgvector takes where an index names nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """All that there is for the searches in one column.

    ``name`` is that of the index that serves, which is ``serving``; ``kept`` is the former one, and
    ``beside`` what a rebuild has built or begun to. ``searched`` is the form that searches order
    by, ``function`` the qualified name of what says so. ``home`` is the schema.
    """

    name: str
    home: str
    slot: str
    function: str
    searched: Form
    serving: VectorIndex
    comment: str | None
    kept: VectorIndex | None
    beside: VectorIndex | None

    @property
    def kept_name(self) -> str:
        return kept_name(self.name)

    @property
    def beside_name(self) -> str:
        return beside_name(self.name)


def kept_name(name: str) -> str:
    """The name of the index that was replaced."""
    return f"{name}_kept"


def beside_name(name: str) -> str:
    """The name of an index while it is built and measured."""
    return f"{name}_beside"


def indexes(connection: Connection) -> Sequence[VectorIndex]:
    """All vector indexes of the installation, by table, column and name."""
    return [_index(row) for row in connection.execute(statements.INDEXES)]


def place_of(connection: Connection, name: str) -> Place:
    """What belongs to the index of this name.

    Raises InvalidInput for an index that searches cannot be moved away from: one of labels, of
    signs, or of a column that an application has added. NotFound where there is none.
    """
    check_name("name", name)
    slot = next((slot for slot in SLOTS if index_of(slot) == name), None)
    rows = {row.name: row for row in connection.execute(statements.INDEXES)}
    if slot is None:
        if name not in rows:
            raise NotFound("vector index", name, "name")
        raise InvalidInput(
            "name",
            f"{name} is not one that searches can be moved from, which are {index_of(SLOTS[0])} "
            "and those of the other columns that every database has; rebuild it in a revision, "
            "with op.rebuild_hnsw_index",
        )
    if name not in rows:
        raise NotFound("vector index", name, "name")
    row = rows[name]
    if row.key_function is None:
        raise InvalidInput("name", f"there is no function hegel_{slot}: upgrade the database first")
    beside, kept = rows.get(beside_name(name)), rows.get(kept_name(name))
    return Place(
        name=name,
        home=row.home,
        slot=slot,
        function=row.key_function,
        searched="subvector" if row.searched_as_subvector else "plain",
        serving=_index(row),
        comment=row.comment,
        kept=None if kept is None else _index(kept),
        beside=None if beside is None else _index(beside),
    )


def _index(row: Any) -> VectorIndex:
    options = dict(option.split("=", 1) for option in row.options or ())
    parameters = DEFAULTS[row.method] | {key: int(value) for key, value in options.items()}
    rows = None if row.rows < 0 else int(row.rows)
    note = read_note(row.comment)
    seconds, basis = build_seconds(row.method, row.column, parameters, rows, note)
    form = "plain" if row.plain else "subvector" if row.subvector else "other"
    return VectorIndex(
        name=row.name,
        table=row.of,
        column=row.column,
        method=row.method,
        parameters=parameters,
        opclass=row.opclass,
        predicate=row.predicate,
        form=form,  # type: ignore[arg-type]
        role=_role(row, form),
        valid=row.valid,
        bytes=row.bytes,
        rows=rows,
        scans=row.scans,
        build_seconds=seconds,
        estimated_from=basis,
        recall=recall_in(note),
        measured_on=note.get("measured_at"),
    )


def _role(row: Any, form: str) -> Role:
    name = index_of(row.column)
    if row.of != "hegel_facts" or row.column not in SLOTS:
        return "serving" if row.valid and form == "plain" else "other"
    if row.name == kept_name(name):
        return "kept"
    if row.name == beside_name(name):
        return "beside"
    searched = "subvector" if row.searched_as_subvector else "plain"
    if form == searched and row.valid:
        return "serving"
    return "hidden" if row.name == name else "other"
