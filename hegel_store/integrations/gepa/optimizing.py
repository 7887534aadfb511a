"""GEPA, begun or gone on with, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from hegel_store.errors import HegelStoreError, InvalidInput, RunConflict
from hegel_store.importers.gepa_runs import document_of
from hegel_store.integrations.gepa.adapter import StoreAdapter
from hegel_store.integrations.gepa.callback import StoreCallback
from hegel_store.integrations.gepa.checkpoint import Checkpoint
from hegel_store.models.runs import Run
from hegel_store.store import Store


def optimize(
    store: Store,
    corpus_id: str,
    task_type: str,
    run_id: str,
    *,
    seed_candidate: Mapping[str, str],
    roles: Mapping[str, str] | None = None,
    population: str | None = None,
    split: str = "validation",
    evaluator: str = "default",
    objective: str = "score",
    budget: int | None = None,
    stop_on_error: bool = False,
    **arguments: Any,
) -> Any:
    """Run gepa.optimize() with these ``arguments``, from where the run stands in the store.

    What it finds is recorded as by StoreCallback, which takes the other ones, and all of it is
    saved before each iteration. A process that is killed loses the iteration that it was in; called
    again with the same arguments, from anywhere, it goes on as the first one would have, if the
    adapter and the reflection model do: nothing of the seed candidate is evaluated again. What they
    remember themselves is only kept as far as the adapter has get_adapter_state().

    A run that is finished or has failed is reopened; called again, one that has come to its end
    returns the same result. ``budget`` bounds the evaluations of the run, in all processes.

    Returns GEPA's result. Raises what gepa.optimize() does, after which the run has failed;
    InvalidInput for ``run_dir``, as the state is in the database; RunConflict for a run that was
    stopped, has another seed or seed candidate, or went on in another process meanwhile; and, at
    the end, what kept it from writing to the store.
    """
    if arguments.get("run_dir") is not None:
        raise InvalidInput("run_dir", "is not used: the run is kept in the database")
    document_of(seed_candidate, roles or {})  # refuses roles that do not fit
    configuration = {"seed": arguments.get("seed", 0), "seed_candidate": dict(seed_candidate)}
    run = store.runs.start(
        corpus_id,
        task_type,
        run_id,
        optimiser="gepa",
        objectives={objective: "maximize"},
        configuration=configuration,
        budget=budget,
        resume=True,
    )
    reopen(store, run)
    saved = store.runs.load_state(corpus_id, run_id)
    checkpoint = Checkpoint(None if saved is None else saved.state)
    callback = StoreCallback(
        store,
        corpus_id,
        task_type,
        run_id,
        roles=roles,
        population=population,
        split=split,
        evaluator=evaluator,
        objective=objective,
        spend=not _claims(arguments.get("adapter"), run_id),
        stop_on_error=stop_on_error,
        checkpoint=checkpoint.dump,
        state_version=0 if saved is None else saved.version,
    )
    arguments["callbacks"] = [callback, *(arguments.get("callbacks") or ())]
    arguments["stop_callbacks"] = [callback, *_stoppers(arguments.get("stop_callbacks"))]
    try:
        result = checkpoint.run(seed_candidate=dict(seed_candidate), **arguments)
    except Exception as error:
        with suppress(HegelStoreError):
            callback.close()
        with suppress(HegelStoreError):
            store.runs.fail(corpus_id, run_id, f"{type(error).__name__}: {error}"[:10_000])
        raise
    callback.close()
    with suppress(RunConflict):  # stopped from elsewhere
        store.runs.finish(corpus_id, run_id)
    return result


def _claims(adapter: Any, run_id: str) -> bool:
    """Whether the adapter counts what it evaluates for this run."""
    return isinstance(adapter, StoreAdapter) and adapter.run_id == run_id


def reopen(store: Store, run: Run) -> None:
    """Let a run go on that is finished or has failed. Raises RunConflict for a stopped one."""
    if run.status == "stopped":
        raise RunConflict(
            f"run {run.run_id!r} of corpus {run.corpus_id!r}", "one that may go on", "stopped"
        )
    if run.status in ("finished", "failed"):
        # Another process may have just done so.
        with suppress(RunConflict):
            store.runs.reopen(run.corpus_id, run.run_id)


def _stoppers(given: Any) -> Sequence[Any]:
    if given is None:
        return ()
    return given if isinstance(given, Sequence) else (given,)
