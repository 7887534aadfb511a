"""What other optimisers of DSPy try, recorded by a callback."""

from __future__ import annotations

from typing import Any

import dspy
import pytest

from hegel_store.errors import InvalidInput
from hegel_store.integrations.dspy import StoreCallback, document_of
from hegel_store.models.profiles import content_hash
from hegel_store.store import Store
from tests.integration.test_dspy_mipro import profiles, require_equal
from tests.programs import SETS, compiled, course, metric, mipro, model, program
from tests.samples import rows

pytestmark = pytest.mark.any_server

TRAINSET = {"trainset": SETS["trainset"]}


def recorded(store: Store, optimizer: Any, **arguments: Any) -> Any:
    callback = StoreCallback(store, "news", "qa", run="r")
    with dspy.context(lm=model(), callbacks=[callback]):
        best = optimizer.compile(program(), **arguments)
    callback.close()
    return best


def fitness(store: Store) -> dict[str, float]:
    members = store.populations.fittest("news", "qa", population="r", limit=1000)
    hashes = {profile.id: content for content, profile in profiles(store).items()}
    return {hashes[member.profile_id]: member.fitness for member in members}


def listed(best: Any) -> dict[str, float]:
    return {
        content_hash(document_of(each["program"])): each["score"]
        for each in best.candidate_programs
    }


def test_programs_of_random_search_are_recorded_with_their_scores(store: Store) -> None:
    search = dspy.BootstrapFewShotWithRandomSearch(
        metric=metric,
        max_bootstrapped_demos=2,
        max_labeled_demos=2,
        num_candidate_programs=3,
        num_threads=1,
    )
    best = recorded(store, search, **SETS)
    assert len(listed(best)) > 3
    assert {content: round(100 * value, 2) for content, value in fitness(store).items()} == (
        listed(best)
    )
    assert content_hash(document_of(best)) in profiles(store)
    run = store.runs.get("news", "r")
    assert (run.status, run.evaluations_spent % len(SETS["valset"])) == ("running", 0)


def test_programs_of_copro_are_recorded_with_their_scores(store: Store) -> None:
    copro = dspy.COPRO(metric=metric, prompt_model=model(), breadth=3, depth=2, track_stats=True)
    best = recorded(store, copro, **TRAINSET, eval_kwargs={"num_threads": 1})
    found = {content: round(100 * value, 2) for content, value in fitness(store).items()}
    assert len(listed(best)) > 2
    assert listed(best).items() <= found.items()


def test_programs_of_simba_are_recorded_when_it_ends(store: Store) -> None:
    simba = dspy.SIMBA(
        metric=metric,
        bsize=4,
        num_candidates=2,
        max_steps=2,
        max_demos=2,
        prompt_model=model(),
        num_threads=1,
    )
    best = recorded(store, simba, **TRAINSET, seed=3)
    assert fitness(store) == pytest.approx(listed(best))
    assert len(listed(best)) > 1


def test_the_program_that_bootstrapping_returns_is_recorded(store: Store) -> None:
    bootstrap = dspy.BootstrapFewShot(metric=metric, max_bootstrapped_demos=2, max_labeled_demos=2)
    best = recorded(store, bootstrap, **TRAINSET)
    seed, last = profiles(store).values()
    assert (seed.profile, last.profile) == (document_of(program()), document_of(best))
    assert last.base_profile_id == seed.id
    assert fitness(store) == {}


def test_mipro_is_recorded_by_it_as_well(store: Store) -> None:
    optimizer, arguments = mipro(6)
    best = recorded(store, optimizer, **arguments)
    assert course(best) == course(compiled(6))
    require_equal(store, best)


def test_failed_evaluations_are_no_scores(store: Store) -> None:
    def failing(example: Any, prediction: Any, *rest: Any) -> float:
        if example.question == "2 3":
            raise TimeoutError("no answer")
        return metric(example, prediction)

    callback = StoreCallback(store, "news", "qa", run="r")
    evaluate = dspy.Evaluate(devset=SETS["valset"], metric=failing, num_threads=1)
    with dspy.context(lm=model(), callbacks=[callback]):
        evaluate(program())
    callback.close()
    assert rows(store, "SELECT count(*) FROM hegel_scores") == [(9,)]
    assert fitness(store) == {}


def test_what_cannot_be_stored_is_told_and_keeps_nothing_else_away(store: Store) -> None:
    callback = StoreCallback(store, "news", "qa", run="r")
    odd = program()
    odd.answer.demos = [dspy.Example(question="\x00", answer="bale")]
    evaluate = dspy.Evaluate(devset=SETS["valset"], metric=metric, num_threads=1)
    with dspy.context(lm=model(), callbacks=[callback]):
        evaluate(odd)
        evaluate(program())
    with pytest.raises(InvalidInput, match="NUL"):
        callback.close()
    assert list(fitness(store)) == [content_hash(document_of(program()))]
