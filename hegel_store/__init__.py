"""hegel_store: the PostgreSQL data layer for loops that train prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hegel_store.store import Store, connect

__all__ = ["Store", "__version__", "connect"]

__version__ = "0.2.0.dev0"


def __getattr__(name: str) -> Any:
    # Loaded when first asked for, so that importing the package costs next to nothing.
    if name in ("Store", "connect"):
        from hegel_store import store

        return getattr(store, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
