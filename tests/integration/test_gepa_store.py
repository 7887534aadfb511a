"""A run of the real GEPA in the database: what it found, what it counts, how it ends."""

from __future__ import annotations

from typing import Any

import gepa
import pytest

from hegel_store.errors import InvalidInput, RunConflict
from hegel_store.integrations.gepa import StoreCallback, optimize
from hegel_store.integrations.gepa.recording import candidates_of
from hegel_store.store import Store
from tests.samples import rows
from tests.vocabulary import SEED, VALIDATION, Vocabulary, arguments

pytestmark = pytest.mark.any_server

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


def test_called_again_it_returns_the_same_and_evaluates_nothing(store: Store) -> None:
    first = optimize(store, "news", "qa", "r", **arguments(300))
    paid: list[str] = []
    adapter = Vocabulary(lambda candidate, question: paid.append(question))
    again = optimize(store, "news", "qa", "r", **arguments(300, adapter=adapter))
    assert (again.candidates, again.val_subscores, paid) == (
        first.candidates,
        first.val_subscores,
        [],
    )
    assert store.runs.get("news", "r").status == "finished"
    further = optimize(store, "news", "qa", "r", **arguments(500, adapter=adapter))
    whole = gepa.optimize(**arguments(500))
    assert further.candidates == whole.candidates
    assert len(paid) == whole.total_metric_calls - first.total_metric_calls
    require_equal(store, further)


def test_an_error_fails_the_run_which_goes_on_when_called_again(store: Store) -> None:
    left = [120]

    def paid(candidate: Any, question: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise ZeroDivisionError("no answer")

    with pytest.raises(ZeroDivisionError):
        optimize(store, "news", "qa", "r", **arguments(300, adapter=Vocabulary(paid)))
    run = store.runs.get("news", "r")
    assert (run.status, run.reason) == ("failed", "ZeroDivisionError: no answer")
    result = optimize(store, "news", "qa", "r", **arguments(300))
    assert result.candidates == gepa.optimize(**arguments(300)).candidates
    assert store.runs.get("news", "r").status == "finished"
    require_equal(store, result)


def test_a_run_that_is_stopped_from_elsewhere_ends_and_goes_on_when_it_is_reopened(
    store: Store,
) -> None:
    left = [120]

    def paid(candidate: Any, question: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            store.runs.stop("news", "r", "too dear")

    stopped = optimize(store, "news", "qa", "r", **arguments(300, adapter=Vocabulary(paid)))
    assert stopped.total_metric_calls < 150
    run = store.runs.get("news", "r")
    assert (run.status, run.reason) == ("stopped", "too dear")
    require_equal(store, stopped)
    with pytest.raises(RunConflict, match="stopped"):
        optimize(store, "news", "qa", "r", **arguments(300))
    store.runs.reopen("news", "r")
    result = optimize(store, "news", "qa", "r", **arguments(300))
    assert result.candidates == gepa.optimize(**arguments(300)).candidates


def test_a_run_ends_with_its_budget(store: Store) -> None:
    result = optimize(store, "news", "qa", "r", budget=100, **arguments(300))
    run = store.runs.get("news", "r")
    assert (run.status, run.evaluations_left) == ("finished", 0)
    # It hears of it between iterations.
    assert 100 <= result.total_metric_calls < 100 + 2 * 3 + len(VALIDATION)


def test_of_two_that_go_on_from_the_same_state_one_stops(store: Store) -> None:
    optimize(store, "news", "qa", "r", **arguments(100))
    left = [40]

    def paid(candidate: Any, question: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            optimize(store, "news", "qa", "r", **arguments(300))

    with pytest.raises(RunConflict, match="state of run"):
        optimize(store, "news", "qa", "r", **arguments(300, adapter=Vocabulary(paid)))
    result = optimize(store, "news", "qa", "r", **arguments(300))
    assert result.candidates == gepa.optimize(**arguments(300)).candidates
    require_equal(store, result)


def test_what_is_no_run_of_this_kind_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput, match="run_dir"):
        optimize(store, "news", "qa", "r", **arguments(100, run_dir="runs"))
    optimize(store, "news", "qa", "r", **arguments(30))
    with pytest.raises(RunConflict, match="configuration"):
        optimize(store, "news", "qa", "r", **arguments(100, seed=6))
    with pytest.raises(InvalidInput, match="roles"):
        optimize(store, "news", "qa", "q", roles={"planner": "writer"}, **arguments(30))
    assert [run.run_id for run in store.runs.list("news")] == ["r"]


def test_the_callback_alone_records_a_run_that_goes_on_from_its_own_folder(
    store: Store, tmp_path: Any
) -> None:
    for calls in (200, 400):
        callback = StoreCallback(store, "news", "qa", run="r")
        result = gepa.optimize(**arguments(calls, callbacks=[callback], run_dir=str(tmp_path)))
        callback.close()
        require_equal(store, result)
    run = store.runs.get("news", "r")
    assert (run.status, run.evaluations_spent) == ("running", result.total_metric_calls)


def test_roles_and_names_are_as_told(store: Store) -> None:
    callback = StoreCallback(
        store,
        "news",
        "qa",
        run="r",
        roles={"writer": "worker"},
        population="best",
        split="dev",
        evaluator="f1",
        objective="f1",
        spend=False,
    )
    result = gepa.optimize(**arguments(100, callbacks=[callback]))
    callback.close()
    seed = stored(store)[0]
    assert seed.profile == {
        "planner": {"system_prompt": SEED["planner"]},
        "worker": {"system_prompt": SEED["writer"]},
    }
    scores = store.scores.of_profile("news", seed, split="dev", evaluator="f1", objective="f1")
    assert len(scores) == len(VALIDATION)
    members = store.populations.fittest("news", "qa", population="best")
    assert len(members) == len(result.candidates)
    assert store.runs.get("news", "r").evaluations_spent == 0


def test_events_without_what_they_should_have_are_borne(store: Store) -> None:
    callback = StoreCallback(store, "news", "qa", run="r")
    callback.on_iteration_start({})
    callback.on_iteration_end({"iteration": 1})
    callback.on_optimization_end({})
    callback.close()
    assert stored(store) == {}


def test_scores_that_are_no_numbers_are_left_out(store: Store) -> None:
    state = gepa_state({0: 0.5, 1: float("nan")})
    callback = StoreCallback(store, "news", "qa", run="r")
    callback.on_iteration_start({"state": state})
    callback.close()
    (seed,) = stored(store).values()
    (score,) = store.scores.of_profile("news", seed, **OF)
    assert (score.example_id, score.score) == ("0", 0.5)
    assert store.populations.fittest("news", "qa", population="r") == []


def gepa_state(scores: dict[int, float]) -> Any:
    from gepa.core.state import GEPAState, ValsetEvaluation

    state = GEPAState(SEED, ValsetEvaluation(dict.fromkeys(scores), scores))
    state.total_num_evals = len(scores)
    return state


def test_a_candidate_that_a_resumed_run_does_not_know_gives_up_its_number(store: Store) -> None:
    """As when a process dies after it has told the store, and before GEPA has saved its folder."""
    lost, kept = gepa_state({0: 0.5}), gepa_state({0: 0.5})
    for state, text in ((lost, "bale"), (kept, "dale")):
        state.program_candidates.append(SEED | {"planner": text})
        state.parent_program_for_candidate.append([0])
        state.prog_candidate_val_subscores.append({0: 0.75})
        state.prog_candidate_objective_scores.append({})
        callback = StoreCallback(store, "news", "qa", run="r")
        callback.on_iteration_start({"state": state})
        callback.close()
    profiles = stored(store)
    assert profiles[1].profile["planner"] == {"system_prompt": "dale"}
    assert profiles[None].profile["planner"] == {"system_prompt": "bale"}  # type: ignore[index]
    members = store.populations.fittest("news", "qa", population="r")
    assert {member.profile_id for member in members} == {profiles[0].id, profiles[1].id}
    assert len(candidates_of(kept, 1)) == 1
