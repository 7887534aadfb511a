"""Files of steps that hold some of a corpus, named or written anew without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hegel_store.archive import jsonl, parquet
from hegel_store.archive.exporting import ENDINGS
from hegel_store.archive.files import written
from hegel_store.archive.reading import numbered_rows
from hegel_store.archive.statements import NAMES
from hegel_store.errors import InvalidInput


def archives_with(folder: Path, corpus_id: str) -> Mapping[str, int]:
    """The files of steps below a folder that have some of the corpus, and how many.

    Other files of these endings are passed over. Raises InvalidInput for no folder and for a file
    that is cut off, and ConfigurationError for Parquet without pyarrow.
    """
    if not folder.is_dir():
        raise InvalidInput("archives", f"there is no folder {folder}")
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.name.endswith(ENDINGS)):
        if path.is_file() and _is_of_steps(path):
            steps = sum(row["corpus_id"] == corpus_id for _, row in numbered_rows(path))
            if steps:
                found[str(path)] = steps
    return found


def without_corpus(path: Path, corpus_id: str) -> None:
    """Write a file anew without the steps of a corpus; one that has no others is removed."""
    if next(_others(path, corpus_id), None) is None:
        path.unlink()
        return
    with written(path, replace=True) as file:
        if path.name.endswith(".parquet"):
            parquet.write(file, _others(path, corpus_id))
        else:
            compressed = path.name.endswith(".gz")
            jsonl.write_objects(file, _others(path, corpus_id), compressed=compressed)


def _others(path: Path, corpus_id: str) -> Iterator[dict[str, Any]]:
    return (row for _, row in numbered_rows(path) if row["corpus_id"] != corpus_id)


def _is_of_steps(path: Path) -> bool:
    """A file of scopes has the same ending, and so may anybody's."""
    if path.name.endswith(".parquet"):
        return True
    try:
        first = next(jsonl.read(path), None)
    except InvalidInput:
        return False
    return first is not None and set(NAMES) <= set(first[1])
