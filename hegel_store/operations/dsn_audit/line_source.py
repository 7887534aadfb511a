"""Connection strings in shell scripts, YAML, env and configuration files, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hegel_store.operations.doctor.findings import Finding
from hegel_store.operations.dsn_audit.secrets import (
    CONNINFO,
    OLD_NAME,
    OTHERS,
    PASSWORDS,
    RESOLVED,
    STANDS_FOR,
    URL,
    VARIABLES,
    masked,
    plain_password,
)

ASSIGNMENT = re.compile(
    r"""^\s*(?:-\s+)?(?:export\s+|ENV\s+|ARG\s+)?['"]?(?P<name>[\w.-]+)['"]?\s*[:=]\s*(?P<value>.*)$"""
)
EXPANSION = re.compile(r"(?<!\\)\$(?:\{(\w+)|(\w+))")

SET_ONCE = "set DATABASE_URL where the process is started, from a secret store"


def audit_lines(source: str, path: str, *, is_shell: bool) -> Iterator[Finding]:
    """What each line sets, holds or, in a shell script, reads."""
    before = ""
    for number, line in enumerate(source.splitlines(), 1):
        where = f"{path}:{number}"
        url = URL.search(line)
        string = masked(url[0]) if url else "libpq's parameters"
        has_password = plain_password(line) is not None and bool(url or CONNINFO.search(line))
        if line.lstrip().startswith("#"):
            # What is commented out can still be read.
            if has_password:
                yield _password(where, string)
            continue
        assigned = ASSIGNMENT.match(line)
        name = assigned["name"].upper() if assigned else ""
        value = (assigned["value"] if assigned else "").strip().strip("'\"")
        if name == "VALUE":
            name = before  # as containers are given their environment
        before = value.upper() if name == "NAME" else ""
        if has_password:
            yield _password(where, string)
        elif _is_password(name, value):
            yield _password(where, f"{name} is set")
        elif url and name not in RESOLVED:
            place = f"{name}, which the resolver does not read" if name in OTHERS else "this line"
            yield _look(
                "dsn-literal",
                where,
                f"holds {string:.200} in {place}",
                "It names a database past the settings.",
            )
        if name == OLD_NAME:
            yield Finding(
                code="dsn-old-name",
                severity="look",
                subject=where,
                seen=f"sets {OLD_NAME}",
                why="It is the old name of DATABASE_URL, and warns at each start.",
                remedy=f"sed -i '{number}s/{OLD_NAME}/DATABASE_URL/' '{path}'",
            )
        if is_shell:
            # Handing a variable on under a name of the resolver is what it is for.
            handed_on = name in RESOLVED
            for variable in dict.fromkeys(a or b for a, b in EXPANSION.findall(line)):
                if variable in VARIABLES and not handed_on:
                    yield _look(
                        "dsn-environment",
                        where,
                        f"reads {variable} from the environment",
                        "It passes by the order of names, the schema and the masking of the "
                        "resolver.",
                        "hegel-store and alembic find the database by themselves",
                    )


def _is_password(name: str, value: str) -> bool:
    """A YAML tag or anchor refers to something, as an expansion does."""
    return name in PASSWORDS and not STANDS_FOR.search(value) and value[:1] not in ("!", "*", "&")


def _password(where: str, what: str) -> Finding:
    return Finding(
        code="dsn-password",
        severity="act",
        subject=where,
        seen=f"a password in plain text: {what:.200}",
        why="Whoever reads the file, or its history, can connect.",
        remedy=f"ALTER ROLE its role PASSWORD ...;  -- then {SET_ONCE}",
    )


def _look(code: str, where: str, seen: str, why: str, remedy: str = SET_ONCE) -> Finding:
    return Finding(code=code, severity="look", subject=where, seen=seen, why=why, remedy=remedy)
