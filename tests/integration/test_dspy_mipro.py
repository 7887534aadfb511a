"""Runs of the real MIPROv2 in the database: what is stored, what is paid for, how they go on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import dspy
import pytest

from hegel_store.errors import BudgetExceeded, InvalidInput, RunConflict
from hegel_store.integrations.dspy import compile_mipro, document_of
from hegel_store.models.profiles import content_hash
from hegel_store.store import Store
from tests.programs import SETS, compiled, course, metric, mipro, model, program
from tests.samples import rows

pytestmark = pytest.mark.any_server

OF = {"split": "validation", "evaluator": "default"}


def kept(store: Store, trials: int = 8, run: str = "r", **more: Any) -> Any:
    options = {key: more.pop(key) for key in ("score", "asked") if key in more}
    optimizer, arguments = mipro(trials, **options)
    return compile_mipro(store, "news", "qa", run, optimizer, program(), **(arguments | more))


def profiles(store: Store, run: str = "r") -> dict[str, Any]:
    """The profiles of a run by the hash of their content."""
    found = rows(
        store,
        "SELECT id FROM hegel_prompt_profiles WHERE corpus_id = 'news'"
        f" AND metadata #>> '{{dspy,run}}' = '{run}' ORDER BY version",
    )
    stored = [store.profiles.get("news", identifier) for (identifier,) in found]  # type: ignore[arg-type]
    assert len({profile.content_hash for profile in stored}) == len(stored)
    return {profile.content_hash: profile for profile in stored}


def require_equal(store: Store, best: Any, run: str = "r") -> None:
    """Whether the store has what MIPROv2 lists of its trials."""
    stored = profiles(store, run)
    members = {
        member.profile_id: member
        for member in store.populations.fittest("news", "qa", population=run, limit=1000)
    }
    full = {content_hash(document_of(each["program"])): each for each in best.candidate_programs}
    partial = {content_hash(document_of(each["program"])) for each in best.mb_candidate_programs}
    assert stored.keys() == full.keys() | partial
    assert len(members) == len(full)
    for content, each in full.items():
        member = members[stored[content].id]
        assert round(100 * member.fitness, 2) == each["score"]
        scores = store.scores.of_profile("news", stored[content], **OF)
        assert len(scores) == len(SETS["valset"])
        assert sum(score.score for score in scores) / 10 == pytest.approx(member.fitness)
    seed, *others = stored.values()
    assert (seed.base_profile_id, seed.profile) == (None, document_of(program()))
    assert {profile.base_profile_id for profile in others} == {seed.id}


@pytest.mark.parametrize("minibatch", [False, True], ids=["full", "minibatch"])
def test_it_ends_as_without_the_store_and_all_it_tried_is_there(
    store: Store, minibatch: bool
) -> None:
    plain = compiled(8, minibatch=minibatch)
    best = kept(store, minibatch=minibatch)
    assert course(best) == course(plain)
    assert document_of(best) == document_of(plain)
    require_equal(store, best)
    run = store.runs.get("news", "r")
    assert (run.status, run.optimiser) == ("finished", "mipro")
    ((evaluations,),) = rows(store, "SELECT count(*) FROM hegel_evaluations")
    assert run.evaluations_spent == evaluations
    ((trials,),) = rows(
        store,
        "SELECT count(*) FROM hegel_profile_populations"
        " WHERE population_metadata #> '{dspy,parameters,0_predictor_instruction}' IS NOT NULL",
    )
    assert trials == len(profiles(store)) - 1


def test_called_again_it_returns_the_same_and_asks_no_model(store: Store) -> None:
    first = kept(store)
    asked: list[str] = []
    again = kept(store, asked=asked.append)
    assert (course(again), document_of(again), asked) == (course(first), document_of(first), [])
    require_equal(store, again)


def test_it_goes_on_to_more_trials(store: Store) -> None:
    kept(store, 6, minibatch=True)
    further = kept(store, 14, minibatch=True)
    whole = compiled(14, minibatch=True)
    assert (course(further), document_of(further)) == (course(whole), document_of(whole))


def failing(after: int) -> Callable[..., float]:
    """A metric that cannot tell at this moment."""
    calls = [0]

    def score(*given: Any) -> float:
        calls[0] += 1
        if calls[0] == after:
            raise TimeoutError("no answer")
        return metric(*given)

    return score


def test_a_failed_evaluation_is_tried_again_and_is_no_score(store: Store) -> None:
    # Behind what bootstrapping calls the metric for.
    first = kept(store, score=failing(60), minibatch=False)
    plain = compiled(8, minibatch=False)
    assert course(first) != course(plain)
    ((zeros,),) = rows(store, "SELECT count(*) FROM hegel_scores WHERE score = 0")
    again = kept(store, minibatch=False)
    assert course(again) == course(plain)
    assert zeros == rows(store, "SELECT count(*) FROM hegel_scores WHERE score = 0")[0][0]


def test_the_budget_holds_and_the_run_goes_on_with_another(store: Store) -> None:
    with pytest.raises(BudgetExceeded, match="no budget for 10 evaluations, but for 5"):
        kept(store, budget=45, minibatch=False)
    run = store.runs.get("news", "r")
    assert (run.status, run.evaluations_spent) == ("failed", 40)
    assert len(store.populations.fittest("news", "qa", population="r")) == 4
    store.runs.allow("news", "r", 500)
    best = kept(store, budget=500, minibatch=False)
    assert course(best) == course(compiled(8, minibatch=False))
    require_equal(store, best)


def test_a_run_that_is_stopped_from_elsewhere_ends(store: Store) -> None:
    calls = [0]

    def score(*given: Any) -> float:
        calls[0] += 1
        if calls[0] == 40:
            store.runs.stop("news", "r", "too dear")
        return metric(*given)

    with pytest.raises(RunConflict, match="stopped"):
        kept(store, score=score)
    assert store.runs.get("news", "r").reason == "too dear"
    with pytest.raises(RunConflict, match="stopped"):
        kept(store)
    store.runs.reopen("news", "r")
    assert course(kept(store)) == course(compiled(8))


def test_an_error_of_the_optimiser_fails_the_run(store: Store) -> None:
    with pytest.raises(ValueError, match="Minibatch size"):
        kept(store, minibatch_size=11)
    run = store.runs.get("news", "r")
    assert run.status == "failed"
    assert run.reason.startswith("ValueError: Minibatch size")


def test_another_run_of_this_name_is_refused(store: Store) -> None:
    kept(store, 2)
    with pytest.raises(RunConflict, match="configuration"):
        kept(store, 2, seed=8)
    with pytest.raises(RunConflict, match="configuration"):
        kept(store, 2, valset=SETS["valset"][:8])
    with pytest.raises(InvalidInput, match="example_id"):
        kept(store, 2, run="s", valset=[dspy.Example(question=object(), answer="")])
    assert [run.run_id for run in store.runs.list("news")] == ["r"]


def test_another_run_is_served_what_this_one_paid_for(store: Store) -> None:
    kept(store, 6, minibatch=False)
    best = kept(store, 6, run="s", minibatch=False)
    assert store.runs.get("news", "s").evaluations_spent == 0
    require_equal(store, best, "s")


def test_evaluations_are_made_by_several_threads(store: Store) -> None:
    optimizer, arguments = mipro(4, minibatch=False)
    optimizer.num_threads = 4
    best = compile_mipro(store, "news", "qa", "r", optimizer, program(), **arguments)
    assert course(best) == course(compiled(4, minibatch=False))
    require_equal(store, best)


def test_the_given_optimiser_stays_as_it_was(store: Store) -> None:
    optimizer, arguments = mipro(2)
    before = dict(vars(optimizer))
    compile_mipro(store, "news", "qa", "r", optimizer, program(), **arguments)
    assert vars(optimizer) == before


def test_the_stand_in_asks_as_models_are_asked() -> None:
    """What the runs here rest on: it answers from words that it was given, and by no answers."""
    asked: list[str] = []
    with dspy.context(lm=model(asked.append)):
        given = program()(question="2 0").answer
    assert len(asked) == 2
    assert set(given.split()) <= set(re.findall(r"\w+", asked[1]))
