"""Scopes out of a database."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from hegel_store.archive import jsonl
from hegel_store.archive.files import written
from hegel_store.archive.source import Source, snapshot
from hegel_store.database import translated
from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models.checks import check_name
from hegel_store.transfer import statements
from hegel_store.transfer.lines import Header, checked_path, row_object
from hegel_store.transfer.tables import TABLES

FETCHED = 20
"""Rows that are read from the server at a time; one holds 48 MB at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeExport:
    """The task types in a file, that of the scope among them, and how many rows of each table."""

    task_types: Sequence[str]
    rows: Mapping[str, int]


def export_scope(
    source: Source, corpus_id: str, task_type: str, path: str | os.PathLike[str]
) -> ScopeExport:
    """Write a scope to a file: its profiles with all parents, its aliases with their history and
    its populations, as they are at one moment.

    Where a row names a profile of another scope of the corpus, as a merge of both does, that scope
    is in the file too, as a whole: a part of it would be a scope with other versions. The file is
    .jsonl or .jsonl.gz, and has its name once it is whole; one of this name is replaced. Only 20
    rows are in memory at a time.

    Raises InvalidInput, naming the field, and NotFound for a scope that is not there.
    """
    check_name("corpus_id", corpus_id)
    check_name("task_type", task_type)
    target = checked_path(Path(path))
    if not target.parent.is_dir():
        raise InvalidInput("path", f"there is no folder {target.parent}")
    with translated(), snapshot(source) as connection:
        reached = statements.scopes_reached(corpus_id, task_type)
        task_types = list(connection.scalars(reached))
        if not task_types:
            raise NotFound("scope", f"{task_type!r} in corpus {corpus_id!r}", "task_type")
        rows = {
            name: connection.execute(statements.count(each, corpus_id, task_types)).scalar_one()
            for name, each in TABLES.items()
        }
        header = Header(corpus_id=corpus_id, task_type=task_type, task_types=task_types, rows=rows)
        with written(target, replace=True) as file:
            compressed = target.name.endswith(".gz")
            jsonl.write_objects(file, _objects(connection, header), compressed=compressed)
    return ScopeExport(task_types=task_types, rows=rows)


def _objects(connection: Connection, header: Header) -> Iterator[Mapping[str, Any]]:
    yield header.as_object()
    options = {"stream_results": True, "yield_per": FETCHED}
    for carried in TABLES.values():
        statement = statements.rows_of(carried, header.corpus_id, header.task_types)
        with connection.execute(statement, execution_options=options) as result:
            for row in result:
                yield row_object(carried, dict(row._mapping))
