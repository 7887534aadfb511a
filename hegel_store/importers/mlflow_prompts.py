"""Prompts of an MLflow registry as profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from hegel_store.database import translated
from hegel_store.errors import InvalidInput
from hegel_store.importers.mlflow_registry import Prompt, PromptVersion, read_prompts, shown
from hegel_store.models.checks import check_name
from hegel_store.schema import prompt_profiles
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork

Origin = tuple[str, int, str]
"""The prompt, MLflow's version of it, and when that was made: the same wherever the registry is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptImport:
    """How many prompts and versions there are, how many versions were stored now, how many aliases
    moved, and those that were left alone, with the reason."""

    prompts: int
    versions: int
    stored: int
    aliases: int
    left: Sequence[str]


def import_mlflow_prompts(
    store: Store,
    tracking_uri: str,
    corpus_id: str,
    *,
    names: Sequence[str] | None = None,
    task_types: Mapping[str, str] | None = None,
    role: str = "worker",
    workspace: str = "default",
) -> PromptImport:
    """Store every version of every prompt, or of those in ``names``, each once.

    A prompt becomes the scope of its name, or of the one that ``task_types`` has for it. A version
    becomes ``{role: {"system_prompt": template}}``, a chat ``{role: {"messages": [...]}}``, with
    what else MLflow knows of it in the metadata under ``mlflow``. No version is another one's base,
    as MLflow does not say so. Versions are counted as everywhere: where some were deleted in
    MLflow, or the scope had versions before, the numbers differ, and the metadata have MLflow's.

    An alias points here where it points there, unless it is at a profile that is not of this
    prompt. Each prompt is a transaction. What is deleted in MLflow later stays.

    Raises what read_prompts() does, InvalidInput for what cannot be stored, and ProfileConflict
    where somebody else appends to the scope meanwhile: then call it again.
    """
    check_name("corpus_id", corpus_id)
    check_name("role", role)
    given = dict(task_types or {})
    prompts = list(read_prompts(tracking_uri, names, workspace))
    unknown = sorted(set(given) - {prompt.name for prompt in prompts})
    if unknown:
        raise InvalidInput("task_types", f"there is no prompt {unknown[0]!r:.80}")
    stored = moved = 0
    left: list[str] = []
    for prompt in prompts:
        task_type = check_name("task_type", given.get(prompt.name, prompt.name))
        with store.begin() as work:
            known = _known(work, corpus_id, task_type)
            before = len(known)
            _append(work, corpus_id, task_type, prompt, role, shown(tracking_uri), known)
            stored += len(known) - before
            for alias, number in sorted(prompt.aliases.items()):
                done = _point(work, corpus_id, task_type, prompt, alias, number, known)
                moved += done is None
                left += [done] if done else []
    return PromptImport(
        prompts=len(prompts),
        versions=sum(len(prompt.versions) for prompt in prompts),
        stored=stored,
        aliases=moved,
        left=left,
    )


def imported(corpus_id: str, task_type: str) -> Select[Any]:
    """The profiles of a scope that came from MLflow, and what they were there."""
    return select(prompt_profiles.c.id, prompt_profiles.c.metadata["mlflow"]).where(
        prompt_profiles.c.corpus_id == corpus_id,
        prompt_profiles.c.task_type == task_type,
        prompt_profiles.c.metadata.has_key("mlflow"),
    )


def _known(work: UnitOfWork, corpus_id: str, task_type: str) -> dict[Origin, UUID]:
    with translated():
        rows = work.session.execute(imported(corpus_id, task_type)).all()
    known = {}
    for identifier, origin in rows:
        if isinstance(origin, dict):
            known[origin.get("prompt"), origin.get("version"), origin.get("created_at")] = (
                identifier
            )
    return known  # type: ignore[return-value]  # what is none of ours equals no origin


def _origin(prompt: Prompt, version: PromptVersion) -> Origin:
    return prompt.name, version.number, version.created_at.isoformat(timespec="milliseconds")


def _append(
    work: UnitOfWork,
    corpus_id: str,
    task_type: str,
    prompt: Prompt,
    role: str,
    registry: str,
    known: dict[Origin, UUID],
) -> None:
    head = work.profiles.latest(corpus_id, task_type)
    current = 0 if head is None else head.version
    for version in prompt.versions:
        origin = _origin(prompt, version)
        if origin in known:
            continue
        part = "system_prompt" if isinstance(version.template, str) else "messages"
        # The version that is expected keeps two importers from storing the same twice.
        made = work.profiles.append(
            corpus_id,
            task_type,
            {role: {part: version.template}},
            expected_version=current,
            metadata={"mlflow": _metadata(prompt, version, registry)},
        )
        known[origin] = made.id
        current = made.version


def _metadata(prompt: Prompt, version: PromptVersion, registry: str) -> dict[str, Any]:
    name, number, created_at = _origin(prompt, version)
    values = {
        "prompt": name,
        "version": number,
        "created_at": created_at,
        "registry": registry,
        "user": version.user,
        "commit_message": version.commit_message,
        "tags": dict(version.tags) or None,
        "model_config": version.model_config,
        "response_format": version.response_format,
    }
    return {key: value for key, value in values.items() if value is not None}


def _point(
    work: UnitOfWork,
    corpus_id: str,
    task_type: str,
    prompt: Prompt,
    alias: str,
    number: int,
    known: Mapping[Origin, UUID],
) -> str | None:
    """Let an alias point where it does in MLflow; "" where it does already, or why not."""
    origins = [_origin(prompt, each) for each in prompt.versions if each.number == number]
    if not origins:
        return f"{prompt.name}@{alias}: version {number} was deleted"
    target = known[origins[0]]
    current = work.profiles.by_alias(corpus_id, task_type, alias)
    if current is not None and current.id == target:
        return ""
    if current is not None and current.metadata.get("mlflow", {}).get("prompt") != prompt.name:
        return f"{prompt.name}@{alias}: points at {current.id}, which is not of this prompt"
    work.profiles.set_alias(
        corpus_id,
        task_type,
        alias,
        target,
        expected=None if current is None else current.id,
        reason=f"alias {alias!r} of prompt {prompt.name!r} in MLflow, at its version {number}",
    )
    return None
