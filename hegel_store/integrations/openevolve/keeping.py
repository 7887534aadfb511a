"""Programs in the database: profiles, members of a population, and steps that made them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from hegel_store.database import translated
from hegel_store.errors import InvalidInput, NotFound
from hegel_store.integrations.openevolve import statements
from hegel_store.integrations.openevolve.programs import (
    details_of,
    fitness_of,
    numbers_of,
    profile_id_of,
    program_of,
    source_of,
)
from hegel_store.integrations.openevolve.standings import Standing
from hegel_store.models import NewStep
from hegel_store.models.checks import check_json, check_name
from hegel_store.repositories import profile_statements
from hegel_store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted:
    """What a model was asked and answered for a program, and when."""

    program_id: str
    template: str
    prompt: Mapping[str, Any]
    responses: Sequence[str]
    token_usage: Mapping[str, Any] | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A program that was added: where, and the raw values of its features."""

    program: Any
    island: int
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The profile of a program's parent, the island that this is or was on, and whether that was
    reset since and the parent evicted by it."""

    profile_id: UUID
    island: int
    was_reset: bool


class Keeping:
    """Where the programs of a run are kept. Every method works in the caller's transaction."""

    def __init__(
        self,
        corpus_id: str,
        task_type: str,
        run_id: str,
        *,
        population: str,
        role: str,
        feature_dimensions: Sequence[str],
    ) -> None:
        self.corpus_id = check_name("corpus_id", corpus_id)
        self.task_type = check_name("task_type", task_type)
        self.run_id = check_name("run_id", run_id)
        self.population = check_name("population", population)
        self._role = check_name("role", role)
        self._features = list(feature_dimensions)
        self._scope = {
            "corpus_id": corpus_id,
            "task_type": task_type,
            "population": population,
        }

    def lock(self, work: UnitOfWork) -> tuple[int, bytes]:
        """The version and the bytes of the shared state, which nobody else changes until the end
        of the transaction. All changes go through this lock, and so have an order."""
        with translated():
            row = work.session.execute(
                statements.LOCK_STATE, {"corpus_id": self.corpus_id, "run_id": self.run_id}
            ).one()
        return int(row.version), bytes(row.state)

    def live(
        self, work: UnitOfWork, known: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Standing]]:
        """The programs of the population and their standings; those that are ``known`` and have
        not changed are not read again."""
        with translated():
            rows = work.session.execute(statements.LIVE, self._scope).all()
        standings, missing = {}, []
        for row in rows:
            name = row.details["program"]
            standings[name] = Standing(
                island=row.island,
                on_island=row.details["on_island"],
                cell_key=row.cell_key,
                archived=row.details["archived"],
            )
            # Artifacts come after the program, and so may have been missed.
            if name not in known or (row.annotated and not known[name].artifacts_json):
                missing.append(row.profile_id)
        found = self._programs(work, missing)
        programs = {**known, **found}
        return {name: programs[name] for name in standings}, standings

    def find(self, work: UnitOfWork, program_id: str) -> Any:
        """A program of the run, also an evicted one; None where there is none."""
        found = self._programs(work, [profile_id_of(self.run_id, program_id)])
        return found.get(program_id)

    def parent_of(
        self, work: UnitOfWork, program: Any, standings: Mapping[str, Standing]
    ) -> Parent | None:
        """The parent of a program, where it is stored. One of ``standings`` is not looked for."""
        if program.parent_id is None:
            return None
        profile_id = profile_id_of(self.run_id, program.parent_id)
        if program.parent_id in standings:
            island = standings[program.parent_id].island
            return Parent(profile_id=profile_id, island=island, was_reset=False)
        with translated():
            row = work.session.execute(
                statements.STANDING, {**self._scope, "profile_id": profile_id}
            ).first()
        if row is None:
            return None
        was_reset = row.epoch < row.current_epoch
        return Parent(profile_id=profile_id, island=row.island, was_reset=was_reset)

    def save(self, work: UnitOfWork, shared: bytes, version: int) -> int:
        """Write the shared state in place of that of this version, and return the next one."""
        return work.runs.save_state(self.corpus_id, self.run_id, shared, expected=version)

    def add(
        self,
        work: UnitOfWork,
        entered: Entered,
        standing: Standing | None,
        parent: Parent | None,
    ) -> None:
        """Store a program with its parent; evicted from the beginning where it has no standing.

        Raises InvalidInput for one that cannot be stored, or is stored already.
        """
        program, island = entered.program, entered.island
        profile_id = profile_id_of(self.run_id, program.id)
        ancestors = [] if parent is None else [parent.profile_id]
        details = {"openevolve": details_of(program, self.run_id)}
        again = InvalidInput("program", f"{program.id!r:.80} is stored already")
        with translated({"pk_hegel_prompt_profiles": again}):
            work.session.execute(
                profile_statements.append(None),
                {
                    "corpus_id": self.corpus_id,
                    "task_type": self.task_type,
                    "id": profile_id,
                    "base_profile_id": ancestors[0] if ancestors else None,
                    "source": source_of(program, self._role),
                    "metadata": check_json("program", details),
                    "parents": ancestors,
                },
            )
            work.session.execute(
                statements.INSERT,
                {
                    **self._scope,
                    "island": island,
                    "profile_id": profile_id,
                    "fitness": fitness_of(program, self._features),
                    "objectives": check_json("metrics", numbers_of(program.metrics)),
                    "generation": max(program.generation, 0),
                    "descriptor": check_json("features", numbers_of(entered.features)),
                    "cell_key": None if standing is None else standing.cell_key,
                    "evicted": standing is None,
                    "metadata": _details(program.id, standing),
                },
            )
        if parent is not None:
            work.populations.count_children(
                self.corpus_id,
                self.task_type,
                ancestors,
                population=self.population,
                island=parent.island,
            )

    def change(
        self,
        work: UnitOfWork,
        before: Mapping[str, Standing],
        after: Mapping[str, Standing | None],
    ) -> None:
        """Write the new standings of programs that are there; None is for those that are evicted.
        Nobody takes a cell that another one leaves by this call."""
        if not after:
            return
        values = {
            **self._scope,
            "profile_ids": [profile_id_of(self.run_id, name) for name in after],
            "islands": [before[name].island for name in after],
            "cell_keys": [None if now is None else now.cell_key for now in after.values()],
            "evicted": [now is None for now in after.values()],
            "metadata": [_details(name, now) for name, now in after.items()],
        }
        with translated():
            work.session.execute(statements.CHANGE, values)

    def annotate(self, work: UnitOfWork, program: Any) -> None:
        """Write a program again that has got artifacts since, if it is stored."""
        with suppress(NotFound):
            work.profiles.annotate(
                self.corpus_id,
                profile_id_of(self.run_id, program.id),
                metadata={"openevolve": details_of(program, self.run_id)},
            )

    def log(
        self, work: UnitOfWork, prompted: Prompted, program: Any, parent: Parent | None
    ) -> None:
        """The step that has made a program out of its parent, once."""
        profile_id = profile_id_of(self.run_id, program.id)
        trace: dict[str, Any] = {
            "system": _written(str(prompted.prompt.get("system", ""))),
            "template": _written(prompted.template),
            "responses": [_written(str(response)) for response in prompted.responses],
        }
        if prompted.token_usage is not None:
            trace["token_usage"] = dict(prompted.token_usage)
        step = NewStep(
            corpus_id=self.corpus_id,
            task_type=self.task_type,
            old_profile_id=profile_id if parent is None else parent.profile_id,
            new_profile_id=profile_id,
            query=_written(str(prompted.prompt.get("user", ""))),
            predicted_answer="".join(trace["responses"][:1]),
            reward=fitness_of(program, self._features),
            metrics=numbers_of(program.metrics),
            debate_trace=trace,
            optimization_strategy="openevolve",
            run_id=self.run_id,
            id=uuid5(profile_id, prompted.template),
            created_at=prompted.at,
        )
        work.steps.log(step)

    def _programs(self, work: UnitOfWork, profile_ids: Sequence[UUID]) -> dict[str, Any]:
        if not profile_ids:
            return {}
        with translated():
            rows = work.session.execute(
                statements.PROGRAMS,
                {"corpus_id": self.corpus_id, "profile_ids": list(profile_ids)},
            ).all()
        return {row.details["program"]: program_of(row.source, row.details) for row in rows}


def _details(name: str, standing: Standing | None) -> str:
    details = {
        "program": name,
        "on_island": standing is not None and standing.on_island,
        "archived": standing is not None and standing.archived,
    }
    return json.dumps({"openevolve": details})


def _written(text: str) -> str:
    """Without what PostgreSQL does not store."""
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")
