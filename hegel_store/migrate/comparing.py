"""What ``alembic check`` and ``--autogenerate`` compare.

Importing this registers a plugin of Alembic, which an environment switches on by naming PLUGIN
among its ``autogenerate_plugins``. It sees what Alembic alone overlooks.
What, and how: docs/reference/comparing.md
"""

from __future__ import annotations

from typing import Any

from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority

# The first three for what they declare.
import hegel_store.schema.corpus_writes
import hegel_store.schema.profile_notices
import hegel_store.schema.routines
import hegel_store.schema.step_rollup
import hegel_store.schema.vector_keys
import hegel_store.schema.views
import hegel_store.schema.word_counts  # noqa: F401
from hegel_store.migrate.comparing_columns import compare_generated
from hegel_store.migrate.comparing_schema import compare_functions, compare_views
from hegel_store.migrate.comparing_tables import compare_indexes_and_checks
from hegel_store.migrate.comparing_triggers import compare_triggers
from hegel_store.migrate.comparing_vectors import is_beside
from hegel_store.schema import PREFIX, VERSION_TABLE
from hegel_store.schema.profiles import SUBSTRING_INDEX
from hegel_store.schema.usage_views import USAGE_VIEWS

PLUGIN = "hegel_store.migrate.comparing"


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """Leave other people's tables alone: autogenerate would propose to drop them. And the views
    that an administrator makes where the server counts statements."""
    if kind == "view":
        return name not in USAGE_VIEWS
    if kind != "table":
        return True
    return name is not None and name.startswith(PREFIX) and name != VERSION_TABLE


def include_object(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    """Leave monthly partitions out, as no revision names a month, and indexes that are there where
    an administrator wants them: for substrings, and what a rebuild of a vector index keeps."""
    if kind == "index" and reflected and (name == SUBSTRING_INDEX or is_beside(name)):
        return False
    table = item if kind == "table" else getattr(item, "table", None)
    return table is None or not str(table.name).startswith("hegel_training_steps_")


def setup(plugin: Plugin) -> None:
    """Add the comparisons, in the order in which their operations have to run."""
    first, last = DispatchPriority.FIRST, DispatchPriority.LAST
    for compare, target, priority in (
        (compare_functions, "schema", first),
        (compare_generated, "table", first),
        (compare_indexes_and_checks, "table", last),
        (compare_triggers, "table", last),
        (compare_views, "schema", last),
    ):
        plugin.add_autogenerate_comparator(
            compare, target, compare.__name__, qualifier="postgresql", priority=priority
        )


def _register() -> None:
    try:
        plugin = Plugin(PLUGIN)
    except ValueError:  # by an earlier import of this module
        return
    setup(plugin)


_register()
