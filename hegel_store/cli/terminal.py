"""What was written by anybody, on a terminal or for a program."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

# All but tab and line feed: a terminal would obey them. Those of ASCII have pictures. The rest, and
# what turns the direction of writing around, does not.
PICTURES = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: 0x2421,
    **dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD),
}


def visible(text: str) -> str:
    """The text with pictures instead of control characters."""
    return text.translate(PICTURES)


def print_json(value: Any) -> None:
    """Print a value as JSON; ids and times as text."""
    print(json.dumps(value, default=_plain))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not written as JSON")
