"""All that a run of GEPA has to remember between two iterations, as bytes.

GEPA's own folder keeps the candidates, and forgets its random numbers, the shuffled order of the
examples and the merges that were tried: what goes on from it is another run than the one that was
cut off. Here these are kept as well.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

from hegel_store.errors import ConfigurationError
from hegel_store.importers.gepa_state import STATE

STRATEGIES = ("candidate_selector", "module_selector", "batch_sampler", "sampling_strategy")
"""Attributes of GEPA's proposer, whose own attributes change from iteration to iteration."""
POLICIES = ("val_evaluation_policy", "acceptance_criterion", "selection_strategy")
"""The same of its engine."""
MERGING = (
    "rng",
    "merges_due",
    "total_merges_tested",
    "merges_performed",
    "last_iter_found_new_program",
)
"""What its merging remembers; the rest of it is made anew."""

COUNTING = {"NoImprovementStopper": ("best_score", "iterations_without_improvement")}
"""What GEPA's own stoppers remember, but for the clock of TimeoutStopCondition, which begins anew
with each process."""


class Checkpoint:
    """The engine of one call of gepa.optimize(), as bytes, and put back from them.

    Bytes are a pickle: who reads them trusts whoever may write to the database.
    """

    def __init__(self, saved: bytes | None) -> None:
        self._saved: dict[str, Any] | None = None
        if saved is not None:
            parts = pickle.loads(saved)  # noqa: S301
            self._saved = parts | {"progress": pickle.loads(parts["progress"])}  # noqa: S301
        self._engine: Any = None
        self._asked: tuple[int, list[Any]] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="hegel_store_gepa_")

    def run(self, **arguments: Any) -> Any:
        """What gepa.optimize() returns. Raises what it raises."""
        from gepa import api

        # Its engine, which has what is to be saved, is known to nobody outside of the function.
        optimize = FunctionType(
            api.optimize.__code__,
            {**vars(api), "GEPAEngine": self._build},
            argdefs=api.optimize.__defaults__,
        )
        with self._folder:
            return optimize(**arguments)

    def dump(self, state: Any) -> bytes:
        """The state that GEPA is in. Between iterations only."""
        engine = self._engine
        if engine is None:
            raise ConfigurationError("this version of gepa cannot be saved: it has another engine")
        if self._saved is not None:  # the first time after it has been put back
            engine.run_dir = None
            self._restore_merging(self._saved["progress"]["merging"])
            self._saved = None
        # At the end of a run this is its last iteration once more, and stoppers were asked since.
        if self._asked is None or self._asked[0] != state.i:
            self._asked = (state.i, [_memory(stopper) for stopper in _stoppers(engine)])
        getter = getattr(engine.adapter, "get_adapter_state", None)
        if getter is not None:
            state.adapter_state = dict(getter())
        # As its save() does, which would write two files more that grow with every iteration.
        kept = {
            name: value
            for name, value in vars(state).items()
            if name not in state._EXCLUDED_FROM_SERIALIZATION
        }
        kept["validation_schema_version"] = state._VALIDATION_SCHEMA_VERSION
        dumps = _dumps(engine.use_cloudpickle)
        # One pickle for all of the progress: who shares random numbers goes on to share them.
        progress = _progress(engine) | {"stoppers": self._asked[1]}
        return pickle.dumps({"gepa": dumps(kept), "progress": dumps(progress)})

    def _build(self, **arguments: Any) -> Any:
        from gepa.core.engine import GEPAEngine

        self._engine = engine = GEPAEngine(**arguments)
        if self._saved is not None:
            (Path(self._folder.name) / STATE).write_bytes(self._saved["gepa"])
            engine.run_dir = self._folder.name
            # The seed candidate was evaluated already: what this returns is not looked at.
            engine.evaluator = lambda batch, candidate: (
                [None] * len(batch),
                [0.0] * len(batch),
                None,
            )
            progress = self._saved["progress"]
            for name in STRATEGIES:
                vars(getattr(engine.reflective_proposer, name)).update(progress[name])
            for name in POLICIES:
                vars(getattr(engine, name)).update(progress[name])
            self._restore_merging(progress["merging"])
            stoppers = _stoppers(engine)
            for stopper, memory in zip(stoppers, progress.get("stoppers", ()), strict=False):
                _remind(stopper, memory)
        return engine

    def _restore_merging(self, merging: dict[str, Any]) -> None:
        # Again after GEPA has begun, as it forgets then whether the last iteration found anything.
        if self._engine.merge_proposer is not None:
            vars(self._engine.merge_proposer).update(merging)


def _dumps(use_cloudpickle: bool) -> Callable[[Any], bytes]:
    if use_cloudpickle:
        with suppress(ModuleNotFoundError):  # GEPA makes do without it as well
            return import_module("cloudpickle").dumps  # type: ignore[no-any-return]
    return pickle.dumps


def _progress(engine: Any) -> dict[str, Any]:
    proposer, merging = engine.reflective_proposer, engine.merge_proposer
    progress = {name: vars(getattr(proposer, name)) for name in STRATEGIES}
    progress |= {name: vars(getattr(engine, name)) for name in POLICIES}
    progress["merging"] = (
        {} if merging is None else {name: getattr(merging, name) for name in MERGING}
    )
    return progress


def _stoppers(engine: Any) -> list[Any]:
    """All that are asked whether to stop, in the order in which GEPA asks them."""
    found, waiting = [], [engine.stop_callback]
    while waiting:
        stopper = waiting.pop(0)
        inner = getattr(stopper, "stoppers", None)
        if inner is None:
            found.append(stopper)
        else:
            waiting[:0] = inner
    return found


def _memory(stopper: Any) -> Any:
    """What a stopper has to remember, with the name of its class; None for nothing."""
    name = type(stopper).__name__
    if hasattr(stopper, "get_stopper_state"):
        return name, stopper.get_stopper_state()
    if name in COUNTING:
        return name, {part: getattr(stopper, part) for part in COUNTING[name]}
    if name == "MaxReflectionCostStopper":
        return name, getattr(stopper._reflection_lm, "total_cost", 0.0)
    return None


def _remind(stopper: Any, memory: Any) -> None:
    # Given other stoppers than before, one begins anew.
    if memory is None or memory[0] != type(stopper).__name__:
        return
    name, remembered = memory
    if hasattr(stopper, "set_stopper_state"):
        stopper.set_stopper_state(remembered)
    elif name in COUNTING:
        vars(stopper).update(remembered)
    else:
        model = stopper._reflection_lm
        for cost in ("_total_cost", "total_cost"):
            if cost in getattr(model, "__dict__", {}):
                # One that this process has used before counts that already.
                setattr(model, cost, max(getattr(model, cost), remembered))
                break
