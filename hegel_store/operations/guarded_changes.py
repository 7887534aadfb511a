"""Changes of the server and of its indexes that take themselves back below the red line.

A cut-over to another model is guarded by ``hegel-store reembed --baseline``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from hegel_store.models.baselines import GuardReport, RedLine
from hegel_store.models.server_settings import AppliedSettings
from hegel_store.models.vector_indexes import Rebuilt
from hegel_store.operations.baselines import Baselines, guarded
from hegel_store.operations.baselines.recording import MOST_BLOCKS
from hegel_store.operations.tuning import SettingsChange
from hegel_store.operations.vector_indexes import rebuild, roll_back


def guarded_settings(
    baselines: Baselines,
    name: str,
    engine: Engine,
    values: Mapping[str, str],
    *,
    restart: bool = False,
    red_line: RedLine | None = None,
    most_blocks: int = MOST_BLOCKS,
) -> tuple[AppliedSettings, GuardReport]:
    """apply_settings(), taken back by itself on a breach of the baseline ``name``.

    A setting that waits for a restart changes nothing that could be measured; ``restart`` restarts
    the embedded server. Raises what apply_settings() and guarded() do.
    """
    changing = SettingsChange(engine, values, restart=restart)
    applied: list[AppliedSettings] = []
    report = guarded(
        baselines,
        name,
        lambda: applied.append(changing.change()),
        changing.revert,
        red_line=red_line,
        most_blocks=most_blocks,
    )
    return applied[-1], report


def guarded_rebuild(
    baselines: Baselines,
    name: str,
    engine: Engine,
    index: str,
    *,
    red_line: RedLine | None = None,
    most_blocks: int = MOST_BLOCKS,
    **options: Any,
) -> tuple[Rebuilt, GuardReport]:
    """rebuild() of an index with these ``options``, rolled back by itself on a breach of ``name``.

    The former index serves again then, and the new one is kept. Raises what rebuild() and guarded()
    do.
    """
    rebuilt: list[Rebuilt] = []

    def back() -> None:
        # A rollback undoes the last swap, and one that failed or was refused has made none.
        if rebuilt and rebuilt[-1].swapped:
            roll_back(engine, index)

    report = guarded(
        baselines,
        name,
        lambda: rebuilt.append(rebuild(engine, index, **options)),
        back,
        red_line=red_line,
        most_blocks=most_blocks,
    )
    return rebuilt[-1], report
