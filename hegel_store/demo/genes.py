"""The demo's profiles: what they contain, and how new ones are made from old ones.

A profile is a JSON document. The places in it that a loop may change are its genes; each has a
list of choices. The first profile is what the library does when told nothing: the search with its
own defaults, and a reviewer that accepts the result as it is.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from hegel_store.demo.reviewer import REWARDED, RULES
from hegel_store.search.statement import CANDIDATES, Search

Profile = dict[str, Any]
Path = tuple[str, ...]

RETRIEVAL = ("vector_weight", "length_normalisation", "candidates", "fusion")

WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6)

CHOICES: Mapping[Path, tuple[Any, ...]] = {
    ("worker", "query_template"): (
        "{question}",
        "{words}",
        "{question} {pieces}",
        "{words} {pieces}",
    ),
    ("worker", "meaning_template"): (
        "{question}",
        "{words}",
        "{question} {pieces}",
    ),
    ("worker", "proposals"): (10, 15, 20, 30),
    ("worker", "retrieval", "vector_weight"): (0.25, 0.35, 0.45, 0.55, 0.65),
    ("worker", "retrieval", "length_normalisation"): (None, 0.0, 0.1, 0.2, 0.4, 0.6),
    ("worker", "retrieval", "candidates"): (50, 100, 200, 400),
    ("worker", "retrieval", "fusion"): ("convex", "rrf"),
    **{("reviewer", "acceptance", rule): WEIGHTS for rule in RULES},
}

# Without vectors these change nothing.
VECTOR_GENES = frozenset(
    {
        ("worker", "meaning_template"),
        ("worker", "retrieval", "vector_weight"),
        ("worker", "retrieval", "fusion"),
        ("reviewer", "acceptance", "agreement"),
    }
)


def first_profile() -> Profile:
    """The library's defaults, read from the search itself, so that they cannot drift apart."""
    defaults = {field.name: field.default for field in fields(Search)} | {"candidates": CANDIDATES}
    return {
        "worker": {
            "system_prompt": "Find the object of the standard library that the statement is about.",
            "query_template": "{question}",
            "meaning_template": "{question}",
            "proposals": REWARDED,
            "retrieval": {name: defaults[name] for name in RETRIEVAL},
        },
        "reviewer": {
            "system_prompt": "Object to candidates that lack evidence which others show.",
            "acceptance": dict.fromkeys(RULES, 0.0),
        },
    }


def genes(*, vectors: bool) -> list[Path]:
    """The genes that matter, in a fixed order."""
    return [path for path in CHOICES if vectors or path not in VECTOR_GENES]


def mutated(profile: Profile, paths: Sequence[Path], source: random.Random) -> Profile:
    """A copy with one to three genes of one role changed.

    A number moves to one of the nearest choices. The role is drawn first, so that one with many
    genes is not changed more often than another.
    """
    child = copy.deepcopy(profile)
    role = source.choice(sorted({path[0] for path in paths}))
    of_role = [path for path in paths if path[0] == role]
    for path in source.sample(of_role, min(source.choice((1, 1, 2, 3)), len(of_role))):
        current = value_of(profile, path)
        others = [choice for choice in CHOICES[path] if choice != current]
        if isinstance(current, int | float):
            numbers = [choice for choice in others if choice is not None]
            others = sorted(numbers, key=lambda choice: abs(choice - current))[:3]
        set_value(child, path, source.choice(others))
    return child


def crossed(
    first: Profile, second: Profile, paths: Sequence[Path], source: random.Random
) -> Profile:
    """A copy of ``first`` with about half of the genes taken from ``second``."""
    child = copy.deepcopy(first)
    for path in paths:
        if source.random() < 0.5:
            set_value(child, path, value_of(second, path))
    return child


def changes(old: Profile, new: Profile) -> dict[str, Any]:
    """Genes that differ, as ``{"worker.proposals": [10, 30]}``."""
    return {
        ".".join(path): [value_of(old, path), value_of(new, path)]
        for path in CHOICES
        if value_of(old, path) != value_of(new, path)
    }


def fingerprint(profile: Profile) -> str:
    """Equal for equal profiles."""
    return json.dumps(profile, sort_keys=True)


def value_of(profile: Mapping[str, Any], path: Path) -> Any:
    value: Any = profile
    for key in path:
        value = value[key]
    return value


def set_value(profile: Profile, path: Path, value: Any) -> None:
    for key in path[:-1]:
        profile = profile[key]
    profile[path[-1]] = value
