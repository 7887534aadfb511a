"""What optimisers keep between their steps, saved whole and only by whoever has the newest."""

from __future__ import annotations

from typing import Any

from hegel_store.database import Executor, translated
from hegel_store.errors import InvalidInput, NotFound, RunConflict
from hegel_store.models.checks import check_integer, check_name
from hegel_store.models.runs import MAX_STATE_BYTES, RunState
from hegel_store.repositories import run_statements as statements


class RunStates:
    """The part of RunRepository that keeps states: bytes that only their optimiser understands."""

    _session: Executor

    def save_state(
        self,
        corpus_id: str,
        run_id: str,
        state: bytes | bytearray | memoryview,
        *,
        expected: int | None = None,
    ) -> int:
        """Save the state in place of the one before, and return its version: 1, 2, 3 ...

        ``expected`` makes it conditional on the version that is stored, 0 meaning none yet. All of
        the state is stored or nothing of it; who reads meanwhile gets the one before.

        Raises InvalidInput for more than MAX_STATE_BYTES, NotFound for an unknown run, and
        RunConflict, carrying the current version, for a stale ``expected``.
        """
        if not isinstance(state, bytes | bytearray | memoryview):
            raise InvalidInput("state", f"must be bytes, not {type(state).__name__}")
        size = memoryview(state).nbytes
        if size > MAX_STATE_BYTES:
            raise InvalidInput(
                "state", f"is {size:,} bytes long; at most {MAX_STATE_BYTES:,} are stored"
            )
        values: dict[str, Any] = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "run_id": check_name("run_id", run_id),
            "state": state,
        }
        if expected is not None:
            check_integer("expected", expected)
        if expected:
            values["expected"] = expected
        unknown = NotFound("run", f"{run_id!r} in corpus {corpus_id!r}", "run_id")
        with translated({"fk_hegel_run_states_corpus_id_run_id": unknown}):
            row = self._session.execute(statements.save_state(expected), values).one_or_none()
            if row is None:
                stored = self._session.execute(statements.STATE_VERSION, values).one()
                raise RunConflict(
                    f"state of run {run_id!r} of corpus {corpus_id!r}", expected, stored.version
                )
        return int(row.version)

    def load_state(self, corpus_id: str, run_id: str) -> RunState | None:
        """The state that was saved last, None when none was."""
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "run_id": check_name("run_id", run_id),
        }
        with translated():
            row = self._session.execute(statements.LOAD_STATE, values).one_or_none()
        if row is None:
            return None
        return RunState(version=row.version, state=bytes(row.state), saved_at=row.saved_at)
