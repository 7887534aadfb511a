"""Reading files of steps back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hegel_store.archive import jsonl, parquet
from hegel_store.archive.exporting import checked_path
from hegel_store.archive.rows import as_step
from hegel_store.archive.statements import NAMES
from hegel_store.errors import InvalidInput
from hegel_store.models import TrainingStep


def read_archive(path: str | os.PathLike[str]) -> Iterator[TrainingStep]:
    """The steps of a file that export_steps() or archive_month() wrote, in its order.

    Needs no database. A hundred are in memory at a time. Raises InvalidInput for another ending, a
    file that is not there, cut off, or none of ours.
    """
    file = readable(path)
    for number, row in numbered_rows(file):
        yield step_of(row, f"{file.name}:{number}")


def readable(path: str | os.PathLike[str], *, more: Sequence[str] = ()) -> Path:
    """The path, if a file of steps may be there, by its ending or ``more``. Raises InvalidInput."""
    file = checked_path(path, more)
    if not file.is_file():
        raise InvalidInput("path", f"there is no file {file}")
    return file


def numbered_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a file of ours with their number: of the line, or of the row, from 1 on."""
    if path.name.endswith(".parquet"):
        yield from enumerate(parquet.read(path), start=1)
        return
    for number, row in jsonl.read(path):
        missing = set(NAMES) - set(row)
        if missing:
            raise InvalidInput(
                "path", f"line {number} of {path} lacks {', '.join(sorted(missing))}"
            )
        yield number, {name: row[name] for name in NAMES}


def step_of(row: Mapping[str, Any], where: str) -> TrainingStep:
    """The step of a row. Raises InvalidInput, naming ``where`` it stands."""
    try:
        return as_step(row)
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise InvalidInput("step", f"{where} is none of ours: {error}") from error
