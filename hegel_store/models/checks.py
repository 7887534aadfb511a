"""Validation shared by every value that goes in: refuse early, name the field.

PostgreSQL would refuse most of these values too, but late, in the middle of a batch, and some
(a lone surrogate, NaN in a score) with errors that name nothing or with none at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hegel_store.errors import InvalidInput

MAX_NAME_CHARACTERS = 200
"""Corpus, task type, category and other short names: they lead indexes, so they are short."""

MAX_TEXT_BYTES = 16 * 1024 * 1024
"""One text (query, answer) or one JSON document, in UTF-8 bytes."""

MAX_FACT_CHARACTERS = 1_000_000
"""One fact. A fact is a sentence; this only stops whole files from being stored as one."""

MAX_SEARCH_BYTES = 32 * 1024
"""A search text in web search syntax; the server parses it, and a longer one takes it seconds."""

MAX_JSON_DEPTH = 200
"""Nesting of a JSON document; the server's own stack gives out near 7,000 levels."""


def check_text(field: str, value: object, *, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Return ``value`` if PostgreSQL can store it as text of at most ``max_bytes`` UTF-8 bytes.

    Raises InvalidInput for another type, NUL, a lone surrogate or too many bytes.
    """
    if not isinstance(value, str):
        raise InvalidInput(field, f"must be text, not {type(value).__name__}")
    if "\x00" in value:
        raise InvalidInput(field, f"has a NUL character at position {value.index(chr(0))}")
    try:
        # ASCII needs no encoding to be measured, and most text is ASCII.
        size = len(value) if value.isascii() else len(value.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput(field, f"has a lone surrogate at position {error.start}") from None
    if size > max_bytes:
        raise InvalidInput(field, f"is {size:,} bytes long; at most {max_bytes:,} are stored")
    return value


def check_name(field: str, value: object) -> str:
    """Return ``value`` if it is a non-blank text of at most MAX_NAME_CHARACTERS characters."""
    text = check_text(field, value)
    if not text.strip():
        raise InvalidInput(field, "must not be empty or blank")
    if len(text) > MAX_NAME_CHARACTERS:
        raise InvalidInput(
            field, f"is {len(text)} characters long; at most {MAX_NAME_CHARACTERS} are stored"
        )
    return text


def check_fact_text(field: str, value: object) -> str:
    """Return ``value`` if it is a non-blank text of at most MAX_FACT_CHARACTERS characters."""
    text = check_text(field, value)
    if not text.strip():
        raise InvalidInput(field, "must not be empty or blank")
    if len(text) > MAX_FACT_CHARACTERS:
        raise InvalidInput(
            field, f"is {len(text):,} characters long; at most {MAX_FACT_CHARACTERS:,} are stored"
        )
    return text


def check_id(field: str, value: object) -> UUID:
    """Return ``value`` as a UUID (a UUID or its text form)."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, str):
        try:
            return UUID(value)
        except ValueError:
            pass
    raise InvalidInput(field, f"must be a UUID, not {value!r:.80}")


def check_number(field: str, value: object) -> float:
    """Return ``value`` as a finite float."""
    if isinstance(value, (bool, str, bytes)):
        raise InvalidInput(field, f"must be a number, not {type(value).__name__}")
    try:
        number = float(value)  # type: ignore[arg-type]  # whatever has __float__ is welcome
    except (TypeError, ValueError):
        raise InvalidInput(field, f"must be a number, not {type(value).__name__}") from None
    except OverflowError:
        raise InvalidInput(field, "is too large for a 64-bit float") from None
    if not math.isfinite(number):
        raise InvalidInput(field, f"must be finite, not {number}")
    return number


def check_integer(field: str, value: object, *, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
    """Return ``value`` as an int in ``minimum..maximum`` (the default maximum fits int4)."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput(field, f"must be an integer, not {type(value).__name__}")
    if not minimum <= value <= maximum:
        raise InvalidInput(field, f"must be between {minimum} and {maximum}, not {value}")
    return value


def check_choice(field: str, value: object, choices: Sequence[str]) -> None:
    """Raise InvalidInput unless ``value`` is one of ``choices``."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidInput(field, f"must be one of {', '.join(choices)}, not {value!r:.80}")


def check_moment(field: str, value: object) -> datetime:
    """Return ``value``, a datetime with a time zone (a naive one is ambiguous), in UTC.

    In UTC, because Python never finds a local time of a repeated hour equal to what the database
    gives back. The first and the last year that Python knows are refused: in the time zone of
    another session such a moment may lie in a year that no datetime can hold.
    """
    if not isinstance(value, datetime):
        raise InvalidInput(field, f"must be a datetime, not {type(value).__name__}")
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidInput(field, "must carry a time zone")
    if not 1 < value.year < 9999:
        raise InvalidInput(field, f"must lie between the years 2 and 9998, not in {value.year}")
    return value.astimezone(UTC)


def check_json(field: str, value: object) -> str:
    """Serialise a JSON object to the text that is stored, in the order it was written.

    Raises InvalidInput, naming the path inside the document, for anything that is not a mapping
    with string keys, for NaN and infinity, NUL and lone surrogates, cycles and over-deep nesting,
    and for documents above MAX_TEXT_BYTES.
    """
    if not isinstance(value, Mapping):
        raise InvalidInput(field, f"must be a JSON object, not {type(value).__name__}")
    plain = _plain(field, value, 0)
    try:
        text = json.dumps(plain, ensure_ascii=False, allow_nan=False)
    except ValueError as error:  # an integer of more digits than Python prints
        raise InvalidInput(field, str(error)) from None
    size = len(text) if text.isascii() else len(text.encode())
    if size > MAX_TEXT_BYTES:
        raise InvalidInput(field, f"is {size:,} bytes of JSON; at most {MAX_TEXT_BYTES:,} fit")
    return text


def check_optional_json(field: str, value: object) -> str:
    """Like check_json(), with None standing for the empty object."""
    return "{}" if value is None else check_json(field, value)


def _plain(path: str, value: object, depth: int) -> Any:
    """Rebuild ``value`` from plain JSON types, refusing what JSON or jsonb cannot hold."""
    if depth > MAX_JSON_DEPTH:
        raise InvalidInput(path, f"is nested deeper than {MAX_JSON_DEPTH} levels")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return check_text(path, value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        number = check_number(path, value)
        # Written as 1e+23, jsonb would take it for the integer 10**23, which no float equals.
        return int(number) if abs(number) >= 1e16 else number
    if isinstance(value, Mapping):
        plain = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise InvalidInput(path, f"has a key that is not text: {key!r:.80}")
            check_text(f"{path} (a key)", key)
            plain[key] = _plain(f"{path}.{key:.80}", item, depth + 1)
        return plain
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [_plain(f"{path}[{i}]", item, depth + 1) for i, item in enumerate(value)]
    if hasattr(value, "item") and getattr(value, "shape", None) == ():  # a NumPy scalar
        return _plain(path, value.item(), depth)
    raise InvalidInput(path, f"has a value JSON cannot hold: {type(value).__name__}")
