"""MIPROv2 of DSPy, begun or gone on with, in one call.

MIPROv2 makes an Optuna study of its own that is gone with the process. A study in a database does
not bring a run back: the numbers that a trial has are places in lists of instructions and
demonstrations, which are drawn anew, and the programs with their scores are known to nobody but the
function that was cut off. So what is kept is all that was paid for: these lists, and each
evaluation. The rest follows from the seed, and is gone through again, which takes milliseconds.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib import import_module
from typing import Any

from hegel_store.errors import HegelStoreError, RunConflict
from hegel_store.integrations.dspy.evaluating import AWAY, Halt, StoredEvaluate, name_of
from hegel_store.integrations.dspy.programs import document_of, load_dspy
from hegel_store.integrations.dspy.recording import Recording
from hegel_store.integrations.gepa.optimizing import reopen
from hegel_store.models.profiles import content_hash
from hegel_store.store import Store

logger = logging.getLogger("hegel_store")

DEMONSTRATIONS, INSTRUCTIONS = "demonstrations", "instructions"


def compile_mipro(
    store: Store,
    corpus_id: str,
    task_type: str,
    run_id: str,
    optimizer: Any,
    student: Any,
    *,
    trainset: Sequence[Any],
    valset: Sequence[Any] | None = None,
    population: str | None = None,
    split: str = "validation",
    evaluator: str = "default",
    objective: str = "score",
    budget: int | None = None,
    example_id: Callable[[Any], str] = name_of,
    **arguments: Any,
) -> Any:
    """Run ``optimizer.compile()``, a dspy.MIPROv2's, from where the run stands in the store.

    ``arguments`` are its own. Each program that is tried becomes a profile, whose parent is the
    student's, and a member of ``population`` (by default named as the run): its fitness is the mean
    of its scores on the validation set, once it was evaluated on all of it; a mean over part of it
    is the objective ``minibatch``. Scores by example are evaluations of ``split`` by ``evaluator``
    with the one ``objective``, higher being better; what any run of the corpus has evaluated by
    these names is served. An example is known by ``example_id`` of it, by default a hash of its
    JSON.

    A process that is killed loses the evaluation that it was at, or the step before the trials;
    called again with the same arguments, from anywhere, it ends as the first one would have, if the
    models and the metric do the same again. With more trials a run goes on. ``budget`` bounds the
    evaluations of the run, in all processes. While the database is away it goes on without it.

    Returns the best program. Raises what compile() does, after which the run has failed;
    BudgetExceeded when the budget is spent (the best program so far is in the population);
    RunConflict for a run that was stopped, or has another seed, program or data; and, at the end,
    what kept it from writing to the store.
    """
    load_dspy()
    recording = Recording(
        store,
        corpus_id,
        task_type,
        run_id,
        population=population,
        split=split,
        evaluator=evaluator,
        objective=objective,
    )
    run = recording.start(
        "mipro",
        configuration={
            "seed": arguments.get("seed") or optimizer.seed,
            "program": content_hash(document_of(student), "student"),
            "trainset": _of_all(trainset, example_id),
            "valset": _of_all(valset or (), example_id),
        },
        budget=budget,
    )
    reopen(store, run)
    study = Study(optimizer, recording, example_id)
    given = {"trainset": list(trainset), **arguments}
    if valset is not None:
        given["valset"] = list(valset)
    try:
        best = study.optimizer.compile(student, **given)
        study.close()
    except Halt as halt:
        _fail(recording, study, halt.error)
        raise halt.error from halt.error.__cause__
    except Exception as error:
        _fail(recording, study, error)
        raise
    with suppress(RunConflict):  # stopped from elsewhere
        store.runs.finish(corpus_id, run_id)
    return best


class Study:
    """A copy of an optimiser whose three steps remember what they did."""

    def __init__(
        self, optimizer: Any, recording: Recording, example_id: Callable[[Any], str]
    ) -> None:
        self.optimizer = copy.copy(optimizer)
        self._recording = recording
        self._example_id = example_id
        self._evaluate: StoredEvaluate | None = None
        self._version = 0
        self._saved: dict[str, Any] = {}
        self._waiting = False
        self._load()
        for name, step in (
            ("_bootstrap_fewshot_examples", self._bootstrap),
            ("_propose_instructions", self._propose),
            ("_optimize_prompt_parameters", self._optimize),
            ("_select_and_insert_instructions_and_demos", self._select),
        ):
            setattr(self.optimizer, name, _around(step, getattr(optimizer, name).__func__))

    def close(self) -> None:
        """Write what is not yet written. Raises what keeps it from that."""
        if self._waiting:
            self._save()
        if self._evaluate is not None:
            self._evaluate.close()

    def _bootstrap(self, original: Callable[..., Any], *given: Any, **named: Any) -> Any:
        return self._once(DEMONSTRATIONS, original, *given, **named)

    def _propose(self, original: Callable[..., Any], *given: Any, **named: Any) -> Any:
        return self._once(INSTRUCTIONS, original, *given, **named)

    def _optimize(
        self,
        original: Callable[..., Any],
        program: Any,
        instructions: Any,
        demonstrations: Any,
        evaluate: Any,
        *rest: Any,
        **named: Any,
    ) -> Any:
        self._evaluate = StoredEvaluate(evaluate, self._recording, example_id=self._example_id)
        return original(
            self.optimizer, program, instructions, demonstrations, self._evaluate, *rest, **named
        )

    def _select(self, original: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """The trial whose program is evaluated next."""
        if self._waiting:
            self._save()
        chosen, parameters = original(self.optimizer, *given, **named)
        trial = named["trial"] if "trial" in named else given[3]
        if self._evaluate is not None:
            self._evaluate.details = {"trial": trial.number, "parameters": dict(parameters)}
        return chosen, parameters

    def _once(self, name: str, original: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """What this step came to, and the random numbers as it left them."""
        if name not in self._saved:
            result = original(self.optimizer, *given, **named)
            self._saved[name] = {"result": result, "rng": self.optimizer.rng.getstate()}
            self._save()
        kept = self._saved[name]
        self.optimizer.rng.setstate(kept["rng"])
        return kept["result"]

    def _load(self) -> None:
        recording = self._recording
        state = recording.store.runs.load_state(recording.corpus_id, recording.run_id)
        if state is not None:
            self._version = state.version
            self._saved = import_module("cloudpickle").loads(state.state)

    def _save(self) -> None:
        """Where another process has saved a step before, its result is taken."""
        recording, cloudpickle = self._recording, import_module("cloudpickle")
        self._waiting = False
        while True:
            state = cloudpickle.dumps(self._saved)
            try:
                self._version = recording.store.runs.save_state(
                    recording.corpus_id, recording.run_id, state, expected=self._version
                )
            except RunConflict:
                mine = self._saved
                self._load()
                if self._saved.keys() >= mine.keys():
                    return
                self._saved = mine | self._saved
                continue
            except AWAY as error:
                logger.warning("run %r waits to be saved: %s", recording.run_id, error)
                self._waiting = True
            return


def _around(step: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given, **named: step(original, *given, **named)


def _of_all(examples: Sequence[Any], example_id: Callable[[Any], str]) -> str:
    """One hash of the ids of examples, in their order."""
    return sha256("\n".join(map(example_id, examples)).encode()).hexdigest()


def _fail(recording: Recording, study: Study, error: Exception) -> None:
    with suppress(HegelStoreError):
        study.close()
    with suppress(HegelStoreError):
        reason = f"{type(error).__name__}: {error}"[:10_000]
        recording.store.runs.fail(recording.corpus_id, recording.run_id, reason)
