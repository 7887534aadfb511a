"""What ``alembic check`` and ``--autogenerate`` compare."""

from __future__ import annotations

from typing import Any

from hegel_store.schema import PREFIX, VERSION_TABLE


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """Leave other people's tables alone: autogenerate would propose to drop them."""
    if kind != "table":
        return True
    return name is not None and name.startswith(PREFIX) and name != VERSION_TABLE


def include_object(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    """Leave monthly partitions out: no revision names a month."""
    table = item if kind == "table" else getattr(item, "table", None)
    return table is None or not str(table.name).startswith("hegel_training_steps_")
