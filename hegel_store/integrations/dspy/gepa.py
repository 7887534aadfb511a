"""GEPA of DSPy, begun or gone on with, in one call."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, SimpleNamespace
from typing import Any

from hegel_store.integrations.dspy.programs import load_dspy
from hegel_store.integrations.gepa.optimizing import optimize
from hegel_store.store import Store


def compile_gepa(
    store: Store,
    corpus_id: str,
    task_type: str,
    run_id: str,
    optimizer: Any,
    student: Any,
    *,
    trainset: Sequence[Any],
    valset: Sequence[Any] | None = None,
    roles: Mapping[str, str] | None = None,
    population: str | None = None,
    split: str = "validation",
    evaluator: str = "default",
    objective: str = "score",
    budget: int | None = None,
    stop_on_error: bool = False,
) -> Any:
    """Run ``optimizer.compile()``, a dspy.GEPA's, from where the run stands in the store.

    Candidates are the instructions of the program's predictors, by their names; all else is as
    with hegel_store.integrations.gepa.optimize(), which says what is recorded, how a run is gone on
    with, and what is raised. The optimiser should have no ``log_dir``.

    Returns the program with the best instructions.
    """
    load_dspy()

    def on_the_store(**arguments: Any) -> Any:
        return optimize(
            store,
            corpus_id,
            task_type,
            run_id,
            roles=roles,
            population=population,
            split=split,
            evaluator=evaluator,
            objective=objective,
            budget=budget,
            stop_on_error=stop_on_error,
            **arguments,
        )

    compiling = _with_optimize(inspect.unwrap(type(optimizer).compile), on_the_store)
    return compiling(
        optimizer,
        student,
        trainset=list(trainset),
        valset=None if valset is None else list(valset),
    )


def _with_optimize(
    function: Callable[..., Any], optimize: Callable[..., Any]
) -> Callable[..., Any]:
    """The function, for which gepa.optimize() is another one, and for nobody else.

    It imports it when it is called, so that there is no argument or attribute to change.
    """

    def importing(
        name: str,
        scope: Mapping[str, object] | None = None,
        local: Mapping[str, object] | None = None,
        wanted: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        module = builtins.__import__(name, scope, local, wanted or (), level)
        if name == "gepa" and "optimize" in (wanted or ()):
            return SimpleNamespace(**{**vars(module), "optimize": optimize})
        return module

    scope = {**function.__globals__, "__builtins__": {**vars(builtins), "__import__": importing}}
    copied = FunctionType(
        function.__code__,
        scope,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copied.__kwdefaults__ = function.__kwdefaults__
    return copied
