"""OpenEvolve's controller, on the store."""

from __future__ import annotations

from typing import Any

from hegel_store.integrations.openevolve.database import StoreProgramDatabase
from hegel_store.store import Store


def attach(
    controller: Any,
    store: Store,
    corpus_id: str,
    task_type: str,
    run: str,
    **options: Any,
) -> StoreProgramDatabase:
    """Let a controller, an OpenEvolve that was made and does not run yet, work on the store.

    The arguments are those of StoreProgramDatabase, which is returned, and which raises what that
    does. Programs that the run has are gone on from: the initial program is not evaluated again.
    A run that is ended from elsewhere, or has spent its budget, shuts the controller down.
    """
    database = StoreProgramDatabase(
        controller.config.database,
        store,
        corpus_id,
        task_type,
        run,
        population_strategy=controller.database.population_strategy,
        **options,
    )

    def end() -> None:
        if controller.parallel_controller is not None:
            controller.parallel_controller.request_shutdown()

    database.on_end(end)
    controller.database = controller.evaluator.database = database
    return database
