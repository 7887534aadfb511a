"""Runs of GEPA as profiles with their lineage, and steps with their scores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Select, select

from hegel_store.database import translated
from hegel_store.errors import InvalidInput
from hegel_store.importers.gepa_state import Candidate, read_candidates, read_output
from hegel_store.models import NewStep, PromptProfile
from hegel_store.models.checks import check_name
from hegel_store.schema import prompt_profiles
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork

RUNS = UUID("b9a6a1f4-0c1e-5a57-8f0b-3f1f6a5a2d60")
"""The namespace of the ids that are made of a run, a candidate and an example."""
SYSTEM_PROMPT = "system_prompt"


@dataclass(frozen=True, slots=True, kw_only=True)
class GepaImport:
    """Under which name a run is stored, how many candidates and scores it has, and how many
    profiles and steps were not there before."""

    run_id: str
    candidates: int
    profiles: int
    scores: int
    steps: int


def import_gepa_run(
    store: Store,
    run_dir: str | os.PathLike[str],
    corpus_id: str,
    task_type: str,
    *,
    run_id: str | None = None,
    roles: Mapping[str, str] | None = None,
) -> GepaImport:
    """Store the candidates of a run as profiles, with all parents, and their scores as steps.

    A component becomes ``{role: {"system_prompt": text}}``; its role is the one that ``roles`` has
    for it, else its own name, and "worker" for a component called system_prompt. ``run_id`` is the
    folder's name unless given. A step is a score on the validation set: its query is the id of the
    example, as the run keeps nothing else of it, its answer what the run kept of the output, empty
    where it kept none; its time is that of its profile. Scores of minibatches are left out, as most
    belong to proposals that were not kept.

    All of it is one transaction. A run that has gone on since may be imported again, which adds the
    rest. Raises what read_candidates() does, InvalidInput for another run of the same name, and
    ProfileConflict where somebody else appends to the scope meanwhile: then call it again.
    """
    folder = Path(run_dir)
    check_name("corpus_id", corpus_id)
    check_name("task_type", task_type)
    name = check_name("run_id", folder.resolve().name if run_id is None else run_id)
    candidates = read_candidates(folder)
    with store.begin() as work:
        known = _known(work, corpus_id, task_type, name)
        profiles: list[PromptProfile] = []
        head = work.profiles.latest(corpus_id, task_type)
        current = 0 if head is None else head.version
        for number, candidate in enumerate(candidates):
            document = document_of(candidate.texts, roles or {})
            if number in known:
                profile = work.profiles.get(corpus_id, known[number])
                if profile.profile != document:
                    raise InvalidInput("run_id", f"candidate {number} of {name!r} is another one")
            else:
                # The version that is expected keeps two importers from storing the same twice.
                profile = work.profiles.append(
                    corpus_id,
                    task_type,
                    document,
                    parents=[profiles[parent] for parent in candidate.parents],
                    expected_version=current,
                    metadata={"gepa": {"run": name, "candidate": number}},
                )
                current = profile.version
            profiles.append(profile)
        steps = list(_steps(folder, name, candidates, profiles))
        stored = work.steps.log_many(steps)
    return GepaImport(
        run_id=name,
        candidates=len(candidates),
        profiles=len(candidates) - len(known),
        scores=len(steps),
        steps=stored,
    )


def imported(corpus_id: str, task_type: str, run_id: str) -> Select[Any]:
    """The profiles of a scope that came from a run, by the number of the candidate."""
    origin = prompt_profiles.c.metadata["gepa"]
    return select(prompt_profiles.c.id, origin["candidate"]).where(
        prompt_profiles.c.corpus_id == corpus_id,
        prompt_profiles.c.task_type == task_type,
        prompt_profiles.c.metadata.contains({"gepa": {"run": run_id}}),
    )


def document_of(texts: Mapping[str, str], roles: Mapping[str, str]) -> dict[str, Any]:
    """The profile of a candidate, given by its components. Raises InvalidInput for ``roles``."""
    document: dict[str, Any] = {}
    for component, text in texts.items():
        role = roles.get(component, "worker" if component == SYSTEM_PROMPT else component)
        if role in document:
            raise InvalidInput("roles", f"two components would be the role {role!r:.80}")
        document[role] = {SYSTEM_PROMPT: text}
    return document


def _known(work: UnitOfWork, corpus_id: str, task_type: str, run_id: str) -> dict[Any, UUID]:
    with translated():
        rows = work.session.execute(imported(corpus_id, task_type, run_id)).all()
    return {number: identifier for identifier, number in rows}


def _steps(
    folder: Path, run_id: str, candidates: Sequence[Candidate], profiles: Sequence[PromptProfile]
) -> Iterator[NewStep]:
    for number, (candidate, profile) in enumerate(zip(candidates, profiles, strict=True)):
        for example, score in candidate.scores.items():
            output = read_output(folder, number, example)
            yield NewStep(
                corpus_id=profile.corpus_id,
                task_type=profile.task_type,
                old_profile_id=profile.id,
                query=f"validation example {example}",
                predicted_answer="" if output is None else output,
                reward=score,
                step_type="validation",
                optimization_strategy="gepa",
                run_id=run_id,
                id=uuid5(RUNS, f"{run_id}\n{profile.id}\n{example!r}"),
                created_at=profile.created_at,
            )
