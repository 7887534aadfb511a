"""Programs of DSPy as profiles, and back."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from types import ModuleType
from typing import Any
from uuid import UUID

from hegel_store.errors import ConfigurationError, InvalidInput, NotFound
from hegel_store.models import PromptProfile
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork

SYSTEM_PROMPT = "system_prompt"
STATE = "dspy"
SELF = "self"
"""What DSPy calls a predictor that is a whole program."""


def load_dspy() -> ModuleType:
    """The package. Raises ConfigurationError where it is not installed."""
    try:
        import dspy
    except ImportError as error:
        raise ConfigurationError(
            "programs of DSPy need dspy: pip install 'hegel_store[dspy]'"
        ) from error
    module: ModuleType = dspy
    return module


def document_of(program: Any) -> dict[str, Any]:
    """A program's state as the document of a profile.

    A predictor is a role, by the name that DSPy has for it: its instructions are the
    ``system_prompt``, all else that dump_state() gives (demonstrations, fields of the signature,
    the model if it has one of its own) is under ``dspy``. Parameters that are no predictors have
    only that.

    Raises InvalidInput for a program without parameters, or with a state that is no JSON.
    """
    state = _plain(_state_of(program))
    if not state:
        raise InvalidInput("program", "has no predictors")
    document: dict[str, Any] = {}
    for role, kept in state.items():
        signature = kept.get("signature") if isinstance(kept, dict) else None
        if isinstance(signature, dict) and "instructions" in signature:
            document[role] = {SYSTEM_PROMPT: signature.pop("instructions"), STATE: kept}
        else:
            document[role] = {STATE: kept}
    return document


def apply_document(
    program: Any, document: Mapping[str, Any], *, allow_unsafe_lm_state: bool = False
) -> Any:
    """A copy of ``program`` with what the document says of its parameters.

    A role without ``dspy``, as in the profiles of GEPA's candidates, changes the instructions and
    nothing else. Raises InvalidInput when the roles are not those of the program.
    """
    state = _state_of(program)
    if state.keys() != document.keys():
        raise InvalidInput(
            "profile", f"has the roles {sorted(document)}, and the program {sorted(state)}"
        )
    for role, parts in document.items():
        if not isinstance(parts, Mapping) or not parts.keys() & {SYSTEM_PROMPT, STATE}:
            raise InvalidInput(f"profile.{role:.80}", "is no state of a predictor")
        if STATE in parts:
            state[role] = copy.deepcopy(parts[STATE])
        if SYSTEM_PROMPT in parts:
            state[role]["signature"]["instructions"] = parts[SYSTEM_PROMPT]
    changed = program.deepcopy()
    _load(changed, state[SELF] if _is_alone(program) else state, allow_unsafe_lm_state)
    return changed


def save_program(
    to: Store | UnitOfWork, corpus_id: str, task_type: str, program: Any, **more: Any
) -> PromptProfile:
    """Append a program's state to a scope, as document_of() makes it.

    ``more`` are the other arguments of ``profiles.append()``. Raises what both of them raise.
    """
    return to.profiles.append(corpus_id, task_type, document_of(program), **more)


def load_program(
    store: Store | UnitOfWork,
    corpus_id: str,
    task_type: str,
    program: Any,
    *,
    alias: str = "latest",
    profile_id: UUID | None = None,
    allow_unsafe_lm_state: bool = False,
) -> Any:
    """A copy of ``program`` with the state of a profile: the one that ``alias`` points at, or the
    one with this id.

    ``allow_unsafe_lm_state`` is DSPy's, for profiles that only trusted people write. Raises
    NotFound, and InvalidInput where the profile is none of such a program.
    """
    if profile_id is not None:
        profile = store.profiles.get(corpus_id, profile_id)
    else:
        found = store.profiles.by_alias(corpus_id, task_type, alias)
        if found is None:
            raise NotFound("alias", f"{alias!r} in scope ({corpus_id!r}, {task_type!r})", "alias")
        profile = found
    return apply_document(program, profile.profile, allow_unsafe_lm_state=allow_unsafe_lm_state)


def _is_alone(program: Any) -> bool:
    """Whether it is a predictor and not a module with some: its state has no names then."""
    return [parameter for _, parameter in program.named_parameters()] == [program]


def _state_of(program: Any) -> dict[str, Any]:
    state: dict[str, Any] = program.dump_state()
    return {SELF: state} if _is_alone(program) else state


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    """Rebuilt, as DSPy's own parts are shared with the program."""
    try:
        text = json.dumps(state, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput("program", f"has a state that is no JSON: {error}") from None
    plain: dict[str, Any] = json.loads(text)
    return plain


def _load(program: Any, state: dict[str, Any], allow_unsafe_lm_state: bool) -> None:
    try:
        program.load_state(state, allow_unsafe_lm_state=allow_unsafe_lm_state)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput("profile", f"is no state of this program: {error!r}") from error
