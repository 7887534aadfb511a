"""Steps as lines of JSON, compressed where the name ends with .gz."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from hegel_store.archive.rows import Row
from hegel_store.errors import InvalidInput

COMPRESSION = 6


def write(file: BinaryIO, rows: Iterable[Row], *, compressed: bool) -> int:
    """Write steps as they come, and return how many there were."""
    if compressed:
        # Without name and time of day, equal steps make equal files; the default level, 9, takes
        # much longer for hardly less.
        with gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0) as inner:
            return _write_lines(inner, rows)
    return _write_lines(file, rows)


def _write_lines(file: BinaryIO | gzip.GzipFile, rows: Iterable[Row]) -> int:
    steps = 0
    for row in rows:
        values = dict(row) | {"created_at": row["created_at"].isoformat(timespec="microseconds")}
        file.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")
        steps += 1
    return steps


def read(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file with the number of their line, the first being 1; blank lines are
    passed over. Raises InvalidInput for what is no JSON object, or cut off."""
    opener: Any = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "rb") as lines:
        number = 0
        try:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _object(path, number, line)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InvalidInput("path", f"{path} ends or breaks after line {number}") from error


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("path", f"line {number} of {path} is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise InvalidInput("path", f"line {number} of {path} is no JSON object")
    return values
