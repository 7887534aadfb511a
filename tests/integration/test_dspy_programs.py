"""Programs of DSPy as profiles."""

from __future__ import annotations

import subprocess
import sys
from typing import Any
from uuid import uuid4

import dspy
import pytest

from hegel_store.errors import InvalidInput, NotFound
from hegel_store.integrations.dspy import document_of, load_program, save_program
from hegel_store.store import Store
from tests.programs import SETS, compiled, metric, model, program

pytestmark = pytest.mark.any_server


def answers(of: Any) -> list[str]:
    with dspy.context(lm=model()):
        return [of(**example.inputs()).answer for example in SETS["valset"]]


def test_an_optimised_program_comes_back_as_it_was(store: Store) -> None:
    best = compiled(8)
    assert any(predictor.demos for predictor in best.predictors())
    profile = save_program(store, "news", "qa", best, metadata={"by": "MIPROv2"})
    assert profile.profile["answer"]["system_prompt"] == best.answer.signature.instructions
    assert profile.metadata == {"by": "MIPROv2"}
    loaded = load_program(store, "news", "qa", program())
    assert loaded.dump_state() == best.dump_state()
    assert answers(loaded) == answers(best)
    assert answers(loaded) != answers(program())


def test_a_predictor_is_a_program(store: Store) -> None:
    alone = dspy.Predict(dspy.Signature("question -> answer", "Say fote."))
    alone.demos = [dspy.Example(question="1 0", answer="bale")]
    assert save_program(store, "news", "qa", alone).profile["self"]["system_prompt"] == "Say fote."
    loaded = load_program(store, "news", "qa", dspy.Predict("question -> answer"))
    assert loaded.dump_state() == alone.dump_state()
    store.profiles.append("news", "qa", {"self": {"system_prompt": "Say bale."}})
    edited = load_program(store, "news", "qa", alone)
    assert (edited.signature.instructions, len(edited.demos)) == ("Say bale.", 1)


def test_a_promoted_program_is_served_until_it_is_rolled_back(store: Store) -> None:
    first = save_program(store, "news", "qa", program())
    with store.begin() as work:
        second = save_program(work, "news", "qa", compiled(8), base=first)
    store.profiles.set_alias("news", "qa", "production", first.id)
    store.profiles.set_alias("news", "qa", "production", second.id, expected=first.id)
    loaded = load_program(store, "news", "qa", program(), alias="production")
    assert document_of(loaded) == second.profile
    earlier = load_program(store, "news", "qa", program(), profile_id=first.id)
    assert document_of(earlier) == first.profile
    with pytest.raises(NotFound, match="alias"):
        load_program(store, "news", "qa", program(), alias="staging")
    with pytest.raises(NotFound, match="profile"):
        load_program(store, "news", "qa", program(), profile_id=uuid4())


def test_a_prompt_that_was_edited_is_what_the_program_says(store: Store) -> None:
    saved = save_program(store, "news", "qa", compiled(8))
    document = {**saved.profile, "answer": {**saved.profile["answer"], "system_prompt": "bale"}}
    store.profiles.append("news", "qa", document, base=saved)
    loaded = load_program(store, "news", "qa", program())
    assert loaded.answer.signature.instructions == "bale"
    assert loaded.think.dump_state() == compiled(8).think.dump_state()


def test_the_prompts_are_found_by_their_words(store: Store) -> None:
    saved = save_program(store, "news", "qa", compiled(8))
    word = saved.profile["answer"]["system_prompt"].split()[0]
    assert [found.id for found in store.profiles.search(word, corpus_id="news")] == [saved.id]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"think": {"system_prompt": "x"}},
        {"think": {"system_prompt": "x"}, "answer": {"model": "x"}},
        {"think": {"system_prompt": "x"}, "answer": {"dspy": {}}},
        {"think": {"system_prompt": "x"}, "answer": {"dspy": {"signature": {}}}},
    ],
    ids=["empty", "a role missing", "no state", "empty state", "no fields"],
)
def test_a_profile_of_something_else_is_refused(store: Store, document: Any) -> None:
    store.profiles.append("news", "qa", document)
    with pytest.raises(InvalidInput, match="profile"):
        load_program(store, "news", "qa", program())


def test_what_no_profile_holds_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput, match="no predictors"):
        save_program(store, "news", "qa", dspy.Module())
    odd = program()
    odd.answer.demos = [dspy.Example(question="\x00", answer="")]
    with pytest.raises(InvalidInput, match="profile"):
        save_program(store, "news", "qa", odd)
    odd.answer.demos = [dspy.Example(question=float("nan"), answer="")]
    with pytest.raises(InvalidInput, match="no JSON"):
        save_program(store, "news", "qa", odd)
    assert store.profiles.latest("news", "qa") is None
    assert metric(SETS["valset"][0], dspy.Prediction(answer="")) == 0


def test_dspy_is_imported_only_when_it_is_needed() -> None:
    script = """
import sys
import hegel_store.integrations.dspy as ours
assert "dspy" not in sys.modules
sys.modules["dspy"] = None  # as where it is not installed
from hegel_store.errors import ConfigurationError
for function, more in ((ours.compile_mipro, 6), (ours.compile_gepa, 6)):
    try:
        function(*[None] * more, trainset=[])
    except ConfigurationError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.count("pip install 'hegel_store[dspy]'") == 2, done.stderr
