"""The settings that each role's sessions begin with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_choice, check_text
from hegel_store.models.roles import ROLES, Role
from hegel_store.operations.roles.search_paths import names_in


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSettings:
    """``values`` are set for the role in this database, in the server's units; ``connections`` is
    how many the role may have at once on the server, in all databases."""

    values: Mapping[str, str]
    connections: int


# Searches of this package bring these two themselves: they are for SQL written by hand, which
# otherwise finds too few rows under a filter.
VECTORS = {"hnsw.ef_search": "100", "hnsw.iterative_scan": "relaxed_order"}
# Compiling pays for statements of seconds, and the estimate that asks for it misjudges searches.
ALWAYS = {"jit": "off"}

DEFAULTS: Mapping[Role, RoleSettings] = {
    "migrate": RoleSettings(
        values={
            **ALWAYS,
            "idle_in_transaction_session_timeout": "10min",
            "lock_timeout": "2s",
            "maintenance_work_mem": "256MB",
            "max_parallel_maintenance_workers": "1",
        },
        connections=5,
    ),
    "app": RoleSettings(
        values={
            **ALWAYS,
            **VECTORS,
            "idle_in_transaction_session_timeout": "60s",
            "lock_timeout": "10s",
            "max_parallel_workers_per_gather": "0",
            "statement_timeout": "5min",
            "work_mem": "16MB",
        },
        connections=60,
    ),
    "eval": RoleSettings(
        values={
            **ALWAYS,
            **VECTORS,
            "idle_in_transaction_session_timeout": "60s",
            "lock_timeout": "2s",
            "max_parallel_workers_per_gather": "2",
            "statement_timeout": "60s",
            "work_mem": "32MB",
        },
        connections=20,
    ),
    "readonly": RoleSettings(
        values={
            **ALWAYS,
            **VECTORS,
            "default_transaction_read_only": "on",
            "idle_in_transaction_session_timeout": "60s",
            "lock_timeout": "2s",
            "max_parallel_workers_per_gather": "1",
            "statement_timeout": "60s",
            "work_mem": "32MB",
        },
        connections=10,
    ),
}


def settings_with(given: Iterable[str]) -> dict[Role, RoleSettings]:
    """The defaults, changed by texts such as ``eval.work_mem=64MB`` and ``app.connections=100``.

    Raises InvalidInput for one that is not understood; whether there is a setting of this name,
    and whether it takes the value, is the server's to say.
    """
    made = dict(DEFAULTS)
    for text in given:
        parts = re.fullmatch(r"(\w+)\.([a-z_]+(?:\.[a-z_]+)?)=(.+)", check_text("set", text))
        if parts is None:
            raise InvalidInput("set", f"must be ROLE.SETTING=VALUE, not {text!r:.80}")
        given_role, name, value = parts.groups()
        check_choice("set", given_role, ROLES)
        role = next(each for each in ROLES if each == given_role)
        changed = made[role]
        if name == "connections":
            if not value.isdecimal() or not 1 <= int(value) <= 100_000:
                raise InvalidInput("set", f"connections must be 1 to 100000, not {value!r:.80}")
            made[role] = replace(changed, connections=int(value))
        else:
            if name == "search_path" and "" in names_in(value):
                raise InvalidInput("set", "a name of the search_path is empty")
            made[role] = replace(changed, values={**changed.values, name: value})
    return made
