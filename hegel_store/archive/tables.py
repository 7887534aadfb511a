"""Tables in one JSON document: columns, and rows of values, as ``mlflow.log_table`` logs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hegel_store.errors import InvalidInput


def read(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a table by the names of its columns, each with its number, the first being 1.

    The document is ``{"columns": [...], "data": [[...], ...]}``, the orientation that pandas calls
    "split", and is read as a whole. Raises InvalidInput for any other.
    """
    try:
        table = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InvalidInput("path", f"{path} is no JSON: {error}") from error
    match table:
        case {"columns": [*columns], "data": [*rows]} if all(isinstance(c, str) for c in columns):
            pass
        case _:
            raise InvalidInput("path", f"{path} is no table of columns and data")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list) or len(row) != len(columns):
            raise InvalidInput("path", f"row {number} of {path} has not {len(columns)} values")
        yield number, dict(zip(columns, row, strict=True))
