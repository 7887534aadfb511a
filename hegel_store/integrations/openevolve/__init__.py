"""OpenEvolve on the database: several controllers evolve one population, and any of them may die.

The package openevolve is only imported when something here is used, so that this can be imported
without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hegel_store.errors import ConfigurationError

if TYPE_CHECKING:
    from hegel_store.integrations.openevolve.attaching import attach
    from hegel_store.integrations.openevolve.database import StoreProgramDatabase

__all__ = ["StoreProgramDatabase", "attach"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        attaching = import_module("hegel_store.integrations.openevolve.attaching")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != "openevolve":
            raise
        raise ConfigurationError(
            "openevolve is not installed: pip install 'hegel_store[openevolve]'"
        ) from error
    return getattr(attaching, name)
