"""The run that programs belong to: begun by one controller, found by the others."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hegel_store.errors import RunConflict
from hegel_store.integrations.openevolve.keeping import Keeping
from hegel_store.store import Store


def begin(store: Store, keeping: Keeping, config: Any, budget: int | None) -> None:
    """Start the run unless it is there, and let it go on. Raises RunConflict for one that was
    stopped, or that is configured otherwise."""
    key = (keeping.corpus_id, keeping.run_id)
    run = store.runs.start(
        keeping.corpus_id,
        keeping.task_type,
        keeping.run_id,
        optimiser="openevolve",
        objectives={"combined_score": "maximize"},
        configuration=_configuration(config, keeping.population),
        budget=budget,
        resume=True,
    )
    if run.status in ("finished", "failed"):
        with suppress(RunConflict):  # another controller has just done so
            store.runs.reopen(*key)
    store.runs.heartbeat(*key)
    with suppress(RunConflict):  # begun before
        store.runs.save_state(*key, b"{}", expected=0)


def _configuration(config: Any, population: str) -> dict[str, Any]:
    """What controllers of one run have in common."""
    return {
        "num_islands": config.num_islands,
        "feature_dimensions": list(config.feature_dimensions),
        "feature_bins": config.feature_bins,
        "population_size": config.population_size,
        "archive_size": config.archive_size,
        "population": population,
    }
