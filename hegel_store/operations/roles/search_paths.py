"""The names in a search_path."""

from __future__ import annotations

import re

from hegel_store.errors import InvalidInput

NAME = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^\s",](?:[^",]*[^\s",])?))\s*(,|\Z)')


def names_in(path: str) -> list[str]:
    """The names of a list such as ``"$user", public``, as the server reads it: in lower case where
    they are not quoted. Raises InvalidInput for what is no such list."""
    names, at, goes_on = [], 0, True
    while goes_on:
        found = NAME.match(path, at)
        if found is None:
            raise InvalidInput("set", f"search_path must be a list of names, not {path!r:.80}")
        quoted, plain, comma = found.groups()
        names.append(plain.lower() if quoted is None else quoted.replace('""', '"'))
        at, goes_on = found.end(), comma == ","
    return names
