"""A program of OpenEvolve as a profile, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from openevolve.database import Program
from openevolve.utils.metrics_utils import get_fitness_score

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_json

PROGRAMS = UUID("5d0c6b1e-8a57-5c5e-9a34-2f6d3f0e7b41")
"""The namespace of the ids that are made of a run and a program."""
PROMPT = "system_prompt"


def profile_id_of(run_id: str, program_id: str) -> UUID:
    """The same for a program whoever asks, so that it is not stored twice."""
    return uuid5(PROGRAMS, f"{run_id}\n{program_id}")


def source_of(program: Any, role: str) -> str:
    """The code as a profile. Raises InvalidInput for what no text can hold."""
    return check_json("code", {role: {PROMPT: program.code}})


def details_of(program: Any, run_id: str) -> dict[str, str]:
    """What the profile's metadata say of a program, all but its code.

    The record is JSON in a text: jsonb would put keys in another order, and has no NaN, and
    OpenEvolve's averages depend on both. Raises InvalidInput for what is no JSON.
    """
    fields = {
        name: value for name, value in program.to_dict().items() if name not in ("id", "code")
    }
    try:
        record = json.dumps(fields, default=_number)
    except (TypeError, ValueError) as error:
        raise InvalidInput("program", f"{program.id!r:.80} is no JSON: {error}") from None
    return {"run": run_id, "program": program.id, "record": record}


def program_of(source: str, details: Mapping[str, str]) -> Any:
    """The program of a stored profile."""
    (role,) = json.loads(source).values()
    fields = {"id": details["program"], "code": role[PROMPT], **json.loads(details["record"])}
    return Program.from_dict(fields)


def fitness_of(program: Any, feature_dimensions: list[str]) -> float | None:
    """OpenEvolve's fitness; None without metrics, and where it is no finite number."""
    if not program.metrics:
        return None
    fitness = float(get_fitness_score(program.metrics, feature_dimensions))
    return fitness if math.isfinite(fitness) else None


def numbers_of(values: Mapping[str, Any]) -> dict[str, float]:
    """Those that are finite numbers."""
    return {
        name: float(value)
        for name, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)
    }


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no float can hold
        return False


def _number(value: Any) -> Any:
    """A NumPy scalar as a number of Python."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON")
