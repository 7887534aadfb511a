"""What DSPy's optimisers try, written to the store while they run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from hegel_store.errors import HegelStoreError, InvalidInput
from hegel_store.integrations.dspy.evaluating import name_of
from hegel_store.integrations.dspy.programs import document_of
from hegel_store.integrations.dspy.recording import Recording, Tried
from hegel_store.models.profiles import content_hash
from hegel_store.store import Store

logger = logging.getLogger("hegel_store")


class StoreCallback:
    """Records each program that dspy.Evaluate evaluates: pass it in ``dspy.context(callbacks=)``.

    That is what COPRO, BootstrapFewShotWithRandomSearch and MIPROv2 try, and your own evaluations.
    Each program becomes a profile and a member of ``population`` (by default named as the run) as
    compile_mipro() makes them, with its scores by example. What an optimiser has scored by itself,
    as SIMBA does, is recorded when it ends, its score as the fitness; and so is the program that it
    returns, as BootstrapFewShot's, which has no score.

    The run is started unless it is there, and is not ended. Evaluations are counted. DSPy only logs
    what a callback raises; so an error is kept as ``error``, and what could not be written stays in
    memory for the next time. close() writes what is left, or raises.
    """

    def __init__(
        self,
        store: Store,
        corpus_id: str,
        task_type: str,
        run: str,
        *,
        population: str | None = None,
        split: str = "validation",
        evaluator: str = "default",
        objective: str = "score",
        example_id: Callable[[Any], str] = name_of,
    ) -> None:
        self.error: HegelStoreError | None = None
        self._recording = Recording(
            store,
            corpus_id,
            task_type,
            run,
            population=population,
            split=split,
            evaluator=evaluator,
            objective=objective,
        )
        self._example_id = example_id
        self._started = False
        self._lock = threading.RLock()
        self._waiting: list[Tried] = []
        self._evaluated: dict[str, tuple[Mapping[str, Any], bool]] = {}
        self._hashes: set[str] = set()
        self._compiling: set[str] = set()

    def __getattr__(self, name: str) -> Callable[..., None]:
        # DSPy tells of models, modules and more, which are nobody's concern here.
        if name.startswith("on_") and name.endswith(("_start", "_end")):
            return _pass
        raise AttributeError(name)

    def on_compile_start(self, call_id: str, instance: Any, inputs: Mapping[str, Any]) -> None:
        student = inputs.get("student")
        if not self._compiling and student is not None:
            self._record(lambda: Tried(document=document_of(student)))
        self._compiling.add(call_id)

    def on_compile_end(self, call_id: str, outputs: Any, exception: Any = None) -> None:
        self._compiling.discard(call_id)
        if self._compiling or outputs is None:  # an optimiser within another one
            return
        for candidate in getattr(outputs, "candidate_programs", ()):
            self._record(partial(self._scored_elsewhere, candidate))
        self._record(lambda: Tried(document=document_of(outputs)))

    def on_evaluate_start(self, call_id: str, instance: Any, inputs: Mapping[str, Any]) -> None:
        # As it is now: optimisers change programs in place.
        try:
            document = document_of(inputs["program"])
        except HegelStoreError as error:
            self._fail(error)
            return
        metadata = inputs.get("callback_metadata") or {}
        full = metadata.get("metric_key", "eval_full") == "eval_full"
        self._evaluated[call_id] = (document, full)
        self._hashes.add(content_hash(document))

    def on_evaluate_end(self, call_id: str, outputs: Any, exception: Any = None) -> None:
        document, full = self._evaluated.pop(call_id, (None, True))
        if document is not None and outputs is not None:
            self._record(lambda: self._tried(document, full, outputs.results))

    def close(self) -> None:
        """Write what is not yet written. Raises what keeps it from that, or kept it from some."""
        with self._lock:
            self._write()
        if self.error is not None:
            raise self.error

    def _tried(self, document: Mapping[str, Any], full: bool, results: Any) -> Tried:
        scores = {
            self._example_id(example): float(score)
            for example, prediction, score in results
            if not _is_failure(prediction)
        }
        complete = not any(_is_failure(prediction) for _, prediction, _ in results)
        mean = sum(float(score) for *_, score in results) / len(results)
        return Tried(
            document=document,
            scores=scores,
            mean=mean if complete else None,
            full=full,
            paid=len(results),
        )

    def _scored_elsewhere(self, candidate: Mapping[str, Any]) -> Tried:
        """A program as the optimiser lists it, with the score if nobody has heard of it before."""
        document = document_of(candidate["program"])
        heard = content_hash(document, "program") in self._hashes
        return Tried(document=document, mean=None if heard else float(candidate["score"]))

    def _record(self, make: Callable[[], Tried]) -> None:
        with self._lock:  # programs may be evaluated by several threads
            try:
                self._waiting.append(make())
            except HegelStoreError as error:
                self._fail(error)
            else:
                self._write()

    def _write(self) -> None:
        try:
            if not self._started:
                self._recording.start("dspy")
                self._started = True
            while self._waiting:
                try:
                    self._recording.write(self._waiting[0])
                except InvalidInput as error:  # it will never be taken
                    self._fail(error)
                del self._waiting[0]
        except HegelStoreError as error:
            self._fail(error)
        else:
            self.error = self.error if isinstance(self.error, InvalidInput) else None

    def _fail(self, error: HegelStoreError) -> None:
        if self.error is None:
            logger.warning("a program of DSPy is not saved: %s", error)
        if not isinstance(self.error, InvalidInput):
            self.error = error


def _is_failure(prediction: Any) -> bool:
    """Whether dspy.Evaluate put it in the place of an answer that was not to be had."""
    return hasattr(prediction, "keys") and not prediction.keys()


def _pass(*given: Any, **named: Any) -> None:
    return None
