"""A file of scopes: lines of JSON, the first of which says what the others are.

::

    {"format": "hegel_store scopes", "version": 1, "corpus_id": "helpdesk", "task_type": "qa",
     "task_types": ["qa"], "rows": {"scopes": 1, "profiles": 2, ...}}
    {"table": "profiles", "row": {"id": "0190...", "version": 1, "source": "{...}", ...}}

Rows have the columns of their table without the corpus. Times are ISO 8601 in UTC, documents the
text that the server prints, so that no number of theirs is rounded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, DateTime, Double, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from hegel_store.archive import jsonl
from hegel_store.errors import InvalidInput
from hegel_store.models.checks import (
    MAX_JSON_DEPTH,
    check_id,
    check_integer,
    check_moment,
    check_name,
    check_number,
    check_text,
)
from hegel_store.transfer.tables import PROFILES, TABLES, Carried

FORMAT = "hegel_store scopes"
VERSION = 1
ENDINGS = (".jsonl", ".jsonl.gz")
SOURCE = PROFILES.table.c.source
POSITIVE = (PROFILES.table.c.version,)
EXPONENTS = range(-16_000, 131_000)
"""Of the numbers that fit a numeric of the server, and with it into jsonb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line: a scope, the task types that come with it, and how many rows of each table
    follow."""

    corpus_id: str
    task_type: str
    task_types: Sequence[str]
    rows: Mapping[str, int]

    def as_object(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "corpus_id": self.corpus_id,
            "task_type": self.task_type,
            "task_types": list(self.task_types),
            "rows": dict(self.rows),
        }


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table, as it is sent to the server: in the order of ``carried.columns``, with the
    number of its line at the end."""

    carried: Carried
    values: tuple[Any, ...]


def checked_path(path: Path) -> Path:
    """The path, if its ending is one of ENDINGS. Raises InvalidInput."""
    if not path.name.endswith(ENDINGS):
        raise InvalidInput("path", f"must end with {' or '.join(ENDINGS)}, not {path.name!r:.80}")
    return path


def row_object(carried: Carried, row: Mapping[str, Any]) -> dict[str, Any]:
    """The object of a row that the server gave."""
    return {"table": carried.name, "row": {name: _plain(value) for name, value in row.items()}}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value


def read(path: Path) -> tuple[Header, Callable[[str], Iterator[Line]]]:
    """The header of a file, and a function that reads its rows for a corpus.

    Raises InvalidInput, naming line and field, for what is none of ours, cut off or too long.
    """
    lines = jsonl.read(path)
    header = _header(path, next(lines, None))

    def rows(corpus_id: str) -> Iterator[Line]:
        found = dict.fromkeys(TABLES, 0)
        number = 1
        for number, values in lines:
            line = _line(header, corpus_id, number, values)
            found[line.carried.name] += 1
            yield line
        for name, expected in header.rows.items():
            if found[name] != expected:
                raise InvalidInput(
                    "path",
                    f"{path} has {found[name]} rows of {name} and should have {expected}: "
                    f"it is not whole (its last line is {number})",
                )

    return header, rows


def _header(path: Path, first: tuple[int, dict[str, Any]] | None) -> Header:
    if first is None:
        raise InvalidInput("path", f"{path} is empty")
    _, values = first
    if values.get("format") != FORMAT:
        raise InvalidInput("path", f"line 1 of {path} is not of an export of scopes")
    if values.get("version") != VERSION:
        raise InvalidInput(
            "path", f"{path} has version {values.get('version')!r:.20} of the format, not {VERSION}"
        )
    try:
        given = values.get("task_types")
        if not isinstance(given, list):
            raise InvalidInput("task_types", "must be a list")
        rows = values.get("rows")
        if not isinstance(rows, dict) or set(rows) != set(TABLES):
            raise InvalidInput("rows", f"must have {', '.join(TABLES)}")
        return Header(
            corpus_id=check_name("corpus_id", values.get("corpus_id")),
            task_type=check_name("task_type", values.get("task_type")),
            task_types=[check_name("task_types", each) for each in given],
            rows={
                name: check_integer(f"rows.{name}", count, maximum=2**63 - 1)
                for name, count in rows.items()
            },
        )
    except InvalidInput as error:
        raise _at(1, error) from None


def _line(header: Header, corpus_id: str, number: int, values: dict[str, Any]) -> Line:
    try:
        table = values.get("table")
        if not isinstance(table, str) or table not in TABLES:
            raise InvalidInput("table", f"must be one of {', '.join(TABLES)}, not {table!r:.80}")
        carried = TABLES[table]
        row = values.get("row")
        if not isinstance(row, dict):
            raise InvalidInput("row", "must be a JSON object")
        wanted = {column.name for column in carried.columns} - {"corpus_id"}
        others = sorted(set(row) - wanted)
        if others:
            raise InvalidInput(
                f"{table}.{others[0]:.80}", "is no column of this release, which may be too old"
            )
        if "task_type" in wanted and row.get("task_type") not in header.task_types:
            raise InvalidInput(f"{table}.task_type", "is none of those that the first line names")
        checked = [
            corpus_id
            if column.name == "corpus_id"
            else _checked(f"{table}.{column.name}", column, row.get(column.name))
            for column in carried.columns
        ]
    except InvalidInput as error:
        raise _at(number, error) from None
    return Line(carried, (*checked, number))


def _at(number: int, error: InvalidInput) -> InvalidInput:
    return InvalidInput(error.field, f"{error.reason} (line {number} of the file)")


def _checked(field: str, column: Column[Any], value: object) -> Any:
    if value is None:
        if column.nullable:
            return None
        raise InvalidInput(field, "is missing")
    kind = column.type
    if column is SOURCE or isinstance(kind, JSONB):
        return check_document(field, value, is_object=not column.nullable)
    if isinstance(kind, Uuid):
        return check_id(field, value)
    if isinstance(kind, DateTime):
        return check_moment(field, _moment(field, value))
    if isinstance(kind, Double):
        return check_number(field, value)
    if isinstance(kind, Boolean):
        if not isinstance(value, bool):
            raise InvalidInput(field, f"must be true or false, not {type(value).__name__}")
        return value
    if isinstance(kind, Integer):
        return check_integer(field, value, minimum=1 if column in POSITIVE else 0)
    if isinstance(kind, Text):
        return check_name(field, value) if kind.collation == "C" else check_text(field, value)
    # A column that a revision brought, and this function has not learned to read.
    raise TypeError(f"{field}: nothing says how a {kind} is read")


def _moment(field: str, value: object) -> object:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise InvalidInput(field, str(error)) from None


def check_document(field: str, value: object, *, is_object: bool = True) -> str:
    """Return ``value``, the text of a JSON document, if jsonb can hold it. Raises InvalidInput."""
    text = check_text(field, value)
    try:
        document = json.loads(
            text, parse_float=_number, parse_int=_number, parse_constant=_constant
        )
    except (ValueError, RecursionError) as error:
        raise InvalidInput(field, f"is no JSON: {error}") from None
    if is_object and not isinstance(document, dict):
        raise InvalidInput(field, "must be a JSON object")
    _check_inside(field, document, 0)
    return text


def _number(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation:
        raise ValueError("a number is too long") from None
    _, written, exponent = number.as_tuple()
    if (
        number.adjusted() not in EXPONENTS
        or int(exponent) < EXPONENTS.start
        or (len(written) > EXPONENTS.stop)
    ):
        raise ValueError("a number has too many digits")
    return number


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _check_inside(field: str, value: object, depth: int) -> None:
    if depth > MAX_JSON_DEPTH:
        raise InvalidInput(field, f"is nested deeper than {MAX_JSON_DEPTH} levels")
    if isinstance(value, str):
        check_text(field, value)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_text(field, key)
            _check_inside(field, item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_inside(field, item, depth + 1)
