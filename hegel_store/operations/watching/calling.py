"""A call of a repository from the words of a command line: ``profiles.latest news qa``."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Unpack, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from hegel_store.errors import HegelStoreError, InvalidInput

NAMES = (
    "profiles",
    "steps",
    "populations",
    "facts",
    "labels",
    "retrievals",
    "runs",
    "scores",
)
"""Of the repositories, on a store and on a unit of work."""

Repositories = Mapping[str, object]
"""By the name that they have on a store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A method of a repository with its arguments. ``name`` is "profiles.latest"."""

    name: str
    method: Callable[..., Any]
    positional: Sequence[Any]
    named: Mapping[str, Any]

    def __call__(self) -> object:
        """Make the call, and read all of what it returns an iterator over."""
        answer = self.method(*self.positional, **self.named)
        return list(answer) if inspect.isgenerator(answer) else answer


def repositories_of(place: Any) -> Repositories:
    """Those of a store or of a unit of work, by name."""
    return {name: getattr(place, name) for name in NAMES}


def calls_of(repositories: Repositories) -> Sequence[str]:
    """Every public method, "facts.search" and so on, in order."""
    return sorted(
        f"{name}.{method}"
        for name, repository in repositories.items()
        for method, _ in inspect.getmembers(repository, inspect.ismethod)
        if not method.startswith("_")
    )


def resolve(repositories: Repositories, name: str, words: Sequence[str]) -> Call:
    """The call that the words mean: ``value`` for a parameter by position, ``name=value`` by name.

    A value is JSON where that gives what the parameter takes, and else the text as it stands. What
    takes a NewStep or a NewFact takes an object with its fields.

    Raises InvalidInput, naming "call" or the parameter.
    """
    known = calls_of(repositories)
    if name not in known:
        raise InvalidInput("call", f"{name!r} is no call: {_instead(name, known)}")
    repository, _, method_name = name.partition(".")
    method = getattr(repositories[repository], method_name)
    parameters, hints = inspect.signature(method).parameters, get_type_hints(method)
    options = _options(hints)
    by_position = [
        each.name
        for each in parameters.values()
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key in (set(parameters) | set(options)) - {"options"}:
            named[key] = _understood(key, value, options.get(key, hints.get(key, Any)))
        elif len(positional) < len(by_position):
            key = by_position[len(positional)]
            positional.append(_understood(key, word, hints.get(key, Any)))
        else:
            raise InvalidInput("call", f"{name}{inspect.signature(method)} does not take {word!r}")
    try:
        inspect.signature(method).bind(*positional, **named)
    except TypeError as error:
        signature = str(inspect.signature(method))
        raise InvalidInput("call", f"{name}: {error}; it is {name}{signature}") from None
    return Call(name=name, method=method, positional=positional, named=named)


def _instead(name: str, known: Sequence[str]) -> str:
    """What may have been meant: calls of this name or the likest, or else what there is."""
    repository, _, method = name.rpartition(".")
    pool = [each for each in known if each.startswith(f"{repository}.")] or known
    methods = {each.partition(".")[2] for each in pool}
    meant = [method] if method in methods else get_close_matches(method, sorted(methods), n=1)
    near = [each for each in pool if each.partition(".")[2] in meant]
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(pool)}"


def _options(hints: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those of a ``**options: Unpack[...]``."""
    for hint in hints.values():
        if get_origin(hint) is Unpack:
            (options,) = hint.__args__
            return get_type_hints(options)
    return {}


def _understood(name: str, word: str, hint: Any) -> Any:
    adapter = _adapter(hint)
    problem: Exception | None = None
    for value in _meanings(word):
        if adapter is None:
            return value
        try:
            return adapter.validate_python(value)
        except (ValidationError, HegelStoreError) as error:
            problem = problem or error
    if isinstance(problem, ValidationError):
        first = problem.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InvalidInput(name, f"{word!r:.80}: {first['msg']}{place and f' ({place})'}")
    raise InvalidInput(name, f"{word!r:.80}: {problem}")


def _meanings(word: str) -> Sequence[Any]:
    """As JSON, unless it is a number that a name may be as well; then as text."""
    try:
        meant = json.loads(word)
    except ValueError:
        return [word]
    return [meant, word]


def _adapter(hint: Any) -> TypeAdapter[Any] | None:
    """None for what only Python can give: an array, a reranker."""
    if hint is Any:
        return None
    try:
        return TypeAdapter(hint)
    except PydanticSchemaGenerationError:
        return TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True))
