"""The database roles of a deployment, and what is found wrong with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from hegel_store.errors import InvalidInput

Role = Literal["migrate", "app", "eval", "readonly"]
"""migrate owns everything and applies revisions; app is the training loop; eval reads, and stores
what evaluations give; readonly reads."""

ROLES: tuple[Role, ...] = get_args(Role)

DEFAULT_PREFIX = "hegel"

ABSENT = "does not exist"
"""The problem of a role that is not there."""


def check_prefix(prefix: object) -> str:
    """Return ``prefix`` if names of roles can begin with it; raises InvalidInput.

    Lower case, so that nobody has to quote the names, and none that PostgreSQL reserves.
    """
    if not isinstance(prefix, str) or not re.fullmatch(r"[a-z_][a-z0-9_]{0,49}", prefix):
        raise InvalidInput(
            "role_prefix", "must be 1 to 50 lower-case letters, digits and underscores"
        )
    if prefix.startswith("pg_") or prefix == "pg":
        raise InvalidInput("role_prefix", "PostgreSQL reserves names that begin with pg_")
    return prefix


def role_name(prefix: str, role: Role) -> str:
    """The name of the role in the database, such as ``hegel_app``."""
    return f"{prefix}_{role}"


def variables_of_migrator(name: str) -> str:
    """What to set in the environment, to connect as the migrate role of this name."""
    prefix = name.removesuffix(role_name("", "migrate"))
    told = "" if prefix == DEFAULT_PREFIX else f" HEGEL_ROLE_PREFIX={prefix}"
    return f"HEGEL_ROLE=migrate{told}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDifference:
    """``role`` (a name in the database, or PUBLIC) is not as it should be with ``subject``: a
    table, a function, the schema, the database, a setting or the role itself.

    ``problem`` says how, in words; ``remedy`` is the SQL that makes it so.
    """

    role: str
    subject: str
    problem: str
    remedy: str
