"""A run of the real GEPA in the database: what it found, what it counts, how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from hegel_store.errors import InvalidInput, RunConflict
from hegel_store.integrations.gepa import StoreCallback, optimize
from hegel_store.integrations.gepa.recording import candidates_of
from hegel_store.store import Store
from tests.samples import rows
from tests.vocabulary import SEED, VALIDATION, Vocabulary, arguments

gepa = pytest.importorskip("gepa", reason="the `gepa` extra is not installed")

CALLS = 700
OF = {"split": "validation", "evaluator": "default"}


def stored(store: Store, run: str = "r") -> dict[int, Any]:
    """The profiles of a run, by the numbers of GEPA's candidates."""
    found = rows(
        store,
        "SELECT id, metadata FROM hegel_prompt_profiles"
        " WHERE corpus_id = 'news' AND metadata #>> '{gepa,run}' = '" + run + "'"
        " ORDER BY version",
    )
    return {
        metadata["gepa"]["candidate"]: store.profiles.get("news", identifier)  # type: ignore[index]
        for identifier, metadata in found
    }


def require_equal(store: Store, result: Any, run: str = "r") -> None:
    """Whether the store has what GEPA's result object has."""
    profiles = stored(store, run)
    assert sorted(profiles) == list(range(len(result.candidates)))
    members = {
        member.profile_id: member
        for member in store.populations.fittest("news", "qa", population=run, limit=1000)
    }
    assert len(members) == len(profiles)
    for number, texts in enumerate(result.candidates):
        profile = profiles[number]
        assert profile.profile == {name: {"system_prompt": text} for name, text in texts.items()}
        parents = [parent for parent in result.parents[number] if parent is not None]
        assert parent_ids(store, profile) == [
            profiles[parent].id for parent in dict.fromkeys(parents)
        ]
        scores = store.scores.of_profile("news", profile, **OF)
        assert {score.example_id: score.score for score in scores} == {
            str(example): score for example, score in result.val_subscores[number].items()
        }
        member = members[profile.id]
        assert member.fitness == pytest.approx(result.val_aggregate_scores[number], abs=1e-12)
        assert member.objectives == pytest.approx(result.val_aggregate_subscores[number])
        generations = [members[profiles[parent].id].generation for parent in parents]
        assert member.generation == (max(generations) + 1 if generations else 0)


def parent_ids(store: Store, profile: Any) -> list[Any]:
    first = [profile.base_profile_id] if profile.base_profile_id else []
    others = rows(
        store,
        "SELECT parent_id FROM hegel_profile_parents"
        f" WHERE profile_id = '{profile.id}' ORDER BY position",
    )
    return first + [parent for (parent,) in others if parent not in first]


def test_the_store_has_what_the_result_has(store: Store) -> None:
    plain = gepa.optimize(**arguments(CALLS))
    result = optimize(store, "news", "qa", "r", **arguments(CALLS))
    assert (result.candidates, result.parents) == (plain.candidates, plain.parents)
    assert result.val_subscores == plain.val_subscores
    assert len(result.candidates) > 10
    assert any(len(parents) == 2 for parents in result.parents)
    require_equal(store, result)
    run = store.runs.get("news", "r")
    assert (run.status, run.evaluations_spent) == ("finished", result.total_metric_calls)
