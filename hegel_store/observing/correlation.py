"""One id for everything that belongs together: in events, in spans, in the server's log."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from hegel_store.errors import InvalidInput

MOST_CHARACTERS = 40
"""Of the 63 bytes that an application_name may have."""

_current: ContextVar[str | None] = ContextVar("hegel_store_correlation", default=None)


def correlation_id() -> str | None:
    """The id of what is going on in this thread or task, None where there is none."""
    return _current.get()


@contextmanager
def correlated(given: str | None = None) -> Iterator[str]:
    """What is done in the block has one id: ``given``, or that of the block around it, or a new
    one of 16 hexadecimal digits.

    Raises InvalidInput unless ``given`` has 1 to 40 letters, digits, dots, colons, dashes or
    underscores: it goes into the server's log as it is.
    """
    if given is not None and not (
        isinstance(given, str) and re.fullmatch(rf"[A-Za-z0-9._:-]{{1,{MOST_CHARACTERS}}}", given)
    ):
        raise InvalidInput(
            "correlation", f"must be 1 to {MOST_CHARACTERS} letters, digits, or any of . : - _"
        )
    name = given or _current.get() or secrets.token_hex(8)
    before = _current.set(name)
    try:
        yield name
    finally:
        # A block that is left elsewhere than it was entered, as a generator's may be, set nothing
        # there.
        with suppress(ValueError):
            _current.reset(before)
