"""Runs of DSPy's own GEPA in the database."""

from __future__ import annotations

from typing import Any

import dspy
import pytest

from hegel_store.errors import InvalidInput
from hegel_store.integrations.dspy import compile_gepa, document_of, load_program
from hegel_store.integrations.gepa import StoreCallback
from hegel_store.store import Store
from tests.integration.test_gepa_store import stored
from tests.programs import SETS, gepa, model, program

pytestmark = pytest.mark.any_server


def compiled(**more: Any) -> Any:
    optimizer, arguments = gepa(150, **more)
    with dspy.context(lm=model()):
        return optimizer.compile(program(), **arguments)


def kept(store: Store, calls: int = 150, **more: Any) -> Any:
    optimizer, arguments = gepa(calls, **more)
    with dspy.context(lm=model()):
        return compile_gepa(store, "news", "qa", "r", optimizer, program(), **arguments)


def require_equal(store: Store, best: Any) -> None:
    result, profiles = best.detailed_results, stored(store)
    assert sorted(profiles) == list(range(len(result.candidates)))
    for number, candidate in enumerate(result.candidates):
        assert profiles[number].profile == {
            name: {"system_prompt": predictor.signature.instructions}
            for name, predictor in candidate.named_predictors()
        }
        (parent,) = result.parents[number]
        base = None if parent is None else profiles[parent].id
        assert profiles[number].base_profile_id == base
        scores = store.scores.of_profile("news", profiles[number], split="validation")
        assert len(scores) == len(SETS["valset"])
    best_member = store.populations.fittest("news", "qa", population="r", limit=1)[0]
    assert best_member.fitness == pytest.approx(max(result.val_aggregate_scores))


def test_it_ends_as_without_the_store_and_goes_on_from_it(store: Store) -> None:
    plain = compiled()
    assert len(plain.detailed_results.candidates) > 3
    kept(store, 60)
    best = kept(store)
    assert document_of(best) == document_of(plain)
    assert best.detailed_results.parents == plain.detailed_results.parents
    assert best.detailed_results.val_subscores == plain.detailed_results.val_subscores
    require_equal(store, best)
    run = store.runs.get("news", "r")
    assert run.status == "finished"
    assert run.evaluations_spent == plain.detailed_results.total_metric_calls


def test_the_best_candidate_is_promoted_and_loaded(store: Store) -> None:
    best = kept(store)
    member = store.populations.fittest("news", "qa", population="r", limit=1)[0]
    store.profiles.set_alias("news", "qa", "production", member.profile_id)
    loaded = load_program(store, "news", "qa", program(), alias="production")
    assert document_of(loaded) == document_of(best)


def test_the_callback_of_gepa_records_a_run_that_goes_on_from_its_own_folder(
    store: Store, tmp_path: Any
) -> None:
    callback = StoreCallback(store, "news", "qa", run="r")
    best = compiled(log_dir=str(tmp_path), gepa_kwargs={"callbacks": [callback]})
    callback.close()
    require_equal(store, best)
    again = StoreCallback(store, "news", "qa", run="r")
    best = compiled(log_dir=str(tmp_path), gepa_kwargs={"callbacks": [again]})
    again.close()
    require_equal(store, best)


def test_a_folder_is_refused_and_others_keep_their_gepa(store: Store, tmp_path: Any) -> None:
    with pytest.raises(InvalidInput, match="run_dir"):
        kept(store, log_dir=str(tmp_path))
    assert list(store.runs.list("news")) == []
    kept(store, 30)
    import gepa as package

    assert package.optimize.__module__ == "gepa.api"
