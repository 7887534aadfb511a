"""A server's settings as a file: a line each, in the order of their names, so that two files differ
in the lines of what is different.

The first line is ``{"hegel_store settings": 1, ...}``, with the version of the format.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hegel_store.errors import InvalidInput
from hegel_store.models.server_settings import ServerSetting, ServerSettings

FORMAT = "hegel_store settings"
FIELDS = ("name", "value", "unit", "source", "context", "pending_restart", "altered")

SECRET = re.compile(r"_command$|conninfo|dsn|passphrase|passw|secret|token|credential|_key$")
"""Names of what may hold a password. Commands are among them: they are shells' lines."""

NOT_SECRET = frozenset({"password_encryption"})


def is_secret(name: str) -> bool:
    """Whether a setting may hold what nobody should read in a file."""
    return name not in NOT_SECRET and SECRET.search(name.lower()) is not None


def write_snapshot(path: str | os.PathLike[str], server: ServerSettings) -> None:
    """Write the settings to a file, in place of one that is there; secrets are left out.

    It has its name once it is whole. Raises InvalidInput where it cannot be written.
    """
    head = {FORMAT: 1, "server": server.version, "shows_altered": server.shows_altered}
    lines = [json.dumps(head)]
    for name in sorted(server.settings):
        if not is_secret(name):
            setting = server.settings[name]
            lines.append(json.dumps({field: getattr(setting, field) for field in FIELDS}))
    target = Path(path)
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=target.parent, prefix=f".{target.name}.", delete=False, encoding="utf-8"
        ) as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.replace(file.name, target)
        except OSError:
            with suppress(OSError):
                os.unlink(file.name)
            raise
    except OSError as error:
        raise InvalidInput("path", f"cannot be written: {error}") from error


def read_snapshot(path: str | os.PathLike[str]) -> ServerSettings:
    """The settings that write_snapshot() has written.

    Raises InvalidInput where it cannot be read, or is something else, with the number of the line.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("path", f"cannot be read: {error}") from error
    head = _parsed(lines[0] if lines else "", 1)
    if head.get(FORMAT) != 1 or not isinstance(head.get("server"), int):
        raise InvalidInput("path", f"{path} is no snapshot of settings that this release reads")
    settings = {}
    for number, line in enumerate(lines[1:], start=2):
        values = _parsed(line, number)
        if set(values) != set(FIELDS) or not isinstance(values["name"], str):
            raise InvalidInput("path", f"line {number} is no setting")
        settings[values["name"]] = ServerSetting(**values)
    return ServerSettings(
        version=head["server"], shows_altered=head.get("shows_altered") is True, settings=settings
    )


def _parsed(line: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidInput("path", f"line {number} is no JSON object")
    return found
