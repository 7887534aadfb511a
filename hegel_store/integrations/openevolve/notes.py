"""What belongs to a program and comes after it: artifacts, and the prompts that made it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from hegel_store.integrations.openevolve.keeping import Prompted
from hegel_store.integrations.openevolve.replica import Replica


class ProgramNotes:
    """The part of StoreProgramDatabase that keeps what is written with the next change."""

    _replica: Replica
    _artifact_serializer: Callable[[Any], Any]
    _artifact_deserializer: Callable[[Any], Any]
    config: Any
    programs: dict[str, Any]
    get: Callable[[str], Any]

    def store_artifacts(self, program_id: str, artifacts: Mapping[str, str | bytes]) -> None:
        """Keep what the evaluation of a program has left with the program, whatever its size: no
        folder is made. It is written with the next change."""
        program = self.programs.get(program_id)
        if program is None and program_id in self._replica.waiting:
            program = self._replica.waiting[program_id][0]
        enabled = os.environ.get("ENABLE_ARTIFACTS", "true").lower() == "true"
        if program is not None and artifacts and enabled:
            program.artifacts_json = json.dumps(dict(artifacts), default=self._artifact_serializer)
            self._replica.annotated[program_id] = program

    def get_artifacts(self, program_id: str) -> dict[str, Any]:
        """What store_artifacts() was given, bytes as bytes."""
        program = self.get(program_id)
        if program is None or not program.artifacts_json:
            return {}
        found: dict[str, Any] = json.loads(
            program.artifacts_json, object_hook=self._artifact_deserializer
        )
        return found

    def log_prompt(
        self,
        program_id: str,
        template_key: str,
        prompt: Mapping[str, Any],
        responses: list[str] | None = None,
        token_usage: dict[str, Any] | None = None,
    ) -> None:
        """Keep what a model was asked for a program, and has answered, as a step of the run, which
        is written with the next change. Not at all where ``log_prompts`` is off."""
        if self.config.log_prompts:
            self._replica.prompted.append(
                Prompted(
                    program_id=program_id,
                    template=template_key,
                    prompt=dict(prompt),
                    responses=list(responses or ()),
                    token_usage=token_usage,
                    at=datetime.now(UTC),
                )
            )
