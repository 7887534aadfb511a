"""What GEPA finds, written to the store while it runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hegel_store.errors import HegelStoreError, NotFound, OutcomeUnknown, RunConflict
from hegel_store.integrations.gepa.recording import Candidate, Recording, candidates_of
from hegel_store.models.checks import check_integer, check_name
from hegel_store.models.runs import Run
from hegel_store.repositories.runs import ENDED
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork

logger = logging.getLogger("hegel_store")


@dataclass(slots=True, kw_only=True)
class Pending:
    """What was not yet stored at some moment between two iterations.

    ``evaluations`` are GEPA's in all. ``sent`` is what was sent before, if nobody knows whether it
    arrived.
    """

    candidates: Sequence[Candidate]
    evaluations: int
    state: bytes | None
    sent: Pending | None


class StoreCallback:
    """Records the candidates of a run of GEPA: pass it in ``callbacks`` and ``stop_callbacks``.

    Each accepted candidate becomes a profile with all its parents, made of its components as
    import_gepa_run() makes them, its scores on the validation set evaluations of ``split`` by
    ``evaluator`` with the one ``objective``, the id of the example as text. It is a member of
    ``population`` (by default named as the run) with its mean score as fitness; the generation of a
    candidate without parents is 0. What is recorded already is not recorded again. Scores that are
    no finite numbers are left out.

    The run is started unless it is there. Each iteration is heard of, and its evaluations are
    counted, unless ``spend`` is off as others claim them (twice, perhaps, where the connection
    broke during a COMMIT and there is no ``checkpoint``). A run that was ended from elsewhere, or
    may spend no more, stops.

    It writes between iterations, as much as is not yet written. GEPA only logs what a callback
    raises; so an error is kept as ``error``, and what could not be written stays in memory for the
    next time. With ``stop_on_error`` the optimisation stops; for that it must be among the
    ``stop_callbacks``. close() writes what is left, or raises.

    ``checkpoint`` makes bytes of GEPA's state, which are saved as the run's state in the
    transaction that records the candidates. ``state_version`` is the version of the state that this
    process goes on from, 0 for none. If another process saves one, this one stops.
    """

    def __init__(
        self,
        store: Store,
        corpus_id: str,
        task_type: str,
        run: str,
        *,
        roles: Mapping[str, str] | None = None,
        population: str | None = None,
        split: str = "validation",
        evaluator: str = "default",
        objective: str = "score",
        spend: bool = True,
        stop_on_error: bool = False,
        checkpoint: Callable[[Any], bytes] | None = None,
        state_version: int = 0,
    ) -> None:
        self.error: HegelStoreError | None = None
        self.stopping = False
        self._store = store
        self._recording = Recording(
            check_name("corpus_id", corpus_id),
            check_name("task_type", task_type),
            check_name("run", run),
            roles=dict(roles or {}),
            population=check_name("population", run if population is None else population),
            split=check_name("split", split),
            evaluator=check_name("evaluator", evaluator),
            objective=check_name("objective", objective),
        )
        self._key = (corpus_id, run)
        self._spend = spend
        self._stop_on_error = stop_on_error
        self._checkpoint = checkpoint
        self._version = check_integer("state_version", state_version)
        self._profiles: dict[int, UUID] = {}
        self._generations: dict[int, int] = {}
        self._stored = 0
        self._counted: int | None = None
        self._pending: Pending | None = None
        self._asked = False

    def __call__(self, gepa_state: Any) -> bool:
        """Whether GEPA should stop, which it asks before each iteration."""
        self._asked = True
        self._keep(gepa_state)
        return self.stopping or (self._stop_on_error and self.error is not None)

    def on_iteration_start(self, event: Mapping[str, Any]) -> None:
        # Where it was asked whether to stop, that was a moment ago.
        if not self._asked:
            self._keep(event.get("state"))
        self._asked = False

    def on_iteration_end(self, event: Mapping[str, Any]) -> None:
        # After an error within the iteration, its state is none to go on from.
        if self._checkpoint is None:
            self._keep(event.get("state"))

    def on_optimization_end(self, event: Mapping[str, Any]) -> None:
        self._keep(event.get("final_state"))

    def close(self) -> None:
        """Write what is not yet written. Raises what keeps it from that."""
        self._write()
        if self.error is not None:
            raise self.error

    def _keep(self, state: Any) -> None:
        """Everything that is not stored yet, in place of what was kept before; and write it."""
        if state is None:
            return
        sent = self._pending.sent if self._pending is not None else None
        self._pending = Pending(
            candidates=candidates_of(state, self._stored),
            evaluations=state.total_num_evals,
            state=None if self._checkpoint is None else self._checkpoint(state),
            sent=sent,
        )
        self._write()

    def _write(self) -> None:
        pending = self._pending
        if pending is None:
            return
        try:
            self._settle(pending)
            with self._store.begin() as work:
                run, counted = self._count(work, pending)
                profiles = self._record(work, pending.candidates)
                version = self._save(work, pending)
        except HegelStoreError as error:
            if self.error is None:
                logger.warning("GEPA's run %r is not saved: %s", self._key[1], error)
            self.error = error
            if isinstance(error, OutcomeUnknown):
                pending.sent = pending
            self.stopping |= isinstance(error, RunConflict)
            return
        self.error = None
        self.stopping |= run.status in ENDED or run.evaluations_left == 0
        self._profiles, self._version, self._counted = profiles, version, counted
        self._stored += len(pending.candidates)
        self._pending = None

    def _count(self, work: UnitOfWork, pending: Pending) -> tuple[Run, int]:
        """Lock the run's row, so that two processes do not store the same; count evaluations."""
        corpus_id, run_id = self._key
        if self._counted is None:
            self._begin(work)
            first = not self._recording.known(work)
            self._counted = 0 if first else pending.evaluations
        new = pending.evaluations - self._counted if self._spend else 0
        run = work.runs.get(corpus_id, run_id)
        if run.evaluations_left is not None:
            new = min(new, run.evaluations_left)
        run = work.runs.spend(corpus_id, run_id, new)
        if run.status == "created":
            run = work.runs.heartbeat(corpus_id, run_id)
        return run, pending.evaluations

    def _begin(self, work: UnitOfWork) -> None:
        try:
            work.runs.get(*self._key)
        except NotFound:
            work.runs.start(
                self._key[0],
                self._recording.task_type,
                self._key[1],
                optimiser="gepa",
                objectives={self._recording.objective: "maximize"},
                resume=True,
            )

    def _record(self, work: UnitOfWork, candidates: Sequence[Candidate]) -> dict[int, UUID]:
        if not candidates:
            return self._profiles
        known = self._recording.known(work)
        for number, candidate in enumerate(candidates, start=self._stored):
            older = [self._generations[parent] for parent in candidate.parents]
            self._generations[number] = max(older) + 1 if older else 0
            known[number] = self._recording.write(
                work, number, candidate, known, self._generations[number]
            )
        return known

    def _save(self, work: UnitOfWork, pending: Pending) -> int:
        if pending.state is None:
            return self._version
        return work.runs.save_state(*self._key, pending.state, expected=self._version)

    def _settle(self, pending: Pending) -> None:
        """Find out whether the state arrived whose COMMIT was cut off."""
        sent = pending.sent
        if sent is None:
            return
        stored = self._store.runs.load_state(*self._key)
        if stored is not None and (stored.version, stored.state) == (self._version + 1, sent.state):
            self._version = stored.version
            self._counted = sent.evaluations
        pending.sent = None
