"""A step and the profile that it produced, stored together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hegel_store.errors import InvalidInput, NotFound, StepConflict
from hegel_store.models import NewStep, PromptProfile, TrainingStep
from hegel_store.repositories.profiles import ProfileRepository
from hegel_store.repositories.steps import StepRepository


def learn(
    profiles: ProfileRepository,
    steps: StepRepository,
    step: NewStep,
    profile: Mapping[str, Any],
    expected_version: int | None,
    metadata: Mapping[str, Any] | None,
) -> tuple[PromptProfile, TrainingStep]:
    """Append the profile and log the step, in the repositories' transaction; or find them both.

    Raises what append() and log() do, and StepConflict where another step has this identity.
    """
    if not isinstance(step, NewStep):
        raise InvalidInput("step", f"must be a NewStep, not {type(step).__name__}")
    if step.new_profile_id is not None:
        raise InvalidInput("step.new_profile_id", "is that of the profile, which is made here")
    try:
        stored = steps.get(step.corpus_id, step.id, step.created_at)
    except NotFound:
        # First, as the locks of the append would be in its way.
        steps._ensure_months([step])
        made = profiles.append(
            step.corpus_id,
            step.task_type,
            profile,
            base=step.old_profile_id,
            expected_version=expected_version,
            metadata=metadata,
        )
        return made, steps.log(replace(step, new_profile_id=made.id))
    if stored.new_profile_id is None:
        raise StepConflict(f"the step {step.id} was logged before, without a profile")
    made = profiles.get(step.corpus_id, stored.new_profile_id)
    # Compares the step with the stored one, and stores nothing.
    return made, steps.log(replace(step, new_profile_id=made.id))
