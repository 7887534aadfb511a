"""Objects as lines of JSON, steps among them, compressed where the name ends with .gz."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from hegel_store.archive.rows import Row
from hegel_store.errors import InvalidInput

COMPRESSION = 6
LONGEST_LINE = 256 * 1024 * 1024
"""Bytes. A step has five texts of 16 MiB at most, of which every character may need an escape."""


def write(file: BinaryIO, rows: Iterable[Row], *, compressed: bool) -> int:
    """Write steps as they come, and return how many there were."""
    return write_objects(file, map(_step_object, rows), compressed=compressed)


def write_objects(file: BinaryIO, objects: Iterable[Mapping[str, Any]], *, compressed: bool) -> int:
    """Write objects as they come, and return how many there were."""
    if compressed:
        # Without name and time of day, equal steps make equal files; the default level, 9, takes
        # much longer for hardly less.
        with gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0) as inner:
            return _write_lines(inner, objects)
    return _write_lines(file, objects)


def _step_object(row: Row) -> dict[str, Any]:
    return dict(row) | {"created_at": row["created_at"].isoformat(timespec="microseconds")}


def _write_lines(file: BinaryIO | gzip.GzipFile, objects: Iterable[Mapping[str, Any]]) -> int:
    lines = 0
    for each in objects:
        file.write(json.dumps(each, ensure_ascii=False).encode() + b"\n")
        lines += 1
    return lines


def read(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file with the number of their line, the first being 1; blank lines are
    passed over. Raises InvalidInput for what is no JSON object, cut off, or longer than any line of
    ours."""
    opener: Any = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "rb") as lines:
        number = 0
        try:
            while line := lines.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise InvalidInput("path", f"line {number} of {path} is too long")
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
